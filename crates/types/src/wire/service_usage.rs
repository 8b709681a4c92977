//! Service Usage v1, `services`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Service {
    /// `projects/N/services/S`
    pub name: String,
    /// `projects/N`
    pub parent: String,
    /// What it is.
    pub config: ServiceConfig,
    /// `ENABLED`
    pub state: String,
}

/// What a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceConfig {
    /// `storage.googleapis.com`
    pub name: String,
    /// For people.
    pub title: String,
}

/// `GET /v1/projects/P/services` and `…/services:batchGet`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Services {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST /v1/projects/P/services/S:enable`: nothing more is to be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnableServiceRequest {}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnableServiceResponse {
    /// The service.
    pub service: Service,
}

/// `POST /v1/projects/P/services:batchEnable`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchEnableServicesRequest {
    /// Names of services, without a project.
    #[serde(alias = "service_ids")]
    pub service_ids: Vec<String>,
}

/// `POST /v1/projects/P/services/S:disable`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DisableServiceRequest {
    /// Whether to disable those too that need it.
    #[serde(alias = "disable_dependent_services")]
    pub disable_dependent_services: bool,
    /// Whether to look first who used it lately.
    #[serde(alias = "check_if_service_has_usage")]
    pub check_if_service_has_usage: Option<String>,
}
