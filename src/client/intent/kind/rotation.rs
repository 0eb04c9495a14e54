//! Rotating a CA, in two steps: the new one comes beside the old one, and the old one goes when nobody
//! needs it any more.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::Value;

use super::super::{
    drawn::{Drawn, ID, nothing},
    orgs,
};
use super::{
    msp::{
        EditedMsp, IDENTITY_LISTS, ListedCa, TLS_LISTS, fingerprint, name_of, read_msps, sketch_of,
        usage,
    },
    seen::{SeenIdentity, losing},
};
use crate::{
    client::{ClientError, Exit},
    config::Bundle,
    ids::{Digest, MspId},
};

/// A CA of an MSP, as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedCa {
    /// Its certificate, PEM.
    Certificate(Bytes),
    /// The beginning of the SHA-256 of its certificate, in hex.
    Fingerprint(String),
}

/// The first step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RotationStart {
    /// New CAs of identities, PEM.
    pub add: Vec<Bytes>,
    /// New CAs of TLS certificates, PEM.
    pub add_tls: Vec<Bytes>,
    /// CAs that go in the second step.
    pub remove: Vec<NamedCa>,
    /// Whose; one's own where nobody is named.
    pub org: Option<String>,
}

/// The second step.
#[derive(Clone, Debug, Default)]
pub struct RotationEnd {
    /// What both proposals are called.
    pub id: String,
    /// What the first step says: its description.
    pub description: String,
    /// The intent of the first step, as JSON.
    pub patch: String,
    /// CAs that go; where there are none, those that the first step named.
    pub remove: Vec<NamedCa>,
    /// Identities that others know: one's own, those who signed.
    pub seen: Vec<SeenIdentity>,
    /// Whether identities may lose their membership.
    pub anyway: bool,
    /// Whose; one's own where nobody is named.
    pub org: Option<String>,
}

/// New CAs beside the old ones.
pub(in crate::client::intent) fn start(
    bundle: &Bundle,
    own: &MspId,
    start: &RotationStart,
) -> Result<Drawn, ClientError> {
    let msp_id = orgs::msp_id(bundle, start.org.as_deref(), own)?;
    if start.add.is_empty() && start.add_tls.is_empty() {
        return Err(usage("NO_CERTIFICATE", "the new CA is missing")
            .hint("--add FILE, or --add-tls FILE for a CA of TLS certificates"));
    }
    if start.remove.is_empty() {
        return Err(usage("NO_CERTIFICATE", "which CA goes later is not said")
            .hint("--remove FILE, the certificate of the old CA; CAs are added without a rotation by set-msp"));
    }
    let mut msps = read_msps(bundle, &msp_id)?;
    let first = msps.first().ok_or_else(|| unknown_msp(&msp_id))?;
    let old = named(&first.cas(), &start.remove, &msp_id)?;
    let old_fingerprints: BTreeSet<Digest> = old.iter().map(|ca| ca.fingerprint).collect();
    let (has_identity, has_tls) = (
        old.iter().any(|ca| !ca.is_tls),
        old.iter().any(|ca| ca.is_tls),
    );
    if (has_identity && start.add.is_empty()) || (has_tls && start.add_tls.is_empty()) {
        let (what, flag) = match has_identity && start.add.is_empty() {
            true => ("identities", "--add"),
            false => ("TLS certificates", "--add-tls"),
        };
        let text = format!("a CA of {what} is to go, and none of that kind comes");
        return Err(usage("NO_CERTIFICATE", text).hint(format!("{flag} FILE names the new one")));
    }
    for pem in start.add.iter().chain(&start.add_tls) {
        let (new, certificate) = fingerprint(pem, "the new CA")?;
        if old_fingerprints.contains(&new) {
            let text = format!("{} is to come and to go", name_of(&certificate));
            return Err(usage("SAME_CA", text).hint("--add names the new CA, --remove the old one"));
        }
    }
    let mut new_subjects = Vec::new();
    let (mut added, mut unpinned) = (false, BTreeSet::new());
    for msp in &mut msps {
        for (list, pems) in [(IDENTITY_LISTS, &start.add), (TLS_LISTS, &start.add_tls)] {
            for pem in pems.iter() {
                let (is_new, subject) = msp.add(list, pem)?;
                added |= is_new;
                if !new_subjects.contains(&subject) {
                    new_subjects.push(subject);
                }
            }
        }
        if let Some(new) = start.add.first() {
            unpinned.extend(msp.unpin(&old_fingerprints));
            msp.widen_units(&old_fingerprints, new);
        }
    }
    if !added && unpinned.is_empty() {
        let text = format!(
            "the MSP of {msp_id} lists {} already",
            new_subjects.join(", ")
        );
        return Err(nothing(&text).hint("cmscc propose rotate-ca --finish ID removes the old one"));
    }
    let names = |list: &[ListedCa]| {
        let names = list
            .iter()
            .map(|ca| format!("{} (sha256 {})", ca.subject, ca.fingerprint));
        names.collect::<Vec<_>>().join(", ")
    };
    let description = format!(
        "CA rotation of {msp_id}, step 1 of 2: adds {}. Step 2, once this is in effect and everybody has a \
         certificate of the new one, removes {}: cmscc propose rotate-ca --finish {ID}",
        new_subjects.join(", "),
        names(&old)
    );
    let mut drawn = Drawn::new(sketch_of(&msps), rotation_name(&msp_id, own), description);
    drawn.suffix = ".add";
    if !unpinned.is_empty() {
        let roles = unpinned.into_iter().collect::<Vec<_>>().join(", ");
        drawn.note(format!(
            "the NodeOUs {roles} named the old CA alone, so certificates of the new one would have no role: \
             they name no CA now, and any CA of {msp_id} certifies them"
        ));
    }
    drawn.note(format!(
        "step 2, later: cmscc propose rotate-ca --finish {ID}"
    ));
    Ok(drawn)
}

/// The old CAs go.
// Fabric: msp/mspimplsetup.go: an MSP whose admins or intermediate CAs are of no CA in it is refused
pub(in crate::client::intent) fn end(
    bundle: &Bundle,
    own: &MspId,
    end: &RotationEnd,
) -> Result<Drawn, ClientError> {
    let msp_id = orgs::msp_id(bundle, end.org.as_deref(), own)?;
    let mut msps = read_msps(bundle, &msp_id)?;
    let first = msps.first().ok_or_else(|| unknown_msp(&msp_id))?;
    let listed = first.cas();
    demand_added(end, &msp_id, &msps)?;
    let told = fingerprints(&end.description).map(NamedCa::Fingerprint);
    let remove: Vec<NamedCa> = match end.remove.is_empty() {
        true => told.collect(),
        false => end.remove.clone(),
    };
    if remove.is_empty() {
        let text = format!("`{}.add` does not say which CA goes", end.id);
        return Err(
            usage("NO_CERTIFICATE", text).hint("--remove FILE, the certificate of the old CA")
        );
    }
    let old = match named(&listed, &remove, &msp_id) {
        Err(error) if error.symbol == "UNKNOWN_CA" && end.remove.is_empty() => {
            let text = format!("the old CA is not in the MSP of {msp_id} any more");
            return Err(nothing(&text));
        }
        old => old?,
    };
    let gone: BTreeSet<Digest> = old.iter().map(|ca| ca.fingerprint).collect();
    let mut crls = 0usize;
    for msp in &mut msps {
        crls = crls.max(msp.remove(&gone));
    }
    let sketch = sketch_of(&msps);
    let names = old
        .iter()
        .map(|ca| format!("{} (sha256 {})", ca.subject, ca.fingerprint));
    let description = format!(
        "CA rotation of {msp_id}, step 2 of 2, after {}.add: removes {}",
        end.id,
        names.collect::<Vec<_>>().join(", ")
    );
    let mut drawn = Drawn::new(sketch, rotation_name(&msp_id, own), description);
    drawn.base = Some(end.id.clone());
    drawn.suffix = ".remove";
    drawn.keeps_identities = !end.anyway;
    let lost = losing(bundle, &drawn.sketch, &msp_id, &end.seen)?;
    if !lost.is_empty() && !end.anyway {
        let text = format!(
            "{} of {msp_id} would not be valid without the old CA: each needs a certificate of the new one \
             first",
            match lost.len() {
                1 => "one certificate".to_owned(),
                count => format!("{count} certificates"),
            }
        );
        let mut error = ClientError::new(Exit::Unsafe, "STILL_OLD_CA", text)
            .hint(
                "give each a certificate of the new CA, and restart nodes; a node is seen with it in the next \
                 block. --anyway removes the old CA all the same",
            );
        error.details = lost;
        return Err(error);
    }
    for (who, why) in lost {
        drawn.note(format!("loses its membership: {who}: {why}"));
    }
    if crls > 0 {
        drawn.note(format!("{crls} revocation lists of the old CA go with it"));
    }
    Ok(drawn)
}

/// Refuses the second step before the first is in effect: each CA of its intent is in the MSP.
fn demand_added(
    end: &RotationEnd,
    msp_id: &MspId,
    msps: &[EditedMsp<'_>],
) -> Result<(), ClientError> {
    // of one that is archived nothing is kept but that it took effect
    if end.patch.is_empty() {
        return Ok(());
    }
    let bad = || {
        let text = format!(
            "`{}.add` is no first step of a CA rotation of {msp_id}",
            end.id
        );
        usage("NO_ROTATION", text)
            .hint("cmscc propose rotate-ca --add NEW.pem --remove OLD.pem begins one")
    };
    let patch: Value = serde_json::from_str(&end.patch).map_err(|_| bad())?;
    let mut found = false;
    for msp in msps {
        let groups = patch
            .get("channel_group")
            .and_then(|root| root.get("groups"));
        let group = groups.and_then(|groups| {
            groups
                .get(msp.org.section.name())?
                .get("groups")?
                .get(msp.org.name)
        });
        let value = group.and_then(|group| group.get("values")?.get("MSP")?.get("value"));
        let Some(value) = value else {
            continue;
        };
        found = true;
        let intended = EditedMsp {
            org: msp.org,
            form: value.clone(),
        };
        let there: BTreeSet<Digest> = msp.cas().iter().map(|ca| ca.fingerprint).collect();
        let told: BTreeSet<String> = fingerprints(&end.description).collect();
        let missing = (intended.cas().into_iter()).find(|ca| {
            !there.contains(&ca.fingerprint) && !told.contains(&ca.fingerprint.to_string())
        });
        if let Some(ca) = missing {
            let text = format!(
                "`{}.add` is not in effect: the MSP of {msp_id} at {} does not list {}",
                end.id,
                msp.org.path(),
                ca.subject
            );
            return Err(ClientError::new(Exit::No, "NOT_IN_EFFECT", text)
                .hint(format!("cmscc show {}.add", end.id)));
        }
    }
    match found {
        true => Ok(()),
        false => Err(bad()),
    }
}

/// The digests in a text, behind the word `sha256`.
fn fingerprints(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split("sha256 ").skip(1);
    parts.filter_map(|part| {
        let digits = part.get(..64)?;
        digits
            .chars()
            .all(|c| c.is_ascii_hexdigit())
            .then(|| digits.to_lowercase())
    })
}

/// The CAs that are named, of those that are listed.
fn named(
    listed: &[ListedCa],
    wanted: &[NamedCa],
    msp_id: &MspId,
) -> Result<Vec<ListedCa>, ClientError> {
    let mut found: Vec<ListedCa> = Vec::new();
    for one in wanted {
        let begins = match one {
            NamedCa::Certificate(content) => fingerprint(content, "--remove")?.0.to_string(),
            NamedCa::Fingerprint(text) => text.replace(':', "").to_lowercase(),
        };
        let matching: Vec<&ListedCa> = (listed.iter())
            .filter(|ca| begins.len() >= 8 && ca.fingerprint.to_string().starts_with(&begins))
            .collect();
        if matching.is_empty() {
            let text = format!("the MSP of {msp_id} has no such CA: sha256 {begins}");
            let known = listed.iter().map(|ca| {
                let short: String = ca.fingerprint.to_string().chars().take(16).collect();
                format!("{} ({short}..)", ca.subject)
            });
            return Err(usage("UNKNOWN_CA", text)
                .hint(format!("it has {}", known.collect::<Vec<_>>().join(", "))));
        }
        for ca in matching {
            if !found
                .iter()
                .any(|other| other.fingerprint == ca.fingerprint && other.is_tls == ca.is_tls)
            {
                found.push(ListedCa {
                    fingerprint: ca.fingerprint,
                    subject: ca.subject.clone(),
                    is_tls: ca.is_tls,
                });
            }
        }
    }
    Ok(found)
}

fn rotation_name(msp_id: &MspId, own: &MspId) -> String {
    match msp_id == own {
        true => "rotate-ca".to_owned(),
        false => format!("rotate-ca-{msp_id}"),
    }
}

fn unknown_msp(msp_id: &MspId) -> ClientError {
    usage(
        "UNKNOWN_ORGANIZATION",
        format!("the channel has no MSP `{msp_id}`"),
    )
}
