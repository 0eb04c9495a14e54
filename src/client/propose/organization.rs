//! An organisation's definition, from what people have of it: what `configtxgen -printOrg` printed, or
//! an MSP folder.

use bytes::Bytes;
use prost::Message;

use super::secret::demand_no_key;
use crate::{
    client::{ClientError, Exit},
    identity::MspDefinition,
    ids::MspId,
    json::{self, MessageType},
    policy::parse_policy,
    proto::{common, msp},
};

/// Policies of types `SIGNATURE`.
const SIGNATURE: i32 = 1;
const ADMINS: &str = "Admins";

/// The definition of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationFile {
    /// Its MSP id.
    pub msp_id: MspId,
    /// Its group, as `configtxgen -printOrg` writes it.
    pub group: String,
    /// The value `MSP` of the group, as JSON.
    pub msp: String,
}

impl OrganizationFile {
    /// Reads what `configtxgen -printOrg` printed.
    ///
    /// # Errors
    /// `BAD_ORGANIZATION`, which says what else the file is.
    pub fn parse(content: &[u8]) -> Result<Self, ClientError> {
        let group = json::decode(MessageType::Organization, content).map_err(|error| {
            bad(&format_args!(
                "it is not what `configtxgen -printOrg` prints: {error}"
            ))
        })?;
        let group = common::ConfigGroup::decode(Bytes::from(group));
        let group = group.map_err(|error| bad(&error))?;
        let value = group.values.get("MSP");
        let value = value.ok_or_else(|| bad(&"it has no value `MSP`"))?;
        Self::of(value, String::from_utf8_lossy(content).into_owned())
    }

    /// The definition of an MSP, with the policies that Fabric's samples give an organisation.
    ///
    /// # Errors
    /// `BAD_ORGANIZATION`.
    pub fn of_msp(config: Bytes) -> Result<Self, ClientError> {
        let definition = MspDefinition::read(&config).map_err(|error| bad(&error))?;
        let id = definition.id.to_string();
        let quoted = id.replace('\'', "");
        let node_ous = msp_of(&config)?.fabric_node_ous.is_some_and(|of| of.enable);
        let rules = match node_ous {
            true => [
                ("Admins", format!("OR('{quoted}.admin')")),
                ("Endorsement", format!("OR('{quoted}.peer')")),
                (
                    "Readers",
                    format!("OR('{quoted}.admin', '{quoted}.peer', '{quoted}.client')"),
                ),
                (
                    "Writers",
                    format!("OR('{quoted}.admin', '{quoted}.client')"),
                ),
            ],
            false => [
                ("Admins", format!("OR('{quoted}.admin')")),
                ("Endorsement", format!("OR('{quoted}.member')")),
                ("Readers", format!("OR('{quoted}.member')")),
                ("Writers", format!("OR('{quoted}.member')")),
            ],
        };
        let policy = |rule: &str| {
            let value = parse_policy(rule).map_err(|error| bad(&error))?;
            Ok::<_, ClientError>(common::ConfigPolicy {
                policy: Some(common::Policy {
                    r#type: SIGNATURE,
                    value: value.into(),
                }),
                mod_policy: ADMINS.to_owned(),
                ..common::ConfigPolicy::default()
            })
        };
        let value = common::ConfigValue {
            value: config,
            mod_policy: ADMINS.to_owned(),
            ..common::ConfigValue::default()
        };
        let mut group = common::ConfigGroup {
            mod_policy: ADMINS.to_owned(),
            ..common::ConfigGroup::default()
        };
        group.values.insert("MSP".to_owned(), value.clone());
        for (name, rule) in rules {
            group.policies.insert(name.to_owned(), policy(&rule)?);
        }
        let text = json::encode(MessageType::Organization, &group.encode_to_vec());
        Self::of(&value, text.map_err(|error| bad(&error))?)
    }

    fn of(value: &common::ConfigValue, group: String) -> Result<Self, ClientError> {
        demand_no_key("the organisation's definition", &value.value)?;
        let definition = MspDefinition::read(&value.value).map_err(|error| bad(&error))?;
        let text = json::encode(
            MessageType::OrganizationValue("MSP"),
            &value.encode_to_vec(),
        );
        Ok(Self {
            msp_id: definition.id.clone(),
            group,
            msp: text.map_err(|error| bad(&error))?,
        })
    }
}

fn msp_of(config: &Bytes) -> Result<msp::FabricMspConfig, ClientError> {
    let config = msp::MspConfig::decode(config.clone()).map_err(|error| bad(&error))?;
    msp::FabricMspConfig::decode(config.config).map_err(|error| bad(&error))
}

pub(super) fn bad(reason: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the organisation's definition cannot be used: {reason}");
    ClientError::new(Exit::Usage, "BAD_ORGANIZATION", text)
        .hint("the new member prints it with `configtxgen -printOrg`, or hands over its MSP folder without keys")
}
