//! Requests and answers of the Google-style APIs, over HTTP against a registry in a folder of its own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod any_body;
mod buckets;
mod compatibility;
mod credentials;
mod discovery;
mod federation;
mod fields;
mod hostile;
mod identity;
mod keys;
mod kms;
mod logging;
mod objects;
mod places;
mod policies;
mod policy_writes;
mod projects;
mod refusals;
mod roles;

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use wharf_app::{App, RootKey};

use crate::{Config, Listener};

/// What stands in `Authorization`.
type Login = String;

/// Nobody's.
const NOBODY: &str = "";

/// A registry that is being served.
struct Server {
    /// The login of the registry's owner.
    owner: Login,
    connection: Mutex<SendRequest<Full<Bytes>>>,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
    _folder: TempDir,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (connection, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(driver);
    connection
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            ..Config::default()
        };
        let listener = Listener::bind(config).await.unwrap();
        let url = listener.local_url();
        let opened = App::open(wharf_app::Config {
            data: folder.path().to_owned(),
            root_key: RootKey::DataFolder,
            external_url: None,
            local_url: url.clone(),
            outbound: wharf_app::OutboundClient::none(),
        });
        let app: Arc<App> = opened.await.unwrap().app;
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(listener.serve(app, async {
            let _ = stopped.await;
        }));
        let address = url.socket_addrs(|| None).unwrap();
        let key = std::fs::read_to_string(folder.path().join("owner.json")).unwrap();
        Self {
            owner: login(&key),
            connection: Mutex::new(connect(address[0]).await),
            address: address[0],
            _stop: stop,
            _folder: folder,
        }
    }

    /// Sends `METHOD PATH`. A body of `null` is none; one that is a string is sent as it is.
    async fn send(&self, login: &str, request: &str, body: &Value) -> Reply {
        let (method, path) = request.split_once(' ').unwrap();
        let body = match body {
            Value::Null => Bytes::new(),
            Value::String(raw) => Bytes::from(raw.clone()),
            body => Bytes::from(body.to_string()),
        };
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header(header::HOST, "registry.example.com");
        if !login.is_empty() {
            request = request.header(header::AUTHORIZATION, login);
        }
        let mut connection = self.connection.lock().await;
        // A refusal that came before the body was read has closed it.
        if connection.ready().await.is_err() {
            *connection = connect(self.address).await;
        }
        let response = connection
            .send_request(request.body(Full::new(body)).unwrap())
            .await
            .unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    /// Sends a request whose answer must have this status and contain this JSON.
    async fn expect(
        &self,
        login: &str,
        request: &str,
        body: Value,
        status: u16,
        expected: Value,
    ) -> Value {
        let reply = self.send(login, request, &body).await;
        assert_eq!(reply.status, status, "{request} {body}: {}", reply.body);
        assert!(
            contains(&reply.body, &expected),
            "{request} {body}\n  answered {}\n  without  {expected}",
            reply.body
        );
        reply.body
    }

    /// Sends requests of the owner, one after the other.
    async fn expect_all<const N: usize>(&self, rows: [(&str, Value, u16, Value); N]) {
        for (request, body, status, expected) in rows {
            self.expect(&self.owner, request, body, status, expected)
                .await;
        }
    }

    /// Makes an account without rights in a project, with a key, and answers its login.
    async fn account(&self, project: &str, id: &str) -> Login {
        let accounts = format!("/v1/projects/{project}/serviceAccounts");
        self.expect(
            &self.owner,
            &format!("POST {accounts}"),
            json!({"accountId": id}),
            200,
            json!({}),
        )
        .await;
        let key = self
            .expect(
                &self.owner,
                &format!("POST {accounts}/{}/keys", email(project, id)),
                json!({}),
                200,
                json!({"keyType": "USER_MANAGED"}),
            )
            .await;
        login(&key_file(&key))
    }

    /// Binds a role to an account on a resource, such as `v1/projects/default`.
    async fn grant(&self, resource: &str, role: &str, email: &str) {
        let mut policy = self
            .expect(
                &self.owner,
                &format!("POST /{resource}:getIamPolicy"),
                json!({"options": {"requestedPolicyVersion": 3}}),
                200,
                json!({}),
            )
            .await;
        let binding = json!({"role": role, "members": [format!("serviceAccount:{email}")]});
        match &mut policy["bindings"] {
            Value::Array(bindings) => bindings.push(binding),
            none => *none = json!([binding]),
        }
        self.expect(
            &self.owner,
            &format!("POST /{resource}:setIamPolicy"),
            json!({"policy": policy}),
            200,
            json!({}),
        )
        .await;
    }
}

fn email(project: &str, id: &str) -> String {
    format!("{id}@{project}.iam.gserviceaccount.com")
}

/// The key file in the answer of `keys.create`.
fn key_file(key: &Value) -> String {
    let data = STANDARD.decode(key["privateKeyData"].as_str().unwrap());
    String::from_utf8(data.unwrap()).unwrap()
}

/// `Authorization` of a key file.
fn login(key_file: &str) -> Login {
    format!("Basic {}", STANDARD.encode(format!("_json_key:{key_file}")))
}

/// Whether `expected` is in `actual`: objects may have more fields, arrays are the same in length. The text `…` is any.
fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected.iter().all(|(key, value)| {
            actual
                .get(key)
                .map_or(value.is_null(), |actual| contains(actual, value))
        }),
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(a, e)| contains(a, e))
        }
        (Value::String(_), Value::String(any)) if any == "…" => true,
        (actual, expected) => actual == expected,
    }
}
