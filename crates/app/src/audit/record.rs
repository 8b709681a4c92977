//! One record as it is read back from the log.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;
use wharf_types::{Permission, ProjectId, Resource, ServiceAccountEmail};

/// A record of the log. Names are texts: an old record may name what this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// Names the request in answers and logs.
    pub request_id: String,
    /// Who: `serviceAccount:EMAIL`, `anonymous`. Nobody where a credential proved nothing.
    pub principal: Option<String>,
    /// Who acted as that one, the first of them first.
    pub delegation: Vec<String>,
    /// Whose a credential says that it is which proved nothing.
    pub claimed_account: Option<String>,
    /// The project of the provider that refused another issuer's token.
    pub provider_project: Option<String>,
    /// The key that the credential goes back to, or says that it does.
    pub key_id: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// With which program.
    pub user_agent: String,
    /// What happened.
    pub event: RecordedEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedEvent {
    /// Somebody asked for something.
    Decision {
        /// For what.
        permission: String,
        /// On what.
        resource: String,
        /// The binding that granted it, or why it was refused.
        outcome: Result<RecordedBinding, String>,
    },
    /// Somebody was given a token.
    TokenIssued {
        /// `access`, `registry` or `id`.
        kind: String,
        /// What a registry token is for.
        scopes: Vec<String>,
        /// When it ends.
        expires_at: Option<Timestamp>,
    },
    /// A credential proved nothing.
    AuthenticationFailed {
        /// What the caller was told.
        reason: String,
    },
}

/// The binding that granted something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RecordedBinding {
    /// Whose policy has it.
    pub resource: String,
    /// The role.
    pub role: String,
    /// The member that names the principal.
    pub member: String,
    /// The condition's title.
    pub condition: Option<String>,
}

/// A line's fields, whatever it records.
#[derive(Deserialize)]
struct Line {
    time: Timestamp,
    event: String,
    #[serde(default)]
    request_id: String,
    principal: Option<String>,
    #[serde(default)]
    delegation: Vec<String>,
    claimed_account: Option<String>,
    project: Option<String>,
    key_id: Option<String>,
    address: Option<IpAddr>,
    #[serde(default)]
    user_agent: String,
    permission: Option<String>,
    resource: Option<String>,
    binding: Option<RecordedBinding>,
    #[serde(default)]
    reason: String,
    token: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
}

impl Record {
    /// Reads a line. None: it is no record, such as one that a loss of power cut off.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok()?;
        let event = match line.event.as_str() {
            "decision" => RecordedEvent::Decision {
                permission: line.permission?,
                resource: line.resource?,
                outcome: line.binding.ok_or(line.reason),
            },
            "token_issued" => RecordedEvent::TokenIssued {
                kind: line.token?,
                scopes: line.scopes,
                expires_at: line.expires_at,
            },
            "authentication_failed" => RecordedEvent::AuthenticationFailed {
                reason: line.reason,
            },
            _ => return None,
        };
        Some(Self {
            time: line.time,
            request_id: line.request_id,
            principal: line.principal,
            delegation: line.delegation,
            claimed_account: line.claimed_account,
            provider_project: line.project,
            key_id: line.key_id,
            address: line.address,
            user_agent: line.user_agent,
            event,
        })
    }

    /// The address of the service account that it is about: the one that was proved.
    pub fn account(&self) -> Option<&str> {
        self.principal.as_deref()?.strip_prefix("serviceAccount:")
    }

    /// The project whose log it belongs to: the resource's; for a token and for a credential that proved nothing, the
    /// account's. None: the registry's alone.
    pub fn project(&self) -> Option<ProjectId> {
        let account = match &self.event {
            RecordedEvent::Decision { resource, .. } => {
                return Resource::parse(resource).ok()?.project();
            }
            RecordedEvent::TokenIssued { .. } => self.account(),
            RecordedEvent::AuthenticationFailed { .. } => {
                if let Some(project) = &self.provider_project {
                    return ProjectId::parse(project).ok();
                }
                self.claimed_account.as_deref()
            }
        };
        Some(ServiceAccountEmail::parse(account?).ok()?.project())
    }

    /// Whether it tells of a change, or of one that was refused ("Admin Activity"). All else is private: who pulled,
    /// pushed, looked, used a key, was given a token or failed to log in ("Data Access").
    pub fn is_admin_activity(&self) -> bool {
        match &self.event {
            RecordedEvent::Decision { permission, .. } => {
                Permission::parse(permission).is_ok_and(|permission| {
                    let uses = [
                        "storage.objects.",
                        "iam.serviceAccounts.getAccessToken",
                        "iam.serviceAccounts.getOpenIdToken",
                        "iam.serviceAccounts.implicitDelegation",
                        "iam.serviceAccounts.sign",
                        "cloudkms.cryptoKeyVersions.useTo",
                        "cloudkms.cryptoKeyVersions.view",
                    ];
                    !permission.is_read()
                        && !uses
                            .iter()
                            .any(|use_| permission.as_str().starts_with(use_))
                })
            }
            RecordedEvent::TokenIssued { .. } | RecordedEvent::AuthenticationFailed { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn decision(permission: &str, resource: &str) -> Record {
        let line = format!(
            r#"{{"time":"2026-11-24T10:00:00Z","event":"decision","principal":"serviceAccount:puller@the-shop.iam.gserviceaccount.com","permission":"{permission}","resource":"{resource}","allowed":false,"reason":"no"}}"#
        );
        Record::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_decision_belongs_to_the_project_of_its_resource() {
        for (resource, project) in [
            ("projects/my-project", Some("my-project")),
            (
                "projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/web/tag_v1",
                Some("my-project"),
            ),
            (
                "projects/my-project/serviceAccounts/puller@my-project.iam.gserviceaccount.com",
                Some("my-project"),
            ),
            ("organizations/0", None),
            ("galaxies/7", None),
        ] {
            let project = project.map(|id| ProjectId::parse(id).unwrap());
            let record = decision("storage.objects.get", resource);
            assert_eq!(record.project(), project, "{resource}");
        }
    }

    #[test]
    fn changes_are_admin_activity_and_all_else_is_private() {
        for (permission, is_admin) in [
            ("storage.buckets.setIamPolicy", true),
            ("iam.serviceAccountKeys.create", true),
            ("storage.objects.create", false),
            ("storage.objects.get", false),
            ("storage.buckets.list", false),
            ("cloudkms.cryptoKeyVersions.destroy", true),
            ("cloudkms.cryptoKeyVersions.useToDecrypt", false),
            ("logging.privateLogEntries.list", false),
            ("iam.serviceAccounts.getAccessToken", false),
            ("iam.serviceAccounts.signJwt", false),
            ("galaxies.stars.destroy", false),
        ] {
            let record = decision(permission, "organizations/0");
            assert_eq!(record.is_admin_activity(), is_admin, "{permission}");
        }
    }

    #[test]
    fn a_failed_credential_belongs_to_the_project_that_it_claims() {
        let line = br#"{"time":"2026-11-24T10:00:00Z","event":"authentication_failed","claimed_account":"puller@my-project.iam.gserviceaccount.com","key_id":"k1","reason":"disabled"}"#;
        let record = Record::parse(line).unwrap();
        assert_eq!(record.account(), None);
        assert_eq!(
            record.project(),
            Some(ProjectId::parse("my-project").unwrap())
        );
    }

    #[test]
    fn a_refused_token_of_another_issuer_belongs_to_the_project_of_the_provider() {
        let line = br#"{"time":"2026-11-24T10:00:00Z","event":"authentication_failed","project":"my-project","reason":"expired"}"#;
        let record = Record::parse(line).unwrap();
        assert_eq!(
            record.project(),
            Some(ProjectId::parse("my-project").unwrap())
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(line in "\\PC{0,80}", json in r#"\{("time|event|"|:|,|[a-z0-9]){0,20}\}"#) {
            prop_assert!(Record::parse(line.as_bytes()).is_none());
            let _ = Record::parse(json.as_bytes());
        }
    }
}
