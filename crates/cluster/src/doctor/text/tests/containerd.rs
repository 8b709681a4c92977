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
        ("403 Forbidden", TokenEndpoint { status: Some(403) }),
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
