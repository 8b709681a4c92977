//! Acting as a service account without its key (Google's IAM Credentials API).
//!
//! Whoever has the permission on the account gets it, at once or by way of delegates: the caller may act as the first,
//! the first as the second, and so on. The token remembers them all, and is good only while all of them are.

use std::time::Duration;

use wharf_types::error::OciCode;
use wharf_types::permission::{ACCOUNTS_GET_ACCESS_TOKEN, ACCOUNTS_IMPLICIT_DELEGATION};
use wharf_types::scope::OauthFloor;
use wharf_types::{Permission, Principal, ServiceAccountEmail, limits};

use super::accounts::AccountReference;
use super::tokens::IssuedToken;
use crate::{App, Caller, Error};

/// Whom to act as, by way of whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account.
    pub account: AccountReference,
    /// Each may act as the next, the last as the account; the caller may act as the first.
    pub delegates: Vec<AccountReference>,
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
            OauthFloor::of_scopes(&scopes.join(" ")),
            lifetime,
            &caller.origin,
        )
        .await
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

#[cfg(test)]
mod tests;
