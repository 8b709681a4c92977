//! Asking issuers for their keys (OpenID Connect Discovery 1.0, section 4), seldom: keys are kept, asked for again when a
//! token names one that is not among them, and used on for a while when the issuer does not answer.

use std::sync::{Arc, RwLock};
use std::time::Instant;

use quick_cache::sync::Cache;
use serde::Deserialize;
use tokio::sync::{Mutex, Semaphore};
use url::Url;
use wharf_outbound::Client;
use wharf_types::limits;
use wharf_types::text::shorten;

use super::key_set::KeySet;

/// Issuers whose keys are remembered.
const ISSUERS_MAX: usize = 1_000;

pub(super) struct Issuers {
    client: Client,
    known: Cache<Box<str>, Arc<Issuer>>,
    turns: Semaphore,
}

#[derive(Default)]
struct Issuer {
    keys: RwLock<Option<(Arc<KeySet>, Instant)>>,
    /// Held while it is asked, so that many who wait ask once.
    asked: Mutex<Option<Asked>>,
}

/// When an issuer was asked last, and what went wrong.
struct Asked {
    at: Instant,
    failure: Option<String>,
}

impl Issuers {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            known: Cache::new(ISSUERS_MAX),
            turns: Semaphore::new(limits::ISSUER_FETCHES_MAX),
        }
    }

    /// Whether an issuer's URL may be asked at all.
    pub(super) fn check(&self, issuer: &Url) -> Result<(), String> {
        self.client.check(issuer).map_err(|error| error.to_string())
    }

    /// The keys of an issuer, among which the one of this id should be. The message says why there are none.
    pub(super) async fn keys(
        &self,
        issuer: &str,
        key_id: Option<&str>,
    ) -> Result<Arc<KeySet>, String> {
        let known = self.known.get(issuer).unwrap_or_else(|| {
            let unknown = Arc::new(Issuer::default());
            self.known.insert(issuer.into(), unknown.clone());
            unknown
        });
        if let Some(keys) = known.fresh(key_id) {
            return Ok(keys);
        }
        let mut asked = known.asked.lock().await;
        // Somebody may have asked meanwhile.
        if let Some(keys) = known.fresh(key_id) {
            return Ok(keys);
        }
        let is_time = asked
            .as_ref()
            .is_none_or(|asked| asked.at.elapsed() >= limits::ISSUER_FETCH_INTERVAL_MIN);
        if is_time {
            let fetched = self.fetch(issuer).await;
            *asked = Some(Asked {
                at: Instant::now(),
                failure: fetched.as_ref().err().cloned(),
            });
            match fetched {
                Ok(keys) => known.keep(Arc::new(keys)),
                Err(error) => {
                    tracing::warn!(issuer = %shorten(issuer), %error, "asking an issuer for its keys");
                }
            }
        }
        known.kept(limits::ISSUER_KEYS_STALE_MAX).ok_or_else(|| {
            asked
                .as_ref()
                .and_then(|asked| asked.failure.clone())
                .unwrap_or_else(|| "the issuer was not asked yet".to_owned())
        })
    }

    async fn fetch(&self, issuer: &str) -> Result<KeySet, String> {
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        let discovery = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let discovery = Url::parse(&discovery).map_err(|error| error.to_string())?;
        let document = self
            .client
            .get(&discovery, limits::DISCOVERY_SIZE_MAX)
            .await;
        let document = document.map_err(|error| error.to_string())?;
        let jwks_uri = read_discovery(&document, issuer)?;
        let document = self.client.get(&jwks_uri, limits::JWKS_SIZE_MAX).await;
        KeySet::read(&document.map_err(|error| error.to_string())?)
    }
}

impl Issuer {
    /// Its keys, if they are fresh and the one that is wanted is among them.
    fn fresh(&self, key_id: Option<&str>) -> Option<Arc<KeySet>> {
        self.kept(limits::ISSUER_KEYS_FRESH)
            .filter(|keys| keys.has(key_id))
    }

    fn kept(&self, age_max: std::time::Duration) -> Option<Arc<KeySet>> {
        let kept = self
            .keys
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (keys, since) = kept.as_ref()?;
        (since.elapsed() <= age_max).then(|| keys.clone())
    }

    fn keep(&self, keys: Arc<KeySet>) {
        let mut kept = self
            .keys
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *kept = Some((keys, Instant::now()));
    }
}

/// Where an issuer's keys are, as its discovery document says.
pub(crate) fn read_discovery(document: &[u8], issuer: &str) -> Result<Url, String> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        jwks_uri: String,
    }
    let document: Discovery = serde_json::from_slice(document)
        .map_err(|_| "the discovery document has no \"issuer\" and \"jwks_uri\"".to_owned())?;
    // OpenID Connect Discovery 1.0, section 4.3: else one issuer could speak for another.
    if document.issuer != issuer {
        return Err(format!(
            "the discovery document is another issuer's: {:?}",
            shorten(&document.issuer)
        ));
    }
    Url::parse(&document.jwks_uri)
        .map_err(|_| "the discovery document's \"jwks_uri\" is no URL".to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use wharf_outbound::Config;

    use super::*;

    /// An issuer that counts how often it is asked, and can fall silent.
    struct Server {
        url: String,
        asked: Arc<AtomicUsize>,
        silent: Arc<AtomicBool>,
    }

    async fn server(issuer: Option<&'static str>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, silent) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let server = Server {
            url: url.clone(),
            asked: asked.clone(),
            silent: silent.clone(),
        };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4_096];
                let size = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..size]).into_owned();
                asked.fetch_add(1, Ordering::SeqCst);
                let body = if head.starts_with("GET /.well-known/openid-configuration ") {
                    json!({"issuer": issuer.unwrap_or(&url), "jwks_uri": format!("{url}/keys")})
                } else {
                    let point = "A".repeat(43);
                    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": point, "y": point}]})
                }
                .to_string();
                let status = if silent.load(Ordering::SeqCst) {
                    "503 Gone"
                } else {
                    "200 OK"
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        server
    }

    fn issuers() -> Issuers {
        let config = Config {
            allowed: vec!["127.0.0.1".parse().unwrap()],
            ..Config::default()
        };
        Issuers::new(Client::new(config).unwrap())
    }

    #[tokio::test]
    async fn an_issuer_is_asked_once_however_many_tokens_name_keys_that_it_does_not_have() {
        let (server, issuers) = (server(None).await, issuers());
        let keys = issuers.keys(&server.url, Some("k1")).await.unwrap();
        assert!(keys.has(Some("k1")));
        for number in 0..50 {
            let made_up = format!("made-up-{number}");
            let keys = issuers.keys(&server.url, Some(&made_up)).await.unwrap();
            assert!(!keys.has(Some(&made_up)));
        }
        assert_eq!(server.asked.load(Ordering::SeqCst), 2, "discovery and keys");
    }

    #[tokio::test]
    async fn keys_are_used_on_when_the_issuer_falls_silent() {
        let (server, issuers) = (server(None).await, issuers());
        issuers.keys(&server.url, Some("k1")).await.unwrap();
        server.silent.store(true, Ordering::SeqCst);
        // As if nobody had asked for long: the next token with another key asks, in vain.
        *issuers
            .known
            .get(server.url.as_str())
            .unwrap()
            .asked
            .lock()
            .await = None;
        let keys = issuers.keys(&server.url, Some("k2")).await.unwrap();
        assert!(keys.has(Some("k1")));
        assert_eq!(server.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn an_issuer_that_never_answered_has_no_keys_and_is_left_in_peace() {
        let (server, issuers) = (server(None).await, issuers());
        server.silent.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            let refused = issuers.keys(&server.url, None).await.unwrap_err();
            assert!(refused.contains("503"), "{refused}");
        }
        assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn one_issuer_cannot_speak_for_another() {
        let (server, issuers) = (server(Some("https://other.example.com")).await, issuers());
        let refused = issuers.keys(&server.url, None).await.unwrap_err();
        assert!(refused.contains("another issuer's"), "{refused}");
    }
}
