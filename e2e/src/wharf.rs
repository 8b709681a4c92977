//! The command line, as some account.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Output, Program};
use crate::registry::{TestRegistry, binary};

/// `wharf` with an endpoint, a key file and a home folder of its own.
#[derive(Clone, Debug)]
pub struct Wharf {
    endpoint: String,
    key_file: PathBuf,
    home: PathBuf,
    ca: Option<PathBuf>,
}

impl Wharf {
    /// The command line as the account whose key this is.
    pub fn new(registry: &TestRegistry, key_file: &Path) -> Self {
        let home = registry.scratch().join("home");
        fs::create_dir_all(&home).unwrap();
        Self {
            endpoint: registry.url(),
            key_file: key_file.to_owned(),
            home,
            ca: Some(registry.ca()).filter(|ca| ca.exists()),
        }
    }

    /// A command, not yet run. The words are split at spaces: `"projects create shop"`.
    pub fn command(&self, words: &str) -> Program {
        self.program().args(words.split_whitespace())
    }

    /// The program with its environment and no argument yet.
    pub fn program(&self) -> Program {
        self.equip(Program::new(binary()))
    }

    /// Gives a program that runs `wharf` in the end its environment: `cluster.on_node(binary())`, `kubectl wharf`.
    pub fn equip(&self, program: Program) -> Program {
        let program = program
            .env("HOME", &self.home)
            .env("WHARF_ENDPOINT", &self.endpoint)
            .env("WHARF_KEY_FILE", &self.key_file);
        match &self.ca {
            Some(ca) => program.env("WHARF_CA_FILE", ca),
            None => program,
        }
    }

    /// Runs a command that must succeed.
    pub fn run(&self, words: &str) -> Output {
        self.command(words).succeeds()
    }

    /// Runs a command that must fail.
    pub fn refused(&self, words: &str) -> Output {
        self.command(words).fails()
    }

    /// Makes a service account with a key and returns the key's path. `folder` takes the file.
    pub fn account_with_key(&self, project: &str, name: &str, folder: &Path) -> PathBuf {
        self.run(&format!(
            "iam service-accounts create {name} --project {project}"
        ));
        self.new_key(project, name, folder)
    }

    /// One more key of an account.
    pub fn new_key(&self, project: &str, name: &str, folder: &Path) -> PathBuf {
        let path = (1..)
            .map(|n| folder.join(format!("{project}-{name}-{n}.json")))
            .find(|path| !path.exists())
            .unwrap();
        self.command("iam service-accounts keys create")
            .arg(&path)
            .args(["--iam-account", &email(project, name)])
            .succeeds();
        path
    }

    /// Grants a role on a project to an account.
    pub fn grant(&self, project: &str, name: &str, role: &str) {
        self.run(&format!(
            "projects add-iam-policy-binding {project} --member serviceAccount:{} --role {role} --condition None",
            email(project, name)
        ));
    }
}

/// `NAME@PROJECT.iam.gserviceaccount.com`
pub fn email(project: &str, name: &str) -> String {
    format!("{name}@{project}.iam.gserviceaccount.com")
}
