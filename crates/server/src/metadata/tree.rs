//! What a metadata server knows, as folders and values under the names that Compute Engine gave them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

use serde_json::{Map, Value, json};
use wharf_app::iam::nodes::NodeAccount;

/// The zone that nodes are said to be in. To this registry zones are names; programs cut the region out of this one.
const ZONE: &str = "local-zone1-a";
/// What an account's tokens are good for: policies say what the account may.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Folders and values, by their names.
    Folder(Vec<(String, Node)>),
    Text(String),
    Number(u64),
    List(Vec<String>),
    /// An access token: made when it is asked for itself.
    Token,
    /// An ID token: made when it is asked for itself.
    Identity,
}

fn folder<const N: usize>(entries: [(&str, Node); N]) -> Node {
    let entries = entries.into_iter();
    Node::Folder(
        entries
            .map(|(name, node)| (name.to_owned(), node))
            .collect(),
    )
}

/// The tree below `/computeMetadata/v1`, as the node of this address sees it.
pub(super) fn tree(account: &NodeAccount, peer: Option<IpAddr>) -> Node {
    let text = |text: &str| Node::Text(text.to_owned());
    let (number, project) = (account.project_number, &account.project);
    let name = host_name(peer);
    let service_account = folder([
        ("aliases", Node::List(vec!["default".to_owned()])),
        ("email", text(account.email.as_str())),
        ("identity", Node::Identity),
        ("scopes", Node::List(vec![SCOPE.to_owned()])),
        ("token", Node::Token),
    ]);
    folder([
        (
            "instance",
            folder([
                ("attributes", folder([])),
                (
                    "hostname",
                    Node::Text(format!("{name}.c.{}.internal", project.image_prefix())),
                ),
                ("id", Node::Number(instance_id(peer))),
                ("name", Node::Text(name)),
                (
                    "service-accounts",
                    folder([
                        ("default", service_account.clone()),
                        (account.email.as_str(), service_account),
                    ]),
                ),
                (
                    "zone",
                    Node::Text(format!("projects/{number}/zones/{ZONE}")),
                ),
            ]),
        ),
        (
            "project",
            folder([
                ("attributes", folder([])),
                ("numeric-project-id", Node::Number(number)),
                ("project-id", text(project.as_str())),
            ]),
        ),
        (
            "universe",
            folder([("universe-domain", text("googleapis.com"))]),
        ),
    ])
}

/// `node-10-0-0-7`
fn host_name(peer: Option<IpAddr>) -> String {
    match peer {
        Some(peer) => format!("node-{}", peer.to_string().replace(['.', ':'], "-")),
        None => "node".to_owned(),
    }
}

/// The same for every request of a node, and another for each node.
fn instance_id(peer: Option<IpAddr>) -> u64 {
    let mut hasher = DefaultHasher::new();
    peer.hash(&mut hasher);
    // Clients in other languages read it as a signed number.
    hasher.finish() >> 1
}

impl Node {
    /// The place that a path leads to.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let Self::Folder(entries) = self else {
            return None;
        };
        let (_, node) = entries.iter().find(|(name, _)| name == first)?;
        node.find(rest)
    }

    /// As `alt=json` shows it: a folder with all that is in it, save for tokens.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Folder(entries) => {
                let shown = entries
                    .iter()
                    .filter(|(_, node)| !matches!(node, Self::Token | Self::Identity));
                let shown = shown.map(|(name, node)| (camel_case(name), node.json()));
                Value::Object(shown.collect::<Map<_, _>>())
            }
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::List(items) => json!(items),
            Self::Token | Self::Identity => Value::Null,
        }
    }

    /// As `alt=text` shows it: a value, or the names in a folder, a line each.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Folder(entries) => entries
                .iter()
                .map(|(name, node)| match node {
                    Self::Folder(_) => format!("{name}/\n"),
                    _ => format!("{name}\n"),
                })
                .collect(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::List(items) => items.iter().map(|item| format!("{item}\n")).collect(),
            Self::Token | Self::Identity => String::new(),
        }
    }

    /// All that is in a folder, as `recursive=true` with `alt=text` shows it: `PATH VALUE`, a line each.
    pub(super) fn lines(&self, path: &str) -> String {
        match self {
            Self::Folder(entries) => entries
                .iter()
                .map(|(name, node)| match path {
                    "" => node.lines(name),
                    path => node.lines(&format!("{path}/{name}")),
                })
                .collect(),
            Self::Token | Self::Identity => String::new(),
            Self::List(items) => items
                .iter()
                .map(|item| format!("{path} {item}\n"))
                .collect(),
            value => format!("{path} {}\n", value.text()),
        }
    }
}

/// `numeric-project-id` as `numericProjectId`; the address of an account stays as it is.
fn camel_case(name: &str) -> String {
    if name.contains('@') {
        return name.to_owned();
    }
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        camel.extend(letters);
        camel
    })
}
