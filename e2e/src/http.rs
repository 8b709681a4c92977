//! A client of the registry protocol that sends exactly what it is told and shows exactly what came back.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::blocking::Body;
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, WWW_AUTHENTICATE};
use serde_json::Value;

use crate::Answer;
use crate::content::{Image, digest};

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// The user that a key file logs in as.
const KEY_USER: &str = "_json_key";

/// A client with or without a credential. Tokens are fetched when the registry asks for one, as docker does.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::blocking::Client,
    base: url::Url,
    basic: Option<String>,
    /// What is sent as `Host` in place of the address.
    host: Option<String>,
    /// By scope.
    tokens: Arc<Mutex<HashMap<String, String>>>,
}

/// A request under way.
#[derive(Debug)]
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Payload,
    token: Option<String>,
}

#[derive(Debug)]
enum Payload {
    Bytes(Bytes),
    /// Sent with chunked encoding, and only once: a request with it does not answer a challenge.
    Stream(Body),
}

impl Client {
    /// Nobody.
    pub fn anonymous(url: &str) -> Self {
        let http = reqwest::blocking::Client::builder()
            .timeout(DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Whether certificates are good is for genuine clients to judge, in tests of their own.
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        Self {
            http,
            base: url.parse().unwrap(),
            basic: None,
            host: None,
            tokens: Arc::default(),
        }
    }

    /// A user with a password.
    pub fn with_password(url: &str, user: &str, password: &str) -> Self {
        let basic = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self {
            basic: Some(format!("Basic {basic}")),
            ..Self::anonymous(url)
        }
    }

    /// The account whose key file this is.
    pub fn with_key_file(url: &str, key_file: &Path) -> Self {
        Self::with_password(url, KEY_USER, &fs::read_to_string(key_file).unwrap())
    }

    /// The same client, which addresses the registry by another of its hosts.
    #[must_use]
    pub fn under(&self, host: &str) -> Self {
        Self {
            host: Some(host.to_owned()),
            ..self.clone()
        }
    }

    /// A request by method and path.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        Request {
            client: self,
            method,
            path: path.to_owned(),
            headers: self
                .host
                .iter()
                .map(|host| (HOST, host.parse().unwrap()))
                .collect(),
            body: Payload::Bytes(Bytes::new()),
            token: None,
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    /// HEAD.
    pub fn head(&self, path: &str) -> Request<'_> {
        self.request(Method::HEAD, path)
    }

    /// POST.
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// PUT.
    pub fn put(&self, path: &str) -> Request<'_> {
        self.request(Method::PUT, path)
    }

    /// PATCH.
    pub fn patch(&self, path: &str) -> Request<'_> {
        self.request(Method::PATCH, path)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    /// A registry token for a scope, from the token endpoint, with this client's credential.
    pub fn token(&self, scope: &str) -> String {
        let answer = self.ask_for_token(scope).unwrap().expect(200);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// The token endpoint's answer for a scope.
    pub fn ask_for_token(&self, scope: &str) -> reqwest::Result<Answer> {
        let service = format!(
            "{}:{}",
            self.base.host_str().unwrap(),
            self.base.port().unwrap()
        );
        let mut path = self.base.join("/v2/token").unwrap();
        path.query_pairs_mut()
            .append_pair("service", &service)
            .append_pair("scope", scope);
        let mut request = self.http.get(path.clone());
        if let Some(basic) = &self.basic {
            request = request.header(AUTHORIZATION, basic);
        }
        Answer::read(format!("GET {path}"), request.send()?)
    }

    /// Pushes a blob with POST and PUT; returns its digest.
    pub fn push_blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let upload = self.start_upload(repository);
        self.put(&with_digest(&upload, &digest))
            .body(bytes.to_vec())
            .send()
            .expect(201);
        digest
    }

    /// Starts an upload; returns its path.
    pub fn start_upload(&self, repository: &str) -> String {
        self.post(&format!("/v2/{repository}/blobs/uploads/"))
            .send()
            .expect(202)
            .location()
    }

    /// Pushes an image's blobs, then its manifest under a tag.
    pub fn push_image(&self, repository: &str, tag: &str, image: &Image) {
        for blob in &image.blobs {
            self.push_blob(repository, blob);
        }
        self.put(&format!("/v2/{repository}/manifests/{tag}"))
            .header("content-type", &image.media_type)
            .body(image.manifest.clone())
            .send()
            .expect(201);
    }
}

impl Request<'_> {
    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// The body, with its length.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Payload::Bytes(bytes.into());
        self
    }

    /// The body as a JSON value.
    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(value.to_string())
    }

    /// The body, streamed with no length announced.
    #[must_use]
    pub fn stream(mut self, reader: impl Read + Send + 'static) -> Self {
        self.body = Payload::Stream(Body::new(reader));
        self
    }

    /// A bearer token to send; the client's own credential is then left out.
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Sends it.
    pub fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        self.try_send()
            .unwrap_or_else(|error| panic!("{asked}: {error:?}"))
    }

    /// Sends it; an error means that no whole answer came back.
    pub fn try_send(self) -> reqwest::Result<Answer> {
        let Request {
            client,
            method,
            path,
            headers,
            body,
            token,
        } = self;
        // The path goes out as it is: `join` would clean up what the test wants to send dirty.
        let url = format!("{}{path}", client.base.as_str().trim_end_matches('/'));
        let asked = format!("{method} {url}");
        let send = |body: Body, token: Option<&str>| {
            let mut request = client
                .http
                .request(method.clone(), &url)
                .headers(headers.clone());
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            Answer::read(asked.clone(), request.body(body).send()?)
        };
        let bytes = match body {
            Payload::Stream(stream) => return send(stream, token.as_deref()),
            Payload::Bytes(bytes) => bytes,
        };
        let known = token.clone().or_else(|| client.known_token(&method, &path));
        let answer = send(bytes.clone().into(), known.as_deref())?;
        if answer.status != 401 || token.is_some() || client.basic.is_none() {
            return Ok(answer);
        }
        match client.answer_challenge(&answer)? {
            Some(fresh) => {
                client.remember(&method, &path, &fresh);
                send(bytes.into(), Some(&fresh))
            }
            None => Ok(answer),
        }
    }
}

impl Client {
    /// A token for the scope in a 401's challenge; none if it has none, or the token endpoint refuses.
    fn answer_challenge(&self, answer: &Answer) -> reqwest::Result<Option<String>> {
        let Some(challenge) = answer.headers.get(WWW_AUTHENTICATE) else {
            return Ok(None);
        };
        let challenge = challenge.to_str().unwrap();
        let Some((_, scope)) = challenge.split_once("scope=\"") else {
            return Ok(None);
        };
        let (scope, _) = scope.split_once('"').unwrap();
        let answer = self.ask_for_token(scope)?;
        if answer.status != 200 {
            return Ok(None);
        }
        Ok(answer.json()["token"].as_str().map(ToOwned::to_owned))
    }

    fn known_token(&self, method: &Method, path: &str) -> Option<String> {
        let tokens = self.tokens.lock().unwrap();
        tokens.get(&token_key(method, path)).cloned()
    }

    fn remember(&self, method: &Method, path: &str, token: &str) {
        let mut tokens = self.tokens.lock().unwrap();
        tokens.insert(token_key(method, path), token.to_owned());
    }
}

/// What one token is good for: all requests of a repository that need the same actions.
fn token_key(method: &Method, path: &str) -> String {
    let end = ["/blobs/", "/manifests/", "/tags/", "/referrers/"]
        .iter()
        .find_map(|part| path.find(part))
        .unwrap_or(path.len());
    let verb = match *method {
        // Even to ask how far an upload is takes the right to push.
        _ if path.contains("/blobs/uploads/") => "push",
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    };
    let mounted = path.split_once("from=").map_or("", |(_, from)| from);
    format!("{verb} {} {mounted}", &path[..end])
}

/// The path that finishes an upload.
pub fn with_digest(upload: &str, digest: &str) -> String {
    let separator = if upload.contains('?') { '&' } else { '?' };
    format!("{upload}{separator}digest={digest}")
}
