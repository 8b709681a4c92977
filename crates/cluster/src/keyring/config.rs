//! What is in a pull secret, as the kubelet decodes it (`pkg/credentialprovider/config.go`), with Go's very errors.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::base64;
use super::json::{Kind, Value};

/// A user and password, as the kubelet hands them to the runtime.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) username: String,
    pub(super) password: SecretString,
}

/// Entries by their keys as written.
pub(super) type Entries = BTreeMap<String, Entry>;

/// A complaint of Go's decoder. One about a kind of value can be told where the value stood.
enum Complaint {
    /// A value of one kind where another was expected.
    Kind {
        found: Kind,
        structure: &'static str,
        field: String,
        expected: &'static str,
    },
    /// Any other.
    Text(String),
}

impl Complaint {
    fn kind(found: Kind, field: Option<(&'static str, &str)>, expected: &'static str) -> Self {
        let (structure, field) = field.unwrap_or_default();
        Self::Kind {
            found,
            structure,
            field: field.to_owned(),
            expected,
        }
    }

    /// The same complaint from within a field of another structure.
    fn within(self, outer: &'static str, name: &str) -> Self {
        match self {
            Self::Kind {
                found,
                field,
                expected,
                ..
            } => Self::Kind {
                found,
                structure: outer,
                field: match field.as_str() {
                    "" => name.to_owned(),
                    field => format!("{name}.{field}"),
                },
                expected,
            },
            text => text,
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Kind {
                found,
                structure,
                field,
                expected,
            } => {
                let found = found.as_str();
                let target = if field.is_empty() && structure.is_empty() {
                    "value".to_owned()
                } else {
                    format!("struct field {structure}.{field}")
                };
                format!("json: cannot unmarshal {found} into Go {target} of type {expected}")
            }
        }
    }
}

const FILE: &str = "DockerConfigJSON";
const ENTRY: &str = "dockerConfigEntryWithAuth";
const MAP_TYPE: &str = "credentialprovider.DockerConfig";

/// Decodes `.dockerconfigjson`: an object with `auths`.
pub(super) fn read_docker_config_json(json: &[u8]) -> Result<Entries, String> {
    let root = Value::check(json)?;
    let mut entries = Entries::new();
    // Go goes on after a value of a wrong kind, and reports the first at the end; anything else ends it at once.
    let mut first: Option<Complaint> = None;
    match root.kind() {
        Kind::Object | Kind::Null => {}
        found => {
            let expected = "credentialprovider.DockerConfigJSON";
            return Err(Complaint::kind(found, None, expected).into_text());
        }
    }
    for (name, value) in root.members() {
        match fold(&name).as_str() {
            "AUTHS" => match value.kind() {
                Kind::Null => entries.clear(),
                Kind::Object => read_entries(value, &mut entries)
                    .map_err(|complaint| complaint.within(FILE, "auths").into_text())?,
                found => {
                    first.get_or_insert(Complaint::kind(found, Some((FILE, "auths")), MAP_TYPE));
                }
            },
            "HTTPHEADERS" => {
                if let Some(complaint) = complaint_of_headers(value) {
                    first.get_or_insert(complaint);
                }
            }
            _ => {}
        }
    }
    match first {
        Some(complaint) => Err(complaint.into_text()),
        None => Ok(entries),
    }
}

/// Decodes `.dockercfg`: what stands in `auths`, without the object around it.
pub(super) fn read_dockercfg(json: &[u8]) -> Result<Entries, String> {
    let root = Value::check(json)?;
    let mut entries = Entries::new();
    match root.kind() {
        Kind::Null => {}
        Kind::Object => read_entries(root, &mut entries).map_err(Complaint::into_text)?,
        found => return Err(Complaint::kind(found, None, MAP_TYPE).into_text()),
    }
    Ok(entries)
}

/// `HttpHeaders` is not used, but decoded.
fn complaint_of_headers(value: Value<'_>) -> Option<Complaint> {
    let field = Some((FILE, "HttpHeaders"));
    match value.kind() {
        Kind::Null => None,
        Kind::Object => {
            let other = value
                .members()
                .map(|(_, header)| header.kind())
                .find(|kind| !matches!(kind, Kind::String | Kind::Null))?;
            Some(Complaint::kind(other, field, "string"))
        }
        found => Some(Complaint::kind(found, field, "map[string]string")),
    }
}

fn read_entries(value: Value<'_>, entries: &mut Entries) -> Result<(), Complaint> {
    for (key, value) in value.members() {
        entries.insert(key, read_entry(value)?);
    }
    Ok(())
}

fn read_entry(value: Value<'_>) -> Result<Entry, Complaint> {
    if !matches!(value.kind(), Kind::Object | Kind::Null) {
        let expected = "credentialprovider.dockerConfigEntryWithAuth";
        return Err(Complaint::kind(value.kind(), None, expected));
    }
    let mut username = String::new();
    let [mut password, mut email, mut auth] = [(); 3].map(|()| Zeroizing::new(String::new()));
    let mut first: Option<Complaint> = None;
    for (name, value) in value.members() {
        let (name, target) = match fold(&name).as_str() {
            "USERNAME" => ("username", &mut username),
            "PASSWORD" => ("password", &mut *password),
            "EMAIL" => ("email", &mut *email),
            "AUTH" => ("auth", &mut *auth),
            _ => continue,
        };
        match (value.kind(), value.text()) {
            (Kind::Null, _) => {}
            (_, Some(text)) => *target = text,
            (found, None) => {
                first.get_or_insert(Complaint::kind(found, Some((ENTRY, name)), "string"));
            }
        }
    }
    if let Some(complaint) = first {
        return Err(complaint);
    }
    if !auth.is_empty() {
        return read_auth(&auth).map_err(Complaint::Text);
    }
    Ok(Entry {
        username,
        password: std::mem::take(&mut *password).into(),
    })
}

/// Decodes `auth`, the base64 of `USER:PASSWORD`. What is not UTF-8 in it is replaced.
pub(super) fn read_auth(auth: &str) -> Result<Entry, String> {
    let decoded = Zeroizing::new(base64::decode(auth)?);
    let Some(colon) = decoded.iter().position(|b| *b == b':') else {
        return Err(
            "unable to parse auth field, must be formatted as base64(username:password)".to_owned(),
        );
    };
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    Ok(Entry {
        username: text(decoded.get(..colon)),
        password: text(decoded.get(colon + 1..)).into(),
    })
}

/// Upper case, as far as Go compares names of fields so. Two letters beyond ASCII fold into it.
pub(super) fn fold(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'ſ' => 'S',
            '\u{212a}' => 'K',
            _ => c.to_ascii_uppercase(),
        })
        .collect()
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `KEY=USER:PASSWORD` of each entry, or the error.
    fn json(text: &str) -> Result<Vec<String>, String> {
        read_docker_config_json(text.as_bytes()).map(|entries| list(&entries))
    }

    fn list(entries: &Entries) -> Vec<String> {
        entries
            .iter()
            .map(|(key, entry)| {
                let password = entry.password.expose_secret();
                format!("{key}={}:{password}", entry.username)
            })
            .collect()
    }

    #[test]
    fn entries_are_read_as_go_reads_them() {
        for (text, entries) in [
            (
                r#"{"auths":{"a":{"username":"u","password":"p"}}}"#,
                vec!["a=u:p"],
            ),
            (
                r#"{"auths":{"a":{"username":"u","password":"p","auth":"eDp5Onp6"}}}"#,
                vec!["a=x:y:zz"],
            ),
            (
                r#"{"auths":{"a":{"username":"u","password":"p","auth":""}}}"#,
                vec!["a=u:p"],
            ),
            (
                r#"{"AUTHS":{"a":{"UserName":"u","paſſword":"p"}}}"#,
                vec!["a=u:p"],
            ),
            (
                r#"{"auths":{"a":{"username":"u","username":"v","username":null}}}"#,
                vec!["a=v:"],
            ),
            (
                r#"{"auths":{"a":{"username":"u"},"a":{"password":"p"}}}"#,
                vec!["a=:p"],
            ),
            (r#"{"auths":{"a":{}},"Auths":{"b":{}}}"#, vec!["a=:", "b=:"]),
            (r#"{"auths":{"a":{}},"auths":null}"#, vec![]),
            (r#"{"auths":{"a":null}}"#, vec!["a=:"]),
            (r#"{"a":{"auth":"!"}}"#, vec![]),
            (
                r#"{"auths":{"a":{"identitytoken":"t","email":"e"}},"credsStore":5}"#,
                vec!["a=:"],
            ),
            ("null", vec![]),
            ("{}", vec![]),
        ] {
            assert_eq!(
                json(text),
                Ok(entries.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_breaks_is_reported_in_the_words_of_go() {
        for (text, error) in [
            (
                r#"{"auths":["x"]}"#,
                "json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
            ),
            (
                r#"{"auths":"x"}"#,
                "json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
            ),
            (
                r#"{"auths":{"a":"x"}}"#,
                "json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth",
            ),
            (
                r#"{"auths":{"a":{"username":5}}}"#,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.username of type string",
            ),
            (
                r#"{"auths":{"a":{"AUTH":{}}}}"#,
                "json: cannot unmarshal object into Go struct field DockerConfigJSON.auths.auth of type string",
            ),
            (
                r#"{"auths":{"a":{"email":true}}}"#,
                "json: cannot unmarshal bool into Go struct field DockerConfigJSON.auths.email of type string",
            ),
            (
                r#"{"HttpHeaders":[]}"#,
                "json: cannot unmarshal array into Go struct field DockerConfigJSON.HttpHeaders of type map[string]string",
            ),
            (
                r#"{"httpheaders":{"a":null,"b":1}}"#,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type string",
            ),
            (
                r#"{"auths":1,"HttpHeaders":2}"#,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
            ),
            (
                r#"{"auths":1,"auths":{"a":{"auth":"!"}}}"#,
                "illegal base64 data at input byte 0",
            ),
            (
                r#"{"auths":{"a":{"auth":"aHVudGVyMg=="}}}"#,
                "unable to parse auth field, must be formatted as base64(username:password)",
            ),
            (
                "[]",
                "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON",
            ),
            ("{", "unexpected end of JSON input"),
        ] {
            assert_eq!(json(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_old_format_has_no_object_around_its_entries() {
        let read = |text: &str| read_dockercfg(text.as_bytes()).map(|entries| list(&entries));
        assert_eq!(
            read(r#"{"a":{"auth":"eDp5"}}"#),
            Ok(vec!["a=x:y".to_owned()])
        );
        assert_eq!(read("null"), Ok(Vec::new()));
        for (text, error) in [
            (
                r#"{"auths":{"a":5},"b":"x"}"#,
                "json: cannot unmarshal string into Go value of type credentialprovider.dockerConfigEntryWithAuth",
            ),
            (
                r#"{"a":{"password":[]}}"#,
                "json: cannot unmarshal array into Go struct field dockerConfigEntryWithAuth.password of type string",
            ),
            (
                "[]",
                "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfig",
            ),
        ] {
            assert_eq!(read(text), Err(error.to_owned()), "{text}");
        }
    }
}
