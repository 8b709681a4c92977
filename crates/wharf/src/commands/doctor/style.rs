//! Colours on a terminal, lines of a width that one reads at ease, and a word about what is under way.

use std::io::{IsTerminal as _, Write as _};

/// Columns of a line.
const WIDTH: usize = 100;

/// How text is emphasized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    has_colours: bool,
}

impl Style {
    /// No emphasis.
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { has_colours: false };

    /// Colours when stdout is a terminal and nobody set `NO_COLOR`.
    pub(super) fn of_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// The same for stderr.
    pub(super) fn of_stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a convention of terminals, not an option of ours"
    )]
    fn of(is_terminal: bool) -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            has_colours: is_terminal && !is_unwanted,
        }
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        let body = text.trim_end_matches('\n');
        let end = &text[body.len()..];
        match self.has_colours {
            true => format!("\u{1b}[{code}m{body}\u{1b}[0m{end}"),
            false => text.to_owned(),
        }
    }
}

/// Breaks a text into lines between words; its own lines stay apart. `first` and `rest` are the columns before it.
pub(super) fn wrap(text: &str, first: usize, rest: usize) -> String {
    let mut out = String::new();
    let mut indent = first;
    for paragraph in text.lines() {
        let mut line = " ".repeat(indent);
        let mut is_empty = true;
        for word in paragraph.split_whitespace() {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                out += &line;
                out.push('\n');
                line = " ".repeat(rest);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line += word;
            is_empty = false;
        }
        out += line.trim_end();
        out.push('\n');
        indent = rest;
    }
    out
}

/// What is under way, on a terminal alone.
pub(super) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self {
            is_shown: !is_quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Says what begins, in the place of what was said before.
    pub(super) fn say(&self, text: &str) {
        if self.is_shown {
            // What the command is for goes on whether this is seen or not.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{text}…");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_their_own() {
        let text = wrap(
            &format!("{} end\nnext", "word ".repeat(20).trim_end()),
            2,
            4,
        );
        let lines: Vec<_> = text.lines().collect();
        assert!(
            lines.iter().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(
            lines[0].starts_with("  word") && lines[1].starts_with("    "),
            "{text}"
        );
        assert_eq!(lines.last(), Some(&"    next"));
    }

    #[test]
    fn a_word_that_is_too_long_is_not_broken() {
        let long = "x".repeat(150);
        assert_eq!(wrap(&long, 2, 2), format!("  {long}\n"));
    }

    #[test]
    fn colours_end_before_the_line_does() {
        let style = Style { has_colours: true };
        assert_eq!(style.strong("a\n"), "\u{1b}[1ma\u{1b}[0m\n");
        assert_eq!(Style::PLAIN.strong("a\n"), "a\n");
    }
}
