//! Requests that the registry itself makes to other servers, on behalf of whoever configured their URL.
//!
//! Such a URL is a caller's text, and the server stands inside somebody's network: so there is one client, and it is
//! guarded. It speaks https, and plain http only to hosts that the operator named. It resolves names itself and connects
//! to the very addresses that it judged: none that is not the public internet's, unless the operator allowed it. It
//! follows no redirect, sends no credential, waits and reads within bounds, and uses no proxy that it was not told of.

mod address;
mod client;
mod resolve;

pub use address::{Allowed, AllowedError};
pub use client::{Client, Config, Error, SetupError};
