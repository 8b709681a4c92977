//! Every way a pull may go, against small servers.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::Image;
use crate::doctor::observation::{CertificateFault, CredentialSource, ProbeTarget, Reached};
use crate::keyring::{Offer, Reason};

/// `METHOD PATH`, and the whole request below.
#[derive(Clone, Debug)]
struct Request {
    line: String,
    text: String,
}

impl Request {
    fn authorization(&self) -> Option<&str> {
        let mut lines = self.text.lines();
        lines.find_map(|line| line.strip_prefix("authorization: "))
    }
}

/// A small server; it ends with the test.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    async fn start(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Request) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log, tls) = (answer.clone(), log.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &*answer, &log).await;
                            }
                        }
                        None => serve(stream, &*answer, &log).await,
                    }
                });
            }
        });
        Self { port, seen }
    }

    fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    async fn pull(&self, credential: Option<Offer>) -> Result<Reached, Obstacle> {
        pull(&format!("127.0.0.1:{}", self.port), credential, None).await
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answer: &(impl Fn(&Request) -> String + ?Sized),
    log: &Mutex<Vec<Request>>,
) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&bytes) {
        match stream.read(&mut piece).await {
            // A handshake of TLS is none of HTTP: the connection is closed.
            Ok(count) if count > 0 && piece[0] != 0x16 => bytes.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let line = text.lines().next().unwrap().replace(" HTTP/1.1", "");
    let request = Request { line, text };
    let answer = answer(&request);
    log.lock().unwrap().push(request);
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn refusal(status: &str, code: &str) -> String {
    answer(
        status,
        "",
        &format!(r#"{{"errors":[{{"code":"{code}","message":"no way"}}]}}"#),
    )
}

const MANIFEST: &str = r#"{"config":{"digest":"sha256:c0"}}"#;
const CONFIG: &str = r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#;
const INDEX: &str = r#"{"manifests":[
    {"platform":{"os":"linux","architecture":"amd64"}},
    {"platform":{"os":"linux","architecture":"arm","variant":"v7"}},
    {"platform":{"os":"unknown","architecture":"unknown"}}]}"#;

fn offer() -> Offer {
    Offer {
        namespace: "web".to_owned(),
        name: "regcred".to_owned(),
        key: "127.0.0.1".to_owned(),
        reason: Reason::Matches,
        username: "_json_key".to_owned(),
        password: "hunter2".to_owned().into(),
        either_order: false,
    }
}

async fn pull(
    host: &str,
    credential: Option<Offer>,
    ca: Option<&str>,
) -> Result<Reached, Obstacle> {
    let prober = Prober::new(ca.map(str::as_bytes)).unwrap();
    let trial = Trial {
        target: ProbeTarget {
            image: String::new(),
            credential: CredentialSource::Anonymous,
        },
        image: Image::parse(&format!("{host}/team/app:v1")).unwrap(),
        credential,
    };
    let door = door::knock(trial.image.api_host(), &prober.trust).await;
    prober.attempt(&trial, &door).await
}

#[tokio::test]
async fn a_public_image_is_reached_and_its_platforms_are_known() {
    let server = Server::start(None, |request| match request.line.as_str() {
        "GET /v2/" => answer("200 OK", "", "{}"),
        "HEAD /v2/team/app/manifests/v1" => {
            answer("200 OK", "docker-content-digest: sha256:d\r\n", "")
        }
        _ => answer("200 OK", "", INDEX),
    })
    .await;
    let reached = server.pull(None).await.unwrap();
    assert_eq!(reached.digest, "sha256:d");
    assert_eq!(reached.platforms, ["linux/amd64", "linux/arm/v7"]);
}

/// A registry with a token endpoint of its own that knows the password grant, or not.
async fn with_tokens(knows_grant: bool, manifest: fn() -> String) -> Server {
    let own = Arc::new(Mutex::new(0));
    let port = own.clone();
    let server = Server::start(None, move |request| {
        let port = *port.lock().unwrap();
        let is_known = request.authorization() == Some("Bearer good");
        match request.line.as_str() {
            "POST /token" if knows_grant && request.text.contains("password=hunter2") => {
                answer("200 OK", "", r#"{"access_token":"good"}"#)
            }
            "POST /token" => answer("405 Method Not Allowed", "", ""),
            line if line.starts_with("GET /token?service=here&scope=repository%3Ateam%2Fapp%3Apull") => {
                match request.authorization() {
                    // `_json_key:hunter2`
                    Some("Basic X2pzb25fa2V5Omh1bnRlcjI=") => answer("200 OK", "", r#"{"token":"good"}"#),
                    None => answer("200 OK", "", r#"{"token":"poor"}"#),
                    _ => refusal("401 Unauthorized", "UNAUTHORIZED"),
                }
            }
            line if line.contains(" /v2/team/app/") && is_known => manifest(),
            line if line.contains(" /v2/team/app/") && request.authorization().is_some() => {
                refusal("403 Forbidden", "DENIED")
            }
            _ => answer(
                "401 Unauthorized",
                &format!("www-authenticate: Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"here\"\r\n"),
                "",
            ),
        }
    })
    .await;
    *own.lock().unwrap() = server.port;
    server
}

#[tokio::test]
async fn the_credential_is_shown_as_containerd_shows_it() {
    let grant = with_tokens(true, || answer("200 OK", "", INDEX)).await;
    assert_eq!(grant.pull(Some(offer())).await.unwrap().platforms.len(), 2);
    let lines: Vec<_> = grant
        .seen()
        .into_iter()
        .map(|request| request.line)
        .collect();
    assert!(
        !lines.iter().any(|line| line.starts_with("GET /token")),
        "{lines:?}"
    );
    let basic = with_tokens(false, || answer("200 OK", "", INDEX)).await;
    assert_eq!(basic.pull(Some(offer())).await.unwrap().platforms.len(), 2);
}

#[tokio::test]
async fn somebody_unknown_is_denied_where_the_credential_is_not() {
    let server = with_tokens(true, || answer("200 OK", "", MANIFEST)).await;
    let denied = server.pull(None).await.unwrap_err();
    assert_eq!(
        denied,
        Obstacle::Denied {
            status: 403,
            code: "DENIED".to_owned(),
            message: "no way".to_owned()
        }
    );
    assert!(
        server
            .seen()
            .iter()
            .all(|request| !request.text.contains("hunter2"))
    );
}

#[tokio::test]
async fn the_platform_of_a_single_image_stands_in_its_config() {
    let server = Server::start(None, |request| match request.line.as_str() {
        "GET /v2/" => answer("200 OK", "", "{}"),
        "GET /v2/team/app/blobs/sha256:c0" => answer("200 OK", "", CONFIG),
        _ => answer("200 OK", "", MANIFEST),
    })
    .await;
    assert_eq!(
        server.pull(None).await.unwrap().platforms,
        ["linux/arm64/v8"]
    );
}

#[tokio::test]
async fn a_registry_with_basic_gets_the_credential_itself() {
    let server = Server::start(None, |request| match request.authorization() {
        Some("Basic X2pzb25fa2V5Omh1bnRlcjI=") => answer("200 OK", "", INDEX),
        _ => answer(
            "401 Unauthorized",
            "www-authenticate: Basic realm=x\r\n",
            "",
        ),
    })
    .await;
    assert!(server.pull(Some(offer())).await.is_ok());
    let denied = server.pull(None).await.unwrap_err();
    assert!(
        matches!(denied, Obstacle::Denied { status: 401, .. }),
        "{denied:?}"
    );
}

#[tokio::test]
async fn refusals_of_the_manifest_are_told_apart() {
    for (status, code, expected) in [
        (
            "404 Not Found",
            "MANIFEST_UNKNOWN",
            Obstacle::NotFound {
                code: "MANIFEST_UNKNOWN".to_owned(),
                message: "no way".to_owned(),
            },
        ),
        (
            "429 Too Many Requests",
            "TOOMANYREQUESTS",
            Obstacle::RateLimited {
                retry_after: None,
                message: "no way".to_owned(),
            },
        ),
        (
            "503 Service Unavailable",
            "UNAVAILABLE",
            Obstacle::Failing {
                status: 503,
                message: "no way".to_owned(),
            },
        ),
    ] {
        let server = Server::start(None, move |request| match request.line.as_str() {
            "GET /v2/" => answer("200 OK", "", "{}"),
            _ => refusal(status, code),
        })
        .await;
        assert_eq!(server.pull(None).await, Err(expected));
    }
}

#[tokio::test]
async fn a_page_for_people_is_no_registry() {
    let server = Server::start(None, |_| {
        answer(
            "200 OK",
            "content-type: text/html\r\n",
            "<html>Log in</html>",
        )
    })
    .await;
    let obstacle = server.pull(None).await.unwrap_err();
    assert!(
        matches!(obstacle, Obstacle::NotARegistry { .. }),
        "{obstacle:?}"
    );
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_named_as_such() {
    let server = Server::start(None, |request| {
        let host = request
            .text
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        match request.line.split(['?', ' ']).nth(1) {
            Some("/token") => answer("403 Forbidden", "", r#"{"details":"suspended"}"#),
            _ => answer(
                "401 Unauthorized",
                &format!("www-authenticate: Bearer realm=\"http://{host}/token\"\r\n"),
                "",
            ),
        }
    })
    .await;
    let refused = Obstacle::Token {
        status: 403,
        message: "suspended".to_owned(),
    };
    assert_eq!(server.pull(Some(offer())).await, Err(refused.clone()));
    assert_eq!(server.pull(None).await, Err(refused));
    let posts = server
        .seen()
        .into_iter()
        .filter(|request| request.line == "POST /token");
    // 403 is final, as it is for containerd.
    assert_eq!(posts.count(), 1);
}

#[tokio::test]
async fn a_credential_is_not_sent_to_a_realm_on_plain_http_nor_along_a_redirect() {
    let elsewhere = Server::start(None, |_| answer("200 OK", "", r#"{"token":"good"}"#)).await;
    let other = format!("http://0.0.0.0:{}/token", elsewhere.port);
    let here = format!("http://127.0.0.1:{}/token", elsewhere.port);
    for headers in [
        format!("www-authenticate: Bearer realm=\"{other}\"\r\n"),
        "www-authenticate: Bearer realm=\"ftp://x/\"\r\n".to_owned(),
    ] {
        let server = Server::start(None, move |_| answer("401 Unauthorized", &headers, "")).await;
        let obstacle = server.pull(Some(offer())).await.unwrap_err();
        assert!(matches!(obstacle, Obstacle::Realm { .. }), "{obstacle:?}");
    }
    let redirecting = Server::start(None, move |request| {
        let to = format!("location: {here}\r\n");
        match request.authorization() {
            None => answer(
                "401 Unauthorized",
                "www-authenticate: Basic realm=x\r\n",
                "",
            ),
            Some(_) => answer("307 Temporary Redirect", &to, ""),
        }
    })
    .await;
    assert!(redirecting.pull(Some(offer())).await.is_ok());
    let seen = elsewhere.seen();
    assert!(!seen.is_empty());
    assert!(
        seen.iter().all(|request| request.authorization().is_none()),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_stands_at_the_end_of_a_redirect_gets_no_credential_by_asking_for_it() {
    let thief = Server::start(None, |_| {
        answer(
            "401 Unauthorized",
            "www-authenticate: Basic realm=x\r\n",
            "",
        )
    })
    .await;
    let to = format!("location: http://127.0.0.1:{}/\r\n", thief.port);
    let server = Server::start(None, move |request| match request.line.as_str() {
        "GET /v2/" => answer("200 OK", "", "{}"),
        _ => answer("302 Found", &to, ""),
    })
    .await;
    let obstacle = server.pull(Some(offer())).await.unwrap_err();
    assert!(
        matches!(obstacle, Obstacle::Denied { status: 401, .. }),
        "{obstacle:?}"
    );
    let seen = thief.seen().into_iter().chain(server.seen());
    assert!(
        seen.into_iter()
            .all(|request| request.authorization().is_none())
    );
}

#[tokio::test]
async fn plain_http_is_told_from_tls_and_gets_no_credential() {
    let server = Server::start(None, |_| answer("200 OK", "", "{}")).await;
    // An address of this machine that does not say so.
    let host = format!("0.0.0.0:{}", server.port);
    assert_eq!(
        pull(&host, Some(offer()), None).await,
        Err(Obstacle::PlainHttp)
    );
    assert!(
        server
            .seen()
            .iter()
            .all(|request| request.authorization().is_none())
    );
}

#[tokio::test]
async fn a_name_a_port_and_a_silent_server_fail_each_in_their_way() {
    let obstacle = pull("no-such-host.invalid", None, None).await.unwrap_err();
    assert!(matches!(obstacle, Obstacle::Dns { .. }), "{obstacle:?}");
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = pull(&free.to_string(), None, None).await.unwrap_err();
    assert_eq!(
        refused,
        Obstacle::Refused {
            address: free.to_string()
        }
    );
    let closing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closing.local_addr().unwrap();
    tokio::spawn(async move { while closing.accept().await.is_ok() {} });
    let obstacle = pull(&address.to_string(), None, None).await.unwrap_err();
    assert!(
        matches!(obstacle, Obstacle::Unreachable { .. }),
        "{obstacle:?}"
    );
}

/// A CA, and a server whose certificate it signed, for `names` and between two years.
async fn with_certificate(names: &[&str], from: i32, until: i32) -> (Server, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, key).unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let server = Server::start(
        Some(TlsAcceptor::from(Arc::new(config))),
        |request| match request.line.as_str() {
            "GET /v2/" => answer("200 OK", "", "{}"),
            _ => answer("200 OK", "", INDEX),
        },
    )
    .await;
    (server, ca.pem())
}

#[tokio::test]
async fn certificates_are_examined() {
    let fault = async |names: &[&str], from, until, trusts: bool| {
        let (server, ca) = with_certificate(names, from, until).await;
        let host = format!("127.0.0.1:{}", server.port);
        match pull(&host, None, trusts.then_some(&ca)).await {
            Ok(_) => None,
            Err(Obstacle::Certificate { fault, .. }) => Some(fault),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(fault(&["127.0.0.1"], 2000, 4000, true).await, None);
    let unknown = fault(&["127.0.0.1"], 2000, 4000, false).await;
    assert!(
        matches!(unknown, Some(CertificateFault::UnknownAuthority { .. })),
        "{unknown:?}"
    );
    assert_eq!(
        fault(&["registry.example.com", "10.0.0.1"], 2000, 4000, true).await,
        Some(CertificateFault::WrongName {
            names: vec!["registry.example.com".to_owned(), "10.0.0.1".to_owned()]
        })
    );
    assert_eq!(
        fault(&["127.0.0.1"], 2000, 2001, true).await,
        Some(CertificateFault::Expired {
            not_after: "2001-01-01T00:00:00Z".to_owned()
        })
    );
    assert_eq!(
        fault(&["127.0.0.1"], 3000, 4000, true).await,
        Some(CertificateFault::NotYetValid {
            not_before: "3000-01-01T00:00:00Z".to_owned()
        })
    );
}

#[test]
fn a_ca_file_without_certificates_is_refused() {
    assert!(matches!(
        Prober::new(Some(b"hello")),
        Err(ProbeError::Certificates)
    ));
}
