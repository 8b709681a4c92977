//! The harness of the end-to-end tests: a registry of one's own, programs run with a deadline, images made on the
//! spot, and a client that speaks the registry protocol word by word.
//!
//! It knows nothing of Wharfinger's rooms: it stands outside, as every client does. A failed step panics, since that
//! is what fails a test.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a step that fails here is the test's failure, and its log belongs on stderr"
)]

pub mod answer;
pub mod certificate;
pub mod cluster;
pub mod containerd;
pub mod content;
pub mod faults;
pub mod gate;
pub mod gcloud;
pub mod http;
pub mod island;
pub mod issuer;
pub mod jwt;
pub mod kube_api;
pub mod names;
pub mod program;
pub mod random;
pub mod raw;
pub mod registry;
pub mod shop;
pub mod wait;
pub mod wharf;

pub use answer::Answer;
pub use gate::Gate;
pub use gcloud::Gcloud;
pub use http::Client;
pub use issuer::Issuer;
pub use program::{Output, Program};
pub use registry::TestRegistry;
pub use shop::Shop;
pub use wharf::Wharf;
