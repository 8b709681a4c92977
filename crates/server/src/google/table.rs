//! From a request to the row that answers it: the paths of [`APIS`], read once.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::method::Method;
use super::methods::APIS;
use super::path::{Reading, readings};

/// The folder below `/v2` that is Google's: no path of the registry protocol has a colon there.
pub(crate) const LOG_ENTRIES: &str = "/v2/entries:";

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let methods = APIS.iter().flat_map(|api| api.methods);
    let rows = methods.flat_map(|method| {
        method.bindings().map(move |binding| Row {
            method,
            http: binding.http,
            template: Template::parse(binding.path),
        })
    });
    rows.collect()
});

struct Row {
    method: &'static Method,
    http: &'static str,
    template: Template,
}

/// The method that a request asks for.
pub(super) struct Found<'p> {
    pub(super) method: &'static Method,
    /// The values of the path's variables, in their order.
    pub(super) values: Vec<Cow<'p, str>>,
}

/// The method of a request, by HTTP method and raw path.
pub(super) fn find<'p>(http: &str, path: &'p str) -> Option<Found<'p>> {
    readings(path).find_map(|reading| {
        let row = rows(&reading).find(|row| row.http == http)?;
        Some(Found {
            method: row.method,
            values: row.template.values(reading.segments),
        })
    })
}

/// The HTTP methods that a raw path is there with.
pub(super) fn allowed(path: &str) -> Vec<&'static str> {
    let is_there =
        |http: &&str| readings(path).any(|reading| rows(&reading).any(|row| row.http == *http));
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .filter(is_there)
        .collect()
}

fn rows(reading: &Reading<'_>) -> impl Iterator<Item = &'static Row> {
    TABLE
        .iter()
        .filter(move |row| row.template.matches(reading))
}

/// The folders that the paths lie in, as the outer router writes them. Names in them have colons, so that the rest is read
/// here. Below `/v2`, which is the registry protocol's, there are only whole paths.
pub(super) fn folders() -> Vec<String> {
    let of_row = |row: &Row| match row.template.parts.as_slice() {
        [Part::Literal("v2"), ..] => row.template.to_string(),
        [Part::Literal(folder), ..] => format!("/{folder}/{{*path}}"),
        _ => String::new(),
    };
    let mut folders: Vec<_> = TABLE.iter().map(of_row).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// A path with variables.
#[derive(Debug, PartialEq, Eq)]
struct Template {
    parts: Vec<Part>,
    verb: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    Variable(&'static str),
}

impl Template {
    fn parse(text: &'static str) -> Self {
        let (name, verb) = match text.rsplit_once(':') {
            Some((name, verb)) => (name, Some(verb)),
            None => (text, None),
        };
        let part = |part: &'static str| match part.strip_prefix('{') {
            Some(variable) => Part::Variable(variable.trim_end_matches('}')),
            None => Part::Literal(part),
        };
        Self {
            parts: name.split('/').map(part).collect(),
            verb,
        }
    }

    fn matches(&self, reading: &Reading<'_>) -> bool {
        let fits = |(part, segment): (&Part, &Cow<'_, str>)| match part {
            Part::Literal(literal) => literal == segment,
            Part::Variable(_) => true,
        };
        self.verb == reading.verb
            && self.parts.len() == reading.segments.len()
            && self.parts.iter().zip(&reading.segments).all(fits)
    }

    fn values<'p>(&self, segments: Vec<Cow<'p, str>>) -> Vec<Cow<'p, str>> {
        let of_variable = |(part, segment)| matches!(part, &Part::Variable(_)).then_some(segment);
        self.parts
            .iter()
            .zip(segments)
            .filter_map(of_variable)
            .collect()
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(text) => write!(f, "/{text}")?,
                Part::Variable(name) => write!(f, "/{{{name}}}")?,
            }
        }
        match self.verb {
            Some(verb) => write!(f, ":{verb}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::method::Handler;
    use super::*;

    fn both_match(one: &Template, other: &Template) -> bool {
        let overlap = |(one, other): (&Part, &Part)| match (one, other) {
            (Part::Literal(one), Part::Literal(other)) => one == other,
            _ => true,
        };
        one.verb == other.verb
            && one.parts.len() == other.parts.len()
            && one.parts.iter().zip(&other.parts).all(overlap)
    }

    #[test]
    fn no_request_has_two_rows() {
        for (at, one) in TABLE.iter().enumerate() {
            for other in &TABLE[at + 1..] {
                assert!(
                    one.http != other.http || !both_match(&one.template, &other.template),
                    "{} {} is {} and {}",
                    one.http,
                    one.template,
                    one.method.id,
                    other.method.id
                );
            }
        }
    }

    #[test]
    fn an_id_is_its_api_s_and_used_once() {
        for api in APIS {
            let mut ids = BTreeSet::new();
            for method in api.methods {
                let id = method.id;
                assert_eq!(id.split('.').next(), Some(api.name), "{id}");
                assert!(ids.insert(id), "{id} twice in {} {}", api.name, api.version);
            }
        }
    }

    #[test]
    fn a_path_has_as_many_variables_as_its_handler_takes() {
        for row in TABLE.iter() {
            let is_variable = |part: &&Part| matches!(part, Part::Variable(_));
            let variables = row.template.parts.iter().filter(is_variable).count();
            if let Handler::Function { arity, .. } = row.method.handler {
                assert_eq!(arity, variables, "{} {}", row.method.id, row.template);
            }
            let Some(Part::Literal(folder)) = row.template.parts.first() else {
                panic!("{} lies in no folder", row.template);
            };
            // The registry protocol's folder has no room but for whole paths of this form.
            if *folder == "v2" {
                assert_eq!(variables, 0, "{}", row.template);
                assert!(row.template.to_string().starts_with(LOG_ENTRIES));
            }
        }
    }

    #[test]
    fn a_template_is_written_as_it_is_read() {
        for row in TABLE.iter() {
            let bindings = row.method.bindings();
            let mut paths = bindings.map(|binding| format!("/{}", binding.path));
            assert!(paths.any(|path| path == row.template.to_string()));
        }
    }

    fn asked(http: &str, path: &str) -> Option<(&'static str, Vec<String>)> {
        let found = find(http, path)?;
        let values = found.values.iter().map(ToString::to_string).collect();
        Some((found.method.id, values))
    }

    #[test]
    fn values_are_decoded_and_stand_in_their_order() {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (http, path, id, values) in [
            (
                "GET",
                "/v1/projects/-/serviceAccounts/a%40p.iam.gserviceaccount.com/keys/k",
                "iam.projects.serviceAccounts.keys.get",
                owned(&["-", "a@p.iam.gserviceaccount.com", "k"]),
            ),
            (
                "GET",
                "/v1/projects/example.com:my-project",
                "cloudresourcemanager.projects.get",
                owned(&["example.com:my-project"]),
            ),
            (
                "POST",
                "/v1/projects/example.com:my-project:getIamPolicy",
                "cloudresourcemanager.projects.getIamPolicy",
                owned(&["example.com:my-project"]),
            ),
            (
                "GET",
                "/download/storage/v1/b/b/o/a%2Fb%3Ac",
                "storage.objects.get",
                owned(&["b", "a/b:c"]),
            ),
            ("POST", LOG_ENTRIES_LIST, "logging.entries.list", owned(&[])),
        ] {
            assert_eq!(asked(http, path), Some((id, values)), "{http} {path}");
        }
    }

    const LOG_ENTRIES_LIST: &str = "/v2/entries:list";

    #[test]
    fn a_path_that_is_there_with_other_methods_names_them() {
        assert_eq!(allowed("/v1/projects/p:setIamPolicy"), ["POST"]);
        assert_eq!(allowed("/v1/projects/p"), ["GET", "PUT", "DELETE"]);
        assert_eq!(allowed("/v1/nothing"), [""; 0]);
        assert!(find("PATCH", "/v1/projects/p").is_none());
        assert!(find("GET", "/v1/projects/p/").is_none());
    }
}
