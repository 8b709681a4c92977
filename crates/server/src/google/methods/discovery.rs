//! The Discovery service: what this registry serves, for programs. Everybody may read it, as at Google.

use super::super::discovery;
use super::super::method::{Api, Method, handler, switch, text};

/// `discovery` v1
pub(super) const V1: Api = Api {
    name: "discovery",
    version: "v1",
    title: "API Discovery Service",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::get("discovery.apis.list", "discovery/v1/apis", handler!(|call| discovery::list(call)))
        .query(&[text("name"), switch("preferred")]).without_login(),
    Method::get("discovery.apis.getRest", "discovery/v1/apis/{api}/{version}/rest", handler!(|call, api, version| discovery::get(call, api, version)))
        .without_login(),
    Method::get("discovery.apis.getRestOfHost", "$discovery/rest", handler!(|call| discovery::get_of_host(call)))
        .query(&[text("version"), text("api")]).without_login(),
];
