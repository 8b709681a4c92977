//! Resource Manager: projects and the organization, in v1 as gcloud asks for them, in v3 as client libraries do.

use wharf_types::Policy;
use wharf_types::wire::operation::Operation;
use wharf_types::wire::policies::{
    GetIamPolicyRequest, SetIamPolicyRequest, TestIamPermissionsRequest, TestIamPermissionsResponse,
};
use wharf_types::wire::proto::Empty;
use wharf_types::wire::resource_manager::{
    AncestryResponse, ListProjectsResponse, Organization, Project, ProjectV3,
    SearchOrganizationsRequest, SearchOrganizationsResponse,
};

use super::super::method::{Api, Method, by, handler, number, switch, text};
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
    Method::get("cloudresourcemanager.projects.list", "v1/projects", handler!(|call| projects::list(call)))
        .query(&[text("filter"), number("pageSize"), text("pageToken")]).answers::<ListProjectsResponse<Project>>(),
    Method::post("cloudresourcemanager.projects.create", "v1/projects", handler!(|call| projects::create(call)))
        .takes::<Project>().answers::<Operation>(),
    Method::get("cloudresourcemanager.projects.get", "v1/projects/{projectId}", handler!(|call, p| projects::get(call, p)))
        .answers::<Project>(),
    Method::put("cloudresourcemanager.projects.update", "v1/projects/{projectId}", handler!(|call, p| projects::update(call, p)))
        .takes::<Project>().answers::<Project>(),
    Method::delete("cloudresourcemanager.projects.delete", "v1/projects/{projectId}", handler!(|call, p| projects::delete(call, p)))
        .answers::<Empty>(),
    Method::post("cloudresourcemanager.projects.undelete", "v1/projects/{projectId}:undelete", handler!(|call, p| projects::undelete(call, p)))
        .takes::<Empty>().answers::<Empty>(),
    Method::post("cloudresourcemanager.projects.getAncestry", "v1/projects/{projectId}:getAncestry", handler!(|call, p| projects::ancestry(call, p)))
        .takes::<Empty>().answers::<AncestryResponse>(),
    Method::post("cloudresourcemanager.projects.getIamPolicy", "v1/projects/{resource}:getIamPolicy", handler!(|call, p| policies::get(call, Named::Project(p))))
        .takes::<GetIamPolicyRequest>().answers::<Policy>()
        .also(&[by("GET", "v1/projects/{resource}:getIamPolicy")]),
    Method::post("cloudresourcemanager.projects.setIamPolicy", "v1/projects/{resource}:setIamPolicy", handler!(|call, p| policies::set(call, Named::Project(p))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudresourcemanager.projects.testIamPermissions", "v1/projects/{resource}:testIamPermissions", handler!(|call, p| policies::test(call, Named::Project(p))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),

    Method::get("cloudresourcemanager.organizations.get", "v1/{name=organizations/*}", handler!(|call, o| organizations::get(call, o)))
        .with_login().answers::<Organization>(),
    Method::post("cloudresourcemanager.organizations.search", "v1/organizations:search", handler!(|call| organizations::search(call)))
        .with_login().takes::<SearchOrganizationsRequest>().answers::<SearchOrganizationsResponse>(),
    Method::post("cloudresourcemanager.organizations.getIamPolicy", "v1/{resource=organizations/*}:getIamPolicy", handler!(|call, o| policies::get(call, Named::Organization(o))))
        .takes::<GetIamPolicyRequest>().answers::<Policy>()
        .also(&[by("GET", "v1/{resource=organizations/*}:getIamPolicy")]),
    Method::post("cloudresourcemanager.organizations.setIamPolicy", "v1/{resource=organizations/*}:setIamPolicy", handler!(|call, o| policies::set(call, Named::Organization(o))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudresourcemanager.organizations.testIamPermissions", "v1/{resource=organizations/*}:testIamPermissions", handler!(|call, o| policies::test(call, Named::Organization(o))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),

    Method::get("cloudresourcemanager.operations.get", "v1/{name=operations/*}", handler!(|call, o| operations::get_v1(call, o)))
        .answers::<Operation>(),
];

#[rustfmt::skip]
const METHODS_V3: &[Method] = &[
    Method::get("cloudresourcemanager.projects.list", "v3/projects", handler!(|call| projects_v3::list(call)))
        .query(&[text("parent"), number("pageSize"), text("pageToken"), switch("showDeleted")]).answers::<ListProjectsResponse<ProjectV3>>(),
    Method::get("cloudresourcemanager.projects.search", "v3/projects:search", handler!(|call| projects_v3::search(call)))
        .query(&[text("query"), number("pageSize"), text("pageToken")]).answers::<ListProjectsResponse<ProjectV3>>(),
    Method::post("cloudresourcemanager.projects.create", "v3/projects", handler!(|call| projects_v3::create(call)))
        .takes::<ProjectV3>().answers::<Operation>(),
    Method::get("cloudresourcemanager.projects.get", "v3/{name=projects/*}", handler!(|call, p| projects_v3::get(call, p)))
        .answers::<ProjectV3>(),
    Method::patch("cloudresourcemanager.projects.patch", "v3/{name=projects/*}", handler!(|call, p| projects_v3::patch(call, p)))
        .query(&[text("updateMask")]).takes::<ProjectV3>().answers::<Operation>(),
    Method::delete("cloudresourcemanager.projects.delete", "v3/{name=projects/*}", handler!(|call, p| projects_v3::delete(call, p)))
        .answers::<Operation>(),
    Method::post("cloudresourcemanager.projects.undelete", "v3/{name=projects/*}:undelete", handler!(|call, p| projects_v3::undelete(call, p)))
        .takes::<Empty>().answers::<Operation>(),
    Method::post("cloudresourcemanager.projects.getIamPolicy", "v3/{resource=projects/*}:getIamPolicy", handler!(|call, p| policies::get(call, Named::Project(p))))
        .takes::<GetIamPolicyRequest>().answers::<Policy>()
        .also(&[by("GET", "v3/{resource=projects/*}:getIamPolicy")]),
    Method::post("cloudresourcemanager.projects.setIamPolicy", "v3/{resource=projects/*}:setIamPolicy", handler!(|call, p| policies::set(call, Named::Project(p))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudresourcemanager.projects.testIamPermissions", "v3/{resource=projects/*}:testIamPermissions", handler!(|call, p| policies::test(call, Named::Project(p))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),

    Method::get("cloudresourcemanager.organizations.get", "v3/{name=organizations/*}", handler!(|call, o| organizations::get(call, o)))
        .with_login().answers::<Organization>(),
    Method::get("cloudresourcemanager.organizations.search", "v3/organizations:search", handler!(|call| organizations::search(call)))
        .with_login().query(&[text("query"), number("pageSize"), text("pageToken")]).answers::<SearchOrganizationsResponse>(),
    Method::post("cloudresourcemanager.organizations.getIamPolicy", "v3/{resource=organizations/*}:getIamPolicy", handler!(|call, o| policies::get(call, Named::Organization(o))))
        .takes::<GetIamPolicyRequest>().answers::<Policy>()
        .also(&[by("GET", "v3/{resource=organizations/*}:getIamPolicy")]),
    Method::post("cloudresourcemanager.organizations.setIamPolicy", "v3/{resource=organizations/*}:setIamPolicy", handler!(|call, o| policies::set(call, Named::Organization(o))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudresourcemanager.organizations.testIamPermissions", "v3/{resource=organizations/*}:testIamPermissions", handler!(|call, o| policies::test(call, Named::Organization(o))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),

    Method::get("cloudresourcemanager.operations.get", "v3/{name=operations/*}", handler!(|call, o| operations::get_v3(call, o)))
        .answers::<Operation>(),
];
