//! Finding policies by name.

use super::*;

#[test]
fn names_resolve_as_in_fabric() {
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    let app = builder.group(Some(root), "Application");
    let org = builder.group(Some(app), "Org1");
    let policy = Tree::Gate(0, Vec::new()).envelope();
    for group in [root, app, org] {
        builder.policy(group, "Admins", 1, &policy).unwrap();
    }
    let manager = builder.finish().unwrap();
    assert_eq!(manager.group(&["Application", "Org1"]), Some(org));
    assert_eq!(manager.group(&["Org1"]), None);
    let cases = [
        (root, "Admins", Some("/Channel/Admins")),
        (
            root,
            "Application/Org1/Admins",
            Some("/Channel/Application/Org1/Admins"),
        ),
        (app, "Org1/Admins", Some("/Channel/Application/Org1/Admins")),
        (org, "Admins", Some("/Channel/Application/Org1/Admins")),
        (org, "Writers", None),
        (org, "Org1/Admins", None),
        (root, "", None),
        (root, "/", None),
        (root, "/Channel", None),
        (root, "/Channel/", None),
        (root, "/Chan", None),
        (root, "/Channels", None),
        (root, "/Channel/Admins", Some("/Channel/Admins")),
        (root, "/Channel.Admins", Some("/Channel/Admins")),
        (root, "/ChannelXAdmins", Some("/Channel/Admins")),
        (
            root,
            "/ChannelXApplication/Admins",
            Some("/Channel/Application/Admins"),
        ),
        (root, "/Channel/ApplicationXAdmins", None),
        (root, "/Channel\u{e9}Admins", None),
        (root, "//Channel/Admins", None),
        (root, "/Channel//Admins", None),
        (root, "Channel/Admins", None),
        (root, "Application", None),
        (app, "/Channel/Admins", None),
        (app, "/Channel/Application", None),
        (
            app,
            "/Channel/ApplicationXAdmins",
            Some("/Channel/Application/Admins"),
        ),
        (app, "/ChannelXApplication/Admins", None),
        (
            org,
            "/Channel/Application/Org1/Admins",
            Some("/Channel/Application/Org1/Admins"),
        ),
        (org, "/Channel/Application/Admins", None),
    ];
    for (from, name, want) in cases {
        let found = manager.lookup(from, name).map(|id| manager.path(id));
        assert_eq!(found.as_deref(), want, "{name} from {from:?}");
    }
}
