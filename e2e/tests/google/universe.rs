//! Google's other way of being told where everything is: a universe of one's own, in which each API is a name of one
//! domain, by TLS on port 443. Nobody asks for tokens there: bearers are JWTs that gcloud signs.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use wharf_e2e::{Gcloud, Program, TestRegistry, island};

use crate::{BUILDER, PROJECT};

const DOMAIN: &str = "example.test";

#[test]
fn a_universe_needs_one_property() {
    let services = [
        "cloudresourcemanager",
        "iam",
        "iamcredentials",
        "logging",
        "storage",
    ];
    let names = services.map(|service| format!("{service}.{DOMAIN}"));
    let name = "universe::a_universe_needs_one_property";
    if !island::is_reached(name, &names.each_ref().map(String::as_str)) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = certificate(&path("ca.pem"));
    fs::write(path("cert.pem"), certificate).unwrap();
    fs::write(path("key.pem"), key).unwrap();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let registry = TestRegistry::start_on(443, &["--tls-cert", &certificate, "--tls-key", &key]);

    // The key file says which universe it is of.
    let text = fs::read_to_string(registry.owner_key()).unwrap();
    let mut key: Value = serde_json::from_str(&text).unwrap();
    key["universe_domain"] = DOMAIN.into();
    let gcloud = Gcloud::pointed_by(Program::new("true"))
        .unwatched()
        .with("CLOUDSDK_CORE_UNIVERSE_DOMAIN", DOMAIN)
        .with("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", &path("ca.pem"))
        .with("CLOUDSDK_CORE_PROJECT", PROJECT);
    let key = gcloud.file("key.json", &key.to_string());
    gcloud.activate(&key);
    registry
        .wharf()
        .command(&format!("projects create {PROJECT}"))
        .env("WHARF_CA_FILE", path("ca.pem"))
        .env("WHARF_ENDPOINT", format!("https://iam.{DOMAIN}"))
        .succeeds();
    assert_eq!(
        gcloud.json(&format!("projects describe {PROJECT}"))["projectId"],
        PROJECT
    );
    gcloud.run("iam service-accounts create builder");
    gcloud.run(&format!(
        "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{BUILDER} --role roles/browser"
    ));
    gcloud.run("storage buckets create gs://artifacts.the-shop.appspot.com --location us");
    gcloud.run("logging read --limit 1");
}

/// A certificate for every name of the domain, and its key; the authority's own goes into a file.
fn certificate(authority: &str) -> (String, String) {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
        .distinguished_name
        .push(DnType::CommonName, "An authority of the test's own");
    let key = KeyPair::generate().unwrap();
    fs::write(authority, parameters.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::from_params(&parameters, &key);
    let names = [format!("*.{DOMAIN}"), DOMAIN.to_owned()];
    let own = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&own, &issuer)
        .unwrap();
    (certificate.pem(), own.serialize_pem())
}
