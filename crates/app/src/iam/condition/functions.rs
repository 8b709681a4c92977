//! The environment of conditions: CEL's standard functions without macros, so that nothing loops, and Google's `extract`.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelString};
use cel::{Env, ExecutionError};
use quick_cache::sync::Cache;
use regex::{Regex, RegexBuilder};

/// What `matches` is called once its pattern has been checked: the library's own parses the pattern at every call.
pub(super) const MATCHES_CHECKED: &str = "@matches";
/// Bytes that a pattern may take when it is compiled. A short text can name a large automaton.
const PATTERN_SIZE_MAX: usize = 256 * 1024;
/// Patterns that are kept ready.
const PATTERNS_MAX: usize = 256;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::default().with_optional_support(false).with_stdlib();
    let extract =
        cel::add_member_overload!(env, fn extract: (CelString, CelString) -> CelString<'static>);
    let matches = cel::add_member_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>,
        name = MATCHES_CHECKED, id = "checked_matches");
    debug_assert!(extract.is_ok() && matches.is_ok());
    Arc::new(env)
});

/// A pure function of the pattern, so it may be the whole process's.
static PATTERNS: LazyLock<Cache<String, Regex>> = LazyLock::new(|| Cache::new(PATTERNS_MAX));

pub(super) fn environment() -> Arc<Env> {
    ENVIRONMENT.clone()
}

/// Compiles a pattern within bounds.
pub(super) fn pattern(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE_MAX)
        .dfa_size_limit(PATTERN_SIZE_MAX)
        .build()
}

fn matches(text: &CelString<'_>, wanted: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let regex = PATTERNS
        .get_or_insert_with(wanted.inner(), || pattern(wanted.inner()))
        .map_err(|error| ExecutionError::function_error("matches", error))?;
    Ok(regex.is_match(text.inner()).into())
}

fn extract(text: &CelString<'_>, template: &CelString<'_>) -> CelString<'static> {
    let part = split_template(template.inner())
        .and_then(|(before, after)| between(text.inner(), before, after));
    CelString::from(part.unwrap_or_default().to_owned())
}

/// What stands before and after the one `{name}` of a template.
pub(super) fn split_template(template: &str) -> Option<(&str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    let is_plain = |text: &str| !text.contains(['{', '}']);
    (!name.is_empty() && is_plain(name) && is_plain(before) && is_plain(after))
        .then_some((before, after))
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let start = text.find(before)? + before.len();
    let rest = &text[start..];
    if after.is_empty() {
        return Some(rest);
    }
    rest.find(after).map(|end| &rest[..end])
}
