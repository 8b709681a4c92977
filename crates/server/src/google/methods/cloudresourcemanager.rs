//! Resource Manager: projects and the organization, in v1 as gcloud asks for them, in v3 as client libraries do.

use super::super::method::{Api, Method, by, handler};
use super::super::policies::{self, Named};
use super::super::{operations, organizations, projects, projects_v3};

/// `cloudresourcemanager` v1
pub(super) const V1: Api = Api {
    name: "cloudresourcemanager",
    version: "v1",
    title: "Cloud Resource Manager API",
    methods: METHODS_V1,
};

/// `cloudresourcemanager` v3
pub(super) const V3: Api = Api {
    name: "cloudresourcemanager",
    version: "v3",
    title: "Cloud Resource Manager API",
    methods: METHODS_V3,
};

#[rustfmt::skip]
const METHODS_V1: &[Method] = &[
    Method::get("cloudresourcemanager.projects.list", "v1/projects", handler!(|call| projects::list(call))),
    Method::post("cloudresourcemanager.projects.create", "v1/projects", handler!(|call| projects::create(call))),
    Method::get("cloudresourcemanager.projects.get", "v1/projects/{project}", handler!(|call, p| projects::get(call, p))),
    Method::put("cloudresourcemanager.projects.update", "v1/projects/{project}", handler!(|call, p| projects::update(call, p))),
    Method::delete("cloudresourcemanager.projects.delete", "v1/projects/{project}", handler!(|call, p| projects::delete(call, p))),
    Method::post("cloudresourcemanager.projects.undelete", "v1/projects/{project}:undelete", handler!(|call, p| projects::undelete(call, p))),
    Method::post("cloudresourcemanager.projects.getAncestry", "v1/projects/{project}:getAncestry", handler!(|call, p| projects::ancestry(call, p))),
    Method::post("cloudresourcemanager.projects.getIamPolicy", "v1/projects/{project}:getIamPolicy", handler!(|call, p| policies::get(call, Named::Project(p))))
        .also(&[by("GET", "v1/projects/{project}:getIamPolicy")]),
    Method::post("cloudresourcemanager.projects.setIamPolicy", "v1/projects/{project}:setIamPolicy", handler!(|call, p| policies::set(call, Named::Project(p)))),
    Method::post("cloudresourcemanager.projects.testIamPermissions", "v1/projects/{project}:testIamPermissions", handler!(|call, p| policies::test(call, Named::Project(p)))),

    Method::get("cloudresourcemanager.organizations.get", "v1/organizations/{organization}", handler!(|call, o| organizations::get(call, o))),
    Method::post("cloudresourcemanager.organizations.search", "v1/organizations:search", handler!(|call| organizations::search(call))),
    Method::post("cloudresourcemanager.organizations.getIamPolicy", "v1/organizations/{organization}:getIamPolicy", handler!(|call, o| policies::get(call, Named::Organization(o))))
        .also(&[by("GET", "v1/organizations/{organization}:getIamPolicy")]),
    Method::post("cloudresourcemanager.organizations.setIamPolicy", "v1/organizations/{organization}:setIamPolicy", handler!(|call, o| policies::set(call, Named::Organization(o)))),
    Method::post("cloudresourcemanager.organizations.testIamPermissions", "v1/organizations/{organization}:testIamPermissions", handler!(|call, o| policies::test(call, Named::Organization(o)))),

    Method::get("cloudresourcemanager.operations.get", "v1/operations/{operation}", handler!(|call, o| operations::get_v1(call, o))),
];

#[rustfmt::skip]
const METHODS_V3: &[Method] = &[
    Method::get("cloudresourcemanager.projects.list", "v3/projects", handler!(|call| projects_v3::list(call))),
    Method::get("cloudresourcemanager.projects.search", "v3/projects:search", handler!(|call| projects_v3::search(call))),
    Method::post("cloudresourcemanager.projects.create", "v3/projects", handler!(|call| projects_v3::create(call))),
    Method::get("cloudresourcemanager.projects.get", "v3/projects/{project}", handler!(|call, p| projects_v3::get(call, p))),
    Method::patch("cloudresourcemanager.projects.patch", "v3/projects/{project}", handler!(|call, p| projects_v3::patch(call, p))),
    Method::delete("cloudresourcemanager.projects.delete", "v3/projects/{project}", handler!(|call, p| projects_v3::delete(call, p))),
    Method::post("cloudresourcemanager.projects.undelete", "v3/projects/{project}:undelete", handler!(|call, p| projects_v3::undelete(call, p))),
    Method::post("cloudresourcemanager.projects.getIamPolicy", "v3/projects/{project}:getIamPolicy", handler!(|call, p| policies::get(call, Named::Project(p))))
        .also(&[by("GET", "v3/projects/{project}:getIamPolicy")]),
    Method::post("cloudresourcemanager.projects.setIamPolicy", "v3/projects/{project}:setIamPolicy", handler!(|call, p| policies::set(call, Named::Project(p)))),
    Method::post("cloudresourcemanager.projects.testIamPermissions", "v3/projects/{project}:testIamPermissions", handler!(|call, p| policies::test(call, Named::Project(p)))),

    Method::get("cloudresourcemanager.organizations.get", "v3/organizations/{organization}", handler!(|call, o| organizations::get(call, o))),
    Method::get("cloudresourcemanager.organizations.search", "v3/organizations:search", handler!(|call| organizations::search(call))),
    Method::post("cloudresourcemanager.organizations.getIamPolicy", "v3/organizations/{organization}:getIamPolicy", handler!(|call, o| policies::get(call, Named::Organization(o))))
        .also(&[by("GET", "v3/organizations/{organization}:getIamPolicy")]),
    Method::post("cloudresourcemanager.organizations.setIamPolicy", "v3/organizations/{organization}:setIamPolicy", handler!(|call, o| policies::set(call, Named::Organization(o)))),
    Method::post("cloudresourcemanager.organizations.testIamPermissions", "v3/organizations/{organization}:testIamPermissions", handler!(|call, o| policies::test(call, Named::Organization(o)))),

    Method::get("cloudresourcemanager.operations.get", "v3/operations/{operation}", handler!(|call, o| operations::get_v3(call, o))),
];
