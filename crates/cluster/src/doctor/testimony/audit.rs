//! What the registry's audit log has about a pull.

use std::time::Duration;

use jiff::Timestamp;
use wharf_client::Client;
use wharf_client::logging::LogQuery;
use wharf_types::ProjectId;
use wharf_types::wire::logging::LogEntry;

use super::super::observation::AuditRecord;
use super::{Wanted, Who, ask};

/// How old a record may be: a Pod that waits has been refused within minutes.
const FRESHNESS: Duration = Duration::from_secs(24 * 3_600);
/// Records of one testimony.
const RECORDS_MAX: usize = 20;
/// Pages of the server's work.
const PAGES_MAX: usize = 4;

/// What was found.
#[derive(Default)]
pub(super) struct Log {
    /// The newest first.
    pub(super) records: Vec<AuditRecord>,
    pub(super) unasked: Vec<String>,
}

/// The newest records about an image or an account. Our own questions are in the log, too: they are left out.
pub(super) async fn records(client: &Client, wanted: &Wanted, who: &Who) -> Log {
    let repository = &wanted.image.repository;
    let about = format!(
        "(protoPayload.resourceName:\"/containers/repositories/library/{}/\"{})",
        repository.image,
        match who {
            Who::Account { email, .. } => format!(" OR {}", of_account(email.as_str())),
            Who::Anybody | Who::Unknown => String::new(),
        }
    );
    let mut log = Log::default();
    log.read(client, &repository.project, &about).await;
    if let Who::Account { email, .. } = who
        && email.project() != repository.project
    {
        let about = format!("({})", of_account(email.as_str()));
        log.read(client, &email.project(), &about).await;
        log.records
            .sort_by_key(|record| std::cmp::Reverse(record.time));
        log.records.truncate(RECORDS_MAX);
    }
    log
}

fn of_account(email: &str) -> String {
    format!(
        "protoPayload.authenticationInfo.principalEmail=\"{email}\" OR protoPayload.metadata.claimedAccount=\"{email}\""
    )
}

impl Log {
    async fn read(&mut self, client: &Client, project: &ProjectId, about: &str) {
        let from = Timestamp::now().saturating_sub(FRESHNESS);
        let query = LogQuery {
            of: format!("projects/{project}"),
            filter: format!(
                "timestamp>=\"{}\" AND NOT protoPayload.requestMetadata.callerSuppliedUserAgent:\"wharf/\" AND {about}",
                from.unwrap_or(Timestamp::MIN)
            ),
            oldest_first: false,
            limit: RECORDS_MAX,
            pages_max: PAGES_MAX,
        };
        match ask(client.read_log(&query)).await {
            Ok(found) => {
                if !found.is_complete && found.entries.is_empty() {
                    let reason = format!(
                        "the audit log of {project} as far back as a day: it is longer than one look takes"
                    );
                    self.unasked.push(reason);
                }
                self.records.extend(found.entries.into_iter().map(record));
            }
            Err(error) => {
                let reason = format!("what the audit log of {project} says: {error}");
                self.unasked.push(reason);
            }
        }
    }
}

fn record(entry: LogEntry) -> AuditRecord {
    let payload = entry.proto_payload;
    let permission = payload.authorization_info.into_iter().next();
    let bound = |binding: wharf_types::wire::logging::AuditBinding| {
        format!("{} on {}", binding.role, binding.resource)
    };
    AuditRecord {
        time: entry.timestamp,
        principal: payload.authentication_info.principal_subject,
        address: Some(payload.request_metadata.caller_ip).filter(|address| !address.is_empty()),
        user_agent: payload.request_metadata.caller_supplied_user_agent,
        permission: permission.map(|info| info.permission).unwrap_or_default(),
        resource: payload.resource_name,
        is_granted: payload.status.is_none(),
        reason: match (payload.status, payload.metadata.binding) {
            (Some(status), _) => status.message,
            (None, binding) => binding.map(bound).unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(payload: &serde_json::Value) -> AuditRecord {
        let entry = json!({"timestamp": "2026-11-24T10:00:00Z", "protoPayload": payload});
        record(serde_json::from_value(entry).unwrap())
    }

    #[test]
    fn a_grant_names_its_binding_and_a_refusal_its_reason() {
        let granted = read(&json!({
            "resourceName": "r",
            "authenticationInfo": {"principalSubject": "serviceAccount:a"},
            "authorizationInfo": [{"permission": "storage.objects.get", "resource": "r", "granted": true}],
            "requestMetadata": {"callerIp": "10.0.0.1", "callerSuppliedUserAgent": "containerd/1.7"},
            "metadata": {"binding": {"role": "roles/viewer", "resource": "projects/p", "member": "allUsers"}},
        }));
        assert!(granted.is_granted);
        assert_eq!(granted.reason, "roles/viewer on projects/p");
        assert_eq!(granted.permission, "storage.objects.get");
        assert_eq!(granted.address.as_deref(), Some("10.0.0.1"));
        let failed = read(&json!({
            "status": {"code": 16, "message": "the key is disabled"},
            "metadata": {"claimedAccount": "a@p.iam.gserviceaccount.com"},
        }));
        assert!(!failed.is_granted && failed.principal.is_empty());
        assert_eq!(failed.reason, "the key is disabled");
    }
}
