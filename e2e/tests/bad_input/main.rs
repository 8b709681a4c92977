//! Bad input over real HTTP: each is refused with a 4xx in the protocol's own body, nothing is lost, no log has a
//! secret, nothing panics, and memory stays bounded.
#![expect(clippy::unwrap_used, reason = "tests")]

mod apis;
mod content;
mod credentials;
mod names;
mod uploads;
mod wire;
