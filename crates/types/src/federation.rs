//! Workload identity federation: names of pools and providers, and of the principals that come of them (Google IAM,
//! "Workload identity federation" and "Principal identifiers").

use crate::string_traits;
use crate::text::shorten;

/// Why a text is not the name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FederationNameError {
    /// Not the id of a pool or provider.
    #[error(
        "{0:?} is not an id of a workload identity pool or provider: 4 to 32 lower-case letters, digits and hyphens, not beginning with gcp-"
    )]
    Id(String),
    /// Not a provider's full name.
    #[error(
        "{0:?} is not a provider: //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
    )]
    Provider(String),
    /// Not the name of an attribute.
    #[error(
        "{0:?} is not an attribute: up to 100 lower-case letters, digits and underscores behind attribute."
    )]
    Attribute(String),
    /// Not the name of an identity of a pool, or of a set of them.
    #[error(
        "{0:?} names nobody of a workload identity pool: use principal://iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT, or principalSet://…/POOL/group/GROUP, …/attribute.NAME/VALUE or …/*; the project by its number, not its id"
    )]
    Principal(String),
}

/// The service under whose name pools are known.
const SERVICE: &str = "iam.googleapis.com";

/// The id of a workload identity pool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(Box<str>);

impl PoolId {
    /// Parses an id.
    pub fn parse(text: &str) -> Result<Self, FederationNameError> {
        is_id(text)
            .then(|| Self(text.into()))
            .ok_or_else(|| FederationNameError::Id(shorten(text)))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(PoolId, FederationNameError);

/// The id of a provider in its pool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(Box<str>);

impl ProviderId {
    /// Parses an id.
    pub fn parse(text: &str) -> Result<Self, FederationNameError> {
        is_id(text)
            .then(|| Self(text.into()))
            .ok_or_else(|| FederationNameError::Id(shorten(text)))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(ProviderId, FederationNameError);

fn is_id(text: &str) -> bool {
    (4..=32).contains(&text.len())
        && !text.starts_with("gcp-")
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The part behind the dot of `attribute.NAME`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeName(Box<str>);

impl AttributeName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, FederationNameError> {
        let is_name = (1..=100).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        is_name
            .then(|| Self(text.into()))
            .ok_or_else(|| FederationNameError::Attribute(shorten(text)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(AttributeName, FederationNameError);

/// A pool: `projects/N/locations/global/workloadIdentityPools/POOL`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolName {
    /// The number of the project that the pool belongs to.
    pub project_number: u64,
    /// The pool.
    pub pool: PoolId,
}

impl std::fmt::Display for PoolName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            project_number,
            pool,
        } = self;
        write!(
            f,
            "projects/{project_number}/locations/global/workloadIdentityPools/{pool}"
        )
    }
}

impl PoolName {
    /// `principal://…/subject/S`: the one identity of this subject.
    pub fn subject(&self, subject: &str) -> String {
        format!("principal://{SERVICE}/{self}/subject/{subject}")
    }

    /// `principalSet://…/group/G`: the identities whose `google.groups` has it.
    pub fn group(&self, group: &str) -> String {
        format!("principalSet://{SERVICE}/{self}/group/{group}")
    }

    /// `principalSet://…/attribute.NAME/VALUE`: the identities whose attribute has this value.
    pub fn attribute(&self, name: &AttributeName, value: &str) -> String {
        format!("principalSet://{SERVICE}/{self}/attribute.{name}/{value}")
    }

    /// `principalSet://…/*`: every identity of the pool.
    pub fn everyone(&self) -> String {
        format!("principalSet://{SERVICE}/{self}/*")
    }
}

/// A provider: `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName {
    /// Its pool.
    pub pool: PoolName,
    /// The provider in it.
    pub provider: ProviderId,
}

impl std::fmt::Display for ProviderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/providers/{}", self.pool, self.provider)
    }
}

impl ProviderName {
    /// Parses a name, with or without `//iam.googleapis.com/` in front, and with or without a scheme before that.
    pub fn parse(text: &str) -> Result<Self, FederationNameError> {
        let refused = || FederationNameError::Provider(shorten(text));
        let name = text.strip_prefix("https:").unwrap_or(text);
        let name = match name.strip_prefix("//") {
            Some(full) => full
                .strip_prefix(SERVICE)
                .and_then(|rest| rest.strip_prefix('/'))
                .ok_or_else(refused)?,
            None => text,
        };
        let parts: Vec<&str> = name.split('/').collect();
        let [
            "projects",
            number,
            "locations",
            "global",
            "workloadIdentityPools",
            pool,
            "providers",
            provider,
        ] = parts.as_slice()
        else {
            return Err(refused());
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refused());
        }
        Ok(Self {
            pool: PoolName {
                project_number: number.parse().map_err(|_| refused())?,
                pool: PoolId::parse(pool)?,
            },
            provider: ProviderId::parse(provider)?,
        })
    }

    /// The full resource name, which names the provider as an audience: `//iam.googleapis.com/projects/…`.
    pub fn full(&self) -> String {
        format!("//{SERVICE}/{self}")
    }
}

impl std::str::FromStr for ProviderName {
    type Err = FederationNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Whether a policy's member that is an identity of a workload identity pool, or a set of them, can ever be one. What
/// is no such member passes: there are principals of other kinds.
pub fn check_member(text: &str) -> Result<(), FederationNameError> {
    let (is_set, rest) = match (
        text.strip_prefix("principal://"),
        text.strip_prefix("principalSet://"),
    ) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Ok(()),
    };
    if !rest.contains("/workloadIdentityPools/") {
        return Ok(());
    }
    let parts: Vec<&str> = rest.splitn(8, '/').collect();
    let is_somebody = match parts.as_slice() {
        [
            SERVICE,
            "projects",
            number,
            "locations",
            "global",
            "workloadIdentityPools",
            pool,
            who,
        ] => {
            !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
                && !pool.is_empty()
                && match (is_set, who.split_once('/')) {
                    (false, Some(("subject", subject))) => !subject.is_empty(),
                    (true, Some(("group", group))) => !group.is_empty(),
                    (true, Some((attribute, value))) => {
                        !value.is_empty()
                            && attribute
                                .strip_prefix("attribute.")
                                .is_some_and(|name| AttributeName::parse(name).is_ok())
                    }
                    (true, None) => *who == "*",
                    (false, _) => false,
                }
        }
        _ => false,
    };
    is_somebody
        .then_some(())
        .ok_or_else(|| FederationNameError::Principal(shorten(text)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::{Member, Principal};

    fn pool(id: &str) -> PoolName {
        PoolName {
            project_number: 7,
            pool: PoolId::parse(id).unwrap(),
        }
    }

    #[test]
    fn ids_keep_to_googles_grammar() {
        for good in ["main", "k8s-prod", "0123", &"a".repeat(32)] {
            assert!(
                PoolId::parse(good).is_ok() && ProviderId::parse(good).is_ok(),
                "{good}"
            );
        }
        for bad in [
            "",
            "abc",
            "gcp-main",
            "Main",
            "ma_in",
            "ma/in",
            &"a".repeat(33),
        ] {
            assert!(
                PoolId::parse(bad).is_err() && ProviderId::parse(bad).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_provider_is_named_in_every_spelling_of_an_audience() {
        let name = "projects/7/locations/global/workloadIdentityPools/main/providers/ci-1";
        for text in [
            name.to_owned(),
            format!("//iam.googleapis.com/{name}"),
            format!("https://iam.googleapis.com/{name}"),
        ] {
            let parsed = ProviderName::parse(&text).unwrap();
            assert_eq!(parsed.to_string(), name);
            assert_eq!(parsed.full(), format!("//iam.googleapis.com/{name}"));
        }
        for bad in [
            "",
            "//iam.googleapis.com/",
            "//example.com/projects/7/locations/global/workloadIdentityPools/main/providers/ci-1",
            "https:projects/7/locations/global/workloadIdentityPools/main/providers/ci-1/",
            "projects/my-project/locations/global/workloadIdentityPools/main/providers/ci-1",
            "projects/+7/locations/global/workloadIdentityPools/main/providers/ci-1",
            "projects/7/locations/us/workloadIdentityPools/main/providers/ci-1",
            "projects/7/locations/global/workloadIdentityPools/main",
        ] {
            assert!(ProviderName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_member_that_can_be_nobody_is_told_from_one_that_can() {
        let name = AttributeName::parse("kind").unwrap();
        let main = pool("main");
        for good in [
            main.subject("a/b:c"),
            main.group("g"),
            main.attribute(&name, "a/b"),
            main.everyone(),
            "principal://goog/subject/someone@example.com".to_owned(),
            "user:someone@example.com".to_owned(),
        ] {
            assert_eq!(check_member(&good), Ok(()), "{good}");
        }
        let base = "iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/main";
        for bad in [
            format!("principal://{base}/subject/"),
            format!("principal://{base}/*"),
            format!("principal://{base}/group/g"),
            format!("principalSet://{base}/subject/s"),
            format!("principalSet://{base}/attribute.Kind/x"),
            format!("principalSet://{base}"),
            format!("principal://{}/subject/s", base.replace('7', "my-project")),
            format!("principal://{}/subject/s", base.replace("global", "us")),
        ] {
            assert!(check_member(&bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_part_of_a_principal_can_pass_for_another(
            subject in "[a-z/:.*]{1,30}",
            group in "[a-z/:.*]{1,30}",
            value in "[a-z/:.*]{1,30}",
        ) {
            let (one, other) = (pool("main"), pool("other"));
            let name = AttributeName::parse("kind").unwrap();
            let mut all = vec![
                one.subject(&subject),
                one.group(&group),
                one.attribute(&name, &value),
                one.everyone(),
                other.subject(&subject),
                other.everyone(),
            ];
            let count = all.len();
            all.sort();
            all.dedup();
            prop_assert_eq!(all.len(), count);
        }

        #[test]
        fn a_member_names_just_the_identities_that_it_says(subject in "[a-z:/._-]{1,40}", group in "[a-z:/._-]{1,40}") {
            let main = pool("main");
            let principal = Principal::Federated {
                principal: main.subject(&subject).into(),
                sets: vec![main.everyone().into(), main.group(&group).into()],
            };
            for member in [main.subject(&subject), main.group(&group), main.everyone()] {
                prop_assert!(Member::parse(&member).unwrap().names(&principal));
            }
            for member in [main.subject(&format!("{subject}x")), pool("other").everyone(), main.group(&format!("{group}x"))] {
                prop_assert!(!Member::parse(&member).unwrap().names(&principal));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,120}") {
            let _ = (ProviderName::parse(&text), PoolId::parse(&text), AttributeName::parse(&text));
            let _ = check_member(&format!("principalSet://{text}/workloadIdentityPools/{text}"));
        }
    }
}
