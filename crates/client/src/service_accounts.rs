//! Service accounts (IAM v1).

use http::Method;
use wharf_types::wire::iam::{
    CreateServiceAccountRequest, ListServiceAccountsResponse, PatchServiceAccountRequest,
    ServiceAccount,
};
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

/// Accounts asked for in one page.
const PAGE_SIZE: usize = 1_000;

/// What people may say about an account. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountText {
    /// A name.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

impl AccountText {
    fn account(&self) -> ServiceAccount {
        ServiceAccount {
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            ..ServiceAccount::default()
        }
    }

    fn mask(&self) -> String {
        let names = [
            self.display_name.is_some().then_some("displayName"),
            self.description.is_some().then_some("description"),
        ];
        let names: Vec<_> = names.into_iter().flatten().collect();
        names.join(",")
    }
}

impl Page for ListServiceAccountsResponse {
    type Item = ServiceAccount;

    fn split(self) -> (Vec<ServiceAccount>, Option<String>) {
        (self.accounts, self.next_page_token)
    }
}

/// `v1/projects/P/serviceAccounts/E[:VERB]` and what follows.
pub(crate) struct AccountPath {
    project: String,
    account: String,
}

impl AccountPath {
    pub(crate) fn new(email: &ServiceAccountEmail, verb: &str) -> Self {
        Self {
            project: email.project().to_string(),
            account: format!("{email}{verb}"),
        }
    }

    pub(crate) fn segments(&self) -> [&str; 5] {
        [
            "v1",
            "projects",
            &self.project,
            "serviceAccounts",
            &self.account,
        ]
    }
}

impl Client {
    /// Creates a service account; `id` is the part of its address before the `@`.
    pub async fn create_service_account(
        &self,
        project: &ProjectId,
        id: &str,
        text: &AccountText,
    ) -> Result<ServiceAccount, Error> {
        let request = CreateServiceAccountRequest {
            account_id: id.to_owned(),
            service_account: text.account(),
        };
        let call = Call::post(["v1", "projects", project.as_str(), "serviceAccounts"]);
        self.call(call.json(&request)).await
    }

    /// A project's service accounts, in order of address.
    pub async fn list_service_accounts(
        &self,
        project: &ProjectId,
    ) -> Result<Vec<ServiceAccount>, Error> {
        let call = Call::get(["v1", "projects", project.as_str(), "serviceAccounts"])
            .query("pageSize", &PAGE_SIZE);
        self.pages::<ListServiceAccountsResponse>(call).await
    }

    /// Reads a service account.
    pub async fn get_service_account(
        &self,
        email: &ServiceAccountEmail,
    ) -> Result<ServiceAccount, Error> {
        let path = AccountPath::new(email, "");
        self.call(Call::get(path.segments())).await
    }

    /// Changes what people say about an account.
    pub async fn update_service_account(
        &self,
        email: &ServiceAccountEmail,
        text: &AccountText,
    ) -> Result<ServiceAccount, Error> {
        let request = PatchServiceAccountRequest {
            service_account: text.account(),
            update_mask: Some(text.mask()),
        };
        let path = AccountPath::new(email, "");
        let call = Call::new(Method::PATCH, path.segments());
        self.call(call.json(&request)).await
    }

    /// Deletes an account and its keys.
    pub async fn delete_service_account(&self, email: &ServiceAccountEmail) -> Result<(), Error> {
        let path = AccountPath::new(email, "");
        self.order(Call::new(Method::DELETE, path.segments())).await
    }

    /// Refuses all credentials of an account from now on, or no longer.
    pub async fn set_service_account_disabled(
        &self,
        email: &ServiceAccountEmail,
        disabled: bool,
    ) -> Result<(), Error> {
        let path = AccountPath::new(email, if disabled { ":disable" } else { ":enable" });
        self.order(Call::post(path.segments())).await
    }
}
