//! Who is a member of the channel.

use std::collections::BTreeSet;

use crate::{
    config::{Bundle, Section},
    ids::MspId,
};

/// The MSP ids of the Application group.
pub(crate) fn member_ids(bundle: &Bundle) -> BTreeSet<MspId> {
    bundle
        .orgs(Section::Application)
        .map(|org| org.msp_id.clone())
        .collect()
}
