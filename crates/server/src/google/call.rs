//! One call of a Google-style API, with its parts at hand.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wharf_app::{App, Caller};
use wharf_types::ProjectId;
use wharf_types::text::shorten;

use super::fields::Fields;
use super::query::Query;
use super::refusal::{Dialect, Refusal};
use crate::sendfile::Outlet;

/// What a handler answers.
pub(super) type Answer = Result<Response, Refusal>;

/// One call.
pub(super) struct Call {
    /// The registry.
    pub(super) app: Arc<App>,
    /// Who calls.
    pub(super) caller: Caller,
    /// The method of HTTP.
    pub(super) method: Method,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// Where files can be sent, if the connection is a plain one.
    pub(super) outlet: Option<Arc<Outlet>>,
    /// The parameters.
    pub(super) query: Query,
    /// The body; empty when none was sent or the method has none.
    pub(super) body: Bytes,
    /// How the API treats what it does not know.
    pub(super) dialect: Dialect,
    /// How the caller wants its answer.
    pub(super) form: Form,
}

/// How a caller wants its answer.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// Which fields; all without.
    fields: Option<Fields>,
    /// Whether over several lines.
    is_pretty: bool,
}

impl Form {
    /// Of Google's system parameters. What is wrong in them is refused before anything is done.
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        let fields = query.get("fields").or_else(|| query.get("$fields"));
        Ok(Self {
            fields: fields.map(Fields::parse).transpose()?,
            is_pretty: query.is_set("prettyPrint")? || query.is_set("$prettyPrint")?,
        })
    }

    fn write(&self, body: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        let Some(fields) = &self.fields else {
            return self.write_whole(body);
        };
        self.write_whole(&fields.of(serde_json::to_value(body)?))
    }

    fn write_whole(&self, body: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        match self.is_pretty {
            true => serde_json::to_vec_pretty(body),
            false => serde_json::to_vec(body),
        }
    }
}

impl Call {
    /// The body as JSON; an absent one is an empty object. As at Google, a field that is unknown is refused, save by Cloud
    /// Storage, which leaves it alone.
    pub(super) fn body<T: DeserializeOwned + Default>(&self) -> Result<T, Refusal> {
        if self.body.trim_ascii().is_empty() {
            return Ok(T::default());
        }
        let (value, unknown) = read(&self.body)?;
        match unknown {
            Some(field) if self.dialect == Dialect::Rpc => Err(Refusal::field(
                field,
                "there is no such field here: leave it out",
            )),
            _ => Ok(value),
        }
    }

    /// 200 with a JSON body, or with what the caller wants of it.
    pub(super) fn answer(&self, body: &impl Serialize) -> Answer {
        let text = self.form.write(body).map_err(wharf_app::Error::internal)?;
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=UTF-8"),
            ),
            // Some answers are keys, all are for their caller only.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        Ok((headers, text).into_response())
    }

    /// 200 with `{}`.
    pub(super) fn done(&self) -> Answer {
        self.answer(&serde_json::Map::new())
    }

    /// The project that a path or parameter names by its id or number.
    pub(super) async fn project(&self, text: &str) -> Result<ProjectId, Refusal> {
        if text.bytes().all(|b| b.is_ascii_digit())
            && let Ok(number) = text.parse()
        {
            return Ok(self.app.project_of_number(&self.caller, number).await?);
        }
        ProjectId::parse(text).map_err(|error| Refusal::field("project", error))
    }
}

/// Parses a body, and names the first field that the type does not know.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(T, Option<String>), Refusal> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::NotJson("the body is not a JSON object".to_owned()));
    }
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_ignored::deserialize(
        serde_path_to_error::Deserializer::new(&mut json, &mut track),
        |path| {
            unknown.get_or_insert_with(|| path.to_string().replace(".?", ""));
        },
    );
    match parsed.and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok((value, unknown)),
        Err(error) if error.is_data() => Err(Refusal::field(
            track.path().to_string(),
            shorten(&error.to_string()),
        )),
        Err(error) => Err(Refusal::NotJson(format!(
            "the body is not JSON: {}",
            shorten(&error.to_string())
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::wire::iam::CreateServiceAccountRequest;
    use wharf_types::wire::policies::SetIamPolicyRequest;

    use super::*;

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        for (body, field) in [
            (
                r#"{"policy":{"bindings":[{"role":"x"}]}}"#,
                "policy.bindings[0].role",
            ),
            (
                r#"{"policy":{"bindings":[{"role":"roles/owner","members":["x"]}]}}"#,
                "policy.bindings[0].members[0]",
            ),
            (r#"{"policy":7}"#, "policy"),
        ] {
            match read::<SetIamPolicyRequest>(body.as_bytes()) {
                Err(Refusal::Field { field: found, .. }) => assert_eq!(found, field, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_unknown_field_is_named_by_its_path() {
        let body = br#"{"accountId":"a","serviceAccount":{"colour":{"deep":1}}}"#;
        let (_, unknown) = read::<CreateServiceAccountRequest>(body).unwrap();
        assert_eq!(unknown.as_deref(), Some("serviceAccount.colour"));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for body in [
            "{",
            "[]",
            "null",
            "7",
            "{}x",
            "\u{1}",
            "{\"a\":}",
            "nul",
            &"[".repeat(100_000),
        ] {
            assert!(
                matches!(
                    read::<CreateServiceAccountRequest>(body.as_bytes()),
                    Err(Refusal::NotJson(_) | Refusal::Field { .. })
                ),
                "{body}"
            );
        }
    }
}
