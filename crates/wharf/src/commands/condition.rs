//! Conditions as gcloud takes them: `--condition`, `--condition-from-file`.

use std::path::PathBuf;

use clap::Args;
use wharf_types::Condition;

use crate::failure::Failure;
use crate::files;

const KEYS: [&str; 3] = ["expression", "title", "description"];
const FORM: &str = "expression=CEL,title=TITLE[,description=TEXT], or None";

/// Under which condition a role is bound.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ConditionArguments {
    /// When the binding applies, or None for always: expression=CEL,title=TITLE[,description=TEXT]
    #[arg(long, value_name = "CONDITION", conflicts_with = "condition_from_file")]
    condition: Option<String>,
    /// A file in YAML or JSON with expression, title and description
    #[arg(long, value_name = "FILE")]
    condition_from_file: Option<PathBuf>,
}

/// What was said about a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Nothing.
    Unsaid,
    /// `None`: the binding without one.
    Without,
    /// This one.
    With(Condition),
}

impl ConditionArguments {
    pub(super) fn choice(&self) -> Result<Choice, Failure> {
        match (&self.condition, &self.condition_from_file) {
            (Some(text), _) => parse(text),
            (None, Some(path)) => {
                let condition: Condition = serde_saphyr::from_str(&files::read_text(path)?)
                    .map_err(|error| {
                        Failure::usage(format!("{} is no condition: {error}", path.display()))
                    })?;
                complete(condition).map(Choice::With)
            }
            (None, None) => Ok(Choice::Unsaid),
        }
    }
}

/// Parses `KEY=VALUE,KEY=VALUE`, or with another separator than the comma `^SEPARATOR^KEY=VALUE…` (`gcloud topic
/// escaping`). A comma that no key follows belongs to the value, so that expressions with commas need nothing special.
fn parse(text: &str) -> Result<Choice, Failure> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Choice::Without);
    }
    let (separator, rest) = match text.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some((separator, rest)) if !separator.is_empty() => (separator, rest),
        _ => (",", text),
    };
    let mut values: Vec<(&str, String)> = Vec::new();
    for part in rest.split(separator) {
        let pair = part.split_once('=').and_then(|(key, value)| {
            let key = KEYS.into_iter().find(|known| *known == key.trim())?;
            Some((key, value))
        });
        match (pair, values.last_mut()) {
            (Some((key, value)), _) => {
                if values.iter().any(|(known, _)| *known == key) {
                    return Err(Failure::usage(format!("the condition has two {key}s")));
                }
                values.push((key, value.to_owned()));
            }
            (None, Some((_, value))) => {
                value.push_str(separator);
                value.push_str(part);
            }
            (None, None) => {
                return Err(Failure::usage("the condition does not begin with a key")
                    .hint(format!("write --condition '{FORM}'")));
            }
        }
    }
    let mut take = |key| {
        let at = values.iter().position(|(known, _)| *known == key)?;
        Some(values.swap_remove(at).1)
    };
    complete(Condition {
        expression: take("expression").unwrap_or_default(),
        title: take("title").unwrap_or_default(),
        description: take("description"),
        location: None,
    })
    .map(Choice::With)
}

fn complete(condition: Condition) -> Result<Condition, Failure> {
    let missing = if condition.expression.trim().is_empty() {
        "expression"
    } else if condition.title.trim().is_empty() {
        "title"
    } else {
        return Ok(condition);
    };
    Err(Failure::usage(format!("the condition has no {missing}"))
        .hint(format!("write --condition '{FORM}'")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn condition(text: &str) -> Condition {
        match parse(text).unwrap() {
            Choice::With(condition) => condition,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn conditions_as_people_write_them() {
        let expression = r#"resource.type == "storage.googleapis.com/Object" && resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")"#;
        let parsed = condition(&format!("title=images-only,expression={expression}"));
        assert_eq!(parsed.expression, expression);
        assert_eq!(
            (parsed.title.as_str(), parsed.description),
            ("images-only", None)
        );

        let parsed = condition(
            "expression=request.time < timestamp('2027-01-01T00:00:00Z'),title=until 2027,description=a, b",
        );
        assert_eq!(parsed.title, "until 2027");
        assert_eq!(parsed.description.as_deref(), Some("a, b"));

        let parsed = condition("^;^title=a,b;expression=x in ['a','b']");
        assert_eq!(
            (parsed.title.as_str(), parsed.expression.as_str()),
            ("a,b", "x in ['a','b']")
        );
    }

    #[test]
    fn none_is_without_a_condition() {
        assert_eq!(parse("None").unwrap(), Choice::Without);
        assert_eq!(parse("none").unwrap(), Choice::Without);
    }

    #[test]
    fn what_is_not_complete_is_refused_with_the_form() {
        for text in [
            "",
            "x",
            "true",
            "title=t",
            "expression=true",
            "expression=,title=t",
            "title=a,title=b,expression=true",
        ] {
            let refused = parse(text).unwrap_err().to_string();
            assert!(
                refused.starts_with("error: the condition"),
                "{text}: {refused}"
            );
        }
    }

    #[test]
    fn a_file_holds_one_in_yaml_or_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("condition");
        for text in [
            "expression: \"true\"\ntitle: always\n",
            r#"{"expression":"true","title":"always"}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let arguments = ConditionArguments {
                condition: None,
                condition_from_file: Some(path.clone()),
            };
            let Choice::With(condition) = arguments.choice().unwrap() else {
                panic!("{text}");
            };
            assert_eq!(
                (condition.expression.as_str(), condition.title.as_str()),
                ("true", "always")
            );
        }
    }
}
