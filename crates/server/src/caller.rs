//! From the headers of a request to the [`Caller`] that a verb takes.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};
use secrecy::SecretString;
use wharf_app::iam::authenticate::Credential;
use wharf_app::{Caller, Error};
use wharf_types::limits;

use crate::requests::Context;
use crate::shared::Shared;

/// Base64 with or without padding: clients write both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who sends a request with these headers. Without a credential, that is the anonymous caller: the verb decides whether
/// it may. A wrong credential is refused here.
pub(crate) async fn authenticate(
    shared: &Shared,
    context: &Context,
    headers: &HeaderMap,
) -> Result<Caller, Error> {
    identify(shared, context, &credential(headers)?).await
}

/// Who has this credential, if it does not ask too often.
pub(crate) async fn identify(
    shared: &Shared,
    context: &Context,
    credential: &Credential,
) -> Result<Caller, Error> {
    let origin = context.origin.clone();
    let caller = shared.app.authenticate(credential, origin).await?;
    shared.rates.check(&caller)?;
    Ok(caller)
}

/// Reads `Authorization` (RFC 9110, 11.6.2; RFC 7617; RFC 6750).
pub(crate) fn credential(headers: &HeaderMap) -> Result<Credential, Error> {
    let refused = |message: &str| Err(Error::Unauthenticated(message.to_owned()));
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = values.next() else {
        return Ok(Credential::None);
    };
    if values.next().is_some() {
        return refused("there are two Authorization headers: send one");
    }
    let Some((scheme, text)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
        return refused(
            "the Authorization header is neither \"Bearer TOKEN\" nor \"Basic BASE64\"",
        );
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credential::Bearer(SecretString::from(text)));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return refused("the Authorization header's scheme is not known: use Bearer or Basic");
    }
    if text.len() > limits::PASSWORD_SIZE_MAX * 3 / 2 {
        return refused("the Basic credential is too long");
    }
    let pair = BASE64.decode(text.trim()).ok().map(String::from_utf8);
    let Some(Ok(pair)) = pair else {
        return refused("the Basic credential is not base64 of USER:PASSWORD");
    };
    match pair.split_once(':') {
        Some((user, password)) => Ok(Credential::Basic {
            user: user.to_owned(),
            password: SecretString::from(password),
        }),
        None => refused("the Basic credential is not base64 of USER:PASSWORD"),
    }
}
