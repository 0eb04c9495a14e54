//! Fabric's core.yaml, as far as a client needs it.

use serde_yaml_ng::Value;

use crate::client::{ClientError, Exit};

/// A core.yaml.
#[derive(Clone, Debug, Default)]
pub(super) struct CoreYaml(Value);

impl CoreYaml {
    /// Reads the file; `name` is how errors call it.
    pub(super) fn parse(name: &str, text: &[u8]) -> Result<Self, ClientError> {
        serde_yaml_ng::from_slice(text).map(Self).map_err(|error| {
            let message = format!("`{name}` cannot be read: {error}");
            ClientError::new(Exit::Usage, "CORE_YAML_INVALID", message)
        })
    }

    /// The value at a path such as `peer.localMspId`; upper and lower case are the same.
    // Fabric reads it by viper, whose keys have no case
    pub(super) fn get(&self, path: &str) -> Option<String> {
        let text = match self.at(path)? {
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::String(value) => value.clone(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    fn at(&self, path: &str) -> Option<&Value> {
        let mut at = &self.0;
        for name in path.split('.') {
            let mut members = at.as_mapping()?.iter();
            let found = members.find(|(key, _)| {
                let key = key.as_str();
                key.is_some_and(|key| key.eq_ignore_ascii_case(name))
            });
            at = found?.1;
        }
        Some(at)
    }

    /// The value at this path; also a list of pairs, such as that of `KeyIds`, as `SKI ID, SKI ID`.
    pub(super) fn key_ids(&self, path: &str) -> Option<String> {
        let Some(pairs) = self.at(path)?.as_sequence() else {
            return self.get(path);
        };
        let word = |pair: &Value, name| Self(pair.clone()).get(name);
        let pairs = pairs.iter().map(|pair| {
            // what is missing is told as wrong
            let [ski, id] = ["ski", "id"].map(|name| word(pair, name).unwrap_or_default());
            format!("{ski} {id}")
        });
        let text = pairs.collect::<Vec<_>>().join(", ");
        Some(text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_no_case_and_what_is_not_there_is_none() {
        let text = b"peer:\n  localMSPId: Org1MSP\n  TLS:\n    enabled: true\n    rootcert:\n      file:\n  n: 3\n";
        let core = CoreYaml::parse("core.yaml", text).unwrap();
        for (path, value) in [
            ("peer.localMspId", Some("Org1MSP")),
            ("peer.tls.enabled", Some("true")),
            ("peer.tls.rootcert.file", None),
            ("peer.tls", None),
            ("peer.n", Some("3")),
            ("peer.n.x", None),
            ("", None),
        ] {
            assert_eq!(core.get(path).as_deref(), value, "{path}");
        }
        let text = b"k:\n  - SKI: aa\n    ID: 7\n  - ski: bb\nplain: aa x\nnone: []\n";
        let core = CoreYaml::parse("core.yaml", text).unwrap();
        assert_eq!(core.key_ids("k").as_deref(), Some("aa 7, bb "));
        assert_eq!(core.key_ids("plain").as_deref(), Some("aa x"));
        assert_eq!(core.key_ids("none"), None);
        assert_eq!(CoreYaml::parse("x", b"").unwrap().get("peer"), None);
        let error = CoreYaml::parse("core.yaml", b"a: [").unwrap_err();
        assert_eq!(error.symbol, "CORE_YAML_INVALID");
    }
}
