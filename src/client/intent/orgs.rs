//! Which organisation is meant.

use crate::{
    client::{ClientError, Exit},
    config::{Bundle, Org, Section},
    ids::MspId,
};

/// The organisation of a section that is named, by the name of its group or by its MSP id; one's own where
/// nobody is named.
///
/// # Errors
/// `UNKNOWN_ORGANIZATION`, with those that there are.
pub(super) fn organization<'a>(
    bundle: &'a Bundle,
    section: Section,
    named: Option<&str>,
    own: &MspId,
) -> Result<Org<'a>, ClientError> {
    let orgs: Vec<Org<'a>> = bundle.orgs(section).collect();
    let by_name = |name: &str| orgs.iter().find(|org| org.name == name).copied();
    let by_id = |id: &str| {
        let mut found = orgs.iter().filter(|org| org.msp_id.as_str() == id);
        found.next().copied().filter(|_| found.next().is_none())
    };
    let found = match named {
        Some(name) => by_name(name).or_else(|| by_id(name)),
        None => by_id(own.as_str()),
    };
    found.ok_or_else(|| {
        let part = match section {
            Section::Application => "application",
            Section::Orderer => "ordering service",
        };
        let text = match named {
            Some(name) => format!("there is no organisation `{name}` in the {part}"),
            None => {
                format!("your organisation `{own}` is not in the {part}: --org NAME says whose")
            }
        };
        let known: Vec<&str> = orgs.iter().map(|org| org.name).collect();
        ClientError::new(Exit::Usage, "UNKNOWN_ORGANIZATION", text)
            .hint(format!("there are {}", known.join(", ")))
    })
}

/// All groups of an organisation: an MSP may stand in both sections.
pub(super) fn everywhere<'a>(bundle: &'a Bundle, msp_id: &MspId) -> Vec<Org<'a>> {
    let sections = [Section::Application, Section::Orderer].into_iter();
    sections
        .flat_map(|section| bundle.orgs(section))
        .filter(|org| org.msp_id == msp_id)
        .collect()
}

/// The MSP id of an organisation of either section.
///
/// # Errors
/// `UNKNOWN_ORGANIZATION`.
pub(super) fn msp_id(
    bundle: &Bundle,
    named: Option<&str>,
    own: &MspId,
) -> Result<MspId, ClientError> {
    let Some(name) = named else {
        return Ok(own.clone());
    };
    let application = organization(bundle, Section::Application, Some(name), own);
    let found = application.or_else(|error| {
        organization(bundle, Section::Orderer, Some(name), own).map_err(|_| error)
    })?;
    Ok(found.msp_id.clone())
}
