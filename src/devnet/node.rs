//! What one organisation runs: a peer, and a chaincode server beside it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{
    error::DevnetError,
    identities::{Authority, Organization, TlsCertificate},
    options::NetworkOptions,
    peer::{ClientTls, Peer, ServerConnection},
    private::PrivateStore,
    server::Server,
};
use crate::{
    ids::Digest,
    shim::{ShimSettings, Tls, TlsSwitch},
    stub::Chaincode,
};

/// An organisation's processes.
#[derive(Debug)]
pub(super) struct OrganizationNode {
    pub(super) organization: Arc<Organization>,
    pub(super) peer: Peer,
    /// Where the channel config says that the peer listens, on loopback.
    pub(super) port: Option<u16>,
    /// Whether the peer takes part.
    running: AtomicBool,
    package_id: String,
    tls: Option<TlsSwitch>,
    client_tls: Option<ClientTls>,
    /// The chaincode server, while it runs.
    server: Mutex<Option<Server>>,
}

impl OrganizationNode {
    /// A peer without a chaincode server.
    pub(super) fn new(
        organization: Arc<Organization>,
        port: Option<u16>,
        options: &NetworkOptions,
        private: &Arc<PrivateStore>,
    ) -> Result<Self, DevnetError> {
        // as real ones, package ids differ from organisation to organisation
        let digest = Digest::of(organization.msp_id().as_str().as_bytes());
        let package_id = format!("{}_1.0:{digest}", options.chaincode);
        let tls = options.tls.then(|| mutual_tls(&organization)).transpose()?;
        let (server_tls, client_tls) = tls.unzip();
        let server_tls = server_tls.as_ref().map(TlsSwitch::new).transpose()?;
        let peer = Peer::new(
            Arc::clone(&organization),
            package_id.clone(),
            options,
            Arc::clone(private),
        );
        Ok(Self {
            organization,
            peer,
            port,
            running: AtomicBool::new(true),
            package_id,
            tls: server_tls,
            client_tls,
            server: Mutex::new(None),
        })
    }

    /// Whether the peer takes part: endorses and commits.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    pub(super) fn set_running(&self, running: bool) {
        self.running.store(running, Ordering::Release);
    }

    /// Where the channel config says that its peer listens.
    pub(super) fn address(&self) -> String {
        match self.port {
            Some(port) => format!("127.0.0.1:{port}"),
            None => format!("peer0.{}:7051", self.organization.domain()),
        }
    }

    /// Whether the chaincode server runs.
    pub(super) fn has_server(&self) -> bool {
        self.server().is_some()
    }

    /// Starts the chaincode server, in place of one that runs, and tells the peer where it is.
    pub(super) async fn start_server<C: Chaincode>(
        &self,
        chaincode: Arc<C>,
        options: &NetworkOptions,
    ) -> Result<(), DevnetError> {
        let mut settings = ShimSettings::new(self.package_id.clone());
        settings.tls.clone_from(&self.tls);
        let observer = Arc::clone(&options.observer);
        let server = Server::start(chaincode, settings, observer).await;
        let server = server.map_err(|reason| self.failed(reason))?;
        self.kill_server().await?;
        self.peer.install(ServerConnection {
            package_id: Some(self.package_id.clone()),
            address: server.address(),
            tls: self.client_tls.clone(),
        });
        *self.server() = Some(server);
        Ok(())
    }

    /// Ends the chaincode server in order.
    pub(super) async fn stop_server(&self) -> Result<(), DevnetError> {
        let server = self.server().take();
        if let Some(server) = server {
            server.stop().await.map_err(|reason| self.failed(reason))?;
            self.peer.disconnected().await;
        }
        Ok(())
    }

    /// Ends the chaincode server at once.
    pub(super) async fn kill_server(&self) -> Result<(), DevnetError> {
        let server = self.server().take();
        if let Some(server) = server {
            server.kill().await.map_err(|reason| self.failed(reason))?;
            self.peer.disconnected().await;
        }
        Ok(())
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, reason: String) -> DevnetError {
        DevnetError::Server {
            name: self.organization.name().to_owned(),
            reason,
        }
    }
}

/// Certificates for both ends of the connection between peer and chaincode server.
fn mutual_tls(organization: &Organization) -> Result<(Tls, ClientTls), DevnetError> {
    let authority = Authority::generate("tlsca", organization.domain())?;
    let ca = authority.certificate_pem();
    let host = |name| format!("{name}.{}", organization.domain());
    let server: TlsCertificate = authority.issue_tls(&host("chaincode"))?;
    let peer: TlsCertificate = authority.issue_tls(&host("peer0"))?;
    Ok((
        Tls {
            certificate: server.certificate_pem.into_bytes(),
            key: server.key_pem.into_bytes(),
            client_ca: Some(ca.as_bytes().to_vec()),
            allowed_clients: None,
        },
        ClientTls {
            server_ca: ca.to_owned(),
            certificate: peer.certificate_pem,
            key: peer.key_pem,
        },
    ))
}
