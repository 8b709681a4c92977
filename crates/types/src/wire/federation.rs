//! Workload identity pools and their providers (IAM v1, `projects.locations.workloadIdentityPools`), and the exchange of
//! tokens (Security Token Service v1).

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::proto_enum;

proto_enum! {
    /// Whether a pool or provider is there.
    PoolState {
        /// It is.
        Active = 1 "ACTIVE",
        /// Its deletion was requested; it can be restored.
        Deleted = 2 "DELETED",
    }
}

/// A pool. What is absent in a request is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadIdentityPool {
    /// `projects/N/locations/global/workloadIdentityPools/POOL`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// For people.
    #[serde(alias = "display_name", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PoolState>,
    /// Whether it is out of use; left out where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// When a deleted one is gone for good.
    #[serde(alias = "expire_time", skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<Timestamp>,
}

/// A provider. What is absent in a request is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadIdentityPoolProvider {
    /// `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// For people.
    #[serde(alias = "display_name", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PoolState>,
    /// Whether it is out of use; left out where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Which expression over a token's claims gives which attribute.
    #[serde(alias = "attribute_mapping", skip_serializing_if = "Option::is_none")]
    pub attribute_mapping: Option<BTreeMap<String, String>>,
    /// What a token must make true.
    #[serde(alias = "attribute_condition", skip_serializing_if = "Option::is_none")]
    pub attribute_condition: Option<String>,
    /// Whose tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
    /// When a deleted one is gone for good.
    #[serde(alias = "expire_time", skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<Timestamp>,
}

/// An issuer of OpenID Connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Oidc {
    /// What its tokens name as their `iss`.
    #[serde(alias = "issuer_uri", skip_serializing_if = "Option::is_none")]
    pub issuer_uri: Option<String>,
    /// What its tokens may name as their `aud`; none: the provider's own name.
    #[serde(alias = "allowed_audiences", skip_serializing_if = "Option::is_none")]
    pub allowed_audiences: Option<Vec<String>>,
    /// Its public keys, where it is not asked for them: a JWK Set as text.
    #[serde(alias = "jwks_json", skip_serializing_if = "Option::is_none")]
    pub jwks_json: Option<String>,
}

/// `GET projects/P/locations/global/workloadIdentityPools`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListWorkloadIdentityPoolsResponse {
    /// In order of id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workload_identity_pools: Vec<WorkloadIdentityPool>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `GET projects/P/locations/global/workloadIdentityPools/POOL/providers`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListWorkloadIdentityPoolProvidersResponse {
    /// In order of id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workload_identity_pool_providers: Vec<WorkloadIdentityPoolProvider>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `…:undelete`: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndeleteRequest {}

/// `POST v1/token`, answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ExchangedToken {
    /// The bearer.
    pub access_token: String,
    /// `urn:ietf:params:oauth:token-type:access_token`
    pub issued_token_type: String,
    /// `Bearer`
    pub token_type: String,
    /// Seconds.
    pub expires_in: u64,
}
