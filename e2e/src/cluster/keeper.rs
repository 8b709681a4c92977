//! The process that holds a cluster up, and cleans up after it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Program;
use crate::names::NameServer;
use crate::wait::wait_for;

use super::plan::Plan;
use super::{build, certificates, cgroups, kubelet, network, runtime};

/// How long a start may take, on a machine that does other things as well.
const START_DEADLINE: Duration = Duration::from_secs(180);
const STOP_DEADLINE: Duration = Duration::from_secs(60);
/// How often the node is looked at.
const INTERVAL: Duration = Duration::from_millis(50);
/// What is shown of each component's log when the cluster breaks.
const LINES_SHOWN: usize = 15;

/// Who ends a cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// [`take_down`] of its folder.
    TakenDown,
    /// The process that holds the other end of standard input: when it is gone, so is the cluster.
    InputCloses,
}

/// Brings a cluster up in a folder and keeps it. Returns when it is gone, true if that was as it should be.
pub fn keep(folder: &Path, until: Until) -> bool {
    let plan = Plan::make(folder, build::kubernetes());
    let mut lock = File::create(plan.path("lock")).unwrap();
    lock.try_lock().unwrap();
    write!(lock, "{}", std::process::id()).unwrap();
    // Whatever goes wrong on the way up, what was made by then is cleaned up.
    let held = catch_unwind(|| {
        prepare(&plan);
        hold(&plan, until)
    });
    clean(&plan);
    held.unwrap_or(false)
}

/// Runs the node until it is to end (true) or breaks.
fn hold(plan: &Plan, until: Until) -> bool {
    let input = thread::spawn(move || match until {
        Until::InputCloses => {
            std::io::stdin().read_to_end(&mut Vec::new()).ok();
        }
        Until::TakenDown => loop {
            thread::park();
        },
    });
    let mut node = Node::start(plan);
    let end = Instant::now() + START_DEADLINE;
    let mut ready = false;
    while !input.is_finished() {
        if let Some(status) = node.0.try_wait().unwrap() {
            eprintln!("the cluster in {} broke: {status}", plan.folder.display());
            show_logs(plan);
            return false;
        }
        if !ready && is_ready(plan) {
            fs::write(plan.path("ready"), "").unwrap();
            ready = true;
        }
        if !ready && Instant::now() > end {
            eprintln!("the cluster was not ready within {START_DEADLINE:?}");
            show_logs(plan);
            return false;
        }
        thread::sleep(INTERVAL);
    }
    true
}

/// Takes down the cluster of a folder, whatever has become of it, and removes the folder. False if it has none.
pub fn take_down(folder: &Path) -> bool {
    let Some(plan) = Plan::read(folder) else {
        return false;
    };
    // Its keeper, if it has one still, holds the lock.
    if let Ok(lock) = File::open(plan.path("lock"))
        && lock.try_lock().is_err()
    {
        let keeper = fs::read_to_string(plan.path("lock")).unwrap();
        let keeper = Pid::from_raw(keeper.trim().parse().unwrap()).unwrap();
        kill_process(keeper, Signal::KILL).ok();
        lock.lock().unwrap();
    }
    clean(&plan);
    true
}

/// Makes all that the node finds when it starts.
fn prepare(plan: &Plan) {
    plan.make_folder("log");
    certificates::write(plan);
    runtime::configure(plan);
    kubelet::configure(plan);
    NameServer::start(plan.resolver, &plan.names());
    network::create(plan);
    cgroups::create(plan);
}

/// What the node's first process runs under. Everything in its namespaces ends with it.
struct Node(Child);

impl Node {
    /// Starts it, so that it also ends with this process.
    fn start(plan: &Plan) -> Self {
        let log = File::create(plan.path("log/node")).unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare"])
            .args(["--mount", "--propagation", "private"])
            .args(["--pid", "--fork", "--kill-child=KILL"])
            .arg(std::env::current_exe().unwrap())
            .arg("node")
            .arg(&plan.folder)
            // Its log's last lines are to say which component ended, not where in the harness that was seen.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The node takes Pods, and there is a ServiceAccount for them.
fn is_ready(plan: &Plan) -> bool {
    let kubectl = |words: &str| {
        Program::new("kubectl")
            .arg("--kubeconfig")
            .arg(plan.kubeconfig())
            .args(words.split(' '))
            .run()
    };
    let condition = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
    let node = kubectl(&format!("get node {} -o {condition}", plan.name));
    node.stdout == "True" && kubectl("get serviceaccount default").code == Some(0)
}

/// Removes what outlives the cluster's processes. They may be about to end only.
fn clean(plan: &Plan) {
    wait_for("end of the node's processes", STOP_DEADLINE, || {
        (!node_lives(plan)).then_some(())
    });
    network::remove(plan);
    cgroups::remove(plan);
    fs::remove_dir_all(&plan.folder).unwrap();
}

/// The node's first process is there still. Its number may be another's by now, so its arguments are looked at.
fn node_lives(plan: &Plan) -> bool {
    let Ok(process) = fs::read_to_string(plan.node_process()) else {
        return false;
    };
    let arguments = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&arguments).contains(plan.folder.to_str().unwrap())
}

fn show_logs(plan: &Plan) {
    for log in fs::read_dir(plan.path("log")).unwrap() {
        let log = log.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        eprintln!("--- {}", log.display());
        let skipped = text.lines().count().saturating_sub(LINES_SHOWN);
        for line in text.lines().skip(skipped) {
            eprintln!("{line}");
        }
    }
}
