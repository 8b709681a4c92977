//! A record of the audit log as Cloud Logging shows it.

use std::collections::BTreeMap;

use wharf_app::audit::record::{Record, RecordedEvent};
use wharf_app::audit::search::Place;
use wharf_types::kms::{CryptoKeyName, KeyRingName};
use wharf_types::wire::logging::{
    AUDIT_LOG_TYPE, AuditBinding, AuditLog, AuditMetadata, AuditStatus, AuthenticationInfo,
    AuthorizationInfo, LogEntry, MonitoredResource, PERMISSION_DENIED, RequestMetadata,
    ServiceAccountDelegationInfo, UNAUTHENTICATED,
};
use wharf_types::{Principal, Resource};

/// The entry of a record. Its place, if it is known, names it.
pub(super) fn entry(place: Option<Place>, record: &Record) -> LogEntry {
    let proto_payload = payload(record);
    let is_admin = record.is_admin_activity();
    let owner = match record.project() {
        Some(project) => format!("projects/{project}"),
        None => "organizations/0".to_owned(),
    };
    let log = if is_admin { "activity" } else { "data_access" };
    LogEntry {
        log_name: format!("{owner}/logs/cloudaudit.googleapis.com%2F{log}"),
        resource: monitored(record),
        timestamp: Some(record.time),
        receive_timestamp: Some(record.time),
        severity: match (&proto_payload.status, is_admin) {
            (Some(_), _) => "ERROR",
            (None, true) => "NOTICE",
            (None, false) => "INFO",
        }
        .to_owned(),
        insert_id: place.map(|place| place.to_string()).unwrap_or_default(),
        proto_payload,
    }
}

fn payload(record: &Record) -> AuditLog {
    let common = AuditLog {
        type_url: AUDIT_LOG_TYPE.to_owned(),
        authentication_info: authentication(record),
        request_metadata: RequestMetadata {
            caller_ip: text(record.address.as_ref()),
            caller_supplied_user_agent: record.user_agent.clone(),
        },
        metadata: AuditMetadata {
            request_id: record.request_id.clone(),
            key_id: text(record.key_id.as_ref()),
            claimed_account: text(record.claimed_account.as_ref()),
            ..AuditMetadata::default()
        },
        ..AuditLog::default()
    };
    let status = |code, message: &str| {
        Some(AuditStatus {
            code,
            message: message.to_owned(),
        })
    };
    match &record.event {
        RecordedEvent::Decision {
            permission,
            resource,
            outcome,
        } => AuditLog {
            service_name: service(permission).to_owned(),
            method_name: permission.clone(),
            resource_name: resource.clone(),
            authorization_info: vec![AuthorizationInfo {
                resource: resource.clone(),
                permission: permission.clone(),
                granted: outcome.is_ok(),
            }],
            status: match outcome {
                Ok(_) => None,
                Err(reason) => status(PERMISSION_DENIED, reason),
            },
            metadata: AuditMetadata {
                event: "decision".to_owned(),
                binding: outcome.as_ref().ok().map(|binding| AuditBinding {
                    resource: binding.resource.clone(),
                    role: binding.role.clone(),
                    member: binding.member.clone(),
                    condition: binding.condition.clone(),
                }),
                ..common.metadata
            },
            ..common
        },
        RecordedEvent::TokenIssued {
            kind,
            scopes,
            expires_at,
        } => AuditLog {
            service_name: TOKENS.to_owned(),
            method_name: "token.issue".to_owned(),
            metadata: AuditMetadata {
                event: "token_issued".to_owned(),
                token: kind.clone(),
                scopes: scopes.clone(),
                expires_at: *expires_at,
                ..common.metadata
            },
            ..common
        },
        RecordedEvent::AuthenticationFailed { reason } => AuditLog {
            service_name: TOKENS.to_owned(),
            method_name: "authenticate".to_owned(),
            status: status(UNAUTHENTICATED, reason),
            metadata: AuditMetadata {
                event: "authentication_failed".to_owned(),
                ..common.metadata
            },
            ..common
        },
    }
}

/// Who gives tokens and looks at credentials.
const TOKENS: &str = "oauth2.googleapis.com";

/// The API that has a permission.
fn service(permission: &str) -> &'static str {
    match permission.split('.').next().unwrap_or_default() {
        "storage" => "storage.googleapis.com",
        "artifactregistry" => "artifactregistry.googleapis.com",
        "iam" => "iam.googleapis.com",
        "logging" => "logging.googleapis.com",
        "cloudkms" => "cloudkms.googleapis.com",
        _ => "cloudresourcemanager.googleapis.com",
    }
}

fn authentication(record: &Record) -> AuthenticationInfo {
    let Some(principal) = &record.principal else {
        return AuthenticationInfo::default();
    };
    let email = principal
        .strip_prefix("serviceAccount:")
        .or(principal.strip_prefix("user:"));
    // The key is the one's who acted first.
    let keyholder = match record.delegation.first() {
        Some(first) => first.strip_prefix("serviceAccount:"),
        None => record.account(),
    };
    let key_name = keyholder.zip(record.key_id.as_ref());
    let is_anonymous = *principal == Principal::Anonymous.to_string();
    AuthenticationInfo {
        principal_email: email.unwrap_or_default().to_owned(),
        principal_subject: match is_anonymous {
            true => "allUsers".to_owned(),
            false => principal.clone(),
        },
        service_account_key_name: key_name
            .map(|(account, key)| {
                format!("//iam.googleapis.com/projects/-/serviceAccounts/{account}/keys/{key}")
            })
            .unwrap_or_default(),
        service_account_delegation_info: record
            .delegation
            .iter()
            .map(|principal| ServiceAccountDelegationInfo {
                principal_subject: principal.clone(),
            })
            .collect(),
    }
}

fn monitored(record: &Record) -> MonitoredResource {
    let resource = match &record.event {
        RecordedEvent::Decision { resource, .. } => Resource::parse(resource).ok(),
        _ => None,
    };
    let (kind, labels) = kind_and_labels(resource.as_ref());
    let project = record
        .project()
        .map(|project| ("project_id", project.to_string()));
    MonitoredResource {
        kind: kind.to_owned(),
        labels: labels
            .into_iter()
            .chain(project)
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn kind_and_labels(resource: Option<&Resource>) -> (&'static str, Vec<(&'static str, String)>) {
    let ring_labels = |ring: &KeyRingName| {
        vec![
            ("location", ring.location().to_owned()),
            ("key_ring_id", ring.id().to_owned()),
        ]
    };
    let key_labels = |key: &CryptoKeyName| {
        let mut labels = ring_labels(&key.ring());
        labels.push(("crypto_key_id", key.id().to_owned()));
        labels
    };
    match resource {
        Some(Resource::Bucket(bucket) | Resource::Object { bucket, .. }) => {
            ("gcs_bucket", vec![("bucket_name", bucket.to_string())])
        }
        Some(Resource::ServiceAccount(email)) => {
            ("service_account", vec![("email_id", email.to_string())])
        }
        Some(Resource::KeyRing(ring)) => ("cloudkms_keyring", ring_labels(ring)),
        Some(Resource::CryptoKey(key)) => ("cloudkms_cryptokey", key_labels(key)),
        Some(Resource::CryptoKeyVersion(version)) => {
            let mut labels = key_labels(&version.key);
            labels.push(("crypto_key_version_id", version.number.to_string()));
            ("cloudkms_cryptokeyversion", labels)
        }
        Some(Resource::Organization) => ("organization", vec![("organization_id", "0".to_owned())]),
        Some(Resource::Project(_)) | None => ("project", Vec::new()),
    }
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
