//! URIs, as far as certificates need them: whether Go parses one, and its host.

/// The host, with port, of a URI; empty where it has none. `None` where Go's parser refuses the URI.
// Go: net/url, Parse
pub(super) fn host(uri: &str) -> Option<String> {
    let (uri, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    if uri.bytes().any(|b| b < b' ' || b == 0x7f) || !escapes_are_valid(fragment) {
        return None;
    }
    if uri == "*" {
        return Some(String::new());
    }
    let (scheme, rest) = scheme(uri)?;
    let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Some(String::new());
        }
        let first_segment = rest.split('/').next().unwrap_or_default();
        if first_segment.contains(':') {
            return None;
        }
    }
    let authority = rest
        .strip_prefix("//")
        .filter(|_| !scheme.is_empty() || !rest.starts_with("///"));
    let (authority, path) = match authority {
        None => ("", rest),
        Some(authority) => match authority.find('/') {
            None => (authority, ""),
            Some(at) => authority.split_at(at),
        },
    };
    if !escapes_are_valid(path) {
        return None;
    }
    let host = match authority.rsplit_once('@') {
        None => authority,
        Some((user, host)) => {
            let known = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
            if !user.bytes().all(known) || !escapes_are_valid(user) {
                return None;
            }
            host
        }
    };
    read_host(scheme, host)
}

/// The scheme, which may be empty, and what follows it.
fn scheme(uri: &str) -> Option<(&str, &str)> {
    let end = uri
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || b"+-.".contains(&b)));
    match end.and_then(|at| uri.split_at_checked(at)) {
        Some(("", rest)) if rest.starts_with(':') => None,
        Some((scheme, rest)) if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) => Some(
            rest.strip_prefix(':')
                .map_or(("", uri), |rest| (scheme, rest)),
        ),
        _ => Some(("", uri)),
    }
}

// Go: net/url, parseHost
fn read_host(scheme: &str, host: &str) -> Option<String> {
    let port = if let Some(literal) = host.strip_prefix('[') {
        let (address, port) = literal.rsplit_once(']')?;
        let (address, zone) = address.split_once("%25").unwrap_or((address, "-"));
        if address.contains('[') || zone.is_empty() || !escapes_are_valid(zone) {
            return None;
        }
        address.parse::<core::net::Ipv6Addr>().ok()?;
        port
    } else {
        let colon = if matches!(&*scheme.to_lowercase(), "http" | "https") {
            host.find(':')
        } else {
            host.rfind(':')
        };
        colon.and_then(|at| host.get(at..)).unwrap_or_default()
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    if !(port.is_empty() || port.starts_with(':')) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if host.starts_with('[') {
        return Some(host.replace("%25", "%"));
    }
    // of escapes only that of the percent sign can be part of a domain that is accepted later
    let plain = host.replace("%25", "");
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:]<>\"".contains(&b);
    plain.bytes().all(known).then(|| host.replace("%25", "%"))
}

/// Each percent sign is followed by two hex digits.
fn escapes_are_valid(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after
            .as_bytes()
            .first_chunk::<2>()
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_are_those_that_go_finds() {
        let cases: &[(&str, Option<&str>)] = &[
            ("https://a.example:80/x?y#z", Some("a.example:80")),
            ("spiffe://domain/path", Some("domain")),
            ("https://user:pw@h/", Some("h")),
            ("urn:a:b", Some("")),
            ("mailto:a@b", Some("")),
            ("/path", Some("")),
            ("a/b:c", Some("")),
            ("a b", Some("")),
            ("", Some("")),
            ("1a:b", None),
            (":x", None),
            ("//h/p", Some("h")),
            ("///h", Some("")),
            ("http://h:p/", None),
            ("http://a:1:2/", None),
            ("x://a:1:2/", Some("a:1:2")),
            ("http://h/%zz", None),
            ("http://h/%20", Some("h")),
            ("http://[::1]:80/", Some("[::1]:80")),
            ("http://[1.2.3.4]/", None),
            ("http://a b/", None),
            ("http://a\n/", None),
        ];
        for (uri, want) in cases {
            assert_eq!(host(uri).as_deref(), *want, "{uri:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(uri in "[a-z:/@%\\[\\]#?. é0-9]{0,24}") {
            let _ = host(&uri);
        }
    }
}
