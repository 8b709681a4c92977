//! What the programs of a node get without a key: the operator named the account that they run as, and where it is given out.

use secrecy::SecretString;
use wharf_types::{ProjectId, ServiceAccountEmail, limits};

use super::id_tokens::ShownEmail;
use super::tokens::IssuedToken;
use crate::{App, Caller, Error, Missing, Origin, Restriction};

/// The account of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAccount {
    /// Its address.
    pub email: ServiceAccountEmail,
    /// Its project.
    pub project: ProjectId,
    /// The number of its project.
    pub project_number: u64,
}

impl App {
    /// The account of a node. [`Error::NotFound`] when it is gone.
    pub async fn node_account(&self, email: &ServiceAccountEmail) -> Result<NodeAccount, Error> {
        let absent = || Error::not_found(Missing::ServiceAccount, email);
        let credentials = &self.iam.credentials;
        let state = credentials.account(&self.meta, email).await?;
        let project = state.ok_or_else(absent)?.account.project.clone();
        let number = self.number_of_project(&project).await?;
        Ok(NodeAccount {
            email: email.clone(),
            project,
            project_number: number.ok_or_else(absent)?,
        })
    }

    /// An access token of a node's account, for these scopes, separated by spaces. It is in nobody's name: the audit log has the address that asked.
    pub async fn issue_node_access_token(
        &self,
        email: &ServiceAccountEmail,
        scope: &str,
        origin: &Origin,
    ) -> Result<IssuedToken, Error> {
        let lifetime = limits::ACCESS_TOKEN_LIFETIME;
        self.issue_access_token_for(email, None, scope, lifetime, origin)
            .await
    }

    /// An ID token of a node's account, for an audience.
    pub async fn issue_node_id_token(
        &self,
        email: &ServiceAccountEmail,
        audience: &str,
        include_email: bool,
        origin: &Origin,
    ) -> Result<SecretString, Error> {
        let holder = self.holder_for(email, None).await?;
        let caller: Caller = self.caller_for(holder, Restriction::None, origin).await?;
        let shown = ShownEmail {
            as_email: include_email,
            as_azp: false,
        };
        self.issue_id_token(&caller, email, audience, shown).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::scope::OauthFloor;

    use super::*;
    use crate::iam::accounts::AccountReference;
    use crate::testing::{TestApp, bearer, origin};

    const READ_ONLY: &str = "https://www.googleapis.com/auth/devstorage.read_only";

    #[tokio::test(flavor = "multi_thread")]
    async fn a_node_is_its_account_as_long_as_that_may_be_used() {
        let app = TestApp::open().await;
        let (owner, (account, ..)) = (app.owner().await, app.account("node-puller").await);
        let email = &account.email;
        let node = app.node_account(email).await.unwrap();
        assert_eq!((&node.email, node.project.as_str()), (email, "default"));
        let token = app
            .issue_node_access_token(email, READ_ONLY, &origin())
            .await
            .unwrap();
        let caller = app.authenticate(&bearer(&token.token), origin()).await;
        let caller = caller.unwrap();
        assert_eq!(
            caller.principal.to_string(),
            format!("serviceAccount:{email}")
        );
        assert_eq!(caller.restriction, Restriction::Oauth(OauthFloor::ReadOnly));
        app.issue_node_id_token(email, "https://example.com", true, &origin())
            .await
            .unwrap();

        let reference = AccountReference::Email(email.clone());
        app.set_account_disabled(&owner, &reference, true)
            .await
            .unwrap();
        assert!(
            app.issue_node_access_token(email, READ_ONLY, &origin())
                .await
                .is_err()
        );
        assert!(
            app.issue_node_id_token(email, "a", false, &origin())
                .await
                .is_err()
        );
        assert!(
            app.authenticate(&bearer(&token.token), origin())
                .await
                .is_err()
        );
    }
}
