//! What views find in a real config: who looks, and which certificates end.

use cmscc::{
    block::ConfigBlock,
    client::view::{HeadView, IdentityView, Relation, ending, ending_of},
    config::ConfigTree,
    identity::Certificate,
    ids::MspId,
    proto::{common, msp},
};
use prost::Message as _;

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
fn certificates_of_one_organisation_are_its_own_whoever_else_lists_them() {
    let config = |change: &dyn Fn(&mut common::ConfigGroup)| {
        let block = common::Block::decode(CAPTURES[0].genesis().as_slice()).unwrap();
        let envelope = block.data.unwrap().data.remove(0);
        let payload = common::Envelope::decode(envelope).unwrap().payload;
        let data = common::Payload::decode(payload).unwrap().data;
        let mut config = common::ConfigEnvelope::decode(data)
            .unwrap()
            .config
            .unwrap();
        let root = config.channel_group.as_mut().unwrap();
        change(root.groups.get_mut("Application").unwrap());
        ConfigTree::parse(config.encode_to_vec().into()).unwrap()
    };
    let of_org1 = |tree: &ConfigTree| {
        let listed = ending_of(tree, i64::MAX, "Org1MSP").into_iter();
        let uses = listed.map(|one| one.purpose);
        uses.filter(|one| !one.starts_with("consenter "))
            .collect::<Vec<_>>()
    };
    let own = ["root ca of Org1MSP", "tls root ca of Org1MSP"];
    let mut honest = of_org1(&config(&|_| ()));
    honest.sort();
    assert_eq!(honest, own);
    // the same certificates, in a group before its own, of an organisation whose id ends like its own
    let tree = config(&|application| {
        let mut evil = application.groups["Org1MSP"].clone();
        let value = evil.values.get_mut("MSP").unwrap();
        let mut wrapped = msp::MspConfig::decode(value.value.clone()).unwrap();
        let mut definition = msp::FabricMspConfig::decode(wrapped.config.clone()).unwrap();
        definition.name = "Evil of Org1MSP".to_owned();
        wrapped.config = definition.encode_to_vec().into();
        value.value = wrapped.encode_to_vec().into();
        application.groups.insert("AAA".to_owned(), evil);
    });
    let all = ending(&tree, i64::MAX);
    let as_evil = all.iter().filter(|one| one.purpose.contains("Evil of"));
    assert_eq!(as_evil.count(), 2, "each is listed once: {all:#?}");
    let mut ends = of_org1(&tree);
    ends.sort();
    assert_eq!(ends, own);
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
