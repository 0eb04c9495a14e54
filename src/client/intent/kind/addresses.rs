//! Addresses: the anchor peers of an organisation, and the endpoints of orderers.

use serde_json::{Value, json};

use super::super::{
    drawn::{Drawn, nothing},
    form, orgs,
    sketch::{Sketch, Stroke, value_path},
};
use crate::{
    client::{ClientError, Exit},
    config::{Bundle, Section},
    ids::MspId,
};

/// How a list of addresses is to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressChange {
    /// Exactly these; with [`none`](Self::none) nothing else is said.
    pub exactly: Vec<String>,
    /// These as well.
    pub add: Vec<String>,
    /// These no more.
    pub remove: Vec<String>,
    /// No addresses at all: the value goes.
    pub none: bool,
}

impl AddressChange {
    /// The list as it is to be. `name`: what is changed, for texts.
    fn apply(&self, now: &[String], what: &str) -> Result<Vec<String>, ClientError> {
        let usage = |symbol, text| Err(ClientError::new(Exit::Usage, symbol, text));
        if !self.none && self.exactly.is_empty() && self.add.is_empty() && self.remove.is_empty() {
            let text = format!("nothing is said of the {what}");
            let error = ClientError::new(Exit::Usage, "NO_ADDRESS", text);
            return Err(
                error.hint("addresses as they are to be, `host:port`; or --add, --remove, --none")
            );
        }
        for address in self.exactly.iter().chain(&self.add) {
            demand_address(address)?;
        }
        let mut list = match self.exactly.is_empty() && !self.none {
            true => now.to_vec(),
            false => self.exactly.clone(),
        };
        for gone in &self.remove {
            let before = list.len();
            list.retain(|one| one != gone);
            if list.len() == before {
                let known = match now.is_empty() {
                    true => "there are none".to_owned(),
                    false => format!("there are {}", now.join(", ")),
                };
                let text = format!("`{gone}` is none of the {what}");
                return Err(ClientError::new(Exit::Usage, "UNKNOWN_ADDRESS", text).hint(known));
            }
        }
        for new in &self.add {
            if !list.contains(new) {
                list.push(new.clone());
            }
        }
        let mut seen: Vec<&String> = list.iter().collect();
        seen.sort();
        if let Some(pair) = seen.windows(2).find(|pair| pair.first() == pair.last()) {
            let twice = pair.first().map_or("", |one| one.as_str());
            return usage("ADDRESS_TWICE", format!("`{twice}` is named twice"));
        }
        Ok(list)
    }

    /// The change in words.
    fn words(&self, what: &str) -> String {
        let parts = [
            (self.none, format!("no {what}")),
            (
                !self.exactly.is_empty(),
                format!("{what}: {}", self.exactly.join(", ")),
            ),
            (
                !self.add.is_empty(),
                format!("{what}: {} added", self.add.join(", ")),
            ),
            (
                !self.remove.is_empty(),
                format!("{what}: {} removed", self.remove.join(", ")),
            ),
        ];
        let said = parts.into_iter().filter(|(is_said, _)| *is_said);
        said.map(|(_, text)| text).collect::<Vec<_>>().join("; ")
    }
}

/// Host and port of an address.
///
/// # Errors
/// `BAD_ADDRESS`, with an example.
pub(in crate::client::intent) fn demand_address(
    address: &str,
) -> Result<(String, u16), ClientError> {
    let bad = || {
        let text = format!("`{address}` is no address of the form `host:port`");
        ClientError::new(Exit::Usage, "BAD_ADDRESS", text)
            .hint("write it as peer0.org1.example.com:7051 or [::1]:7051")
    };
    let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port
        .parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(bad)?;
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_host = match inner {
        Some(inner) => inner.contains(':') && inner.chars().all(|c| c == ':' || legal(c)),
        None => !host.is_empty() && host.chars().all(legal),
    };
    match is_host {
        true => Ok((inner.unwrap_or(host).to_owned(), port)),
        false => Err(bad()),
    }
}

/// The anchor peers of an organisation.
// Fabric: internal/configtxgen/encoder/encoder.go, NewApplicationOrgGroup; core/peer/peer.go reads them
pub(in crate::client::intent) fn anchor_peers(
    bundle: &Bundle,
    own: &MspId,
    org: Option<&str>,
    change: &AddressChange,
) -> Result<Drawn, ClientError> {
    let org = orgs::organization(bundle, Section::Application, org, own)?;
    let names = ["Application", org.name];
    let value = bundle
        .tree()
        .group(&names)
        .and_then(|group| group.value("AnchorPeers"));
    let form = value.map(form::of_value).transpose()?;
    let peers = form
        .as_ref()
        .and_then(|form| form.get("anchor_peers")?.as_array());
    let now: Vec<String> = (peers.into_iter().flatten())
        .map(|peer| {
            let host = peer.get("host").and_then(Value::as_str).unwrap_or_default();
            let port = peer.get("port").and_then(Value::as_i64).unwrap_or_default();
            match host.contains(':') {
                true => format!("[{host}]:{port}"),
                false => format!("{host}:{port}"),
            }
        })
        .collect();
    let what = format!("anchor peers of {}", org.name);
    let next = change.apply(&now, &what)?;
    let path = value_path(&names, "AnchorPeers");
    let sketch = match next.is_empty() {
        true => Sketch::of(path, Stroke::Delete),
        false => {
            let peers: Vec<Value> = (next.iter())
                .map(|address| {
                    let (host, port) = demand_address(address)?;
                    Ok(json!({ "host": host, "port": port }))
                })
                .collect::<Result<_, ClientError>>()?;
            let new = value.is_none().then_some("Admins");
            Sketch::content(path, json!({ "anchor_peers": peers }), new)
        }
    };
    let mut drawn = Drawn::new(
        sketch,
        id_of("anchor-peers", org.msp_id, own),
        change.words(&what),
    );
    if next.is_empty() {
        drawn.note(format!(
            "peers of other organisations do not find those of {} without an anchor peer: service \
             discovery, private data and chaincodes that both endorse need one",
            org.name
        ));
    }
    Ok(drawn)
}

/// The endpoints of an organisation that runs orderers.
// Fabric: common/channelconfig/orderer.go, NewOrdererOrgConfig; internal/pkg/peer/orderers/connection.go
pub(in crate::client::intent) fn endpoints(
    bundle: &Bundle,
    own: &MspId,
    org: Option<&str>,
    change: &AddressChange,
) -> Result<Drawn, ClientError> {
    let mut orderers = bundle.orgs(Section::Orderer);
    let only = orderers.next().filter(|_| orderers.next().is_none());
    let is_own = bundle.orgs(Section::Orderer).any(|org| org.msp_id == own);
    let org = match (org, only) {
        // where there is one alone, it is meant
        (None, Some(only)) if !is_own => only,
        (org, _) => orgs::organization(bundle, Section::Orderer, org, own)?,
    };
    if !bundle
        .channel_capabilities()
        .org_specific_orderer_endpoints()
    {
        let text = "endpoints of single organisations need channel level V1_4_2 or higher";
        return Err(ClientError::new(Exit::Usage, "LEVEL_TOO_LOW", text)
            .hint("cmscc propose capability channel V2_0, or --global for the addresses of all"));
    }
    let names = ["Orderer", org.name];
    let what = format!("orderer endpoints of {}", org.name);
    let name = id_of("endpoints", org.msp_id, own);
    drawn_addresses(bundle, &names, "Endpoints", "Admins", change, &what, name)
}

/// The addresses of all orderers, in `/Channel/OrdererAddresses`, which Fabric wants no more.
// Fabric: common/channelconfig/channel.go, validateOrdererAddresses
pub(in crate::client::intent) fn global_addresses(
    bundle: &Bundle,
    change: &AddressChange,
) -> Result<Drawn, ClientError> {
    let is_there = bundle
        .tree()
        .root()
        .is_some_and(|root| root.value("OrdererAddresses").is_some());
    let is_removed = change.none || (!change.remove.is_empty() && change.add.is_empty());
    if bundle.channel_capabilities().consensus_type_bft() && !is_removed {
        let text = "channel level V3_0 forbids addresses of all orderers together";
        return Err(ClientError::new(Exit::Usage, "GLOBAL_ADDRESSES", text)
            .hint("each organisation that runs orderers has its own: cmscc propose endpoints --org NAME"));
    }
    if !is_there && is_removed {
        return Err(nothing(
            "the channel has no addresses of all orderers together",
        ));
    }
    let what = "addresses of all orderers";
    let policy = "/Channel/Orderer/Admins";
    let name = "global-endpoints".to_owned();
    let mut drawn = drawn_addresses(bundle, &[], "OrdererAddresses", policy, change, what, name)?;
    if !is_removed {
        drawn.note(
            "this value is deprecated, and forbidden from channel level V3_0 on; where an organisation \
             has endpoints of its own, peers of 2.x and later do not look at it"
                .to_owned(),
        );
    }
    Ok(drawn)
}

fn drawn_addresses(
    bundle: &Bundle,
    names: &[&str],
    key: &str,
    mod_policy: &str,
    change: &AddressChange,
    what: &str,
    name: String,
) -> Result<Drawn, ClientError> {
    let value = bundle
        .tree()
        .group(names)
        .and_then(|group| group.value(key));
    let form = value.map(form::of_value).transpose()?;
    let list = form
        .as_ref()
        .and_then(|form| form.get("addresses")?.as_array());
    let now: Vec<String> = (list.into_iter().flatten())
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    let next = change.apply(&now, what)?;
    let path = value_path(names, key);
    let sketch = match next.is_empty() {
        true => Sketch::of(path, Stroke::Delete),
        false => {
            let new = value.is_none().then_some(mod_policy);
            Sketch::content(path, json!({ "addresses": next }), new)
        }
    };
    Ok(Drawn::new(sketch, name, change.words(what)))
}

/// A name for an id, which says whose it is where that is not the proposer's.
fn id_of(what: &str, org: &MspId, own: &MspId) -> String {
    match org == own {
        true => what.to_owned(),
        false => format!("{what}-{org}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn addresses_have_host_and_port() {
        for (good, host) in [
            ("peer0.org1.example.com:7051", "peer0.org1.example.com"),
            ("127.0.0.1:1", "127.0.0.1"),
            ("[::1]:7051", "::1"),
        ] {
            assert_eq!(demand_address(good).unwrap().0, host);
        }
        for bad in [
            "",
            "peer0",
            "peer0:",
            ":7051",
            "peer0:0",
            "peer0:65536",
            "::1:7051",
            "a b:1",
            "grpcs://p:1",
        ] {
            let error = demand_address(bad).unwrap_err();
            assert_eq!(error.symbol, "BAD_ADDRESS", "{bad}");
            assert!(error.hint.unwrap().contains("peer0.org1"));
        }
    }

    #[test]
    fn lists_change_as_they_are_told() {
        let now = list(&["a:1", "b:2"]);
        let change = |exactly: &[&str], add: &[&str], remove: &[&str], none| {
            let change = AddressChange {
                exactly: list(exactly),
                add: list(add),
                remove: list(remove),
                none,
            };
            change
                .apply(&now, "addresses")
                .map_err(|error| error.symbol)
        };
        assert_eq!(change(&["c:3"], &[], &[], false).unwrap(), list(&["c:3"]));
        assert_eq!(
            change(&[], &["c:3", "a:1"], &["b:2"], false).unwrap(),
            list(&["a:1", "c:3"])
        );
        assert_eq!(change(&[], &[], &[], true).unwrap(), list(&[]));
        assert_eq!(change(&[], &[], &[], false).unwrap_err(), "NO_ADDRESS");
        assert_eq!(
            change(&[], &[], &["c:3"], false).unwrap_err(),
            "UNKNOWN_ADDRESS"
        );
        assert_eq!(
            change(&["a:1", "a:1"], &[], &[], false).unwrap_err(),
            "ADDRESS_TWICE"
        );
    }
}
