//! Secrets from files, as `kubectl apply -f` takes them: YAML or JSON, several in one file, or a List.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

/// Why a file gives no Secrets. Nothing of what is in it is quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Neither YAML nor JSON.
    #[error("it is neither YAML nor JSON")]
    Syntax,
    /// No Secret in it.
    #[error("there is no Secret in it")]
    NoSecret,
    /// A Secret without a name.
    #[error("a Secret in it has no metadata.name")]
    NoName,
    /// `data` is not base64.
    #[error(
        "the Secret {secret} has under data, {key}, what is not base64; put plain text under stringData"
    )]
    Base64 {
        /// The Secret's name.
        secret: String,
        /// The key in `data`.
        key: String,
    },
}

/// A Secret, or what holds some. Other objects are passed over.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default, rename = "type")]
    kind_of_secret: Option<String>,
    #[serde(default)]
    data: Option<BTreeMap<String, Option<serde_json::Value>>>,
    #[serde(default, rename = "stringData")]
    string_data: Option<BTreeMap<String, Option<serde_json::Value>>>,
    #[serde(default)]
    items: Option<Vec<Document>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

/// The Secrets of a file, in order, as the API server would keep them: `stringData` is put over `data`.
pub fn read_secrets(text: &str) -> Result<Vec<Secret>, ManifestError> {
    let documents: Vec<Option<Document>> =
        serde_saphyr::from_multiple(text).map_err(|_| ManifestError::Syntax)?;
    let mut secrets = Vec::new();
    for document in documents.into_iter().flatten() {
        match document.kind.as_deref() {
            Some("Secret") => secrets.push(document.into_secret()?),
            Some("List" | "SecretList") => {
                for item in document.items.into_iter().flatten() {
                    if matches!(item.kind.as_deref(), None | Some("Secret")) {
                        secrets.push(item.into_secret()?);
                    }
                }
            }
            _ => {}
        }
    }
    match secrets.is_empty() {
        true => Err(ManifestError::NoSecret),
        false => Ok(secrets),
    }
}

impl Document {
    fn into_secret(self) -> Result<Secret, ManifestError> {
        let metadata = self.metadata.unwrap_or_default();
        let name = metadata.name.ok_or(ManifestError::NoName)?;
        let mut data = BTreeMap::new();
        for (key, value) in self.data.into_iter().flatten() {
            let decoded = match value.as_ref().map(|value| value.as_str()) {
                None => Some(Vec::new()),
                Some(text) => text.and_then(decode),
            };
            let bytes = decoded.ok_or_else(|| ManifestError::Base64 {
                secret: name.clone(),
                key: key.clone(),
            })?;
            data.insert(key, ByteString(bytes));
        }
        for (key, value) in self.string_data.into_iter().flatten() {
            let text = value.as_ref().and_then(|value| value.as_str());
            let bytes = text.unwrap_or_default().as_bytes().to_vec();
            data.insert(key, ByteString(bytes));
        }
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: metadata.namespace,
                ..ObjectMeta::default()
            },
            type_: self.kind_of_secret,
            data: Some(data),
            ..Secret::default()
        })
    }
}

/// The API server's base64: line breaks do not count.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.replace(['\r', '\n'], "")).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Result<Vec<String>, ManifestError> {
        let secrets = read_secrets(text)?;
        Ok(secrets
            .into_iter()
            .map(|secret| secret.metadata.name.unwrap())
            .collect())
    }

    #[test]
    fn secrets_are_found_among_other_objects() {
        let yaml = "---\nkind: Namespace\nmetadata: {name: web}\n---\n# nothing\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\nkind: List\nitems:\n- kind: Secret\n  metadata: {name: b}\n- kind: ConfigMap\n  metadata: {name: c}\n";
        assert_eq!(names(yaml), Ok(vec!["a".to_owned(), "b".to_owned()]));
        let json = r#"{"kind":"SecretList","items":[{"metadata":{"name":"d"}}]}"#;
        assert_eq!(names(json), Ok(vec!["d".to_owned()]));
        assert_eq!(names("kind: Pod\n"), Err(ManifestError::NoSecret));
        assert_eq!(names("kind: Secret\n"), Err(ManifestError::NoName));
        assert_eq!(names("{"), Err(ManifestError::Syntax));
    }

    #[test]
    fn plain_text_is_put_over_base64() {
        let yaml = "kind: Secret\nmetadata: {name: a, namespace: web}\ntype: kubernetes.io/dockerconfigjson\ndata:\n  x: eA==\n  y: |\n    eW\n    Vz\nstringData:\n  x: |\n    {}\n";
        let secret = read_secrets(yaml).unwrap().remove(0);
        let data = secret.data.unwrap();
        assert_eq!(data["x"].0, b"{}\n");
        assert_eq!(data["y"].0, b"yes");
        assert_eq!(secret.metadata.namespace.as_deref(), Some("web"));
    }

    #[test]
    fn a_mistake_is_named_without_the_secret() {
        let yaml = "kind: Secret\nmetadata: {name: a}\ndata:\n  .dockerconfigjson: hunter2!\n";
        let message = read_secrets(yaml).unwrap_err().to_string();
        assert!(
            message.contains(".dockerconfigjson") && !message.contains("hunter2"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fall_over(text in "[a-z:{}\\[\\]\\-\\n &*!|>\"']{0,40}") {
            let _ = read_secrets(&text);
        }
    }
}
