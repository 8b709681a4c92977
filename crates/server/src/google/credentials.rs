//! Acting as a service account without its key (IAM Service Account Credentials v1).

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use wharf_app::iam::impersonation::{ShownEmail, Signed, Target};
use wharf_types::wire::credentials as wire;
use wharf_types::wire::proto::Base64;

use super::accounts::reference;
use super::call::{Answer, Call};
use super::refusal::Refusal;

/// `POST …/serviceAccounts/E:generateAccessToken`
pub(super) async fn generate_access_token(call: &Call, project: &str, account: &str) -> Answer {
    let request: wire::GenerateAccessTokenRequest = call.body()?;
    let target = target(call, project, account, request.delegates).await?;
    let issued = call
        .app
        .generate_access_token(&call.caller, &target, &request.scope, request.lifetime)
        .await?;
    call.answer(&wire::GenerateAccessTokenResponse {
        access_token: issued.token.expose_secret().to_owned(),
        expire_time: Timestamp::from_second(issued.issued_at.as_second())
            .and_then(|whole| whole.checked_add(issued.lifetime))
            .map_err(wharf_app::Error::internal)?,
    })
}

/// `POST …/serviceAccounts/E:generateIdToken`
pub(super) async fn generate_id_token(call: &Call, project: &str, account: &str) -> Answer {
    let request: wire::GenerateIdTokenRequest = call.body()?;
    let target = target(call, project, account, request.delegates).await?;
    let email = ShownEmail {
        as_email: request.include_email,
        as_azp: request.use_email_azp,
    };
    let token = call
        .app
        .generate_id_token(&call.caller, &target, &request.audience, email)
        .await?;
    call.answer(&wire::GenerateIdTokenResponse {
        token: token.expose_secret().to_owned(),
    })
}

/// `POST …/serviceAccounts/E:signBlob`
pub(super) async fn sign_blob(call: &Call, project: &str, account: &str) -> Answer {
    let request: wire::SignBlobRequest = call.body()?;
    let target = target(call, project, account, request.delegates).await?;
    let blob = &request.payload.0;
    let Signed { key_id, content } = call.app.sign_blob(&call.caller, &target, blob).await?;
    call.answer(&wire::SignBlobResponse {
        key_id,
        signed_blob: Base64::from(content.as_slice()),
    })
}

/// `POST …/serviceAccounts/E:signJwt`
pub(super) async fn sign_jwt(call: &Call, project: &str, account: &str) -> Answer {
    let request: wire::SignJwtRequest = call.body()?;
    let target = target(call, project, account, request.delegates).await?;
    let claims = &request.payload;
    let Signed { key_id, content } = call.app.sign_jwt(&call.caller, &target, claims).await?;
    call.answer(&wire::SignJwtResponse {
        key_id,
        signed_jwt: content.expose_secret().to_owned(),
    })
}

/// `GET …/serviceAccounts/E/allowedLocations`: google-auth asks for it in the background. Everywhere, for every account
/// alike, so that the answer tells nothing of whether there is such an account.
pub(super) async fn allowed_locations(call: &Call, _project: &str, _account: &str) -> Answer {
    call.answer(&wire::AllowedLocations {
        locations: Vec::new(),
        encoded_locations: "0x0".to_owned(),
    })
}

async fn target(
    call: &Call,
    project: &str,
    account: &str,
    delegates: Option<Vec<String>>,
) -> Result<Target, Refusal> {
    let mut target = Target {
        account: reference(call, project, account).await?,
        delegates: Vec::new(),
    };
    for name in delegates.unwrap_or_default() {
        let parts: Vec<&str> = name.split('/').collect();
        let ["projects", project, "serviceAccounts", account] = parts.as_slice() else {
            return Err(Refusal::field(
                "delegates",
                "a delegate is projects/-/serviceAccounts/EMAIL",
            ));
        };
        target
            .delegates
            .push(reference(call, project, account).await?);
    }
    Ok(target)
}
