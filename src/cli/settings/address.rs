//! Addresses as settings give them: HOST:PORT.

use std::net::IpAddr;

/// Where the operations listener is, where nothing else is given.
pub(in crate::cli) const DEFAULT_OPS_ADDRESS: &str = "127.0.0.1:9443";

/// Whether the text is HOST:PORT.
pub(in crate::cli) fn is_address(text: &str) -> bool {
    problem(text).is_none()
}

/// Why a text is not HOST:PORT; `None`: it is.
pub(super) fn problem(text: &str) -> Option<String> {
    let what = format!("is `{text}`, which is not HOST:PORT");
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return Some(format!("{what}: `{rest}` without `{scheme}://` is meant"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() => (host, port),
        _ => return Some(what),
    };
    if port.parse::<u16>().is_err() || host.contains(['/', ' ']) {
        return Some(what);
    }
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    if host.contains(':') && !is_bracketed {
        return Some(format!(
            "{what}: write the address in brackets, `[{host}]:{port}`"
        ));
    }
    None
}

/// Whether only this machine reaches what listens at HOST:PORT.
pub(super) fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_reaches_a_loopback_address() {
        for (address, expected) in [
            ("127.0.0.1:9999", true),
            ("127.8.8.8:0", true),
            ("[::1]:9999", true),
            ("localhost:9999", true),
            ("0.0.0.0:9999", false),
            ("[::]:9999", false),
            ("10.0.0.1:9999", false),
            ("127.0.0.1.example.com:9999", false),
        ] {
            assert_eq!(is_loopback(address), expected, "{address}");
        }
    }

    #[test]
    fn addresses_are_host_and_port() {
        for good in [
            "h:1",
            "0.0.0.0:9999",
            "[::1]:0",
            "cmscc.org1.example.com:65535",
        ] {
            assert_eq!(problem(good), None);
        }
        for (bad, hint) in [
            ("", None),
            (":1", None),
            ("h", None),
            ("h:65536", None),
            ("h/x:1", None),
            ("http://h:1/", Some("`h:1` without `http://` is meant")),
            ("::1:9999", Some("`[::1]:9999`")),
        ] {
            let problem = problem(bad).unwrap();
            assert!(
                problem.contains(hint.unwrap_or("not HOST:PORT")),
                "{problem}"
            );
        }
    }
}
