//! The registry keeps an owner: somebody with `roles/owner` on `organizations/0` who can still log in.

use jiff::Timestamp;
use wharf_store::meta::Transaction;
use wharf_store::meta::access::{accounts, keys, policies, projects};
use wharf_types::{Member, Resource, ServiceAccountEmail};

use crate::Error;

/// Makes a change, and refuses it when it leaves nobody who could undo it. The refusal undoes the change.
pub(super) fn keep_one<T>(
    transaction: &Transaction<'_>,
    now: Timestamp,
    change: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let had_owner = has_owner(transaction, now)?;
    let changed = change()?;
    if had_owner && !has_owner(transaction, now)? {
        return Err(Error::FailedPrecondition(
            "that would leave the registry without an owner who can log in: first give another service account roles/owner on organizations/0 and a key"
                .to_owned(),
        ));
    }
    Ok(changed)
}

fn has_owner(transaction: &Transaction<'_>, now: Timestamp) -> Result<bool, Error> {
    let Some(stored) = policies::find(transaction, &Resource::Organization)? else {
        return Ok(false);
    };
    let owners = stored
        .policy
        .bindings
        .iter()
        .filter(|binding| binding.role.as_str() == "roles/owner" && binding.condition.is_none())
        .flat_map(|binding| &binding.members);
    for owner in owners {
        if let Member::ServiceAccount(email) = owner
            && can_log_in(transaction, email, now)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn can_log_in(
    transaction: &Transaction<'_>,
    email: &ServiceAccountEmail,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(account) = accounts::find(transaction, email)?.filter(|account| !account.disabled)
    else {
        return Ok(false);
    };
    let project = projects::find(transaction, &account.project)?;
    if project.is_none_or(|project| project.deleted_at.is_some()) {
        return Ok(false);
    }
    let keys = keys::list(transaction, email)?;
    Ok(keys
        .iter()
        .any(|key| !key.is_system_managed() && !key.disabled && key.valid_before > now))
}
