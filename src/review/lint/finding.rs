//! Findings and their catalogue.

use serde::{Serialize, Serializer};

/// At most this many findings are listed.
const FINDINGS: usize = 200;

/// The findings on a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// In the order of [`FindingId::ALL`], then as found.
    pub findings: Vec<Finding>,
    /// How many more there are than are listed.
    pub truncated: usize,
}

/// Something that people should know before they sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which finding it is: its place in the catalogue.
    pub id: FindingId,
    /// The path of the element that it is about, such as `/Channel/Orderer/BatchSize`.
    pub path: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is the matter and what to do, for people.
    pub text: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The result can never be accepted.
    Blocking,
    /// Probably not what is wanted.
    Warning,
    /// Good to know.
    Info,
}

macro_rules! findings {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal,)*) => {
        /// The kinds of findings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingId {
            $($(#[doc = $doc])* $name,)*
        }

        impl FindingId {
            /// All of them, in the order in which answers list them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name that answers show, such as `NO_ADMIN`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

findings! {
    /// An orderer would refuse the resulting config.
    ResultRefused = "RESULT_REFUSED",
    /// Update and result are longer than the channel allows.
    UpdateTooLarge = "UPDATE_TOO_LARGE",
    /// Nobody could satisfy a policy any more.
    LockoutPolicy = "LOCKOUT_POLICY",
    /// A mod policy that leads nowhere: the element could never be changed again.
    DanglingModPolicy = "DANGLING_MOD_POLICY",
    /// An element gets a mod policy that takes less than the one before.
    WeakenedModPolicy = "WEAKENED_MOD_POLICY",
    /// A policy's new rule takes less than the one before.
    WeakenedPolicy = "WEAKENED_POLICY",
    /// An organisation would have nobody who can be its admin.
    NoAdmin = "NO_ADMIN",
    /// An organisation would lose all CAs that certified its admins so far.
    AdminCaLost = "ADMIN_CA_LOST",
    /// An MSP changes in one section and stays as it is in another.
    MspInOneSection = "MSP_IN_ONE_SECTION",
    /// A certificate that has expired.
    CertificateExpired = "CERTIFICATE_EXPIRED",
    /// A certificate that expires within 90 days.
    CertificateExpiresSoon = "CERTIFICATE_EXPIRES_SOON",
    /// Ordering could stop, or would survive fewer failures.
    ConsenterQuorum = "CONSENTER_QUORUM",
    /// An address that nobody can connect to.
    MalformedEndpoint = "MALFORMED_ENDPOINT",
    /// A capability level that no organisation has attested.
    CapabilityUnattested = "CAPABILITY_UNATTESTED",
    /// Update and result come close to what the channel allows.
    UpdateNearLimit = "UPDATE_NEAR_LIMIT",
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Lint {
    pub(super) fn add(&mut self, id: FindingId, severity: Severity, path: String, text: String) {
        self.findings.push(Finding {
            id,
            path,
            severity,
            text,
        });
    }

    /// Puts the findings in order and keeps the first ones.
    pub(super) fn finish(mut self) -> Self {
        self.findings.sort_by_key(|finding| finding.id);
        self.truncated = self.findings.len().saturating_sub(FINDINGS);
        self.findings.truncate(FINDINGS);
        self
    }
}
