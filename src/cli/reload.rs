//! TLS material that is read anew while the server runs: on SIGHUP, and when the files change.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::sleep};
use tracing::{error, info};

use super::settings::{TlsFiles, TlsMaterial, date, tell};
use crate::{
    ops::{Chore, Metrics, unix_seconds},
    shim::{Tls, TlsSwitch},
};

/// How often the files are looked at. Contents are compared, since Kubernetes swaps whole folders.
const LOOK: Duration = Duration::from_secs(5);

/// What watches the files.
pub(super) struct TlsReload {
    pub(super) files: TlsFiles,
    pub(super) switch: TlsSwitch,
    pub(super) metrics: Arc<Metrics>,
    /// What is in use.
    pub(super) current: Tls,
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
            // what was said already of files that cannot be used
            let mut refused = Vec::new();
            loop {
                let asked = tokio::select! {
                    () = wish.notified() => true,
                    () = sleep(LOOK) => false,
                };
                let read = self.files.read(unix_seconds());
                match read.and_then(|material| self.take(&material)) {
                    Ok(true) => refused.clear(),
                    Ok(false) if asked => info!("the TLS files hold what is in use already"),
                    Ok(false) => refused.clear(),
                    Err(problems) if asked || problems != refused => {
                        self.metrics.tls_reloaded(false);
                        for problem in &problems {
                            error!(
                                "the TLS files changed and cannot be used, the old material stays: {problem}"
                            );
                        }
                        refused = problems;
                    }
                    Err(_) => {}
                }
            }
        })
    }

    /// Uses the material from now on; false where that is the one in use.
    fn take(&mut self, material: &TlsMaterial) -> Result<bool, Vec<String>> {
        if material.tls == self.current {
            return Ok(false);
        }
        let replaced = self.switch.replace(&material.tls);
        replaced.map_err(|error| vec![error.to_string()])?;
        self.current = material.tls.clone();
        let ends = material.ends;
        self.metrics.tls_reloaded(true);
        self.metrics.tls_not_after(ends.certificate);
        self.metrics
            .tls_client_ca_not_after(ends.client_ca.unwrap_or_default());
        let client_ca_ends = ends.client_ca.map(date);
        info!(
            certificate_ends = date(ends.certificate),
            client_ca_ends, "new TLS material is in use; open connections keep the old one"
        );
        tell(&material.notices);
        Ok(true)
    }
}
