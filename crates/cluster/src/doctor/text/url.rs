//! Where the request went that failed.

use super::phrase::Text;

/// Characters of a host and its port: a name in DNS has at most 253.
const AUTHORITY_MAX: usize = 270;
/// What stands before a URL that was requested. Others in a text are a registry's advice to its users.
const LEADS: [&str; 12] = [
    "get \"",
    "head \"",
    "post \"",
    "put \"",
    "get ",
    "head ",
    "post ",
    " request to ",
    "unexpected status code ",
    "content at ",
    "last url \"",
    "url: ",
];
/// What stands before a host that was asked, where there is no URL.
const HOSTS: [&str; 3] = [
    "pulling from host ",
    "pinging container registry ",
    "pinging docker registry ",
];

/// `HOST[:PORT]` of the request that a complaint at `at` is about.
pub(super) fn host(text: Text<'_>, at: usize) -> Option<String> {
    let host = match requested(text, at) {
        Some(url) => authority(url.split_once("://")?.1)?,
        None => HOSTS
            .iter()
            .find_map(|lead| text.after(lead))
            .and_then(|host| authority(host.raw()))?,
    };
    Some(host.to_owned())
}

/// The URL that was requested: the last one before `at`, else the first one behind it.
pub(super) fn requested(text: Text<'_>, at: usize) -> Option<&str> {
    let lower = text.lower();
    let mut found = None;
    for (place, _) in lower.match_indices("://") {
        let before = lower.get(..place)?;
        let Some(scheme) = ["https", "http"]
            .into_iter()
            .find(|scheme| before.ends_with(scheme))
        else {
            continue;
        };
        let start = place - scheme.len();
        let lead = lower.get(..start)?;
        if !LEADS.iter().any(|words| lead.ends_with(words)) {
            continue;
        }
        if start > at && found.is_some() {
            break;
        }
        found = text.raw().get(start..);
    }
    found
}

/// The host and port that a text begins with, without a user before them.
pub(super) fn authority(text: &str) -> Option<&str> {
    let end = text
        .find(|c: char| c.is_whitespace() || "/?#\"\\".contains(c))
        .unwrap_or(text.len());
    let authority = text.get(..end)?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let authority = authority.trim_end_matches([':', ',', ';']);
    let is_one = !authority.is_empty()
        && authority.len() <= AUTHORITY_MAX
        && authority
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c));
    is_one.then_some(authority)
}
