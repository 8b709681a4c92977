//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that the compiler does not know.
//!
//! A rule is a pure function from the [`Tree`] to what it found, so that its test can hand it a tree that breaks it.

mod edges;
mod files;
mod libraries;
mod limits;
mod pages;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// What the rules look at.
#[derive(Default)]
struct Tree {
    packages: Vec<Package>,
    files: Vec<File>,
}

impl Tree {
    /// The package that a file belongs to.
    fn package_of(&self, file: &File) -> Option<&Package> {
        self.packages.iter().find(|package| {
            file.path
                .strip_prefix(&package.folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// A package of the workspace.
struct Package {
    name: String,
    /// Where it lies, relative to the root.
    folder: String,
    /// Names of its direct dependencies, those of tests and build scripts included.
    dependencies: Vec<String>,
}

/// A text file that belongs to the repository.
struct File {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// Lines of code, numbered from 1, without the rest of a line behind `//`.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| {
            let code = line.split_once("//").map_or(line, |(code, _comment)| code);
            (index + 1, code)
        })
    }
}

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: String,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    edges::only_those_of_the_picture,
    libraries::are_imported_only_by_their_rooms,
    libraries::are_named_only_in_their_rooms,
    files::are_not_too_long,
    files::are_named_after_what_they_hold,
    words::nothing_is_left_for_later,
    limits::have_a_reason,
    pages::name_everything,
];

/// Runs every rule and prints what it found.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let tree = Tree {
        packages: packages(root)?,
        files: files(root)?,
    };
    let found: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    for finding in &found {
        println!("{finding}");
    }
    ensure!(found.is_empty(), "{} places are not tidy", found.len());
    Ok(())
}

fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        packages: Vec<Described>,
    }
    #[derive(serde::Deserialize)]
    struct Described {
        name: String,
        manifest_path: PathBuf,
        dependencies: Vec<Dependency>,
    }
    #[derive(serde::Deserialize)]
    struct Dependency {
        name: String,
    }
    let metadata = output(
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--no-deps"])
            .current_dir(root),
    )?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let root = root.canonicalize()?;
    let package = |described: Described| {
        let folder = described.manifest_path.parent().unwrap_or(&root);
        Ok(Package {
            folder: folder.strip_prefix(&root)?.display().to_string(),
            name: described.name,
            dependencies: described.dependencies.into_iter().map(|d| d.name).collect(),
        })
    };
    metadata.packages.into_iter().map(package).collect()
}

/// What git tracks or would track; files that are no text are left out.
fn files(root: &Path) -> anyhow::Result<Vec<File>> {
    let list = output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
    )?;
    let mut files = Vec::new();
    for path in list.lines() {
        // A file that was just deleted is still in the list; an image or a fuzz seed is no text.
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            let path = path.to_owned();
            files.push(File { path, text });
        }
    }
    ensure!(
        !files.is_empty(),
        "git lists no files: run this in a checkout"
    );
    Ok(files)
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("running {:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{:?} failed",
        command.get_program()
    );
    String::from_utf8(output.stdout).context("reading its output")
}

#[cfg(test)]
mod testing {
    use super::{File, Package, Tree};

    /// A tree of one file.
    pub(super) fn file(path: &str, text: &str) -> Tree {
        Tree {
            files: vec![File {
                path: path.into(),
                text: text.into(),
            }],
            ..Tree::default()
        }
    }

    /// A tree of one package, in a folder of its own name.
    pub(super) fn package(name: &str, dependencies: &[&str]) -> Tree {
        Tree {
            packages: vec![Package {
                name: name.into(),
                folder: name.into(),
                dependencies: dependencies.iter().map(|name| (*name).into()).collect(),
            }],
            ..Tree::default()
        }
    }
}
