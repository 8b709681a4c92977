//! TLS with a certificate made for the run, which the client trusts and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A self-signed certificate of `127.0.0.1`, in files for the servers.
pub(crate) struct Certificate {
    pub(crate) certificate_file: PathBuf,
    pub(crate) key_file: PathBuf,
    trusted: CertificateDer<'static>,
}

impl Certificate {
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let certificate_file = folder.join("tls.crt");
        let key_file = folder.join("tls.key");
        std::fs::write(&certificate_file, made.cert.pem())?;
        std::fs::write(&key_file, made.signing_key.serialize_pem())?;
        Ok(Self {
            certificate_file,
            key_file,
            trusted: made.cert.der().clone(),
        })
    }

    /// Shakes hands and insists on the protocol.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        protocol: &str,
    ) -> Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone())?;
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from("127.0.0.1")?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .context("the TLS handshake")?;
        let agreed = stream.get_ref().1.alpn_protocol();
        anyhow::ensure!(
            agreed.unwrap_or(b"http/1.1") == protocol.as_bytes(),
            "the server does not speak {protocol} over TLS"
        );
        Ok(stream)
    }
}
