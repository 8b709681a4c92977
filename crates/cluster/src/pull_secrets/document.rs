//! The JSON inside a pull secret, edited as text: what an edit does not name keeps its very bytes, with the order of its
//! members, its spaces, and the members that only other programs understand.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::RegistryKey;

/// How the entries lie in the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{"auths": {HOST: {…}}}`: `.dockerconfigjson`.
    Wrapped,
    /// `{HOST: {…}}`: `.dockercfg`, docker's format before 1.7.
    Bare,
}

/// A docker config as text.
pub struct Document {
    text: SecretString,
    shape: Shape,
}

/// Why a docker config cannot be edited. No message quotes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not a JSON object.
    #[error("it is not a JSON object, at line {line} column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// `auths` is something else.
    #[error("its \"auths\" is not an object of registries")]
    Auths,
    /// Go's decoder would mix them, others take one of them.
    #[error("it has \"auths\" more than once")]
    ManyAuths,
}

/// A member of an object: its name and its value as it is written.
struct Member<'a> {
    name: String,
    value: &'a str,
}

/// An object's members, in order and with repetitions.
struct Members<'a>(Vec<Member<'a>>);

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            let value = value.get();
            members.push(Member { name, value });
        }
        Ok(Members(members))
    }
}

impl<'a> Members<'a> {
    fn parse(object: &'a str) -> Result<Self, DocumentError> {
        let mut deserializer = serde_json::Deserializer::from_str(object);
        let members = deserializer.deserialize_map(MembersVisitor);
        members
            .and_then(|members| deserializer.end().map(|()| members))
            .map_err(|error| DocumentError::Syntax {
                line: error.line(),
                column: error.column(),
            })
    }
}

/// Where a part of a text lies in it.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

impl Document {
    /// Reads a docker config. `auths` may be absent or null.
    pub fn parse(text: SecretString, shape: Shape) -> Result<Self, DocumentError> {
        let document = Self { text, shape };
        document.entries()?;
        Ok(document)
    }

    /// The text.
    pub fn into_text(self) -> SecretString {
        self.text
    }

    /// The registries as they are written, in order.
    pub fn registries(&self) -> Vec<String> {
        let entries = self.entries().map(|entries| entries.0).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name).collect()
    }

    /// What stands for a registry, as it is written. The last one, if there are several.
    pub fn entry(&self, registry: &RegistryKey) -> Option<SecretString> {
        let entries = self.entries().ok()?;
        let mut found = entries.0.into_iter().rev();
        let entry = found.find(|entry| is_same(&entry.name, registry))?;
        Some(entry.value.to_owned().into())
    }

    /// What stands for all other registries, in order.
    pub fn entries_but(&self, registry: &RegistryKey) -> Vec<SecretString> {
        let entries = self.entries().map(|entries| entries.0).unwrap_or_default();
        entries
            .into_iter()
            .filter(|entry| !is_same(&entry.name, registry))
            .map(|entry| entry.value.to_owned().into())
            .collect()
    }

    /// Puts an entry in place of what stands for a registry, or behind all others. `entry` is JSON.
    pub fn set(&mut self, registry: &RegistryKey, entry: &str) -> Result<(), DocumentError> {
        let entries = self.entries()?.0;
        let text = self.text.expose_secret();
        let spans: Vec<_> = entries
            .iter()
            .filter(|old| is_same(&old.name, registry))
            .map(|old| offset(text, old.value)..offset(text, old.value) + old.value.len())
            .collect();
        let mut new = text.to_owned();
        if spans.is_empty() {
            let name = serde_json::Value::from(registry.as_str());
            let member = format!("{name}:{entry}");
            self.insert(&mut new, &member)?;
        }
        // From behind, so that what was found before stays where it is.
        for span in spans.into_iter().rev() {
            new.replace_range(span, entry);
        }
        self.text = new.into();
        Ok(())
    }

    /// Takes out what the kubelet takes for this key. False: it was not there. The key need not be one that works.
    pub fn remove(&mut self, key: &str) -> Result<bool, DocumentError> {
        let mut found = false;
        loop {
            let Some(auths) = self.auths()? else {
                return Ok(found);
            };
            let entries = Members::parse(auths)?.0;
            let Some(at) = entries
                .iter()
                .position(|entry| normal(&entry.name) == normal(key))
            else {
                return Ok(found);
            };
            let text = self.text.expose_secret();
            let end = |member: &Member<'_>| offset(text, member.value) + member.value.len();
            let begin = offset(text, auths) + 1;
            let span = match (at.checked_sub(1), entries.get(at + 1)) {
                // With the comma before it.
                (Some(before), _) => end(&entries[before])..end(&entries[at]),
                // With the comma behind it.
                (None, Some(_)) => {
                    let behind = &text[end(&entries[at])..];
                    let comma = behind.len() - behind.trim_start_matches(is_space).len();
                    begin..end(&entries[at]) + comma + 1
                }
                (None, None) => begin..end(&entries[at]),
            };
            let mut new = text.to_owned();
            new.replace_range(span, "");
            self.text = new.into();
            found = true;
        }
    }

    /// Writes a member behind all others, spaced as they are.
    fn insert(&self, text: &mut String, member: &str) -> Result<(), DocumentError> {
        let old = self.text.expose_secret();
        if let Some(auths) = self.auths()? {
            insert_into(text, offset(old, auths), auths, member)?;
            return Ok(());
        }
        let root = old.trim_start_matches(is_space);
        let null = Members::parse(root)?
            .0
            .into_iter()
            .find(|member| is_auths(&member.name));
        let object = format!("{{{member}}}");
        match null {
            Some(null) => {
                let begin = offset(old, null.value);
                text.replace_range(begin..begin + null.value.len(), &object);
                Ok(())
            }
            None => insert_into(
                text,
                offset(old, root),
                root,
                &format!("\"auths\":{object}"),
            ),
        }
    }

    /// The object of the entries as it is written, if there is one.
    fn auths(&self) -> Result<Option<&str>, DocumentError> {
        let text = self.text.expose_secret();
        let root = Members::parse(text)?;
        if self.shape == Shape::Bare {
            return Ok(Some(text.trim_matches(is_space)));
        }
        let mut found = root.0.into_iter().filter(|member| is_auths(&member.name));
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(DocumentError::ManyAuths),
            (Some(auths), None) if auths.value == "null" => Ok(None),
            (Some(auths), None) if auths.value.starts_with('{') => Ok(Some(auths.value)),
            (Some(_), None) => Err(DocumentError::Auths),
        }
    }

    fn entries(&self) -> Result<Members<'_>, DocumentError> {
        match self.auths()? {
            Some(auths) => Members::parse(auths),
            None => Ok(Members(Vec::new())),
        }
    }
}

/// Writes a member into the object that begins at `begin` of the text.
fn insert_into(
    text: &mut String,
    begin: usize,
    object: &str,
    member: &str,
) -> Result<(), DocumentError> {
    let inside = object.get(1..).unwrap_or_default();
    let space = &inside[..inside.len() - inside.trim_start_matches(is_space).len()];
    match Members::parse(object)?.0.last() {
        Some(last) => {
            let end = begin + offset(object, last.value) + last.value.len();
            text.insert_str(end, &format!(",{space}{member}"));
        }
        None => text.insert_str(begin + 1, member),
    }
    Ok(())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Go's decoder takes names whatever their case.
fn is_auths(name: &str) -> bool {
    name.eq_ignore_ascii_case("auths")
}

/// Whether the kubelet takes a key for this registry (`pkg/credentialprovider/keyring.go`): a scheme and one leading API
/// version do not count.
pub(super) fn is_same(key: &str, registry: &RegistryKey) -> bool {
    normal(key) == normal(registry.as_str())
}

fn normal(key: &str) -> &str {
    let rest = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let without_version = ["/v1/", "/v2/"].iter().find_map(|version| {
        let host = rest.strip_suffix(version)?;
        (!host.contains('/')).then_some(host)
    });
    without_version.unwrap_or(rest).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> RegistryKey {
        RegistryKey::parse(text).unwrap()
    }

    fn document(text: &str) -> Document {
        Document::parse(text.to_owned().into(), Shape::Wrapped).unwrap()
    }

    fn set(text: &str, registry: &str, entry: &str) -> String {
        let mut document = document(text);
        document.set(&key(registry), entry).unwrap();
        document.into_text().expose_secret().to_owned()
    }

    fn removed(text: &str, registry: &str) -> String {
        let mut document = document(text);
        assert!(document.remove(registry).unwrap(), "{text}");
        document.into_text().expose_secret().to_owned()
    }

    #[test]
    fn a_registry_is_written_behind_the_others_and_as_they_are() {
        for (before, after) in [
            (r#"{"auths":{}}"#, r#"{"auths":{"b.com":{}}}"#),
            (r"{}", r#"{"auths":{"b.com":{}}}"#),
            (
                r#"{"auths": null, "x": 1}"#,
                r#"{"auths": {"b.com":{}}, "x": 1}"#,
            ),
            (
                r#" {"credHelpers":{"x":"y"}} "#,
                r#" {"credHelpers":{"x":"y"},"auths":{"b.com":{}}} "#,
            ),
            (
                "{\n  \"auths\": {\n    \"a.com\" : { \"auth\": \"x\" }\n  }\n}\n",
                "{\n  \"auths\": {\n    \"a.com\" : { \"auth\": \"x\" },\n    \"b.com\":{}\n  }\n}\n",
            ),
        ] {
            assert_eq!(set(before, "b.com", "{}"), after);
        }
    }

    #[test]
    fn the_same_registry_in_another_spelling_is_replaced_where_it_stands() {
        for spelling in [
            "b.com",
            "https://b.com",
            "http://b.com/",
            "https://b.com/v2/",
        ] {
            let before = format!(r#"{{"auths":{{"{spelling}": {{"auth":"x"}} ,"a.com":{{}}}}}}"#);
            let after = format!(r#"{{"auths":{{"{spelling}": 1 ,"a.com":{{}}}}}}"#);
            assert_eq!(set(&before, "b.com", "1"), after);
        }
        // These the kubelet takes for another one, or for none.
        for spelling in ["b.com:443", "b.com/v2", "b.com/team", "B.com"] {
            let before = format!(r#"{{"auths":{{"{spelling}":{{}}}}}}"#);
            let after = format!(r#"{{"auths":{{"{spelling}":{{}},"b.com":1}}}}"#);
            assert_eq!(set(&before, "b.com", "1"), after);
        }
        let hub = r#"{"auths":{"https://index.docker.io/v1/":{}}}"#;
        assert_eq!(
            set(hub, "docker.io", "1"),
            r#"{"auths":{"https://index.docker.io/v1/":1}}"#
        );
    }

    #[test]
    fn a_registry_goes_with_one_comma() {
        for (before, registry, after) in [
            (r#"{"auths":{"a.com":{}}}"#, "a.com", r#"{"auths":{}}"#),
            (
                r#"{"auths":{"a.com":{} , "b.com":{} }}"#,
                "a.com",
                r#"{"auths":{ "b.com":{} }}"#,
            ),
            (
                r#"{"auths":{"a.com":{} , "b.com":{} }}"#,
                "b.com",
                r#"{"auths":{"a.com":{} }}"#,
            ),
            (
                r#"{"auths":{"a.com":1,"b.com":2,"https://a.com":3}}"#,
                "a.com",
                r#"{"auths":{"b.com":2}}"#,
            ),
        ] {
            assert_eq!(removed(before, registry), after);
        }
        assert!(!document("{}").remove("a.com").unwrap());
        let broken = r#"{"auths":{"a.com/v2":{},"a.com":{}}}"#;
        assert_eq!(removed(broken, "a.com/v2"), r#"{"auths":{"a.com":{}}}"#);
    }

    #[test]
    fn the_old_format_is_edited_too() {
        let text = r#"{"a.com":{"auth":"x"}}"#;
        let mut document = Document::parse(text.to_owned().into(), Shape::Bare).unwrap();
        document.set(&key("b.com"), "{}").unwrap();
        assert_eq!(document.registries(), ["a.com", "b.com"]);
        assert!(document.remove("a.com").unwrap());
        assert_eq!(document.into_text().expose_secret(), r#"{"b.com":{}}"#);
    }

    #[test]
    fn what_cannot_be_edited_is_refused_and_not_shown() {
        for (text, expected) in [
            ("hunter2", "not a JSON object"),
            ("[]", "not a JSON object"),
            ("{} hunter2", "not a JSON object"),
            (r#"{"auths":["hunter2"]}"#, "not an object of registries"),
            (r#"{"auths":{},"Auths":{}}"#, "more than once"),
        ] {
            let error = Document::parse(text.to_owned().into(), Shape::Wrapped).err();
            let error = error.unwrap().to_string();
            assert!(
                error.contains(expected) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    /// Any JSON, written with any spaces.
    fn written() -> impl Strategy<Value = String> {
        let space = "[ \n\t]{0,2}";
        let leaf = prop_oneof![
            any::<i32>().prop_map(|n| n.to_string()),
            "\\PC{0,8}".prop_map(|text| serde_json::Value::from(text).to_string()),
            Just(r#""\u00e9\/\n""#.to_owned()),
            Just("1.50e+3".to_owned()),
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(3, 12, 4, move |inner| {
            prop::collection::vec(("[a-z]{0,4}", space, inner, space), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, a, value, b)| format!("{a}\"{name}\"{b}:{a}{value}{b}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            })
        })
    }

    /// `a.com` to `d.com`, each perhaps several times, with whatever is behind them.
    fn entries() -> impl Strategy<Value = Vec<(String, String)>> {
        let name = prop::sample::select(vec![
            "a.com",
            "https://a.com",
            "b.com",
            "c.com/team",
            "d.com:5000",
            "*.e.com",
            "",
            "\\u0061.org",
        ]);
        prop::collection::vec((name.prop_map(str::to_owned), written()), 0..6)
    }

    fn unescaped(name: &str) -> String {
        serde_json::from_str(&format!("\"{name}\"")).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_not_named_keeps_its_bytes(
            entries in entries(),
            others in prop::collection::vec(("[b-z]{1,5}", written()), 0..3),
            space in "[ \n\t]{0,3}",
            position in any::<prop::sample::Index>(),
            registry in prop::sample::select(vec!["a.com", "b.com", "d.com:5000", "f.com"]),
        ) {
            let list = |members: &[(String, String)]| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{space}\"{name}\"{space}:{space}{value}{space}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            };
            let mut members = others.clone();
            let at = position.index(others.len() + 1);
            members.insert(at, ("auths".to_owned(), list(&entries)));
            let before = list(&members);
            let registry = key(registry);
            let is_named = |name: &str| is_same(&unescaped(name), &registry);

            let mut changed = document(&before);
            changed.set(&registry, "{\"new\":1}").unwrap();
            // The text is the old one with the value in another place, and nothing else.
            let mut expected = entries.clone();
            for (name, value) in &mut expected {
                if is_named(name) {
                    *value = "{\"new\":1}".to_owned();
                }
            }
            let after = changed.into_text().expose_secret().to_owned();
            if entries.iter().any(|(name, _)| is_named(name)) {
                members[at].1 = list(&expected);
                prop_assert_eq!(&after, &list(&members));
            } else {
                let kept = Members::parse(&after).unwrap();
                for ((name, value), member) in members.iter().zip(&kept.0) {
                    if name != "auths" {
                        prop_assert_eq!(value, member.value);
                    }
                }
                let auths = kept.0[at].value;
                // Every old entry is there to the byte, and the new one behind it.
                let body = list(&entries);
                let body = body[..body.len() - 1].trim_end_matches(is_space);
                prop_assert!(auths.starts_with(body), "{} {}", auths, body);
            }

            let mut removed = document(&after);
            prop_assert!(removed.remove(registry.as_str()).unwrap());
            let left = removed.into_text().expose_secret().to_owned();
            let kept = Members::parse(&left).unwrap();
            for ((name, value), member) in members.iter().zip(&kept.0) {
                if name != "auths" {
                    prop_assert_eq!(value, member.value);
                }
            }
            let kept: Vec<_> = Members::parse(kept.0[at].value).unwrap().0
                .into_iter()
                .map(|member| (member.name, member.value.to_owned()))
                .collect();
            let expected: Vec<_> = entries
                .iter()
                .filter(|(name, _)| !is_named(name))
                .map(|(name, value)| (unescaped(name), value.clone()))
                .collect();
            prop_assert_eq!(kept, expected);
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "[\\[\\]{}:,\"auths. \n]{0,40}") {
            for shape in [Shape::Wrapped, Shape::Bare] {
                if let Ok(mut document) = Document::parse(text.clone().into(), shape) {
                    document.set(&key("a.com"), "{}").unwrap();
                    prop_assert!(document.entry(&key("a.com")).is_some());
                    prop_assert!(document.remove("a.com").unwrap());
                }
            }
        }
    }
}
