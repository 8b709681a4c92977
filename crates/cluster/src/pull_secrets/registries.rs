//! Registries put into a pull secret and taken out of it, as a change of its document.

use secrecy::{ExposeSecret as _, SecretString};
use wharf_types::text::shorten;

use super::document::Document;
use super::store::ChangeError;
use crate::{Credential, RegistryKey};

/// With which credential a registry comes in.
#[derive(Clone, Debug)]
pub enum Source {
    /// This one.
    Credential(Credential),
    /// What stands for this registry, to the byte.
    SameAs(RegistryKey),
    /// The only one that there is.
    Only,
}

/// Puts a registry behind the others. One that is there with another credential is left, unless `replace`.
pub fn add(
    document: &mut Document,
    registry: &RegistryKey,
    source: &Source,
    replace: bool,
) -> Result<(), ChangeError> {
    let entry = match source {
        Source::Credential(credential) => credential.to_json(),
        Source::SameAs(other) => document
            .entry(other)
            .ok_or_else(|| not_there(document, other.as_str()))?,
        Source::Only => only(document, registry)?,
    };
    match document.entry(registry) {
        Some(old) if is_same(&old, &entry) => Ok(()),
        Some(_) if !replace => Err(ChangeError::Present(registry.to_string())),
        _ => Ok(document.set(registry, entry.expose_secret())?),
    }
}

/// Takes a registry out: what stands there as it is written, even if no image fits it, or else what is meant.
pub fn remove(document: &mut Document, registry: &str) -> Result<(), ChangeError> {
    if document.remove(registry)? {
        return Ok(());
    }
    match RegistryKey::parse(registry) {
        Ok(key) if document.remove(key.as_str())? => Ok(()),
        _ => Err(not_there(document, registry)),
    }
}

/// What all registries but this one have in common.
fn only(document: &Document, registry: &RegistryKey) -> Result<SecretString, ChangeError> {
    let mut others = document.entries_but(registry);
    let Some(first) = others.pop() else {
        return Err(ChangeError::NotThere(
            "to take the credential from".to_owned(),
            "none".to_owned(),
        ));
    };
    if others.iter().all(|other| is_same(other, &first)) {
        Ok(first)
    } else {
        Err(ChangeError::Several(document.registries().join(", ")))
    }
}

/// Whether two entries mean the same credential, however they are written.
fn is_same(one: &SecretString, other: &SecretString) -> bool {
    let read = |entry: &SecretString| Credential::parse(entry.expose_secret());
    match (read(one), read(other)) {
        (Some(one), Some(other)) => {
            one.username == other.username
                && one.password.expose_secret() == other.password.expose_secret()
        }
        _ => one.expose_secret() == other.expose_secret(),
    }
}

fn not_there(document: &Document, registry: &str) -> ChangeError {
    let there = match document.registries().join(", ") {
        none if none.is_empty() => "none".to_owned(),
        there => there,
    };
    ChangeError::NotThere(shorten(registry), there)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::document::Shape;
    use super::*;

    const ONE: &str = r#"{"auths": {"a.com": {"auth": "YTpi", "x": [1,  2]}}}"#;
    const TWO: &str =
        r#"{"auths":{"a.com":{"auth":"YTpi"},"b.com":{"username":"c","password":"d"}}}"#;

    fn document(text: &str) -> Document {
        Document::parse(text.to_owned().into(), Shape::Wrapped).unwrap()
    }

    fn key(text: &str) -> RegistryKey {
        text.parse().unwrap()
    }

    #[test]
    fn the_same_credential_is_copied_to_the_byte() {
        for source in [Source::Only, Source::SameAs(key("a.com"))] {
            let mut document = document(ONE);
            add(&mut document, &key("b.com"), &source, false).unwrap();
            assert_eq!(
                document.into_text().expose_secret(),
                r#"{"auths": {"a.com": {"auth": "YTpi", "x": [1,  2]},"b.com":{"auth": "YTpi", "x": [1,  2]}}}"#
            );
        }
    }

    #[test]
    fn which_credential_is_meant_must_be_clear() {
        let refused = add(&mut document(TWO), &key("c.com"), &Source::Only, false);
        assert!(
            matches!(refused, Err(ChangeError::Several(_))),
            "{refused:?}"
        );
        let refused = add(&mut document("{}"), &key("c.com"), &Source::Only, false);
        assert!(
            matches!(refused, Err(ChangeError::NotThere(..))),
            "{refused:?}"
        );
        let from = Source::SameAs(key("d.com"));
        let refused = add(&mut document(TWO), &key("c.com"), &from, false);
        assert!(
            matches!(refused, Err(ChangeError::NotThere(..))),
            "{refused:?}"
        );
    }

    #[test]
    fn another_credential_is_replaced_only_when_that_is_said() {
        let credential = Credential {
            username: "a".to_owned(),
            password: "b".into(),
            email: None,
        };
        let source = Source::Credential(credential);
        // The same one, written otherwise: nothing to do.
        let mut same = document(TWO);
        add(&mut same, &key("a.com"), &source, false).unwrap();
        assert_eq!(same.into_text().expose_secret(), TWO);
        let mut other = document(TWO);
        let refused = add(&mut other, &key("b.com"), &source, false);
        assert_eq!(refused, Err(ChangeError::Present("b.com".to_owned())));
        add(&mut other, &key("b.com"), &source, true).unwrap();
        assert!(
            other
                .into_text()
                .expose_secret()
                .starts_with(r#"{"auths":{"a.com":{"auth":"YTpi"},"b.com":{"#)
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        let refused = remove(&mut document(TWO), "c.com").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "has no registry c.com; it has: a.com, b.com"
        );
    }

    #[test]
    fn what_is_removed_is_meant_by_any_of_its_names() {
        for written in [
            "docker.io",
            "index.docker.io",
            "https://index.docker.io/v1/",
        ] {
            let mut hub = document(r#"{"auths":{"https://index.docker.io/v1/":{}}}"#);
            remove(&mut hub, written).unwrap();
            assert_eq!(hub.into_text().expose_secret(), r#"{"auths":{}}"#);
        }
    }
}
