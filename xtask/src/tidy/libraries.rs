//! Libraries that are one room's business: SQL is the store's, HTTP the server's, the client's and, to other
//! servers, the outbound room's. The cluster room has
//! HTTP too: the Kubernetes client is built of it, and the doctor tries pulls from anybody's registry.

use super::{File, Finding, Tree};

/// A library and the packages that may use it.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["wharf-store"]),
    ("cel", &["wharf-app"]),
    (
        "reqwest",
        &[
            "wharf-outbound",
            "wharf-client",
            "wharf-cluster",
            "wharf-e2e",
        ],
    ),
    ("clap", &["wharf", "wharf-bench"]),
    ("axum", &["wharf-server", "wharf-bench"]),
    ("axum-server", &["wharf-server"]),
    ("tower", &["wharf-server", "wharf-cluster"]),
    ("tower-http", &["wharf-server"]),
    (
        "http",
        &[
            "wharf-server",
            "wharf-client",
            "wharf-cluster",
            "wharf-e2e",
            "wharf-bench",
        ],
    ),
    ("hyper", &["wharf-server", "wharf-bench"]),
];

/// Fails on a dependency that is reserved to other packages.
pub(super) fn are_imported_only_by_their_rooms(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in &tree.packages {
        for dependency in &package.dependencies {
            let home = HOMES.iter().find(|(name, _)| name == dependency);
            if let Some((_, packages)) = home
                && !packages.contains(&package.name.as_str())
            {
                found.push(Finding {
                    place: package.name.clone(),
                    message: format!("imports {dependency}, which is for {}", packages.join(", ")),
                });
            }
        }
    }
    found
}

/// Fails where code names a library that is reserved to other packages: it can come in through a re-export.
pub(super) fn are_named_only_in_their_rooms(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let Some(package) = tree.package_of(file) else {
            continue;
        };
        for (library, packages) in HOMES {
            if packages.contains(&package.name.as_str()) {
                continue;
            }
            found.extend(places(file, library).map(|place| Finding {
                place,
                message: format!("names {library}, which is for {}", packages.join(", ")),
            }));
        }
    }
    found
}

/// The lines whose code begins a path with `library`.
fn places<'f>(file: &'f File, library: &str) -> impl Iterator<Item = String> + use<'f> {
    let path = format!("{}::", library.replace('-', "_"));
    let is_named = move |code: &str| {
        code.match_indices(&path).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
        })
    };
    file.code()
        .filter(move |(_, code)| is_named(code))
        .map(|(number, _)| format!("{}:{number}", file.path))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{file, package};
    use super::*;

    #[test]
    fn an_import_of_another_rooms_library_is_found() {
        for (from, library) in [("wharf-app", "rusqlite"), ("wharf-types", "http")] {
            let found = are_imported_only_by_their_rooms(&package(from, &[library]));
            assert_eq!(found.len(), 1, "{from} -> {library}");
        }
        let tree = package("wharf-store", &["rusqlite"]);
        assert_eq!(are_imported_only_by_their_rooms(&tree), []);
    }

    /// How often `code`, with the library in the place of `LIBRARY`, breaks the rule in a package.
    fn found_in(package_name: &str, library: &str, code: &str) -> usize {
        let tree = Tree {
            packages: package(package_name, &[]).packages,
            ..file(
                &format!("{package_name}/src/lib.rs"),
                &code.replace("LIBRARY", library),
            )
        };
        are_named_only_in_their_rooms(&tree).len()
    }

    #[test]
    fn a_path_into_another_rooms_library_is_found() {
        for (package, library, code) in [
            ("wharf-app", "rusqlite", "use LIBRARY::Connection;"),
            ("wharf-app", "http", "fn status() -> LIBRARY::StatusCode {"),
            ("wharf-types", "axum", "impl LIBRARY::extract::X for Y"),
            ("wharf-store", "axum_server", "LIBRARY::tls()"),
        ] {
            assert_eq!(found_in(package, library, code), 1, "{code}");
        }
    }

    #[test]
    fn a_library_at_home_or_in_a_comment_passes() {
        for (package, library, code) in [
            ("wharf-store", "rusqlite", "use LIBRARY::Connection;"),
            ("wharf-app", "rusqlite", "// not LIBRARY::Connection"),
            ("wharf-app", "http", "crate::LIBRARY::X; another_LIBRARY::Y"),
        ] {
            assert_eq!(found_in(package, library, code), 0, "{code}");
        }
    }
}
