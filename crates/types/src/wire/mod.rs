//! JSON bodies that a server and a client share.

pub mod oci;
