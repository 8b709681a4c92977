//! Paths of the Google-style APIs: names as segments, and perhaps a custom verb behind a colon
//! (AIP-122 "Resource names", AIP-136 "Custom methods").

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::refusal::Dialect;

/// One way to read a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    /// The segments, decoded: in them `%2F` and `%3A` are a slash and a colon like any other character.
    pub(super) segments: Vec<Cow<'a, str>>,
    /// What stands behind the last colon of the last segment: `getIamPolicy`.
    pub(super) verb: Option<&'a str>,
}

/// The ways to read a raw path, the likeliest first: `projects/example.com:puller` is a verb on `example.com` only if
/// there is such a verb, else the project of that name. Only behind a domain does a name have a colon that is not encoded,
/// and in Cloud Storage, which has no such verbs: `…/o/manifest_sha256:…`. None at all when the path is not UTF-8 or has an empty segment.
pub(super) fn readings(path: &str) -> impl Iterator<Item = Reading<'_>> {
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let is_storage = Dialect::of(path) == Dialect::Storage;
    let with_verb = last
        .rsplit_once(':')
        .filter(|_| !is_storage)
        .and_then(|(name, verb)| read(folder, name, Some(verb)));
    let is_name = last
        .split_once(':')
        .is_none_or(|(domain, _)| is_storage || domain.contains('.'));
    let without_verb = is_name.then(|| read(folder, last, None)).flatten();
    with_verb.into_iter().chain(without_verb)
}

fn read<'a>(folder: &'a str, last: &'a str, verb: Option<&'a str>) -> Option<Reading<'a>> {
    let segments = folder
        .trim_start_matches('/')
        .split('/')
        .chain([last])
        .map(decode)
        .collect::<Option<_>>()?;
    Some(Reading { segments, verb })
}

fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    (!decoded.is_empty()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(path: &str) -> Vec<(Vec<String>, Option<&str>)> {
        readings(path)
            .map(|reading| {
                let segments = reading.segments.into_iter().map(Cow::into_owned).collect();
                (segments, reading.verb)
            })
            .collect()
    }

    fn segments<const N: usize>(segments: [&str; N]) -> Vec<String> {
        segments.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_verb_stands_behind_the_last_colon() {
        assert_eq!(
            read_all("/v1/projects/my-project:getIamPolicy"),
            [(
                segments(["v1", "projects", "my-project"]),
                Some("getIamPolicy")
            )]
        );
        assert_eq!(
            read_all("/v1/projects/example.com:my-project"),
            [
                (
                    segments(["v1", "projects", "example.com"]),
                    Some("my-project")
                ),
                (segments(["v1", "projects", "example.com:my-project"]), None),
            ]
        );
        assert_eq!(
            read_all("/v1/projects/example.com:my-project:getIamPolicy")[0],
            (
                segments(["v1", "projects", "example.com:my-project"]),
                Some("getIamPolicy")
            )
        );
    }

    #[test]
    fn segments_are_split_before_they_are_decoded() {
        assert_eq!(
            read_all("/v1/projects/-/serviceAccounts/owner%40default.iam.gserviceaccount.com"),
            [(
                segments([
                    "v1",
                    "projects",
                    "-",
                    "serviceAccounts",
                    "owner@default.iam.gserviceaccount.com"
                ]),
                None
            )]
        );
        assert_eq!(read_all("/b/a%2Fb%3Ac"), [(segments(["b", "a/b:c"]), None)]);
        assert_eq!(
            read_all("/storage/v1/b/a%2Fb:c"),
            [(segments(["storage", "v1", "b", "a/b:c"]), None)]
        );
    }

    #[test]
    fn what_names_nothing_is_not_read() {
        for path in ["/v1//x", "/v1/x/", "/v1/%ff", "/", ""] {
            assert_eq!(read_all(path), [], "{path}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(path in "[/:%a-f0-9é]{0,40}") {
            let _ = read_all(&path);
        }
    }
}
