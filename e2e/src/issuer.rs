//! An issuer of OpenID Connect tokens, as a cluster or a CI has one: a discovery document, keys, and tokens under them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Program;
use crate::jwt::{now, sign};

/// An issuer on a port of its own. It ends with its scope.
#[derive(Debug)]
pub struct Issuer {
    address: SocketAddr,
    key: Mutex<Key>,
    published: Arc<Mutex<Vec<Value>>>,
    stopped: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

/// A key pair: the private half in PEM, and what the issuer publishes of it.
#[derive(Debug)]
struct Key {
    private: Value,
    public: Value,
}

impl Key {
    fn new(id: &str) -> Self {
        let pem = Program::new("openssl").args(["genrsa", "2048"]).succeeds();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, &pem.stdout).unwrap();
        let modulus = Program::new("openssl")
            .args(["rsa", "-noout", "-modulus", "-in"])
            .arg(&path)
            .succeeds();
        let modulus = modulus.stdout.trim().trim_start_matches("Modulus=");
        let bytes: Vec<u8> = (0..modulus.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&modulus[at..at + 2], 16).unwrap())
            .collect();
        Self {
            private: json!({"private_key": pem.stdout, "private_key_id": id}),
            public: json!({
                "kty": "RSA", "alg": "RS256", "use": "sig", "kid": id, "e": "AQAB",
                "n": BASE64_URL_SAFE_NO_PAD.encode(bytes),
            }),
        }
    }
}

impl Issuer {
    /// Starts one with a key.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let key = Key::new("first");
        let published = Arc::new(Mutex::new(vec![key.public.clone()]));
        let stopped = Arc::new(AtomicBool::new(false));
        let (keys, is_stopped) = (published.clone(), stopped.clone());
        let server = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let mut head = vec![0; 4_096];
                let size = stream.read(&mut head).unwrap_or(0);
                let url = format!("http://{address}");
                let body = if head[..size].starts_with(b"GET /.well-known/openid-configuration ") {
                    json!({"issuer": url, "jwks_uri": format!("{url}/jwks")})
                } else {
                    json!({ "keys": *keys.lock().unwrap() })
                }
                .to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self {
            address,
            key: Mutex::new(key),
            published,
            stopped,
            server: Some(server),
        }
    }

    /// What its tokens name as their issuer.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its public keys, as `kubectl get --raw /openid/v1/jwks` prints a cluster's.
    pub fn jwks(&self) -> String {
        json!({ "keys": *self.published.lock().unwrap() }).to_string()
    }

    /// Signs with a new key from now on, and publishes that alone.
    pub fn rotate(&self) {
        let new = Key::new("second");
        *self.published.lock().unwrap() = vec![new.public.clone()];
        *self.key.lock().unwrap() = new;
    }

    /// The claims of a token that a workload gets for an audience.
    pub fn claims(&self, subject: &str, audience: &str) -> Value {
        json!({
            "iss": self.url(), "sub": subject, "aud": [audience], "iat": now(), "exp": now() + 3_600,
            "repository": "shop/web",
        })
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let key = self.key.lock().unwrap();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.public["kid"]});
        sign(&key.private, &header, claims)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(self.address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}
