//! How many descriptors the process may have, and what that means for connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::settings::SettingNotice;
use crate::shim::ServerLimits;

/// Descriptors for all but connections of the chaincode port: listeners, probes, logs, files.
const OTHERS: u64 = 96;

/// Asks the system for as many descriptors as it gives, and lowers the limit of connections to what
/// they allow: a server without descriptors would not take a connection that it has a place for. What
/// should be seen, where that was necessary.
pub(super) fn fit(limits: &mut ServerLimits) -> Option<SettingNotice> {
    let had = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: had.maximum,
        ..had
    };
    let has = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => had.maximum,
        Err(_) => had.current,
    };
    // no maximum: as many as one likes
    fitted(limits, has.unwrap_or(u64::MAX))
}

fn fitted(limits: &mut ServerLimits, descriptors: u64) -> Option<SettingNotice> {
    let room = usize::try_from(descriptors.saturating_sub(OTHERS)).unwrap_or(usize::MAX);
    if room >= limits.connections {
        return None;
    }
    let wanted = limits.connections;
    limits.connections = room.max(1);
    // so that one address alone cannot take them all
    let half = limits.connections.div_ceil(2);
    limits.connections_per_address = limits.connections_per_address.min(half);
    Some(SettingNotice::Warning(format!(
        "the process may have {descriptors} descriptors: at most {} connections in place of {wanted} \
         (CMSCC_LIMIT_CONNECTIONS); raise `ulimit -n`",
        limits.connections
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_the_descriptors() {
        let mut limits = ServerLimits::default();
        assert_eq!(fitted(&mut limits, 1_024), None);
        assert_eq!(limits, ServerLimits::default());
        let told = fitted(&mut limits, 256);
        assert!(
            matches!(told, Some(SettingNotice::Warning(text)) if text.contains("160 connections"))
        );
        assert_eq!(
            (limits.connections, limits.connections_per_address),
            (160, 80)
        );
        let _ = fitted(&mut limits, 3);
        assert_eq!((limits.connections, limits.connections_per_address), (1, 1));
    }
}
