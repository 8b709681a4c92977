//! A token of another issuer: a JWT in its compact form (RFC 7515, 7519), read before anybody knows whether it is genuine.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use wharf_types::limits;
use wharf_types::text::shorten;

use super::key_set::{KeySet, SigningAlgorithm};

/// A token that was read, and not yet believed.
#[derive(Debug)]
pub(crate) struct SubjectToken<'t> {
    key_id: Option<String>,
    algorithm: SigningAlgorithm,
    message: &'t str,
    signature: Vec<u8>,
    /// What it says.
    pub(crate) claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

impl<'t> SubjectToken<'t> {
    /// Reads a token. The message tells what is wrong with it.
    pub(crate) fn read(text: &'t str) -> Result<Self, String> {
        if text.len() > limits::SUBJECT_TOKEN_SIZE_MAX {
            return Err(format!(
                "The ID Token is longer than {} bytes.",
                limits::SUBJECT_TOKEN_SIZE_MAX
            ));
        }
        let malformed = |what: &str| format!("Error parsing the ID Token: {what}.");
        let (message, signature) = text
            .rsplit_once('.')
            .ok_or_else(|| malformed("it is not a JWT"))?;
        let (head, payload) = message
            .split_once('.')
            .ok_or_else(|| malformed("it is not a JWT"))?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part);
        let (Ok(head), Ok(payload), Ok(signature)) =
            (decode(head), decode(payload), decode(signature))
        else {
            return Err(malformed("its parts are not base64url"));
        };
        let head: Head = serde_json::from_slice(&head)
            .map_err(|_| malformed("its header is not the JSON that it should be"))?;
        if head.crit.is_some() {
            return Err(malformed(
                "its \"crit\" asks for extensions that are not known here",
            ));
        }
        let algorithm = SigningAlgorithm::parse(&head.alg).ok_or_else(|| {
            malformed(&format!(
                "its \"alg\" {:?} is none of RS256, RS384, RS512, ES256, ES384, ES512",
                shorten(&head.alg)
            ))
        })?;
        let claims = serde_json::from_slice(&payload)
            .map_err(|_| malformed("its claims are not a JSON object"))?;
        Ok(Self {
            key_id: head.kid,
            algorithm,
            message,
            signature,
            claims,
        })
    }

    /// The key that it says it is signed with.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Who issued it, as it says.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// Whose it is to its issuer, as it says.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.claims.get("sub")?.as_str()
    }

    /// For whom it was issued: one audience or several.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether one of the keys signed it.
    pub(crate) fn is_signed_by(&self, keys: &KeySet) -> bool {
        let message = self.message.as_bytes();
        keys.verifies(self.key_id(), self.algorithm, message, &self.signature)
    }

    /// When it ends, in seconds since 1970, if it is good at `now`, give or take the clock's skew.
    pub(crate) fn expiry(&self, now: i64) -> Result<i64, String> {
        let skew = whole(limits::CLOCK_SKEW_MAX);
        let (Some(issued), Some(expires)) = (self.time("iat"), self.time("exp")) else {
            return Err("The ID Token must have the claims \"iat\" and \"exp\".".to_owned());
        };
        if expires <= now - skew {
            return Err(format!(
                "ID Token {expires} is stale to sign-in: it expired {} seconds ago.",
                now - expires
            ));
        }
        let begins = issued.max(self.time("nbf").unwrap_or(issued));
        if begins > now + skew {
            return Err(format!(
                "The ID Token begins {} seconds in the future: compare the clocks.",
                begins - now
            ));
        }
        let longest = whole(limits::SUBJECT_TOKEN_LIFETIME_MAX);
        if expires - issued > longest {
            return Err(format!(
                "The ID Token is valid for {} seconds, longer than the {longest} that are accepted.",
                expires - issued
            ));
        }
        Ok(expires)
    }

    /// Some issuers write fractions (RFC 7519, "NumericDate"); whole seconds suffice here.
    fn time(&self, claim: &str) -> Option<i64> {
        let number = self.claims.get(claim)?.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to lie within the exact range"
        )]
        (0.0..=253_402_300_799.0)
            .contains(&number)
            .then(|| number.floor() as i64)
    }
}

fn whole(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn token(head: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(head), part(claims), part("signature"))
    }

    #[test]
    fn only_what_is_signed_with_a_private_key_is_read() {
        let head = |alg: &str| format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        for alg in ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"] {
            assert!(
                SubjectToken::read(&token(&head(alg), "{}")).is_ok(),
                "{alg}"
            );
        }
        for alg in ["none", "None", "HS256", "HS512", "PS256", "EdDSA", ""] {
            let refused = token(&head(alg), "{}");
            assert!(
                SubjectToken::read(&refused).unwrap_err().contains("alg"),
                "{alg}"
            );
        }
        let critical = token(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, "{}");
        assert!(SubjectToken::read(&critical).unwrap_err().contains("crit"));
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "..",
            &token("{}", "{}"),
            &token(&head("RS256"), "[]"),
        ] {
            assert!(SubjectToken::read(text).is_err(), "{text}");
        }
        let long = token(&head("RS256"), &" ".repeat(limits::SUBJECT_TOKEN_SIZE_MAX));
        assert!(
            SubjectToken::read(&long)
                .unwrap_err()
                .contains("longer than")
        );
    }

    #[test]
    fn times_are_judged_with_a_minutes_skew() {
        let now = 1_800_000_000;
        let expiry = |claims: String| {
            let text = token(r#"{"alg":"RS256"}"#, &claims);
            SubjectToken::read(&text).unwrap().expiry(now)
        };
        let times = |iat: i64, exp: i64| expiry(format!(r#"{{"iat":{iat},"exp":{exp}.7}}"#));
        assert_eq!(times(now, now + 3_600), Ok(now + 3_600));
        assert_eq!(times(now + 59, now + 3_600), Ok(now + 3_600));
        assert_eq!(times(now - 3_600, now - 59), Ok(now - 59));
        for (iat, exp, told) in [
            (now - 3_600, now - 60, "expired 60"),
            (now + 61, now + 100, "61 seconds in the future"),
            (now, now + 86_401, "valid for 86401"),
        ] {
            let refused = times(iat, exp).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
        let later = format!(r#"{{"iat":{now},"nbf":{},"exp":{}}}"#, now + 61, now + 100);
        assert!(expiry(later).unwrap_err().contains("future"));
        for missing in [
            "{}",
            r#"{"iat":"1","exp":"2"}"#,
            r#"{"iat":-1,"exp":1e300}"#,
        ] {
            assert!(expiry(missing.to_owned()).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,80}", head in "\\PC{0,40}", claims in "\\PC{0,60}") {
            let _ = SubjectToken::read(&text);
            let framed = token(&head, &claims);
            if let Ok(token) = SubjectToken::read(&framed) {
                let _ = (token.expiry(0), token.audiences().len(), token.issuer().is_some());
            }
        }
    }
}
