//! Pages of `docs/` that must name everything that a source file declares.

use super::{Finding, Tree};

/// A source file, what stands before and behind each name in it, and the page.
const PAGES: &[(&str, &str, &str, &str)] = &[
    (
        "crates/types/src/role/predefined.rs",
        "name: \"roles/",
        "\"",
        "docs/access.md",
    ),
    ("crates/types/src/error.rs", "=> \"", "\"", "docs/errors.md"),
    (
        "crates/types/src/limits.rs",
        "pub const ",
        ":",
        "docs/limits.md",
    ),
];

/// Fails on a name that its page does not have.
pub(super) fn name_everything(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (source, before, behind, page) in PAGES {
        let text_of = |path: &str| tree.files.iter().find(|file| file.path == path);
        let Some(declared) = text_of(source) else {
            continue;
        };
        let text = text_of(page).map_or("", |file| &file.text);
        let names = declared
            .text
            .split(before)
            .skip(1)
            .filter_map(|rest| rest.split(behind).next());
        found.extend(
            names
                .filter(|name| !text.contains(&format!("{name}`")))
                .map(|name| Finding {
                    place: (*page).into(),
                    message: format!("does not name `{name}` of {source}"),
                }),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    #[test]
    fn a_name_that_its_page_forgets_is_found() {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        let mut tree = Tree {
            files: vec![file(
                "crates/types/src/error.rs",
                "Self::A => \"A_CODE\",\nSelf::B => \"B_CODE\",\n",
            )],
            ..Tree::default()
        };
        assert_eq!(name_everything(&tree).len(), 2);
        tree.files.push(file("docs/errors.md", "`A_CODE` means"));
        let found = name_everything(&tree);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("B_CODE"));
    }
}
