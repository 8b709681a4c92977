//! Acting as a service account without its key (Google's IAM Credentials API).
//!
//! Whoever has the permission on the account gets it, at once or by way of delegates: the caller may act as the first,
//! the first as the second, and so on. The token remembers them all, and is good only while all of them are.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use wharf_types::error::OciCode;
use wharf_types::permission::{
    ACCOUNTS_GET_ACCESS_TOKEN, ACCOUNTS_GET_OPENID_TOKEN, ACCOUNTS_IMPLICIT_DELEGATION,
    ACCOUNTS_SIGN_BLOB, ACCOUNTS_SIGN_JWT,
};
use wharf_types::{Permission, Principal, ServiceAccountEmail, limits};

use super::accounts::AccountReference;
pub use super::id_tokens::ShownEmail;
use super::signing::{Owner, SigningKey};
use super::tokens::IssuedToken;
use crate::{App, Caller, Error, Holder};

/// Whom to act as, by way of whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account.
    pub account: AccountReference,
    /// Each may act as the next, the last as the account; the caller may act as the first.
    pub delegates: Vec<AccountReference>,
}

/// What was signed, and by which key.
#[derive(Clone, Debug)]
pub struct Signed<T> {
    /// `kid`
    pub key_id: String,
    /// A signature, or what has one.
    pub content: T,
}

impl App {
    /// An access token of an account, for whoever has `iam.serviceAccounts.getAccessToken` on it; good for `lifetime`,
    /// by default an hour, which is the most.
    pub async fn generate_access_token(
        &self,
        caller: &Caller,
        target: &Target,
        scopes: &[String],
        lifetime: Option<Duration>,
    ) -> Result<IssuedToken, Error> {
        let refused = |message: String| Error::invalid(OciCode::NameInvalid, message);
        if scopes.is_empty() {
            return Err(refused(
                "scope is missing: say what the token is for, for example https://www.googleapis.com/auth/cloud-platform"
                    .to_owned(),
            ));
        }
        let lifetime = lifetime.unwrap_or(limits::ASSERTION_LIFETIME_MAX);
        if lifetime.as_secs() == 0 || lifetime > limits::ASSERTION_LIFETIME_MAX {
            return Err(refused(format!(
                "lifetime must be from 1s to {}s",
                limits::ASSERTION_LIFETIME_MAX.as_secs()
            )));
        }
        let (account, actor) = self
            .act_as(caller, ACCOUNTS_GET_ACCESS_TOKEN, target)
            .await?;
        self.issue_access_token_for(
            &account,
            Some(actor.holder),
            &scopes.join(" "),
            lifetime,
            &caller.origin,
        )
        .await
    }

    /// An ID token of an account, for whoever has `iam.serviceAccounts.getOpenIdToken` on it.
    pub async fn generate_id_token(
        &self,
        caller: &Caller,
        target: &Target,
        audience: &str,
        email: ShownEmail,
    ) -> Result<SecretString, Error> {
        let (account, actor) = self
            .act_as(caller, ACCOUNTS_GET_OPENID_TOKEN, target)
            .await?;
        let holder = self.holder_for(&account, Some(actor.holder)).await?;
        let acting = self
            .caller_for(holder, caller.restriction.clone(), &caller.origin)
            .await?;
        self.issue_id_token(&acting, &account, audience, email)
            .await
    }

    /// Signs bytes with the key that the registry keeps for an account (RSASSA-PKCS1-v1_5, SHA-256), for whoever has
    /// `iam.serviceAccounts.signBlob` on it.
    pub async fn sign_blob(
        &self,
        caller: &Caller,
        target: &Target,
        blob: &[u8],
    ) -> Result<Signed<Vec<u8>>, Error> {
        let (key, holder) = self.key_to_sign(caller, ACCOUNTS_SIGN_BLOB, target).await?;
        let signature = key.sign(blob)?;
        self.check_now(&holder, Timestamp::now()).await?;
        Ok(Signed {
            key_id: key.id.clone(),
            content: signature,
        })
    }

    /// Signs a JWT of these claims (JSON, as they are) with the key that the registry keeps for an account, for whoever
    /// has `iam.serviceAccounts.signJwt` on it. What it is good for depends on its claims: with the right ones it is an
    /// assertion at `/token`, or a bearer, as if a key file had signed it.
    pub async fn sign_jwt(
        &self,
        caller: &Caller,
        target: &Target,
        claims: &str,
    ) -> Result<Signed<SecretString>, Error> {
        check_claims(claims, Timestamp::now().as_second())
            .map_err(|problem| Error::invalid(OciCode::NameInvalid, problem))?;
        let (key, holder) = self.key_to_sign(caller, ACCOUNTS_SIGN_JWT, target).await?;
        let token = key.sign_jwt(claims.as_bytes())?;
        self.check_now(&holder, Timestamp::now()).await?;
        Ok(Signed {
            key_id: key.id.clone(),
            content: SecretString::from(token),
        })
    }

    async fn key_to_sign(
        &self,
        caller: &Caller,
        permission: Permission,
        target: &Target,
    ) -> Result<(Arc<SigningKey>, Arc<Holder>), Error> {
        let (account, actor) = self.act_as(caller, permission, target).await?;
        // That the account is in order is found out before a key is made for it, and again when it has signed.
        let holder = self.holder_for(&account, Some(actor.holder)).await?;
        Ok((self.signing_key(&Owner::Account(account)).await?, holder))
    }

    /// Asks for a permission on the account that is to be acted as, on behalf of the last delegate; and for the right
    /// to act as each of the delegates on behalf of the one before. Answers the account, and who may act as it.
    async fn act_as(
        &self,
        caller: &Caller,
        permission: Permission,
        target: &Target,
    ) -> Result<(ServiceAccountEmail, Caller), Error> {
        if caller.principal == Principal::Anonymous {
            return Err(Error::Unauthenticated(
                "a credential is needed to act as a service account: send Authorization: Bearer with an access token"
                    .to_owned(),
            ));
        }
        let mut actor = caller.clone();
        for delegate in &target.delegates {
            let delegate = self
                .authorize_account(&actor, ACCOUNTS_IMPLICIT_DELEGATION, delegate)
                .await?;
            let holder = self.holder_for(&delegate, Some(actor.holder)).await?;
            // What the caller's own credential does not allow, no delegate does for it.
            let restriction = caller.restriction.clone();
            actor = self.caller_for(holder, restriction, &caller.origin).await?;
        }
        let account = self
            .authorize_account(&actor, permission, &target.account)
            .await?;
        Ok((account, actor))
    }
}

/// Whether a text is the claims of a JWT that may be signed: as at Google, an end that it names is ahead, and not far.
fn check_claims(text: &str, now: i64) -> Result<(), String> {
    let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|error| format!("payload is not a JSON object of claims: {error}"))?;
    let Some(exp) = claims.get("exp") else {
        return Ok(());
    };
    let latest = limits::SIGNED_JWT_LIFETIME_MAX.as_secs();
    match exp.as_i64() {
        None => {
            Err("\"exp\" of the payload is not a whole number of seconds since 1970".to_owned())
        }
        Some(exp) if exp <= now => Err("\"exp\" of the payload is in the past".to_owned()),
        Some(exp) if exp.abs_diff(now) > latest => Err(format!(
            "\"exp\" of the payload is more than {} hours ahead",
            latest / 3_600
        )),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
