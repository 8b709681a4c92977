//! Providers of workload identity pools: whose tokens are accepted, for whom they must be issued, and as whom they count.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::Url;
use wharf_store::meta::access::providers;
use wharf_store::meta::{Durability, Transaction};
use wharf_types::federation::{PoolId, ProviderId, ProviderName};
use wharf_types::permission::{
    PROVIDERS_CREATE, PROVIDERS_DELETE, PROVIDERS_GET, PROVIDERS_LIST, PROVIDERS_UNDELETE,
    PROVIDERS_UPDATE,
};
use wharf_types::text::shorten;
use wharf_types::{ProjectId, limits};

pub use wharf_store::meta::access::providers::Provider;

use super::attributes::Attributes;
use super::is_gone;
use super::key_set::KeySet;
use super::pools::{self, Named, invalid, must_be_there, named};
use crate::iam::text;
use crate::{App, Caller, Error, Missing, clock};

/// What of a provider can be changed.
#[derive(Clone, Debug, Default)]
pub struct ProviderChange {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether it is out of use.
    pub disabled: Option<bool>,
    /// The URL that tokens name as their issuer.
    pub issuer: Option<String>,
    /// The audiences that tokens may name; none: the provider's own name.
    pub audiences: Option<Vec<String>>,
    /// The issuer's public keys; empty: the issuer is asked for them.
    pub jwks: Option<String>,
    /// Which expression gives which attribute.
    pub mapping: Option<BTreeMap<String, String>>,
    /// What a token must make true; empty: nothing.
    pub condition: Option<String>,
}

impl ProviderChange {
    fn apply(self, provider: &mut Provider) {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        if let Some(name) = self.display_name {
            provider.display_name = name;
        }
        if let Some(description) = self.description {
            provider.description = description;
        }
        if let Some(disabled) = self.disabled {
            provider.disabled = disabled;
        }
        if let Some(issuer) = self.issuer {
            provider.issuer = issuer;
        }
        if let Some(audiences) = self.audiences {
            provider.audiences = audiences;
        }
        if let Some(jwks) = self.jwks {
            provider.jwks = some(jwks);
        }
        if let Some(mapping) = self.mapping {
            provider.mapping = mapping;
        }
        if let Some(condition) = self.condition {
            provider.condition = some(condition);
        }
    }
}

impl Named<Provider> {
    /// The provider's name.
    pub fn name(&self) -> ProviderName {
        ProviderName {
            pool: wharf_types::federation::PoolName {
                project_number: self.project_number,
                pool: self.value.pool.clone(),
            },
            provider: self.value.id.clone(),
        }
    }
}

impl App {
    /// A provider, be its deletion requested.
    pub async fn get_provider(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
    ) -> Result<Named<Provider>, Error> {
        self.authorize_pools(caller, PROVIDERS_GET, project).await?;
        let (project, pool, id) = (project.clone(), pool.clone(), id.clone());
        self.meta
            .read(move |transaction| {
                let provider = find(transaction, &project, &pool, &id)?;
                named(transaction, &project, provider)
            })
            .await
    }

    /// A pool's providers, in order of id.
    pub async fn list_providers(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        show_deleted: bool,
    ) -> Result<Vec<Named<Provider>>, Error> {
        self.authorize_pools(caller, PROVIDERS_LIST, project)
            .await?;
        let (project, pool, now) = (project.clone(), pool.clone(), clock::now());
        self.meta
            .read(move |transaction| {
                pools::find(transaction, &project, &pool)?;
                providers::list(transaction, &project, &pool)?
                    .into_iter()
                    .filter(|one| !is_gone(one.deleted_at, now))
                    .filter(|one| show_deleted || one.deleted_at.is_none())
                    .map(|one| named(transaction, &project, one))
                    .collect()
            })
            .await
    }

    /// Creates a provider. All that it says is checked now: a token finds no mistake later.
    pub async fn create_provider(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
        content: ProviderChange,
    ) -> Result<Named<Provider>, Error> {
        self.authorize_pools(caller, PROVIDERS_CREATE, project)
            .await?;
        let mut provider = Provider {
            project: project.clone(),
            pool: pool.clone(),
            id: id.clone(),
            display_name: String::new(),
            description: String::new(),
            disabled: false,
            issuer: String::new(),
            audiences: Vec::new(),
            jwks: None,
            mapping: BTreeMap::new(),
            condition: None,
            created_at: clock::now(),
            deleted_at: None,
        };
        content.apply(&mut provider);
        let provider = self.check_provider(provider).await?;
        self.meta
            .write(Durability::Machine, move |transaction| {
                let (project, pool) = (&provider.project, &provider.pool);
                must_be_there(&pools::find(transaction, project, pool)?)?;
                let mut others = providers::list(transaction, project, pool)?;
                if let Some(other) = others.iter().find(|other| other.id == provider.id) {
                    if !is_gone(other.deleted_at, provider.created_at) {
                        return Err(Error::AlreadyExists(match other.deleted_at {
                            Some(_) => format!(
                                "provider {} (deleted; it can be restored, and its id is free after 30 days)",
                                provider.id
                            ),
                            None => format!("provider {}", provider.id),
                        }));
                    }
                    providers::remove(transaction, other)?;
                }
                others.retain(|other| other.deleted_at.is_none());
                if others.len() >= limits::PROVIDERS_PER_POOL_MAX {
                    return Err(Error::FailedPrecondition(format!(
                        "workload identity pool {pool} has {} providers, which is the most: delete one first",
                        others.len()
                    )));
                }
                providers::insert(transaction, &provider)?;
                named(transaction, project, provider.clone())
            })
            .await
    }

    /// Changes what `content` has.
    pub async fn update_provider(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
        content: ProviderChange,
    ) -> Result<Named<Provider>, Error> {
        self.authorize_pools(caller, PROVIDERS_UPDATE, project)
            .await?;
        // Checked as a whole, as it will be if nobody else changes it meanwhile.
        let before = {
            let (project, pool, id) = (project.clone(), pool.clone(), id.clone());
            self.meta
                .read(move |transaction| find(transaction, &project, &pool, &id))
                .await?
        };
        let mut after = before.clone();
        content.apply(&mut after);
        let after = self.check_provider(after).await?;
        self.change_provider(project, pool, id, move |provider, _| {
            if *provider != before {
                return Err(Error::Conflict(format!("provider {}", provider.id)));
            }
            provider_must_be_there(provider)?;
            provider.clone_from(&after);
            Ok(())
        })
        .await
    }

    /// Requests the deletion of a provider: from now on it accepts no tokens, and those that came of it are worth nothing.
    /// It can be restored for 30 days.
    pub async fn delete_provider(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
    ) -> Result<Named<Provider>, Error> {
        self.authorize_pools(caller, PROVIDERS_DELETE, project)
            .await?;
        self.change_provider(project, pool, id, |provider, now| {
            provider_must_be_there(provider)?;
            provider.deleted_at = Some(now);
            Ok(())
        })
        .await
    }

    /// Restores a provider.
    pub async fn undelete_provider(
        &self,
        caller: &Caller,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
    ) -> Result<Named<Provider>, Error> {
        self.authorize_pools(caller, PROVIDERS_UNDELETE, project)
            .await?;
        self.change_provider(project, pool, id, |provider, _| {
            if provider.deleted_at.take().is_none() {
                return Err(Error::FailedPrecondition(format!(
                    "provider {} is not deleted",
                    provider.id
                )));
            }
            Ok(())
        })
        .await
    }

    async fn change_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        id: &ProviderId,
        change: impl Fn(&mut Provider, Timestamp) -> Result<(), Error> + Send + 'static,
    ) -> Result<Named<Provider>, Error> {
        let (project, pool, id) = (project.clone(), pool.clone(), id.clone());
        let now = clock::now();
        self.meta
            .write(Durability::Machine, move |transaction| {
                must_be_there(&pools::find(transaction, &project, &pool)?)?;
                let mut provider = find(transaction, &project, &pool, &id)?;
                change(&mut provider, now)?;
                providers::update(transaction, &provider)?;
                named(transaction, &project, provider)
            })
            .await
    }

    /// Checks all that a provider says.
    async fn check_provider(&self, provider: Provider) -> Result<Provider, Error> {
        text::check(
            "displayName",
            &provider.display_name,
            limits::POOL_DISPLAY_NAME_LENGTH_MAX,
        )?;
        text::check(
            "description",
            &provider.description,
            limits::DESCRIPTION_LENGTH_MAX,
        )?;
        self.check_issuer(&provider)?;
        if provider.audiences.len() > limits::PROVIDER_AUDIENCES_MAX {
            return Err(invalid(format!(
                "oidc.allowedAudiences: there are more than {}",
                limits::PROVIDER_AUDIENCES_MAX
            )));
        }
        let is_audience = |text: &String| {
            (1..=limits::PROVIDER_AUDIENCE_LENGTH_MAX).contains(&text.chars().count())
        };
        if let Some(wrong) = provider.audiences.iter().find(|text| !is_audience(text)) {
            return Err(invalid(format!(
                "oidc.allowedAudiences: {:?} does not have 1 to {} characters",
                shorten(wrong),
                limits::PROVIDER_AUDIENCE_LENGTH_MAX
            )));
        }
        if let Some(jwks) = &provider.jwks {
            KeySet::read_strictly(jwks.as_bytes())
                .map_err(|error| invalid(format!("oidc.jwksJson: {error}")))?;
        }
        tokio::task::spawn_blocking(move || {
            Attributes::compile(&provider).map_err(invalid)?;
            Ok(provider)
        })
        .await
        .map_err(Error::internal)?
    }

    fn check_issuer(&self, provider: &Provider) -> Result<(), Error> {
        let refused = |reason: &str| {
            Err(invalid(format!(
                "oidc.issuerUri: {:?} {reason}",
                shorten(&provider.issuer)
            )))
        };
        if provider.issuer.is_empty() {
            return Err(invalid(
                "oidc.issuerUri is missing: the URL that tokens name as their \"iss\"",
            ));
        }
        if provider.issuer.len() > limits::ISSUER_LENGTH_MAX {
            return refused(&format!(
                "is longer than {} characters",
                limits::ISSUER_LENGTH_MAX
            ));
        }
        let Ok(url) = Url::parse(&provider.issuer) else {
            return refused("is no URL: write https://HOST[/PATH]");
        };
        if url.query().is_some() || url.fragment().is_some() {
            return refused("has a query or fragment, which an issuer has not");
        }
        // An issuer whose keys are uploaded is never asked, so its address does not matter.
        match (&provider.jwks, url.scheme()) {
            (Some(_), "https") => Ok(()),
            _ => self
                .federation
                .issuers
                .check(&url)
                .or_else(|reason| refused(&format!("cannot be an issuer: {reason}"))),
        }
    }
}

fn find(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    pool: &PoolId,
    id: &ProviderId,
) -> Result<Provider, Error> {
    pools::find(transaction, project, pool)?;
    providers::find(transaction, project, pool, id)?
        .filter(|provider| !is_gone(provider.deleted_at, clock::now()))
        .ok_or_else(|| Error::not_found(Missing::WorkloadIdentityProvider, id))
}

fn provider_must_be_there(provider: &Provider) -> Result<(), Error> {
    match provider.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::FailedPrecondition(format!(
            "provider {} was deleted: restore it first",
            provider.id
        ))),
    }
}
