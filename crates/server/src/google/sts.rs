//! The Security Token Service (STS v1): tokens of other issuers for ours (RFC 8693).

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use wharf_app::iam::federation::exchange::{ACCESS_TOKEN_TYPE, ExchangeError, TokenExchange};
use wharf_types::Principal;
use wharf_types::limits;
use wharf_types::text::shorten;
use wharf_types::wire::federation::ExchangedToken;

use super::call::{Answer, Call};
use crate::error::{self, Oauth};
use crate::parameters::Parameters;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A request in JSON, as Google's own API has it; the form's names are understood too.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonRequest {
    #[serde(alias = "grant_type")]
    grant_type: Option<String>,
    audience: Option<String>,
    scope: Option<String>,
    #[serde(alias = "requested_token_type")]
    requested_token_type: Option<String>,
    #[serde(alias = "subject_token")]
    subject_token: Option<SecretString>,
    #[serde(alias = "subject_token_type")]
    subject_token_type: Option<String>,
}

/// `POST v1/token`, as a form or as JSON. The proof stands in the body; `Authorization` tells at most which program asks.
pub(super) async fn token(call: &Call) -> Answer {
    let request = match read(&call.body) {
        Ok(request) => request,
        Err(refused) => return Ok(refusal(&refused)),
    };
    match request.grant_type.as_deref() {
        Some(GRANT_TYPE) => {}
        Some(other) => {
            let message = format!("grant_type must be {GRANT_TYPE}, not {:?}", shorten(other));
            return Ok(answer(
                StatusCode::BAD_REQUEST,
                &json!({"error": "unsupported_grant_type", "error_description": message}),
            ));
        }
        None => return Ok(refusal(&malformed("grant_type is missing."))),
    }
    let exchange = TokenExchange {
        audience: request.audience,
        scope: request.scope,
        requested_token_type: request.requested_token_type,
        subject_token: request.subject_token,
        subject_token_type: request.subject_token_type,
    };
    match call.app.exchange_token(exchange, &call.caller.origin).await {
        Ok(issued) => Ok(answer(
            StatusCode::OK,
            &ExchangedToken {
                access_token: issued.token.expose_secret().to_owned(),
                issued_token_type: ACCESS_TOKEN_TYPE.to_owned(),
                token_type: "Bearer".to_owned(),
                expires_in: issued.lifetime.as_secs(),
            },
        )),
        Err(ExchangeError::App(error)) => Ok(Oauth(error).into_response()),
        Err(refused) => Ok(refusal(&refused)),
    }
}

/// `POST v1/introspect`, as a form or as JSON (RFC 7662): whose a token is, and until when it is good. gcloud asks it for
/// the name of who is logged in.
pub(super) async fn introspect(call: &Call) -> Answer {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Request {
        token: Option<SecretString>,
    }
    let token = if call.body.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<Request>(&call.body)
            .unwrap_or_default()
            .token
    } else {
        let form = Parameters::parse(&call.body);
        form.get("token").map(SecretString::from)
    };
    let Some(token) = token else {
        return Ok(refusal(&malformed("token is missing.")));
    };
    let found = call.app.introspect(&token, &call.caller.origin).await?;
    let Some(found) = found else {
        return Ok(answer(StatusCode::OK, &json!({ "active": false })));
    };
    let username = match &found.principal {
        Principal::ServiceAccount(email) => email.to_string(),
        other => other.to_string(),
    };
    let body = json!({
        "active": true,
        "username": username,
        "sub": username,
        "scope": found.scopes.join(" "),
        "token_type": "Bearer",
        "iss": &*call.caller.origin.base_url,
        "iat": found.issued_at.map(|at| at.as_second()),
        "exp": found.expires_at.as_second(),
    });
    Ok(answer(StatusCode::OK, &body))
}

fn read(body: &[u8]) -> Result<JsonRequest, ExchangeError> {
    if body.len() > limits::TOKEN_BODY_SIZE_MAX {
        return Err(malformed(&format!(
            "The body is longer than {} bytes.",
            limits::TOKEN_BODY_SIZE_MAX
        )));
    }
    if body.trim_ascii_start().starts_with(b"{") {
        // The library's words could repeat what was sent, the token with it.
        return serde_json::from_slice(body)
            .map_err(|_| malformed("The body is not the JSON that it should be."));
    }
    let form = Parameters::parse(body);
    let get = |name: &str| form.get(name).map(str::to_owned);
    Ok(JsonRequest {
        grant_type: get("grant_type"),
        audience: get("audience"),
        scope: get("scope"),
        requested_token_type: get("requested_token_type"),
        subject_token: get("subject_token").map(SecretString::from),
        subject_token_type: get("subject_token_type"),
    })
}

fn malformed(message: &str) -> ExchangeError {
    ExchangeError::InvalidRequest(message.to_owned())
}

/// RFC 6749, section 5.2, and RFC 8693, section 2.2.2, with Google's statuses.
fn refusal(refused: &ExchangeError) -> Response {
    let (status, code) = match refused {
        ExchangeError::InvalidTarget(_) => (StatusCode::BAD_REQUEST, "invalid_target"),
        ExchangeError::InvalidGrant(_) => (StatusCode::BAD_REQUEST, "invalid_grant"),
        ExchangeError::Rejected(_) => (StatusCode::UNAUTHORIZED, "unauthorized_client"),
        ExchangeError::InvalidRequest(_) | ExchangeError::App(_) => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
    };
    answer(
        status,
        &json!({"error": code, "error_description": refused.to_string()}),
    )
}

fn answer(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let mut response = error::json(status, body);
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
