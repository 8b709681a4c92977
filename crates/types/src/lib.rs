//! The words of Wharfinger: plain values that are always valid, because parsing is the only way in.
//!
//! No I/O, no clock, no HTTP framework, no database. Every other room speaks in these types.
//!
//! | module | what it names |
//! | --- | --- |
//! | [`digest`] | what bytes are called: `sha256:…`, `sha512:…` |
//! | [`name`] | projects, locations, repositories, tags, references |
//! | [`bucket`] | where one project's images of one location live |
//! | [`resource`] | what a permission is decided on |
//! | [`principal`] | who asks, and whom a policy names |
//! | [`federation`] | workload identity pools, providers, and the principals that come of them |
//! | [`permission`], [`role`], [`policy`] | Google IAM's vocabulary |
//! | [`media`] | media types of manifests and what they may contain |
//! | [`range`] | `Range` and `Content-Range` |
//! | [`scope`] | the Docker token protocol's scopes, and OAuth scopes |
//! | [`error`] | the codes of the OCI and the Google error bodies |
//! | [`wire`] | JSON bodies that a server and a client share |
//! | [`schema`] | what a text on the wire looks like to a reader of schemas |
//! | [`kms`] | Cloud KMS' names and enumerations |
//! | [`limits`] | every bound of the system, each with its reason |

pub mod bucket;
pub mod digest;
pub mod error;
pub mod federation;
pub mod kms;
pub mod limits;
pub mod media;
pub mod name;
pub mod permission;
pub mod policy;
pub mod principal;
pub mod range;
pub mod resource;
pub mod role;
pub mod schema;
pub mod scope;
pub mod text;
pub mod wire;

/// For the schemas of the macros' types.
pub use schemars;

pub use bucket::BucketName;
pub use digest::{Algorithm, Digest};
pub use name::{ImagePath, Location, ProjectId, Reference, RepositoryName, Tag};
pub use permission::Permission;
pub use policy::{Binding, Condition, Etag, Policy};
pub use principal::{Member, Principal, ServiceAccountEmail};
pub use resource::{Object, Repository, Resource};
pub use role::RoleName;
