//! Logs: to stderr, for people or as JSON.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Begins to log. `filter` says what: a level, or `TARGET=LEVEL` for single rooms, separated by commas.
pub(crate) fn init(format: LogFormat, filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::usage(format!("{filter:?} is not a log filter: {error}"))
            .hint("a level (error, warn, info, debug, trace), or levels for rooms: info,wharf_server=debug")
    })?;
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    let begun = match format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| Failure::new(format!("logging cannot be set up: {error}")))
}
