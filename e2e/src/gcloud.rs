//! Google's command line, as some account: the genuine `gcloud` and `gsutil`, pointed at a registry by what
//! `wharf gcloud-env` prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Output, Program};
use crate::{Gate, TestRegistry, Wharf};

/// How long a command may take: the program alone needs two seconds of a processor before it begins.
const DEADLINE: Duration = Duration::from_secs(150);
/// `gcloud` with a configuration and a home of its own. What is around it is not seen, and it reaches no other machine: the
/// test fails if it tried to.
#[derive(Debug)]
pub struct Gcloud {
    folder: TempDir,
    environment: Vec<(String, String)>,
    gate: Option<Gate>,
}

impl Gcloud {
    /// gcloud as the account whose key this is, in the account's project.
    pub fn new(registry: &TestRegistry, key_file: &Path) -> Self {
        let words = "gcloud-env";
        Self::log_in(Wharf::new(registry, key_file).command(words), key_file)
    }

    /// gcloud as the account whose key this is, in some project.
    pub fn in_project(registry: &TestRegistry, key_file: &Path, project: &str) -> Self {
        let words = format!("gcloud-env --project {project}");
        Self::log_in(Wharf::new(registry, key_file).command(&words), key_file)
    }

    /// gcloud as nobody yet.
    pub fn logged_out(registry: &TestRegistry) -> Self {
        Self::pointed_by(registry.wharf().command("gcloud-env"))
    }

    /// gcloud in the environment that a `wharf gcloud-env` prints.
    pub fn pointed_by(gcloud_env: Program) -> Self {
        let script = gcloud_env.succeeds().stdout;
        // A genuine shell reads it, as a person's does.
        let set = Program::new("/bin/sh")
            .in_plain_environment()
            .args(["-c", &format!("{script}\nenv")])
            .succeeds();
        let own = |line: &str| line.starts_with("CLOUDSDK_");
        let variables = set.stdout.lines().filter(|line| own(line));
        let variables = variables.filter_map(|line| line.split_once('='));
        let environment = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let folder = TempDir::with_prefix("wharf-e2e-gcloud-").unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self {
            folder,
            environment,
            gate: Some(Gate::shut()),
        }
    }

    fn log_in(gcloud_env: Program, key_file: &Path) -> Self {
        let gcloud = Self::pointed_by(gcloud_env);
        gcloud.activate(key_file);
        gcloud
    }

    /// Logs in as the account whose key this is.
    pub fn activate(&self, key_file: &Path) -> Output {
        self.command("auth activate-service-account --key-file")
            .arg(key_file)
            .succeeds()
    }

    /// One more variable, or another value of one: a property of gcloud.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a watch on where it wants to go, for a test that runs on an island.
    #[must_use]
    pub fn unwatched(mut self) -> Self {
        self.gate = None;
        self
    }

    /// gcloud's own folder.
    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    /// The home folder of the programs.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path for the test's own files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the test's own.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A command of gcloud, not yet run. The words are split at spaces: `"projects list"`.
    pub fn command(&self, words: &str) -> Program {
        self.program("gcloud").args(words.split_whitespace())
    }

    /// Another program in the same environment: `gsutil`, `docker-credential-gcloud`.
    pub fn program(&self, name: &str) -> Program {
        self.equip(Program::new(name))
    }

    /// Gives a program that runs gcloud in the end its environment: `unshare …`, `docker login`.
    pub fn equip(&self, program: Program) -> Program {
        let own = [
            ("HOME", self.home().display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            (
                "CLOUDSDK_CONFIG",
                self.configuration().display().to_string(),
            ),
            // Nobody is asked, nobody is told, and no other machine is looked for.
            ("CLOUDSDK_CORE_DISABLE_PROMPTS", "true".to_owned()),
            ("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true".to_owned()),
            ("CLOUDSDK_CORE_DISABLE_FILE_LOGGING", "true".to_owned()),
            ("CLOUDSDK_CORE_CHECK_GCE_METADATA", "false".to_owned()),
            (
                "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK",
                "true".to_owned(),
            ),
        ];
        let set = self.environment.iter();
        let set = set.map(|(name, value)| (name.as_str(), value.clone()));
        let all = own.into_iter().chain(set);
        let program = program.in_plain_environment().deadline(DEADLINE);
        let program = all.fold(program, |program, (name, value)| program.env(name, value));
        match &self.gate {
            Some(gate) => gate.equip(program),
            None => program,
        }
    }

    /// Runs a command that must succeed.
    pub fn run(&self, words: &str) -> Output {
        self.command(words).succeeds()
    }

    /// Runs a command that must succeed; what it prints, as data.
    pub fn json(&self, words: &str) -> Value {
        self.command(words).arg("--format=json").succeeds().json()
    }

    /// Runs a command that must fail. A crash of gcloud is no proper failure.
    pub fn refused(&self, words: &str) -> Output {
        let output = self.command(words).fails();
        assert!(!has_crashed(&output), "gcloud crashed on {words}\n{output}");
        output
    }

    /// A command of gsutil, which hands its work to `gcloud storage`, as `wharf gcloud-env --boto` has it.
    pub fn gsutil(&self, words: &str) -> Program {
        let boto = self.home().join(".boto");
        if !boto.exists() {
            let printed = Program::new(crate::registry::binary()).args(["gcloud-env", "--boto"]);
            fs::write(boto, printed.succeeds().stdout).unwrap();
        }
        self.program("gsutil").args(words.split_whitespace())
    }
}

impl Drop for Gcloud {
    fn drop(&mut self) {
        let refused = self.gate.as_ref().map(Gate::refused).unwrap_or_default();
        assert!(
            refused.is_empty() || std::thread::panicking(),
            "gcloud wanted to reach {refused:?}"
        );
    }
}

/// Whether gcloud ended in an error of its own that it did not foresee.
pub fn has_crashed(output: &Output) -> bool {
    output.stderr.contains("gcloud crashed") || output.stderr.contains("Traceback")
}
