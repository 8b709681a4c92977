//! The audit log (Cloud Logging v2).

use wharf_types::wire::logging::{ListLogEntriesRequest, ListLogEntriesResponse, LogEntry};

use crate::Client;
use crate::client::Call;
use crate::error::Error;

/// Entries asked for in one page.
const PAGE_SIZE: usize = 1_000;

/// Which entries of the audit log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Whose log: `projects/P`, or `organizations/0` for the whole registry.
    pub of: String,
    /// In the Logging query language; an empty one wants everything.
    pub filter: String,
    /// Whether the oldest come first.
    pub oldest_first: bool,
    /// How many at most.
    pub limit: usize,
    /// How many pages are asked for at most. Each has the server look at so much of the log and no more.
    pub pages_max: usize,
}

/// Entries that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntries {
    /// In the order that was asked for.
    pub entries: Vec<LogEntry>,
    /// Whether the whole log was looked at, or as many found as were wanted.
    pub is_complete: bool,
}

impl Client {
    /// Reads entries of the audit log.
    pub async fn read_log(&self, query: &LogQuery) -> Result<LogEntries, Error> {
        let order = if query.oldest_first { "asc" } else { "desc" };
        let mut found = LogEntries::default();
        let mut page_token = None;
        for _ in 0..query.pages_max {
            let left = query.limit - found.entries.len();
            let request = ListLogEntriesRequest {
                resource_names: vec![query.of.clone()],
                filter: query.filter.clone(),
                order_by: format!("timestamp {order}"),
                page_size: i64::try_from(left.min(PAGE_SIZE)).ok(),
                page_token,
                ..ListLogEntriesRequest::default()
            };
            let call = Call::post(["v2", "entries:list"]).json(&request);
            let page: ListLogEntriesResponse = self.call(call).await?;
            found.entries.extend(page.entries.into_iter().take(left));
            page_token = page.next_page_token.filter(|token| !token.is_empty());
            if page_token.is_none() || found.entries.len() >= query.limit {
                found.is_complete = true;
                break;
            }
        }
        Ok(found)
    }
}
