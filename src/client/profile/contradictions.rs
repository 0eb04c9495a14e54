//! What several places say differently, or say only half.

use super::{
    layers::{Layer, PlacedValue},
    resolver::Resolver,
    setting::Setting,
};

/// Variables: places where a value is easily left over from something else.
const VARIABLES: [Layer; 3] = [Layer::Own, Layer::Peer, Layer::Sample];

/// Settings that belong together: where they come from two places, one of them may be of another network
/// or another organisation.
const TOGETHER: [(Setting, Setting); 3] = [
    (Setting::MspId, Setting::MspFolder),
    (Setting::MspId, Setting::Certificate),
    (Setting::PeerAddress, Setting::TlsRootCert),
];

impl Resolver<'_> {
    /// What places say differently, each with what to do.
    pub(super) fn contradictions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        found.extend(
            Setting::ALL
                .into_iter()
                .filter_map(|one| self.left_over(one)),
        );
        found.extend(self.hidden_profile());
        found.extend(
            TOGETHER
                .into_iter()
                .filter_map(|(one, other)| self.apart(one, other)),
        );
        found.extend(self.ca_without_tls());
        found.extend(self.unshown_certificate());
        found
    }

    /// A variable that says something else than the variable that counts.
    fn left_over(&self, setting: Setting) -> Option<(String, String)> {
        let counts = self.layers.find(setting)?;
        if !VARIABLES.contains(&counts.layer) {
            return None;
        }
        let mut farther = VARIABLES.into_iter().filter(|layer| *layer > counts.layer);
        let other = farther.find_map(|layer| {
            let other = self.layers.at(layer, setting)?;
            (other.values != counts.values).then_some(other)
        })?;
        let text = format!(
            "{} says `{}` and {} says `{}`: the first one counts",
            counts.origin,
            counts.value(),
            other.origin,
            other.value()
        );
        Some((text, format!("unset {}", other.origin)))
    }

    /// A current profile that the environment overrides.
    fn hidden_profile(&self) -> Option<(String, String)> {
        let profile = self.layers.profile().filter(|profile| !profile.is_named)?;
        let differs = |setting: &Setting| {
            let (counts, own) = (
                self.layers.find(*setting),
                self.layers.at(Layer::Current, *setting),
            );
            match (&counts, &own) {
                (Some(counts), Some(own)) => {
                    VARIABLES.contains(&counts.layer) && counts.values != own.values
                }
                _ => false,
            }
        };
        let settings = [Setting::Channel, Setting::MspId, Setting::MspFolder];
        let hidden = settings.into_iter().find(differs)?;
        let counts = self.layers.find(hidden)?;
        let name = &profile.name;
        let text = format!(
            "the current profile `{name}` says another {} than {}, which counts",
            hidden.names().what,
            counts.origin
        );
        Some((
            text,
            format!(
                "--profile {name} for the profile, or unset {}",
                counts.origin
            ),
        ))
    }

    /// Two settings of one thing that come from two places.
    fn apart(&self, one: Setting, other: Setting) -> Option<(String, String)> {
        let (first, second) = (self.layers.find(one)?, self.layers.find(other)?);
        let is_meant = |found: &PlacedValue| found.layer == Layer::Flag;
        if first.layer == second.layer || is_meant(&first) || is_meant(&second) {
            return None;
        }
        let text = format!(
            "the {} comes from {}, the {} from {}: do they belong together?",
            one.names().what,
            first.origin,
            other.names().what,
            second.origin
        );
        Some((text, "cmscc profile show --origin".to_owned()))
    }

    /// A CA is named, and TLS is off.
    fn ca_without_tls(&self) -> Option<(String, String)> {
        let (tls, root) = (
            self.layers.find(Setting::Tls)?,
            self.layers.find(Setting::TlsRootCert)?,
        );
        let is_off = matches!(
            tls.value().to_ascii_lowercase().as_str(),
            "false" | "f" | "0"
        );
        if !is_off || root.layer < tls.layer {
            return None;
        }
        let text = format!(
            "{} turns TLS off, and {} names a CA for it: TLS is not spoken",
            tls.origin, root.origin
        );
        Some((
            text,
            format!("{} true, where the peer speaks TLS", tls.origin),
        ))
    }

    /// A certificate of mutual TLS that nobody is shown.
    fn unshown_certificate(&self) -> Option<(String, String)> {
        let found = self.layers.find(Setting::TlsClientCert)?;
        if self.layers.shows_client_certificate(found.layer) {
            return None;
        }
        let text = format!(
            "{} names a certificate, which is not shown: CORE_PEER_TLS_CLIENTAUTHREQUIRED is not true",
            found.origin
        );
        let fix = "CORE_PEER_TLS_CLIENTAUTHREQUIRED=true, where the peer wants it";
        Some((text, fix.to_owned()))
    }
}
