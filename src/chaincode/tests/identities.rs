//! Submitters, from the bytes that a peer sends.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair};

use crate::{
    chaincode::{ChaincodeError, ClientIdentity, ClientIdentityError},
    identity::{Role, serialized_identity},
    ids::MspId,
};

/// A submitter of `Org1MSP` with this unit, and what its CA says of it.
fn creator(unit: Option<&str>, attributes: Option<&str>) -> Vec<u8> {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "user1");
    if let Some(unit) = unit {
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, unit);
    }
    if let Some(json) = attributes {
        let oid = &[1, 2, 3, 4, 5, 6, 7, 8, 1];
        let extension = CustomExtension::from_oid_content(oid, json.as_bytes().to_vec());
        params.custom_extensions.push(extension);
    }
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    serialized_identity(&MspId::from("Org1MSP"), certificate.pem().as_bytes())
}

fn read(creator: &[u8]) -> Result<ClientIdentity, ClientIdentityError> {
    ClientIdentity::from_creator(creator)
}

#[test]
fn a_fabric_ca_certificate_says_who_it_is() {
    let attributes = r#"{"attrs":{"hf.EnrollmentID":"user1","role":"appraiser","none":null}}"#;
    let client = read(&creator(Some("client"), Some(attributes))).unwrap();
    assert_eq!(client.msp_id().as_str(), "Org1MSP");
    assert_eq!(client.certificate().common_name(), "user1");
    assert_eq!(client.organizational_units(), ["client"]);
    assert!(client.has_unit("client") && !client.has_unit("Client"));
    assert_eq!(client.role(), Some(Role::Client));
    assert_eq!(client.attribute("role"), Some("appraiser"));
    assert_eq!(client.attribute("none"), Some(""));
    assert_eq!(client.attribute("abac"), None);
    assert_eq!(client.attributes().len(), 3);
    assert_eq!(
        STANDARD.encode("x509::CN=user1,OU=client::CN=user1,OU=client"),
        client.id()
    );
    assert_eq!(client.assert_attribute("role", "appraiser"), Ok(()));
    assert_eq!(client.assert_msp("Org1MSP"), Ok(()));
    for (refused, message) in [
        (
            client.assert_attribute("role", "owner"),
            "ATTRIBUTE_REQUIRED: the submitter's attribute `role` has to be `owner`, it is `appraiser`",
        ),
        (
            client.assert_attribute("abac", "yes"),
            "ATTRIBUTE_REQUIRED: the submitter's attribute `abac` has to be `yes`, it is not there",
        ),
        (
            client.assert_msp("Org2MSP"),
            "MSP_REQUIRED: the submitter has to be of msp `Org2MSP`, it is of `Org1MSP`",
        ),
    ] {
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("Code 403: {message}")
        );
    }
}

#[test]
fn roles_are_those_that_one_unit_names() {
    for (unit, role) in [
        ("admin", Some(Role::Admin)),
        ("peer", Some(Role::Peer)),
        ("orderer", Some(Role::Orderer)),
        ("Admin", None),
        ("org1", None),
    ] {
        assert_eq!(
            read(&creator(Some(unit), None)).unwrap().role(),
            role,
            "{unit}"
        );
    }
    assert_eq!(read(&creator(None, None)).unwrap().role(), None);
}

/// Made by Go's crypto/x509: names of many kinds in an odd order, two common names, sets of several
/// values, everything that is escaped, kinds that Go has no field for, and attributes.
const ODD: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIDXzCCAwWgAwIBAgIBATAKBggqhkjOPQQDAjCCAQUxDzANBgNVBAMTBiBmaXJz\n\
dDEnMAkGA1UEBhMCVVMwCwYDVQQLEwRvcmcxMA0GA1UECxMGY2xpZW50MRIwEAYK\n\
CZImiZPyLGQBGRMCZGMxFTATBgNVBAsMDGEsYitjImRcPGU+OzELMAkGA1UECBMC\n\
TkMxETAPBgNVBAcMCCNEdXJoYW0gMREwDwYDVQQJDAhNYWluIMOpIDEKMAgGA1UE\n\
ERMBIDEWMBQGA1UECgwNSHlwZXJsZWRnZXIKWDEKMAgGA1UEBRMBNzERMA8GA1UE\n\
AwwIdXNlcj0xICMxEjAQBgNVBEETCXBzZXVkb255bTEUMBIGCSqGSIb3DQEJAQwF\n\
YUBiLmMwIBcNMjMxMTE0MjIxMzIwWhgPMjA5NjEwMDIwNzA2NDBaMIIBBTEPMA0G\n\
A1UEAxMGIGZpcnN0MScwCQYDVQQGEwJVUzALBgNVBAsTBG9yZzEwDQYDVQQLEwZj\n\
bGllbnQxEjAQBgoJkiaJk/IsZAEZEwJkYzEVMBMGA1UECwwMYSxiK2MiZFw8ZT47\n\
MQswCQYDVQQIEwJOQzERMA8GA1UEBwwII0R1cmhhbSAxETAPBgNVBAkMCE1haW4g\n\
w6kgMQowCAYDVQQREwEgMRYwFAYDVQQKDA1IeXBlcmxlZGdlcgpYMQowCAYDVQQF\n\
EwE3MREwDwYDVQQDDAh1c2VyPTEgIzESMBAGA1UEQRMJcHNldWRvbnltMRQwEgYJ\n\
KoZIhvcNAQkBDAVhQGIuYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAQ54u5e\n\
/jY4OhP0iHFFbfbdrqqD+jORYfj1zoSi6b2SHc4nJ6MgDUOAH4Ga4BsFwrjKHIHT\n\
e6MnS/zywZjbLnKjYDBeMFwGCCoDBAUGBwgBBFB7ImF0dHJzIjp7ImhmLkFmZmls\n\
aWF0aW9uIjoib3JnMSIsImhmLkVucm9sbG1lbnRJRCI6InVzZXIxIiwicm9sZSI6\n\
ImFwcHJhaXNlciJ9fTAKBggqhkjOPQQDAgNIADBFAiBPLUJCJq4BoQpRmkbrsNFq\n\
0Gy3Oi89yG0z6RZhAl6hugIhAJngnJk3UypfDJm/6a7UhPkf3xBH88fv/DUgamD3\n\
Vxpp\n\
-----END CERTIFICATE-----\n\
";

#[test]
fn ids_are_those_of_gos_shim() {
    // what getDN of fabric-chaincode-go v2, pkg/cid, makes of it
    let name = "SERIALNUMBER=7,CN=user=1 #,OU=org1+OU=client+OU=a\\,b\\+c\\\"d\\\\\\<e\\>\\;,\
                O=Hyperledger\nX,POSTALCODE=\\ ,STREET=Main é\\ ,L=\\#Durham\\ ,ST=NC,C=US";
    let creator = serialized_identity(&MspId::from("Org1MSP"), ODD.as_bytes());
    let client = read(&creator).unwrap();
    assert_eq!(
        client.id(),
        STANDARD.encode(format!("x509::{name}::{name}"))
    );
    assert_eq!(client.attribute("hf.Affiliation"), Some("org1"));
    assert_eq!(client.role(), Some(Role::Client));
}

#[test]
fn what_is_no_certificate_is_told_apart() {
    let msp_id = MspId::from("Org1MSP");
    assert_eq!(read(b"").unwrap_err(), ClientIdentityError::Creator);
    assert_eq!(read(b"\xff").unwrap_err(), ClientIdentityError::Creator);
    let idemix = read(&serialized_identity(&msp_id, &[0x0a, 2, 1, 2])).unwrap_err();
    let expected = ClientIdentityError::NoCertificate {
        msp_id: msp_id.clone(),
    };
    assert_eq!(idemix, expected);
    assert_eq!(
        ChaincodeError::from(idemix).to_string(),
        "Code 403: BAD_IDENTITY: the submitter, of msp `Org1MSP`, has no X.509 certificate; idemix \
         identities are not read"
    );
    let pem = b"-----BEGIN CERTIFICATE-----\naGkh\n-----END CERTIFICATE-----\n";
    let unreadable = read(&serialized_identity(&msp_id, pem)).unwrap_err();
    assert!(matches!(unreadable, ClientIdentityError::Unreadable { .. }));
    assert!(
        ChaincodeError::from(unreadable)
            .text()
            .contains("cannot be read: ")
    );
    for json in [
        "",
        "[]",
        "{\"attrs\":[]}",
        "{\"attrs\":{\"a\":1}}",
        "{} x",
        "\u{0}",
    ] {
        let error = read(&creator(Some("client"), Some(json))).unwrap_err();
        assert!(
            matches!(error, ClientIdentityError::Attributes { .. }),
            "{json}"
        );
    }
    for json in ["{}", "{\"attrs\":null}", "{\"attrs\":{},\"more\":1}"] {
        let client = read(&creator(Some("client"), Some(json))).unwrap();
        assert!(client.attributes().is_empty());
    }
}

#[test]
fn damaged_creators_never_panic() {
    let good = creator(Some("client"), Some(r#"{"attrs":{"a":"b"}}"#));
    for at in 0..good.len() {
        let _ = read(&good[..at]);
        for changed in [0x00, 0x30, 0x80, 0xff, b'A', good[at] ^ 1] {
            let mut bad = good.clone();
            bad[at] = changed;
            let _ = read(&bad).map(|client| (client.id(), client.role()));
        }
    }
}
