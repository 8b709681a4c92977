//! Identity and Access Management: service accounts, their keys and policies, roles and permissions.

use super::super::method::{Api, Handler, Method, by, handler};
use super::super::policies::{self, Named};
use super::super::{accounts, keys, lint, roles};

/// `iam` v1
pub(super) const V1: Api = Api {
    name: "iam",
    version: "v1",
    title: "Identity and Access Management (IAM) API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    // Service accounts.
    Method::get("iam.projects.serviceAccounts.list", "v1/projects/{project}/serviceAccounts", handler!(|call, p| accounts::list(call, p))),
    Method::post("iam.projects.serviceAccounts.create", "v1/projects/{project}/serviceAccounts", handler!(|call, p| accounts::create(call, p))),
    Method::get("iam.projects.serviceAccounts.get", "v1/projects/{project}/serviceAccounts/{account}", handler!(|call, p, a| accounts::get(call, p, a))),
    Method::patch("iam.projects.serviceAccounts.patch", "v1/projects/{project}/serviceAccounts/{account}", handler!(|call, p, a| accounts::patch(call, p, a))),
    Method::put("iam.projects.serviceAccounts.update", "v1/projects/{project}/serviceAccounts/{account}", handler!(|call, p, a| accounts::update(call, p, a))),
    Method::delete("iam.projects.serviceAccounts.delete", "v1/projects/{project}/serviceAccounts/{account}", handler!(|call, p, a| accounts::delete(call, p, a))),
    Method::post("iam.projects.serviceAccounts.disable", "v1/projects/{project}/serviceAccounts/{account}:disable", handler!(|call, p, a| accounts::set_disabled(call, p, a, true))),
    Method::post("iam.projects.serviceAccounts.enable", "v1/projects/{project}/serviceAccounts/{account}:enable", handler!(|call, p, a| accounts::set_disabled(call, p, a, false))),
    Method::post("iam.projects.serviceAccounts.undelete", "v1/projects/{project}/serviceAccounts/{account}:undelete", Handler::NotOffered("a deleted service account does not come back: create it anew, it gets none of the old one's rights")),

    // Their policies. Google has but POST here; who asks with GET, as its other APIs are asked, is answered too.
    Method::post("iam.projects.serviceAccounts.getIamPolicy", "v1/projects/{project}/serviceAccounts/{account}:getIamPolicy", handler!(|call, p, a| policies::get(call, Named::ServiceAccount(p, a))))
        .also(&[by("GET", "v1/projects/{project}/serviceAccounts/{account}:getIamPolicy")]),
    Method::post("iam.projects.serviceAccounts.setIamPolicy", "v1/projects/{project}/serviceAccounts/{account}:setIamPolicy", handler!(|call, p, a| policies::set(call, Named::ServiceAccount(p, a)))),
    Method::post("iam.projects.serviceAccounts.testIamPermissions", "v1/projects/{project}/serviceAccounts/{account}:testIamPermissions", handler!(|call, p, a| policies::test(call, Named::ServiceAccount(p, a)))),
    Method::post("iam.iamPolicies.lintPolicy", "v1/iamPolicies:lintPolicy", handler!(|call| lint::lint(call))),

    // Their keys.
    Method::get("iam.projects.serviceAccounts.keys.list", "v1/projects/{project}/serviceAccounts/{account}/keys", handler!(|call, p, a| keys::list(call, p, a))),
    Method::post("iam.projects.serviceAccounts.keys.create", "v1/projects/{project}/serviceAccounts/{account}/keys", handler!(|call, p, a| keys::create(call, p, a))),
    Method::post("iam.projects.serviceAccounts.keys.upload", "v1/projects/{project}/serviceAccounts/{account}/keys:upload", handler!(|call, p, a| keys::upload(call, p, a))),
    Method::get("iam.projects.serviceAccounts.keys.get", "v1/projects/{project}/serviceAccounts/{account}/keys/{key}", handler!(|call, p, a, k| keys::get(call, p, a, k))),
    Method::delete("iam.projects.serviceAccounts.keys.delete", "v1/projects/{project}/serviceAccounts/{account}/keys/{key}", handler!(|call, p, a, k| keys::delete(call, p, a, k))),
    Method::post("iam.projects.serviceAccounts.keys.disable", "v1/projects/{project}/serviceAccounts/{account}/keys/{key}:disable", handler!(|call, p, a, k| keys::set_disabled(call, p, a, k, true))),
    Method::post("iam.projects.serviceAccounts.keys.enable", "v1/projects/{project}/serviceAccounts/{account}/keys/{key}:enable", handler!(|call, p, a, k| keys::set_disabled(call, p, a, k, false))),

    // Roles and permissions.
    Method::get("iam.roles.list", "v1/roles", handler!(|call| roles::list_predefined(call))),
    Method::get("iam.roles.get", "v1/roles/{role}", handler!(|call, r| roles::get_predefined(call, r))),
    Method::post("iam.roles.queryGrantableRoles", "v1/roles:queryGrantableRoles", handler!(|call| roles::query_grantable(call))),
    Method::post("iam.permissions.queryTestablePermissions", "v1/permissions:queryTestablePermissions", handler!(|call| roles::query_testable(call))),
    Method::get("iam.projects.roles.list", "v1/projects/{project}/roles", handler!(|call, p| roles::list(call, p))),
    Method::post("iam.projects.roles.create", "v1/projects/{project}/roles", handler!(|call, p| roles::create(call, p))),
    Method::get("iam.projects.roles.get", "v1/projects/{project}/roles/{role}", handler!(|call, p, r| roles::get(call, p, r))),
    Method::patch("iam.projects.roles.patch", "v1/projects/{project}/roles/{role}", handler!(|call, p, r| roles::patch(call, p, r))),
    Method::delete("iam.projects.roles.delete", "v1/projects/{project}/roles/{role}", handler!(|call, p, r| roles::delete(call, p, r))),
    Method::post("iam.projects.roles.undelete", "v1/projects/{project}/roles/{role}:undelete", handler!(|call, p, r| roles::undelete(call, p, r))),
];
