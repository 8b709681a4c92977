//! containerd 1.6.20, 1.6.39, 1.7.24, 2.1.9 and 2.3.

use super::super::Complaint::{self, *};
use super::super::CredentialSent::{self, No, Unknown as NotTold, Yes};
use super::{demand, pulled};

/// What 1.x puts before an error, and 2.1 and later.
const ONE: &str = "failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve reference \"us.example.com/team/app:v1\": ";
const TWO: &str =
    "failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve image: ";
/// Once the manifest is there.
const UNPACK: &str = "failed to pull and unpack image \"us.example.com/team/app:v1\": ";
/// What each says to an answer that is no success.
const HEAD_16: &str = "pulling from host us.example.com failed with status code [manifests v1]: ";
const HEAD: &str =
    "unexpected status from HEAD request to https://us.example.com/v2/team/app/manifests/v1: ";

fn each(beginnings: &[&str], error: &str, complaint: &Complaint, credential: CredentialSent) {
    for beginning in beginnings {
        demand(&[(
            &format!("{beginning}{error}"),
            complaint.clone(),
            credential,
        )]);
    }
}

/// In the words of 1.6.20, of later 1.x, and of 2.x.
fn status(status: &str, complaint: &Complaint) {
    each(&[ONE], &format!("{HEAD_16}{status}"), complaint, NotTold);
    each(&[ONE, TWO], &format!("{HEAD}{status}"), complaint, NotTold);
}

#[test]
fn a_refusal_without_a_token_endpoint() {
    status("401 Unauthorized", &Unauthorized);
    let nothing_sent = "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials";
    each(&[ONE, TWO], nothing_sent, &Unauthorized, No);
}

#[test]
fn a_token_endpoint_that_refuses_tells_whether_there_was_a_credential() {
    let realm = "https://auth.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=us.example.com";
    for (answer, complaint) in [
        ("401 Unauthorized", Unauthorized),
        ("403 Forbidden", Forbidden),
        ("404 Not Found", TokenEndpoint { status: Some(404) }),
        ("429 Too Many Requests", RateLimited),
        (
            "500 Internal Server Error",
            TokenEndpoint { status: Some(500) },
        ),
        (
            "503 Service Unavailable",
            TokenEndpoint { status: Some(503) },
        ),
    ] {
        for (grant, credential) in [("anonymous", No), ("oauth", Yes)] {
            let beginning =
                format!("failed to authorize: failed to fetch {grant} token: unexpected status");
            each(
                &[ONE, TWO],
                &format!("{beginning}: {answer}"),
                &complaint,
                credential,
            );
            for method in ["GET", "POST"] {
                let text = format!("{beginning} from {method} request to {realm}: {answer}");
                each(&[ONE, TWO], &text, &complaint, credential);
                assert_eq!(pulled(&text).host.as_deref(), Some("auth.example.com"));
            }
        }
    }
}

#[test]
fn a_token_endpoint_that_hands_out_none() {
    let none = TokenEndpoint { status: None };
    let anonymous = "failed to authorize: failed to fetch anonymous token: ";
    let oauth = "failed to authorize: failed to fetch oauth token: ";
    for answer in [
        "authorization server did not include a token in the response",
        "unable to decode token response: invalid character '<' looking for beginning of value",
    ] {
        each(
            &[ONE, TWO],
            &format!("failed to authorize: {answer}"),
            &none,
            NotTold,
        );
        each(&[ONE, TWO], &format!("{anonymous}{answer}"), &none, No);
        each(&[ONE, TWO], &format!("{oauth}{answer}"), &none, Yes);
    }
}

#[test]
fn a_token_endpoint_that_cannot_be_reached_is_the_host() {
    let text = format!(
        "{ONE}failed to authorize: failed to fetch anonymous token: Get \"https://auth.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=us.example.com\": dial tcp: lookup auth.example.com on 10.0.0.10:53: no such host"
    );
    let symptom = pulled(&text);
    assert_eq!(
        symptom.complaint,
        Dns {
            name: Some("auth.example.com".to_owned())
        }
    );
    assert_eq!(symptom.credential, No);
    assert_eq!(symptom.host.as_deref(), Some("auth.example.com"));
    let refused = "failed to authorize: failed to fetch oauth token: Post \"https://auth.example.com/token\": dial tcp 192.0.2.7:443: connect: connection refused";
    each(&[ONE, TWO], refused, &Refused, Yes);
}

#[test]
fn what_a_token_is_not_enough_for() {
    let denied = "pull access denied, repository does not exist or may require authorization: server message: ";
    each(
        &[ONE, TWO],
        &format!("{denied}insufficient_scope: authorization failed"),
        &Forbidden,
        NotTold,
    );
    each(
        &[ONE, TWO],
        &format!("{denied}invalid_token: authorization failed"),
        &Unauthorized,
        NotTold,
    );
    status("403 Forbidden", &Forbidden);
    let lines = format!(
        "{UNPACK}failed to resolve image: unexpected status from GET request to https://us.example.com/v2/team/app/manifests/v1: 403 Forbidden\ndenied: not for you"
    );
    demand(&[(&lines, Forbidden, NotTold)]);
}

#[test]
fn what_is_not_there() {
    for beginning in [ONE, TWO] {
        let text = format!("{beginning}us.example.com/team/app:v1: not found");
        demand(&[(&text, NotFound, NotTold)]);
        demand(&[(
            &format!("rpc error: code = NotFound desc = {text}"),
            NotFound,
            NotTold,
        )]);
    }
    status("404 Not Found", &NotFound);
    for blob in [
        "failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:ab9b (application/vnd.oci.image.config.v1+json) from remote: not found",
        "failed to copy: httpReadSeeker: failed open: content at https://us.example.com/v2/team/app/blobs/sha256:ab9b not found: not found",
        "failed to copy: httpReadSeeker: failed open: unexpected status code https://us.example.com/v2/team/app/blobs/sha256:ab9b: 404 Not Found",
    ] {
        each(&[UNPACK], blob, &BlobUnknown, NotTold);
    }
    let manifest = "failed to copy: httpReadSeeker: failed open: content at https://us.example.com/v2/team/app/manifests/sha256:ab9b not found: not found";
    each(&[UNPACK], manifest, &NotFound, NotTold);
}

#[test]
fn a_platform_is_missing_rather_than_an_image() {
    each(
        &[UNPACK, ""],
        "no match for platform in manifest: not found",
        &NoPlatform,
        NotTold,
    );
    let two = "get image config descriptor: no match for platform in manifest sha256:d698f684e5f89d7eea79ef11d66d0f7374f1397081624f65803a027ec21a5906: not found";
    each(
        &[UNPACK, "", "rpc error: code = NotFound desc = "],
        two,
        &NoPlatform,
        NotTold,
    );
}

#[test]
fn a_blob_that_is_refused() {
    let url = "https://us.example.com/v2/team/app/blobs/sha256:ab9b";
    let one = format!(
        "failed to copy: httpReadSeeker: failed open: unexpected status code {url}: 403 Forbidden - Server message: denied: denied"
    );
    let two = format!(
        "failed to copy: httpReadSeeker: failed open: unexpected status from GET request to {url}: 403 Forbidden\ndenied: denied"
    );
    for text in [one, two] {
        each(&[UNPACK], &text, &Forbidden, NotTold);
        assert_eq!(pulled(&text).host.as_deref(), Some("us.example.com"));
        let failed = text.replace("403 Forbidden", "502 Bad Gateway");
        each(
            &[UNPACK],
            &failed,
            &ServerError { status: Some(502) },
            NotTold,
        );
    }
}

#[test]
fn the_way_to_a_registry() {
    let head = "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": ";
    let dns = Dns {
        name: Some("us.example.com".to_owned()),
    };
    for (error, complaint) in [
        (
            "dial tcp: lookup us.example.com on 10.0.0.10:53: no such host",
            &dns,
        ),
        ("dial tcp: lookup us.example.com: no such host", &dns),
        (
            "dial tcp: lookup us.example.com on 10.0.0.10:53: server misbehaving",
            &dns,
        ),
        (
            "dial tcp: lookup us.example.com on 10.0.0.10:53: read udp 10.1.0.2:4242->10.0.0.10:53: i/o timeout",
            &dns,
        ),
        (
            "dial tcp: lookup us.example.com on [::1]:53: read udp [::1]:4242->[::1]:53: read: connection refused",
            &dns,
        ),
        (
            "dial tcp: lookup us.example.com: Temporary failure in name resolution",
            &dns,
        ),
        (
            "dial tcp 192.0.2.7:443: connect: connection refused",
            &Refused,
        ),
        (
            "dial tcp 192.0.2.7:443: connect: no route to host",
            &Unreachable,
        ),
        (
            "dial tcp 192.0.2.7:443: connect: network is unreachable",
            &Unreachable,
        ),
        (
            "dial tcp 192.0.2.7:443: connect: connection timed out",
            &Unreachable,
        ),
        ("dial tcp 192.0.2.7:443: i/o timeout", &Unreachable),
        ("net/http: TLS handshake timeout", &Unreachable),
        ("context deadline exceeded", &Unreachable),
        (
            "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            &Unreachable,
        ),
        (
            "read tcp 10.1.0.2:4242->192.0.2.7:443: read: connection reset by peer",
            &Unreachable,
        ),
        ("EOF", &Unreachable),
        ("unexpected EOF", &Unreachable),
        ("context canceled", &Cancelled),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            &UnknownAuthority,
        ),
        (
            "x509: certificate signed by unknown authority",
            &UnknownAuthority,
        ),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of \"x509: invalid signature\" while trying to verify candidate authority certificate \"ca\")",
            &UnknownAuthority,
        ),
        (
            "tls: failed to verify certificate: x509: certificate is valid for localhost, not us.example.com",
            &WrongName,
        ),
        (
            "x509: certificate is valid for localhost, not us.example.com",
            &WrongName,
        ),
        (
            "tls: failed to verify certificate: x509: cannot validate certificate for 192.0.2.7 because it doesn't contain any IP SANs",
            &WrongName,
        ),
        (
            "tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
            &WrongName,
        ),
        (
            "tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match us.example.com",
            &WrongName,
        ),
        (
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is after 2026-01-01T00:00:00Z",
            &CertificateTime,
        ),
        (
            "x509: certificate has expired or is not yet valid: current time 1970-01-01T00:00:09Z is before 2026-01-01T00:00:00Z",
            &CertificateTime,
        ),
        (
            "http: server gave HTTP response to HTTPS client",
            &PlainHttp,
        ),
        (
            "tls: first record does not look like a TLS handshake",
            &PlainHttp,
        ),
    ] {
        let text = format!("{head}{error}");
        each(&[ONE, TWO], &text, complaint, NotTold);
        assert_eq!(
            pulled(&text).host.as_deref(),
            Some("us.example.com"),
            "{text}"
        );
    }
    each(
        &[UNPACK],
        "rpc error: code = Canceled desc = context canceled",
        &Cancelled,
        NotTold,
    );
    demand(&[(
        "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        Unreachable,
        NotTold,
    )]);
}

#[test]
fn tls_where_plain_http_is_spoken() {
    let plain =
        "failed to do request: Head \"http://us.example.com:5000/v2/team/app/manifests/v1\": ";
    for error in [
        r#"net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02""#,
        r#"malformed HTTP response "\x15\x03\x01\x00\x02\x02\x16""#,
        "read tcp 10.1.0.2:4242->192.0.2.7:5000: read: connection reset by peer",
    ] {
        each(
            &[ONE, TWO],
            &format!("{plain}{error}"),
            &TlsExpected,
            NotTold,
        );
    }
    let head = "unexpected status from HEAD request to http://us.example.com:5000/v2/team/app/manifests/v1: 400 Bad Request";
    each(&[ONE, TWO], head, &TlsExpected, NotTold);
    assert_eq!(pulled(head).host.as_deref(), Some("us.example.com:5000"));
    // The registry's own 400 is no sign of TLS, and 1.6.20 does not say how it asked.
    each(
        &[ONE, TWO],
        &format!("{head}\nname invalid: no such project"),
        &Status(400),
        NotTold,
    );
    status("400 Bad Request", &Status(400));
}

#[test]
fn statuses_of_the_registry() {
    status("429 Too Many Requests", &RateLimited);
    for code in [500, 502, 503, 504] {
        status(
            &format!("{code} Whatever"),
            &ServerError { status: Some(code) },
        );
    }
    status("418 I'm a teapot", &Status(418));
    let hub = "unexpected status from GET request to https://registry-1.docker.io/v2/library/nginx/manifests/sha256:ab9b: 429 Too Many Requests\ntoomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit";
    each(&[ONE, TWO, UNPACK], hub, &RateLimited, NotTold);
    assert_eq!(pulled(hub).host.as_deref(), Some("registry-1.docker.io"));
    let copied = "failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:ab9b: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit";
    each(&[UNPACK], copied, &RateLimited, NotTold);
}

#[test]
fn a_tag_of_three_digits_is_no_status() {
    let text = format!(
        "{ONE}pulling from host us.example.com failed with status code [manifests 404]: 503 Service Unavailable"
    );
    demand(&[(&text, ServerError { status: Some(503) }, NotTold)]);
    assert_eq!(pulled(&text).host.as_deref(), Some("us.example.com"));
}

#[test]
fn what_is_no_image_for_the_node() {
    for text in [
        "media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer supported since containerd v2.1, please rebuild the image as \"application/vnd.docker.distribution.manifest.v2+json\" or \"application/vnd.oci.image.manifest.v1+json\"",
        "schema 1 image manifests are no longer supported: invalid argument",
    ] {
        each(&[UNPACK, TWO], text, &SchemaOne, NotTold);
    }
    let html = "unexpected media type text/html for sha256:7bc7bc35eb3d5fe94403a3fb6e0f775c6282aa3f28d4c7d464362502bb1c0e7a: not found";
    each(
        &[UNPACK, "get image config descriptor: "],
        html,
        &NotARegistry,
        NotTold,
    );
    each(
        &[UNPACK],
        &format!("failed to unpack image on snapshotter native: {html}"),
        &NotARegistry,
        NotTold,
    );
}

#[test]
fn what_the_node_cannot_do_with_the_bytes() {
    for (error, complaint) in [
        (
            "failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/ingest/5a2c/data: no space left on device",
            DiskFull,
        ),
        (
            "failed to extract layer sha256:ab9b: write /var/lib/containerd/tmpmounts/containerd-mount17/usr/lib/libx.so: no space left on device: unknown",
            DiskFull,
        ),
        (
            "failed to extract layer sha256:ab9b: mount callback failed on /var/lib/containerd/tmpmounts/containerd-mount17: operation not permitted",
            Snapshotter,
        ),
        (
            "failed commit on ref \"layer-sha256:ab9b\": unexpected commit digest sha256:7d47, expected sha256:ab9b: failed precondition",
            Corrupt,
        ),
        (
            "failed commit on ref \"layer-sha256:ab9b\": \"layer-sha256:ab9b\" failed size validation: 12 != 40: failed precondition",
            Corrupt,
        ),
        (
            "failed to copy: httpReadSeeker: failed open: unexpected EOF",
            Corrupt,
        ),
        ("failed to copy: unexpected EOF", Corrupt),
        (
            "short read: expected 4096 bytes but got 12: unexpected EOF",
            Corrupt,
        ),
        (
            "failed to extract layer sha256:ab9b: gzip: invalid checksum",
            Corrupt,
        ),
        (
            "unable to initialize unpacker: no unpack platforms defined: invalid argument",
            Snapshotter,
        ),
        ("snapshotter not loaded: zfs: invalid argument", Snapshotter),
    ] {
        each(&[UNPACK], error, &complaint, NotTold);
    }
    demand(&[(
        "rpc error: code = FailedPrecondition desc = failed to pull and unpack image \"us.example.com/team/app:v1\": failed commit on ref \"config-sha256:ab9b\": unexpected commit digest sha256:7d47, expected sha256:ab9b: failed precondition",
        Corrupt,
        NotTold,
    )]);
}

#[test]
fn a_mirror_is_the_host() {
    let text = format!(
        "{TWO}failed to do request: Head \"https://mirror.example.net:8443/v2/team/app/manifests/v1?ns=%5BREDACTED%5D\": dial tcp 192.0.2.9:8443: connect: connection refused"
    );
    let symptom = pulled(&text);
    assert_eq!(symptom.complaint, Refused);
    assert_eq!(symptom.host.as_deref(), Some("mirror.example.net:8443"));
    assert!(
        symptom.fragment.starts_with("failed to do request: "),
        "{}",
        symptom.fragment
    );
    assert!(
        symptom.fragment.contains("?ns=%5BREDACTED%5D\": dial"),
        "{}",
        symptom.fragment
    );
}

#[test]
fn verifiers_and_docker() {
    each(
        &[UNPACK, ""],
        "image verifier cosign blocked pull of us.example.com/team/app:v1 with digest sha256:ab9b for reason: no signature",
        &SignatureRejected,
        NotTold,
    );
    for (error, complaint, credential) in [
        (
            "Error response from daemon: manifest for us.example.com/team/app:v1 not found: manifest unknown: manifest unknown",
            ManifestUnknown,
            NotTold,
        ),
        (
            "Error response from daemon: pull access denied for team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            Forbidden,
            NotTold,
        ),
        (
            "Error response from daemon: Head \"https://us.example.com/v2/team/app/manifests/v1\": unauthorized: authentication required",
            Unauthorized,
            NotTold,
        ),
        (
            "Error response from daemon: Head \"https://us.example.com/v2/team/app/manifests/v1\": no basic auth credentials",
            Unauthorized,
            No,
        ),
        (
            "Error response from daemon: Get \"https://us.example.com/v2/\": x509: certificate signed by unknown authority",
            UnknownAuthority,
            NotTold,
        ),
        (
            "Error response from daemon: toomanyrequests: You have reached your pull rate limit.",
            RateLimited,
            NotTold,
        ),
    ] {
        demand(&[(error, complaint, credential)]);
    }
}
