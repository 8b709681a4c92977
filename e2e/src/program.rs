//! Programs of other people, run with a deadline and never left behind.

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::wait::wait_for;

/// How long a program may take unless the test says otherwise.
const DEADLINE: Duration = Duration::from_secs(60);

/// The docker command of Debian's package, whatever else of that name comes first on the `PATH`.
pub const DOCKER: &str = "/usr/bin/docker";

/// A program to run. What it needs and is not there fails the test: nothing is skipped.
#[derive(Debug)]
pub struct Program {
    command: Command,
    shown: String,
    stdin: Vec<u8>,
    deadline: Duration,
}

/// What a program said.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
}

impl Program {
    /// A program by name (on the `PATH`, or one of the [`tool`]s) or by path.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        Self {
            command: Command::new(program),
            shown: program.to_string_lossy().into_owned(),
            stdin: Vec::new(),
            deadline: DEADLINE,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes nothing of the test's own environment but the `PATH`. Variables given before this are gone, too.
    #[must_use]
    pub fn in_plain_environment(mut self) -> Self {
        self.command.env_clear();
        let path = std::env::var_os("PATH").unwrap_or_default();
        self.env("PATH", path)
    }

    /// The folder that it runs in.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads from standard input: nothing, unless told so.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// How long it may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs it to its end, whatever that is.
    pub fn run(mut self) -> Output {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error} (e2e/install.sh installs it)", self.shown));
        let stdout = drain(child.stdout.take().unwrap());
        let stderr = drain(child.stderr.take().unwrap());
        let mut pipe = child.stdin.take().unwrap();
        let stdin = std::mem::take(&mut self.stdin);
        // A program that does not read its input closes the pipe: that is its affair.
        let feeder = thread::spawn(move || pipe.write_all(&stdin).ok());
        let status = wait_until(&mut child, Instant::now() + self.deadline);
        if status.is_none() {
            end_group(&mut child, Signal::KILL);
        }
        feeder.join().unwrap();
        let output = Output {
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            code: status.and_then(|status| status.code()),
        };
        assert!(
            status.is_some(),
            "{} did not end within {:?}\n{output}",
            self.shown,
            self.deadline
        );
        output
    }

    /// Runs it; the test fails unless it succeeds.
    pub fn succeeds(self) -> Output {
        let shown = self.shown.clone();
        let output = self.run();
        assert!(output.code == Some(0), "{shown} failed\n{output}");
        output
    }

    /// Runs it; the test fails unless it fails. A program that a signal ended did not fail properly.
    pub fn fails(self) -> Output {
        let shown = self.shown.clone();
        let output = self.run();
        assert!(
            output.code.is_some_and(|code| code != 0),
            "{shown} should have failed\n{output}"
        );
        output
    }
}

impl Output {
    /// Standard output without the newline at its end.
    pub fn line(&self) -> &str {
        self.stdout.trim_end()
    }

    /// Everything that it said, for a look whether a message is in it.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code: {:?}\nstdout:\n{}\nstderr:\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// The path of a tool that `e2e/install.sh` built, which puts them all into one folder.
pub fn tool(name: &str) -> std::path::PathBuf {
    let folder = std::env::var_os("WHARF_E2E_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/bin"),
        Into::into,
    );
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is not there: run e2e/install.sh",
        path.display()
    );
    path
}

/// Waits for a child until `deadline`; none if it still runs then.
pub(crate) fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return Some(status),
            None if Instant::now() >= deadline => return None,
            None => thread::sleep(Duration::from_millis(3)),
        }
    }
}

/// Sends a signal to a child and all that it started, and waits for the child's end.
pub(crate) fn end_group(child: &mut Child, signal: Signal) -> ExitStatus {
    if let Some(status) = child.try_wait().unwrap() {
        return status;
    }
    let group = Pid::from_child(child);
    // It may have ended by itself just now.
    kill_process_group(group, signal).ok();
    wait_for("end of a killed process", DEADLINE, || {
        child.try_wait().unwrap()
    })
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
