//! Workload identity pools and their providers (IAM v1).

use http::Method;
use wharf_types::ProjectId;
use wharf_types::federation::{PoolId, ProviderId};
use wharf_types::wire::federation::{
    ListWorkloadIdentityPoolProvidersResponse, ListWorkloadIdentityPoolsResponse, UndeleteRequest,
    WorkloadIdentityPool, WorkloadIdentityPoolProvider,
};
use wharf_types::wire::operation::Operation;

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

/// Pools or providers asked for in one page.
const PAGE_SIZE: usize = 100;

impl Page for ListWorkloadIdentityPoolsResponse {
    type Item = WorkloadIdentityPool;

    fn split(self) -> (Vec<WorkloadIdentityPool>, Option<String>) {
        (self.workload_identity_pools, self.next_page_token)
    }
}

impl Page for ListWorkloadIdentityPoolProvidersResponse {
    type Item = WorkloadIdentityPoolProvider;

    fn split(self) -> (Vec<WorkloadIdentityPoolProvider>, Option<String>) {
        (self.workload_identity_pool_providers, self.next_page_token)
    }
}

/// Where a pool is, or all of them, or a provider of one.
fn path<'a>(
    project: &'a ProjectId,
    rest: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = &'a str> {
    let project = ["v1", "projects", project.as_str(), "locations", "global"];
    project
        .into_iter()
        .chain(["workloadIdentityPools"])
        .chain(rest)
}

impl Client {
    /// A project's pools, in order of id.
    pub async fn list_pools(
        &self,
        project: &ProjectId,
        show_deleted: bool,
    ) -> Result<Vec<WorkloadIdentityPool>, Error> {
        let call = Call::get(path(project, [])).query("pageSize", &PAGE_SIZE);
        self.pages::<ListWorkloadIdentityPoolsResponse>(call.query("showDeleted", &show_deleted))
            .await
    }

    /// Reads a pool.
    pub async fn get_pool(
        &self,
        project: &ProjectId,
        pool: &PoolId,
    ) -> Result<WorkloadIdentityPool, Error> {
        self.call(Call::get(path(project, [pool.as_str()]))).await
    }

    /// Creates a pool.
    pub async fn create_pool(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        content: &WorkloadIdentityPool,
    ) -> Result<WorkloadIdentityPool, Error> {
        let call = Call::post(path(project, [])).query("workloadIdentityPoolId", pool);
        self.operate(call.json(content)).await
    }

    /// Changes what `content` has of a pool.
    pub async fn update_pool(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        content: &WorkloadIdentityPool,
    ) -> Result<WorkloadIdentityPool, Error> {
        let call = Call::new(Method::PATCH, path(project, [pool.as_str()]));
        self.operate(call.json(content)).await
    }

    /// Deletes a pool; it can be restored for 30 days.
    pub async fn delete_pool(
        &self,
        project: &ProjectId,
        pool: &PoolId,
    ) -> Result<WorkloadIdentityPool, Error> {
        self.operate(Call::new(Method::DELETE, path(project, [pool.as_str()])))
            .await
    }

    /// Restores a pool.
    pub async fn undelete_pool(
        &self,
        project: &ProjectId,
        pool: &PoolId,
    ) -> Result<WorkloadIdentityPool, Error> {
        let pool = format!("{pool}:undelete");
        let call = Call::post(path(project, [pool.as_str()]));
        self.operate(call.json(&UndeleteRequest {})).await
    }

    /// A pool's providers, in order of id.
    pub async fn list_providers(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        show_deleted: bool,
    ) -> Result<Vec<WorkloadIdentityPoolProvider>, Error> {
        let call = Call::get(path(project, [pool.as_str(), "providers"]));
        let call = call.query("pageSize", &PAGE_SIZE);
        self.pages::<ListWorkloadIdentityPoolProvidersResponse>(
            call.query("showDeleted", &show_deleted),
        )
        .await
    }

    /// Reads a provider.
    pub async fn get_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        provider: &ProviderId,
    ) -> Result<WorkloadIdentityPoolProvider, Error> {
        let rest = [pool.as_str(), "providers", provider.as_str()];
        self.call(Call::get(path(project, rest))).await
    }

    /// Creates a provider.
    pub async fn create_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        provider: &ProviderId,
        content: &WorkloadIdentityPoolProvider,
    ) -> Result<WorkloadIdentityPoolProvider, Error> {
        let call = Call::post(path(project, [pool.as_str(), "providers"]));
        let call = call.query("workloadIdentityPoolProviderId", provider);
        self.operate(call.json(content)).await
    }

    /// Changes what `content` has of a provider.
    pub async fn update_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        provider: &ProviderId,
        content: &WorkloadIdentityPoolProvider,
    ) -> Result<WorkloadIdentityPoolProvider, Error> {
        let rest = [pool.as_str(), "providers", provider.as_str()];
        let call = Call::new(Method::PATCH, path(project, rest));
        self.operate(call.json(content)).await
    }

    /// Deletes a provider; it can be restored for 30 days.
    pub async fn delete_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        provider: &ProviderId,
    ) -> Result<WorkloadIdentityPoolProvider, Error> {
        let rest = [pool.as_str(), "providers", provider.as_str()];
        self.operate(Call::new(Method::DELETE, path(project, rest)))
            .await
    }

    /// Restores a provider.
    pub async fn undelete_provider(
        &self,
        project: &ProjectId,
        pool: &PoolId,
        provider: &ProviderId,
    ) -> Result<WorkloadIdentityPoolProvider, Error> {
        let provider = format!("{provider}:undelete");
        let rest = [pool.as_str(), "providers", provider.as_str()];
        let call = Call::post(path(project, rest));
        self.operate(call.json(&UndeleteRequest {})).await
    }

    /// Makes a call that is answered by an operation which is done, and reads what it made.
    async fn operate<T: serde::de::DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let operation: Operation = self.call(call).await?;
        let made = operation.response.unwrap_or_default();
        serde_json::from_value(made).map_err(|error| Error::Unexpected {
            endpoint: self.endpoint.clone(),
            reason: format!("its operation made something else than it should ({error})"),
        })
    }
}
