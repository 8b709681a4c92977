//! What a reader is shown of an error.

/// Characters of a fragment.
const LENGTH_MAX: usize = 400;
/// Characters before the complaint that are kept of an error too long.
const BEFORE: usize = 160;
/// Parameters of URLs that are no secret. Signed URLs of storage have others.
const HARMLESS: [&str; 4] = ["ns", "scope", "service", "account"];

/// The part of an error around `at`, without what nobody should see and on one line.
pub(super) fn cut(error: &str, at: usize) -> String {
    let before = error.get(..at).unwrap_or_default();
    let start = if error.chars().nth(LENGTH_MAX).is_some() {
        before
            .char_indices()
            .rev()
            .nth(BEFORE)
            .map_or(0, |(at, _)| at)
    } else {
        0
    };
    // What is cut begins with a whole word, so that a URL is seen as one.
    let start = match error
        .get(start..)
        .unwrap_or_default()
        .find(char::is_whitespace)
    {
        Some(space) if start > 0 && start + space < at => start + space,
        _ => start,
    };
    let mut words = String::new();
    for word in error.get(start..).unwrap_or_default().split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&without_secrets(word));
        if words.len() > 4 * LENGTH_MAX {
            break;
        }
    }
    let mut fragment = String::new();
    if start > 0 {
        fragment.push('…');
    }
    fragment.extend(
        words
            .chars()
            .take(LENGTH_MAX)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c }),
    );
    if words.chars().nth(LENGTH_MAX).is_some() {
        fragment.push('…');
    }
    fragment
}

/// A URL without the user before its host, and without parameters that may be a signature.
fn without_secrets(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let mut shown = format!("{scheme}://{authority}{path}");
    if let Some(query) = query {
        let end = query
            .find(['"', ',', ')'])
            .unwrap_or(query.trim_end_matches(':').len());
        let (query, end) = query.split_at(end);
        let harmless = query.split('&').all(|parameter| {
            let key = parameter.split('=').next().unwrap_or_default();
            HARMLESS.contains(&key)
        });
        shown.push('?');
        shown.push_str(if harmless { query } else { "…" });
        shown.push_str(end);
    }
    shown
}
