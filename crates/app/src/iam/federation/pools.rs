//! Workload identity pools.

use jiff::Timestamp;
use wharf_store::meta::access::{pools, projects};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::federation::{PoolId, PoolName};
use wharf_types::permission::{
    POOLS_CREATE, POOLS_DELETE, POOLS_GET, POOLS_LIST, POOLS_UNDELETE, POOLS_UPDATE,
};
use wharf_types::{Permission, ProjectId, Resource, limits};

pub use wharf_store::meta::access::pools::Pool;

use super::is_gone;
use crate::iam::text;
use crate::{App, Caller, Error, Missing, clock};

/// What of a pool can be changed.
#[derive(Clone, Debug, Default)]
pub struct PoolChange {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether it is out of use.
    pub disabled: Option<bool>,
}

impl PoolChange {
    fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.display_name {
            text::check("displayName", name, limits::POOL_DISPLAY_NAME_LENGTH_MAX)?;
        }
        if let Some(description) = &self.description {
            text::check("description", description, limits::DESCRIPTION_LENGTH_MAX)?;
        }
        Ok(())
    }

    fn apply(self, pool: &mut Pool) {
        if let Some(name) = self.display_name {
            pool.display_name = name;
        }
        if let Some(description) = self.description {
            pool.description = description;
        }
        if let Some(disabled) = self.disabled {
            pool.disabled = disabled;
        }
    }
}

/// A thing with the full name under which tokens and policies know it.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The number of its project.
    pub project_number: u64,
    /// The thing.
    pub value: T,
}

impl Named<Pool> {
    /// The pool's name.
    pub fn name(&self) -> PoolName {
        PoolName {
            project_number: self.project_number,
            pool: self.value.id.clone(),
        }
    }
}

impl App {
    /// A pool, be its deletion requested.
    pub async fn get_pool(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &PoolId,
    ) -> Result<Named<Pool>, Error> {
        self.authorize_pools(caller, POOLS_GET, project).await?;
        let (project, id) = (project.clone(), id.clone());
        self.meta
            .read(move |transaction| {
                let pool = find(transaction, &project, &id)?;
                named(transaction, &project, pool)
            })
            .await
    }

    /// A project's pools, in order of id.
    pub async fn list_pools(
        &self,
        caller: &Caller,
        project: &ProjectId,
        show_deleted: bool,
    ) -> Result<Vec<Named<Pool>>, Error> {
        self.authorize_pools(caller, POOLS_LIST, project).await?;
        let (project, now) = (project.clone(), clock::now());
        self.meta
            .read(move |transaction| {
                let pools = pools::list(transaction, &project)?;
                pools
                    .into_iter()
                    .filter(|pool| !is_gone(pool.deleted_at, now))
                    .filter(|pool| show_deleted || pool.deleted_at.is_none())
                    .map(|pool| named(transaction, &project, pool))
                    .collect()
            })
            .await
    }

    /// Creates a pool. The id of a deleted one is free again after 30 days.
    pub async fn create_pool(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &PoolId,
        content: PoolChange,
    ) -> Result<Named<Pool>, Error> {
        self.authorize_pools(caller, POOLS_CREATE, project).await?;
        content.check()?;
        let mut pool = Pool {
            project: project.clone(),
            id: id.clone(),
            display_name: String::new(),
            description: String::new(),
            disabled: false,
            created_at: clock::now(),
            deleted_at: None,
        };
        content.apply(&mut pool);
        self.meta
            .write(Durability::Machine, move |transaction| {
                let project = &pool.project;
                if projects::find(transaction, project)?.is_none_or(|p| p.deleted_at.is_some()) {
                    return Err(Error::not_found(Missing::Project, project));
                }
                let mut others = pools::list(transaction, project)?;
                if let Some(other) = others.iter().find(|other| other.id == pool.id) {
                    if !is_gone(other.deleted_at, pool.created_at) {
                        return Err(Error::AlreadyExists(match other.deleted_at {
                            Some(_) => format!(
                                "workload identity pool {} (deleted; it can be restored, and its id is free after 30 days)",
                                pool.id
                            ),
                            None => format!("workload identity pool {}", pool.id),
                        }));
                    }
                    pools::remove(transaction, project, &pool.id)?;
                }
                others.retain(|other| other.deleted_at.is_none());
                if others.len() >= limits::POOLS_PER_PROJECT_MAX {
                    return Err(Error::FailedPrecondition(format!(
                        "project {project} has {} workload identity pools, which is the most: delete one first",
                        others.len()
                    )));
                }
                pools::insert(transaction, &pool)?;
                named(transaction, project, pool.clone())
            })
            .await
    }

    /// Changes what `content` has.
    pub async fn update_pool(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &PoolId,
        content: PoolChange,
    ) -> Result<Named<Pool>, Error> {
        self.authorize_pools(caller, POOLS_UPDATE, project).await?;
        content.check()?;
        self.change_pool(project, id, move |pool, _| {
            must_be_there(pool)?;
            content.clone().apply(pool);
            Ok(())
        })
        .await
    }

    /// Requests the deletion of a pool: from now on it accepts no tokens, and those that came of it are worth nothing. It
    /// can be restored for 30 days, and takes its principals with it.
    pub async fn delete_pool(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &PoolId,
    ) -> Result<Named<Pool>, Error> {
        self.authorize_pools(caller, POOLS_DELETE, project).await?;
        self.change_pool(project, id, |pool, now| {
            must_be_there(pool)?;
            pool.deleted_at = Some(now);
            Ok(())
        })
        .await
    }

    /// Restores a pool.
    pub async fn undelete_pool(
        &self,
        caller: &Caller,
        project: &ProjectId,
        id: &PoolId,
    ) -> Result<Named<Pool>, Error> {
        self.authorize_pools(caller, POOLS_UNDELETE, project)
            .await?;
        self.change_pool(project, id, |pool, _| {
            if pool.deleted_at.take().is_none() {
                return Err(Error::FailedPrecondition(format!(
                    "workload identity pool {} is not deleted",
                    pool.id
                )));
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn authorize_pools(
        &self,
        caller: &Caller,
        permission: Permission,
        project: &ProjectId,
    ) -> Result<(), Error> {
        let resource = Resource::Project(project.clone());
        self.authorize(caller, &[permission], &resource).await
    }

    async fn change_pool(
        &self,
        project: &ProjectId,
        id: &PoolId,
        change: impl Fn(&mut Pool, Timestamp) -> Result<(), Error> + Send + 'static,
    ) -> Result<Named<Pool>, Error> {
        let (project, id, now) = (project.clone(), id.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut pool = find(transaction, &project, &id)?;
                change(&mut pool, now)?;
                pools::update(transaction, &pool)?;
                named(transaction, &project, pool)
            })
            .await
    }
}

/// A pool, be its deletion requested, and not so long ago that it is gone.
pub(super) fn find(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    id: &PoolId,
) -> Result<Pool, Error> {
    pools::find(transaction, project, id)?
        .filter(|pool| !is_gone(pool.deleted_at, clock::now()))
        .ok_or_else(|| Error::not_found(Missing::WorkloadIdentityPool, id))
}

/// Refuses to work on a pool whose deletion was requested.
pub(super) fn must_be_there(pool: &Pool) -> Result<(), Error> {
    match pool.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::FailedPrecondition(format!(
            "workload identity pool {} was deleted: restore it first",
            pool.id
        ))),
    }
}

pub(super) fn named<T>(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    value: T,
) -> Result<Named<T>, Error> {
    let found = projects::find(transaction, project)?;
    let found = found.ok_or_else(|| Error::not_found(Missing::Project, project))?;
    Ok(Named {
        project_number: found.number,
        value,
    })
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(OciCode::Unsupported, message)
}
