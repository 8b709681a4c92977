//! A registry seen from outside, over HTTP only: Google's APIs for its administration, `/v2/` for its images.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`endpoint`] | where a registry is |
//! | [`key_file`] | the credential: a service account's key file |
//! | `transport` | one request and its bounded answer |
//! | `token` | tokens, asked for with the key file and kept while they are good |
//! | [`error`] | why something was not done |
//! | [`projects`], [`service_accounts`], [`keys`], [`roles`], [`buckets`], [`policies`], [`federation`], [`troubleshoot`], [`logging`], [`kms`] | Google's APIs, by noun |
//! | [`images`] | the registry protocol with Google's `tags/list` |
//!
//! Nothing here draws on a terminal or reads a file.

pub mod buckets;
mod client;
pub mod endpoint;
pub mod error;
pub mod federation;
pub mod images;
pub mod key_file;
pub mod keys;
pub mod kms;
pub mod logging;
pub mod policies;
pub mod projects;
pub mod roles;
pub mod service_accounts;
mod token;
mod transport;
pub mod troubleshoot;

pub use client::{Client, Config};
pub use endpoint::Endpoint;
pub use error::{Error, Refusal};
pub use key_file::KeyFile;
