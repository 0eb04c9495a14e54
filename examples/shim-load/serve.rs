//! Our server with the contract that is compared.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use clap::Args;
use cmscc::shim::{Quiet, ShimSettings, Tls, TlsSwitch, server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::contract::Minimal;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// HOST:PORT to listen at.
    address: String,
    /// What to register as.
    id: String,
    /// The server's certificate, PEM; with it, TLS is spoken.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The CA whose client certificates are demanded, PEM.
    #[arg(long, requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
}

/// Serves until Ctrl-C.
pub(crate) async fn serve(arguments: &ServeArguments) -> Result<()> {
    let read = |path: &PathBuf| {
        fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    let mut settings = ShimSettings::new(&arguments.id);
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        let tls = Tls {
            certificate: read(certificate)?,
            key: read(key)?,
            client_ca: arguments.tls_client_ca.as_ref().map(read).transpose()?,
            allowed_clients: None,
        };
        settings.tls = Some(TlsSwitch::new(&tls)?);
    }
    let listener = TcpListener::bind(&arguments.address).await?;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let contract = Arc::new(Minimal);
    server::serve(listener, contract, settings, Arc::new(Quiet), shutdown).await?;
    Ok(())
}

/// Writes certificates for measurements with TLS.
pub(crate) fn write_tls(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let write = |name: &str, text: String| fs::write(folder.join(name), text);
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    write("ca.pem", ca.pem())?;
    for name in ["server", "client"] {
        let key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &ca)?;
        write(&format!("{name}.pem"), certificate.pem())?;
        write(&format!("{name}.key"), key.serialize_pem())?;
    }
    Ok(())
}
