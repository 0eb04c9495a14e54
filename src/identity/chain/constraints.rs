//! Name constraints of a chain.

use crate::identity::{
    certificate::{
        Certificate,
        names::{AlternativeNames, Mailbox, NameConstraints, Subtrees, is_domain},
    },
    error::MspError,
};

/// Checks the names of each certificate against the constraints of those above it; `chain` starts
/// with the leaf.
// Go: crypto/x509, checkChainConstraints
pub(in crate::identity) fn check(chain: &[Certificate]) -> Result<(), MspError> {
    for (i, certificate) in chain.iter().enumerate() {
        let Some(names) = &certificate.extensions().alternative_names else {
            continue;
        };
        let above = chain.iter().skip(i.saturating_add(1));
        let mut above = above
            .filter_map(|ca| ca.extensions().name_constraints.as_ref())
            .peekable();
        if above.peek().is_none() {
            return Ok(());
        }
        let names = Names::read(names)?;
        for constraints in above {
            names.check(constraints)?;
        }
    }
    Ok(())
}

/// The rule of Go 1.14 that Fabric kept: where a CA of the chain constrains names, a leaf without
/// alternative names must not have a common name that looks like a host.
// Fabric: msp/mspimpl.go, verifyLegacyNameConstraints
pub(in crate::identity) fn check_common_name(chain: &[Certificate]) -> Result<(), MspError> {
    let [leaf, above @ ..] = chain else {
        return Ok(());
    };
    let constrained = above
        .iter()
        .any(|ca| ca.extensions().name_constraints.is_some());
    if constrained
        && leaf.extensions().alternative_names.is_none()
        && is_host_name(leaf.common_name())
    {
        return Err(MspError::NameConstraint(
            "common name looks like a host and there are no alternative names",
        ));
    }
    Ok(())
}

fn is_host_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.split('.').enumerate().all(|(i, label)| {
        let known = |(j, c): (usize, char)| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | ':') || c == '-' && j != 0
        };
        !label.is_empty() && (i == 0 && label == "*" || label.char_indices().all(known))
    })
}

/// The names of a certificate in the form in which they are compared.
struct Names<'a> {
    dns: &'a [String],
    emails: Vec<Mailbox>,
    ips: &'a [Vec<u8>],
    uri_domains: Vec<String>,
}

impl<'a> Names<'a> {
    fn read(names: &'a AlternativeNames) -> Result<Self, MspError> {
        let domains = names.uri_hosts.iter().map(|host| uri_domain(host));
        let emails = names.emails.iter().map(|email| Mailbox::read(email));
        Ok(Self {
            dns: &names.dns,
            emails: emails
                .collect::<Option<_>>()
                .ok_or(MspError::NameConstraint("malformed e-mail address"))?,
            ips: &names.ips,
            uri_domains: domains
                .collect::<Option<_>>()
                .ok_or(MspError::NameConstraint("uri without a host name"))?,
        })
    }

    fn check(&self, constraints: &NameConstraints) -> Result<(), MspError> {
        let NameConstraints {
            permitted,
            excluded,
            ..
        } = constraints;
        let all_allowed = self.ips.iter().all(|ip| {
            let matches = |tree: &Subtrees| tree.ips.iter().any(|net| contains(net, ip));
            (permitted.ips.is_empty() || matches(permitted)) && !matches(excluded)
        });
        if !all_allowed {
            return Err(MspError::NameConstraint("ip address is not permitted"));
        }
        for domain in self.dns {
            if !is_domain(domain, false) {
                return Err(MspError::NameConstraint("malformed dns name"));
            }
            if !domain_is_allowed(domain, &permitted.dns, &excluded.dns) {
                return Err(MspError::NameConstraint("dns name is not permitted"));
            }
        }
        for domain in &self.uri_domains {
            if !is_domain(domain, false) {
                return Err(MspError::NameConstraint("malformed uri"));
            }
            if !domain_is_allowed(domain, &permitted.uris, &excluded.uris) {
                return Err(MspError::NameConstraint("uri is not permitted"));
            }
        }
        for email in &self.emails {
            let allowed = (permitted.emails.is_empty()
                || has_email(&permitted.emails, email, false))
                && !has_email(&excluded.emails, email, true);
            if !allowed {
                return Err(MspError::NameConstraint("e-mail address is not permitted"));
            }
        }
        Ok(())
    }
}

/// The domain of a URI's host, without port; `None` where it is absent or an address.
// Go: crypto/x509, parseURIs
fn uri_domain(host: &str) -> Option<String> {
    let host = host.to_lowercase();
    let host = match host.split_once(':') {
        Some((domain, port)) if !host.ends_with(']') => {
            if host.starts_with('[') || port.contains(':') {
                return None;
            }
            domain.to_owned()
        }
        _ => host,
    };
    let is_address = host.starts_with('[') || host.parse::<core::net::IpAddr>().is_ok();
    (!host.is_empty() && !is_address).then_some(host)
}

fn domain_is_allowed(domain: &str, permitted: &[String], excluded: &[String]) -> bool {
    (permitted.is_empty() || has_domain(permitted, domain, false))
        && !has_domain(excluded, domain, true)
}

/// Whether some constraint covers a domain. Excluding constraints also cover a wildcard that would
/// match the domain that they exclude.
fn has_domain(constraints: &[String], domain: &str, excluding: bool) -> bool {
    constraints.iter().any(|constraint| {
        is_suffix(constraint, domain)
            || excluding && domain.starts_with('*') && {
                let parent = behind_first_label(constraint);
                parent.is_some_and(|parent| {
                    behind_first_label(domain).is_some_and(|of| of.eq_ignore_ascii_case(parent))
                })
            }
    })
}

fn has_email(constraints: &[String], email: &Mailbox, excluding: bool) -> bool {
    constraints.iter().any(|constraint| {
        if constraint.contains('@') {
            Mailbox::read(constraint).as_ref() == Some(email)
        } else {
            has_domain(std::slice::from_ref(constraint), &email.domain, excluding)
        }
    })
}

/// Whether a constraint is some last labels of a domain; one that starts with a dot asks for at least
/// one label in front of it. The empty constraint covers everything.
// Go: crypto/x509, dnsHasSuffix
fn is_suffix(constraint: &str, domain: &str) -> bool {
    let Some(at) = domain.len().checked_sub(constraint.len()) else {
        return false;
    };
    let Some((head, tail)) = domain.split_at_checked(at) else {
        return false;
    };
    tail.eq_ignore_ascii_case(constraint)
        && (head.is_empty()
            || head.ends_with('.')
            || constraint.is_empty()
            || constraint.starts_with('.'))
}

fn behind_first_label(domain: &str) -> Option<&str> {
    domain.find('.').and_then(|at| domain.get(at..))
}

/// Whether a network contains an address, both of four or both of sixteen bytes.
fn contains((address, mask): &(Vec<u8>, Vec<u8>), ip: &[u8]) -> bool {
    ip.len() == address.len()
        && ip
            .iter()
            .zip(address)
            .zip(mask)
            .all(|((ip, address), mask)| ip & mask == address & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|i| (*i).to_owned()).collect()
    }

    #[test]
    fn host_names_may_have_a_wildcard_and_a_last_dot() {
        let cases = [
            ("a.example", true),
            ("admin", true),
            ("*.a", true),
            ("*", true),
            ("a.*", false),
            ("a.", true),
            ("a..", false),
            ("", false),
            (".", false),
            ("-a", false),
            ("a-", true),
            ("a_b:c", true),
            ("Admin@org1", false),
            ("a b", false),
        ];
        for (name, want) in cases {
            assert_eq!(is_host_name(name), want, "{name}");
        }
    }

    #[test]
    fn domains_match_by_whole_labels() {
        let cases = [
            ("a.b", "a.b", true),
            ("A.b", "x.a.B", true),
            ("a.b", "xa.b", false),
            (".a.b", "x.a.b", true),
            (".a.b", "a.b", false),
            ("", "a.b", true),
            ("x.a.b", "a.b", false),
        ];
        for (constraint, domain, want) in cases {
            assert_eq!(is_suffix(constraint, domain), want, "{constraint} {domain}");
        }
        assert!(domain_is_allowed("x.a", &list(&["b", "a"]), &[]));
        assert!(!domain_is_allowed("x.c", &list(&["b", "a"]), &[]));
        assert!(!domain_is_allowed("x.a", &[], &list(&["a"])));
        assert!(!domain_is_allowed("*.a", &[], &list(&["X.a"])));
        assert!(domain_is_allowed("*.a", &list(&["a"]), &list(&["x.y.a"])));
    }

    #[test]
    fn emails_match_whole_or_by_domain() {
        let email = Mailbox::read("a@B.c").unwrap();
        for (constraint, want) in [("a@b.C", true), ("A@b.c", false), ("c", true), ("b", false)] {
            assert_eq!(
                has_email(&list(&[constraint]), &email, false),
                want,
                "{constraint}"
            );
        }
    }

    #[test]
    fn uris_need_a_host_name() {
        let cases = [
            ("A.b:80", Some("a.b")),
            ("", None),
            ("1.2.3.4", None),
            ("1.2.3.4:1", None),
            ("[::1]", None),
            ("[::1]:1", None),
            ("a:1:2", None),
        ];
        for (host, want) in cases {
            assert_eq!(uri_domain(host).as_deref(), want, "{host}");
        }
    }
}
