//! TLS material that is read anew while the server runs: on SIGHUP, and when the files change.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::sleep};
use tracing::{error, info};

use super::{
    certificates::date,
    settings::{TlsFiles, TlsMaterial, tell},
};
use crate::{
    ops::{Chore, Metrics, unix_seconds},
    shim::TlsSwitch,
};

/// How often the files are looked at. Contents are compared, since Kubernetes swaps whole folders.
const LOOK: Duration = Duration::from_secs(5);

/// What watches the files.
pub(super) struct TlsReload {
    pub(super) files: TlsFiles,
    pub(super) switch: TlsSwitch,
    pub(super) metrics: Arc<Metrics>,
    /// What is in use.
    pub(super) current: TlsMaterial,
}

/// Does what SIGHUP wants where there is no TLS material.
pub(super) fn nothing(wish: Arc<Notify>) -> Chore {
    Box::pin(async move {
        loop {
            wish.notified().await;
            info!("nothing to reload: this server speaks no TLS");
        }
    })
}

impl TlsReload {
    /// Watches for as long as the process lives.
    pub(super) fn watch(mut self, wish: Arc<Notify>) -> Chore {
        Box::pin(async move {
            let mut seen = UnusableFiles::default();
            loop {
                let asked = tokio::select! {
                    () = wish.notified() => true,
                    () = sleep(LOOK) => false,
                };
                let now = unix_seconds();
                let read = self.files.read(now);
                match read.and_then(|material| self.take(material, now)) {
                    Ok(is_new) => self.usable(is_new, seen.clear(), asked),
                    Err(problems) => {
                        if seen.tells(&problems, asked) {
                            self.refused(&problems);
                        }
                    }
                }
            }
        })
    }

    /// Uses the material from now on; false where that is the one in use.
    fn take(&mut self, material: TlsMaterial, now: i64) -> Result<bool, Vec<String>> {
        if material.tls == self.current.tls {
            return Ok(false);
        }
        let may = material.may_replace(&self.current, now);
        may.map_err(|problem| vec![problem])?;
        let replaced = self.switch.replace(&material.tls);
        replaced.map_err(|error| vec![error.to_string()])?;
        self.current = material;
        Ok(true)
    }

    /// The files can be used. `is_new`: they are in use from now on; `were_refused`: before they could not be.
    fn usable(&self, is_new: bool, were_refused: bool, asked: bool) {
        self.metrics.tls_files_usable(true);
        if !is_new {
            if were_refused {
                info!("the TLS files are usable again, as those in use");
            } else if asked {
                info!("the TLS files hold what is in use already");
            }
            return;
        }
        let ends = self.current.ends;
        self.metrics.tls_reloaded(true);
        self.metrics.tls_not_after(ends.certificate);
        self.metrics
            .tls_client_ca_not_after(ends.client_ca.unwrap_or_default());
        let client_ca_ends = ends.client_ca.map(date);
        info!(
            certificate_ends = date(ends.certificate),
            client_ca_ends, "new TLS material is in use; open connections keep the old one"
        );
        tell(&self.current.notices);
    }

    /// The files cannot be used.
    fn refused(&self, problems: &[String]) {
        self.metrics.tls_reloaded(false);
        self.metrics.tls_files_usable(false);
        for problem in problems {
            error!("the TLS files changed and cannot be used, the old material stays: {problem}");
        }
    }
}

/// What was seen of files that cannot be used.
#[derive(Debug, Default)]
struct UnusableFiles {
    /// What the last look saw; empty: they could be used.
    last: Vec<String>,
    /// What was told of them; empty: nothing.
    told: Vec<String>,
}

impl UnusableFiles {
    /// Whether what a look saw is told now. A single look may fall into the writing of the files, so the
    /// next one has to see the same. `asked`: somebody wants to know at once.
    fn tells(&mut self, problems: &[String], asked: bool) -> bool {
        let again = self.last == problems;
        problems.clone_into(&mut self.last);
        let tells = asked || again && self.told != problems;
        if tells {
            problems.clone_into(&mut self.told);
        }
        tells
    }

    /// They can be used; whether it was told that they cannot.
    fn clear(&mut self) -> bool {
        let told = !self.told.is_empty();
        *self = Self::default();
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_told_once_two_looks_saw_them() {
        let torn = ["half a file".to_owned()];
        let other = ["another key".to_owned()];
        let mut seen = UnusableFiles::default();
        // a look that falls into somebody's writing
        assert!(!seen.tells(&torn, false));
        assert!(!seen.clear(), "nothing was told");
        // key moved, then the certificate: each look sees something else
        assert!(!seen.tells(&torn, false));
        assert!(!seen.tells(&other, false));
        assert!(seen.tells(&other, false), "two looks in a row");
        assert!(!seen.tells(&other, false), "once");
        // another problem, likewise
        assert!(!seen.tells(&torn, false));
        assert!(seen.tells(&torn, false));
        assert!(seen.clear());
        assert!(!seen.clear(), "told once");
    }

    #[test]
    fn who_asks_is_told_at_once_and_each_time() {
        let torn = ["half a file".to_owned()];
        let mut seen = UnusableFiles::default();
        assert!(seen.tells(&torn, true));
        assert!(!seen.tells(&torn, false), "told already");
        assert!(seen.tells(&torn, true));
        assert!(seen.clear());
    }
}
