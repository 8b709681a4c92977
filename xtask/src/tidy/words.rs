//! Words that may not stand in any text.

use super::{Finding, Tree};

/// What a half-finished place is marked with, put together here so that this file is not one.
const LEFT_FOR_LATER: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("unimplemented", "!"),
    concat!("todo", "!"),
];

/// Fails on a mark of unfinished work.
pub(super) fn nothing_is_left_for_later(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &tree.files {
        for (number, line) in (1..).zip(file.text.lines()) {
            let marks = LEFT_FOR_LATER.iter().filter(|mark| has_word(line, mark));
            found.extend(marks.map(|mark| Finding {
                place: format!("{}:{number}", file.path),
                message: format!("{mark}: finish it, or file an issue"),
            }));
        }
    }
    found
}

/// Whether `word` stands in `line` as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let goes_on = word.ends_with(is_part) && after.is_some_and(is_part);
        !(goes_on || before.is_some_and(is_part))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::file;
    use super::*;

    #[test]
    fn a_mark_of_unfinished_work_is_found() {
        for mark in LEFT_FOR_LATER {
            let tree = file("docs/a.md", &format!("one\n// {mark} later\n"));
            let found = nothing_is_left_for_later(&tree);
            assert_eq!(found.len(), 1, "{mark}");
            assert_eq!(found[0].place, "docs/a.md:2");
        }
    }

    #[test]
    fn a_longer_word_that_contains_a_mark_passes() {
        let text = concat!("MASTO", "DONS EPITO", "DO");
        assert_eq!(nothing_is_left_for_later(&file("a.rs", text)), []);
    }
}
