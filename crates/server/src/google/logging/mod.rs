//! `POST /v2/entries:list` (Cloud Logging v2): the audit log.

mod entry;

use wharf_app::audit::search::{Order, Place, Search};
use wharf_types::text::shorten;
use wharf_types::wire::logging::{ListLogEntriesRequest, ListLogEntriesResponse};
use wharf_types::{Resource, limits};

use super::call::{Answer, Call};
use super::filter::entries::EntryFilter;
use super::page::Page;
use super::refusal::Refusal;
use entry::entry;

/// `POST v2/entries:list`
pub(super) async fn list(call: &Call) -> Answer {
    let request: ListLogEntriesRequest = call.body()?;
    let resources = resources(call, &request).await?;
    if request.filter.chars().count() > limits::LOG_FILTER_LENGTH_MAX {
        let message = format!("longer than {} characters", limits::LOG_FILTER_LENGTH_MAX);
        return Err(Refusal::field("filter", message));
    }
    let filter = EntryFilter::parse("filter", &request.filter)?;
    let page = Page::new(request.page_size, request.page_token.as_deref())?;
    let (from, until) = filter.window();
    let search = Search {
        order: order(&request.order_by)?,
        from,
        until,
        size: page.size,
        after: page.after(|name| Place::parse(name).ok_or(()))?,
        is_wanted: Box::new(move |record| filter.matches(&entry(None, record))),
    };
    let found = call
        .app
        .search_audit_log(&call.caller, &resources, search)
        .await?;
    let entries = found.records.iter();
    call.answer(&ListLogEntriesResponse {
        entries: entries
            .map(|(place, record)| entry(Some(*place), record))
            .collect(),
        next_page_token: found.next.map(|place| Page::token(&place.to_string())),
    })
}

/// Whose logs are meant.
async fn resources(call: &Call, request: &ListLogEntriesRequest) -> Result<Vec<Resource>, Refusal> {
    let refused = |message: String| Refusal::field("resourceNames", message);
    let of_ids = request
        .project_ids
        .iter()
        .map(|id| format!("projects/{id}"));
    let names: Vec<_> = request
        .resource_names
        .iter()
        .cloned()
        .chain(of_ids)
        .collect();
    if names.is_empty() {
        return Err(refused(
            "name whose logs you want: projects/PROJECT, or organizations/0 for the whole registry"
                .to_owned(),
        ));
    }
    if names.len() > limits::LOG_RESOURCES_MAX {
        return Err(refused(format!(
            "more than {} names",
            limits::LOG_RESOURCES_MAX
        )));
    }
    let mut resources = Vec::with_capacity(names.len());
    for name in names {
        resources.push(match name.split_once('/') {
            Some(("organizations", "0")) => Resource::Organization,
            Some(("projects", id)) => Resource::Project(call.project(id).await?),
            _ => {
                return Err(refused(format!(
                    "{:?} has no logs here: use projects/PROJECT or organizations/0",
                    shorten(&name)
                )));
            }
        });
    }
    Ok(resources)
}

fn order(text: &str) -> Result<Order, Refusal> {
    let words: Vec<_> = text.split_whitespace().collect();
    match words.as_slice() {
        [] | ["timestamp"] | ["timestamp", "asc"] => Ok(Order::Ascending),
        ["timestamp", "desc"] => Ok(Order::Descending),
        _ => Err(Refusal::field(
            "orderBy",
            format!(
                "{:?} is no order here: use \"timestamp asc\" or \"timestamp desc\"",
                shorten(text)
            ),
        )),
    }
}
