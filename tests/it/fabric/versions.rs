//! Two versions of the server endorse for one channel, until the members agree on what only the newer
//! one knows.
//!
//! Needs a second build in `CMSCC_BIN_NEXT`, made with `--features test-capability`.

use std::{
    env,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{base64_of, net::Net, servers::Server};

#[test]
fn a_server_that_lacks_what_was_agreed_refuses_and_says_what_to_install() {
    let Some(next) = next_build() else { return };
    let Some(net) = Net::up(800) else { return };
    let both = ["org1", "org2"];
    let [org1, mut org2] = net.deploy();

    // both at this version: nobody endorses what it does not know
    let settings = json!({ "capabilities": ["V1_0", "V1_1"] }).to_string();
    let propose = ["newer", settings.as_str(), "everybody has it"];
    net.invoke_refused(&both, "ProposeSettings", &propose, "CONTRACT_CAPABILITY");

    // Org1 has replaced its server, which takes no step of the lifecycle; Org2 has not
    drop(org1);
    let _org1 = net.start_server_of("org1", &next);
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    net.query("org1", "ProposeSettings", &propose);
    let refusal = net.invoke_refused(&both, "ProposeSettings", &propose, "CONTRACT_CAPABILITY");
    assert!(refusal.contains("`V1_1`"), "{refusal}");

    // Org2 has, too
    let replace = |server: &mut Server, program: Option<&Path>| {
        server.stop();
        *server = match program {
            Some(program) => net.start_server_of("org2", program),
            None => net.start_server("org2"),
        };
    };
    replace(&mut org2, Some(&next));
    net.agree("newer", &settings);
    let agreed = net.query("org2", "GetSettings", &[]);
    assert_eq!(agreed["settings"]["capabilities"], json!(["V1_0", "V1_1"]));
    for org in both {
        net.sign(org, &both, "add_orgx");
    }

    // an older server, whyever it came back, takes part in nothing and says what to install
    replace(&mut org2, None);
    for (function, args) in [
        ("GetConfig", &[][..]),
        ("GetSettings", &[]),
        ("GetProposal", &["add_orgx"]),
        ("WithdrawProposal", &["add_orgx"]),
    ] {
        let refusal = net.refused("org2", function, args, "Code 412: CONTRACT_CAPABILITY");
        assert!(refusal.contains("install 1.1 or later"), "{refusal}");
    }
    assert_eq!(net.proposal("add_orgx")["status"], "ReadyToSubmit");
    net.submit_ready("org1", "add_orgx");
    let block = base64_of(&net.config_block(1));
    net.invoke_refused(&both, "SyncConfig", &[&block], "install 1.1 or later");

    // and it goes on where it stopped once the newer one is back
    replace(&mut org2, Some(&next));
    net.sync(&both, 1);
    assert_eq!(net.proposal("add_orgx")["status"], "Submitted");
}

#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn next_build() -> Option<PathBuf> {
    let next = env::var_os("CMSCC_BIN_NEXT");
    if next.is_none() {
        println!("SKIPPED: set CMSCC_BIN_NEXT to a build with the feature `test-capability`");
    }
    next.map(PathBuf::from)
}
