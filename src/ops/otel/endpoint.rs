//! Where spans are sent to.

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

/// A collector, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtlpEndpoint {
    /// Host and port.
    pub(super) authority: String,
    /// The path of the request.
    pub(super) path: String,
}

impl OtlpEndpoint {
    /// Reads `http://HOST[:PORT][/PATH]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = match text.strip_prefix("http://") {
            Some(rest) => rest,
            None if text.starts_with("https://") => {
                return Err("begins with https: name a collector beside the server, by http");
            }
            None => return Err("is no address such as http://localhost:4318"),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_clean = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'@');
        if authority.is_empty() || !is_clean(rest) {
            return Err("is no address such as http://localhost:4318");
        }
        // the last colon of `[::1]` is no port's
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
        let authority = match has_port {
            true => authority.to_owned(),
            false => format!("{authority}:{PORT}"),
        };
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self {
            authority,
            path: format!("{slash}{path}/v1/traces"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_collectors_have() {
        for (text, authority, path) in [
            ("http://localhost", "localhost:4318", "/v1/traces"),
            ("http://localhost:4318/", "localhost:4318", "/v1/traces"),
            (
                "http://otel.fabric.svc:80/a/b/",
                "otel.fabric.svc:80",
                "/a/b/v1/traces",
            ),
            ("http://[::1]:4318", "[::1]:4318", "/v1/traces"),
            ("http://[::1]", "[::1]:4318", "/v1/traces"),
        ] {
            let endpoint = OtlpEndpoint::parse(text).unwrap();
            assert_eq!(
                (&*endpoint.authority, &*endpoint.path),
                (authority, path),
                "{text}"
            );
        }
        for text in [
            "",
            "localhost:4317",
            "https://x",
            "http://",
            "http:///x",
            "http://a b",
            "http://u@x",
        ] {
            assert!(OtlpEndpoint::parse(text).is_err(), "{text}");
        }
    }
}
