//! Service accounts.

use wharf_store::meta::access::{accounts, policies, projects};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::permission::{
    ACCOUNTS_CREATE, ACCOUNTS_DELETE, ACCOUNTS_DISABLE, ACCOUNTS_ENABLE, ACCOUNTS_GET,
    ACCOUNTS_LIST, ACCOUNTS_UPDATE,
};
use wharf_types::text::shorten;
use wharf_types::{Member, Permission, ProjectId, Resource, ServiceAccountEmail, limits};

pub use wharf_store::meta::access::accounts::ServiceAccount;

use super::{owners, random};
use crate::{App, Caller, Denied, Error, Missing, clock};

/// How a request names an account: `projects/-/serviceAccounts/{EMAIL|UNIQUE_ID}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountReference {
    /// By address.
    Email(ServiceAccountEmail),
    /// By its 21-digit unique id.
    UniqueId(String),
}

impl std::fmt::Display for AccountReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::UniqueId(id) => f.write_str(&shorten(id)),
        }
    }
}

/// What of an account can be changed.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
}

impl AccountChange {
    fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.display_name {
            super::text::check("displayName", name, limits::DISPLAY_NAME_LENGTH_MAX)?;
        }
        if let Some(text) = &self.description {
            super::text::check("description", text, limits::DESCRIPTION_LENGTH_MAX)?;
        }
        Ok(())
    }

    fn apply(self, account: &mut ServiceAccount) {
        if let Some(name) = self.display_name {
            account.display_name = name;
        }
        if let Some(text) = self.description {
            account.description = text;
        }
    }
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
        self.authorize(
            caller,
            &[ACCOUNTS_CREATE],
            &Resource::Project(project.clone()),
        )
        .await?;
        let email = ServiceAccountEmail::new(id, project)
            .map_err(|error| Error::invalid(OciCode::NameInvalid, error.to_string()))?;
        content.check()?;
        let mut account = ServiceAccount {
            email,
            unique_id: random::unique_id()?,
            project: project.clone(),
            display_name: String::new(),
            description: String::new(),
            disabled: false,
            generation: 1,
            created_at: clock::now(),
        };
        content.apply(&mut account);
        self.meta
            .write(Durability::Machine, move |transaction| {
                let project = projects::find(transaction, &account.project)?;
                if project.is_none_or(|project| project.deleted_at.is_some()) {
                    return Err(Error::not_found(Missing::Project, &account.project));
                }
                if accounts::find(transaction, &account.email)?.is_some() {
                    return Err(Error::AlreadyExists(format!(
                        "service account {}",
                        account.email
                    )));
                }
                if accounts::count(transaction, &account.project)?
                    >= limits::ACCOUNTS_PER_PROJECT_MAX
                {
                    return Err(Error::FailedPrecondition(format!(
                        "project {} has {} service accounts, which is the most: delete one first",
                        account.project,
                        limits::ACCOUNTS_PER_PROJECT_MAX
                    )));
                }
                accounts::insert(transaction, &account)?;
                Ok(account.clone())
            })
            .await
    }

    /// Reads a service account.
    pub async fn get_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<ServiceAccount, Error> {
        let email = self
            .authorize_account(caller, ACCOUNTS_GET, account)
            .await?;
        self.meta
            .read(move |transaction| find(transaction, &email))
            .await
    }

    /// A project's accounts in order of address, after `after`; `limit` at most.
    pub async fn list_accounts(
        &self,
        caller: &Caller,
        project: &ProjectId,
        after: Option<&ServiceAccountEmail>,
        limit: usize,
    ) -> Result<Vec<ServiceAccount>, Error> {
        self.authorize(
            caller,
            &[ACCOUNTS_LIST],
            &Resource::Project(project.clone()),
        )
        .await?;
        let (project, after) = (project.clone(), after.cloned());
        let limit = limit.min(limits::PAGE_SIZE_MAX);
        self.meta
            .read(move |transaction| {
                if projects::find(transaction, &project)?.is_none() {
                    return Err(Error::not_found(Missing::Project, &project));
                }
                Ok(accounts::list(
                    transaction,
                    &project,
                    after.as_ref(),
                    limit,
                )?)
            })
            .await
    }

    /// Changes a service account.
    pub async fn update_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
        change: AccountChange,
    ) -> Result<ServiceAccount, Error> {
        let email = self
            .authorize_account(caller, ACCOUNTS_UPDATE, account)
            .await?;
        change.check()?;
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut account = find(transaction, &email)?;
                change.clone().apply(&mut account);
                account.generation += 1;
                accounts::update(transaction, &account)?;
                Ok(account)
            })
            .await
    }

    /// Disables or enables a service account: its keys and tokens stop or begin to work with the next request.
    pub async fn set_account_disabled(
        &self,
        caller: &Caller,
        account: &AccountReference,
        disabled: bool,
    ) -> Result<(), Error> {
        let permission = if disabled {
            ACCOUNTS_DISABLE
        } else {
            ACCOUNTS_ENABLE
        };
        let email = self.authorize_account(caller, permission, account).await?;
        let now = clock::now();
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut account = find(transaction, &email)?;
                if account.disabled == disabled {
                    return Ok(());
                }
                account.disabled = disabled;
                account.generation += 1;
                owners::keep_one(transaction, now, || {
                    Ok(accounts::update(transaction, &account)?)
                })
            })
            .await
    }

    /// Deletes a service account with its keys; bindings keep it as `deleted:serviceAccount:EMAIL?uid=ID`.
    pub async fn delete_account(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<(), Error> {
        let email = self
            .authorize_account(caller, ACCOUNTS_DELETE, account)
            .await?;
        let now = clock::now();
        self.meta
            .write(Durability::Machine, move |transaction| {
                let account = find(transaction, &email)?;
                owners::keep_one(transaction, now, || {
                    bury(transaction, &account)?;
                    let own = Resource::ServiceAccount(account.email.clone());
                    policies::delete(transaction, &own)?;
                    accounts::delete(transaction, &account.email)?;
                    Ok(())
                })
            })
            .await
    }

    /// Asks for a permission on an account and answers its address. Whoever may not see an account learns nothing of
    /// it by its unique id either: an unknown id is refused as one of an account that exists.
    pub(super) async fn authorize_account(
        &self,
        caller: &Caller,
        permission: Permission,
        account: &AccountReference,
    ) -> Result<ServiceAccountEmail, Error> {
        let unique_id = match account {
            AccountReference::Email(email) => {
                let resource = Resource::ServiceAccount(email.clone());
                self.authorize(caller, &[permission], &resource).await?;
                return Ok(email.clone());
            }
            AccountReference::UniqueId(unique_id) => unique_id.clone(),
        };
        let wanted = unique_id.clone();
        let found = self
            .meta
            .read(move |transaction| {
                Ok::<_, Error>(accounts::find_by_unique_id(transaction, &wanted)?)
            })
            .await?;
        let resource = match &found {
            Some(account) => Resource::ServiceAccount(account.email.clone()),
            None => Resource::Organization,
        };
        match (
            self.authorize(caller, &[permission], &resource).await,
            found,
        ) {
            (Ok(()), Some(account)) => Ok(account.email),
            (Ok(()), None) => Err(Error::not_found(
                Missing::ServiceAccount,
                shorten(&unique_id),
            )),
            (Err(Error::Denied(denied)), found) if found.is_none() || !denied.visible => {
                Err(Error::Denied(Box::new(Denied {
                    resource: Resource::Organization,
                    visible: false,
                    explanation: format!(
                        "permission {permission} denied on resource projects/-/serviceAccounts/{} (or it may not exist)",
                        shorten(&unique_id)
                    ),
                    ..*denied
                })))
            }
            (Err(error), _) => Err(error),
        }
    }
}

pub(super) fn find(
    transaction: &Transaction<'_>,
    email: &ServiceAccountEmail,
) -> Result<ServiceAccount, Error> {
    accounts::find(transaction, email)?
        .ok_or_else(|| Error::not_found(Missing::ServiceAccount, email))
}

/// The account that a request names, if it is there.
pub(super) fn find_named(
    transaction: &Transaction<'_>,
    account: &AccountReference,
) -> Result<Option<ServiceAccount>, Error> {
    Ok(match account {
        AccountReference::Email(email) => accounts::find(transaction, email)?,
        AccountReference::UniqueId(id) => accounts::find_by_unique_id(transaction, id)?,
    })
}

/// Writes the account's other name into every policy that names it: an account made anew under the same address
/// gets none of its rights.
fn bury(transaction: &Transaction<'_>, account: &ServiceAccount) -> Result<(), Error> {
    let living = Member::ServiceAccount(account.email.clone());
    let dead = Member::parse(&format!("deleted:{living}?uid={}", account.unique_id))
        .map_err(Error::internal)?;
    for resource in policies::naming(transaction, &living.to_string())? {
        let Some(stored) = policies::find(transaction, &resource)? else {
            continue;
        };
        let mut policy = stored.policy;
        for binding in &mut policy.bindings {
            for member in &mut binding.members {
                if *member == living {
                    *member = dead.clone();
                }
            }
        }
        policies::put(transaction, &resource, &policy)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
