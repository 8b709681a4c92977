//! A registry of the test's own: the real program, a free port, a folder of its own.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::program::wait_until;
use crate::wait::wait_for;
use crate::{Client, Wharf};

/// How long a start may take: far more than the second it does, for a machine that is busy with other tests.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// How long a graceful end may take.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// What the process may have resident, in bytes, whatever is asked of it.
pub const MEMORY_MAX: u64 = 150 << 20;

/// A running `wharf serve`. When it goes out of scope the process is killed and its folder removed.
#[derive(Debug)]
pub struct TestRegistry {
    server: Option<Child>,
    folder: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    address: SocketAddr,
    scheme: &'static str,
}

impl TestRegistry {
    /// Starts one on plain HTTP.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments of `wharf serve`.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// Starts one on a port of the loopback interface that the test chose, with more arguments of `wharf serve`.
    pub fn start_on(port: u16, arguments: &[&str]) -> Self {
        Self::start_at(port, arguments, &[])
    }

    /// Starts one with more arguments and variables of its environment.
    pub fn start_in(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_at(0, arguments, environment)
    }

    fn start_at(port: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let tls = arguments
            .iter()
            .any(|argument| argument.starts_with("--tls"));
        let mut registry = Self {
            server: None,
            folder: TempDir::with_prefix("wharf-e2e-").unwrap(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            environment: environment
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            scheme: if tls { "https" } else { "http" },
        };
        registry.launch();
        registry
    }

    /// Starts it again after [`Self::stop`] or [`Self::kill`]: same folder, same address.
    pub fn start_again(&mut self) {
        assert!(self.server.is_none(), "it still runs");
        self.launch();
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait_for_end()
    }

    /// Asks it to end (SIGTERM) and does not wait.
    pub fn ask_to_stop(&self) {
        kill_process(Pid::from_child(self.server.as_ref().unwrap()), Signal::TERM).unwrap();
    }

    /// Waits until it has ended.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let mut server = self.server.take().unwrap();
        let ended = wait_until(&mut server, Instant::now() + STOP_DEADLINE);
        if ended.is_none() {
            self.server = Some(server);
        }
        ended.unwrap_or_else(|| panic!("wharf did not end within {STOP_DEADLINE:?}"))
    }

    /// Kills it (SIGKILL): it gets no chance to write anything.
    pub fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// `127.0.0.1:PORT`, which is also the registry's name in an image's.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate of its own authority, if it speaks TLS with `--tls-self-signed`.
    pub fn ca(&self) -> PathBuf {
        self.data().join("tls/ca.pem")
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the test's own files; it goes with the registry.
    pub fn scratch(&self) -> PathBuf {
        let folder = self.folder.path().join("scratch");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The owner's key file.
    pub fn owner_key(&self) -> PathBuf {
        self.data().join("owner.json")
    }

    /// The registry protocol, as the owner.
    pub fn owner(&self) -> Client {
        Client::with_key_file(&self.url(), &self.owner_key())
    }

    /// The registry protocol, as nobody.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(&self.url())
    }

    /// The command line, as the owner.
    pub fn wharf(&self) -> Wharf {
        Wharf::new(self, &self.owner_key())
    }

    /// What the server has printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// What the audit log has so far.
    pub fn audit(&self) -> String {
        fs::read_to_string(self.data().join("audit.jsonl")).unwrap_or_default()
    }

    /// The registry came through unharmed: it answers, nothing panicked, no log has a secret, and it took no more
    /// memory than it may.
    pub fn assert_unharmed(&self, secrets: &[String]) {
        self.anonymous().get("/readyz").send().expect(200);
        let (log, audit) = (self.log(), self.audit());
        for word in ["panicked", "RUST_BACKTRACE", " ERROR "] {
            assert!(!log.contains(word), "{word:?} is in the log");
        }
        for secret in secrets {
            assert!(!secret.is_empty());
            assert!(
                !log.contains(secret.as_str()),
                "a secret is in the log: {secret}"
            );
            assert!(
                !audit.contains(secret.as_str()),
                "a secret is in the audit log: {secret}"
            );
        }
        let peak = self.peak_memory();
        assert!(peak < MEMORY_MAX, "{} MiB resident", peak >> 20);
    }

    /// The most memory that the process has had resident, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.memory_line("VmHWM:")
    }

    /// The memory that the process has resident now, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory_line("VmRSS:")
    }

    fn memory_line(&self, name: &str) -> u64 {
        let pid = self.server.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn launch(&mut self) {
        // After a crash the kernel may hold the port for a moment; the program then says so and ends.
        wait_for("start of wharf serve", START_DEADLINE, || {
            self.launch_once().then_some(())
        });
    }

    /// One try; false if the address was taken.
    fn launch_once(&mut self) -> bool {
        let log = open_log(&self.log_path());
        let printed_before = self.log().len();
        // setpriv sees to it that the server does not outlive a test process that is killed.
        let mut server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(binary())
            .arg("serve")
            .arg("--data")
            .arg(self.data())
            .args(["--listen", &self.address.to_string()])
            .args(&self.arguments)
            .env_remove("RUST_LOG")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let asked_for = self.address;
        let address = wait_for("address in wharf's output", START_DEADLINE, || {
            let printed = self.log()[printed_before..].to_owned();
            if let Some(status) = server.try_wait().unwrap() {
                assert!(
                    asked_for.port() != 0 && printed.contains("in use"),
                    "wharf ended at once ({status}):\n{printed}"
                );
                return Some(None);
            }
            match asked_for.port() {
                0 => find_address(&printed).map(Some),
                // A port that is the scheme's own is not printed.
                _ => printed.contains("Listening on ").then_some(Some(asked_for)),
            }
        });
        let Some(address) = address else { return false };
        self.address = address;
        self.server = Some(server);
        let ready = Client::anonymous(&self.url());
        wait_for("readiness", START_DEADLINE, || {
            let answer = ready.get("/readyz").try_send().ok()?;
            (answer.status == 200).then_some(())
        });
        true
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().ok();
            server.wait().ok();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.lines().count().saturating_sub(60);
            eprintln!("--- the registry's last lines");
            for line in log.lines().skip(tail) {
                eprintln!("{line}");
            }
        }
    }
}

/// Pieces of a key file that must be in no log, as it is and as clients send it.
pub fn secrets_of(key_file: &Path) -> Vec<String> {
    let text = fs::read_to_string(key_file).unwrap();
    let key: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pem = key["private_key"].as_str().unwrap();
    let mut secrets: Vec<String> = pem
        .lines()
        .filter(|line| !line.contains("---"))
        .map(ToOwned::to_owned)
        .collect();
    let basic = BASE64_STANDARD.encode(format!("_json_key:{text}"));
    // Any stretch of it would do; the first ones are the user's name.
    secrets.push(basic[200..260].to_owned());
    secrets
}

/// The `wharf` to test: `WHARF_BIN`, else the newest that cargo has built beside this test.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("WHARF_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let built = |profile: &str| {
        let path = target.join(profile).join("wharf");
        let modified = fs::metadata(&path).and_then(|file| file.modified()).ok()?;
        Some((modified, path))
    };
    let newest: Option<(SystemTime, PathBuf)> =
        ["debug", "release"].into_iter().filter_map(built).max();
    newest
        .expect("wharf is not built: run ./test.sh, or cargo build --release first")
        .1
}

fn open_log(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

/// The first address on the loopback interface, with a port, that stands in a text.
fn find_address(text: &str) -> Option<SocketAddr> {
    let (_, rest) = text.split_once("127.0.0.1:")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    // The line may not be written to its end yet.
    let (port, rest) = rest.split_at(digits);
    (!rest.is_empty()).then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap())))
}
