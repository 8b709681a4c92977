//! containers/image, bare, and as CRI-O of each age wraps it.

use super::super::Complaint;
use super::super::Complaint::*;
use super::super::CredentialSent::Unknown as NotTold;
use super::demand;

const SOURCE: &str = "initializing source docker://us.example.com/team/app:v1: ";
const MANIFEST: &str = "reading manifest v1 in us.example.com/team/app: ";

/// In every wrapping.
fn each(error: &str, complaint: &Complaint) {
    for text in [
        format!("{SOURCE}{error}"),
        format!("Error initializing source docker://us.example.com/team/app:v1: {error}"),
        format!("unable to pull image: {SOURCE}{error}"),
        format!(
            "unable to pull image or OCI artifact: pull image err: {SOURCE}{error}; artifact err: {SOURCE}{error}"
        ),
        format!(
            "unable to pull image or OCI artifact: pull image err: {SOURCE}{error}; artifact err: get manifest: build image source: {error}"
        ),
        format!("rpc error: code = Unknown desc = {SOURCE}{error}"),
    ] {
        demand(&[(&text, complaint.clone(), NotTold)]);
    }
}

#[test]
fn the_code_of_a_manifest_request() {
    for (answer, complaint) in [
        ("unauthorized", Unauthorized),
        ("unauthorized: authentication required", Unauthorized),
        ("authentication required", Unauthorized),
        (
            "unauthorized: access to the requested resource is not authorized",
            Unauthorized,
        ),
        // The message is the registry's, the code decides.
        ("unauthorized: manifest unknown: not found", Unauthorized),
        ("denied", Forbidden),
        ("denied: you shall not pass", Forbidden),
        ("requested access to the resource is denied", Forbidden),
        (
            "errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required\n",
            Forbidden,
        ),
        ("manifest unknown", ManifestUnknown),
        ("manifest unknown: no tag v1", ManifestUnknown),
        ("name unknown", NameUnknown),
        ("name unknown: no such repository", NameUnknown),
        ("repository name not known to registry", NameUnknown),
        (
            "toomanyrequests: You have reached your pull rate limit. https://www.docker.com/increase-rate-limit",
            RateLimited,
        ),
        ("too many requests to registry", RateLimited),
        (
            "received unexpected HTTP status: 503 Service Unavailable",
            ServerError { status: Some(503) },
        ),
        (
            "received unexpected HTTP status: 500 Internal Server Error",
            ServerError { status: Some(500) },
        ),
        (
            "StatusCode: 502, \"<html><body>\"",
            ServerError { status: Some(502) },
        ),
        (
            "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: \"<html>\"",
            NotFound,
        ),
        (
            "invalid character '<' looking for beginning of value",
            NotARegistry,
        ),
    ] {
        each(&format!("{MANIFEST}{answer}"), &complaint);
    }
}

#[test]
fn tokens() {
    for (error, complaint) in [
        (
            "unable to retrieve auth token: invalid username/password: unauthorized: who are you",
            Unauthorized,
        ),
        (
            "unable to retrieve auth token: invalid username/password: unauthorized",
            Unauthorized,
        ),
        (
            "Requesting bearer token: invalid status code from registry 403 (Forbidden)",
            Forbidden,
        ),
        (
            "Requesting bearer token: invalid status code from registry 404 (Not Found)",
            TokenEndpoint { status: Some(404) },
        ),
        (
            "requesting bearer token: invalid status code from registry 503 (Service Unavailable)",
            TokenEndpoint { status: Some(503) },
        ),
        (
            "requesting bearer token: received unexpected HTTP status: 500 Internal Server Error",
            TokenEndpoint { status: Some(500) },
        ),
        (
            "Requesting bearer token: too many requests to registry",
            RateLimited,
        ),
        (
            "decoding bearer token (last URL \"https://auth.example.com/token?scope=x\", body start \"<html>\"): invalid character '<' looking for beginning of value",
            TokenEndpoint { status: None },
        ),
        (
            "Get \"https://auth.example.com/token?scope=x\": dial tcp 192.0.2.8:443: connect: connection refused",
            Refused,
        ),
        (
            "Requesting bearer token: Get \"https://auth.example.com/token?scope=x\": dial tcp 192.0.2.8:443: i/o timeout",
            Unreachable,
        ),
    ] {
        each(error, &complaint);
        each(&format!("{MANIFEST}{error}"), &complaint);
    }
}

#[test]
fn the_way_to_a_registry() {
    let ping = "pinging container registry us.example.com: Get \"https://us.example.com/v2/\": ";
    for (error, complaint) in [
        (
            "dial tcp: lookup us.example.com on 10.0.0.10:53: no such host",
            Dns {
                name: Some("us.example.com".to_owned()),
            },
        ),
        (
            "dial tcp 192.0.2.7:443: connect: connection refused",
            Refused,
        ),
        (
            "dial tcp 192.0.2.7:443: connect: no route to host",
            Unreachable,
        ),
        ("dial tcp 192.0.2.7:443: i/o timeout", Unreachable),
        ("net/http: TLS handshake timeout", Unreachable),
        ("context deadline exceeded", Unreachable),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            UnknownAuthority,
        ),
        (
            "tls: failed to verify certificate: x509: certificate is valid for a.example.com, not us.example.com",
            WrongName,
        ),
        (
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is after 2026-01-01T00:00:00Z",
            CertificateTime,
        ),
        ("http: server gave HTTP response to HTTPS client", PlainHttp),
    ] {
        each(&format!("{ping}{error}"), &complaint);
        assert_eq!(
            super::pulled(&format!("{ping}{error}")).host.as_deref(),
            Some("us.example.com")
        );
    }
    let portal = "pinging container registry us.example.com:5000: StatusCode: 404, \"<html>\"";
    each(portal, &NotARegistry);
    assert_eq!(
        super::pulled(portal).host.as_deref(),
        Some("us.example.com:5000")
    );
}

#[test]
fn an_index_without_the_platform() {
    for what in [
        "no image found in image index for architecture \"amd64\", variant \"\", OS \"linux\"",
        "no image found in manifest list for architecture amd64, variant \"\", OS linux",
    ] {
        let text = format!(
            "choosing an image from manifest list docker://us.example.com/team/app:v1: {what}"
        );
        demand(&[
            (&text, NoPlatform, NotTold),
            (
                &format!(
                    "unable to pull image or OCI artifact: pull image err: {text}; artifact err: {SOURCE}{MANIFEST}denied"
                ),
                NoPlatform,
                NotTold,
            ),
        ]);
    }
}

#[test]
fn blobs() {
    for (error, complaint) in [
        (
            "reading blob sha256:ab9b: fetching blob: blob unknown",
            BlobUnknown,
        ),
        (
            "reading blob sha256:ab9b: fetching blob: blob unknown to registry",
            BlobUnknown,
        ),
        (
            "reading blob sha256:ab9b: fetching blob: denied: denied",
            Forbidden,
        ),
        (
            "reading blob sha256:ab9b: fetching blob: received unexpected HTTP status: 503 Service Unavailable",
            ServerError { status: Some(503) },
        ),
        (
            "reading blob sha256:ab9b: Get \"https://storage.example.net/ab9b?X-Signature=1f\": dial tcp: lookup storage.example.net: no such host",
            Dns {
                name: Some("storage.example.net".to_owned()),
            },
        ),
        (
            "writing blob: storing blob to file \"/var/tmp/storage17/1\": write /var/tmp/storage17/1: no space left on device",
            DiskFull,
        ),
        (
            "writing blob: adding layer with blob \"sha256:ab9b\": processing tar file(write /usr/lib/libx.so: no space left on device): exit status 1",
            DiskFull,
        ),
        (
            "writing blob: adding layer with blob \"sha256:ab9b\": processing tar file(operation not permitted): exit status 1",
            Snapshotter,
        ),
        (
            "copying system image from manifest list: reading blob sha256:ab9b: Digest did not match, expected sha256:ab9b, got sha256:7d47",
            Corrupt,
        ),
        ("reading blob sha256:ab9b: unexpected EOF", Corrupt),
    ] {
        demand(&[
            (error, complaint.clone(), NotTold),
            (
                &format!(
                    "unable to pull image or OCI artifact: pull image err: {error}; artifact err: {error}"
                ),
                complaint,
                NotTold,
            ),
        ]);
    }
}

#[test]
fn the_registry_itself_answers_behind_its_mirrors() {
    let text = format!(
        "{SOURCE}(Mirrors also failed: [mirror.example.net/team/app:v1: reading manifest v1 in mirror.example.net/team/app: manifest unknown]): us.example.com/team/app:v1: {MANIFEST}unauthorized"
    );
    demand(&[(&text, Unauthorized, NotTold)]);
}

#[test]
fn policies() {
    for (error, complaint) in [
        (
            "registry us.example.com/team is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d",
            RegistryBlocked,
        ),
        (
            "short name mode is enforcing, but image name app:v1 returns ambiguous list",
            RegistryBlocked,
        ),
        (
            "short-name \"app:v1\" did not resolve to an alias and no unqualified-search registries are defined in \"/etc/containers/registries.conf\"",
            RegistryBlocked,
        ),
        (
            "SignatureValidationFailed: unable to pull image: Source image rejected: A signature was required, but no signature exists",
            SignatureRejected,
        ),
        (
            "Source image rejected: Running image docker://us.example.com/team/app:v1 is rejected by policy.",
            SignatureRejected,
        ),
    ] {
        demand(&[(error, complaint.clone(), NotTold)]);
        each(error, &complaint);
    }
}
