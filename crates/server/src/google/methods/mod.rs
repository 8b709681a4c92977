//! Every method that is answered, one a row. An API's file has all its rows; what the real API has and this registry does
//! not is a row too, with the reason.
//!
//! `-` as a project stands for any project, wherever the rest of the name says enough.

mod certificates;
mod cloudkms;
mod cloudresourcemanager;
mod compute;
mod discovery;
mod iam;
mod iamcredentials;
mod logging;
mod policytroubleshooter;
mod serviceusage;
mod storage;
mod sts;

use super::method::Api;

/// The APIs.
pub(super) const APIS: &[Api] = &[
    iam::V1,
    iamcredentials::V1,
    sts::V1,
    policytroubleshooter::V1,
    cloudresourcemanager::V1,
    cloudresourcemanager::V3,
    storage::V1,
    cloudkms::V1,
    logging::V2,
    serviceusage::V1,
    compute::V1,
    certificates::V1,
    discovery::V1,
];
