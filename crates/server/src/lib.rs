//! The faces of a registry: HTTP in, one verb of [`wharf_app`], HTTP out.
//!
//! A request comes through [`listen`] (sockets, TLS, limits), gets its [`requests::Context`], and is sent by
//! [`router`] (all routes on one page) to a face: `v2` (distribution-spec), `token` (OAuth and Docker tokens), `google`
//! (IAM, Resource Manager, Cloud Storage) or `ops` (health, metrics). A handler parses, calls one verb, shapes the
//! answer; what a verb refuses becomes a body in [`error`], once for each dialect.

mod authority;
mod body;
mod caller;
mod config;
mod connection;
mod content;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod google;
mod hosts;
mod listen;
mod metadata;
mod metrics;
mod ops;
mod parameters;
mod rates;
mod requests;
mod router;
mod sendfile;
mod shared;
#[cfg(test)]
mod testing;
mod tls;
mod token;
pub mod v2;

pub use config::{Config, Limits, Tls};
pub use hosts::{Host, HostError, Network, NetworkError};
pub use listen::{Error, Listener};
pub use metadata::Metadata;
pub use tls::TlsError;
