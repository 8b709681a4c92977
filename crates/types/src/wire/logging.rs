//! `POST /v2/entries:list` (Cloud Logging v2), with the audit log's records as `google.cloud.audit.AuditLog`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `@type` of an audit log's payload.
pub const AUDIT_LOG_TYPE: &str = "type.googleapis.com/google.cloud.audit.AuditLog";
/// The canonical code of a credential that proved nothing: `UNAUTHENTICATED`.
pub const UNAUTHENTICATED: i32 = 16;
/// The canonical code of a permission that lacked: `PERMISSION_DENIED`.
pub const PERMISSION_DENIED: i32 = 7;

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListLogEntriesRequest {
    /// Whose logs: `projects/P`, `organizations/0`.
    #[serde(alias = "resource_names", skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// The same, in an older form: ids of projects.
    #[serde(alias = "project_ids", skip_serializing_if = "Vec::is_empty")]
    pub project_ids: Vec<String>,
    /// The Logging query language.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// `timestamp asc` (or nothing) or `timestamp desc`.
    #[serde(alias = "order_by", skip_serializing_if = "String::is_empty")]
    pub order_by: String,
    /// How many at most.
    #[serde(alias = "page_size", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i64>,
    /// Where the page before ended.
    #[serde(alias = "page_token", skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
}

/// One page. It may be empty and still be followed by another: a page looks at so much of the log and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListLogEntriesResponse {
    /// In the order that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<LogEntry>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// One entry of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogEntry {
    /// `projects/P/logs/cloudaudit.googleapis.com%2Factivity`, or `…data_access`.
    pub log_name: String,
    /// What it is about, as monitoring knows it.
    pub resource: MonitoredResource,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// When it was taken in: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_timestamp: Option<Timestamp>,
    /// `INFO`, `NOTICE` for changes, `ERROR` for refusals.
    pub severity: String,
    /// Names the entry in the log.
    pub insert_id: String,
    /// What happened.
    pub proto_payload: AuditLog,
}

/// What an entry is about, as monitoring knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MonitoredResource {
    /// `gcs_bucket`, `project`, `service_account`, `organization`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `project_id`, `bucket_name`, `email_id`.
    pub labels: BTreeMap<String, String>,
}

/// What happened: `google.cloud.audit.AuditLog`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditLog {
    /// [`AUDIT_LOG_TYPE`]
    #[serde(rename = "@type")]
    pub type_url: String,
    /// Of what API: `storage.googleapis.com`.
    pub service_name: String,
    /// What was done: the permission that was asked for, `token.issue` or `authenticate`.
    pub method_name: String,
    /// On what: `projects/_/buckets/B/objects/…`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_name: String,
    /// Who.
    pub authentication_info: AuthenticationInfo,
    /// What was decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_info: Vec<AuthorizationInfo>,
    /// From where.
    pub request_metadata: RequestMetadata,
    /// Why it was refused; none for what was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AuditStatus>,
    /// This registry's own.
    pub metadata: AuditMetadata,
}

/// Who made a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationInfo {
    /// An address; nothing for who sent no credential or one that proved nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub principal_email: String,
    /// A member: `serviceAccount:EMAIL`, `allUsers`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub principal_subject: String,
    /// `//iam.googleapis.com/projects/P/serviceAccounts/EMAIL/keys/KEY`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_account_key_name: String,
    /// Who acted as the principal, the first of them first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_account_delegation_info: Vec<ServiceAccountDelegationInfo>,
}

/// Somebody who acted as somebody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountDelegationInfo {
    /// `serviceAccount:EMAIL`, `principal://…`
    pub principal_subject: String,
}

/// What was decided about one permission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationInfo {
    /// On what.
    pub resource: String,
    /// For what.
    pub permission: String,
    /// Whether it was granted.
    pub granted: bool,
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestMetadata {
    /// The address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub caller_ip: String,
    /// `User-Agent`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub caller_supplied_user_agent: String,
}

/// Why something was refused: `google.rpc.Status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AuditStatus {
    /// [`UNAUTHENTICATED`] or [`PERMISSION_DENIED`].
    pub code: i32,
    /// In a sentence.
    pub message: String,
}

/// What Google's types have no place for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditMetadata {
    /// `decision`, `token_issued`, `authentication_failed`.
    pub event: String,
    /// Names the request in answers and logs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// The binding that granted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<AuditBinding>,
    /// The key that the credential goes back to, or says that it does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key_id: String,
    /// Whose a credential says that it is which proved nothing. Anybody can say so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub claimed_account: String,
    /// The kind of a token that was issued: `access`, `registry` or `id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// What a registry token is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// When a token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The binding that granted something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AuditBinding {
    /// Whose policy has it.
    pub resource: String,
    /// The role.
    pub role: String,
    /// The member that names the principal.
    pub member: String,
    /// The condition's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_googles_json() {
        let golden = json!({
            "logName": "projects/my-project/logs/cloudaudit.googleapis.com%2Fdata_access",
            "resource": {"type": "gcs_bucket", "labels": {"project_id": "my-project", "bucket_name": "artifacts.my-project.appspot.com"}},
            "timestamp": "2026-11-24T10:00:00Z",
            "receiveTimestamp": "2026-11-24T10:00:00Z",
            "severity": "ERROR",
            "insertId": "1-2",
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": "storage.googleapis.com",
                "methodName": "storage.objects.get",
                "resourceName": "projects/_/buckets/artifacts.my-project.appspot.com",
                "authenticationInfo": {"principalEmail": "puller@my-project.iam.gserviceaccount.com"},
                "authorizationInfo": [{"resource": "projects/_/buckets/artifacts.my-project.appspot.com", "permission": "storage.objects.get", "granted": false}],
                "requestMetadata": {"callerIp": "10.0.0.1", "callerSuppliedUserAgent": "containerd/1.7"},
                "status": {"code": 7, "message": "no"},
                "metadata": {"event": "decision"},
            },
        });
        let entry: LogEntry = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&entry).unwrap(), golden);
    }
}
