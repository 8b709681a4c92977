//! Cloud Logging: the audit log.

use wharf_types::wire::logging::{ListLogEntriesRequest, ListLogEntriesResponse};

use super::super::logging;
use super::super::method::{Api, Method, handler};

/// `logging` v2
pub(super) const V2: Api = Api {
    name: "logging",
    version: "v2",
    title: "Cloud Logging API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::post("logging.entries.list", "v2/entries:list", handler!(|call| logging::list(call)))
        .takes::<ListLogEntriesRequest>().answers::<ListLogEntriesResponse>(),
];
