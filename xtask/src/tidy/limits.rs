//! `limits.rs` holds every bound of the system, and each has its reason.

use super::{Finding, Tree};

/// Fails on a constant of a `limits.rs` whose line above is no doc comment.
pub(super) fn have_a_reason(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let pages = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with("/limits.rs") && file.path.starts_with("crates/"));
    for file in pages {
        let mut above = "";
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.starts_with("pub const ") && !above.starts_with("///") {
                found.push(Finding {
                    place: format!("{}:{number}", file.path),
                    message: "a limit without its reason: write a doc comment".into(),
                });
            }
            above = line;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::file;
    use super::*;

    #[test]
    fn a_limit_without_a_reason_is_found() {
        let text = "/// Because.\npub const A: usize = 1;\npub const B: usize = 2;\n";
        let found = have_a_reason(&file("crates/types/src/limits.rs", text));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "crates/types/src/limits.rs:3");
    }
}
