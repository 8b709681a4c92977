//! Service accounts.

pub use wharf_store::meta::access::accounts::ServiceAccount;
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::{App, Caller, Error};

/// How a request names an account: `projects/-/serviceAccounts/{EMAIL|UNIQUE_ID}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountReference {
    /// By address.
    Email(ServiceAccountEmail),
    /// By its 21-digit unique id.
    UniqueId(String),
}

/// What of an account can be changed.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
}

impl App {
    /// Creates a service account.
    pub async fn create_account(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &str,
        content: AccountChange,
    ) -> Result<ServiceAccount, Error> {
        let _ = (caller, project, id, content);
        unimplemented!()
    }

    /// Reads a service account.
    pub async fn get_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<ServiceAccount, Error> {
        let _ = (caller, account);
        unimplemented!()
    }

    /// A project's accounts in order of address, after `after`; `limit` at most.
    pub async fn list_accounts(
        &self,
        caller: &Caller,
        project: &ProjectId,
        after: Option<&ServiceAccountEmail>,
        limit: usize,
    ) -> Result<Vec<ServiceAccount>, Error> {
        let _ = (caller, project, after, limit);
        unimplemented!()
    }

    /// Changes a service account.
    pub async fn update_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
        change: AccountChange,
    ) -> Result<ServiceAccount, Error> {
        let _ = (caller, account, change);
        unimplemented!()
    }

    /// Disables or enables a service account: its keys and tokens stop or begin to work with the next request.
    pub async fn set_account_disabled(
        &self,
        caller: &Caller,
        account: &AccountReference,
        disabled: bool,
    ) -> Result<(), Error> {
        let _ = (caller, account, disabled);
        unimplemented!()
    }

    /// Deletes a service account with its keys; bindings keep it as `deleted:serviceAccount:EMAIL?uid=ID`.
    pub async fn delete_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<(), Error> {
        let _ = (caller, account);
        unimplemented!()
    }
}
