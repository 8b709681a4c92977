//! Policy Troubleshooter.

use wharf_types::wire::troubleshooter::{
    TroubleshootIamPolicyRequest, TroubleshootIamPolicyResponse,
};

use super::super::method::{Api, Method, handler};
use super::super::troubleshoot;

/// `policytroubleshooter` v1
pub(super) const V1: Api = Api {
    name: "policytroubleshooter",
    version: "v1",
    title: "Policy Troubleshooter API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::post("policytroubleshooter.iam.troubleshoot", "v1/iam:troubleshoot", handler!(|call| troubleshoot::troubleshoot(call)))
        .with_login().takes::<TroubleshootIamPolicyRequest>().answers::<TroubleshootIamPolicyResponse>(),
];
