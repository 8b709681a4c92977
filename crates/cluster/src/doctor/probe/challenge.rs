//! What a registry asks for: `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

use http::{HeaderMap, header};

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// In lower-case letters: `bearer`, `basic`.
    pub(super) scheme: String,
    /// Parameters by their names in lower-case letters.
    pub(super) parameters: BTreeMap<String, String>,
}

/// The challenges of an answer, in order: several headers, each with several challenges.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(parse).collect()
}

fn parse(value: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, behind) = token(rest);
        if word.is_empty() {
            return challenges;
        }
        let equals = behind.trim_start();
        match (equals.strip_prefix('='), challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let (value, behind) = text(value.trim_start());
                challenge
                    .parameters
                    .insert(word.to_ascii_lowercase(), value);
                rest = behind;
            }
            // A parameter of nobody's.
            (Some(value), None) => rest = text(value.trim_start()).1,
            (None, _) => {
                challenges.push(Challenge {
                    scheme: word.to_ascii_lowercase(),
                    parameters: BTreeMap::new(),
                });
                rest = behind;
            }
        }
    }
}

/// Splits off a token.
fn token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Splits off a token or a quoted string. Registries write slashes and colons without quotes, too.
fn text(value: &str) -> (String, &str) {
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find([',', ' ', '\t']).unwrap_or(value.len());
        let (word, behind) = value.split_at(end);
        return (word.to_owned(), behind);
    };
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
            letter => text.push(letter),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn challenges_of_all_styles_are_read() {
        let read = parse(
            r#"Bearer realm="https://auth.example.com/token",service="registry, \"one\"",scope="repository:a/b:pull", Basic realm=plain"#,
        );
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].scheme, "bearer");
        assert_eq!(
            read[0].parameters["realm"],
            "https://auth.example.com/token"
        );
        assert_eq!(read[0].parameters["service"], "registry, \"one\"");
        assert_eq!(read[0].parameters["scope"], "repository:a/b:pull");
        assert_eq!(read[1].scheme, "basic");
        assert_eq!(read[1].parameters["realm"], "plain");
    }

    #[test]
    fn a_bare_scheme_is_a_challenge() {
        let read = parse("Negotiate, BASIC");
        let schemes: Vec<_> = read.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["negotiate", "basic"]);
        assert!(parse("").is_empty() && parse("=\"x\", \"").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_to_an_end(value in ".{0,200}") {
            parse(&value);
        }

        #[test]
        fn a_quoted_value_comes_back(value in "[ -~]{0,60}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let read = parse(&format!("Bearer realm=\"{quoted}\""));
            prop_assert_eq!(&read.first().unwrap().parameters["realm"], &value);
        }
    }
}
