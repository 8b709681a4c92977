//! Certificates that a registry should not have.

use std::sync::Arc;

use rcgen::{CertificateParams, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::TestRegistry;

/// When a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    /// It was, years ago.
    Past,
    /// Now.
    Now,
    /// It will be, in many years.
    Future,
}

/// What a server needs that has a certificate for this name by the registry's own authority.
pub fn server_config(registry: &TestRegistry, name: &str, validity: Validity) -> ServerConfig {
    let authority = std::fs::read_to_string(registry.ca()).unwrap();
    let key = std::fs::read_to_string(registry.ca().with_extension("key")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&authority, KeyPair::from_pem(&key).unwrap()).unwrap();
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    let (from, until) = match validity {
        Validity::Past => (2020, 2021),
        Validity::Now => (2020, 2200),
        Validity::Future => (2190, 2200),
    };
    parameters.not_before = date_time_ymd(from, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &issuer).unwrap();
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap()
}
