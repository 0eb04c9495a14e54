//! The organisations of a channel.

use crate::ids::MspId;

/// The part of a channel that an organisation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// `/Channel/Application`: organisations that run peers.
    Application,
    /// `/Channel/Orderer`: organisations that run orderers.
    Orderer,
}

impl Section {
    /// The name of its group.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::Orderer => "Orderer",
        }
    }
}

/// An organisation of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Org<'a> {
    /// The name of its group, such as `Org1`; the MSP id may be another.
    pub name: &'a str,
    /// The id of its MSP, such as `Org1MSP`.
    pub msp_id: &'a MspId,
    /// The section that its group stands in.
    pub section: Section,
}

impl Org<'_> {
    /// The path of its group, such as `/Channel/Application/Org1`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/Channel/{}/{}", self.section.name(), self.name)
    }
}
