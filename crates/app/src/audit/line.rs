//! One record as a line of JSON.

use std::net::IpAddr;

use serde::Serialize;
use wharf_types::ProjectId;

use super::{Entry, Event, Grounds};

#[derive(Serialize)]
struct Line<'a> {
    time: jiff::Timestamp,
    event: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delegation: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(flatten)]
    detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Granted {
        allowed: bool,
        permission: &'static str,
        resource: String,
        binding: GrantedBy<'a>,
    },
    Refused {
        allowed: bool,
        permission: &'static str,
        resource: String,
        reason: &'a str,
    },
    Token {
        token: &'static str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
        expires_at: jiff::Timestamp,
    },
    Failed {
        reason: &'a str,
    },
}

#[derive(Serialize)]
struct GrantedBy<'a> {
    resource: String,
    role: &'a str,
    member: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
}

/// Appends the record with its line end.
pub(super) fn append(lines: &mut Vec<u8>, entry: &Entry) {
    let (event, detail) = match &entry.event {
        Event::Decision {
            permission,
            resource,
            grounds,
        } => (
            "decision",
            match grounds {
                Grounds::Granted(grant) => {
                    let binding = grant.binding();
                    Detail::Granted {
                        allowed: true,
                        permission: permission.as_str(),
                        resource: resource.name(),
                        binding: GrantedBy {
                            resource: grant.on().name(),
                            role: binding.role.as_str(),
                            member: grant.member().to_string(),
                            condition: binding
                                .condition
                                .as_ref()
                                .map(|condition| condition.title.as_str()),
                        },
                    }
                }
                Grounds::Refused { reason } => Detail::Refused {
                    allowed: false,
                    permission: permission.as_str(),
                    resource: resource.name(),
                    reason,
                },
            },
        ),
        Event::TokenIssued {
            kind,
            scopes,
            expires_at,
        } => (
            "token_issued",
            Detail::Token {
                token: kind,
                scopes: scopes.iter().map(ToString::to_string).collect(),
                expires_at: *expires_at,
            },
        ),
        Event::AuthenticationFailed { reason, .. } => {
            ("authentication_failed", Detail::Failed { reason })
        }
    };
    let claim = match &entry.event {
        Event::AuthenticationFailed { claim, .. } => claim.as_ref(),
        _ => None,
    };
    let line = Line {
        time: entry.time,
        event,
        request_id: &entry.origin.request_id,
        principal: entry.principal.as_ref().map(ToString::to_string),
        delegation: entry.delegation.iter().map(ToString::to_string).collect(),
        claimed_account: claim.map(|claim| claim.account.as_str()),
        project: entry.project.as_ref().map(ProjectId::as_str),
        key_id: entry
            .key_id
            .as_deref()
            .or(claim.and_then(|claim| claim.key_id.as_deref())),
        address: entry.origin.address,
        user_agent: &entry.origin.user_agent,
        detail,
    };
    let start = lines.len();
    match serde_json::to_writer(&mut *lines, &line) {
        Ok(()) => lines.push(b'\n'),
        Err(error) => {
            lines.truncate(start);
            tracing::error!(%error, "a record of the audit log is no JSON");
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::{Binding, Condition, Member, Permission, Resource, RoleName};

    use super::*;
    use crate::iam::decide::Grant;
    use crate::{Caller, Origin};

    fn line(event: Event) -> serde_json::Value {
        let caller = Caller::anonymous(Origin {
            address: Some([10, 0, 0, 1].into()),
            user_agent: "curl\u{1b}[31m\n".into(),
            request_id: "r1".into(),
            base_url: "http://x".into(),
        });
        let mut lines = Vec::new();
        append(&mut lines, &Entry::of(&caller, event));
        let text = String::from_utf8(lines).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(!text.trim_end().contains(char::is_control), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_grant_names_its_binding() {
        let line = line(Event::Decision {
            permission: Permission::parse("storage.objects.get").unwrap(),
            resource: Resource::parse("projects/my-project").unwrap(),
            grounds: Grounds::Granted(Grant::for_tests(
                Resource::Organization,
                Binding {
                    role: RoleName::parse("roles/viewer").unwrap(),
                    members: vec![Member::AllUsers],
                    condition: Some(Condition {
                        title: "only us".to_owned(),
                        expression: "true".to_owned(),
                        ..Condition::default()
                    }),
                },
            )),
        });
        assert_eq!(line["event"], "decision");
        assert_eq!(line["allowed"], true);
        assert_eq!(line["principal"], "anonymous");
        assert_eq!(line["resource"], "projects/my-project");
        assert_eq!(line["binding"]["resource"], "organizations/0");
        assert_eq!(line["binding"]["member"], "allUsers");
        assert_eq!(line["binding"]["condition"], "only us");
        assert_eq!(line["address"], "10.0.0.1");
        assert_eq!(line["user_agent"], "curl\u{1b}[31m\n");
    }

    #[test]
    fn a_refusal_says_why() {
        let line = line(Event::Decision {
            permission: Permission::parse("storage.objects.get").unwrap(),
            resource: Resource::Organization,
            grounds: Grounds::Refused {
                reason: "no binding".into(),
            },
        });
        assert_eq!(line["allowed"], false);
        assert_eq!(line["reason"], "no binding");
        assert!(line.get("binding").is_none());
    }
}
