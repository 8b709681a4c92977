//! The Google-style APIs, on Google's own paths: IAM v1, Resource Manager v1 and v3, Cloud Storage's buckets, Policy
//! Troubleshooter v1, Cloud Logging v2. A handler parses, calls one verb of [`wharf_app`], and shapes the answer; [`route`] is the page of them.

mod accounts;
mod bucket_policies;
mod buckets;
mod call;
mod filter;
mod keys;
mod lint;
mod logging;
mod operations;
mod organizations;
mod page;
mod path;
mod policies;
mod projects;
mod projects_v3;
mod query;
mod refusal;
mod roles;
mod troubleshoot;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Method, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use wharf_app::Error;
use wharf_types::limits;

use crate::caller::Authenticated;
use crate::error;
use crate::shared::Shared;
use call::{Answer, Call};
use refusal::{Dialect, Refusal};

/// The one path below `/v2` that is Google's: the registry protocol has none with a colon.
pub(crate) const LOG_ENTRIES: &str = "/v2/entries:list";

/// The APIs' folders. What is inside them is [`route`]d by the face itself: names have colons, and verbs stand behind one.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    [
        "/v1/{*path}",
        LOG_ENTRIES,
        "/v3/{*path}",
        "/storage/v1/{*path}",
        "/upload/storage/v1/{*path}",
        "/download/storage/v1/{*path}",
        "/oauth2/v1/{*path}",
        "/robot/v1/{*path}",
    ]
    .iter()
    .fold(Router::new(), |router, path| router.route(path, any(serve)))
}

/// Every method, one a row. `None`: there is no such.
///
/// `-` as a project stands for any project, wherever the rest of the name says enough.
#[rustfmt::skip]
fn route<'a>(call: &'a Call, method: &Method, path: &'a [&'a str], verb: Option<&str>) -> Option<BoxFuture<'a, Answer>> {
    Some(match (method.as_str(), path, verb) {
        // Service accounts.
        ("GET",    ["v1", "projects", p, "serviceAccounts"], None) => accounts::list(call, p).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts"], None) => accounts::create(call, p).boxed(),
        ("GET",    ["v1", "projects", p, "serviceAccounts", a], None) => accounts::get(call, p, a).boxed(),
        ("PATCH",  ["v1", "projects", p, "serviceAccounts", a], None) => accounts::patch(call, p, a).boxed(),
        ("PUT",    ["v1", "projects", p, "serviceAccounts", a], None) => accounts::update(call, p, a).boxed(),
        ("DELETE", ["v1", "projects", p, "serviceAccounts", a], None) => accounts::delete(call, p, a).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a], Some("disable")) => accounts::set_disabled(call, p, a, true).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a], Some("enable")) => accounts::set_disabled(call, p, a, false).boxed(),
        ("POST",   ["v1", "projects", _, "serviceAccounts", _], Some("undelete")) => not_offered("a deleted service account does not come back: create it anew, it gets none of the old one's rights"),

        // Their keys.
        ("GET",    ["v1", "projects", p, "serviceAccounts", a, "keys"], None) => keys::list(call, p, a).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a, "keys"], None) => keys::create(call, p, a).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a, "keys"], Some("upload")) => keys::upload(call, p, a).boxed(),
        ("GET",    ["v1", "projects", p, "serviceAccounts", a, "keys", k], None) => keys::get(call, p, a, k).boxed(),
        ("DELETE", ["v1", "projects", p, "serviceAccounts", a, "keys", k], None) => keys::delete(call, p, a, k).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a, "keys", k], Some("disable")) => keys::set_disabled(call, p, a, k, true).boxed(),
        ("POST",   ["v1", "projects", p, "serviceAccounts", a, "keys", k], Some("enable")) => keys::set_disabled(call, p, a, k, false).boxed(),

        // Roles and permissions.
        ("GET",    ["v1", "roles"], None) => roles::list_predefined(call).boxed(),
        ("GET",    ["v1", "roles", r], None) => roles::get_predefined(call, r).boxed(),
        ("POST",   ["v1", "roles"], Some("queryGrantableRoles")) => roles::query_grantable(call).boxed(),
        ("POST",   ["v1", "permissions"], Some("queryTestablePermissions")) => roles::query_testable(call).boxed(),
        ("GET",    ["v1", "projects", p, "roles"], None) => roles::list(call, p).boxed(),
        ("POST",   ["v1", "projects", p, "roles"], None) => roles::create(call, p).boxed(),
        ("GET",    ["v1", "projects", p, "roles", r], None) => roles::get(call, p, r).boxed(),
        ("PATCH",  ["v1", "projects", p, "roles", r], None) => roles::patch(call, p, r).boxed(),
        ("DELETE", ["v1", "projects", p, "roles", r], None) => roles::delete(call, p, r).boxed(),
        ("POST",   ["v1", "projects", p, "roles", r], Some("undelete")) => roles::undelete(call, p, r).boxed(),

        // Policies of the registry, of projects and of service accounts.
        ("GET" | "POST", ["v1" | "v3", name @ ..], Some("getIamPolicy")) => policies::get(call, name).boxed(),
        ("POST",   ["v1" | "v3", name @ ..], Some("setIamPolicy")) => policies::set(call, name).boxed(),
        ("POST",   ["v1" | "v3", name @ ..], Some("testIamPermissions")) => policies::test(call, name).boxed(),
        ("POST",   ["v1", "iamPolicies"], Some("lintPolicy")) => lint::lint(call).boxed(),
        ("POST",   ["v1", "iam"], Some("troubleshoot")) => troubleshoot::troubleshoot(call).boxed(),

        // Projects and the organization, as gcloud asks for them.
        ("GET",    ["v1", "projects"], None) => projects::list(call).boxed(),
        ("POST",   ["v1", "projects"], None) => projects::create(call).boxed(),
        ("GET",    ["v1", "projects", p], None) => projects::get(call, p).boxed(),
        ("PUT",    ["v1", "projects", p], None) => projects::update(call, p).boxed(),
        ("DELETE", ["v1", "projects", p], None) => projects::delete(call, p).boxed(),
        ("POST",   ["v1", "projects", p], Some("undelete")) => projects::undelete(call, p).boxed(),
        ("POST",   ["v1", "projects", p], Some("getAncestry")) => projects::ancestry(call, p).boxed(),
        ("GET",    ["v1", "organizations", "0"], None) => organizations::get(call).boxed(),
        ("POST",   ["v1", "organizations"], Some("search")) => organizations::search(call).boxed(),
        ("GET",    ["v1", "operations", o], None) => operations::get_v1(call, o).boxed(),

        // The same, as client libraries ask for them.
        ("GET",    ["v3", "projects"], None) => projects_v3::list(call).boxed(),
        ("GET",    ["v3", "projects"], Some("search")) => projects_v3::search(call).boxed(),
        ("POST",   ["v3", "projects"], None) => projects_v3::create(call).boxed(),
        ("GET",    ["v3", "projects", p], None) => projects_v3::get(call, p).boxed(),
        ("PATCH",  ["v3", "projects", p], None) => projects_v3::patch(call, p).boxed(),
        ("DELETE", ["v3", "projects", p], None) => projects_v3::delete(call, p).boxed(),
        ("POST",   ["v3", "projects", p], Some("undelete")) => projects_v3::undelete(call, p).boxed(),
        ("GET",    ["v3", "organizations", "0"], None) => organizations::get(call).boxed(),
        ("GET",    ["v3", "organizations"], Some("search")) => organizations::search(call).boxed(),
        ("GET",    ["v3", "operations", o], None) => operations::get_v3(call, o).boxed(),

        // The audit log.
        ("POST",   ["v2", "entries"], Some("list")) => logging::list(call).boxed(),

        // Buckets.
        ("GET",    ["storage", "v1", "b"], None) => buckets::list(call).boxed(),
        ("POST",   ["storage", "v1", "b"], None) => buckets::insert(call).boxed(),
        ("GET",    ["storage", "v1", "b", b], None) => buckets::get(call, b).boxed(),
        ("PATCH",  ["storage", "v1", "b", b], None) => buckets::patch(call, b).boxed(),
        ("PUT",    ["storage", "v1", "b", b], None) => buckets::update(call, b).boxed(),
        ("DELETE", ["storage", "v1", "b", b], None) => buckets::delete(call, b).boxed(),
        ("GET",    ["storage", "v1", "b", b, "iam"], None) => bucket_policies::get(call, b).boxed(),
        ("PUT",    ["storage", "v1", "b", b, "iam"], None) => bucket_policies::set(call, b).boxed(),
        ("GET",    ["storage", "v1", "b", b, "iam", "testPermissions"], None) => bucket_policies::test(call, b).boxed(),
        ("GET",    ["storage", "v1", "projects", p, "serviceAccount"], None) => buckets::service_agent(call, p).boxed(),
        (_,        ["storage", "v1", "b", _, "acl" | "defaultObjectAcl", ..], None) => not_offered("there are no ACLs here: policies alone decide, on the project, the bucket or under a condition"),
        (_,        ["storage", "v1", "b", _, "o", ..], None)
        | (_,      ["upload" | "download", "storage", "v1", ..], None) => not_offered("objects are reached as images, by the registry protocol under /v2/, not by this API"),

        // What key files point to.
        ("GET",    ["oauth2", "v1", "certs"], None) => not_offered("tokens of this registry are verified by this registry alone, under a secret that has no public half"),
        ("GET",    ["robot", "v1", "metadata", "x509", _], None) => not_offered("certificates are not kept: read a public key with GET /v1/projects/-/serviceAccounts/E/keys/K?publicKeyType=TYPE_RAW_PUBLIC_KEY"),
        _ => return None,
    })
}

fn not_offered<'a>(message: &'static str) -> BoxFuture<'a, Answer> {
    async move { Err(Refusal::NotOffered(message)) }.boxed()
}

/// Answers one request.
async fn serve(
    State(shared): State<Arc<Shared>>,
    caller: Result<Authenticated, error::Google>,
    request: Request<Body>,
) -> Response {
    let dialect = Dialect::of(request.uri().path());
    match answer(&shared, caller, dialect, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(dialect),
    }
}

async fn answer(
    shared: &Shared,
    caller: Result<Authenticated, error::Google>,
    dialect: Dialect,
    request: Request<Body>,
) -> Answer {
    let Authenticated(caller) = caller.map_err(|error::Google(error)| error)?;
    let (head, body) = request.into_parts();
    let call = Call {
        app: shared.app.clone(),
        caller,
        query: query::Query::parse(head.uri.query().unwrap_or_default()),
        body: match head.method {
            Method::POST | Method::PUT | Method::PATCH => read(body).await?,
            _ => Bytes::new(),
        },
        dialect,
    };
    let path = head.uri.path();
    for reading in path::readings(path) {
        let segments: Vec<&str> = reading.segments.iter().map(AsRef::as_ref).collect();
        if let Some(answer) = route(&call, &head.method, &segments, reading.verb) {
            return answer.await;
        }
    }
    Err(no_such(&call, path))
}

/// Whether the path is there with another method. A method's future that nobody awaits does nothing.
fn no_such(call: &Call, path: &str) -> Refusal {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let has = |method: &&Method| {
        path::readings(path).any(|reading| {
            let segments: Vec<&str> = reading.segments.iter().map(AsRef::as_ref).collect();
            route(call, method, &segments, reading.verb).is_some()
        })
    };
    let allowed: Vec<&str> = methods.iter().filter(has).map(Method::as_str).collect();
    match allowed.as_slice() {
        [] => Refusal::NoSuchPath(path.to_owned()),
        allowed => Refusal::NoSuchMethod {
            allow: allowed.join(", "),
        },
    }
}

async fn read(body: Body) -> Result<Bytes, Error> {
    match Limited::new(body, limits::JSON_BODY_SIZE_MAX)
        .collect()
        .await
    {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::TooLarge {
            what: "the body",
            limit: limits::JSON_BODY_SIZE_MAX as u64,
        }),
        Err(error) => Err(Error::BrokenBody(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
