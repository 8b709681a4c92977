//! The Google-style APIs, on Google's own paths: IAM v1, Resource Manager v1 and v3, Cloud Storage v1, Policy Troubleshooter
//! v1, Cloud Logging v2, Service Usage v1, and of Compute Engine v1 the places. Every method is a row in [`methods`]; its handler parses, calls one verb of
//! [`wharf_app`], and shapes the answer.

mod accounts;
mod bucket_policies;
mod buckets;
mod call;
mod credentials;
mod discovery;
mod fields;
mod filter;
mod identity;
mod keys;
mod kms;
mod lint;
mod logging;
mod method;
mod methods;
mod objects;
mod operations;
mod organizations;
mod page;
mod path;
mod places;
mod policies;
mod pools;
mod projects;
mod projects_v3;
mod providers;
mod query;
mod refusal;
mod roles;
mod services;
mod sts;
mod table;
mod template;
mod troubleshoot;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use wharf_app::{Caller, Error};
use wharf_types::{Principal, limits};

use crate::caller::authenticate;
use crate::requests::Context;
use crate::sendfile::Outlet;
use crate::shared::Shared;
use call::{Answer, Call, Form};
use method::{Handler, Login};
use query::Query;
use refusal::{Dialect, Refusal};
use table::Found;

pub(crate) use table::LOG_ENTRIES;

/// An extension of an answer: the id of the method that was asked for, for the log.
#[derive(Clone, Copy)]
pub(crate) struct MethodId(pub(crate) &'static str);

/// The APIs' folders. What is inside them is found in the table: names have colons, and verbs stand behind one.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    table::folders()
        .iter()
        .fold(Router::new(), |router, folder| {
            router.route(folder, any(serve))
        })
}

/// Answers one request.
async fn serve(
    State(shared): State<Arc<Shared>>,
    context: Context,
    request: Request<Body>,
) -> Response {
    let path = request.uri().path().to_owned();
    let dialect = Dialect::of(&path);
    let found = table::find(request.method().as_str(), &path);
    let id = found.as_ref().map(|found| MethodId(found.method.id));
    let answer = match found {
        Some(found) => answer(&shared, context, dialect, request, found).await,
        None => Err(no_such(&shared, &context, request.headers(), &path).await),
    };
    let mut response = answer.unwrap_or_else(|refusal| refusal.into_response(dialect));
    if let Some(id) = id {
        response.extensions_mut().insert(id);
    }
    response
}

async fn answer(
    shared: &Shared,
    context: Context,
    dialect: Dialect,
    request: Request<Body>,
    found: Found<'_>,
) -> Answer {
    let login = found.method.login;
    let caller = match login {
        Login::Read | Login::Required => authenticate(shared, &context, request.headers()).await?,
        Login::Ignored => Caller::anonymous(context.origin),
    };
    let is_nobody = caller.principal == Principal::Anonymous;
    if is_nobody && login == Login::Required {
        return Err(Refusal::needs_login());
    }
    let answer = run(shared, caller, context.outlet, dialect, request, found).await;
    // Nobody is not told what is wrong with a request, nor what is there, as everywhere at Google but in Cloud Storage.
    let is_told = !is_nobody || login == Login::Ignored || dialect == Dialect::Storage;
    answer.map_err(|refusal| {
        if is_told {
            refusal
        } else {
            refusal.for_nobody()
        }
    })
}

async fn run(
    shared: &Shared,
    caller: Caller,
    outlet: Option<Arc<Outlet>>,
    dialect: Dialect,
    request: Request<Body>,
    Found { method, values }: Found<'_>,
) -> Answer {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let call = Call {
        app: shared.app.clone(),
        caller,
        outlet,
        body: match head.method {
            Method::POST | Method::PUT | Method::PATCH => read(body).await?,
            _ => Bytes::new(),
        },
        method: head.method,
        headers: head.headers,
        dialect,
        form: Form::of(&query)?,
        query,
    };
    if let Some(request) = &method.request {
        (request.check)(&call)?;
    }
    let values: Vec<&str> = values.iter().map(Cow::as_ref).collect();
    match method.handler {
        Handler::NotOffered(why) => Err(Refusal::NotOffered(why)),
        Handler::Function { run, .. } => match run(&call, &values) {
            Some(answer) => answer.await,
            None => Err(Error::internal(WrongArity(method.id)).into()),
        },
    }
}

/// A row whose handler takes another number of values than its path has. A test keeps such rows out.
#[derive(Debug, thiserror::Error)]
#[error("the handler of {0} does not fit its path")]
struct WrongArity(&'static str);

/// Whether the path is there with another method. Who brings a wrong credential is told of that first.
async fn no_such(shared: &Shared, context: &Context, headers: &HeaderMap, path: &str) -> Refusal {
    if let Err(error) = authenticate(shared, context, headers).await {
        return error.into();
    }
    match table::allowed(path).as_slice() {
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
