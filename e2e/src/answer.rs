//! What came back from a registry, and the checks that a test makes of it.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use serde_json::Value;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    pub(crate) asked: String,
}

impl Answer {
    pub(crate) fn read(
        asked: String,
        response: reqwest::blocking::Response,
    ) -> reqwest::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes()?,
            asked,
        })
    }

    /// Of the bytes that came back on a connection. The body is what follows the head.
    pub(crate) fn parse(asked: &str, bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no HTTP: {}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| line.split_once(':').unwrap());
        Self {
            status: status.parse().unwrap(),
            headers: headers
                .map(|(name, value)| -> (HeaderName, HeaderValue) {
                    (name.parse().unwrap(), value.trim().parse().unwrap())
                })
                .collect(),
            body: Bytes::copy_from_slice(&bytes[end + 4..]),
            asked: asked.to_owned(),
        }
    }

    /// The answer, if its status is this one; the test fails otherwise.
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status == status, "not {status}: {self}");
        self
    }

    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The path and query of the `Location` header.
    pub fn location(&self) -> String {
        let location = self
            .headers
            .get(LOCATION)
            .unwrap_or_else(|| panic!("no Location: {self}"));
        let location = location.to_str().unwrap();
        match location.split_once("://") {
            Some((_, rest)) => rest[rest.find('/').unwrap()..].to_owned(),
            None => location.to_owned(),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Checks that this is an error in the registry protocol's own body, with this status and code; returns the
    /// message.
    pub fn oci_error(&self, status: u16, code: &str) -> String {
        assert!(self.status == status, "not {status}: {self}");
        assert!(
            self.header(CONTENT_TYPE.as_str())
                .starts_with("application/json"),
            "no JSON: {self}"
        );
        let body = self.json();
        let error = &body["errors"][0];
        assert!(error["code"] == code, "not {code}: {self}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "no message: {self}");
        message.to_owned()
    }

    /// Checks that this is one of these refusals in the registry protocol's own body: statuses and codes.
    pub fn is_refused(&self, refusals: &[(u16, &str)]) {
        let code = self.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            refusals.contains(&(self.status, code.as_str())),
            "none of {refusals:?}: {self}"
        );
        self.oci_error(self.status, &code);
    }

    /// Checks that this is an error in the body of Google's APIs, with this status; returns the message.
    pub fn google_error(&self, code: u16, status: &str) -> String {
        assert!(self.status == code, "not {code}: {self}");
        let body = self.json();
        let error = &body["error"];
        assert!(
            error["code"] == code && error["status"] == status,
            "not {status}: {self}"
        );
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "no message: {self}");
        message.to_owned()
    }

    /// Checks that this is an error of a token endpoint (RFC 6749, section 5.2); returns the description.
    pub fn oauth_error(&self, status: u16, error: &str) -> String {
        assert!(self.status == status, "not {status}: {self}");
        let body = self.json();
        assert!(body["error"] == error, "not {error}: {self}");
        body["error_description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(2_000).collect();
        write!(
            f,
            "{} -> {} {:?}\n{body}",
            self.asked, self.status, self.headers
        )
    }
}
