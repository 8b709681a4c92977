//! Asking before something is gone.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Asks whether to go on, if somebody sits at a terminal and did not say `--quiet`. Scripts are not asked.
pub(crate) fn confirm(what: &str, quiet: bool) -> Result<(), Failure> {
    let (stdin, mut stderr) = (std::io::stdin(), std::io::stderr());
    if quiet || !stdin.is_terminal() || !stderr.is_terminal() {
        return Ok(());
    }
    write!(stderr, "{what}\n\nDo you want to continue (Y/n)? ")
        .and_then(|()| stderr.flush())
        .map_err(|error| Failure::output(&error))?;
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::new(format!("cannot read the answer: {error}")))?;
    if is_yes(&answer) {
        Ok(())
    } else {
        Err(Failure::new("aborted"))
    }
}

/// An empty line is the capital letter, yes. The end of input is no line at all.
fn is_yes(answer: &str) -> bool {
    let is_line = answer.ends_with('\n');
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
        || (is_line && answer.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_goes_on() {
        for yes in ["y\n", "Y\n", "yes", "\n"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["n\n", "no\n", "", "yep\n", "q"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
