//! Servers that speak TLS and let in nobody but their peer.

use std::path::Path;

use super::{
    base64_of,
    net::Net,
    servers::{FIRST, Server},
};

#[test]
fn peer_and_server_know_each_other() {
    let Some(mut net) = Net::up(650) else { return };
    net.tls = true;
    let net = net;
    let both = ["org1", "org2"];
    let serve = |org: &str, clients: &str| -> Server {
        let (own, theirs) = (net.peer_tls(org), net.peer_tls(clients));
        let settings: [(&str, &Path); 4] = [
            ("CHAINCODE_TLS_DISABLED", Path::new("false")),
            ("CHAINCODE_TLS_CERT", &own.join("server.crt")),
            ("CHAINCODE_TLS_KEY", &own.join("server.key")),
            ("CHAINCODE_CLIENT_CA_CERT", &theirs.join("ca.crt")),
        ];
        net.start_server_with(org, Path::new(env!("CARGO_BIN_EXE_cmscc")), &settings)
    };
    let _org1 = serve("org1", "org1");
    let org2 = serve("org2", "org2");
    for org in both {
        net.install(org);
        net.approve(org, FIRST);
    }
    net.commit_definition(&both, FIRST);
    let genesis = base64_of(&net.genesis());
    net.invoke(&both, "InitConsortium", &[&genesis]);
    let config = net.query("org2", "GetConfig", &[]);

    // a server without TLS, and one that lets in the peers of somebody else, cannot be reached
    drop(org2);
    let plain = net.start_server("org2");
    net.refused("org2", "GetConfig", &[], "could not launch chaincode");
    drop(plain);
    let closed = serve("org2", "orgx");
    net.refused("org2", "GetConfig", &[], "could not launch chaincode");
    drop(closed);
    let _org2 = serve("org2", "org2");
    assert_eq!(net.query("org2", "GetConfig", &[]), config);
}
