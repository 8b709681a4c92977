//! Token endpoints: the Docker token protocol (`/v2/token`) and OAuth's JWT bearer grant (`/token`, RFC 7523).

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use wharf_app::iam::authenticate::Credential;
use wharf_app::iam::tokens::{Exchanged, IssuedToken};
use wharf_app::{Caller, Error};
use wharf_types::error::OciCode;
use wharf_types::limits;
use wharf_types::scope::Scope;
use wharf_types::wire::oci::TokenResponse;

use crate::body::read_whole;
use crate::caller::{self, authenticate};
use crate::error::{self, Challenge, Oauth};
use crate::parameters::Parameters;
use crate::requests::Context;
use crate::shared::Shared;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// `GET /v2/token?service=&scope=…`, with Basic, Bearer or nothing (Docker's token authentication specification).
pub(crate) async fn docker_get(
    State(shared): State<Arc<Shared>>,
    context: Context,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let scopes = Scope::parse_list(query.all("scope"));
    match authenticate(&shared, &context, &headers).await {
        Ok(caller) => docker_token(&shared, &context, &caller, &scopes).await,
        Err(error) => refused(&context, &error),
    }
}

/// `POST /v2/token`: the same with a form (Docker's OAuth2 variant), where `grant_type=password` brings `username` and
/// `password`. Without a grant it is like the `GET`.
pub(crate) async fn docker_post(
    State(shared): State<Arc<Shared>>,
    context: Context,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let form = match read_whole(body, "the form", limits::TOKEN_BODY_SIZE_MAX).await {
        Ok(form) => form,
        Err(error) => return Oauth(error).into_response(),
    };
    let form = Parameters::parse(&form);
    let credential = match form.get("grant_type") {
        None => caller::credential(&headers),
        Some("password") => match (form.get("username"), form.get("password")) {
            (Some(user), Some(password)) => Ok(Credential::Basic {
                user: user.to_owned(),
                password: SecretString::from(password),
            }),
            _ => Err(invalid("grant_type=password needs username and password")),
        },
        // No refresh token is ever given out: docker would store it in place of the password that does not expire.
        // Clients that are told to keep a token of ours as one (`identitytoken`) present it here.
        Some("refresh_token") => match form.get("refresh_token") {
            Some(token) => Ok(Credential::Bearer(SecretString::from(token))),
            None => Err(invalid("grant_type=refresh_token needs refresh_token")),
        },
        Some(_) => return unsupported_grant("grant_type must be password or refresh_token"),
    };
    let caller = match credential {
        Ok(credential) => caller::identify(&shared, &context, &credential).await,
        Err(error) => Err(error),
    };
    let scopes = Scope::parse_list(form.all("scope"));
    match caller {
        Ok(caller) => docker_token(&shared, &context, &caller, &scopes).await,
        Err(error @ Error::Unauthenticated(_)) => refused(&context, &error),
        Err(error) => Oauth(error).into_response(),
    }
}

async fn docker_token(
    shared: &Shared,
    context: &Context,
    caller: &Caller,
    scopes: &[Scope],
) -> Response {
    let issued = match shared.app.issue_registry_token(caller, scopes).await {
        Ok(issued) => issued,
        Err(error) => return refused(context, &error),
    };
    let IssuedToken {
        token,
        lifetime,
        issued_at,
    } = &issued;
    let body = TokenResponse {
        token: token.expose_secret().to_owned(),
        access_token: token.expose_secret().to_owned(),
        expires_in: lifetime.as_secs(),
        issued_at: format!("{issued_at:.0}"),
    };
    not_stored(error::json(StatusCode::OK, &body))
}

/// `POST /token`: an access token for a JWT that a service account key signed, or an ID token if it asks for one.
pub(crate) async fn oauth(
    State(shared): State<Arc<Shared>>,
    context: Context,
    body: axum::body::Body,
) -> Response {
    let form = match read_whole(body, "the form", limits::TOKEN_BODY_SIZE_MAX).await {
        Ok(form) => form,
        Err(error) => return Oauth(error).into_response(),
    };
    let form = Parameters::parse(&form);
    match form.get("grant_type") {
        Some(JWT_BEARER) => {}
        Some(_) => return unsupported_grant(&format!("grant_type must be {JWT_BEARER}")),
        None => return Oauth(invalid("grant_type is missing")).into_response(),
    }
    let Some(assertion) = form.get("assertion") else {
        return Oauth(invalid("assertion is missing")).into_response();
    };
    let assertion = SecretString::from(assertion);
    let issued = shared
        .app
        .exchange_assertion(&assertion, form.get("scope"), &context.origin)
        .await;
    match issued {
        Ok(Exchanged::Id(token)) => not_stored(error::json(
            StatusCode::OK,
            &json!({ "id_token": token.expose_secret() }),
        )),
        Ok(Exchanged::Access(issued)) => not_stored(error::json(
            StatusCode::OK,
            &json!({
                "access_token": issued.token.expose_secret(),
                "expires_in": issued.lifetime.as_secs(),
                "token_type": "Bearer",
            }),
        )),
        Err(error) => Oauth(error).into_response(),
    }
}

fn refused(context: &Context, error: &Error) -> Response {
    let challenge = Challenge {
        base_url: &context.origin.base_url,
        scope: Cow::Borrowed(""),
    };
    error::oci(error, &challenge)
}

fn invalid(message: &str) -> Error {
    Error::invalid(OciCode::Unsupported, message)
}

/// RFC 6749, 5.2.
fn unsupported_grant(message: &str) -> Response {
    let body = json!({ "error": "unsupported_grant_type", "error_description": message });
    not_stored(error::json(StatusCode::BAD_REQUEST, &body))
}

/// RFC 6749, 5.1.
fn not_stored(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
