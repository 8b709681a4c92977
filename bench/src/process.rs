//! A server as a process: started, watched through `/proc`, stopped.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Time for a server to come up, and to go down before it is killed.
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(10);
/// `/proc` counts processor time in ticks of 10 ms (USER_HZ, the same on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;

/// A child process with its own children; stopped when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command whose output goes to a file in the folder.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Result<Self> {
        let log = folder.join("server.log");
        let output = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?;
        Ok(Self { child, log })
    }

    /// Waits until `ready` says so, looking again every half millisecond.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.log_end());
            }
            if Instant::now() > deadline {
                bail!(
                    "the server is not up after {START_MAX:?}:\n{}",
                    self.log_end()
                );
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    /// Waits until somebody listens.
    pub(crate) fn wait_for(&mut self, address: SocketAddr) -> Result<()> {
        self.wait_until(|| TcpStream::connect(address).is_ok())
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let ticks = |pid: &u32| -> Option<u64> {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name in brackets may hold spaces; user and system time are the 12th and 13th field after it.
            let fields = &stat[stat.rfind(')')? + 2..];
            let times = fields.split(' ').skip(11).take(2);
            times.map(|time| time.parse::<u64>().ok()).sum()
        };
        self.family().iter().filter_map(ticks).sum::<u64>() as f64 / TICKS_PER_SECOND
    }

    /// Memory in use now.
    pub(crate) fn memory_kib(&self) -> u64 {
        self.status_sum("VmRSS:")
    }

    /// The most memory that was in use since the start or the last [`Process::forget_memory_peak`].
    pub(crate) fn memory_peak_kib(&self) -> u64 {
        self.status_sum("VmHWM:")
    }

    pub(crate) fn forget_memory_peak(&self) -> Result<()> {
        for pid in self.family() {
            std::fs::write(format!("/proc/{pid}/clear_refs"), "5")
                .context("resetting the memory peak of the server")?;
        }
        Ok(())
    }

    fn status_sum(&self, field: &str) -> u64 {
        let value = |pid: &u32| -> Option<u64> {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        self.family().iter().filter_map(value).sum()
    }

    /// The process and its children.
    fn family(&self) -> Vec<u32> {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        [pid].into_iter().chain(children).collect()
    }

    /// Asks the process to end, and kills it when it does not.
    pub(crate) fn stop(&mut self) {
        let deadline = Instant::now() + STOP_MAX;
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// The program of that name in `PATH` or where Debian keeps daemons.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
