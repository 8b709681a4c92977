//! What is wrong with a certificate, by the same rules as any client's, and what stands in it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::ProbeError;
use crate::doctor::observation::CertificateFault;

/// Whom certificates are believed from.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    /// None: there is no root at all, as in a bare container.
    verifier: Option<Arc<WebPkiServerVerifier>>,
}

impl Trust {
    /// This machine's CAs, and those in PEM that are given.
    pub(super) fn new(ca_certificates: Option<&[u8]>) -> Result<Self, ProbeError> {
        let mut roots = RootCertStore::empty();
        // A file of the system's that cannot be read leaves fewer to trust, and the handshake says so.
        let native = rustls_native_certs::load_native_certs().certs;
        roots.add_parsable_certificates(native);
        if let Some(pem) = ca_certificates {
            let given: Vec<_> = CertificateDer::pem_slice_iter(pem).flatten().collect();
            let (added, _) = roots.add_parsable_certificates(given);
            if added == 0 {
                return Err(ProbeError::Certificates);
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(roots);
        let verifier = match roots.is_empty() {
            true => None,
            false => Some(
                WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone())
                    .build()
                    .map_err(|error| ProbeError::Tls(error.to_string()))?,
            ),
        };
        Ok(Self {
            provider,
            roots,
            verifier,
        })
    }

    /// TLS as any client has it.
    pub(super) fn config(&self) -> Result<ClientConfig, ProbeError> {
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| ProbeError::Tls(error.to_string()))?
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        Ok(config)
    }

    /// TLS that believes nobody else either, but keeps the certificate that it was shown.
    pub(super) fn recording(&self) -> Result<(ClientConfig, Arc<Recorder>), Error> {
        let recorder = Arc::new(Recorder {
            trust: self.clone(),
            shown: Mutex::default(),
        });
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(recorder.clone())
            .with_no_client_auth();
        Ok((config, recorder))
    }
}

/// Asks the true verifier, and keeps what was shown.
#[derive(Debug)]
pub(super) struct Recorder {
    trust: Trust,
    shown: Mutex<Option<CertificateDer<'static>>>,
}

impl Recorder {
    /// The certificate that was shown last.
    pub(super) fn shown(&self) -> Option<CertificateDer<'static>> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    fn verifier(&self) -> Result<&WebPkiServerVerifier, Error> {
        let verifier = self.trust.verifier.as_deref();
        verifier.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = end_entity.clone().into_owned();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// What is wrong with the certificate that was shown.
pub(super) fn fault(
    error: &CertificateError,
    shown: Option<&CertificateDer<'_>>,
) -> CertificateFault {
    let shown = shown.and_then(|der| X509Certificate::from_der(der).ok());
    let Some((_, certificate)) = shown else {
        return CertificateFault::Other;
    };
    let validity = certificate.validity();
    let unknown = || CertificateFault::UnknownAuthority {
        issuer: certificate.issuer().to_string(),
    };
    match error {
        CertificateError::UnknownIssuer => unknown(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName {
                names: names(&certificate),
            }
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateFault::Expired {
                not_after: time(validity.not_after.timestamp()),
            }
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid {
                not_before: time(validity.not_before.timestamp()),
            }
        }
        // One that signs itself is refused for what it says of itself before anybody is asked who signed it.
        CertificateError::Other(_) if certificate.issuer() == certificate.subject() => unknown(),
        _ => CertificateFault::Other,
    }
}

/// The names that a certificate is for.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let alternatives = alternatives.map(|extension| extension.value.general_names.as_slice());
    let named = alternatives.unwrap_or_default().iter();
    let names = named.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    });
    names.collect()
}

fn time(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
