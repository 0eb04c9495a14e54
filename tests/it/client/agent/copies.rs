//! Proposals with the same bytes as another one, and one that was rejected: one's own effect is told all the same.

use serde_json::Value;

use super::{Post, policy, until};

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_effect_is_told_though_another_has_the_same_bytes() {
    let post = Post::new().await;
    post.writes("org1", "");
    let agent = post.start("org1");
    let patch = policy("Rule");
    for (org, id) in [("Org1", "zz-ours"), ("Org2", "aa-copy")] {
        let args = ["ProposeConfigUpdate", id, &patch, "a change"];
        post.served.consortium.invoke(org, &args).await.unwrap();
    }
    let (ours, copy) = (
        post.proposal("zz-ours").await,
        post.proposal("aa-copy").await,
    );
    assert_eq!(ours["config_update_sha256"], copy["config_update_sha256"]);
    until("both are known", || {
        let told = post.told("org1").into_iter();
        (told.filter(|one| one["kind"] == "proposed").count() == 2).then_some(())
    });
    for org in ["Org1", "Org2"] {
        post.served.consortium.sign(org, "zz-ours").await;
    }
    post.becomes("zz-ours", "Submitted").await;
    until("ours is told to be in effect", || {
        let is_ours =
            |one: &Value| one["kind"] == "in-effect" && one["proposal"]["proposal_id"] == "zz-ours";
        post.told("org1").into_iter().find(is_ours)
    });
    until("nothing of them stays in memory", || {
        let (_, report) = post.try_status("org1")?;
        (report["proposals"] == serde_json::json!({})).then_some(())
    });
    drop(agent);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_that_came_and_went_is_told_though_a_copy_is_known() {
    let post = Post::new().await;
    post.writes("org1", "");
    let patch = policy("Rule");
    let c = &post.served.consortium;
    let args = |id| ["ProposeConfigUpdate", id, &patch, "a change"];
    c.invoke("Org2", &args("aa-copy")).await.unwrap();
    let agent = post.start("org1");
    post.hears("org1", "awaits-you");
    drop(agent);
    c.invoke("Org1", &args("zz-ours")).await.unwrap();
    for org in ["Org1", "Org2"] {
        c.sign(org, "zz-ours").await;
    }
    let block = c.submit("Org1", "zz-ours").await;
    c.sync("Org1", &block).await.unwrap();
    let _agent = post.start("org1");
    until("ours is told to be in effect", || {
        let is_ours =
            |one: &Value| one["kind"] == "in-effect" && one["proposal"]["proposal_id"] == "zz-ours";
        post.told("org1").into_iter().find(is_ours)
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_rejected_and_took_effect_all_the_same_is_told() {
    let post = Post::new().await;
    post.writes("org1", "");
    let agent = post.start("org1");
    post.proposes("Org1", "first", &[]).await;
    post.hears("org1", "proposed");
    let c = &post.served.consortium;
    let args = ["RejectProposal", "first", "not before Monday"];
    c.invoke("Org2", &args).await.unwrap();
    post.hears("org1", "rejected");
    // people know it as that, and the agent is away
    drop(agent);
    for org in ["Org1", "Org2"] {
        c.sign(org, "first").await;
    }
    let block = c.submit("Org1", "first").await;
    c.sync("Org1", &block).await.unwrap();
    let _agent = post.start("org1");
    let told = post.hears("org1", "in-effect");
    assert_eq!(told["proposal"]["proposal_id"], "first", "{told}");
}
