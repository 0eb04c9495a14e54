//! What an organisation says of its nodes.

use serde_json::{Map, Value, json};

use crate::client::{ClientError, Exit};

/// What an organisation says of its nodes; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedAttestation {
    /// AttestedLevels of the channel.
    pub channel: Option<Vec<String>>,
    /// AttestedLevels of the Orderer group.
    pub orderer: Option<Vec<String>>,
    /// AttestedLevels of the Application group.
    pub application: Option<Vec<String>>,
    /// Whether it runs a server of the contract.
    pub server: Option<bool>,
}

/// The levels that nodes of a release support, by name: channel, orderer, application.
// Fabric: common/capabilities/channel.go, orderer.go, application.go
type AttestedLevels = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// Names that every release from 2.2 on supports, before those that came later.
const CHANNEL: &[&str] = &["V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"];
const ORDERER: &[&str] = &["V1_1", "V1_4_2", "V2_0"];
const APPLICATION: &[&str] = &["V1_1", "V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"];

impl WantedAttestation {
    /// AttestedLevels of a release of Fabric: what its nodes support. An organisation of members says it of all
    /// three groups, `is_member`; one that runs orderers only says nothing of the Application group.
    ///
    /// # Errors
    /// `UNKNOWN_RELEASE`.
    pub fn of_release(release: &str, is_member: bool) -> Result<Self, ClientError> {
        let old_channel = CHANNEL.split_last().map_or(CHANNEL, |(_, old)| old);
        let old_application = APPLICATION.split_last().map_or(APPLICATION, |(_, old)| old);
        let (channel, orderer, application): AttestedLevels = match release {
            "2.2" => (old_channel, ORDERER, old_application),
            "2.5" => (old_channel, ORDERER, APPLICATION),
            "3.0" | "3.1" => (CHANNEL, ORDERER, APPLICATION),
            other => {
                let text = format!("the levels of release `{other}` are not known here");
                return Err(ClientError::new(Exit::Usage, "UNKNOWN_RELEASE", text)
                    .hint("name them: --channel-level, --orderer-level, --application-level"));
            }
        };
        let owned = |levels: &[&str]| Some(levels.iter().map(|&level| level.to_owned()).collect());
        Ok(Self {
            channel: owned(channel),
            orderer: owned(orderer).filter(|_| !is_member),
            application: owned(application).filter(|_| is_member),
            server: None,
        })
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As the contract takes it.
    #[must_use]
    pub fn json(&self) -> String {
        let mut said = Map::new();
        let levels = [
            ("application", &self.application),
            ("channel", &self.channel),
            ("orderer", &self.orderer),
        ];
        for (name, levels) in levels {
            if let Some(levels) = levels {
                said.insert(name.to_owned(), json!(levels));
            }
        }
        if let Some(server) = self.server {
            said.insert("server".to_owned(), json!(server));
        }
        Value::Object(said).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_supports_what_it_came_with() {
        let of = |release, member| WantedAttestation::of_release(release, member).unwrap();
        assert_eq!(
            of("2.2", true).json(),
            r#"{"application":["V1_1","V1_2","V1_3","V1_4_2","V2_0"],"channel":["V1_1","V1_3","V1_4_2","V1_4_3","V2_0"]}"#
        );
        assert!(
            of("2.5", true)
                .application
                .unwrap()
                .contains(&"V2_5".to_owned())
        );
        assert!(
            !of("2.5", true)
                .channel
                .unwrap()
                .contains(&"V3_0".to_owned())
        );
        let orderer = of("3.1", false);
        assert!(orderer.channel.unwrap().contains(&"V3_0".to_owned()));
        assert_eq!(
            (orderer.application, orderer.orderer.unwrap().len()),
            (None, 3)
        );
        assert_eq!(
            WantedAttestation::of_release("4.0", true)
                .unwrap_err()
                .symbol,
            "UNKNOWN_RELEASE"
        );
        assert!(WantedAttestation::default().is_empty());
    }
}
