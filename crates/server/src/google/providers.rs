//! Providers of workload identity pools (IAM v1, `projects.locations.workloadIdentityPools.providers`).

use wharf_app::iam::federation::pools::Named;
use wharf_app::iam::federation::providers::{Provider, ProviderChange};
use wharf_types::federation::{PoolId, ProviderId};
use wharf_types::wire::federation as wire;

use super::call::{Answer, Call};
use super::page::Page;
use super::pools::{self, expiry, some, state};
use super::query::Mask;
use super::refusal::Refusal;

const TYPE: &str = "google.iam.v1.WorkloadIdentityPoolProvider";

/// `GET …/workloadIdentityPools/POOL/providers`
pub(super) async fn list(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    let pool = pools::id(location, pool)?;
    let page = Page::of(&call.query)?;
    let show_deleted = call.query.is_set("showDeleted")?;
    let project = call.project(project).await?;
    let providers = call
        .app
        .list_providers(&call.caller, &project, &pool, show_deleted)
        .await?;
    let (providers, next_page_token) = page.of_list(providers, |one| one.value.id.to_string());
    call.answer(&wire::ListWorkloadIdentityPoolProvidersResponse {
        workload_identity_pool_providers: providers.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST …/workloadIdentityPools/POOL/providers?workloadIdentityPoolProviderId=PROVIDER`
pub(super) async fn create(call: &Call, project: &str, location: &str, pool: &str) -> Answer {
    const PARAMETER: &str = "workloadIdentityPoolProviderId";
    let pool = pools::id(location, pool)?;
    let id = ProviderId::parse(call.query.get(PARAMETER).unwrap_or_default());
    let id = id.map_err(|error| Refusal::field(PARAMETER, error))?;
    let request: wire::WorkloadIdentityPoolProvider = call.body()?;
    let project = call.project(project).await?;
    let content = content(request, &Mask::parse(None, &[])?);
    let provider = call
        .app
        .create_provider(&call.caller, &project, &pool, &id, content)
        .await?;
    answer_operation(call, provider)
}

/// `GET …/workloadIdentityPools/POOL/providers/PROVIDER`
pub(super) async fn get(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    provider: &str,
) -> Answer {
    let provider = found(call, project, location, (pool, provider)).await?;
    call.answer(&shown(provider))
}

/// `PATCH …/workloadIdentityPools/POOL/providers/PROVIDER`
pub(super) async fn patch(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    provider: &str,
) -> Answer {
    const CHANGEABLE: [&str; 9] = [
        "displayName",
        "description",
        "disabled",
        "attributeMapping",
        "attributeCondition",
        "oidc",
        "oidc.issuerUri",
        "oidc.allowedAudiences",
        "oidc.jwksJson",
    ];
    let mask = Mask::parse(call.query.get("updateMask"), &CHANGEABLE)?;
    let request: wire::WorkloadIdentityPoolProvider = call.body()?;
    let (pool, provider) = ids(location, (pool, provider))?;
    let project = call.project(project).await?;
    let content = content(request, &mask);
    let provider = call
        .app
        .update_provider(&call.caller, &project, &pool, &provider, content)
        .await?;
    answer_operation(call, provider)
}

/// `DELETE …/workloadIdentityPools/POOL/providers/PROVIDER`
pub(super) async fn delete(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    provider: &str,
) -> Answer {
    let (pool, provider) = ids(location, (pool, provider))?;
    let project = call.project(project).await?;
    let provider = call
        .app
        .delete_provider(&call.caller, &project, &pool, &provider)
        .await?;
    answer_operation(call, provider)
}

/// `POST …/workloadIdentityPools/POOL/providers/PROVIDER:undelete`
pub(super) async fn undelete(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    provider: &str,
) -> Answer {
    let wire::UndeleteRequest {} = call.body()?;
    let (pool, provider) = ids(location, (pool, provider))?;
    let project = call.project(project).await?;
    let provider = call
        .app
        .undelete_provider(&call.caller, &project, &pool, &provider)
        .await?;
    answer_operation(call, provider)
}

/// `GET …/workloadIdentityPools/POOL/providers/PROVIDER/operations/O`: what it made is the provider as it is now.
pub(super) async fn operation(
    call: &Call,
    project: &str,
    location: &str,
    pool: &str,
    provider: &str,
    operation: &str,
) -> Answer {
    let provider = found(call, project, location, (pool, provider)).await?;
    pools::must_be_done(operation)?;
    answer_operation(call, provider)
}

async fn found(
    call: &Call,
    project: &str,
    location: &str,
    names: (&str, &str),
) -> Result<Named<Provider>, Refusal> {
    let (pool, provider) = ids(location, names)?;
    let project = call.project(project).await?;
    Ok(call
        .app
        .get_provider(&call.caller, &project, &pool, &provider)
        .await?)
}

fn ids(location: &str, (pool, provider): (&str, &str)) -> Result<(PoolId, ProviderId), Refusal> {
    let pool = pools::id(location, pool)?;
    let provider = ProviderId::parse(provider).map_err(|error| Refusal::field("name", error))?;
    Ok((pool, provider))
}

fn answer_operation(call: &Call, provider: Named<Provider>) -> Answer {
    let name = provider.name().to_string();
    pools::answer_done(call, &name, TYPE, &shown(provider))
}

fn content(request: wire::WorkloadIdentityPoolProvider, mask: &Mask) -> ProviderChange {
    let oidc = request.oidc.unwrap_or_default();
    // A mask may name the issuer as a whole or its parts.
    let part = |name: &'static str| if mask.has("oidc") { "oidc" } else { name };
    ProviderChange {
        display_name: mask.pick("displayName", request.display_name),
        description: mask.pick("description", request.description),
        disabled: mask.pick("disabled", request.disabled),
        issuer: mask.pick(part("oidc.issuerUri"), oidc.issuer_uri),
        audiences: mask.pick(part("oidc.allowedAudiences"), oidc.allowed_audiences),
        jwks: mask.pick(part("oidc.jwksJson"), oidc.jwks_json),
        mapping: mask.pick("attributeMapping", request.attribute_mapping),
        condition: mask.pick("attributeCondition", request.attribute_condition),
    }
}

fn shown(provider: Named<Provider>) -> wire::WorkloadIdentityPoolProvider {
    let name = provider.name().to_string();
    let provider = provider.value;
    wire::WorkloadIdentityPoolProvider {
        name,
        display_name: some(provider.display_name),
        description: some(provider.description),
        state: Some(state(provider.deleted_at)),
        disabled: provider.disabled.then_some(true),
        attribute_mapping: Some(provider.mapping),
        attribute_condition: provider.condition,
        oidc: Some(wire::Oidc {
            issuer_uri: Some(provider.issuer),
            allowed_audiences: Some(provider.audiences).filter(|all| !all.is_empty()),
            jwks_json: provider.jwks,
        }),
        expire_time: expiry(provider.deleted_at),
    }
}
