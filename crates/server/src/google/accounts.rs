//! Service accounts (IAM v1, `projects.serviceAccounts`).

use wharf_app::iam::accounts::{AccountChange, AccountReference, ServiceAccount};
use wharf_app::{Error, Missing};
use wharf_types::wire::iam as wire;
use wharf_types::{Etag, ServiceAccountEmail};

use super::call::{Answer, Call};
use super::page::Page;
use super::query::Mask;
use super::refusal::Refusal;

/// `GET projects/P/serviceAccounts`
pub(super) async fn list(call: &Call, project: &str) -> Answer {
    let page = Page::of(&call.query)?;
    let after = page.after(ServiceAccountEmail::parse)?;
    let project = call.project(project).await?;
    let mut accounts = call
        .app
        .list_accounts(&call.caller, &project, after.as_ref(), page.size + 1)
        .await?;
    let next_page_token = page.cut(&mut accounts, |account| account.email.to_string());
    call.answer(&wire::ListServiceAccountsResponse {
        accounts: accounts.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST projects/P/serviceAccounts`
pub(super) async fn create(call: &Call, project: &str) -> Answer {
    let request: wire::CreateServiceAccountRequest = call.body()?;
    let project = call.project(project).await?;
    let content = AccountChange {
        display_name: request.service_account.display_name,
        description: request.service_account.description,
    };
    let account = call
        .app
        .create_account(&call.caller, &project, &request.account_id, content)
        .await?;
    call.answer(&shown(account))
}

/// `GET projects/P/serviceAccounts/E`
pub(super) async fn get(call: &Call, project: &str, account: &str) -> Answer {
    let account = reference(call, project, account).await?;
    let account = call.app.get_account(&call.caller, &account).await?;
    call.answer(&shown(account))
}

/// `PATCH projects/P/serviceAccounts/E`
pub(super) async fn patch(call: &Call, project: &str, account: &str) -> Answer {
    let request: wire::PatchServiceAccountRequest = call.body()?;
    let mask = request.update_mask.as_deref();
    change(call, project, account, request.service_account, mask).await
}

/// `PUT projects/P/serviceAccounts/E`: the older form of patch.
pub(super) async fn update(call: &Call, project: &str, account: &str) -> Answer {
    change(call, project, account, call.body()?, None).await
}

async fn change(
    call: &Call,
    project: &str,
    account: &str,
    content: wire::ServiceAccount,
    mask: Option<&str>,
) -> Answer {
    let mask = Mask::parse(mask, &["displayName", "description"])?;
    let account = reference(call, project, account).await?;
    let change = AccountChange {
        display_name: mask.pick("displayName", content.display_name),
        description: mask.pick("description", content.description),
    };
    let account = call
        .app
        .update_account(&call.caller, &account, change)
        .await?;
    call.answer(&shown(account))
}

/// `POST projects/P/serviceAccounts/E:disable` and `:enable`
pub(super) async fn set_disabled(
    call: &Call,
    project: &str,
    account: &str,
    disabled: bool,
) -> Answer {
    let account = reference(call, project, account).await?;
    call.app
        .set_account_disabled(&call.caller, &account, disabled)
        .await?;
    call.done()
}

/// `DELETE projects/P/serviceAccounts/E`
pub(super) async fn delete(call: &Call, project: &str, account: &str) -> Answer {
    let account = reference(call, project, account).await?;
    call.app.delete_account(&call.caller, &account).await?;
    call.done()
}

/// The account that a path names: by address or unique id, in its project or in `-`, which is any.
pub(super) async fn reference(
    call: &Call,
    project: &str,
    account: &str,
) -> Result<AccountReference, Refusal> {
    let is_unique_id = account.len() <= 21 && account.bytes().all(|b| b.is_ascii_digit());
    if is_unique_id {
        return Ok(AccountReference::UniqueId(account.to_owned()));
    }
    let email =
        ServiceAccountEmail::parse(account).map_err(|error| Refusal::field("name", error))?;
    if project != "-" && call.project(project).await? != email.project() {
        return Err(Error::not_found(
            Missing::ServiceAccount,
            format!("{email} in project {project}"),
        )
        .into());
    }
    Ok(AccountReference::Email(email))
}

fn shown(account: ServiceAccount) -> wire::ServiceAccount {
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    wire::ServiceAccount {
        name: format!(
            "projects/{}/serviceAccounts/{}",
            account.project, account.email
        ),
        project_id: account.project.to_string(),
        oauth2_client_id: account.unique_id.clone(),
        unique_id: account.unique_id,
        email: account.email.to_string(),
        display_name: text(account.display_name),
        description: text(account.description),
        etag: Some(Etag::of_generation(account.generation)),
        disabled: account.disabled,
    }
}
