//! The three levels: their names, and the behaviour that names switch on.

use std::{collections::BTreeSet, fmt};

/// The behaviour of MSPs, as the channel's capabilities select it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MspVersion {
    /// Fabric 1.0: no NodeOUs.
    V1_0,
    /// Fabric 1.1: NodeOUs tell clients from peers.
    V1_1,
    /// Fabric 1.3: combined and anonymity principals.
    V1_3,
    /// Fabric 1.4.3: NodeOUs for admins and orderers too.
    V1_4_3,
    /// Fabric 3.0: Ed25519 identities.
    V3_0,
}

impl fmt::Display for MspVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "MSPv1_0",
            Self::V1_1 => "MSPv1_1",
            Self::V1_3 => "MSPv1_3",
            Self::V1_4_3 => "MSPv1_4_3",
            Self::V3_0 => "MSPv3_0",
        })
    }
}

macro_rules! level {
    ($(#[$doc:meta])* $name:ident, $supported:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(BTreeSet<String>);

        impl $name {
            /// The names that a build of this crate understands, ascending.
            pub const SUPPORTED: &'static [&'static str] = $supported;

            /// The level that a config declares with these names.
            pub fn new(names: impl IntoIterator<Item = String>) -> Self {
                Self(names.into_iter().collect())
            }

            /// The declared names, ascending.
            pub fn names(&self) -> impl Iterator<Item = &str> {
                self.0.iter().map(String::as_str)
            }

            /// The declared names that this build does not know, ascending. One is enough to make the
            /// whole level unsupported.
            #[must_use]
            pub fn unsupported(&self) -> Vec<&str> {
                self.names()
                    .filter(|name| !Self::SUPPORTED.contains(name))
                    .collect()
            }

            fn any(&self, names: &[&str]) -> bool {
                names.iter().any(|name| self.0.contains(*name))
            }
        }
    };
}

level!(
    /// What `/Channel/Capabilities` declares.
    // Fabric: common/capabilities/channel.go
    ChannelCapabilities,
    &["V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"]
);
level!(
    /// What `/Channel/Orderer/Capabilities` declares.
    // Fabric: common/capabilities/orderer.go
    OrdererCapabilities,
    &["V1_1", "V1_4_2", "V2_0"]
);
level!(
    /// What `/Channel/Application/Capabilities` declares.
    // Fabric: common/capabilities/application.go
    ApplicationCapabilities,
    &[
        "V1_1",
        "V1_1_PVTDATA_EXPERIMENTAL",
        "V1_1_RESOURCETREE_EXPERIMENTAL",
        "V1_2",
        "V1_3",
        "V1_4_2",
        "V2_0",
        "V2_5",
    ]
);

impl ChannelCapabilities {
    /// What a node of Fabric 2.5 knows of it.
    // Fabric 2.5: common/capabilities/channel.go
    #[must_use]
    pub fn known_to_2_5(&self) -> Self {
        Self::new(
            self.names()
                .filter(|name| *name != "V3_0")
                .map(str::to_owned),
        )
    }

    /// How MSPs behave. `V1_4_2` alone does not reach 1.4.3.
    #[must_use]
    pub fn msp_version(&self) -> MspVersion {
        if self.any(&["V3_0"]) {
            MspVersion::V3_0
        } else if self.any(&["V1_4_3", "V2_0"]) {
            MspVersion::V1_4_3
        } else if self.any(&["V1_3", "V1_4_2"]) {
            MspVersion::V1_3
        } else if self.any(&["V1_1"]) {
            MspVersion::V1_1
        } else {
            MspVersion::V1_0
        }
    }

    /// The consensus type may be changed while in maintenance.
    #[must_use]
    pub fn consensus_type_migration(&self) -> bool {
        self.any(&["V1_4_2", "V1_4_3", "V2_0", "V3_0"])
    }

    /// Orderer organisations may name their own endpoints.
    #[must_use]
    pub fn org_specific_orderer_endpoints(&self) -> bool {
        self.any(&["V1_4_2", "V1_4_3", "V2_0", "V3_0"])
    }

    /// BFT consensus; with it, global orderer addresses are forbidden and endpoints required.
    #[must_use]
    pub fn consensus_type_bft(&self) -> bool {
        self.any(&["V3_0"])
    }
}

impl OrdererCapabilities {
    /// New channels get the template of the ordering service's version.
    #[must_use]
    pub fn predictable_channel_template(&self) -> bool {
        self.any(&["V1_1", "V1_4_2", "V2_0"])
    }

    /// Messages whose config sequence is outdated are checked again and resubmitted.
    #[must_use]
    pub fn resubmission(&self) -> bool {
        self.any(&["V1_1", "V1_4_2", "V2_0"])
    }

    /// Envelopes of creators with an expired certificate are refused.
    #[must_use]
    pub fn expiration_check(&self) -> bool {
        self.any(&["V1_1", "V1_4_2", "V2_0"])
    }

    /// The consensus type may be changed while in maintenance.
    #[must_use]
    pub fn consensus_type_migration(&self) -> bool {
        self.any(&["V1_4_2", "V2_0"])
    }

    /// A channel's creation policy becomes the admins policy of its application group.
    #[must_use]
    pub fn use_channel_creation_policy_as_admins(&self) -> bool {
        self.any(&["V2_0"])
    }
}

impl ApplicationCapabilities {
    /// The value `ACLs` may be present.
    #[must_use]
    pub fn acls(&self) -> bool {
        self.v1_2_or_later()
    }

    /// Two transactions with one id in a block: the second is invalid.
    #[must_use]
    pub fn forbid_duplicate_tx_id_in_block(&self) -> bool {
        self.v1_1_or_later()
    }

    /// Private data collections.
    #[must_use]
    pub fn private_channel_data(&self) -> bool {
        self.v1_2_or_later() || self.any(&["V1_1_PVTDATA_EXPERIMENTAL"])
    }

    /// Collections may change when a chaincode is upgraded.
    #[must_use]
    pub fn collection_upgrade(&self) -> bool {
        self.v1_2_or_later()
    }

    /// Transaction validation as of 1.1.
    #[must_use]
    pub fn v1_1_validation(&self) -> bool {
        self.v1_1_or_later()
    }

    /// Transaction validation as of 1.2.
    #[must_use]
    pub fn v1_2_validation(&self) -> bool {
        self.v1_2_or_later()
    }

    /// Transaction validation as of 1.3.
    #[must_use]
    pub fn v1_3_validation(&self) -> bool {
        self.v1_3_or_later()
    }

    /// Transaction validation as of 2.0.
    #[must_use]
    pub fn v2_0_validation(&self) -> bool {
        self.v2_0_or_later()
    }

    /// The chaincode lifecycle of 2.0.
    #[must_use]
    pub fn lifecycle_v2_0(&self) -> bool {
        self.v2_0_or_later()
    }

    /// A lifecycle that never came: always off, and listed because Fabric lists it.
    #[must_use]
    pub const fn metadata_lifecycle(&self) -> bool {
        false
    }

    /// Endorsement policies of single keys.
    #[must_use]
    pub fn key_level_endorsement(&self) -> bool {
        self.v1_3_or_later()
    }

    /// Private data of invalid transactions is kept.
    #[must_use]
    pub fn store_pvt_data_of_invalid_tx(&self) -> bool {
        self.any(&["V1_4_2", "V2_0", "V2_5"])
    }

    /// Private data may be purged.
    #[must_use]
    pub fn purge_pvt_data(&self) -> bool {
        self.any(&["V2_5"])
    }

    fn v1_1_or_later(&self) -> bool {
        self.v1_2_or_later() || self.any(&["V1_1"])
    }

    fn v1_2_or_later(&self) -> bool {
        self.v1_3_or_later() || self.any(&["V1_2"])
    }

    fn v1_3_or_later(&self) -> bool {
        self.v2_0_or_later() || self.any(&["V1_3", "V1_4_2"])
    }

    fn v2_0_or_later(&self) -> bool {
        self.any(&["V2_0", "V2_5"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(names: &[&str]) -> ChannelCapabilities {
        ChannelCapabilities::new(names.iter().map(|n| (*n).to_owned()))
    }

    #[test]
    fn msp_version_follows_the_highest_name() {
        let cases: &[(&[&str], MspVersion)] = &[
            (&[], MspVersion::V1_0),
            (&["v2_0"], MspVersion::V1_0),
            (&["V1_1"], MspVersion::V1_1),
            (&["V1_1", "V1_3"], MspVersion::V1_3),
            (&["V1_4_2"], MspVersion::V1_3),
            (&["V1_4_2", "V1_4_3"], MspVersion::V1_4_3),
            (&["V2_0", "V3_0"], MspVersion::V3_0),
        ];
        for (names, want) in cases {
            assert_eq!(channel(names).msp_version(), *want, "{names:?}");
        }
    }

    #[test]
    fn one_unknown_name_makes_a_level_unsupported() {
        assert!(channel(&["V1_1", "V3_0"]).unsupported().is_empty());
        assert_eq!(
            channel(&["V9_0", "V2_0", "V2_5"]).unsupported(),
            ["V2_5", "V9_0"]
        );
    }
}
