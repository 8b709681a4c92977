//! From the claims of a token to a principal and the sets that contain it.

use std::collections::BTreeMap;

use wharf_types::federation::{AttributeName, PoolName};
use wharf_types::limits;
use wharf_types::text::shorten;

use super::providers::Provider;
use crate::iam::condition::claims::{Claims, Mapped, Mapping, ProviderCondition};

const SUBJECT: &str = "google.subject";
const GROUPS: &str = "google.groups";

/// A provider's mapping and condition, compiled.
pub(in crate::iam) struct Attributes {
    subject: Mapping,
    groups: Option<Mapping>,
    custom: BTreeMap<AttributeName, Mapping>,
    condition: Option<ProviderCondition>,
}

/// Why a token's claims make no principal.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::iam) enum Unmapped {
    /// The condition is false.
    Rejected,
    /// An expression gave nothing, or what cannot be used.
    Failed(String),
}

/// Who somebody is to the policies.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::iam) struct Identity {
    /// `principal://…`
    pub(in crate::iam) principal: String,
    /// Every `principalSet://…` that contains it.
    pub(in crate::iam) sets: Vec<String>,
}

impl Attributes {
    /// Compiles what a provider says. Takes milliseconds: call it where blocking is allowed. The message names the field.
    pub(super) fn compile(provider: &Provider) -> Result<Self, String> {
        Self::parse(&provider.mapping, provider.condition.as_deref())
    }

    pub(in crate::iam) fn parse(
        mapping: &BTreeMap<String, String>,
        condition: Option<&str>,
    ) -> Result<Self, String> {
        let in_mapping = |key: &str, error: &dyn std::fmt::Display| {
            format!("attributeMapping[{:?}]: {error}", shorten(key))
        };
        let (mut subject, mut groups, mut custom) = (None, None, BTreeMap::new());
        for (key, expression) in mapping {
            let named = |error| in_mapping(key, &error);
            match (key.as_str(), key.strip_prefix("attribute.")) {
                (SUBJECT, _) => subject = Some(Mapping::text(expression).map_err(named)?),
                (GROUPS, _) => groups = Some(Mapping::texts(expression).map_err(named)?),
                (_, Some(name)) => {
                    let name = AttributeName::parse(name).map_err(|e| in_mapping(key, &e))?;
                    custom.insert(name, Mapping::text(expression).map_err(named)?);
                }
                _ => {
                    return Err(in_mapping(
                        key,
                        &"use google.subject, google.groups or attribute.NAME",
                    ));
                }
            }
        }
        let Some(subject) = subject else {
            return Err(format!(
                "attributeMapping: {SUBJECT} must be mapped, for example to assertion.sub"
            ));
        };
        if custom.len() > limits::ATTRIBUTES_MAX {
            return Err(format!(
                "attributeMapping: there are more than {} custom attributes",
                limits::ATTRIBUTES_MAX
            ));
        }
        let is_mapped = |name: &str| custom.keys().any(|mapped| mapped.as_str() == name);
        let condition = condition
            .map(|text| ProviderCondition::parse(text, is_mapped))
            .transpose()
            .map_err(|error| format!("attributeCondition: {error}"))?;
        Ok(Self {
            subject,
            groups,
            custom,
            condition,
        })
    }

    /// Who a token with these claims is in a pool.
    pub(in crate::iam) fn identify(
        &self,
        claims: &serde_json::Map<String, serde_json::Value>,
        pool: &PoolName,
    ) -> Result<Identity, Unmapped> {
        let claims = Claims::new(claims);
        let mapped = self.map(&claims).map_err(Unmapped::Failed)?;
        match &self.condition {
            None => {}
            Some(condition) => match condition.holds(&claims, &mapped) {
                Ok(true) => {}
                Ok(false) => return Err(Unmapped::Rejected),
                Err(reason) => {
                    return Err(Unmapped::Failed(format!(
                        "the attribute condition cannot be evaluated: {reason}"
                    )));
                }
            },
        }
        let mut sets = vec![pool.everyone()];
        sets.extend(mapped.groups.iter().map(|group| pool.group(group)));
        for name in self.custom.keys() {
            // An attribute that is empty says nothing.
            if let Some(value) = mapped.attributes.get(name.as_str())
                && !value.is_empty()
            {
                sets.push(pool.attribute(name, value));
            }
        }
        let size: usize = sets.iter().map(String::len).sum();
        if size > limits::PRINCIPAL_SETS_SIZE_MAX {
            return Err(Unmapped::Failed(format!(
                "its groups and attributes make principal sets of {size} bytes, more than {}: map fewer of them",
                limits::PRINCIPAL_SETS_SIZE_MAX
            )));
        }
        Ok(Identity {
            principal: pool.subject(&mapped.subject),
            sets,
        })
    }

    fn map(&self, claims: &Claims) -> Result<Mapped, String> {
        let failed =
            |key: &str, reason: &str| format!("the mapping of {key} cannot be evaluated: {reason}");
        let subject = self.subject.text_of(claims);
        let subject = subject.map_err(|reason| failed(SUBJECT, &reason))?;
        if subject.is_empty() || subject.len() > limits::SUBJECT_SIZE_MAX {
            return Err(format!(
                "the size of mapped attribute {SUBJECT} must be 1 to {} bytes, it is {}",
                limits::SUBJECT_SIZE_MAX,
                subject.len()
            ));
        }
        let groups = match &self.groups {
            Some(groups) => {
                let groups = groups.texts_of(claims);
                groups.map_err(|reason| failed(GROUPS, &reason))?
            }
            None => Vec::new(),
        };
        let mut attributes = BTreeMap::new();
        for (name, mapping) in &self.custom {
            let value = mapping.text_of(claims);
            let value = value.map_err(|reason| failed(&format!("attribute.{name}"), &reason))?;
            attributes.insert(name.to_string(), value);
        }
        let mapped = Mapped {
            subject,
            groups,
            attributes,
        };
        // What nobody can write into a policy would only look like something else in a log.
        let texts = std::iter::once(&mapped.subject)
            .chain(&mapped.groups)
            .chain(mapped.attributes.values());
        for text in texts {
            if text.chars().any(char::is_control) {
                return Err(format!(
                    "{:?} has control characters and cannot be part of a principal",
                    shorten(text)
                ));
            }
        }
        Ok(mapped)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;
    use wharf_types::federation::PoolId;

    use super::*;

    const POOL: &str = "iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/main";

    fn identify(
        mapping: &[(&str, &str)],
        condition: Option<&str>,
        claims: &serde_json::Value,
    ) -> Result<Identity, String> {
        let mapping = mapping
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect();
        let pool = PoolName {
            project_number: 7,
            pool: PoolId::parse("main").unwrap(),
        };
        Attributes::parse(&mapping, condition)?
            .identify(claims.as_object().unwrap(), &pool)
            .map_err(|unmapped| match unmapped {
                Unmapped::Rejected => "rejected".to_owned(),
                Unmapped::Failed(reason) => reason,
            })
    }

    #[test]
    fn claims_become_a_principal_and_its_sets() {
        let claims = json!({"sub": "system:serviceaccount:shop:web", "groups": ["a", "b/c"], "ns": "shop", "none": ""});
        let identity = identify(
            &[
                ("google.subject", "assertion.sub"),
                ("google.groups", "assertion.groups"),
                ("attribute.namespace", "assertion.ns"),
                ("attribute.empty", "assertion.none"),
            ],
            Some("attribute.namespace == \"shop\" && google.groups.size() == 2"),
            &claims,
        )
        .unwrap();
        assert_eq!(
            identity.principal,
            format!("principal://{POOL}/subject/system:serviceaccount:shop:web")
        );
        let sets = ["*", "group/a", "group/b/c", "attribute.namespace/shop"];
        assert_eq!(
            identity.sets,
            sets.map(|set| format!("principalSet://{POOL}/{set}"))
        );
    }

    #[test]
    fn a_false_condition_rejects_and_a_failing_one_says_why() {
        let (mapping, claims) = ([("google.subject", "assertion.sub")], json!({"sub": "a"}));
        let refused = |condition| identify(&mapping, Some(condition), &claims).unwrap_err();
        assert_eq!(refused("assertion.sub == \"b\""), "rejected");
        assert!(refused("assertion.phone == \"b\"").contains("attribute condition"));
    }

    #[test]
    fn what_cannot_be_a_principal_is_refused_with_its_reason() {
        let subject = [("google.subject", "assertion.sub")];
        for (claims, told) in [
            (json!({"sub": ""}), "1 to 127"),
            (json!({"sub": "x".repeat(128)}), "1 to 127"),
            (json!({"sub": 7}), "google.subject"),
            (json!({}), "google.subject"),
            (json!({"sub": "a\nb"}), "control characters"),
        ] {
            let refused = identify(&subject, None, &claims).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
        let many = json!({"sub": "a", "groups": vec!["x".repeat(100); 30]});
        let mapping = [
            ("google.subject", "assertion.sub"),
            ("google.groups", "assertion.groups"),
        ];
        assert!(
            identify(&mapping, None, &many)
                .unwrap_err()
                .contains("map fewer")
        );
    }

    #[test]
    fn a_wrong_mapping_is_named_by_its_field() {
        for (mapping, condition, told) in [
            (vec![], None, "google.subject must be mapped"),
            (
                vec![("google.subject", "assertion.")],
                None,
                "attributeMapping[\"google.subject\"]",
            ),
            (
                vec![
                    ("google.subject", "assertion.sub"),
                    ("google.name", "assertion.sub"),
                ],
                None,
                "google.name",
            ),
            (
                vec![
                    ("google.subject", "assertion.sub"),
                    ("attribute.Up", "assertion.sub"),
                ],
                None,
                "attribute.Up",
            ),
            (
                vec![("google.subject", "assertion.sub")],
                Some("nonsense"),
                "attributeCondition",
            ),
        ] {
            let refused = identify(&mapping, condition, &json!({})).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Whatever an issuer writes into a token, the principal is the pool's and its kind is `subject`.
        #[test]
        fn no_claim_makes_a_principal_of_another_kind(sub in "\\PC{1,60}", group in "\\PC{1,60}") {
            let mapping = [("google.subject", "assertion.sub"), ("google.groups", "[assertion.group]")];
            if let Ok(identity) = identify(&mapping, None, &json!({"sub": sub, "group": group})) {
                prop_assert_eq!(identity.principal, format!("principal://{POOL}/subject/{sub}"));
                prop_assert_eq!(&identity.sets[1], &format!("principalSet://{POOL}/group/{group}"));
            }
        }
    }
}
