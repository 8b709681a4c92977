//! Identity and Access Management: service accounts, their keys and policies, roles and permissions, workload identity
//! pools.

use wharf_types::Policy;
use wharf_types::wire::operation::Operation;
use wharf_types::wire::policies::{
    LintPolicyRequest, LintPolicyResponse, SetIamPolicyRequest, TestIamPermissionsRequest,
    TestIamPermissionsResponse,
};
use wharf_types::wire::proto::Empty;
use wharf_types::wire::{federation as pool, iam, keys as key, roles as role};

use super::super::method::{Api, Handler, Method, by, handler, number, switch, text, texts};
use super::super::policies::{self, Named};
use super::super::{accounts, keys, lint, pools, providers, roles};

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
    Method::get("iam.projects.serviceAccounts.list", "v1/{name=projects/*}/serviceAccounts", handler!(|call, p| accounts::list(call, p)))
        .query(&[number("pageSize"), text("pageToken")]).answers::<iam::ListServiceAccountsResponse>(),
    Method::post("iam.projects.serviceAccounts.create", "v1/{name=projects/*}/serviceAccounts", handler!(|call, p| accounts::create(call, p)))
        .takes::<iam::CreateServiceAccountRequest>().answers::<iam::ServiceAccount>(),
    Method::get("iam.projects.serviceAccounts.get", "v1/{name=projects/*/serviceAccounts/*}", handler!(|call, p, a| accounts::get(call, p, a)))
        .answers::<iam::ServiceAccount>(),
    Method::patch("iam.projects.serviceAccounts.patch", "v1/{name=projects/*/serviceAccounts/*}", handler!(|call, p, a| accounts::patch(call, p, a)))
        .takes::<iam::PatchServiceAccountRequest>().answers::<iam::ServiceAccount>(),
    Method::put("iam.projects.serviceAccounts.update", "v1/{name=projects/*/serviceAccounts/*}", handler!(|call, p, a| accounts::update(call, p, a)))
        .takes::<iam::ServiceAccount>().answers::<iam::ServiceAccount>(),
    Method::delete("iam.projects.serviceAccounts.delete", "v1/{name=projects/*/serviceAccounts/*}", handler!(|call, p, a| accounts::delete(call, p, a)))
        .answers::<Empty>(),
    Method::post("iam.projects.serviceAccounts.disable", "v1/{name=projects/*/serviceAccounts/*}:disable", handler!(|call, p, a| accounts::set_disabled(call, p, a, true)))
        .takes::<Empty>().answers::<Empty>(),
    Method::post("iam.projects.serviceAccounts.enable", "v1/{name=projects/*/serviceAccounts/*}:enable", handler!(|call, p, a| accounts::set_disabled(call, p, a, false)))
        .takes::<Empty>().answers::<Empty>(),
    Method::post("iam.projects.serviceAccounts.undelete", "v1/{name=projects/*/serviceAccounts/*}:undelete", Handler::NotOffered("a deleted service account does not come back: create it anew, it gets none of the old one's rights")),

    // Their policies. Google has but POST here; who asks with GET, as its other APIs are asked, is answered too.
    Method::post("iam.projects.serviceAccounts.getIamPolicy", "v1/{resource=projects/*/serviceAccounts/*}:getIamPolicy", handler!(|call, p, a| policies::get(call, Named::ServiceAccount(p, a))))
        .query(&[number("options.requestedPolicyVersion")]).answers::<Policy>()
        .also(&[by("GET", "v1/{resource=projects/*/serviceAccounts/*}:getIamPolicy")]),
    Method::post("iam.projects.serviceAccounts.setIamPolicy", "v1/{resource=projects/*/serviceAccounts/*}:setIamPolicy", handler!(|call, p, a| policies::set(call, Named::ServiceAccount(p, a))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("iam.projects.serviceAccounts.testIamPermissions", "v1/{resource=projects/*/serviceAccounts/*}:testIamPermissions", handler!(|call, p, a| policies::test(call, Named::ServiceAccount(p, a))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),
    Method::post("iam.iamPolicies.lintPolicy", "v1/iamPolicies:lintPolicy", handler!(|call| lint::lint(call)))
        .with_login().takes::<LintPolicyRequest>().answers::<LintPolicyResponse>(),

    // Their keys.
    Method::get("iam.projects.serviceAccounts.keys.list", "v1/{name=projects/*/serviceAccounts/*}/keys", handler!(|call, p, a| keys::list(call, p, a)))
        .query(&[texts("keyTypes")]).answers::<key::ListServiceAccountKeysResponse>(),
    Method::post("iam.projects.serviceAccounts.keys.create", "v1/{name=projects/*/serviceAccounts/*}/keys", handler!(|call, p, a| keys::create(call, p, a)))
        .takes::<key::CreateServiceAccountKeyRequest>().answers::<key::ServiceAccountKey>(),
    Method::post("iam.projects.serviceAccounts.keys.upload", "v1/{name=projects/*/serviceAccounts/*}/keys:upload", handler!(|call, p, a| keys::upload(call, p, a)))
        .takes::<key::UploadServiceAccountKeyRequest>().answers::<key::ServiceAccountKey>(),
    Method::get("iam.projects.serviceAccounts.keys.get", "v1/{name=projects/*/serviceAccounts/*/keys/*}", handler!(|call, p, a, k| keys::get(call, p, a, k)))
        .query(&[text("publicKeyType")]).answers::<key::ServiceAccountKey>(),
    Method::delete("iam.projects.serviceAccounts.keys.delete", "v1/{name=projects/*/serviceAccounts/*/keys/*}", handler!(|call, p, a, k| keys::delete(call, p, a, k)))
        .answers::<Empty>(),
    Method::post("iam.projects.serviceAccounts.keys.disable", "v1/{name=projects/*/serviceAccounts/*/keys/*}:disable", handler!(|call, p, a, k| keys::set_disabled(call, p, a, k, true)))
        .takes::<Empty>().answers::<Empty>(),
    Method::post("iam.projects.serviceAccounts.keys.enable", "v1/{name=projects/*/serviceAccounts/*/keys/*}:enable", handler!(|call, p, a, k| keys::set_disabled(call, p, a, k, false)))
        .takes::<Empty>().answers::<Empty>(),

    // Roles and permissions.
    Method::get("iam.roles.list", "v1/roles", handler!(|call| roles::list_predefined(call)))
        .with_login().query(&[number("pageSize"), text("pageToken"), text("view"), switch("showDeleted")]).answers::<role::ListRolesResponse>(),
    Method::get("iam.roles.get", "v1/{name=roles/*}", handler!(|call, r| roles::get_predefined(call, r)))
        .with_login().answers::<role::Role>(),
    Method::post("iam.roles.queryGrantableRoles", "v1/roles:queryGrantableRoles", handler!(|call| roles::query_grantable(call)))
        .with_login().takes::<role::QueryGrantableRolesRequest>().answers::<role::ListRolesResponse>(),
    Method::post("iam.permissions.queryTestablePermissions", "v1/permissions:queryTestablePermissions", handler!(|call| roles::query_testable(call)))
        .with_login().takes::<role::QueryTestablePermissionsRequest>().answers::<role::QueryTestablePermissionsResponse>(),
    Method::get("iam.projects.roles.list", "v1/{parent=projects/*}/roles", handler!(|call, p| roles::list(call, p)))
        .query(&[number("pageSize"), text("pageToken"), text("view"), switch("showDeleted")]).answers::<role::ListRolesResponse>(),
    Method::post("iam.projects.roles.create", "v1/{parent=projects/*}/roles", handler!(|call, p| roles::create(call, p)))
        .takes::<role::CreateRoleRequest>().answers::<role::Role>(),
    Method::get("iam.projects.roles.get", "v1/{name=projects/*/roles/*}", handler!(|call, p, r| roles::get(call, p, r)))
        .answers::<role::Role>(),
    Method::patch("iam.projects.roles.patch", "v1/{name=projects/*/roles/*}", handler!(|call, p, r| roles::patch(call, p, r)))
        .query(&[text("updateMask")]).takes::<role::Role>().answers::<role::Role>(),
    Method::delete("iam.projects.roles.delete", "v1/{name=projects/*/roles/*}", handler!(|call, p, r| roles::delete(call, p, r)))
        .query(&[text("etag")]).answers::<role::Role>(),
    Method::post("iam.projects.roles.undelete", "v1/{name=projects/*/roles/*}:undelete", handler!(|call, p, r| roles::undelete(call, p, r)))
        .takes::<role::UndeleteRoleRequest>().answers::<role::Role>(),

    // Workload identity pools.
    Method::get("iam.projects.locations.workloadIdentityPools.list", "v1/{parent=projects/*/locations/*}/workloadIdentityPools", handler!(|call, p, l| pools::list(call, p, l)))
        .query(&[number("pageSize"), text("pageToken"), switch("showDeleted")]).answers::<pool::ListWorkloadIdentityPoolsResponse>(),
    Method::post("iam.projects.locations.workloadIdentityPools.create", "v1/{parent=projects/*/locations/*}/workloadIdentityPools", handler!(|call, p, l| pools::create(call, p, l)))
        .query(&[text("workloadIdentityPoolId")]).takes::<pool::WorkloadIdentityPool>().answers::<Operation>(),
    Method::get("iam.projects.locations.workloadIdentityPools.get", "v1/{name=projects/*/locations/*/workloadIdentityPools/*}", handler!(|call, p, l, w| pools::get(call, p, l, w)))
        .answers::<pool::WorkloadIdentityPool>(),
    Method::patch("iam.projects.locations.workloadIdentityPools.patch", "v1/{name=projects/*/locations/*/workloadIdentityPools/*}", handler!(|call, p, l, w| pools::patch(call, p, l, w)))
        .query(&[text("updateMask")]).takes::<pool::WorkloadIdentityPool>().answers::<Operation>(),
    Method::delete("iam.projects.locations.workloadIdentityPools.delete", "v1/{name=projects/*/locations/*/workloadIdentityPools/*}", handler!(|call, p, l, w| pools::delete(call, p, l, w)))
        .answers::<Operation>(),
    Method::post("iam.projects.locations.workloadIdentityPools.undelete", "v1/{name=projects/*/locations/*/workloadIdentityPools/*}:undelete", handler!(|call, p, l, w| pools::undelete(call, p, l, w)))
        .takes::<pool::UndeleteRequest>().answers::<Operation>(),
    Method::get("iam.projects.locations.workloadIdentityPools.operations.get", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/operations/*}", handler!(|call, p, l, w, o| pools::operation(call, p, l, w, o)))
        .answers::<Operation>(),

    // Their providers.
    Method::get("iam.projects.locations.workloadIdentityPools.providers.list", "v1/{parent=projects/*/locations/*/workloadIdentityPools/*}/providers", handler!(|call, p, l, w| providers::list(call, p, l, w)))
        .query(&[number("pageSize"), text("pageToken"), switch("showDeleted")]).answers::<pool::ListWorkloadIdentityPoolProvidersResponse>(),
    Method::post("iam.projects.locations.workloadIdentityPools.providers.create", "v1/{parent=projects/*/locations/*/workloadIdentityPools/*}/providers", handler!(|call, p, l, w| providers::create(call, p, l, w)))
        .query(&[text("workloadIdentityPoolProviderId")]).takes::<pool::WorkloadIdentityPoolProvider>().answers::<Operation>(),
    Method::get("iam.projects.locations.workloadIdentityPools.providers.get", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/providers/*}", handler!(|call, p, l, w, i| providers::get(call, p, l, w, i)))
        .answers::<pool::WorkloadIdentityPoolProvider>(),
    Method::patch("iam.projects.locations.workloadIdentityPools.providers.patch", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/providers/*}", handler!(|call, p, l, w, i| providers::patch(call, p, l, w, i)))
        .query(&[text("updateMask")]).takes::<pool::WorkloadIdentityPoolProvider>().answers::<Operation>(),
    Method::delete("iam.projects.locations.workloadIdentityPools.providers.delete", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/providers/*}", handler!(|call, p, l, w, i| providers::delete(call, p, l, w, i)))
        .answers::<Operation>(),
    Method::post("iam.projects.locations.workloadIdentityPools.providers.undelete", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/providers/*}:undelete", handler!(|call, p, l, w, i| providers::undelete(call, p, l, w, i)))
        .takes::<pool::UndeleteRequest>().answers::<Operation>(),
    Method::get("iam.projects.locations.workloadIdentityPools.providers.operations.get", "v1/{name=projects/*/locations/*/workloadIdentityPools/*/providers/*/operations/*}", handler!(|call, p, l, w, i, o| providers::operation(call, p, l, w, i, o)))
        .answers::<Operation>(),
];
