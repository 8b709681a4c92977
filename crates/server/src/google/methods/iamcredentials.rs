//! IAM Service Account Credentials: acting as a service account without its key.

use super::super::credentials;
use super::super::method::{Api, Method, handler};

/// `iamcredentials` v1
pub(super) const V1: Api = Api {
    name: "iamcredentials",
    version: "v1",
    title: "IAM Service Account Credentials API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::post("iamcredentials.projects.serviceAccounts.generateAccessToken", "v1/projects/{project}/serviceAccounts/{account}:generateAccessToken", handler!(|call, p, a| credentials::generate_access_token(call, p, a))),
    Method::post("iamcredentials.projects.serviceAccounts.generateIdToken", "v1/projects/{project}/serviceAccounts/{account}:generateIdToken", handler!(|call, p, a| credentials::generate_id_token(call, p, a))),
    Method::post("iamcredentials.projects.serviceAccounts.signBlob", "v1/projects/{project}/serviceAccounts/{account}:signBlob", handler!(|call, p, a| credentials::sign_blob(call, p, a))),
    Method::post("iamcredentials.projects.serviceAccounts.signJwt", "v1/projects/{project}/serviceAccounts/{account}:signJwt", handler!(|call, p, a| credentials::sign_jwt(call, p, a))),
    Method::get("iamcredentials.projects.serviceAccounts.getAllowedLocations", "v1/projects/{project}/serviceAccounts/{account}/allowedLocations", handler!(|call, p, a| credentials::allowed_locations(call, p, a))),
];
