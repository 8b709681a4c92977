//! Principals: who asks, and how a policy names them (Google IAM, "Principal identifiers").

use crate::name::ProjectId;
use crate::string_traits;
use crate::text::shorten;

/// Why a text names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// Not a service account's address.
    #[error("{0:?} is not a service account: NAME@PROJECT.iam.gserviceaccount.com")]
    ServiceAccountEmail(String),
    /// Not the id part of a service account.
    #[error(
        "{0:?} is not a service account id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter"
    )]
    AccountId(String),
    /// Not a member of a policy.
    #[error(
        "{0:?} is not a member: use serviceAccount:EMAIL, user:EMAIL, group:EMAIL, domain:DOMAIN, allUsers, allAuthenticatedUsers, projectOwner|projectEditor|projectViewer:PROJECT, principal://… or principalSet://…"
    )]
    Member(String),
}

/// The address of a service account: `NAME@PROJECT.iam.gserviceaccount.com`
/// (`NAME@PROJECT.DOMAIN.iam.gserviceaccount.com` in a domain-scoped project).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccountEmail(Box<str>);

const ACCOUNT_SUFFIX: &str = ".iam.gserviceaccount.com";

impl ServiceAccountEmail {
    /// The address of account `id` in `project`. `owner` is the one short id: the registry's first account has it.
    pub fn new(id: &str, project: &ProjectId) -> Result<Self, PrincipalError> {
        if !is_account_id(id) {
            return Err(PrincipalError::AccountId(shorten(id)));
        }
        Ok(Self(
            match project.parts() {
                (Some(domain), project) => format!("{id}@{project}.{domain}{ACCOUNT_SUFFIX}"),
                (None, project) => format!("{id}@{project}{ACCOUNT_SUFFIX}"),
            }
            .into(),
        ))
    }

    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, PrincipalError> {
        let refused = || PrincipalError::ServiceAccountEmail(shorten(text));
        let (id, host) = text.split_once('@').ok_or_else(refused)?;
        let project = host.strip_suffix(ACCOUNT_SUFFIX).ok_or_else(refused)?;
        let project = match project.split_once('.') {
            Some((id, domain)) => ProjectId::parse(&format!("{domain}:{id}")),
            None => ProjectId::parse(project),
        }
        .map_err(|_| refused())?;
        let email = Self::new(id, &project).map_err(|_| refused())?;
        if email.as_str() == text {
            Ok(email)
        } else {
            Err(refused())
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn account_id(&self) -> &str {
        self.0.split_once('@').map_or("", |(id, _)| id)
    }

    /// The project that the account belongs to.
    pub fn project(&self) -> ProjectId {
        let host = self.0.split_once('@').map_or("", |(_, host)| host);
        let project = host.strip_suffix(ACCOUNT_SUFFIX).unwrap_or(host);
        let text = match project.split_once('.') {
            Some((id, domain)) => format!("{domain}:{id}"),
            None => project.to_owned(),
        };
        #[expect(
            clippy::expect_used,
            reason = "parse and new accept no address with another project"
        )]
        ProjectId::parse(&text).expect("checked when the address was made")
    }
}
string_traits!(ServiceAccountEmail, PrincipalError);

fn is_account_id(text: &str) -> bool {
    ((6..=30).contains(&text.len()) || text == "owner")
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Who makes a request, once its credential has been checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// No credential was sent.
    Anonymous,
    /// A service account.
    ServiceAccount(ServiceAccountEmail),
    /// A person.
    User(Box<str>),
    /// An identity of another issuer, by its `principal://…` name and the `principalSet://…` names it belongs to.
    Federated {
        /// `principal://iam.googleapis.com/projects/N/…/subject/S`
        principal: Box<str>,
        /// Every `principalSet://…` that contains it.
        sets: Vec<Box<str>>,
    },
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::ServiceAccount(email) => write!(f, "serviceAccount:{email}"),
            Self::User(email) => write!(f, "user:{email}"),
            Self::Federated { principal, .. } => f.write_str(principal),
        }
    }
}

/// A member of a binding, as written in a policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// `allUsers`: everybody, with or without a credential.
    AllUsers,
    /// `allAuthenticatedUsers`: every account and user with a valid credential. Identities of other issuers are none of
    /// them, as at Google: whoever trusts an issuer for one purpose has not opened everything to it.
    AllAuthenticatedUsers,
    /// `serviceAccount:EMAIL`
    ServiceAccount(ServiceAccountEmail),
    /// `projectOwner:P`, `projectEditor:P`, `projectViewer:P`: who holds that basic role on the project.
    ProjectRole(BasicRole, ProjectId),
    /// Any other well-formed member, kept as written: `user:`, `group:`, `domain:`, `principal://`,
    /// `principalSet://`, `deleted:`, a Kubernetes ServiceAccount `serviceAccount:P.svc.id.goog[NS/NAME]`,
    /// or a service account of another system. `user:`, `principal://` and `principalSet://` match by their text,
    /// `domain:` the users with an address there; the rest matches nobody: this registry knows no groups.
    Other(Box<str>),
}

/// One of the three basic roles, as the convenience members of a bucket's policy name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BasicRole {
    /// `roles/owner`
    Owner,
    /// `roles/editor`
    Editor,
    /// `roles/viewer`
    Viewer,
}

impl BasicRole {
    /// The role's name: `roles/owner`, …
    pub fn role(self) -> &'static str {
        match self {
            Self::Owner => "roles/owner",
            Self::Editor => "roles/editor",
            Self::Viewer => "roles/viewer",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Owner => "projectOwner",
            Self::Editor => "projectEditor",
            Self::Viewer => "projectViewer",
        }
    }
}

impl Member {
    /// Parses a member. Addresses are compared in lower case, as Google does.
    pub fn parse(text: &str) -> Result<Self, PrincipalError> {
        let refused = || PrincipalError::Member(shorten(text));
        if text.len() > crate::limits::MEMBER_LENGTH_MAX
            || text.chars().any(|c| c.is_control() || c == ' ')
        {
            return Err(refused());
        }
        match text {
            "allUsers" => return Ok(Self::AllUsers),
            "allAuthenticatedUsers" => return Ok(Self::AllAuthenticatedUsers),
            _ => {}
        }
        if text.starts_with("principal://") || text.starts_with("principalSet://") {
            return Ok(Self::Other(text.into()));
        }
        let (kind, value) = text.split_once(':').ok_or_else(refused)?;
        let basic = match kind {
            "projectOwner" => Some(BasicRole::Owner),
            "projectEditor" => Some(BasicRole::Editor),
            "projectViewer" => Some(BasicRole::Viewer),
            _ => None,
        };
        if let Some(basic) = basic {
            return Ok(Self::ProjectRole(
                basic,
                ProjectId::parse(value).map_err(|_| refused())?,
            ));
        }
        match kind {
            "serviceAccount" => match ServiceAccountEmail::parse(&value.to_ascii_lowercase()) {
                Ok(email) => Ok(Self::ServiceAccount(email)),
                Err(_) if value.contains('@') || is_kubernetes_account(value) => {
                    Ok(Self::Other(text.into()))
                }
                Err(_) => Err(refused()),
            },
            "user" | "group" if is_address(value) => Ok(Self::Other(
                format!("{kind}:{}", value.to_ascii_lowercase()).into(),
            )),
            "domain" if value.contains('.') && !value.contains('@') => Ok(Self::Other(
                format!("domain:{}", value.to_ascii_lowercase()).into(),
            )),
            "deleted" if value.contains("?uid=") => Ok(Self::Other(text.into())),
            _ => Err(refused()),
        }
    }

    /// Whether this member, by its text alone, names the principal.
    /// [`Member::ProjectRole`] never does: the decision function resolves it.
    pub fn names(&self, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::AllUsers, _) => true,
            (Self::AllAuthenticatedUsers, principal) => {
                matches!(principal, Principal::ServiceAccount(_) | Principal::User(_))
            }
            (Self::ServiceAccount(email), Principal::ServiceAccount(caller)) => email == caller,
            (Self::Other(text), Principal::User(email)) => {
                text.strip_prefix("user:") == Some(email)
                    || text
                        .strip_prefix("domain:")
                        .is_some_and(|domain| email.rsplit('@').next() == Some(domain))
            }
            (Self::Other(text), Principal::Federated { principal, sets }) => {
                text == principal || sets.contains(text)
            }
            _ => false,
        }
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@'))
}

fn is_kubernetes_account(text: &str) -> bool {
    text.split_once(".svc.id.goog[")
        .and_then(|(_, rest)| rest.strip_suffix(']'))
        .is_some_and(|inside| {
            inside
                .split_once('/')
                .is_some_and(|(ns, name)| !ns.is_empty() && !name.is_empty())
        })
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AllUsers => f.write_str("allUsers"),
            Self::AllAuthenticatedUsers => f.write_str("allAuthenticatedUsers"),
            Self::ServiceAccount(email) => write!(f, "serviceAccount:{email}"),
            Self::ProjectRole(role, project) => write!(f, "{}:{project}", role.prefix()),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Member {
    type Err = PrincipalError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

crate::schema::text!(Member);

impl serde::Serialize for Member {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Member {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_read_back_as_written() {
        for text in [
            "allUsers",
            "allAuthenticatedUsers",
            "serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com",
            "serviceAccount:gcr-puller@my-project.example.com.iam.gserviceaccount.com",
            "serviceAccount:service-1@container-engine-robot.iam.gserviceaccount.com",
            "serviceAccount:my-project.svc.id.goog[default/web]",
            "user:someone@example.com",
            "group:all@example.com",
            "domain:example.com",
            "projectOwner:my-project",
            "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
            "deleted:serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com?uid=1",
        ] {
            assert_eq!(
                Member::parse(text).map(|m| m.to_string()).as_deref(),
                Ok(text)
            );
        }
        for text in [
            "",
            "allusers",
            "serviceAccount:",
            "user:x",
            "robot:x@y.z",
            "serviceAccount:nobody",
        ] {
            assert!(Member::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_member_names_only_its_own() {
        let email = ServiceAccountEmail::parse("gcr-puller@my-project.iam.gserviceaccount.com")
            .expect("email");
        let account = Principal::ServiceAccount(email.clone());
        assert!(Member::ServiceAccount(email).names(&account));
        assert!(Member::AllAuthenticatedUsers.names(&account));
        assert!(!Member::AllAuthenticatedUsers.names(&Principal::Anonymous));
        assert!(!Member::AllAuthenticatedUsers.names(&Principal::Federated {
            principal: "principal://iam.googleapis.com/p".into(),
            sets: Vec::new(),
        }));
        assert!(Member::AllUsers.names(&Principal::Anonymous));
        let user = Member::parse("user:Someone@Example.com").expect("user");
        assert!(user.names(&Principal::User("someone@example.com".into())));
        assert!(!user.names(&account));
        let domain = Member::parse("domain:Example.com").expect("domain");
        assert!(domain.names(&Principal::User("someone@example.com".into())));
        assert!(!domain.names(&Principal::User("someone@not-example.com".into())));
        assert!(!domain.names(&account));
    }
}
