//! `wharf version`.

use clap::Args;

use crate::failure::Failure;
use crate::output::print;

/// Say which version this is
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  wharf version")]
pub(crate) struct Version {}

impl Version {
    #[expect(clippy::unused_self, reason = "all commands run in the same way")]
    pub(crate) fn run(self) -> Result<(), Failure> {
        print(concat!("wharf ", env!("CARGO_PKG_VERSION"), "\n"))
    }
}
