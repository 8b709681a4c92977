//! Filters of project lists: `lifecycleState:ACTIVE AND labels.team=blue` (Resource Manager, "filter").

use wharf_app::iam::projects::Project;
use wharf_types::text::shorten;

use super::{Filter, Sign, Term, Value};
use crate::google::projects::{labels, state};
use crate::google::refusal::Refusal;

/// Which projects are wanted.
#[derive(Debug)]
pub(in crate::google) struct ProjectFilter(Filter<Is>);

/// A field has a value, perhaps with `*` at its ends, or has another one. Upper and lower case are the same.
#[derive(Debug, PartialEq, Eq)]
struct Is {
    field: Field,
    pattern: String,
    is_negated: bool,
}

/// What can be asked of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Id,
    Number,
    Name,
    State,
    ParentType,
    ParentId,
    Parent,
    Label(String),
}

impl ProjectFilter {
    /// Parses a parameter; none wants everything.
    pub(in crate::google) fn parse(parameter: &str, text: Option<&str>) -> Result<Self, Refusal> {
        Filter::parse(parameter, text.unwrap_or_default()).map(Self)
    }

    /// Whether a project is wanted.
    pub(in crate::google) fn matches(&self, project: &Project) -> bool {
        self.0.matches(&|is: &Is| {
            let value = is.field.of(project);
            value.is_some_and(|value| is_like(&value, &is.pattern)) != is.is_negated
        })
    }
}

impl Term for Is {
    fn compare(field: &str, sign: Sign, value: Value) -> Result<Self, String> {
        let is_negated = match sign {
            Sign::Has | Sign::Equal => false,
            Sign::NotEqual => true,
            _ => return Err("behind a field comes :, = or != and a value".to_owned()),
        };
        Ok(Self {
            field: Field::parse(field)?,
            pattern: value.text,
            is_negated,
        })
    }

    fn alone(value: Value) -> Result<Self, String> {
        Err(format!(
            "{:?} stands alone: behind a field comes :, = or != and a value",
            shorten(&value.text)
        ))
    }
}

impl Field {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "id" | "projectId" | "project_id" => Self::Id,
            "projectNumber" | "project_number" | "number" => Self::Number,
            "name" | "displayName" | "display_name" => Self::Name,
            "lifecycleState" | "lifecycle_state" | "state" => Self::State,
            "parent" => Self::Parent,
            "parent.type" => Self::ParentType,
            "parent.id" => Self::ParentId,
            _ => match text.strip_prefix("labels.") {
                Some(label) if !label.is_empty() => Self::Label(label.to_owned()),
                _ => {
                    return Err(format!(
                        "{:?} is not a field: use id, name, lifecycleState, projectNumber, parent.id or labels.KEY",
                        shorten(text)
                    ));
                }
            },
        })
    }

    fn of(&self, project: &Project) -> Option<String> {
        Some(match self {
            Self::Id => project.id.to_string(),
            Self::Number => project.number.to_string(),
            Self::Name => project.display_name.clone(),
            Self::State => state(project).as_str().to_owned(),
            Self::ParentType => "organization".to_owned(),
            Self::ParentId => "0".to_owned(),
            Self::Parent => "organizations/0".to_owned(),
            Self::Label(key) => return labels(project).remove(key),
        })
    }
}

fn is_like(value: &str, pattern: &str) -> bool {
    let (value, pattern) = (value.to_lowercase(), pattern.to_lowercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => value.contains(pattern.trim_matches('*')),
        (Some(end), None) => value.ends_with(end),
        (None, Some(start)) => value.starts_with(start),
        (None, None) => value == pattern,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use wharf_types::ProjectId;

    use super::*;

    fn project() -> Project {
        Project {
            id: ProjectId::parse("my-project").unwrap(),
            number: 123_456_789_012,
            display_name: "My Project".to_owned(),
            labels: [("team".to_owned(), "blue".to_owned())].into(),
            strict_deletes: true,
            generation: 1,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    fn matches(filter: &str) -> bool {
        ProjectFilter::parse("filter", Some(filter))
            .unwrap()
            .matches(&project())
    }

    #[test]
    fn projects_are_found_by_their_fields() {
        for filter in [
            "",
            "lifecycleState:ACTIVE",
            "lifecycleState=active",
            "id:my-project",
            "projectId:my-*",
            "name:*project",
            "name:\"my project\"",
            "projectNumber=123456789012",
            "parent.type:organization parent.id:0",
            "labels.team:blue",
            "labels.team:*",
            "labels.wharf-strict-deletes:true",
            "labels.team=blue AND (id:other OR name:my*)",
            "NOT labels.absent:*",
            "-id:other",
            "id!=other",
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in [
            "lifecycleState:DELETE_REQUESTED",
            "id:my",
            "labels.absent:*",
            "labels.team:blue id:other",
            "NOT (id:my-project)",
            "id:other OR name:x",
            "id:-my-project",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for filter in [
            "colour:red",
            "labels.:x",
            "id",
            "id:",
            "(id:x",
            "id:x)",
            "id:x AND",
            "OR id:x",
            "()",
            "\"id",
            "! id:x",
            "id > 3",
            &"(".repeat(1_000),
            &"-".repeat(1_000),
        ] {
            assert!(
                ProjectFilter::parse("filter", Some(filter)).is_err(),
                "{filter}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(filter in "[a-z():=!\"'* \\-]{0,60}|\\PC{0,40}") {
            if let Ok(filter) = ProjectFilter::parse("filter", Some(&filter)) {
                filter.matches(&project());
            }
        }
    }
}
