//! Whatever stands around an error, it is the same error.

use proptest::prelude::*;

use super::super::Complaint::{self, *};
use super::super::classify;
use super::pulled;

/// An error of each kind that a runtime reports about a pull.
const ERRORS: [&str; 30] = [
    "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.example.com/token?service=x: 503 Service Unavailable",
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
    "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
    "pulling from host us.example.com failed with status code [manifests v1]: 403 Forbidden",
    "unexpected status from HEAD request to https://us.example.com/v2/team/app/manifests/v1: 429 Too Many Requests",
    "us.example.com/team/app:v1: not found",
    "no match for platform in manifest: not found",
    "failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:ab9b (application/vnd.oci.image.config.v1+json) from remote: not found",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": dial tcp: lookup us.example.com on 10.0.0.10:53: no such host",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": dial tcp 192.0.2.7:443: connect: connection refused",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": dial tcp 192.0.2.7:443: i/o timeout",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": x509: certificate is valid for A, not B",
    "failed to do request: Head \"https://us.example.com/v2/team/app/manifests/v1\": http: server gave HTTP response to HTTPS client",
    "unexpected status from HEAD request to http://us.example.com/v2/team/app/manifests/v1: 400 Bad Request",
    "unexpected media type text/html for sha256:7bc7: not found",
    "schema 1 image manifests are no longer supported: invalid argument",
    "failed to copy: write /var/lib/containerd/ingest/5a2c/data: no space left on device",
    "failed commit on ref \"layer-sha256:ab9b\": unexpected commit digest sha256:7d47, expected sha256:ab9b: failed precondition",
    "unable to initialize unpacker: no unpack platforms defined: invalid argument",
    "image verifier cosign blocked pull of us.example.com/team/app:v1",
    "reading manifest v1 in us.example.com/team/app: unauthorized: authentication required",
    "reading manifest v1 in us.example.com/team/app: manifest unknown",
    "reading manifest v1 in us.example.com/team/app: name unknown: nothing here",
    "reading blob sha256:ab9b: fetching blob: denied: denied",
    "choosing an image from manifest list docker://us.example.com/team/app:v1: no image found in image index for architecture \"amd64\", variant \"\", OS \"linux\"",
    "pinging container registry us.example.com: StatusCode: 404, \"<html>\"",
    "unable to retrieve auth token: invalid username/password: unauthorized: who are you",
    "registry us.example.com is blocked in /etc/containers/registries.conf",
];

const WRAPPERS: [fn(&str) -> String; 16] = [
    |error| format!("rpc error: code = Unknown desc = {error}"),
    |error| format!("rpc error: code = NotFound desc = {error}"),
    |error| format!("rpc error: code = DeadlineExceeded desc = {error}"),
    |error| format!("Back-off pulling image \"us.example.com/team/app:v1\": ErrImagePull: {error}"),
    |error| format!("Failed to pull image \"us.example.com/team/app:v1\": {error}"),
    |error| format!("failed to pull image \"us.example.com/team/app:v1\": {error}"),
    |error| format!("failed to pull and unpack image \"us.example.com/team/app:v1\": {error}"),
    |error| format!("failed to resolve reference \"us.example.com/team/app:v1\": {error}"),
    |error| format!("failed to resolve image: {error}"),
    |error| format!("unable to pull image: {error}"),
    |error| {
        format!(
            "unable to pull image or OCI artifact: pull image err: {error}; artifact err: {error}"
        )
    },
    |error| format!("initializing source docker://us.example.com/team/app:v1: {error}"),
    |error| {
        format!(
            "(Mirrors also failed: [mirror.example.net/app:v1: reading manifest v1 in mirror.example.net/app: denied]): us.example.com/team/app:v1: {error}"
        )
    },
    |error| format!("RegistryUnavailable: {error}"),
    |error| {
        format!(
            "image pull failed for us.example.com/team/app:v1 because the registry is unavailable: {error}"
        )
    },
    |error| format!("  {error}\n"),
];

fn bare(error: &str) -> Complaint {
    let complaint = pulled(error).complaint;
    assert_ne!(complaint, Unknown, "{error}");
    complaint
}

#[test]
fn each_error_in_each_wrapper() {
    for error in ERRORS {
        for wrap in WRAPPERS {
            let text = wrap(error);
            let (symptom, alone) = (pulled(&text), pulled(error));
            assert_eq!(symptom, alone, "{text}");
        }
    }
}

proptest! {
    #[test]
    fn wrappers_do_not_change_the_complaint(
        error in proptest::sample::select(&ERRORS[..]),
        wrappers in proptest::collection::vec(0..WRAPPERS.len(), 0..5),
        reason in proptest::sample::select(vec!["", "ErrImagePull", "ImagePullBackOff", "Failed"]),
    ) {
        let wrapped = wrappers.iter().fold(error.to_owned(), |text, at| WRAPPERS[*at](&text));
        prop_assert_eq!(classify(reason, &wrapped).complaint, bare(error), "{}", wrapped);
    }

    /// Beside an error that tells less, before it or behind it.
    #[test]
    fn a_list_says_what_its_heaviest_error_says(
        one in proptest::sample::select(&ERRORS[..]),
        other in proptest::sample::select(&ERRORS[..]),
        inner in proptest::sample::select(&WRAPPERS[6..12]),
        outer in proptest::sample::select(&WRAPPERS[..6]),
    ) {
        let text = outer(&format!("[{}, {}]", inner(one), inner(other)));
        let (first, second) = (bare(one), bare(other));
        let heaviest = if second.weight() > first.weight() { second } else { first };
        prop_assert_eq!(pulled(&text).complaint, heaviest, "{}", text);
    }
}
