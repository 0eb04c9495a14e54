//! What views find in a real config: who looks, and which certificates end.

use cmscc::{
    block::ConfigBlock,
    client::view::{HeadView, IdentityView, Relation, ending},
    identity::Certificate,
    ids::MspId,
};

use crate::contract::{
    captures::{CAPTURES, after},
    people::{Person, person, user},
};

fn genesis() -> ConfigBlock {
    ConfigBlock::parse(CAPTURES[0].genesis().into()).unwrap()
}

fn seen(who: &Person, msp_id: &str) -> IdentityView {
    let pem = who.certificate();
    let certificate = Certificate::from_pem(&pem).unwrap();
    let (subject, end) = (certificate.subject(), certificate.not_after());
    IdentityView::new(&MspId::new(msp_id), &subject, end, &pem, &genesis())
}

#[test]
fn who_looks_is_seen_by_the_config() {
    let admin = seen(&person("Org1MSP"), "Org1MSP");
    assert_eq!((admin.role.as_str(), admin.is_member), ("admin", true));
    assert_eq!(admin.problem, None);
    assert!(
        admin.subject.starts_with("CN=Admin@org1"),
        "{}",
        admin.subject
    );
    let user = seen(&user("Org1MSP", "User1"), "Org1MSP");
    assert_eq!(user.role, "client");
    let orderer = seen(&person("OrdererMSP"), "OrdererMSP");
    assert!(!orderer.is_member);
    // another organisation's certificate, and one that the channel does not know
    let other = seen(&person("Org2MSP"), "Org1MSP");
    assert!(other.problem.is_some(), "{other:?}");
    let stranger = seen(&person("OrgXMSP"), "OrgXMSP");
    assert!(stranger.problem.is_some() && !stranger.is_member);
}

#[test]
fn each_certificate_that_ends_is_listed_once() {
    let block = genesis();
    assert_eq!(ending(block.tree(), 0), []);
    let all = ending(block.tree(), i64::MAX);
    let of = |purpose: &str| all.iter().filter(|one| one.purpose == purpose).count();
    for msp_id in ["Org1MSP", "Org2MSP", "OrdererMSP"] {
        assert_eq!(of(&format!("root ca of {msp_id}")), 1, "{all:#?}");
        assert_eq!(of(&format!("tls root ca of {msp_id}")), 1, "{all:#?}");
    }
    assert!(all.iter().any(|one| one.purpose.starts_with("consenter ")));
    assert!(all.is_sorted_by(|one, other| one.not_after <= other.not_after));
}

#[test]
fn heads_are_compared() {
    let head =
        |block: &[u8]| HeadView::of_block(&ConfigBlock::parse(block.to_vec().into()).unwrap());
    let (old, new) = (head(&CAPTURES[0].genesis()), head(&after("add-orgx")));
    assert_eq!(Relation::of(Some(&old), &new), Relation::Behind);
    assert_eq!(Relation::of(Some(&new), &new), Relation::Synced);
    assert_eq!(new.sequence, 1);
}
