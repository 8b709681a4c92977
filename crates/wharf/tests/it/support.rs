//! A registry of the test's own, and the command line with a home of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Far more than anything here takes, for a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(60);
/// The last line that a start prints.
const READY: &str = "  wharf --help\n";

/// `wharf` without anything of the tester's own environment that would change what it does.
pub(crate) fn wharf() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("WHARF_") || text.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: ExitStatus,
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            status: output.status,
        }
    }

    /// It must have ended so.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.status.code(), Some(expected), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    /// stderr must contain each of these.
    #[track_caller]
    pub(crate) fn says(self, expected: &[&str]) -> Self {
        for text in expected {
            assert!(self.stderr.contains(text), "{text:?} is not in {self:#?}");
        }
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A running `wharf serve` in a folder of its own; killed when it goes out of scope.
pub(crate) struct Registry {
    folder: TempDir,
    server: Option<Child>,
    pub(crate) url: String,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let mut registry = Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
            url: String::new(),
        };
        registry.start_again(arguments);
        registry
    }

    /// Starts on the same folder.
    pub(crate) fn start_again(&mut self, arguments: &[&str]) {
        let stdout = self.path("stdout");
        let mut server = wharf()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .args(arguments)
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(self.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        let is_ready =
            wait_for(|| self.printed().ends_with(READY) || server.try_wait().unwrap().is_some());
        assert!(
            is_ready && server.try_wait().unwrap().is_none(),
            "{}",
            self.log()
        );
        self.server = Some(server);
        let printed = self.printed();
        let first = printed.lines().next().unwrap();
        self.url = first.strip_prefix("Listening on ").unwrap().to_owned();
    }

    /// What it printed.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(self.path("stdout")).unwrap()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A path in the test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(self.server.as_ref().unwrap());
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let mut server = self.server.take().unwrap();
        let has_ended = wait_for(|| server.try_wait().unwrap().is_some());
        if !has_ended {
            self.server = Some(server);
            panic!("it still runs: {}", self.log());
        }
        server.wait().unwrap()
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait_for_end()
    }

    /// A command without any login, split at spaces.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = wharf();
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env("WHARF_CONFIG_DIR", self.path("config"));
        command
    }

    /// Runs a command as the owner.
    pub(crate) fn owner(&self, words: &str) -> Outcome {
        self.with_key(&self.data().join("owner.json"), words)
    }

    /// Runs a command with a key file.
    pub(crate) fn with_key(&self, key: &Path, words: &str) -> Outcome {
        let mut command = self.command(words);
        command
            .env("WHARF_ENDPOINT", &self.url)
            .env("WHARF_KEY_FILE", key);
        Outcome::of(command.output().unwrap())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It may have ended by itself, which the test has noticed otherwise.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Waits until something is so. Returns whether it came to be.
pub(crate) fn wait_for(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + DEADLINE;
    while Instant::now() < end {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}
