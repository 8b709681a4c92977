//! Pools with their providers as they are now.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;
use wharf_store::meta::access::{pools, projects, providers};
use wharf_store::meta::{Change, Meta};
use wharf_types::ProjectId;
use wharf_types::federation::{PoolId, PoolName, ProviderName};
use wharf_types::text::shorten;

use super::attributes::Attributes;
use super::key_set::KeySet;
use super::pools::Pool;
use super::providers::Provider;
use crate::{App, Error};

/// Pools that are remembered, with up to 200 providers each.
const POOLS_MAX: usize = 2_000;

pub(super) struct Memory {
    /// By project number and id, as tokens name them. A number never becomes another project's.
    pools: Cache<(u64, PoolId), Arc<PoolState>>,
    /// Which number a changed project has: changes name its id.
    numbers: Cache<ProjectId, u64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            pools: Cache::new(POOLS_MAX),
            numbers: Cache::new(POOLS_MAX),
        }
    }
}

/// A pool with its providers.
pub(super) struct PoolState {
    pub(super) pool: Pool,
    pub(super) providers: Vec<ProviderState>,
}

/// A provider, and what was made of its expressions and uploaded keys once a token came.
pub(super) struct ProviderState {
    pub(super) provider: Provider,
    pub(super) attributes: OnceLock<Arc<Attributes>>,
    pub(super) keys: OnceLock<Arc<KeySet>>,
}

impl Memory {
    pub(super) fn forget(&self, changes: &[Change]) {
        for change in changes {
            if let Change::Pool(project, pool) = change {
                match self.numbers.get(project) {
                    Some(number) => {
                        self.pools.remove(&(number, pool.clone()));
                    }
                    // Its number fell out of memory: so do the pools.
                    None => self.pools.clear(),
                }
            }
        }
    }
}

impl App {
    /// A pool as it is now; none where there is none.
    async fn pool_now(&self, name: &PoolName) -> Result<Option<Arc<PoolState>>, Error> {
        let memory = &self.federation.memory;
        let key = (name.project_number, name.pool.clone());
        if let Some(pool) = memory.pools.get(&key) {
            return Ok(Some(pool));
        }
        let number = name.project_number;
        let project = self
            .meta
            .read(move |transaction| Ok::<_, Error>(projects::find_by_number(transaction, number)?))
            .await?;
        // Names of pools that never were would push out those that are.
        let Some(project) = project else {
            return Ok(None);
        };
        memory.numbers.insert(project.id.clone(), number);
        match memory.pools.get_value_or_guard_async(&key).await {
            Ok(pool) => Ok(Some(pool)),
            Err(guard) => {
                let pool = read(&self.meta, project.id, name.pool.clone()).await?;
                let pool = pool.map(Arc::new);
                if let Some(pool) = &pool {
                    let _ = guard.insert(pool.clone());
                }
                Ok(pool)
            }
        }
    }

    /// A pool and its project, with the place of a provider in it, if all of them are in order now. Else what is wrong.
    pub(super) async fn provider_now(
        &self,
        name: &ProviderName,
    ) -> Result<Result<(Arc<PoolState>, usize), String>, Error> {
        let Some(state) = self.pool_now(&name.pool).await? else {
            return Ok(Err(format!(
                "workload identity pool {} is not there",
                name.pool
            )));
        };
        let project = self.find_project(&state.pool.project).await?;
        if project.is_none_or(|project| project.deleted_at.is_some()) {
            return Ok(Err(format!(
                "project {} of workload identity pool {} was deleted",
                state.pool.project, name.pool.pool
            )));
        }
        let pool = &name.pool.pool;
        if state.pool.deleted_at.is_some() {
            return Ok(Err(format!("workload identity pool {pool} was deleted")));
        }
        if state.pool.disabled {
            return Ok(Err(format!("workload identity pool {pool} is disabled")));
        }
        let id = &name.provider;
        let place = state
            .providers
            .iter()
            .position(|one| one.provider.id == *id);
        let problem = match place.map(|place| &state.providers[place].provider) {
            None => "is not there",
            Some(provider) if provider.deleted_at.is_some() => "was deleted",
            Some(provider) if provider.disabled => "is disabled",
            Some(_) => return Ok(Ok((state, place.unwrap_or_default()))),
        };
        Ok(Err(format!(
            "provider {id} of workload identity pool {pool} {problem}"
        )))
    }

    /// Whether a provider that a token goes back to, its pool and their project are in order now.
    pub(in crate::iam) async fn check_provider_now(&self, provider: &str) -> Result<(), Error> {
        let name = ProviderName::parse(provider).map_err(|_| {
            Error::Unauthenticated(format!(
                "workload identity provider {} is not known here",
                shorten(provider)
            ))
        })?;
        match self.provider_now(&name).await? {
            Ok(_) => Ok(()),
            Err(problem) => Err(Error::Unauthenticated(problem)),
        }
    }
}

async fn read(meta: &Meta, project: ProjectId, id: PoolId) -> Result<Option<PoolState>, Error> {
    meta.read(move |transaction| {
        let Some(pool) = pools::find(transaction, &project, &id)? else {
            return Ok::<_, Error>(None);
        };
        let providers = providers::list(transaction, &project, &id)?;
        Ok(Some(PoolState {
            pool,
            providers: providers
                .into_iter()
                .map(|provider| ProviderState {
                    provider,
                    attributes: OnceLock::new(),
                    keys: OnceLock::new(),
                })
                .collect(),
        }))
    })
    .await
}
