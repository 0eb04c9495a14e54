//! The network that a console has, as its arguments describe it.

use std::collections::BTreeSet;

use crate::{
    cli::args::TryArgs,
    devnet::{CollectionDefinition, NetworkOptions},
    ids::MspId,
    policy::parse_policy,
    stub::memory::{PeerManner, PeerRelease, StateDatabase},
};

/// What was asked for.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the chaincode server is: HOST:PORT.
    pub(super) address: String,
    pub(super) chaincode_id: Option<String>,
    /// Each once, and at least one.
    pub(super) organizations: Vec<String>,
    pub(super) options: NetworkOptions,
}

impl Plan {
    /// Reads the arguments; everything that is wrong with them is reported.
    pub(super) fn read(args: &TryArgs) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let mut known = BTreeSet::new();
        for name in &args.orgs {
            // it becomes a part of domain names
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if name.is_empty() || !name.chars().all(is_name) {
                errors.push(format!(
                    "`{name}` in --orgs is no name of an organisation: letters, digits and `-`"
                ));
            }
            if !known.insert(name.as_str()) {
                errors.push(format!("`{name}` stands in --orgs twice"));
            }
        }
        let mut collections = Vec::new();
        for text in &args.collections {
            match collection(text, &known) {
                Ok(collection) => collections.push(collection),
                Err(error) => errors.push(error),
            }
        }
        let indexes = args.indexes.iter();
        let indexes = indexes.map(|fields| fields.split(',').map(str::to_owned).collect());
        let mut options = NetworkOptions {
            chaincode: args.chaincode.clone(),
            collections,
            indexes: indexes.collect(),
            manner: manner(args),
            ..NetworkOptions::default()
        };
        if let Some(policy) = &args.endorsement_policy {
            if let Err(error) = parse_policy(policy) {
                errors.push(format!("--endorsement-policy: {error}"));
            }
            options.endorsement.clone_from(policy);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            address: args.address.clone(),
            chaincode_id: args.chaincode_id.clone(),
            organizations: args.orgs.clone(),
            options,
        })
    }
}

/// NAME=ORG,..
fn collection(text: &str, known: &BTreeSet<&str>) -> Result<CollectionDefinition, String> {
    let (name, members) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("--collection `{text}` is not NAME=ORG,.."))?;
    let mut ids = BTreeSet::new();
    for member in members.split(',') {
        if !known.contains(member) {
            return Err(format!(
                "`{member}`, a member of collection `{name}`, is not in --orgs"
            ));
        }
        ids.insert(MspId::new(format!("{member}MSP")));
    }
    Ok(CollectionDefinition {
        name: name.into(),
        members: ids,
    })
}

fn manner(args: &TryArgs) -> PeerManner {
    let database = match args.state_database.as_str() {
        "CouchDB" => StateDatabase::COUCHDB,
        _ => StateDatabase::LevelDb,
    };
    PeerManner::with(database).of_release(match args.peer.as_str() {
        "2.5" => PeerRelease::V2_5,
        _ => PeerRelease::V3_1,
    })
}
