//! The Security Token Service.

use super::super::method::{Api, Method, handler};
use super::super::sts;

/// `sts` v1
pub(super) const V1: Api = Api {
    name: "sts",
    version: "v1",
    title: "Security Token Service API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::post("sts.token", "v1/token", handler!(|call| sts::token(call))).without_login(),
    Method::post("sts.introspect", "v1/introspect", handler!(|call| sts::introspect(call))).without_login(),
];
