//! What others need to know of tokens and signatures: public keys, and who a token is (Google's OAuth pages).

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use wharf_app::iam::certificates::PublishedKey;
use wharf_app::iam::introspection::{Introspection, TokenKind};
use wharf_types::Principal;

use super::accounts::reference;
use super::call::{Answer, Call};
use crate::error;
use crate::parameters::Parameters;

/// How long others may keep public keys. A new one is published for a day before it signs.
const KEPT_FOR: HeaderValue = HeaderValue::from_static("public, max-age=3600, must-revalidate");

/// `GET /oauth2/v1/certs`: the keys of ID tokens, as certificates.
pub(super) async fn certificates(call: &Call) -> Answer {
    Ok(published(&as_certificates(
        call.app.registry_public_keys().await?,
    )))
}

/// `GET /oauth2/v3/certs`: the same as JWKs.
pub(super) async fn jwks(call: &Call) -> Answer {
    Ok(published(&as_jwks(call.app.registry_public_keys().await?)))
}

/// `GET /robot/v1/metadata/x509/E`, `GET /service_accounts/v1/metadata/x509/E`: an account's keys, as certificates.
pub(super) async fn account_certificates(call: &Call, account: &str) -> Answer {
    let account = reference(call, "-", account).await?;
    let keys = call.app.account_public_keys(&account).await?;
    Ok(published(&as_certificates(keys)))
}

/// `GET /service_accounts/v1/jwk/E`: the same as JWKs.
pub(super) async fn account_jwks(call: &Call, account: &str) -> Answer {
    let account = reference(call, "-", account).await?;
    let keys = call.app.account_public_keys(&account).await?;
    Ok(published(&as_jwks(keys)))
}

/// `GET /.well-known/openid-configuration` (OpenID Connect Discovery, section 4).
pub(super) async fn openid_configuration(call: &Call) -> Answer {
    let issuer = call.app.issuer(&call.caller.origin);
    Ok(published(&json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/openidconnect/v1/userinfo"),
        "introspection_endpoint": format!("{issuer}/v1/introspect"),
        "jwks_uri": format!("{issuer}/oauth2/v3/certs"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email"],
        "claims_supported": ["aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
    })))
}

/// `/oauth2/v3/tokeninfo?access_token=` or `?id_token=`, also as a form: numbers as text.
pub(super) async fn token_info(call: &Call) -> Answer {
    let Some(found) = found(call).await? else {
        let body = json!({ "error_description": "Invalid Value" });
        return Ok(error::json(StatusCode::BAD_REQUEST, &body));
    };
    let about = About::of(&found);
    let mut body = object(json!({
        "azp": about.id,
        "aud": found.audience.as_ref().unwrap_or(&about.id),
        "sub": about.id,
        "exp": found.expires_at.as_second().to_string(),
    }));
    if let Some(email) = about.email {
        body.insert("email".to_owned(), email.into());
        body.insert("email_verified".to_owned(), "true".into());
    }
    match (found.kind, found.issued_at) {
        (TokenKind::Id, issued_at) => {
            body.insert(
                "iss".to_owned(),
                call.app.issuer(&call.caller.origin).into(),
            );
            let issued_at = issued_at.map(|at| at.as_second().to_string());
            body.insert("iat".to_owned(), issued_at.into());
        }
        _ => {
            body.insert("scope".to_owned(), found.scopes.join(" ").into());
            body.insert("expires_in".to_owned(), about.left.to_string().into());
            body.insert("access_type".to_owned(), "online".into());
        }
    }
    call.answer(&body)
}

/// `/oauth2/v1/tokeninfo?access_token=`: the same under older names.
pub(super) async fn token_info_v1(call: &Call) -> Answer {
    let Some(found) = found(call).await? else {
        let body = json!({ "error": "invalid_token", "error_description": "Invalid Value" });
        return Ok(error::json(StatusCode::BAD_REQUEST, &body));
    };
    let about = About::of(&found);
    let mut body = object(json!({
        "issued_to": about.id,
        "audience": found.audience.as_ref().unwrap_or(&about.id),
        "user_id": about.id,
        "scope": found.scopes.join(" "),
        "expires_in": about.left,
        "access_type": "online",
    }));
    if let Some(email) = about.email {
        body.insert("email".to_owned(), email.into());
        body.insert("verified_email".to_owned(), true.into());
    }
    call.answer(&body)
}

/// `/openidconnect/v1/userinfo` and `/oauth2/v3/userinfo` (OpenID Connect Core, section 5.3).
pub(super) async fn user_info(call: &Call) -> Answer {
    user(call, "sub", "email_verified").await
}

/// `/oauth2/v1/userinfo` and `/oauth2/v2/userinfo`: the same under older names.
pub(super) async fn user_info_v1(call: &Call) -> Answer {
    user(call, "id", "verified_email").await
}

async fn user(call: &Call, id: &str, is_verified: &str) -> Answer {
    let unique_id = call.app.unique_id(&call.caller).await?;
    let principal = &call.caller.principal;
    let mut body = Map::new();
    let unique_id = unique_id.unwrap_or_else(|| principal.to_string());
    body.insert(id.to_owned(), unique_id.into());
    if let Principal::ServiceAccount(email) = principal {
        body.insert("email".to_owned(), email.to_string().into());
        body.insert(is_verified.to_owned(), true.into());
    }
    call.answer(&body)
}

/// The token that a call asks about, if it is good and of the kind that the call says.
async fn found(call: &Call) -> Result<Option<Introspection>, wharf_app::Error> {
    let form = Parameters::parse(&call.body);
    let named = |query: &str, name: &str| {
        let text = form.get(name).or(call.query.get(query))?;
        Some(SecretString::from(text))
    };
    let (token, is_id) = match named("accessToken", "access_token") {
        Some(token) => (Some(token), false),
        None => (named("idToken", "id_token"), true),
    };
    let Some(token) = token else { return Ok(None) };
    let found = call.app.introspect(&token, &call.caller.origin).await?;
    Ok(found.filter(|found| (found.kind == TokenKind::Id) == is_id))
}

/// Whom a token is about.
struct About {
    id: String,
    email: Option<String>,
    /// Seconds that are left.
    left: i64,
}

impl About {
    fn of(found: &Introspection) -> Self {
        let left = found.expires_at.as_second() - Timestamp::now().as_second();
        Self {
            id: match &found.unique_id {
                Some(id) => id.clone(),
                None => found.principal.to_string(),
            },
            email: match &found.principal {
                Principal::ServiceAccount(email) => Some(email.to_string()),
                _ => None,
            },
            left: left.max(0),
        }
    }
}

fn as_certificates(keys: Vec<PublishedKey>) -> Value {
    let certificates = keys
        .into_iter()
        .map(|key| (key.id, Value::from(key.certificate)));
    Value::Object(certificates.collect())
}

/// RFC 7517 and RFC 7518, section 6.3.
fn as_jwks(keys: Vec<PublishedKey>) -> Value {
    let key = |key: PublishedKey| {
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": key.id,
            "n": URL_SAFE_NO_PAD.encode(key.modulus),
            "e": URL_SAFE_NO_PAD.encode(key.exponent),
        })
    };
    json!({ "keys": keys.into_iter().map(key).collect::<Vec<_>>() })
}

fn published(body: &Value) -> Response {
    let mut response = error::json(StatusCode::OK, body).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, KEPT_FOR);
    response
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
