//! What orderers of Fabric 2.5 refuse and those of 3.x accept.

use std::collections::BTreeSet;

use crate::config::bundle::{Bundle, values};

/// So many MSPs are named; of others only their number.
const NAMED: usize = 3;

/// What in these two configs, of which the second is to follow the first, only orderers of 3.x take:
/// in words, a reason each. Empty where orderers of 2.5 say the same.
// Fabric: what differs between 2.5.16 and 3.1.5 in common/channelconfig (channel.go, orderer.go),
// common/capabilities/channel.go and, for the keys that an MSP can import, bccsp/sw/keyimport.go
pub(in crate::config) fn only_for_3(current: &Bundle, next: &Bundle) -> Vec<String> {
    let mut reasons = Vec::new();
    let known = [current, next].map(|config| config.channel_capabilities().known_to_2_5());
    // a level counts where it is to be in force; before that only by what it allows
    let addresses = current
        .channel_capabilities()
        .org_specific_orderer_endpoints();
    if known[1] != *next.channel_capabilities()
        || addresses && !known[0].org_specific_orderer_endpoints()
    {
        reasons.push("channel level `V3_0`".to_owned());
    }
    for (path, group) in [("/Channel", None), ("/Channel/Orderer", Some("Orderer"))] {
        if value(current, next, group, "Orderers", |_| true) {
            reasons.push(format!("value `{path}/Orderers`"));
        }
    }
    let odd = |brokers: &[u8]| {
        let brokers = values::addresses(brokers).unwrap_or_default();
        brokers.iter().any(|broker| !is_broker(broker))
    };
    if value(current, next, Some("Orderer"), "KafkaBrokers", odd) {
        reasons.push("the form of an entry of value `/Channel/Orderer/KafkaBrokers`".to_owned());
    }
    let msps = [current, next]
        .into_iter()
        .flat_map(|config| config.msps().iter());
    let ids: BTreeSet<&str> = msps
        .filter(|msp| msp.has_ed25519())
        .map(|msp| msp.id().as_str())
        .collect();
    reasons.extend(
        (ids.iter().take(NAMED))
            .map(|id| format!("an ed25519 key in the definition of msp `{id}`")),
    );
    if ids.len() > NAMED {
        reasons.push(format!(
            "the same in {} more",
            ids.len().saturating_sub(NAMED)
        ));
    }
    reasons
}

/// Whether one of two configs has such a value, in `/Channel` or in a group of it.
fn value(
    current: &Bundle,
    next: &Bundle,
    group: Option<&str>,
    key: &str,
    is_such: impl Fn(&[u8]) -> bool,
) -> bool {
    [current, next].into_iter().any(|config| {
        let root = config.tree().root();
        let place = match group {
            Some(name) => root.and_then(|root| root.group(name)),
            None => root,
        };
        place
            .and_then(|place| place.value(key))
            .is_some_and(|value| is_such(value.bytes()))
    })
}

/// Whether 2.5 takes this for the address of a Kafka broker. An empty host passes.
// Fabric 2.5: common/channelconfig/orderer.go, brokerEntrySeemsValid
fn is_broker(entry: &str) -> bool {
    let Some((host, port)) = entry.split_once(':') else {
        return false;
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let host = host.as_bytes();
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    is_port && edge(host.first()) && edge(host.last()) && host.iter().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_have_a_host_and_a_port() {
        for good in ["a:1", "a.b-c:65535", ":0", "127.0.0.1:00080", "A:1"] {
            assert!(is_broker(good), "{good}");
        }
        for bad in [
            "", "a", "a:", "a:65536", "a:+1", "a:1:2", "-a:1", "a.:1", "a_b:1", "[::1]:1", "é:1",
        ] {
            assert!(!is_broker(bad), "{bad}");
        }
    }
}
