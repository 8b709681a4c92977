//! Keeping: rows in [`meta`], bytes in [`blobs`]. The two do not know each other, and neither knows a rule:
//! this room will happily store a tag that a policy forbids.

pub mod blobs;
mod error;
pub mod folder;
pub mod meta;

pub use error::Error;
