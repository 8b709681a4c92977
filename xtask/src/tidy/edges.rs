//! Who may import whom: the picture of ARCHITECTURE.md as data.

use super::{Finding, Tree};

/// A room and the rooms below it that it may import. Whoever may import a room may not thereby import what lies below
/// it: `server` sees `app`, and not the `store` under it. The words are there for everyone.
const ROOMS: &[(&str, &[&str])] = &[
    ("wharf-types", &[]),
    ("wharf-store", &["wharf-types"]),
    ("wharf-outbound", &["wharf-types"]),
    (
        "wharf-app",
        &["wharf-types", "wharf-store", "wharf-outbound"],
    ),
    ("wharf-server", &["wharf-types", "wharf-app"]),
    ("wharf-client", &["wharf-types"]),
    ("wharf-cluster", &["wharf-types", "wharf-client"]),
    (
        "wharf",
        &[
            "wharf-types",
            "wharf-store",
            "wharf-outbound",
            "wharf-app",
            "wharf-server",
            "wharf-client",
            "wharf-cluster",
        ],
    ),
    // They know a registry only as its clients do, from outside.
    ("wharf-bench", &[]),
    ("wharf-e2e", &[]),
    ("xtask", &[]),
];

/// Fails on an arrow that is not in the picture. Tests keep to it too: a test that needs a higher room belongs there.
pub(super) fn only_those_of_the_picture(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in &tree.packages {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == package.name) else {
            found.push(Finding {
                place: package.name.clone(),
                message: "is not in the picture: draw it in ARCHITECTURE.md and in this list"
                    .into(),
            });
            continue;
        };
        for dependency in &package.dependencies {
            let is_room = ROOMS.iter().any(|(room, _)| room == dependency);
            if is_room && !allowed.contains(&dependency.as_str()) {
                found.push(Finding {
                    place: package.name.clone(),
                    message: format!(
                        "may not import {dependency}: ARCHITECTURE.md has no such arrow"
                    ),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::package;
    use super::*;

    #[test]
    fn arrows_of_the_picture_pass() {
        let tree = package("wharf-server", &["wharf-app", "wharf-types", "bytes"]);
        assert_eq!(only_those_of_the_picture(&tree), []);
    }

    #[test]
    fn an_arrow_outside_the_picture_is_found() {
        for (from, to) in [
            ("wharf-types", "wharf-store"),
            ("wharf-server", "wharf-store"),
            ("wharf-server", "wharf-outbound"),
            ("wharf-outbound", "wharf-store"),
            ("wharf-app", "wharf-server"),
            ("wharf-cluster", "wharf-app"),
            ("wharf-client", "wharf-server"),
            ("wharf-bench", "wharf-app"),
        ] {
            let found = only_those_of_the_picture(&package(from, &[to]));
            assert_eq!(found.len(), 1, "{from} -> {to}");
            assert!(found[0].message.contains(to));
        }
    }

    #[test]
    fn a_package_that_nobody_drew_is_found() {
        assert_eq!(only_those_of_the_picture(&package("drawer", &[])).len(), 1);
    }
}
