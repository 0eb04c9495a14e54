//! Consenters: the orderer nodes that agree on blocks.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{
    drawn::{Drawn, nothing},
    form,
    place::offered,
    sketch::{Sketch, value_path},
};
use super::addresses::demand_address;
use crate::{
    client::{ClientError, Exit, near::nearest},
    config::{
        BFT, Bundle, Consenter, ElementKind, ElementPath, RAFT, Section, block_validation, quorum,
    },
    identity::{Certificate, serialized_identity},
};

/// What happens to a consenter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsenterIntent {
    /// A new one.
    Add(ConsenterNode),
    /// One goes: its `host:port`.
    Remove(String),
    /// One gets other certificates, and stays where it is.
    ReplaceCert(ConsenterNode),
}

/// A consenter, as far as it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsenterNode {
    /// Its `host:port`.
    pub address: String,
    /// Its TLS server certificate, PEM; its client certificate as well where no other is given.
    pub server_tls: Option<Bytes>,
    /// Its TLS client certificate, PEM.
    pub client_tls: Option<Bytes>,
    /// BFT: its signing certificate, PEM.
    pub identity: Option<Bytes>,
    /// BFT: the MSP id of that; the one that knows the certificate where none is said.
    pub msp_id: Option<String>,
}

/// Where the consenters of a channel stand.
struct ConsenterList {
    path: ElementPath,
    is_bft: bool,
    /// The value around the list.
    form: Value,
    nodes: Vec<Value>,
}

/// The change of the consenters.
// Fabric: orderer/consensus/etcdraft/chain.go, ValidateConsensusMetadata; orderer/consensus/smartbft/
// configverifier.go, checkConsentersMatchPolicy
pub(in crate::client::intent) fn draw(
    bundle: &Bundle,
    intent: &ConsenterIntent,
) -> Result<Drawn, ClientError> {
    let mut list = ConsenterList::read(bundle)?;
    let before = list.nodes.len();
    let (verb, address) = match intent {
        ConsenterIntent::Add(node) => {
            list.add(bundle, node)?;
            ("add", &node.address)
        }
        ConsenterIntent::Remove(address) => {
            let at = list.position(address)?;
            list.nodes.remove(at);
            ("remove", address)
        }
        ConsenterIntent::ReplaceCert(node) => {
            list.replace(bundle, node)?;
            ("replace-cert", &node.address)
        }
    };
    let after = list.nodes.len();
    let needed = match list.is_bft {
        true => quorum(after),
        false => (after / 2).saturating_add(1),
    };
    let words = match intent {
        ConsenterIntent::Add(_) => format!("consenter {address} is added"),
        ConsenterIntent::Remove(_) => format!("consenter {address} is removed"),
        ConsenterIntent::ReplaceCert(_) => format!("consenter {address} has other certificates"),
    };
    let id = format!("{verb}-consenter-{}", address.replace(':', "-"));
    let mut drawn = Drawn::new(list.sketch()?, id, words);
    if matches!(intent, ConsenterIntent::Add(_)) {
        let stops = match before < needed {
            true => "; until it runs, ordering stops",
            false => "",
        };
        drawn.note(format!(
            "with it {needed} of {after} consenters must run{stops}: have it ready, and let it join as \
             soon as this is in effect (`cmscc config export`, `osnadmin channel join`)"
        ));
        if !endpoints(bundle).iter().any(|known| known == address) {
            drawn.note(format!(
                "peers and clients find it when it is among the endpoints: cmscc propose endpoints --add \
                 {address}"
            ));
        }
    }
    if matches!(intent, ConsenterIntent::Remove(_))
        && endpoints(bundle).iter().any(|known| known == address)
    {
        drawn.note(format!(
            "peers go on sending to it while it is among the endpoints, and it takes nothing any more: let \
             both go at once (cmscc propose batch --do 'consenter remove {address}' --do 'endpoints --remove \
             {address}')"
        ));
    }
    if let ConsenterIntent::ReplaceCert(_) = intent {
        drawn.note(format!(
            "{address} takes part again when it runs with its new certificates; {needed} of {after} \
             consenters must run meanwhile"
        ));
    }
    Ok(drawn)
}

/// The consenters, as `host:port`, in the order of the config.
pub(in crate::client::intent) fn addresses(bundle: &Bundle) -> Vec<String> {
    let list = ConsenterList::read(bundle);
    list.map(|list| list.nodes.iter().map(address_of).collect())
        .unwrap_or_default()
}

impl ConsenterList {
    fn read(bundle: &Bundle) -> Result<Self, ClientError> {
        let kind = bundle.consensus().map(|consensus| consensus.name.as_str());
        let (key, is_bft) = match kind {
            Some(RAFT) => ("ConsensusType", false),
            Some(BFT) => ("Orderers", true),
            _ => {
                let kind = kind.unwrap_or("none");
                let text =
                    format!("consensus type `{kind}` has no consenters that could be changed");
                return Err(ClientError::new(Exit::Usage, "NO_CONSENTERS", text));
            }
        };
        let path = value_path(&["Orderer"], key);
        let value = bundle
            .tree()
            .group(&["Orderer"])
            .and_then(|group| group.value(key));
        let value = value.ok_or_else(|| {
            let text = format!("the config has no {}", path.path());
            ClientError::new(Exit::Failed, "NO_CONSENTERS", text)
        })?;
        let form = form::of_value(value)?;
        let nodes = match is_bft {
            true => form.get("consenter_mapping"),
            false => form
                .get("metadata")
                .and_then(|metadata| metadata.get("consenters")),
        };
        let nodes = nodes.and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(Self {
            path,
            is_bft,
            form,
            nodes,
        })
    }

    fn position(&self, address: &str) -> Result<usize, ClientError> {
        let known: Vec<String> = self.nodes.iter().map(address_of).collect();
        known.iter().position(|one| one == address).ok_or_else(|| {
            let text = format!("`{address}` is no consenter");
            let error = ClientError::new(Exit::Usage, "UNKNOWN_CONSENTER", text);
            let near = nearest(address, known.clone());
            match near.is_empty() {
                true => error.hint(format!("there are {}", known.join(", "))),
                false => offered(error, &near),
            }
        })
    }

    fn add(&mut self, bundle: &Bundle, node: &ConsenterNode) -> Result<(), ClientError> {
        let (host, port) = demand_address(&node.address)?;
        if let Some(known) = self
            .nodes
            .iter()
            .find(|one| address_of(one) == node.address)
        {
            let server = node
                .server_tls
                .as_ref()
                .map(|pem| json!(STANDARD.encode(pem)));
            if server.as_ref() == known.get("server_tls_cert") {
                return Err(nothing(&format!(
                    "`{}` is a consenter already",
                    node.address
                )));
            }
            let text = format!(
                "`{}` is a consenter already, with other certificates",
                node.address
            );
            return Err(
                ClientError::new(Exit::Usage, "CONSENTER_EXISTS", text).hint(format!(
                    "cmscc propose consenter replace-cert {}",
                    node.address
                )),
            );
        }
        let Some(server) = &node.server_tls else {
            return Err(missing("--server-cert FILE", "its TLS certificate"));
        };
        let client = node.client_tls.as_ref().unwrap_or(server);
        demand_certificate(server, "--server-cert")?;
        demand_certificate(client, "--client-cert")?;
        let mut new = json!({
            "host": host,
            "port": port,
            "client_tls_cert": STANDARD.encode(client),
            "server_tls_cert": STANDARD.encode(server),
        });
        if self.is_bft {
            let Some(identity) = &node.identity else {
                return Err(missing(
                    "--identity FILE",
                    "its signing certificate, which BFT names",
                ));
            };
            demand_certificate(identity, "--identity")?;
            let msp_id = msp_of(bundle, node.msp_id.as_deref(), identity)?;
            let ids = self.nodes.iter().filter_map(|one| one.get("id")?.as_u64());
            let id = ids.max().unwrap_or(0).saturating_add(1);
            set(&mut new, "id", json!(id));
            set(&mut new, "msp_id", json!(msp_id));
            set(&mut new, "identity", json!(STANDARD.encode(identity)));
        } else if node.identity.is_some() || node.msp_id.is_some() {
            return Err(only_bft());
        }
        self.nodes.push(new);
        Ok(())
    }

    fn replace(&mut self, bundle: &Bundle, node: &ConsenterNode) -> Result<(), ClientError> {
        let at = self.position(&node.address)?;
        if !self.is_bft && (node.identity.is_some() || node.msp_id.is_some()) {
            return Err(only_bft());
        }
        let Some(one) = self.nodes.get_mut(at) else {
            return Ok(());
        };
        let before = one.clone();
        // one file is both, as most nodes have it, unless the other stays by its own name
        let client = node.client_tls.as_ref().or(node.server_tls.as_ref());
        for (member, flag, pem) in [
            ("server_tls_cert", "--server-cert", node.server_tls.as_ref()),
            ("client_tls_cert", "--client-cert", client),
            ("identity", "--identity", node.identity.as_ref()),
        ] {
            if let Some(pem) = pem {
                demand_certificate(pem, flag)?;
                set(one, member, json!(STANDARD.encode(pem)));
            }
        }
        if let Some(identity) = &node.identity {
            let known = one.get("msp_id").and_then(Value::as_str).map(str::to_owned);
            let named = node.msp_id.clone().or(known);
            let msp_id = msp_of(bundle, named.as_deref(), identity)?;
            set(one, "msp_id", json!(msp_id));
        }
        if client.is_none() && node.identity.is_none() {
            return Err(missing("--server-cert FILE", "a new certificate"));
        }
        match *one == before {
            true => Err(nothing(&format!(
                "`{}` has these certificates already",
                node.address
            ))),
            false => Ok(()),
        }
    }

    /// What is written: the list, and with BFT the policy that goes with it.
    fn sketch(self) -> Result<Sketch, ClientError> {
        let Self {
            path,
            is_bft,
            mut form,
            nodes,
        } = self;
        if !is_bft {
            if let Some(metadata) = form.get_mut("metadata") {
                set(metadata, "consenters", Value::Array(nodes));
            }
            return Ok(Sketch::content(path, form, None));
        }
        set(&mut form, "consenter_mapping", Value::Array(nodes));
        let failed = |why: &dyn std::fmt::Display| {
            let text = format!("the consenters cannot be written: {why}");
            ClientError::new(Exit::Failed, "BAD_VALUE", text)
        };
        let bytes = form::to_bytes(&path, &form).map_err(|why| failed(&why))?;
        let consenters = Consenter::parse_all(&bytes).map_err(|why| failed(&why))?;
        let policy = ElementPath::new(ElementKind::Policy, ["Orderer", "BlockValidation"]);
        let rule = form::of_rule(&policy, 1, block_validation(&consenters).into())?;
        let mut sketch = Sketch::content(path, form, None);
        sketch.merge(Sketch::content(policy, rule, None));
        Ok(sketch)
    }
}

fn address_of(node: &Value) -> String {
    let host = node.get("host").and_then(Value::as_str).unwrap_or_default();
    let port = node.get("port").and_then(Value::as_u64).unwrap_or_default();
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

fn set(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

/// All endpoints of orderers that the config names.
fn endpoints(bundle: &Bundle) -> Vec<String> {
    let of = |names: &[&str], key: &str| {
        let value = bundle
            .tree()
            .group(names)
            .and_then(|group| group.value(key));
        let form = value
            .and_then(|value| form::of_value(value).ok())
            .unwrap_or_default();
        let list = form
            .get("addresses")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        list.into_iter()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut all = of(&[], "OrdererAddresses");
    for org in bundle.orgs(Section::Orderer) {
        all.extend(of(&["Orderer", org.name], "Endpoints"));
    }
    all
}

/// The MSP id of a signing certificate: the one that is named, or the orderer organisation that knows it.
fn msp_of(bundle: &Bundle, named: Option<&str>, pem: &Bytes) -> Result<String, ClientError> {
    let knows = |msp_id: &crate::ids::MspId| {
        let identity = bundle.msps().deserialize(&serialized_identity(msp_id, pem));
        identity.is_ok_and(|identity| identity.validate().is_ok())
    };
    let orgs: Vec<_> = bundle.orgs(Section::Orderer).collect();
    let found = match named {
        Some(named) => orgs
            .iter()
            .find(|org| org.msp_id.as_str() == named || org.name == named),
        None => orgs.iter().find(|org| knows(org.msp_id)),
    };
    found.map(|org| org.msp_id.to_string()).ok_or_else(|| {
        let text = match named {
            Some(named) => format!("`{named}` runs no orderers of the channel"),
            None => "no organisation that runs orderers knows the signing certificate".to_owned(),
        };
        let known: Vec<&str> = orgs.iter().map(|org| org.msp_id.as_str()).collect();
        ClientError::new(Exit::Usage, "UNKNOWN_ORGANIZATION", text)
            .hint(format!("there are {}", known.join(", ")))
    })
}

fn demand_certificate(pem: &Bytes, flag: &str) -> Result<(), ClientError> {
    Certificate::from_pem(pem).map(drop).map_err(|error| {
        let text = format!("{flag}: {error}");
        ClientError::new(Exit::Usage, "BAD_CERTIFICATE", text).hint("a certificate in PEM form")
    })
}

fn missing(flag: &str, what: &str) -> ClientError {
    let text = format!("{what} is missing");
    ClientError::new(Exit::Usage, "NO_CERTIFICATE", text).hint(flag.to_owned())
}

fn only_bft() -> ClientError {
    let text = "raft knows its consenters by their TLS certificates alone";
    ClientError::new(Exit::Usage, "ONLY_BFT", text).hint("leave out --identity and --org")
}
