//! Whole requests to a whole registry, by its owner, by somebody with a credential that is made up, and by nobody: each
//! has an answer, no answer is our fault, and a body is what its type says.
//!
//! An input is lines of text: `METHOD PATH`, then headers, then an empty line and the body. The header `as: owner` stands
//! for a credential of the owner.
#![no_main]

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;
use wharf_app::{App, RootKey};
use wharf_server::fuzzing::Server;

struct Registry {
    runtime: Runtime,
    server: Server,
    owner: HeaderValue,
    _data: TempDir,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    // libFuzzer's hook aborts at every panic. One that is caught is judged by what is answered: a 500 is none that we give.
    let _ = std::panic::take_hook();
    let data = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let local_url: Url = "http://127.0.0.1:5000".parse().expect("a URL");
    let opened = runtime.block_on(App::open(wharf_app::Config {
        data: data.path().to_owned(),
        root_key: RootKey::DataFolder,
        external_url: None,
        local_url: local_url.clone(),
        outbound: wharf_app::OutboundClient::none(),
    }));
    // Proxies are believed, so that their headers are read too.
    let config = wharf_server::Config {
        trusted_proxies: vec!["127.0.0.1".parse().expect("an address")],
        ..Default::default()
    };
    let opened = opened.expect("a registry");
    let key = std::fs::read(opened.new_owner_key.expect("a first start")).expect("the owner's key");
    let pair = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        [b"_json_key:".as_slice(), &key].concat(),
    );
    Registry {
        server: Server::new(&config, &local_url, opened.app),
        owner: HeaderValue::from_str(&format!("Basic {pair}")).expect("base64"),
        runtime,
        _data: data,
    }
});

fuzz_target!(|input: &[u8]| {
    let registry = &*REGISTRY;
    let Some(request) = request(input, &registry.owner) else {
        return;
    };
    let (status, content_type, body) = registry.runtime.block_on(async {
        let response = registry.server.answer(request).await;
        let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
        let status = response.status();
        let body = response.into_body().collect().await.expect("a whole body");
        (status, content_type, body.to_bytes())
    });
    assert!(
        !status.is_server_error() || status == StatusCode::NOT_IMPLEMENTED,
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    let is_json =
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if is_json && !body.is_empty() {
        serde_json::from_slice::<serde_json::Value>(&body).expect("JSON");
    }
});

fn request(input: &[u8], owner: &HeaderValue) -> Option<Request<Body>> {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, [].as_slice()),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, path) = first.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(path);
    let mut has_host = false;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = line[colon + 1..].trim_ascii();
        has_host |= name == header::HOST;
        request = match (name.as_str(), value) {
            ("as", b"owner") => request.header(header::AUTHORIZATION, owner),
            _ => request.header(name, HeaderValue::from_bytes(value).ok()?),
        };
    }
    if !has_host {
        request = request.header(header::HOST, "127.0.0.1:5000");
    }
    request.body(Body::from(Bytes::copy_from_slice(body))).ok()
}
