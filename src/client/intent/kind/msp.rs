//! The definition of an MSP in the making: CAs come and go, and what is of them alone.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{
    form, orgs,
    sketch::{Sketch, value_path},
};
use crate::{
    client::{ClientError, Exit},
    config::{Bundle, Org},
    crypto::pem,
    identity::{Certificate, CrlSigner, MspDefinition},
    ids::{Digest, MspId},
};

/// The lists of an MSP that hold CAs of identities, and those of TLS: roots, then intermediate ones.
pub(super) const IDENTITY_LISTS: [&str; 2] = ["root_certs", "intermediate_certs"];
pub(super) const TLS_LISTS: [&str; 2] = ["tls_root_certs", "tls_intermediate_certs"];
/// What may name one CA for all who have a role.
const NODE_OUS: [&str; 4] = [
    "client_ou_identifier",
    "peer_ou_identifier",
    "admin_ou_identifier",
    "orderer_ou_identifier",
];

/// An MSP in the making: the value `MSP` of one group.
pub(super) struct EditedMsp<'a> {
    pub(super) org: Org<'a>,
    pub(super) form: Value,
}

/// A CA that an MSP lists.
pub(super) struct ListedCa {
    pub(super) fingerprint: Digest,
    pub(super) subject: String,
    pub(super) is_tls: bool,
}

/// The MSP of an organisation in each group that has it.
pub(super) fn read_msps<'a>(
    bundle: &'a Bundle,
    msp_id: &MspId,
) -> Result<Vec<EditedMsp<'a>>, ClientError> {
    let mut msps = Vec::new();
    for org in orgs::everywhere(bundle, msp_id) {
        let group = bundle.tree().group(&[org.section.name(), org.name]);
        let Some(value) = group.and_then(|group| group.value("MSP")) else {
            continue;
        };
        let form = form::of_value(value)?;
        if form
            .get("config")
            .and_then(|config| config.get("root_certs"))
            .is_none()
        {
            let text = format!("the MSP of {msp_id} is not of type x509");
            return Err(usage("NO_X509_MSP", text));
        }
        msps.push(EditedMsp { org, form });
    }
    Ok(msps)
}

pub(super) fn sketch_of(msps: &[EditedMsp<'_>]) -> Sketch {
    let mut sketch = Sketch::default();
    for msp in msps {
        let path = value_path(&[msp.org.section.name(), msp.org.name], "MSP");
        sketch.merge(Sketch::content(path, msp.form.clone(), None));
    }
    sketch
}

impl EditedMsp<'_> {
    fn list(&self, name: &str) -> &[Value] {
        let list = self
            .form
            .get("config")
            .and_then(|config| config.get(name)?.as_array());
        list.map_or(&[], Vec::as_slice)
    }

    fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Value>> {
        let config = self.form.get_mut("config")?.as_object_mut()?;
        let list = config.entry(name).or_insert_with(|| json!([]));
        if list.is_null() {
            *list = json!([]);
        }
        list.as_array_mut()
    }

    /// All CAs that it lists.
    pub(super) fn cas(&self) -> Vec<ListedCa> {
        let lists = (IDENTITY_LISTS.map(|name| (name, false)).into_iter())
            .chain(TLS_LISTS.map(|name| (name, true)));
        let mut all = Vec::new();
        for (list, is_tls) in lists {
            for entry in self.list(list) {
                if let Some((fingerprint, certificate)) = of_entry(entry) {
                    all.push(ListedCa {
                        fingerprint,
                        subject: name_of(&certificate),
                        is_tls,
                    });
                }
            }
        }
        all
    }

    /// Adds a CA to one of two lists: a root, or an intermediate one. Whether it is new, and its subject.
    pub(super) fn add(
        &mut self,
        lists: [&str; 2],
        content: &Bytes,
    ) -> Result<(bool, String), ClientError> {
        let (new, certificate) = fingerprint(content, "the new CA")?;
        let subject = name_of(&certificate);
        if !certificate.is_ca() {
            let text = format!("{subject} is no CA: its certificate may not sign others");
            return Err(usage("NOT_A_CA", text));
        }
        let is_there = |entry: &Value| of_entry(entry).is_some_and(|(known, _)| known == new);
        if lists
            .iter()
            .any(|list| self.list(list).iter().any(is_there))
        {
            return Ok((false, subject));
        }
        let [roots, intermediates] = lists;
        let list = match certificate.issuer() == certificate.subject() {
            true => roots,
            false => intermediates,
        };
        if let Some(list) = self.list_mut(list) {
            list.push(json!(STANDARD.encode(content)));
        }
        Ok((true, subject))
    }

    /// NodeOUs that name one of these CAs name none any more. Which they are.
    // Fabric: msp/mspimpl.go, hasOURole: where a NodeOU names a CA, only that one's certificates have the role
    pub(super) fn unpin(&mut self, old: &BTreeSet<Digest>) -> Vec<&'static str> {
        let mut roles = Vec::new();
        let node_ous = self
            .form
            .get_mut("config")
            .and_then(|config| config.get_mut("fabric_node_ous"));
        let Some(node_ous) = node_ous.and_then(Value::as_object_mut) else {
            return roles;
        };
        for name in NODE_OUS {
            let pin = node_ous
                .get_mut(name)
                .and_then(|unit| unit.get_mut("certificate"));
            if let Some(pin) = pin
                && of_entry(pin).is_some_and(|(ca, _)| old.contains(&ca))
            {
                *pin = json!("");
                roles.push(name.trim_end_matches("_ou_identifier"));
            }
        }
        roles
    }

    /// Organisational units that one of these CAs certifies count where the new one certifies them, too.
    pub(super) fn widen_units(&mut self, old: &BTreeSet<Digest>, new: &Bytes) {
        let Some(units) = self.list_mut("organizational_unit_identifiers") else {
            return;
        };
        let mut more = Vec::new();
        for unit in units.iter() {
            let of_old = unit.get("certificate").and_then(of_entry);
            if of_old.is_some_and(|(ca, _)| old.contains(&ca)) {
                let mut unit = unit.clone();
                if let Some(certificate) = unit.get_mut("certificate") {
                    *certificate = json!(STANDARD.encode(new));
                }
                more.push(unit);
            }
        }
        more.retain(|unit| !units.contains(unit));
        units.extend(more);
    }

    /// Removes CAs, and what is of them alone. How many revocation lists went.
    pub(super) fn remove(&mut self, gone: &BTreeSet<Digest>) -> usize {
        let is_gone = |entry: &Value| of_entry(entry).is_some_and(|(ca, _)| gone.contains(&ca));
        let signers = self.crl_signers();
        for name in IDENTITY_LISTS.into_iter().chain(TLS_LISTS) {
            if let Some(list) = self.list_mut(name) {
                list.retain(|entry| !is_gone(entry));
            }
        }
        if let Some(units) = self.list_mut("organizational_unit_identifiers") {
            units.retain(|unit| !unit.get("certificate").is_some_and(is_gone));
        }
        self.unpin(gone);
        let later = self.crl_signers();
        let orphaned: Vec<bool> = (signers.iter().zip(&later))
            .map(|(before, after)| *before != CrlSigner::Nobody && *after == CrlSigner::Nobody)
            .collect();
        let count = orphaned.iter().filter(|is_orphaned| **is_orphaned).count();
        if let (1.., Some(lists)) = (count, self.list_mut("revocation_list")) {
            let mut orphaned = orphaned.into_iter();
            lists.retain(|_| !orphaned.next().unwrap_or(false));
        }
        count
    }

    fn crl_signers(&self) -> Vec<CrlSigner> {
        let path = value_path(&[self.org.section.name(), self.org.name], "MSP");
        let bytes = form::to_bytes(&path, &self.form).unwrap_or_default();
        MspDefinition::read(&bytes)
            .map(|of| of.crl_signers())
            .unwrap_or_default()
    }
}

/// Fingerprint and certificate of an entry of a list: PEM in base64.
fn of_entry(entry: &Value) -> Option<(Digest, Certificate)> {
    let content = STANDARD.decode(entry.as_str()?).ok()?;
    let certificate = Certificate::from_pem(&content).ok()?;
    Some((Digest::of(certificate.der()), certificate))
}

/// What people call a CA: its common name, or all of its subject.
pub(super) fn name_of(certificate: &Certificate) -> String {
    match certificate.common_name() {
        "" => certificate.subject(),
        name => format!("CN={name}"),
    }
}

/// Those of a file with one certificate.
pub(super) fn fingerprint(
    content: &Bytes,
    what: &str,
) -> Result<(Digest, Certificate), ClientError> {
    let bad = |why: &dyn std::fmt::Display| {
        usage("BAD_CERTIFICATE", format!("{what}: {why}")).hint("one certificate in PEM form")
    };
    if pem::blocks(content).count() > 1 {
        return Err(bad(
            &"there are several certificates in it; each has a file and a flag of its own",
        ));
    }
    let certificate = Certificate::from_pem(content).map_err(|error| bad(&error))?;
    Ok((Digest::of(certificate.der()), certificate))
}

pub(super) fn usage(symbol: &str, text: impl Into<String>) -> ClientError {
    ClientError::new(Exit::Usage, symbol, text)
}
