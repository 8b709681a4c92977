//! JSON bodies that a server and a client share.
//!
//! Google's follow proto3's JSON mapping: camelCase names (snake_case is understood too where a name has two words), 64-bit
//! numbers as strings, bytes as base64, times in RFC 3339, what is empty left out, what is unknown ignored.

pub mod compute;
pub mod credentials;
pub mod federation;
pub mod iam;
pub mod keys;
pub mod kms;
pub mod logging;
pub mod oci;
pub mod operation;
pub mod policies;
pub mod proto;
pub mod resource_manager;
pub mod roles;
pub mod service_usage;
pub mod status;
pub mod storage;
pub mod troubleshooter;
