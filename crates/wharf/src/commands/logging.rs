//! `wharf logging`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use wharf_client::logging::LogQuery;
use wharf_types::wire::logging::LogEntry;

use super::{Common, duration};
use crate::failure::Failure;
use crate::output::{Table, time};

/// Pages of the server's work that one command waits for: a full log has some 40.
const PAGES_MAX: usize = 1_000;

/// The audit log: who asked for what, what was decided, and why
#[derive(Args, Debug)]
pub(crate) struct Logging {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Read(Read),
}

/// Which entries come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The oldest
    Asc,
    /// The newest
    #[default]
    Desc,
}

/// Read entries of the audit log, the newest first
///
/// The filter is written in Cloud Logging's query language, on the fields that `-o yaml` shows: comparisons with
/// = != < <= > >= and : (contains), joined by AND, OR, NOT and parentheses. A word alone is looked for everywhere.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf logging read --project my-project --limit 20\n  \
    wharf logging read 'severity=ERROR AND protoPayload.resourceName:\"/library/web/\"' --freshness 1h\n  \
    wharf logging read 'protoPayload.authorizationInfo.granted=false' -o json\n  \
    wharf logging read 'gcr-puller@my-project.iam.gserviceaccount.com' --freshness 7d\n  \
    wharf logging read 'protoPayload.metadata.event=authentication_failed' --organization 0")]
struct Read {
    /// Which entries; all of them without one
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// How many entries at most
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// How old entries may be: a number and s, m, h or d. It counts only where the newest come first and the filter
    /// says nothing of timestamp
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = duration::parse)]
    freshness: Duration,
    /// Which entries come first
    #[arg(long, value_name = "ORDER", default_value = "desc")]
    order: Order,
    /// Read the log of the whole registry: 0. It has what belongs to no project, such as failed logins
    #[arg(long, value_name = "ID", value_parser = ["0"], conflicts_with = "project")]
    organization: Option<String>,
}

impl Logging {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Read(read) => read.run(&self.common).await,
        }
    }
}

impl Read {
    async fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let query = LogQuery {
            of: match &self.organization {
                Some(id) => format!("organizations/{id}"),
                None => format!("projects/{}", session.project()?),
            },
            filter: self.filter(Timestamp::now()),
            oldest_first: self.order == Order::Asc,
            limit: self.limit.unwrap_or(usize::MAX),
            pages_max: PAGES_MAX,
        };
        let found = session.client.read_log(&query).await?;
        if !found.is_complete {
            common.output.say(
                "The log is longer than one command reads: name the time with timestamp>=\"…\" in the filter.",
            );
        }
        common.output.list(&found.entries)
    }

    /// The filter, with the time that `--freshness` stands for, as gcloud adds it.
    fn filter(&self, now: Timestamp) -> String {
        let filter = self.filter.as_deref().unwrap_or_default().trim();
        if self.order == Order::Asc || filter.contains("timestamp") {
            return filter.to_owned();
        }
        let from = now.saturating_sub(self.freshness).unwrap_or(Timestamp::MIN);
        match filter {
            "" => format!("timestamp>=\"{from}\""),
            // Behind it, so that places that a refusal names are those of what was typed. AND binds last.
            filter => format!("{filter} AND timestamp>=\"{from}\""),
        }
    }
}

impl Table for LogEntry {
    const HEADERS: &'static [&'static str] =
        &["TIME", "SEVERITY", "PRINCIPAL", "METHOD", "RESOURCE", "WHY"];

    fn rows(&self) -> Vec<Vec<String>> {
        let payload = &self.proto_payload;
        let who = &payload.authentication_info;
        let principal = match (&*who.principal_email, &*payload.metadata.claimed_account) {
            ("", "") => who.principal_subject.clone(),
            // Anybody can say so.
            ("", claimed) => format!("{claimed}?"),
            (email, _) => email.to_owned(),
        };
        let why = match (&payload.status, &payload.metadata.binding) {
            (Some(status), _) => status.message.clone(),
            (None, Some(binding)) => format!("{} on {}", binding.role, binding.resource),
            (None, None) => payload.metadata.scopes.join(" "),
        };
        vec![vec![
            time(self.timestamp),
            self.severity.clone(),
            principal,
            payload.method_name.clone(),
            payload.resource_name.clone(),
            why,
        ]]
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(filter: &str, order: Order) -> Read {
        Read {
            filter: Some(filter.to_owned()),
            limit: None,
            freshness: Duration::from_secs(3_600),
            order,
            organization: None,
        }
    }

    #[test]
    fn freshness_is_added_where_it_makes_sense() {
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        let filter = |filter, order| read(filter, order).filter(now);
        assert_eq!(
            filter("a OR b", Order::Desc),
            "a OR b AND timestamp>=\"2026-11-24T09:00:00Z\""
        );
        assert_eq!(
            filter("", Order::Desc),
            "timestamp>=\"2026-11-24T09:00:00Z\""
        );
        assert_eq!(filter("a", Order::Asc), "a");
        let own = "timestamp<\"2026-01-01T00:00:00Z\"";
        assert_eq!(filter(own, Order::Desc), own);
    }
}
