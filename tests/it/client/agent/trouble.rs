//! Peers, servers and clocks that are off: each ends in a clear state, and goes on when it is over.

use tokio::net::TcpListener;

use super::{Agent, Post, clock_ahead, until};

const SOON: &str = "degraded_after = \"1s\"\n";

fn writes(post: &Post, more: &str) {
    post.writes("org1", more);
    let file = post.at("org1.toml");
    let content = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{SOON}{content}")).unwrap();
}

/// Waits until `agent status` names what is in the way.
fn stumbles(post: &Post, symbols: &[&str]) -> String {
    until(&format!("one of {symbols:?}"), || {
        let (code, report) = post.try_status("org1")?;
        let symbol = report["trouble"]["symbol"].as_str()?.to_owned();
        (code == 3 && symbols.contains(&symbol.as_str())).then_some(symbol)
    })
}

fn is_well(post: &Post) {
    until("nothing is in the way", || {
        (post.try_status("org1")?.0 == 0).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_away_is_told_of_and_nothing_is_lost() {
    let mut post = Post::new().await;
    writes(&post, "");
    let _agent = post.start("org1");
    let peer = post.served.peers.remove("Org1").unwrap();
    let address = peer.address();
    drop(peer);
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    stumbles(&post, &["PEER_UNREACHABLE", "CONNECTION_ENDED"]);
    let told = post.hears("org1", "degraded");
    assert!(
        told["text"]
            .as_str()
            .unwrap()
            .contains("cannot do its work"),
        "{told}"
    );
    let listener = TcpListener::bind(address).await.unwrap();
    let peer = post
        .served
        .consortium
        .network
        .serve_peer("Org1", listener)
        .unwrap();
    post.becomes("first", "Submitted").await;
    post.hears("org1", "recovered");
    is_well(&post);
    drop(peer);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_too_few_servers_run_the_contract_stays_behind_and_that_is_told() {
    let post = Post::of(&["Org1", "Org2", "Org3", "Org4"]).await;
    writes(&post, "");
    let agent = post.start("org1");
    let network = &post.served.consortium.network;
    post.proposes("Org1", "first", &["Org1", "Org2", "Org3"])
        .await;
    for org in ["Org3", "Org4"] {
        network.stop_server(org).await.unwrap();
    }
    // two of four endorse nothing, but the orderer takes the update
    post.hears("org1", "config-changed");
    let symbol = stumbles(&post, &["SERVER_DOWN", "TOO_FEW_ENDORSERS"]);
    let (_, report) = post.status("org1");
    assert_eq!(
        (&report["sequence"], &report["contract_sequence"]),
        (&1.into(), &0.into())
    );
    let told = post.hears("org1", "degraded");
    assert!(told["text"].as_str().unwrap().contains(&symbol), "{told}");
    for org in ["Org3", "Org4"] {
        network.start_server(org).await.unwrap();
    }
    agent.signal("HUP");
    post.becomes("first", "Submitted").await;
    post.hears("org1", "recovered");
    is_well(&post);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_named() {
    let Some(clock) = clock_ahead() else { return };
    let post = Post::new().await;
    writes(&post, "");
    let mut command = post.command("org1", "agent");
    let agent = Agent::of(command.envs(clock).args(["agent", "run"]));
    stumbles(&post, &["CLOCK_SKEW"]);
    let (_, report) = post.status("org1");
    assert!(
        !report["trouble"]["hint"].is_null(),
        "{report}\n{}",
        agent.log()
    );
    drop(agent);
    let _agent = post.start("org1");
    is_well(&post);
}
