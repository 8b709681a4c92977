//! TLS: certificates from files or by the registry's own [`Authority`], replaced while connections come in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::Authority;

/// How old a certificate of the own authority gets before another takes its place. It is good for three times as long.
const RENEWAL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is not {what} in PEM", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why not.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key do not fit, or are of a kind that is not known.
    #[error("the certificate and its key cannot be used")]
    Unusable(#[from] rustls::Error),
    /// The own authority cannot make a certificate.
    #[error("making a certificate by {}", path.display())]
    Authority {
        /// The authority's certificate.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rcgen::Error,
    },
}

impl TlsError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::File { path, source }
    }
}

/// Where the certificate comes from.
pub(crate) enum Source {
    /// PEM files.
    Files { certificate: PathBuf, key: PathBuf },
    /// The own authority, for these names and addresses.
    Authority {
        authority: Authority,
        names: Vec<String>,
    },
}

/// What a certificate was made of: when that differs, it is made again.
#[derive(PartialEq, Eq)]
enum Version {
    Files([Option<SystemTime>; 2]),
    Made(Instant),
}

impl Source {
    fn load(&self) -> Result<CertifiedKey, TlsError> {
        let (chain, key) = match self {
            Self::Files { certificate, key } => (read_chain(certificate)?, read_key(key)?),
            Self::Authority { authority, names } => {
                let (certificate, key) = authority.issue(names)?;
                (vec![certificate], key)
            }
        };
        Ok(CertifiedKey::from_der(
            chain,
            key,
            &aws_lc_rs::default_provider(),
        )?)
    }

    /// What a certificate would be made of now. `last` is what it was made of.
    fn version(&self, last: Option<&Version>) -> Version {
        match (self, last) {
            (Self::Files { certificate, key }, _) => {
                Version::Files([certificate, key].map(|path| {
                    let metadata = fs::metadata(path);
                    metadata.and_then(|metadata| metadata.modified()).ok()
                }))
            }
            (Self::Authority { .. }, Some(Version::Made(at))) if at.elapsed() < RENEWAL => {
                Version::Made(*at)
            }
            (Self::Authority { .. }, _) => Version::Made(Instant::now()),
        }
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = fs::read(path).map_err(|source| TlsError::file(path, source))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.and_then(|chain| match chain.is_empty() {
        true => Err(pem::Error::NoItemsFound),
        false => Ok(chain),
    });
    chain.map_err(|source| TlsError::Pem {
        path: path.to_owned(),
        what: "a certificate with its chain",
        source,
    })
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = fs::read(path).map_err(|source| TlsError::file(path, source))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|source| TlsError::Pem {
        path: path.to_owned(),
        what: "a private key",
        source,
    })
}

/// The certificate in use.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// A certificate that is kept fresh.
pub(crate) struct Certificate {
    source: Source,
    version: Version,
    current: Arc<Current>,
}

impl Certificate {
    /// The first certificate.
    pub(crate) fn load(source: Source) -> Result<Self, TlsError> {
        // The version first: a change while the files are read is noticed the next time.
        let version = source.version(None);
        let current = Arc::new(Current(ArcSwap::from_pointee(source.load()?)));
        Ok(Self {
            source,
            version,
            current,
        })
    }

    /// The authority's certificate, for clients to trust.
    pub(crate) fn authority(&self) -> Option<&Path> {
        match &self.source {
            Source::Files { .. } => None,
            Source::Authority { authority, .. } => Some(&authority.certificate),
        }
    }

    /// What connections are accepted with: TLS 1.2 and 1.3, and HTTP/2 where the client has it.
    pub(crate) fn server_config(&self) -> Result<rustls::ServerConfig, TlsError> {
        let mut config =
            rustls::ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Makes the certificate anew where its files changed or its time has come. Where that fails, the old one stays.
    pub(crate) fn refresh(&mut self) {
        let version = self.source.version(Some(&self.version));
        if version == self.version {
            return;
        }
        self.version = version;
        match self.source.load() {
            Ok(certificate) => {
                self.current.0.store(Arc::new(certificate));
                tracing::info!("the TLS certificate was renewed");
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the TLS certificate changed, but cannot be used: the old one stays"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn write_pair(folder: &Path, modified: u64) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
        for (name, text) in [
            ("tls.crt", made.cert.pem()),
            ("tls.key", made.signing_key.serialize_pem()),
        ] {
            fs::write(folder.join(name), text).unwrap();
            let file = fs::File::options()
                .write(true)
                .open(folder.join(name))
                .unwrap();
            file.set_modified(time).unwrap();
        }
    }

    #[test]
    fn changed_files_are_read_again_and_bad_ones_leave_the_old() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path(), 1);
        let mut certificate = Certificate::load(Source::Files {
            certificate: folder.path().join("tls.crt"),
            key: folder.path().join("tls.key"),
        })
        .unwrap();
        let leaf = |certificate: &Certificate| certificate.current.0.load().cert[0].clone();
        let first = leaf(&certificate);
        certificate.refresh();
        assert_eq!(leaf(&certificate), first);
        write_pair(folder.path(), 2);
        certificate.refresh();
        let second = leaf(&certificate);
        assert_ne!(second, first);
        fs::write(folder.path().join("tls.key"), "none").unwrap();
        certificate.refresh();
        assert_eq!(leaf(&certificate), second);
    }

    #[test]
    fn a_key_that_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path(), 1);
        let other = rcgen::KeyPair::generate().unwrap();
        fs::write(folder.path().join("tls.key"), other.serialize_pem()).unwrap();
        let loaded = Certificate::load(Source::Files {
            certificate: folder.path().join("tls.crt"),
            key: folder.path().join("tls.key"),
        });
        assert!(matches!(loaded.err(), Some(TlsError::Unusable(_))));
    }
}
