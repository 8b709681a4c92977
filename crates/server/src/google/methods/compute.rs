//! Compute Engine: the places that clusters and keys are said to be in. There are no machines.

use wharf_types::wire::compute::{Place, Places};

use super::super::method::{Api, Method, handler, number, text};
use super::super::places;

/// `compute` v1
pub(super) const V1: Api = Api {
    name: "compute",
    version: "v1",
    title: "Compute Engine API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::get("compute.regions.list", "compute/v1/projects/{project}/regions", handler!(|call, p| places::list_regions(call, p)))
        .query(&[number("maxResults"), text("pageToken")]).answers::<Places>(),
    Method::get("compute.regions.get", "compute/v1/projects/{project}/regions/{region}", handler!(|call, p, r| places::get_region(call, p, r)))
        .answers::<Place>(),
    Method::get("compute.zones.list", "compute/v1/projects/{project}/zones", handler!(|call, p| places::list_zones(call, p)))
        .query(&[number("maxResults"), text("pageToken")]).answers::<Places>(),
    Method::get("compute.zones.get", "compute/v1/projects/{project}/zones/{zone}", handler!(|call, p, z| places::get_zone(call, p, z)))
        .answers::<Place>(),
];
