//! The binary, as people and scripts meet it: what it prints, how it ends, and the story of a pull key step by step.
#![expect(
    clippy::unwrap_used,
    reason = "a step that fails is the test's failure"
)]

mod gcloud_env;
mod hostile;
mod images;
mod logging;
mod refusals;
mod serve;
mod story;
mod support;
mod testimony;
