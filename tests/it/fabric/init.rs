//! Definitions that demand an init call, and their upgrade.

use super::{base64_of, net::Net, servers::Definition};

#[test]
fn an_upgrade_calls_init_again_without_effect() {
    let Some(net) = Net::up(750) else { return };
    let both = ["org1", "org2"];
    let _servers = both.map(|org| net.start_server(org));
    let define = |definition| {
        for org in both {
            net.approve(org, definition);
        }
        net.commit_definition(&both, definition);
    };
    let init = |function: &str, args: &[&str]| {
        net.try_invoke_with(&["--isInit"], "org1", &both, function, args)
    };
    for org in both {
        net.install(org);
    }
    define(Definition {
        sequence: "1",
        version: "1",
        flags: &["--init-required"],
    });
    net.refused("org1", "GetConfig", &[], "must call as init first");
    let genesis = base64_of(&net.genesis());
    init("InitConsortium", &[&genesis]).unwrap();
    let before = net.query("org1", "GetSettings", &[]);
    assert_eq!(net.query("org2", "GetConfig", &[])["sequence"], 0);

    define(Definition {
        sequence: "2",
        version: "2",
        flags: &["--init-required"],
    });
    net.refused("org1", "GetConfig", &[], "must call as init first");
    init("Init", &[]).unwrap();
    // the same contract as before
    let after = net.query("org1", "GetSettings", &[]);
    assert_eq!(after["instance"], before["instance"], "{after}");
    assert_eq!(after["definition"]["version"], "2", "{after}");
    assert_eq!(net.query("org2", "GetConfig", &[])["sequence"], 0);
}
