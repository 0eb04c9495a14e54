//! The story of DESIGN section 9 on the embedded network, as `cmscc demo` tells it.

use cmscc::{
    cli::command::demo,
    devnet::{Behavior, Options},
};

use super::devnet_harness::Consortium;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_goes_as_told() {
    let report = demo::tell().await;
    assert_eq!(report.error, None, "{report:#?}");
    for step in &report.steps {
        assert_eq!(step.unexpected, Vec::<String>::new(), "{step:#?}");
    }
    let numbers: Vec<_> = report.steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (0..=11).collect::<Vec<_>>());
    let last = report.steps.last().unwrap();
    assert_eq!(last.members.len(), 4);
    assert!(last.proposals.iter().all(|p| p.status == "Submitted"));
}

/// As long as peers are on 2.5 they announce no batches; and production runs mutual TLS.
#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_joins_with_peers_of_2_5_and_mutual_tls() {
    let options = Options {
        behavior: Behavior::V2_5,
        tls: true,
        ..Options::default()
    };
    let mut c = Consortium::new(&["Org1", "Org2"], options).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.sign("Org1", "add_orgx").await;
    assert_eq!(c.status("Org2", "add_orgx").await, "WaitingForSignatures");
    c.sign("Org2", "add_orgx").await;
    assert_eq!(c.status("Org1", "add_orgx").await, "ReadyToSubmit");
    let block = c.submit("Org2", "add_orgx").await;
    let block = c
        .network
        .config_block(&c.channel)
        .unwrap()
        .eq(&block)
        .then_some(block);
    let args = base64(&block.unwrap());
    c.invoke("Org1", &["SyncConfig", &args]).await.unwrap();
    assert_eq!(c.status("Org2", "add_orgx").await, "Submitted");
    assert_eq!(c.network.members(&c.channel).unwrap().len(), 3);
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}
