//! `docs/google-compatibility.md` is made from the rows; here is whether it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::google::method::{Api, Handler};
use crate::google::methods::APIS;

/// Clients by the method's id and its API's version: what the end-to-end tests see them do.
type Proven = BTreeMap<(String, String), BTreeSet<String>>;

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// Reads lines `CLIENT VERSION ID…`.
fn proven(text: &str) -> Proven {
    let mut proven = Proven::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(client), Some(version)) = (words.next(), words.next()) else {
            continue;
        };
        for id in words {
            let of_method = proven.entry((id.to_owned(), version.to_owned()));
            of_method.or_default().insert(client.replace('_', " "));
        }
    }
    proven
}

fn page(proven: &Proven) -> String {
    let mut page = String::from(include_str!("compatibility.md"));
    for api in APIS {
        let _ = write!(
            page,
            "\n## {} ({} {})\n\n",
            api.title, api.name, api.version
        );
        page.push_str("| method | request | status | proven with |\n| --- | --- | --- | --- |\n");
        for line in lines(api, proven) {
            page.push_str(&line);
        }
    }
    page
}

fn lines(api: &Api, proven: &Proven) -> Vec<String> {
    let line = |method: &crate::google::method::Method| {
        let status = match method.handler {
            Handler::Function { .. } => "served".to_owned(),
            Handler::NotOffered(why) => format!("not offered: {why}"),
        };
        let clients = proven.get(&(method.id.to_owned(), api.version.to_owned()));
        let clients: Vec<_> = clients.into_iter().flatten().map(String::as_str).collect();
        let clients = if clients.is_empty() {
            "–".to_owned()
        } else {
            clients.join(", ")
        };
        let binding = method.binding;
        format!(
            "| `{}` | `{} /{}` | {status} | {clients} |\n",
            method.id, binding.http, binding.path
        )
    };
    api.methods.iter().map(line).collect()
}

/// The page and where it lies.
fn made() -> (PathBuf, String) {
    let list = std::fs::read_to_string(in_repository("e2e/google/proven.txt")).unwrap();
    let proven = proven(&list);
    for (id, version) in proven.keys() {
        let mut of_version = APIS.iter().filter(|api| api.version == version);
        assert!(
            of_version.any(|api| api.methods.iter().any(|method| method.id == id)),
            "e2e/google/proven.txt: there is no {id} in {version}"
        );
    }
    (in_repository("docs/google-compatibility.md"), page(&proven))
}

#[test]
fn the_page_on_compatibility_has_every_method() {
    let (path, page) = made();
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/google-compatibility.md is out of date: run cargo test -p wharf-server write_the_page -- --ignored"
    );
}

#[test]
#[ignore = "writes the page"]
fn write_the_page() {
    let (path, page) = made();
    std::fs::write(path, page).unwrap();
}
