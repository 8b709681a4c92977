//! How long files are and what they are called.

use std::path::Path;

use super::{Finding, Tree};

/// Lines of a Rust file. One that is longer has more than one idea in it.
const LINES_MAX: usize = 800;

/// Names that say nothing about what is inside, so that everything ends there.
const DRAWERS: &[&str] = &["util", "utils", "helpers", "common", "misc", "manager"];

/// Fails on a Rust file that is longer than [`LINES_MAX`].
pub(super) fn are_not_too_long(tree: &Tree) -> Vec<Finding> {
    let lengths = tree
        .files
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| (file, file.text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| Finding {
            place: file.path.clone(),
            message: format!("has {lines} lines, more than {LINES_MAX}: split it by idea"),
        })
        .collect()
}

/// Fails on a file or folder that is named like a drawer.
pub(super) fn are_named_after_what_they_hold(tree: &Tree) -> Vec<Finding> {
    tree.files
        .iter()
        .filter(|file| {
            Path::new(&file.path)
                .with_extension("")
                .components()
                .any(|part| DRAWERS.iter().any(|name| part.as_os_str() == *name))
        })
        .map(|file| Finding {
            place: file.path.clone(),
            message: "is named like a drawer for everything: name it after what it holds".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::file;
    use super::*;

    #[test]
    fn a_file_of_more_than_800_lines_is_found() {
        let long = "//\n".repeat(LINES_MAX + 1);
        assert_eq!(are_not_too_long(&file("a.rs", &long)).len(), 1);
        assert_eq!(are_not_too_long(&file("a.md", &long)), []);
        assert_eq!(are_not_too_long(&file("a.rs", &long[3..])), []);
    }

    #[test]
    fn a_drawer_is_found() {
        for path in ["crates/app/src/utils.rs", "crates/app/src/common/mod.rs"] {
            assert_eq!(
                are_named_after_what_they_hold(&file(path, "")).len(),
                1,
                "{path}"
            );
        }
        let tree = file("crates/app/src/common_name.rs", "");
        assert_eq!(are_named_after_what_they_hold(&tree), []);
    }
}
