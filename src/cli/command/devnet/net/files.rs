//! Settings for other programs.

use serde_json::json;

use super::folder::{DescribedOrganization, Description};

/// The little that Fabric's `peer` wants to find in its `core.yaml`; the rest is in the environment.
pub(super) const CORE_YAML: &str = "\
# For Fabric's `peer` as a client of a development network; see `cmscc devnet env`.
peer:
  mspConfigPath: msp
  localMspId: SampleOrg
  client:
    connTimeout: 3s
  tls:
    enabled: true
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
";

/// A connection profile for clients of an organisation.
pub(super) fn connection_profile(
    description: &Description,
    organization: &DescribedOrganization,
    tls_ca: &str,
    orderer_ca: &str,
) -> serde_json::Value {
    let peer = format!("peer0.{}", organization.domain);
    let (_, port) = organization.peer.rsplit_once(':').unwrap_or_default();
    let (_, orderer_port) = description.orderer.rsplit_once(':').unwrap_or_default();
    let name = &organization.name;
    json!({
        "name": format!("devnet-{}", name.to_lowercase()),
        "version": "1.0.0",
        "client": { "organization": name },
        "organizations": {
            name: { "mspid": organization.msp_id, "peers": [peer] }
        },
        "peers": {
            peer.clone(): {
                "url": format!("grpcs://localhost:{port}"),
                "tlsCACerts": { "pem": tls_ca },
                "grpcOptions": {
                    "ssl-target-name-override": peer,
                    "hostnameOverride": peer,
                },
            }
        },
        "orderers": {
            "orderer.example.com": {
                "url": format!("grpcs://localhost:{orderer_port}"),
                "tlsCACerts": { "pem": orderer_ca },
                "grpcOptions": {
                    "ssl-target-name-override": "orderer.example.com",
                    "hostnameOverride": "orderer.example.com",
                },
            }
        },
    })
}

/// A JSON document of texts and maps as YAML. Lines of PEM stand below each other.
pub(super) fn yaml(value: &serde_json::Value, indent: usize) -> String {
    let space = " ".repeat(indent);
    let mut out = String::new();
    let serde_json::Value::Object(map) = value else {
        return out;
    };
    for (key, value) in map {
        match value {
            serde_json::Value::Object(_) => {
                out += &format!("{space}{key}:\n{}", yaml(value, indent + 2));
            }
            serde_json::Value::Array(items) => {
                out += &format!("{space}{key}:\n");
                for item in items {
                    out += &format!("{space}  - {item}\n");
                }
            }
            serde_json::Value::String(text) if text.contains('\n') => {
                out += &format!("{space}{key}: |\n");
                for line in text.lines() {
                    out += &format!("{space}  {line}\n");
                }
            }
            other => out += &format!("{space}{key}: {other}\n"),
        }
    }
    out
}
