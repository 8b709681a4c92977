//! Just so much of a Kubernetes API server that kubectl knows what a Secret is. kubectl asks one before it looks at a
//! manifest even with `--dry-run=client`; what it then thinks of the manifest is its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

/// A running one. It ends with the test process.
#[derive(Debug)]
pub struct KubeApi {
    url: String,
}

impl KubeApi {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that hangs up early has got what it wanted.
                answer(&connection).ok();
            }
        });
        Self { url }
    }

    /// What `kubectl --server` takes.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn answer(mut connection: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while !lines
        .next()
        .unwrap_or_else(|| Ok(String::new()))?
        .is_empty()
    {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let (status, body) = match body(path) {
        Some(body) => ("200 OK", body),
        None => (
            "404 Not Found",
            json!({"kind": "Status", "apiVersion": "v1", "code": 404}),
        ),
    };
    let body = body.to_string();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn body(path: &str) -> Option<Value> {
    match path {
        "/api" => Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})),
        "/api/v1" => Some(json!({
            "kind": "APIResourceList",
            "groupVersion": "v1",
            "resources": [{
                "name": "secrets",
                "singularName": "secret",
                "namespaced": true,
                "kind": "Secret",
                "verbs": ["create", "get", "list"],
            }],
        })),
        _ => None,
    }
}
