//! One API's document.

use serde_json::{Map, Value, json};

use super::super::method::{Api, Binding, Handler, Kind, Method};
use super::super::template::{Piece, Segment, Template, joined};
use super::schemas::Schemas;

/// The scope that every method accepts.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The document of an API, without addresses. What is not offered is left out: a client is not to be built for it.
pub(super) fn of(api: &Api) -> Value {
    let mut schemas = Schemas::new();
    let mut document = json!({
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": format!("{}:{}", api.name, api.version),
        "name": api.name,
        "version": api.version,
        "revision": env!("CARGO_PKG_VERSION"),
        "title": api.title,
        "description": description(api),
        "ownerName": "Wharfinger",
        "protocol": "rest",
        "auth": {"oauth2": {"scopes": {SCOPE: {"description": "Everything that your roles allow"}}}},
        "parameters": system_parameters(),
        "resources": {},
    });
    for method in api.methods {
        if let Handler::NotOffered(_) = method.handler {
            continue;
        }
        let described = described(api, method, &mut schemas);
        *place(&mut document, method.id) = described;
    }
    document["schemas"] = Value::Object(schemas.finish());
    document
}

/// What it is, in a sentence.
pub(super) fn description(api: &Api) -> String {
    format!("What this Wharfinger registry serves of the {}.", api.title)
}

/// Writes in where the API is reached.
pub(super) fn set_addresses(document: &mut Value, api: &Api, base_url: &str) {
    let folder = folder(api);
    document["rootUrl"] = json!(format!("{base_url}/"));
    document["servicePath"] = json!(folder);
    document["basePath"] = json!(format!("/{folder}"));
    document["baseUrl"] = json!(format!("{base_url}/{folder}"));
}

/// The folder that all paths of an API lie in, if they are written below it: that of an API that names itself in its paths.
fn folder(api: &Api) -> String {
    let folder = format!("{}/{}/", api.name, api.version);
    let is_inside = |method: &Method| method.binding.path.starts_with(&folder);
    if api.methods.iter().all(is_inside) {
        folder
    } else {
        String::new()
    }
}

/// Where the method of an id stands: `iam.projects.roles.get` in `resources.projects.resources.roles.methods.get`.
fn place<'a>(document: &'a mut Value, id: &str) -> &'a mut Value {
    let mut names = id.split('.').skip(1).peekable();
    let mut place = document;
    while let Some(name) = names.next() {
        place = match names.peek() {
            Some(_) => &mut place["resources"][name],
            None => &mut place["methods"][name],
        };
    }
    place
}

fn described(api: &Api, method: &Method, schemas: &mut Schemas) -> Value {
    let path = Path::of(&method.binding, &folder(api));
    let mut parameters = path.parameters;
    for parameter in method.query {
        parameters.insert(parameter.name.to_owned(), of_query(parameter.kind));
    }
    let mut described = json!({
        "id": method.id,
        "path": path.path,
        "flatPath": path.flat_path,
        "httpMethod": method.binding.http,
        "parameters": parameters,
        "parameterOrder": path.order,
        "scopes": [SCOPE],
    });
    if let Some(request) = &method.request {
        described["request"] = schemas.reference(request.schema);
    }
    if let Some(response) = method.response {
        described["response"] = schemas.reference(response);
    }
    described
}

/// A path as a document has it.
struct Path {
    /// `v1/{+name}:disable`
    path: String,
    /// `v1/projects/{projectsId}/serviceAccounts/{serviceAccountsId}:disable`
    flat_path: String,
    /// The variables of `path`.
    parameters: Map<String, Value>,
    /// Their names, in order.
    order: Vec<&'static str>,
}

impl Path {
    fn of(binding: &Binding, folder: &str) -> Self {
        let template = Template::parse(binding.path);
        let verb = template.verb.map(|verb| format!(":{verb}"));
        let verb = verb.unwrap_or_default();
        let (mut path, mut flat) = (Vec::new(), Vec::new());
        let (mut parameters, mut order) = (Map::new(), Vec::new());
        for piece in &template.pieces {
            match piece {
                Piece::Literal(literal) => {
                    path.push((*literal).to_owned());
                    flat.push((*literal).to_owned());
                }
                Piece::Variable { name, pattern } => {
                    let mut parameter =
                        json!({"type": "string", "location": "path", "required": true});
                    if *pattern == [Segment::Any] {
                        path.push(format!("{{{name}}}"));
                        flat.push(format!("{{{name}}}"));
                    } else {
                        path.push(format!("{{+{name}}}"));
                        flat.extend(flattened(pattern));
                        let expression = joined(pattern).replace('*', "[^/]+");
                        parameter["pattern"] = json!(format!("^{expression}$"));
                    }
                    parameters.insert((*name).to_owned(), parameter);
                    order.push(*name);
                }
            }
        }
        let whole = |pieces: &[String]| {
            let whole = format!("{}{verb}", joined(pieces));
            whole.strip_prefix(folder).unwrap_or(&whole).to_owned()
        };
        Self {
            path: whole(&path),
            flat_path: whole(&flat),
            parameters,
            order,
        }
    }
}

/// `projects/*` as `projects`, `{projectsId}`.
fn flattened(pattern: &[Segment]) -> impl Iterator<Item = String> {
    let before = std::iter::once(None).chain(pattern.iter().map(Some));
    pattern
        .iter()
        .zip(before)
        .map(|(segment, before)| match (segment, before) {
            (Segment::Literal(literal), _) => (*literal).to_owned(),
            (Segment::Any, Some(before)) => format!("{{{before}Id}}"),
            (Segment::Any, None) => "{id}".to_owned(),
        })
}

fn of_query(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string", "location": "query"}),
        Kind::Texts => json!({"type": "string", "location": "query", "repeated": true}),
        Kind::Number => json!({"type": "integer", "format": "int32", "location": "query"}),
        Kind::Switch => json!({"type": "boolean", "location": "query"}),
    }
}

/// The parameters that every method has.
fn system_parameters() -> Value {
    let text = |description: &str| json!({"type": "string", "location": "query", "description": description});
    json!({
        "alt": {"type": "string", "location": "query", "description": "The form of the answer", "default": "json", "enum": ["json"], "enumDescriptions": ["JSON"]},
        "fields": text("Which fields of the answer are wanted"),
        "prettyPrint": {"type": "boolean", "location": "query", "description": "Whether the answer goes over several lines", "default": "false"},
        "key": text("Left alone"),
        "quotaUser": text("Left alone"),
        "$.xgafv": text("Left alone"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::method::by;
    use super::super::super::methods::APIS;
    use super::*;

    fn path(path: &'static str, folder: &str) -> Path {
        Path::of(&by("GET", path), folder)
    }

    #[test]
    fn a_path_has_its_parameters_as_google_s_has() {
        let disable = path("v1/{name=projects/*/serviceAccounts/*}:disable", "");
        assert_eq!(disable.path, "v1/{+name}:disable");
        assert_eq!(
            disable.flat_path,
            "v1/projects/{projectsId}/serviceAccounts/{serviceAccountsId}:disable"
        );
        assert_eq!(disable.order, ["name"]);
        assert_eq!(
            disable.parameters["name"]["pattern"],
            "^projects/[^/]+/serviceAccounts/[^/]+$"
        );
        let bucket = path("storage/v1/b/{bucket}/iam", "storage/v1/");
        assert_eq!(bucket.path, "b/{bucket}/iam");
        assert_eq!(bucket.order, ["bucket"]);
    }

    #[test]
    fn every_method_that_is_offered_stands_in_its_document_and_every_reference_leads_somewhere() {
        for api in APIS {
            let document = of(api);
            for method in api.methods {
                let names: Vec<_> = method.id.split('.').skip(1).collect();
                let pointer = format!("/resources/{}", names.join("/resources/"));
                let pointer = match pointer.rsplit_once("/resources/") {
                    Some((before, last)) => format!("{before}/methods/{last}"),
                    None => pointer,
                };
                let is_there = document.pointer(&pointer).is_some();
                let is_offered = matches!(method.handler, Handler::Function { .. });
                assert_eq!(is_there, is_offered, "{}", method.id);
            }
            check_references(&document, &document["schemas"]);
        }
    }

    fn check_references(value: &Value, schemas: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("$ref") {
                    assert!(schemas.get(name).is_some(), "{name} is not there");
                }
                fields
                    .values()
                    .for_each(|one| check_references(one, schemas));
            }
            Value::Array(elements) => {
                elements
                    .iter()
                    .for_each(|one| check_references(one, schemas));
            }
            _ => {}
        }
    }
}
