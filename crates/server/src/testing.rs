//! What tests of this crate share: a registry in a folder of its own, asked without a socket.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_app::{App, RootKey};
use wharf_types::wire::oci::ErrorBody;

use crate::Config;
use crate::requests::{self, Connection};
use crate::router::router;
use crate::shared::Shared;

/// The peer of every request.
pub(crate) const PEER: [u8; 4] = [127, 0, 0, 1];

/// A registry in a folder of its own, which goes with it.
pub(crate) struct Registry {
    pub(crate) shared: Arc<Shared>,
    router: Router,
    pub(crate) folder: TempDir,
    /// The login of the registry's owner.
    pub(crate) owner: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The code of an error in the registry protocol's body.
    pub(crate) fn code(&self) -> String {
        let body: Option<ErrorBody> = serde_json::from_slice(&self.body).ok();
        body.map(|body| body.errors[0].code.clone())
            .unwrap_or_default()
    }

    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Registry {
    pub(crate) async fn open() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local_url: url::Url = "http://127.0.0.1:5000".parse().unwrap();
        let opened = App::open(wharf_app::Config {
            data: folder.path().to_owned(),
            root_key: RootKey::DataFolder,
            external_url: None,
            local_url: local_url.clone(),
            outbound: wharf_app::OutboundClient::none(),
        });
        let app = opened.await.unwrap().app;
        let key = std::fs::read_to_string(folder.path().join("owner.json")).unwrap();
        let shared = Arc::new(Shared::new(&config, &local_url, app));
        Self {
            router: router(shared.clone()),
            shared,
            folder,
            owner: login(&key),
        }
    }

    /// A new connection.
    pub(crate) fn connection(&self) -> Arc<Connection> {
        let (shared, router) = (self.shared.clone(), self.router.clone());
        Arc::new(Connection::new(shared, router, PEER.into(), false))
    }

    /// Sends a request on a connection of its own, with a `Host` if it has none.
    pub(crate) async fn ask(&self, mut request: Request<Body>) -> Reply {
        let headers = request.headers_mut();
        if !headers.contains_key(header::HOST) {
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:5000"));
        }
        let response = requests::answer(self.connection(), request).await;
        let (head, body) = response.into_parts();
        Reply {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Sends `METHOD PATH` with a login (empty: none), headers (`Name: value`, one a line) and a body.
    pub(crate) async fn send(
        &self,
        login: &str,
        request: &str,
        headers: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = Request::new(body.into());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.parse().unwrap();
        for line in headers.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            let name: HeaderName = name.trim().parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        if !login.is_empty() {
            let value = login.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.ask(request).await
    }

    /// The owner's request without headers.
    pub(crate) async fn own(&self, request: &str, body: impl Into<Body>) -> Reply {
        self.send(&self.owner, request, "", body).await
    }

    /// An account of the project `default` with a role on the project (empty: none); its login.
    pub(crate) async fn account(&self, id: &str, role: &str) -> String {
        let accounts = "/v1/projects/default/serviceAccounts";
        let body = json!({ "accountId": id }).to_string();
        self.own(&format!("POST {accounts}"), body).await.is(200);
        let email = format!("{id}@default.iam.gserviceaccount.com");
        let key = self
            .own(&format!("POST {accounts}/{email}/keys"), "{}")
            .await
            .is(200);
        if !role.is_empty() {
            let project = "/v1/projects/default";
            let mut policy = self
                .own(&format!("POST {project}:getIamPolicy"), "{}")
                .await
                .is(200)
                .json();
            let binding = json!({ "role": role, "members": [format!("serviceAccount:{email}")] });
            match &mut policy["bindings"] {
                Value::Array(bindings) => bindings.push(binding),
                none => *none = json!([binding]),
            }
            let body = json!({ "policy": policy }).to_string();
            self.own(&format!("POST {project}:setIamPolicy"), body)
                .await
                .is(200);
        }
        let file = STANDARD
            .decode(key.json()["privateKeyData"].as_str().unwrap())
            .unwrap();
        login(&String::from_utf8(file).unwrap())
    }
}

/// `Authorization` of a key file.
pub(crate) fn login(key_file: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("_json_key:{key_file}")))
}
