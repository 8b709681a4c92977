//! Service Usage: which of Google's services this registry stands in for.

use super::super::method::{Api, Method, handler};
use super::super::services;

/// `serviceusage` v1
pub(super) const V1: Api = Api {
    name: "serviceusage",
    version: "v1",
    title: "Service Usage API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::get("serviceusage.services.list", "v1/projects/{project}/services", handler!(|call, p| services::list(call, p))),
    Method::get("serviceusage.services.get", "v1/projects/{project}/services/{service}", handler!(|call, p, s| services::get(call, p, s))),
    Method::get("serviceusage.services.batchGet", "v1/projects/{project}/services:batchGet", handler!(|call, p| services::batch_get(call, p))),
    Method::post("serviceusage.services.enable", "v1/projects/{project}/services/{service}:enable", handler!(|call, p, s| services::enable(call, p, s))),
    Method::post("serviceusage.services.batchEnable", "v1/projects/{project}/services:batchEnable", handler!(|call, p| services::batch_enable(call, p))),
    Method::post("serviceusage.services.disable", "v1/projects/{project}/services/{service}:disable", handler!(|call, p, s| services::disable(call, p, s))),
];
