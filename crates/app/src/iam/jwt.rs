//! JWTs: those that we sign for ourselves, and those that a service account's key signs.
//!
//! The algorithm is fixed by who verifies, never read from the token. Times are judged here, in whole seconds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wharf_types::limits;
use wharf_types::scope::OauthFloor;

use crate::Error;

/// Bytes of the key under which we sign our own tokens.
pub(crate) const SIGNING_KEY_LENGTH: usize = 32;

/// What a token of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// For the Google-style APIs, and as a password at the token endpoint.
    Access,
    /// For the registry protocol.
    Registry,
}

/// The claims of a token of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// What the token is: one kind is never taken for the other.
    pub(crate) typ: Kind,
    /// Whose it is; nothing of it for the anonymous caller.
    #[serde(flatten)]
    pub(crate) party: Party,
    /// Issued at.
    pub(crate) iat: i64,
    /// Expires at.
    pub(crate) exp: i64,
    /// Registry tokens: their scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Vec<String>>,
    /// The floor of the OAuth scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<OauthFloor>,
    /// The OAuth scopes as they were asked for, to be told again; the floor is what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
}

/// Somebody, in the claims of a token of ours. [`super::holder`] knows what goes with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    /// A service account's address, or a federated principal's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<String>,
    /// The key that proved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// The account's unique id, where no key names the account that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    /// The workload identity provider that accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// The principal sets that it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sets: Vec<String>,
    /// Who acts as it (RFC 8693, section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Box<Party>>,
}

/// Signs and verifies tokens of ours: HS256.
pub(crate) struct Signer {
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
}

impl Signer {
    pub(crate) fn new(key: &[u8]) -> Result<Self, Error> {
        if key.len() != SIGNING_KEY_LENGTH {
            return Err(Error::FailedPrecondition(
                "the token signing key in the database has a wrong length".to_owned(),
            ));
        }
        Ok(Self {
            sign: EncodingKey::from_secret(key),
            verify: DecodingKey::from_secret(key),
            validation: signature_only(Algorithm::HS256),
        })
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign)
            .map_err(Error::internal)
    }

    /// The claims, if the signature is ours. Times are not judged here: they are at each use.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, String> {
        jsonwebtoken::decode(token, &self.verify, &self.validation)
            .map(|data| data.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => {
                    "the token was not issued by this registry, or was altered".to_owned()
                }
                _ => "the token is malformed".to_owned(),
            })
    }
}

/// Checks the signature, leaves the claims to us.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// What the head of a bearer says about who can verify it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// By us.
    Ours,
    /// By a service account's key, of this id.
    Key(String),
}

/// Reads the head of a JWT. The message tells what the text is instead.
pub(crate) fn head(token: &str) -> Result<Signed, &'static str> {
    let Ok(header) = jsonwebtoken::decode_header(token) else {
        return Err("the bearer is not a token of this registry: it is not a JWT");
    };
    // RFC 7515, 4.1.11: an extension that its issuer calls critical and that we do not know voids the token.
    if header.crit.is_some() {
        return Err("the JWT's \"crit\" asks for extensions that are not known here");
    }
    match (header.alg, header.kid) {
        (Algorithm::HS256, _) => Ok(Signed::Ours),
        (Algorithm::RS256, Some(kid)) => Ok(Signed::Key(kid)),
        (Algorithm::RS256, None) => Err("the JWT has no \"kid\": it must be the private_key_id"),
        _ => Err("the JWT's \"alg\" must be RS256"),
    }
}

/// Whose a JWT says that it is. Proves nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) account: String,
    pub(crate) key_id: Option<String>,
}

/// Reads what a JWT says without looking at its signature.
pub(crate) fn said(token: &str) -> Option<Said> {
    #[derive(Deserialize)]
    struct Names {
        iss: Option<String>,
        sub: Option<String>,
        key: Option<String>,
    }
    let header = jsonwebtoken::decode_header(token.trim()).ok()?;
    let names: Names = payload(token.trim())?;
    Some(Said {
        account: names.iss.or(names.sub)?,
        key_id: header.kid.or(names.key),
    })
}

/// The claims of a JWT, whoever signed it.
pub(crate) fn payload<T: DeserializeOwned>(token: &str) -> Option<T> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// One audience or a list of them (RFC 7519, section 4.1.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn any(&self, accepted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(one) => accepted(one),
            Self::Many(many) => many.iter().any(|one| accepted(one)),
        }
    }
}

/// The claims of a JWT that a service account's key signed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Assertion {
    #[serde(default)]
    pub(crate) iss: String,
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<Audience>,
    pub(crate) iat: Option<f64>,
    pub(crate) exp: Option<f64>,
    pub(crate) nbf: Option<f64>,
    pub(crate) scope: Option<String>,
    pub(crate) target_audience: Option<String>,
}

/// Why a JWT that a key signed does not verify.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// Not by this key.
    Signature,
    /// The claims are not what they should be.
    Malformed,
}

/// The claims of a JWT, if the key of this public half signed it with RS256.
pub(crate) fn verify_rs256<T: DeserializeOwned>(
    token: &str,
    public_key: &[u8],
) -> Result<T, Unverified> {
    let key = DecodingKey::from_rsa_der(public_key);
    match jsonwebtoken::decode(token, &key, &signature_only(Algorithm::RS256)) {
        Ok(data) => Ok(data.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::Json(_) | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => Unverified::Malformed,
            _ => Unverified::Signature,
        }),
    }
}

impl Assertion {
    /// When it was issued, in seconds since 1970.
    pub(crate) fn issued_at(&self) -> Option<i64> {
        self.iat.and_then(seconds)
    }

    /// When it expires, if its times are what Google allows: at most an hour, now, give or take the clock's skew.
    pub(crate) fn expiry(&self, now: i64) -> Result<i64, String> {
        let (Some(iat), Some(exp)) = (self.iat.and_then(seconds), self.exp.and_then(seconds))
        else {
            return Err("Invalid JWT: \"iat\" and \"exp\" must be there".to_owned());
        };
        let skew = whole(limits::CLOCK_SKEW_MAX);
        let lifetime = whole(limits::ASSERTION_LIFETIME_MAX);
        let nbf = self.nbf.and_then(seconds).unwrap_or(iat);
        let problem = if exp - iat > lifetime {
            format!("it is valid for {} seconds", exp - iat)
        } else if exp <= now - skew {
            format!("it expired {} seconds ago", now - exp)
        } else if iat > now + skew || nbf > now + skew {
            format!(
                "it begins {} seconds in the future: compare the clocks",
                iat.max(nbf) - now
            )
        } else {
            return Ok(exp);
        };
        Err(format!(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim ({problem})."
        ))
    }
}

/// Some clients write fractions (RFC 7519, "NumericDate"); whole seconds suffice here.
fn seconds(number: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to lie within the exact range"
    )]
    (0.0..=253_402_300_799.0)
        .contains(&number)
        .then(|| number.floor() as i64)
}

fn whole(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn claims() -> Claims {
        Claims {
            typ: Kind::Access,
            party: Party {
                sub: Some("a".to_owned()),
                ..Party::default()
            },
            iat: 1,
            exp: 2,
            scopes: None,
            floor: Some(OauthFloor::ReadOnly),
            scope: None,
        }
    }

    #[test]
    fn a_token_verifies_under_its_key_only() {
        let signer = Signer::new(&[1; SIGNING_KEY_LENGTH]).unwrap();
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(head(&token), Ok(Signed::Ours));
        assert_eq!(signer.verify(&token), Ok(claims()));
        let other = Signer::new(&[2; SIGNING_KEY_LENGTH]).unwrap();
        assert!(other.verify(&token).unwrap_err().contains("not issued by"));
        assert!(Signer::new(&[1; 31]).is_err());
    }

    #[test]
    fn the_algorithm_is_not_the_tokens_choice() {
        let signer = Signer::new(&[1; SIGNING_KEY_LENGTH]).unwrap();
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        for algorithm in ["none", "RS256", "HS512"] {
            let header = URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{algorithm}\"}}"));
            let token = format!("{header}.{payload}.");
            assert!(signer.verify(&token).is_err());
            assert!(head(&token).is_err());
        }
    }

    #[test]
    fn an_unknown_critical_extension_voids_a_token() {
        for header in [
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","kid":"a","crit":[]}"#,
        ] {
            let refused = head(&format!("{}.e30.", URL_SAFE_NO_PAD.encode(header)));
            assert!(refused.unwrap_err().contains("crit"), "{header}");
        }
    }

    #[test]
    fn times_of_assertions() {
        let now = 1_800_000_000;
        let assertion = |iat: i64, exp: i64| -> Result<i64, String> {
            let text = format!(r#"{{"iss":"a","iat":{iat},"exp":{exp}.5}}"#);
            serde_json::from_str::<Assertion>(&text)
                .unwrap()
                .expiry(now)
        };
        assert_eq!(assertion(now, now + 3_600), Ok(now + 3_600));
        assert_eq!(assertion(now + 59, now + 3_600), Ok(now + 3_600));
        assert_eq!(assertion(now - 3_600, now - 59), Ok(now - 59));
        for (iat, exp, problem) in [
            (now, now + 3_601, "valid for 3601"),
            (now - 3_600, now - 60, "expired 60"),
            (now + 61, now + 100, "61 seconds in the future"),
        ] {
            let refused = assertion(iat, exp).unwrap_err();
            assert!(refused.contains(problem), "{refused}");
        }
        for wrong in ["{}", r#"{"iat":-1,"exp":1e300}"#] {
            let assertion: Assertion = serde_json::from_str(wrong).unwrap();
            assert!(assertion.expiry(now).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,200}", parts in "[a-zA-Z0-9_-]{0,40}(\\.[a-zA-Z0-9_-]{0,40}){0,4}", json in "\\PC{0,60}") {
            let signer = Signer::new(&[1; SIGNING_KEY_LENGTH]).unwrap();
            let encoded = URL_SAFE_NO_PAD.encode(&json);
            let framed = format!("{encoded}.{encoded}.{encoded}");
            for token in [&text, &parts, &framed] {
                let _ = (head(token), said(token));
                prop_assert!(signer.verify(token).is_err());
                prop_assert!(verify_rs256::<Assertion>(token, &[]).is_err());
            }
        }
    }
}
