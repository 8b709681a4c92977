//! A registry of the test's own, and the command line with a home of its own.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Far more than anything here takes, for a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(180);
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
    /// Runs a command, which must end by itself.
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
        let mut child = command
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let has_ended = wait_for(|| child.try_wait().unwrap().is_some());
        if !has_ended {
            child.kill().unwrap();
        }
        let outcome = Self {
            status: child.wait().unwrap(),
            stdout: fs::read_to_string(stdout).unwrap(),
            stderr: fs::read_to_string(stderr).unwrap(),
        };
        assert!(has_ended, "it runs and runs: {outcome:#?}");
        outcome
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

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        let server = self.server.as_mut().unwrap();
        server.try_wait().unwrap().is_none()
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

    /// Pushes an image that holds nothing but this note, as the owner.
    pub(crate) fn push(&self, repository: &str, tag: &str, note: &str) {
        // The SHA-256 of `{}`, the empty JSON of image-spec.
        const EMPTY: &str =
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        let token = self.owner("auth print-access-token").code(0).stdout;
        let blob = format!("POST /v2/{repository}/blobs/uploads/?digest={EMPTY}");
        let octets = "application/octet-stream";
        self.http(&blob, octets, token.trim(), "{}");
        let descriptor = format!(
            r#"{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{EMPTY}","size":2}}"#
        );
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{descriptor},"layers":[{descriptor}],"annotations":{{"note":"{note}"}}}}"#
        );
        let put = format!("PUT /v2/{repository}/manifests/{tag}");
        self.http(&put, media_type, token.trim(), &manifest);
    }

    /// A connection that does not wait for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// One request that must make something.
    fn http(&self, line: &str, media_type: &str, token: &str, body: &str) {
        let mut stream = self.connect();
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.host(),
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{line}: {answer}");
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
        Outcome::of(&mut command)
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
        #[expect(
            clippy::disallowed_methods,
            reason = "between two looks at a condition"
        )]
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}
