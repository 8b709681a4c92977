//! Service Usage: which of Google's services this registry stands in for.

use wharf_types::wire::operation::Operation;
use wharf_types::wire::service_usage::{
    BatchEnableServicesRequest, DisableServiceRequest, EnableServiceRequest, Service, Services,
};

use super::super::method::{Api, Method, handler, number, text, texts};
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
    Method::get("serviceusage.services.list", "v1/{parent=projects/*}/services", handler!(|call, p| services::list(call, p)))
        .query(&[text("filter"), number("pageSize"), text("pageToken")]).answers::<Services>(),
    Method::get("serviceusage.services.get", "v1/{name=projects/*/services/*}", handler!(|call, p, s| services::get(call, p, s)))
        .answers::<Service>(),
    Method::get("serviceusage.services.batchGet", "v1/{parent=projects/*}/services:batchGet", handler!(|call, p| services::batch_get(call, p)))
        .query(&[texts("names")]).answers::<Services>(),
    Method::post("serviceusage.services.enable", "v1/{name=projects/*/services/*}:enable", handler!(|call, p, s| services::enable(call, p, s)))
        .takes::<EnableServiceRequest>().answers::<Operation>(),
    Method::post("serviceusage.services.batchEnable", "v1/{parent=projects/*}/services:batchEnable", handler!(|call, p| services::batch_enable(call, p)))
        .takes::<BatchEnableServicesRequest>().answers::<Operation>(),
    Method::post("serviceusage.services.disable", "v1/{name=projects/*/services/*}:disable", handler!(|call, p, s| services::disable(call, p, s)))
        .takes::<DisableServiceRequest>().answers::<Operation>(),
];
