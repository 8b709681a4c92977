//! Names of Kubernetes objects, checked as the API server checks them, so that a mistake shows before anything is sent.

use wharf_types::string_traits;
use wharf_types::text::shorten;

/// Why a text names no Secret or namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS-1123 subdomain.
    #[error(
        "{0:?} is not a Secret's name: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit, up to 253 characters"
    )]
    Secret(String),
    /// Not a DNS-1123 label.
    #[error(
        "{0:?} is not a namespace: lower-case letters, digits and '-', beginning and ending with a letter or digit, up to 63 characters"
    )]
    Namespace(String),
}

/// The name of a Secret: a DNS-1123 subdomain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(Box<str>);

impl SecretName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if (1..=253).contains(&text.len()) && text.split('.').all(is_label) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Secret(shorten(text)))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(SecretName, NameError);

/// The name of a namespace: a DNS-1123 label.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Box<str>);

impl Namespace {
    /// Parses a namespace.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() <= 63 && is_label(text) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Namespace(shorten(text)))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(Namespace, NameError);

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`. The labels of a subdomain have no length limit of their own.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_api_server_takes_are_taken() {
        for text in ["a", "gcr-json-key", "1", "a.b-c.d", &"a".repeat(253)] {
            assert!(SecretName::parse(text).is_ok(), "{text}");
        }
        for text in ["default", "kube-system", "1", &"a".repeat(63)] {
            assert!(Namespace::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn names_that_the_api_server_refuses_are_refused() {
        for text in [
            "",
            "A",
            "a_b",
            "-a",
            "a-",
            "a..b",
            ".a",
            "a.",
            "a b",
            "ä",
            &"a".repeat(254),
        ] {
            assert!(SecretName::parse(text).is_err(), "{text}");
        }
        for text in ["", "a.b", "Default", "-a", &"a".repeat(64)] {
            assert!(Namespace::parse(text).is_err(), "{text}");
        }
    }
}
