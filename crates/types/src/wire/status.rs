//! Error bodies of the Google-style APIs (`google.rpc.Status`; Cloud Storage's own form).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::GoogleStatus;

/// `{"error": {…}}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: Status,
}

/// What went wrong: `google.rpc.Status`, or Cloud Storage's form, which has `errors` and no `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The HTTP status.
    pub code: u16,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// The canonical name, such as `NOT_FOUND`: what gcloud prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Cloud Storage: the same again, with a reason for programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorItem>,
    /// For programs: objects with `@type`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Value>,
}

/// One entry of Cloud Storage's `errors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorItem {
    /// For people.
    #[serde(default)]
    pub message: String,
    /// Always `global`.
    #[serde(default)]
    pub domain: String,
    /// For programs, such as `notFound`.
    #[serde(default)]
    pub reason: String,
}

impl ErrorBody {
    /// The body for a canonical status.
    pub fn new(status: GoogleStatus, message: impl Into<String>) -> Self {
        Self {
            error: Status {
                code: status.http_status(),
                message: message.into(),
                status: Some(status.as_str().to_owned()),
                ..Status::default()
            },
        }
    }

    /// Cloud Storage's body.
    pub fn storage(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            error: Status {
                code,
                errors: vec![ErrorItem {
                    message: message.clone(),
                    domain: "global".to_owned(),
                    reason: reason.to_owned(),
                }],
                message,
                ..Status::default()
            },
        }
    }

    /// Adds a `google.rpc.ErrorInfo`.
    pub fn with_info<'a>(
        mut self,
        reason: &str,
        metadata: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let metadata: serde_json::Map<String, Value> = metadata
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::String(value)))
            .collect();
        self.error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": metadata,
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn both_forms_are_googles() {
        let body = ErrorBody::new(GoogleStatus::NotFound, "Unknown service account");
        assert_eq!(
            serde_json::to_value(&body).unwrap(),
            json!({"error":{"code":404,"message":"Unknown service account","status":"NOT_FOUND"}})
        );
        let body = body.with_info("ACCOUNT_ABSENT", [("service", "iam".to_owned())]);
        assert_eq!(
            serde_json::to_value(&body).unwrap()["error"]["details"][0]["metadata"],
            json!({"service":"iam"})
        );
        assert_eq!(
            serde_json::to_value(ErrorBody::storage(404, "notFound", "gone")).unwrap(),
            json!({"error":{"code":404,"message":"gone","errors":[{"message":"gone","domain":"global","reason":"notFound"}]}})
        );
    }
}
