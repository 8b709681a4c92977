//! Requests that nobody thought of.

use axum::body::Body;
use http::{HeaderValue, Method, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("default".to_owned()),
        Just("web".to_owned()),
        Just("manifests".to_owned()),
        Just("blobs".to_owned()),
        Just("uploads".to_owned()),
        Just("tags".to_owned()),
        Just("list".to_owned()),
        Just("referrers".to_owned()),
        Just("_catalog".to_owned()),
        Just("token".to_owned()),
        Just(HELLO.to_owned()),
        Just("v1".to_owned()),
        Just(String::new()),
        "[a-zA-Z0-9._:%@~-]{0,12}",
    ];
    let query = prop_oneof![
        Just(String::new()),
        "\\?(n|last|digest|mount|from|tag|artifactType|scope)=[a-z0-9:/%-]{0,20}(&[a-z]{1,5}=[^\\s#]{0,9})?",
    ];
    let base = prop_oneof![
        Just("/v2/"),
        Just("/v2"),
        Just("/v1/"),
        Just("/"),
        Just("/storage/v1/")
    ];
    (base, prop::collection::vec(segment, 0..7), query)
        .prop_map(|(base, segments, query)| format!("{base}{}{query}", segments.join("/")))
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let name = prop::sample::select(vec![
        "range",
        "content-range",
        "if-range",
        "if-none-match",
        "content-type",
        "content-length",
        "host",
        "authorization",
        "x-forwarded-for",
        "user-agent",
        "accept",
    ]);
    let value = prop_oneof![
        "bytes=[0-9]{0,20}-[0-9]{0,20}".prop_map(String::into_bytes),
        "[0-9]{0,20}-[0-9]{0,20}".prop_map(String::into_bytes),
        "(Basic|Bearer) [a-zA-Z0-9+/=.]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (name, value)
}

#[test]
fn no_request_panics_or_is_answered_with_5xx() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let registry = runtime.block_on(async {
        let registry = Registry::open().await;
        registry.push_image("default/web", "v1").await;
        registry.push_blob("default/web", HELLO, "hello").await;
        registry
    });
    let method = prop::sample::select(vec![
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ODD",
    ]);
    let headers = prop::collection::vec(header(), 0..4);
    let body = prop::collection::vec(any::<u8>(), 0..40);
    let mut runner = TestRunner::new(Config::with_cases(300));
    let result = runner.run(
        &(method, path(), headers, body, any::<bool>()),
        |(method, path, headers, body, is_owner)| {
            let mut request = Request::new(Body::from(body));
            *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
            let Ok(uri) = path.parse() else {
                return Ok(());
            };
            *request.uri_mut() = uri;
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    request.headers_mut().append(name, value);
                }
            }
            if is_owner {
                let value = registry.owner.parse().unwrap();
                request.headers_mut().insert("authorization", value);
            }
            let status = runtime.block_on(registry.ask(request)).status.as_u16();
            prop_assert!(status < 500, "{method} {path}: {status}");
            Ok(())
        },
    );
    if let Err(error) = result {
        panic!("{error}");
    }
}
