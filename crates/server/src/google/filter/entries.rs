//! Filters of log entries (Cloud Logging, "Logging query language"), as far as they make sense of an audit log.

use std::cmp::Ordering;

use jiff::Timestamp;
use wharf_types::text::shorten;
use wharf_types::wire::logging::LogEntry;

use super::{Filter, Sign, Term, Value};
use crate::google::refusal::Refusal;

/// Severities, the mildest first.
const SEVERITIES: [&str; 9] = [
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
];

/// Which entries are wanted.
#[derive(Debug)]
pub(in crate::google) struct EntryFilter(Filter<Comparison>);

/// One comparison. One with a field that an entry does not have is false, whatever the sign, as Google has it.
#[derive(Debug)]
enum Comparison {
    /// A text, in any of its occurrences. Upper and lower case are the same.
    Text(TextField, Sign, Pattern),
    /// A label of the resource.
    Label(String, Sign, Pattern),
    /// `timestamp`
    Time(Sign, Timestamp),
    /// `severity`, by its place in [`SEVERITIES`].
    Severity(Sign, usize),
    /// `protoPayload.status.code`
    Code(Sign, i32),
    /// A text somewhere in the entry, in lower case.
    Anywhere(String),
}

/// What a text is compared with.
#[derive(Debug)]
enum Pattern {
    /// `*`: any that is there.
    Any,
    /// In lower case.
    Text(String),
}

/// Where a text stands in an entry: shows each of its occurrences.
#[derive(Clone, Copy)]
struct TextField {
    name: &'static str,
    texts: Texts,
}

/// Shows each occurrence of a text.
type Texts = fn(&LogEntry, &mut dyn FnMut(&str));

impl std::fmt::Debug for TextField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every text that can be asked for.
#[rustfmt::skip]
const TEXTS: [TextField; 22] = [
    TextField { name: "logName", texts: |e, see| see(&e.log_name) },
    TextField { name: "insertId", texts: |e, see| see(&e.insert_id) },
    TextField { name: "resource.type", texts: |e, see| see(&e.resource.kind) },
    TextField { name: "protoPayload.@type", texts: |e, see| see(&e.proto_payload.type_url) },
    TextField { name: "protoPayload.serviceName", texts: |e, see| see(&e.proto_payload.service_name) },
    TextField { name: "protoPayload.methodName", texts: |e, see| see(&e.proto_payload.method_name) },
    TextField { name: "protoPayload.resourceName", texts: |e, see| see(&e.proto_payload.resource_name) },
    TextField { name: "protoPayload.authenticationInfo.principalEmail", texts: |e, see| see(&e.proto_payload.authentication_info.principal_email) },
    TextField { name: "protoPayload.authenticationInfo.principalSubject", texts: |e, see| see(&e.proto_payload.authentication_info.principal_subject) },
    TextField { name: "protoPayload.authenticationInfo.serviceAccountKeyName", texts: |e, see| see(&e.proto_payload.authentication_info.service_account_key_name) },
    TextField { name: "protoPayload.authorizationInfo.permission", texts: |e, see| for info in &e.proto_payload.authorization_info { see(&info.permission); } },
    TextField { name: "protoPayload.authorizationInfo.resource", texts: |e, see| for info in &e.proto_payload.authorization_info { see(&info.resource); } },
    TextField { name: "protoPayload.authorizationInfo.granted", texts: |e, see| for info in &e.proto_payload.authorization_info { see(if info.granted { "true" } else { "false" }); } },
    TextField { name: "protoPayload.requestMetadata.callerIp", texts: |e, see| see(&e.proto_payload.request_metadata.caller_ip) },
    TextField { name: "protoPayload.requestMetadata.callerSuppliedUserAgent", texts: |e, see| see(&e.proto_payload.request_metadata.caller_supplied_user_agent) },
    TextField { name: "protoPayload.status.message", texts: |e, see| if let Some(status) = &e.proto_payload.status { see(&status.message); } },
    TextField { name: "protoPayload.metadata.event", texts: |e, see| see(&e.proto_payload.metadata.event) },
    TextField { name: "protoPayload.metadata.requestId", texts: |e, see| see(&e.proto_payload.metadata.request_id) },
    TextField { name: "protoPayload.metadata.keyId", texts: |e, see| see(&e.proto_payload.metadata.key_id) },
    TextField { name: "protoPayload.metadata.claimedAccount", texts: |e, see| see(&e.proto_payload.metadata.claimed_account) },
    TextField { name: "protoPayload.metadata.binding.role", texts: |e, see| if let Some(binding) = &e.proto_payload.metadata.binding { see(&binding.role); } },
    TextField { name: "protoPayload.metadata.scopes", texts: |e, see| for scope in &e.proto_payload.metadata.scopes { see(scope); } },
];

impl EntryFilter {
    /// Parses a parameter; an empty one wants everything.
    pub(in crate::google) fn parse(parameter: &str, text: &str) -> Result<Self, Refusal> {
        Filter::parse(parameter, text).map(Self)
    }

    /// Whether an entry is wanted.
    pub(in crate::google) fn matches(&self, entry: &LogEntry) -> bool {
        self.0
            .matches(&|comparison: &Comparison| comparison.holds(entry))
    }

    /// The times outside of which nothing is wanted: from, until.
    pub(in crate::google) fn window(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (mut from, mut until) = (None, None);
        for comparison in self.0.required() {
            let Comparison::Time(sign, time) = comparison else {
                continue;
            };
            if matches!(sign, Sign::Greater | Sign::GreaterOrEqual | Sign::Equal) {
                from = from.max(Some(*time));
            }
            if matches!(sign, Sign::Less | Sign::LessOrEqual | Sign::Equal) {
                until = Some(until.map_or(*time, |until: Timestamp| until.min(*time)));
            }
        }
        (from, until)
    }
}

impl Term for Comparison {
    fn compare(field: &str, sign: Sign, value: Value) -> Result<Self, String> {
        let shown = shorten(&value.text);
        let is_order = sign != Sign::Has;
        match field {
            "timestamp" | "receiveTimestamp" if is_order => {
                let time = value.text.parse().map_err(|_| {
                    format!("{shown:?} is not a time: write it in quotes, \"2026-11-24T10:00:00Z\"")
                })?;
                Ok(Self::Time(sign, time))
            }
            "severity" if is_order => {
                let is_it = |name: &&str| name.eq_ignore_ascii_case(&value.text);
                let place = SEVERITIES.iter().position(is_it);
                let refused =
                    || format!("{shown:?} is not a severity: use {}", SEVERITIES.join(", "));
                Ok(Self::Severity(sign, place.ok_or_else(refused)?))
            }
            "protoPayload.status.code" if is_order => {
                let code = value.text.parse();
                Ok(Self::Code(
                    sign,
                    code.map_err(|_| format!("{shown:?} is not a number"))?,
                ))
            }
            _ => {
                let pattern = Pattern::of(&value);
                if let Some(label) = field.strip_prefix("resource.labels.") {
                    return Ok(Self::Label(label.to_owned(), sign, pattern));
                }
                match TEXTS.iter().find(|text| text.name == field) {
                    Some(text) => Ok(Self::Text(*text, sign, pattern)),
                    None => Err(unknown(field)),
                }
            }
        }
    }

    fn alone(value: Value) -> Result<Self, String> {
        Ok(Self::Anywhere(value.text.to_lowercase()))
    }
}

fn unknown(field: &str) -> String {
    match field {
        "timestamp" | "receiveTimestamp" | "severity" | "protoPayload.status.code" => {
            format!("{field} is compared by =, !=, <, <=, > or >=")
        }
        _ => format!(
            "{:?} is not a field of these entries: use timestamp, severity, protoPayload.status.code, resource.labels.NAME, {}",
            shorten(field),
            TEXTS.map(|text| text.name).join(", ")
        ),
    }
}

impl Pattern {
    fn of(value: &Value) -> Self {
        if value.text == "*" && !value.is_quoted {
            Self::Any
        } else {
            Self::Text(value.text.to_lowercase())
        }
    }

    fn fits(&self, sign: Sign, text: &str) -> bool {
        let Self::Text(pattern) = self else {
            return !text.is_empty();
        };
        let text = text.to_lowercase();
        let order = text.as_str().cmp(pattern);
        !text.is_empty() && sign.holds(order).unwrap_or_else(|| text.contains(pattern))
    }
}

impl Comparison {
    fn holds(&self, entry: &LogEntry) -> bool {
        let is_so = |sign: &Sign, order: Ordering| sign.holds(order).unwrap_or_default();
        match self {
            Self::Text(field, sign, pattern) => field.has(entry, &|text| pattern.fits(*sign, text)),
            Self::Label(label, sign, pattern) => {
                let value = entry.resource.labels.get(label);
                value.is_some_and(|value| pattern.fits(*sign, value))
            }
            Self::Time(sign, time) => entry.timestamp.is_some_and(|at| is_so(sign, at.cmp(time))),
            Self::Severity(sign, place) => {
                let severity = SEVERITIES.iter().position(|name| *name == entry.severity);
                is_so(sign, severity.unwrap_or_default().cmp(place))
            }
            Self::Code(sign, code) => {
                let status = entry.proto_payload.status.as_ref();
                status.is_some_and(|status| is_so(sign, status.code.cmp(code)))
            }
            Self::Anywhere(wanted) => {
                let has = |text: &str| text.to_lowercase().contains(wanted);
                TEXTS.iter().any(|field| field.has(entry, &has))
            }
        }
    }
}

impl TextField {
    fn has(&self, entry: &LogEntry, fits: &dyn Fn(&str) -> bool) -> bool {
        let mut is_found = false;
        (self.texts)(entry, &mut |text| is_found |= fits(text));
        is_found
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn entry() -> LogEntry {
        serde_json::from_value(serde_json::json!({
            "logName": "projects/my-project/logs/cloudaudit.googleapis.com%2Fdata_access",
            "resource": {"type": "gcs_bucket", "labels": {"project_id": "my-project"}},
            "timestamp": "2026-11-24T10:00:00Z",
            "severity": "ERROR",
            "protoPayload": {
                "resourceName": "projects/_/buckets/b/objects/containers/repositories/library/web/tag_v1",
                "authenticationInfo": {"principalEmail": "puller@my-project.iam.gserviceaccount.com"},
                "authorizationInfo": [{"resource": "r", "permission": "storage.objects.get", "granted": false}],
                "status": {"code": 7, "message": "It has no role there"},
            },
        }))
        .unwrap()
    }

    fn matches(filter: &str) -> bool {
        EntryFilter::parse("filter", filter)
            .unwrap()
            .matches(&entry())
    }

    #[test]
    fn entries_are_found_by_their_fields() {
        for filter in [
            "",
            "timestamp>=\"2026-11-24T10:00:00Z\" timestamp<\"2026-11-24T10:00:01Z\"",
            "timestamp=\"2026-11-24T11:00:00+01:00\"",
            "severity>=WARNING severity=error",
            "protoPayload.resourceName:\"/library/WEB/\"",
            "protoPayload.authenticationInfo.principalEmail=\"puller@my-project.iam.gserviceaccount.com\"",
            "protoPayload.authenticationInfo.principalEmail:*",
            "protoPayload.authorizationInfo.permission=storage.objects.get",
            "protoPayload.authorizationInfo.granted=FALSE",
            "protoPayload.status.code=7 protoPayload.status.code>0 protoPayload.status.code<16",
            "protoPayload.status.message:\"no role\"",
            "resource.type=gcs_bucket resource.labels.project_id=my-project",
            "logName=\"projects/my-project/logs/cloudaudit.googleapis.com%2Fdata_access\"",
            "NOT protoPayload.metadata.keyId=x",
            "\"no role there\"",
            "puller",
            "protoPayload.methodName=x OR severity=ERROR",
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in [
            "timestamp>\"2026-11-24T10:00:00Z\"",
            "severity<ERROR",
            "protoPayload.resourceName=\"/library/web/\"",
            "protoPayload.authorizationInfo.granted=true",
            "protoPayload.metadata.keyId:*",
            "protoPayload.metadata.keyId!=x",
            "protoPayload.metadata.keyId:\"\"",
            "protoPayload.status.code!=7",
            "resource.labels.bucket_name!=x",
            "pusher",
            "-puller",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for filter in [
            "jsonPayload.a=b",
            "timestamp:x",
            "timestamp>yesterday",
            "timestamp>=2026-11-24T10:00:00Z",
            "severity=LOUD",
            "severity:ERROR",
            "protoPayload.status.code=seven",
            "protoPayload.status=7",
            "protoPayload.methodName=~\"^a\"",
            "protoPayload.methodName=(a OR b)",
        ] {
            assert!(EntryFilter::parse("filter", filter).is_err(), "{filter}");
        }
    }

    #[test]
    fn the_window_is_what_every_wanted_entry_lies_in() {
        let window = |filter| EntryFilter::parse("filter", filter).unwrap().window();
        let at = |hour: u8| Some(format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap());
        assert_eq!(
            window(
                "timestamp>\"2026-11-24T10:00:00Z\" timestamp>=\"2026-11-24T09:00:00Z\" a timestamp<\"2026-11-24T12:00:00Z\""
            ),
            (at(10), at(12))
        );
        assert_eq!(
            window("timestamp=\"2026-11-24T10:00:00Z\""),
            (at(10), at(10))
        );
        for open in [
            "",
            "timestamp>\"2026-11-24T10:00:00Z\" OR a",
            "NOT timestamp>\"2026-11-24T10:00:00Z\"",
        ] {
            assert_eq!(window(open), (None, None), "{open}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(filter in "(timestamp|severity|logName|[a-z]|\"|[():=<>! *-]|AND|OR){0,20}|\\PC{0,40}") {
            if let Ok(filter) = EntryFilter::parse("filter", &filter) {
                filter.matches(&entry());
                filter.window();
            }
        }
    }
}
