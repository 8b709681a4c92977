//! From a request to the row that answers it: the paths of [`APIS`], read once.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::method::Method;
use super::methods::APIS;
use super::path::{Reading, readings};
use super::template::{Segment, Template};

/// The folder below `/v2` that is Google's: no path of the registry protocol has a colon there.
pub(crate) const LOG_ENTRIES: &str = "/v2/entries:";

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let methods = APIS.iter().flat_map(|api| api.methods);
    let rows = methods.flat_map(|method| {
        method.bindings().map(move |binding| {
            let template = Template::parse(binding.path);
            Row {
                method,
                http: binding.http,
                segments: template.segments(),
                template,
            }
        })
    });
    rows.collect()
});

struct Row {
    method: &'static Method,
    http: &'static str,
    template: Template,
    segments: Vec<Segment>,
}

impl Row {
    fn matches(&self, reading: &Reading<'_>) -> bool {
        let fits = |(expected, segment): (&Segment, &Cow<'_, str>)| match expected {
            Segment::Literal(literal) => literal == segment,
            Segment::Any => true,
        };
        self.template.verb == reading.verb
            && self.segments.len() == reading.segments.len()
            && self.segments.iter().zip(&reading.segments).all(fits)
    }

    fn values<'p>(&self, segments: Vec<Cow<'p, str>>) -> Vec<Cow<'p, str>> {
        let value = |(expected, segment)| matches!(expected, &Segment::Any).then_some(segment);
        let all = self.segments.iter().zip(segments);
        all.filter_map(value).collect()
    }
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
            values: row.values(reading.segments),
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
    TABLE.iter().filter(move |row| row.matches(reading))
}

/// The folders that the paths lie in, as the outer router writes them. Names in them have colons, so that the rest is read
/// here. Below `/v2`, which is the registry protocol's, there are only whole paths.
pub(super) fn folders() -> Vec<String> {
    let of_row = |row: &Row| match row.segments.first() {
        Some(Segment::Literal("v2")) => format!("/{}", row.template),
        Some(folder) => format!("/{folder}/{{*path}}"),
        None => String::new(),
    };
    let mut folders: Vec<_> = TABLE.iter().map(of_row).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::method::Handler;
    use super::*;

    fn both_match(one: &Row, other: &Row) -> bool {
        let overlap = |(one, other): (&Segment, &Segment)| match (one, other) {
            (Segment::Literal(one), Segment::Literal(other)) => one == other,
            _ => true,
        };
        one.http == other.http
            && one.template.verb == other.template.verb
            && one.segments.len() == other.segments.len()
            && one.segments.iter().zip(&other.segments).all(overlap)
    }

    #[test]
    fn no_request_has_two_rows() {
        for (at, one) in TABLE.iter().enumerate() {
            for other in &TABLE[at + 1..] {
                assert!(
                    !both_match(one, other),
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
            let variables = row
                .segments
                .iter()
                .filter(|one| **one == Segment::Any)
                .count();
            if let Handler::Function { arity, .. } = row.method.handler {
                assert_eq!(arity, variables, "{} {}", row.method.id, row.template);
            }
            let Some(Segment::Literal(folder)) = row.segments.first() else {
                panic!("{} lies in no folder", row.template);
            };
            // The registry protocol's folder has no room but for whole paths of this form.
            if *folder == "v2" {
                assert_eq!(variables, 0, "{}", row.template);
                assert!(format!("/{}", row.template).starts_with(LOG_ENTRIES));
            }
        }
    }

    #[test]
    fn a_template_is_written_as_it_is_read() {
        for row in TABLE.iter() {
            let bindings = row.method.bindings();
            let mut paths = bindings.map(|binding| binding.path);
            assert!(
                paths.any(|path| path == row.template.to_string()),
                "{}",
                row.template
            );
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
