//! TLS with a node, one question at a time.

use super::{
    check::Check,
    diagnosis::{Diagnosis, word},
    ends::{EndOfCertificate, day},
    facts::{DoctorFacts, Handshake, NodeFacts},
};
use crate::{client::Exit, config::Bundle, identity::Certificate};

/// Names of a certificate that are told.
const NAMED: usize = 10;

/// Judges a handshake.
pub(super) fn judge(
    facts: &DoctorFacts,
    node: &NodeFacts,
    handshake: &Handshake,
    found: &mut Diagnosis,
) {
    let certificate = match &handshake.certificate {
        Ok(certificate) => certificate,
        Err(why) => {
            let text = format!("its TLS certificate cannot be read: {why}");
            let fix = "its operator looks at `peer.tls.cert.file`";
            found.error(Check::TlsRootCert, Exit::Denied, text, fix);
            let rest = [Check::TlsServerName, Check::TlsEnd, Check::TlsClientCert];
            return found.skip(&rest, Check::TlsRootCert);
        }
    };
    trusted(facts, node, handshake, certificate, found);
    named(node, handshake, found);
    in_time(facts, certificate, found);
    mutual(facts, node, handshake, found);
}

fn trusted(
    facts: &DoctorFacts,
    node: &NodeFacts,
    handshake: &Handshake,
    certificate: &Certificate,
    found: &mut Diagnosis,
) {
    let check = Check::TlsRootCert;
    let (setting, flag) = match node.is_orderer {
        true => ("CMSCC_ORDERER_CA", "--orderer-ca"),
        false => ("CORE_PEER_TLS_ROOTCERT_FILE", "--tls-root-cert"),
    };
    let Err(why) = &handshake.trusted else {
        return found.ok(check, format!("issued by {}", certificate.issuer()));
    };
    let bundle = facts.bundle();
    let theirs = bundle.and_then(|bundle| issuer(bundle, certificate));
    let ours = node.roots.first();
    let owner = ours.and_then(|root| bundle.and_then(|bundle| owner(bundle, root)));
    let of = |whose: &Option<String>| match whose {
        Some(msp_id) => format!(" of `{msp_id}`"),
        None => String::new(),
    };
    let trusts = match ours {
        Some(root) => format!("you trust {}{}", root.subject(), of(&owner)),
        None => "you trust no CA".to_owned(),
    };
    let text = format!(
        "its TLS certificate was issued by {}{}, {trusts}",
        certificate.issuer(),
        of(&theirs)
    );
    let fix = match &theirs {
        Some(msp_id) => format!(
            "{flag} (or {setting}) is to be the TLS CA certificate of `{msp_id}`; is this the peer that \
             you mean?"
        ),
        None => format!(
            "{flag} (or {setting}) is to be the TLS CA certificate of the node's organisation"
        ),
    };
    found.error(check, Exit::Denied, text, fix);
    found.said(vec![(node.address.clone(), why.clone())]);
}

/// The organisation one of whose TLS CAs issued this certificate; `None` also where several have that CA.
pub(super) fn issuer(bundle: &Bundle, certificate: &Certificate) -> Option<String> {
    let issued = |ca: &Certificate| certificate.check_signed_by(ca).is_ok();
    with_tls_ca(bundle, issued)
}

/// The organisation that has this TLS CA.
fn owner(bundle: &Bundle, root: &Certificate) -> Option<String> {
    with_tls_ca(bundle, |ca| ca.der() == root.der())
}

fn with_tls_ca(bundle: &Bundle, is_it: impl Fn(&Certificate) -> bool) -> Option<String> {
    let mut all = bundle.msps().iter().filter(|msp| {
        let (roots, intermediates) = msp.tls();
        roots.iter().chain(intermediates).any(&is_it)
    });
    match (all.next(), all.next()) {
        (Some(only), None) => Some(only.id().to_string()),
        _ => None,
    }
}

fn named(node: &NodeFacts, handshake: &Handshake, found: &mut Diagnosis) {
    let check = Check::TlsServerName;
    if handshake.is_named {
        return found.ok(check, format!("for `{}`", node.name));
    }
    let (setting, flag) = match node.is_orderer {
        true => ("CMSCC_ORDERER_SERVER_NAME", "--orderer-server-name"),
        false => ("CORE_PEER_TLS_SERVERHOSTOVERRIDE", "--server-name"),
    };
    if handshake.names.is_empty() {
        let text = format!(
            "its TLS certificate is for no name at all, and `{}` is expected",
            node.name
        );
        let fix =
            "its operator issues one with a subject alternative name; a common name alone is none";
        return found.error(check, Exit::Denied, text, fix);
    }
    let names: Vec<&str> = handshake
        .names
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect();
    let more = match handshake.names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "its TLS certificate is not for `{}`, but for `{}`{more}",
        node.name,
        names.join("`, `")
    );
    let fix = match handshake.names.iter().find_map(|name| word(name)) {
        Some(name) => format!("{flag} {name}, or {setting}"),
        None => format!("{flag}, or {setting}, with one of these names"),
    };
    found.error(check, Exit::Denied, text, fix);
}

fn in_time(facts: &DoctorFacts, certificate: &Certificate, found: &mut Diagnosis) {
    let begins = certificate.not_before();
    if begins > facts.now.seconds {
        let text = format!(
            "its TLS certificate is not valid before {}, and this machine has {}",
            day(begins),
            day(facts.now.seconds)
        );
        let fix = "look at the clock of this machine first";
        return found.error(Check::TlsEnd, Exit::Denied, text, fix);
    }
    let end = EndOfCertificate {
        what: "its TLS certificate",
        effect: "nobody connects to it",
        fix: "its operator renews it; nothing is to be set here where the CA stays",
    };
    end.judge(Check::TlsEnd, certificate.not_after(), facts.now, found);
}

fn mutual(facts: &DoctorFacts, node: &NodeFacts, handshake: &Handshake, found: &mut Diagnosis) {
    let check = Check::TlsClientCert;
    let set = "--tls-client-cert and --tls-client-key (with `peer`'s variables CORE_PEER_TLS_CLIENTCERT_FILE, \
               CORE_PEER_TLS_CLIENTKEY_FILE and CORE_PEER_TLS_CLIENTAUTHREQUIRED=true)";
    let shown = node.shown.as_ref();
    let wanted = match (&handshake.wanted, shown) {
        (None, None) => return found.ok(check, "it wants none of yours"),
        (None, Some(_)) => {
            return found.ok(
                check,
                "it wants none of yours; the one that is set is not looked at",
            );
        }
        (Some(wanted), _) => wanted,
    };
    let Some(shown) = shown else {
        // a server that only takes one where it is given goes on
        return match &handshake.ended {
            None => found.note(
                check,
                "it would take a TLS certificate of yours; none is set",
                None,
            ),
            Some(_) => found.error(
                check,
                Exit::Denied,
                "it wants a TLS certificate of yours, and none is set",
                set,
            ),
        };
    };
    if let Some(why) = &handshake.ended {
        let is_known = wanted.is_empty() || wanted.iter().any(|name| name == shown.raw_issuer());
        let text = match is_known {
            true => format!("it does not take your TLS certificate: {why}"),
            false => format!(
                "it does not take your TLS certificate: it was issued by {}, which the node does not trust",
                shown.issuer()
            ),
        };
        let fix = "take one of a CA that the node trusts (`peer.tls.clientRootCAs.files` of its operator): \
                   --tls-client-cert and --tls-client-key";
        return found.error(check, Exit::Denied, text, fix);
    }
    let end = EndOfCertificate {
        what: "your TLS certificate",
        effect: "the node ends your connections",
        fix: "enroll again with --enrollment.profile tls",
    };
    end.judge(check, shown.not_after(), facts.now, found);
}
