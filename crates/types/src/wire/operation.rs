//! Long-running operations (`google.longrunning.Operation`). Ours are done when they are answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::status::Status;

/// An operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// `operations/…`
    #[serde(default)]
    pub name: String,
    /// Always true here; clients poll for ever while it is absent.
    #[serde(default)]
    pub done: bool,
    /// What it failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Status>,
    /// What it made, with its `@type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
}

impl Operation {
    /// An operation that made `response`, of the given protobuf type.
    pub fn done(
        name: String,
        type_name: &str,
        response: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let mut response = serde_json::to_value(response)?;
        if let Value::Object(fields) = &mut response {
            let type_url = format!("type.googleapis.com/{type_name}");
            fields.insert("@type".to_owned(), Value::String(type_url));
        }
        Ok(Self {
            name,
            done: true,
            error: None,
            response: Some(response),
        })
    }
}
