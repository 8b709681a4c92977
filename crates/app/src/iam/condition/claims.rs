//! Expressions over the claims of a foreign token: a workload identity provider's attribute mapping and its condition
//! (Google IAM, "Attribute mappings and conditions"). Parsed, bounded and evaluated as the conditions of bindings are.

use std::collections::{BTreeMap, HashMap};

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use serde_json::Value as Json;
use wharf_types::limits;

use super::check::{self, Type, Vocabulary};
use super::{ConditionError, evaluate, parse, truth};

/// An expression of an attribute mapping.
#[derive(Debug)]
pub(in crate::iam) struct Mapping(cel::IdedExpr);

/// The attribute condition of a provider.
#[derive(Debug)]
pub(in crate::iam) struct ProviderCondition(cel::IdedExpr);

/// The claims of a token, ready for expressions.
pub(in crate::iam) struct Claims(CelMap<'static>);

/// What a token's claims were mapped to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::iam) struct Mapped {
    /// `google.subject`
    pub(in crate::iam) subject: String,
    /// `google.groups`
    pub(in crate::iam) groups: Vec<String>,
    /// `attribute.NAME`, by name.
    pub(in crate::iam) attributes: BTreeMap<String, String>,
}

impl Mapping {
    /// Parses an expression that gives a text.
    pub(in crate::iam) fn text(text: &str) -> Result<Self, ConditionError> {
        Self::parse(text, &[Type::String, Type::Any], "a string")
    }

    /// Parses an expression that gives a list of texts.
    pub(in crate::iam) fn texts(text: &str) -> Result<Self, ConditionError> {
        Self::parse(text, &[Type::Strings, Type::Any], "a list of strings")
    }

    fn parse(text: &str, wanted: &[Type], name: &str) -> Result<Self, ConditionError> {
        parse(
            text,
            limits::ATTRIBUTE_EXPRESSION_SIZE_MAX,
            |expression| match check::expression(expression, Vocabulary::Mapping)? {
                found if wanted.contains(&found) => Ok(()),
                found => Err(format!("it must give {name}, but gives a {found}")),
            },
        )
        .map(|(expression, ())| Self(expression))
    }

    /// The text that it gives.
    pub(in crate::iam) fn text_of(&self, claims: &Claims) -> Result<String, String> {
        evaluate(&self.0, claims, |value| {
            value
                .downcast_ref::<CelString<'_>>()
                .map(|text| text.inner().to_owned())
                .ok_or_else(|| {
                    format!(
                        "it gives a {}, not a string; string(…) makes one of a number",
                        value.get_type().name()
                    )
                })
        })
    }

    /// The list of texts that it gives.
    pub(in crate::iam) fn texts_of(&self, claims: &Claims) -> Result<Vec<String>, String> {
        evaluate(&self.0, claims, |value| {
            let list = value
                .downcast_ref::<CelList<'_>>()
                .ok_or_else(|| format!("it gives a {}, not a list", value.get_type().name()))?;
            let mut texts = Vec::with_capacity(list.inner().len());
            for element in list.inner() {
                let text = element.downcast_ref::<CelString<'_>>();
                texts.push(match text {
                    Some(text) => text.inner().to_owned(),
                    None => return Err("it gives a list of other things than strings".to_owned()),
                });
            }
            Ok(texts)
        })
    }
}

impl ProviderCondition {
    /// Parses a condition; `is_mapped` tells which `attribute.NAME` there are.
    pub(in crate::iam) fn parse(
        text: &str,
        is_mapped: impl Fn(&str) -> bool + Send + Sync,
    ) -> Result<Self, ConditionError> {
        parse(text, limits::ATTRIBUTE_CONDITION_SIZE_MAX, |expression| {
            check::condition(expression, Vocabulary::Provider(&is_mapped))
        })
        .map(|(expression, ())| Self(expression))
    }

    /// Whether it holds.
    pub(in crate::iam) fn holds(&self, claims: &Claims, mapped: &Mapped) -> Result<bool, String> {
        let texts = mapped
            .groups
            .iter()
            .map(|group| text(group))
            .collect::<Vec<_>>();
        let google: HashMap<CelMapKey<'static>, Box<dyn Val>> = [
            ("subject".to_owned().into(), text(&mapped.subject)),
            (
                "groups".to_owned().into(),
                Box::new(CelList::from(texts)) as _,
            ),
        ]
        .into();
        let attribute: HashMap<CelMapKey<'static>, Box<dyn Val>> = mapped
            .attributes
            .iter()
            .map(|(name, value)| (name.clone().into(), text(value)))
            .collect();
        let all = Everything {
            claims,
            google: CelMap::from(google),
            attribute: CelMap::from(attribute),
        };
        evaluate(&self.0, &all, truth)
    }
}

impl Claims {
    /// The claims of a token that was parsed, whose size and depth JSON's parser bounded.
    pub(in crate::iam) fn new(claims: &serde_json::Map<String, Json>) -> Self {
        Self(map(claims))
    }
}

fn text(text: &str) -> Box<dyn Val> {
    Box::new(CelString::from(text.to_owned()))
}

fn map(fields: &serde_json::Map<String, Json>) -> CelMap<'static> {
    let fields: HashMap<CelMapKey<'static>, Box<dyn Val>> = fields
        .iter()
        .map(|(name, value)| (name.clone().into(), value_of(value)))
        .collect();
    CelMap::from(fields)
}

fn value_of(json: &Json) -> Box<dyn Val> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(value) => Box::new(CelBool::from(*value)),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Json::String(value) => text(value),
        Json::Array(values) => {
            let values: Vec<_> = values.iter().map(value_of).collect();
            Box::new(CelList::from(values))
        }
        Json::Object(fields) => Box::new(map(fields)),
    }
}

impl VariableResolver for Claims {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        (variable == "assertion").then(|| CowVal::Borrowed(&self.0))
    }
}

/// What a provider's condition sees.
struct Everything<'a> {
    claims: &'a Claims,
    google: CelMap<'static>,
    attribute: CelMap<'static>,
}

impl VariableResolver for Everything<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "google" => Some(CowVal::Borrowed(&self.google)),
            "attribute" => Some(CowVal::Borrowed(&self.attribute)),
            _ => self.claims.resolve(variable),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn claims() -> Claims {
        let claims = json!({
            "iss": "https://issuer.example.com",
            "sub": "system:serviceaccount:shop:web",
            "email": "someone@example.com",
            "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "web", "uid": "u-1"}},
            "groups": ["admins", "builders"],
            "mixed": ["a", 1],
            "run": 17,
            "admin": true,
            "nothing": null,
            "arn": "arn:aws:sts::12:assumed-role/reader/session",
        });
        Claims::new(claims.as_object().unwrap())
    }

    fn mapped(expression: &str) -> Result<String, String> {
        let mapping = Mapping::text(expression).map_err(|error| error.to_string())?;
        mapping.text_of(&claims())
    }

    fn holds(condition: &str) -> Result<bool, String> {
        let is_mapped = |name: &str| name == "namespace";
        let condition =
            ProviderCondition::parse(condition, is_mapped).map_err(|error| error.to_string())?;
        let mapped = Mapped {
            subject: "shop/web".to_owned(),
            groups: vec!["admins".to_owned()],
            attributes: [("namespace".to_owned(), "shop".to_owned())].into(),
        };
        condition.holds(&claims(), &mapped)
    }

    #[test]
    fn the_mappings_that_people_write_work() {
        for (expression, text) in [
            ("assertion.sub", "system:serviceaccount:shop:web"),
            (r#"assertion["kubernetes.io"]["namespace"]"#, "shop"),
            (r#"assertion["kubernetes.io"].serviceaccount.name"#, "web"),
            (r#""ns/" + assertion['kubernetes.io'].namespace"#, "ns/shop"),
            (
                r#"assertion.sub.extract("system:serviceaccount:{ns}:")"#,
                "shop",
            ),
            (
                r#"assertion.arn.contains("assumed-role") ? assertion.arn.extract("{account}assumed-role/") + "assumed-role/" + assertion.arn.extract("assumed-role/{role}/") : assertion.arn"#,
                "arn:aws:sts::12:assumed-role/reader",
            ),
            ("string(assertion.run)", "17"),
            (
                "has(assertion.login) ? assertion.login : assertion.email",
                "someone@example.com",
            ),
            ("assertion.groups[0]", "admins"),
            (r#"assertion.admin ? "yes" : "no""#, "yes"),
        ] {
            assert_eq!(mapped(expression).as_deref(), Ok(text), "{expression}");
        }
        let groups = Mapping::texts("assertion.groups").unwrap();
        assert_eq!(groups.texts_of(&claims()).unwrap(), ["admins", "builders"]);
        let one = Mapping::texts(r#"[assertion.email, "x"]"#).unwrap();
        assert_eq!(
            one.texts_of(&claims()).unwrap(),
            ["someone@example.com", "x"]
        );
    }

    #[test]
    fn the_conditions_that_people_write_work() {
        for condition in [
            "true",
            r#"assertion.email.endsWith("@example.com")"#,
            r#"assertion.sub in ["a", "system:serviceaccount:shop:web"]"#,
            r#""admins" in google.groups && "builders" in assertion.groups"#,
            r#"google.subject.startsWith("shop/") && attribute.namespace == "shop""#,
            r#"assertion.email.matches("^[a-z]+@example\\.com$")"#,
            "assertion.run == 17 && assertion.run > 3 && assertion.admin",
            r#"has(assertion.email) && !has(assertion.phone) && "email" in assertion"#,
            r#"has(attribute.namespace) && size(assertion.groups) == 2"#,
            r#"assertion["kubernetes.io"].namespace == attribute.namespace"#,
        ] {
            assert_eq!(holds(condition), Ok(true), "{condition}");
        }
        assert_eq!(holds(r#"assertion.sub == "someone else""#), Ok(false));
        for failing in [
            "assertion.phone == \"1\"",
            "assertion.sub",
            "assertion.nothing.x == 1",
        ] {
            assert!(holds(failing).is_err(), "{failing}");
        }
    }

    #[test]
    fn mistakes_are_found_when_a_provider_is_written() {
        for (expression, told) in [
            ("", "not CEL"),
            ("asertion.sub", "assertion.CLAIM"),
            ("google.subject", "assertion.CLAIM"),
            ("1 + 1", "must give a string"),
            ("assertion.groups.all(g, g == \"x\")", "not known here"),
            (
                "assertion.sub.startswith(\"x\") ? \"a\" : \"b\"",
                "startsWith",
            ),
            ("{\"a\": assertion.sub}[\"a\"]", "no maps"),
            ("resource.name", "assertion.CLAIM"),
            ("has(assertion) ? \"a\" : \"b\"", "has()"),
        ] {
            let refused = Mapping::text(expression).unwrap_err().to_string();
            assert!(refused.contains(told), "{expression}: {refused}");
        }
        for (condition, told) in [
            ("attribute.unmapped == \"a\"", "is mapped"),
            ("google.name == \"a\"", "google.subject"),
            ("google.subject", "true or false"),
            ("attribute == google", "not known here"),
        ] {
            let refused = holds(condition).unwrap_err();
            assert!(refused.contains(told), "{condition}: {refused}");
        }
        let long = format!("assertion.sub{}", "+\"\"".repeat(1_000));
        assert!(Mapping::text(&long).is_err());
        let flat = format!("true{}", "||true".repeat(600));
        assert!(holds(&flat).unwrap_err().contains("more than"));
    }

    #[test]
    fn what_a_token_holds_decides_what_it_gives() {
        for expression in [
            "assertion.missing",
            "assertion.run",
            "assertion.groups",
            "assertion.sub[0]",
            "assertion.mixed[1]",
        ] {
            assert!(mapped(expression).is_err(), "{expression}");
        }
        let mixed = Mapping::texts("assertion.mixed").unwrap();
        assert!(mixed.texts_of(&claims()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_built_of_its_own_words_never_panics(
            words in proptest::collection::vec(
                prop_oneof![
                    Just("assertion"), Just(".sub"), Just("[\"kubernetes.io\"]"), Just("google.groups"), Just("("), Just(")"),
                    Just("&&"), Just("!"), Just("=="), Just("+"), Just("-"), Just("/"), Just(" in "), Just("\"a\""), Just("1"),
                    Just(".size()"), Just("[0]"), Just("has("), Just("string("), Just("?"), Just(":"),
                ],
                0..24,
            )
        ) {
            let text = words.concat();
            if let Ok(mapping) = Mapping::text(&text) {
                let _ = mapping.text_of(&claims());
            }
            let _ = holds(&text);
        }
    }
}
