//! Discovery documents (Google APIs Discovery Service v1): the rows of [`APIS`], for the client libraries that build
//! themselves from such a document.

mod document;
mod schemas;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::method::Api;
use super::methods::APIS;
use super::refusal::Refusal;

/// The documents without the addresses in them, which are the request's. Made once: they are the same until the program ends.
static DOCUMENTS: LazyLock<Vec<(&Api, Value)>> = LazyLock::new(|| {
    let all = APIS.iter().map(|api| (api, document::of(api)));
    all.collect()
});

/// `GET discovery/v1/apis`
pub(super) async fn list(call: &Call) -> Answer {
    let base = &call.caller.origin.base_url;
    let wanted = call.query.get("name");
    let is_preferred_only = call.query.is_set("preferred")?;
    let apis = APIS.iter().filter(|api| {
        wanted.is_none_or(|name| name == api.name) && (!is_preferred_only || is_preferred(api))
    });
    let items = apis.map(|api| {
        json!({
            "kind": "discovery#directoryItem",
            "id": format!("{}:{}", api.name, api.version),
            "name": api.name,
            "version": api.version,
            "title": api.title,
            "description": document::description(api),
            "discoveryRestUrl": format!("{base}/discovery/v1/apis/{}/{}/rest", api.name, api.version),
            "preferred": is_preferred(api),
        })
    });
    call.answer(&json!({
        "kind": "discovery#directoryList",
        "discoveryVersion": "v1",
        "items": items.collect::<Vec<_>>(),
    }))
}

/// The last version of an API is the one to use.
fn is_preferred(api: &Api) -> bool {
    let last = APIS.iter().rfind(|other| other.name == api.name);
    last.is_some_and(|last| last.version == api.version)
}

/// `GET discovery/v1/apis/API/VERSION/rest`
pub(super) async fn get(call: &Call, api: &str, version: &str) -> Answer {
    answer(call, api, Some(version))
}

/// `GET $discovery/rest?version=V`: of the API that the host's first label names, as Google's hosts do
/// (`iam.example.test`), or the parameter `api`.
pub(super) async fn get_of_host(call: &Call) -> Answer {
    let base = &call.caller.origin.base_url;
    let host = base.split_once("://").map_or(&**base, |(_, host)| host);
    let label = host.split(['.', ':']).next().unwrap_or_default();
    let of_host = APIS
        .iter()
        .find(|api| api.name == label)
        .map(|api| api.name);
    let named = call.query.get("api").or_else(|| call.query.get("name"));
    let Some(api) = named.or(of_host) else {
        let names: Vec<_> = APIS
            .iter()
            .map(|api| format!("{}:{}", api.name, api.version))
            .collect();
        return Err(Refusal::field(
            "api",
            format!(
                "this host stands for no single API: say which, such as api=iam&version=v1; there are {}",
                names.join(", ")
            ),
        ));
    };
    answer(call, api, call.query.get("version"))
}

fn answer(call: &Call, name: &str, version: Option<&str>) -> Answer {
    let found = DOCUMENTS.iter().find(|(api, _)| {
        api.name == name
            && match version {
                Some(version) => api.version == version,
                None => is_preferred(api),
            }
    });
    let Some((api, document)) = found else {
        let name = format!("discovery/v1/apis/{name}/{}", version.unwrap_or_default());
        return Err(Refusal::NoSuchPath(name));
    };
    let mut document = document.clone();
    document::set_addresses(&mut document, api, &call.caller.origin.base_url);
    call.answer(&document)
}
