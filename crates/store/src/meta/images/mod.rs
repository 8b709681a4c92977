//! Rows of what there is to pull: buckets, repositories, manifests, tags, blobs, uploads.

pub mod blobs;
pub mod buckets;
pub mod manifests;
pub mod objects;
pub mod repositories;
pub mod tags;
pub mod uploads;
