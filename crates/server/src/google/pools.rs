//! Workload identity pools (IAM v1, `projects.locations.workloadIdentityPools`).

use jiff::Timestamp;
use serde::Serialize;
use wharf_app::iam::federation::pools::{Named, Pool, PoolChange};
use wharf_types::federation::PoolId;
use wharf_types::limits;
use wharf_types::wire::federation as wire;
use wharf_types::wire::operation::Operation;

use super::call::{Answer, Call};
use super::page::Page;
use super::query::Mask;
use super::refusal::Refusal;

const TYPE: &str = "google.iam.v1.WorkloadIdentityPool";

/// `GET projects/P/locations/L/workloadIdentityPools`
pub(super) async fn list(call: &Call, project: &str, location: &str) -> Answer {
    only_global(location)?;
    let page = Page::of(&call.query)?;
    let show_deleted = call.query.is_set("showDeleted")?;
    let project = call.project(project).await?;
    let pools = call
        .app
        .list_pools(&call.caller, &project, show_deleted)
        .await?;
    let (pools, next_page_token) = page.of_list(pools, |pool| pool.value.id.to_string());
    call.answer(&wire::ListWorkloadIdentityPoolsResponse {
        workload_identity_pools: pools.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST projects/P/locations/L/workloadIdentityPools?workloadIdentityPoolId=POOL`
pub(super) async fn create(call: &Call, project: &str, location: &str) -> Answer {
    only_global(location)?;
    let id = call.query.get("workloadIdentityPoolId").unwrap_or_default();
    let id = PoolId::parse(id).map_err(|e| Refusal::field("workloadIdentityPoolId", e))?;
    let request: wire::WorkloadIdentityPool = call.body()?;
    let project = call.project(project).await?;
    let content = content(request, &Mask::parse(None, &[])?);
    let pool = call
        .app
        .create_pool(&call.caller, &project, &id, content)
        .await?;
    answer_operation(call, pool)
}

/// `GET projects/P/locations/L/workloadIdentityPools/POOL`
pub(super) async fn get(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    let pool = found(call, project, location, pool).await?;
    call.answer(&shown(pool))
}

/// `PATCH projects/P/locations/L/workloadIdentityPools/POOL`
pub(super) async fn patch(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    let changeable = ["displayName", "description", "disabled"];
    let mask = Mask::parse(call.query.get("updateMask"), &changeable)?;
    let request: wire::WorkloadIdentityPool = call.body()?;
    let id = id(location, pool)?;
    let project = call.project(project).await?;
    let content = content(request, &mask);
    let pool = call
        .app
        .update_pool(&call.caller, &project, &id, content)
        .await?;
    answer_operation(call, pool)
}

/// `DELETE projects/P/locations/L/workloadIdentityPools/POOL`
pub(super) async fn delete(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    let id = id(location, pool)?;
    let project = call.project(project).await?;
    let pool = call.app.delete_pool(&call.caller, &project, &id).await?;
    answer_operation(call, pool)
}

/// `POST projects/P/locations/L/workloadIdentityPools/POOL:undelete`
pub(super) async fn undelete(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    let wire::UndeleteRequest {} = call.body()?;
    let id = id(location, pool)?;
    let project = call.project(project).await?;
    let pool = call.app.undelete_pool(&call.caller, &project, &id).await?;
    answer_operation(call, pool)
}

/// `GET projects/P/locations/L/workloadIdentityPools/POOL/operations/O`: every operation is done when it is answered, so
/// what it made is the pool as it is now.
pub(super) async fn operation(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    operation: &str,
) -> Answer {
    let pool = found(call, project, location, pool).await?;
    must_be_done(operation)?;
    answer_operation(call, pool)
}

async fn found(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
) -> Result<Named<Pool>, Refusal> {
    let id = id(location, pool)?;
    let project = call.project(project).await?;
    Ok(call.app.get_pool(&call.caller, &project, &id).await?)
}

/// Pools are everywhere.
pub(super) fn only_global(location: &str) -> Result<(), Refusal> {
    match location {
        "global" => Ok(()),
        _ => Err(Refusal::field(
            "name",
            "workload identity pools are at the location global",
        )),
    }
}

/// The pool that a path names.
pub(super) fn id(location: &str, pool: &str) -> Result<PoolId, Refusal> {
    only_global(location)?;
    PoolId::parse(pool).map_err(|error| Refusal::field("name", error))
}

/// The last part of an operation's name.
const OPERATION: &str = "done";

/// Refuses an operation that never was.
pub(super) fn must_be_done(operation: &str) -> Result<(), Refusal> {
    match operation {
        OPERATION => Ok(()),
        other => Err(Refusal::NoSuchPath(format!("operations/{other}"))),
    }
}

/// Answers an operation that made something of this name.
pub(super) fn answer_done(
    call: &Call,
    name: &str,
    type_name: &str,
    made: &impl Serialize,
) -> Answer {
    let done = Operation::done(format!("{name}/operations/{OPERATION}"), type_name, made);
    call.answer(&done.map_err(wharf_app::Error::internal)?)
}

fn answer_operation(call: &Call, pool: Named<Pool>) -> Answer {
    let name = pool.name().to_string();
    answer_done(call, &name, TYPE, &shown(pool))
}

fn content(request: wire::WorkloadIdentityPool, mask: &Mask) -> PoolChange {
    PoolChange {
        display_name: mask.pick("displayName", request.display_name),
        description: mask.pick("description", request.description),
        disabled: mask.pick("disabled", request.disabled),
    }
}

fn shown(pool: Named<Pool>) -> wire::WorkloadIdentityPool {
    let name = pool.name().to_string();
    let pool = pool.value;
    wire::WorkloadIdentityPool {
        name,
        display_name: some(pool.display_name),
        description: some(pool.description),
        state: Some(state(pool.deleted_at)),
        disabled: pool.disabled.then_some(true),
        expire_time: expiry(pool.deleted_at),
    }
}

pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

pub(super) fn state(deleted_at: Option<Timestamp>) -> wire::PoolState {
    match deleted_at {
        None => wire::PoolState::Active,
        Some(_) => wire::PoolState::Deleted,
    }
}

pub(super) fn expiry(deleted_at: Option<Timestamp>) -> Option<Timestamp> {
    deleted_at?.checked_add(limits::POOL_RESTORE_MAX).ok()
}
