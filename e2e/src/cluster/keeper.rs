//! The process that holds a cluster up, and cleans up after it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
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

    let input_closed = thread::spawn(move || match until {
        Until::InputCloses => {
            std::io::stdin().read_to_end(&mut Vec::new()).ok();
        }
        Until::TakenDown => loop {
            thread::park();
        },
    });
    prepare(&plan);
    let mut node = start_node(&plan);
    let end = Instant::now() + START_DEADLINE;
    let mut ready = false;
    while !input_closed.is_finished() {
        if let Some(status) = node.try_wait().unwrap() {
            eprintln!("the cluster in {} broke: {status}", plan.folder.display());
            show_logs(&plan);
            break;
        }
        if !ready && is_ready(&plan) {
            fs::write(plan.path("ready"), "").unwrap();
            ready = true;
        }
        if !ready && Instant::now() > end {
            eprintln!("the cluster was not ready within {START_DEADLINE:?}");
            show_logs(&plan);
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    node.kill().ok();
    node.wait().unwrap();
    clean(&plan);
    input_closed.is_finished()
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

/// Starts process 1 of the node: it dies with this process, and everything in its namespaces with it.
fn start_node(plan: &Plan) -> Child {
    let log = File::create(plan.path("log/node")).unwrap();
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare"])
        .args([
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child=KILL",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg("node")
        .arg(&plan.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
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
