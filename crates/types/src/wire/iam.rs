//! Service accounts (IAM v1, `projects.serviceAccounts`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Etag;

/// A service account. What is absent in a request is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// `projects/P/serviceAccounts/EMAIL`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The project it belongs to.
    #[serde(alias = "project_id", skip_serializing_if = "String::is_empty")]
    pub project_id: String,
    /// 21 digits.
    #[serde(alias = "unique_id", skip_serializing_if = "String::is_empty")]
    pub unique_id: String,
    /// The address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// For people.
    #[serde(alias = "display_name", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// The same as `unique_id`.
    #[serde(alias = "oauth2_client_id", skip_serializing_if = "String::is_empty")]
    pub oauth2_client_id: String,
    /// Whether all its credentials are refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// `GET projects/P/serviceAccounts`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListServiceAccountsResponse {
    /// In order of address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<ServiceAccount>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST projects/P/serviceAccounts`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateServiceAccountRequest {
    /// The part of the address before the `@`.
    #[serde(alias = "account_id")]
    pub account_id: String,
    /// Display name and description.
    #[serde(alias = "service_account")]
    pub service_account: ServiceAccount,
}

/// `PATCH projects/P/serviceAccounts/E`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PatchServiceAccountRequest {
    /// The new values.
    #[serde(alias = "service_account")]
    pub service_account: ServiceAccount,
    /// Which of them count, separated by commas; those that are present when absent.
    #[serde(alias = "update_mask", skip_serializing_if = "Option::is_none")]
    pub update_mask: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_is_googles_json() {
        let golden = json!({
            "name": "projects/my-project/serviceAccounts/gcr-puller@my-project.iam.gserviceaccount.com",
            "projectId": "my-project",
            "uniqueId": "100000000000000000001",
            "email": "gcr-puller@my-project.iam.gserviceaccount.com",
            "displayName": "pulls images for the cluster",
            "etag": "AAAAAAAAAAE=",
            "oauth2ClientId": "100000000000000000001",
            "disabled": true,
        });
        let account: ServiceAccount = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&account).unwrap(), golden);
        let account = ServiceAccount {
            disabled: false,
            ..account
        };
        assert!(
            !serde_json::to_string(&account)
                .unwrap()
                .contains("disabled")
        );
    }

    #[test]
    fn what_clients_send_is_understood() {
        let request: CreateServiceAccountRequest = serde_json::from_str(
            r#"{"accountId":"gcr-puller","serviceAccount":{"displayName":"d"},"future":1}"#,
        )
        .unwrap();
        assert_eq!(request.account_id, "gcr-puller");
        assert_eq!(request.service_account.display_name.as_deref(), Some("d"));
        let snake: CreateServiceAccountRequest = serde_json::from_str(
            r#"{"account_id":"gcr-puller","service_account":{"display_name":"d"}}"#,
        )
        .unwrap();
        assert_eq!(snake, request);
        assert_eq!(
            serde_json::to_string(&ListServiceAccountsResponse::default()).unwrap(),
            "{}"
        );
    }
}
