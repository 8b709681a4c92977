//! Two clusters run side by side, one of them is killed, and nothing is left of either.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use wharf_e2e::Program;
use wharf_e2e::cluster::{Cluster, Plan};
use wharf_e2e::wait::wait_for;

/// A start takes ten seconds on an idle machine.
const UP_DEADLINE: Duration = Duration::from_secs(300);
/// The kernel ends a process namespace in a moment.
const END_DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn a_cluster_leaves_nothing_behind_even_if_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    let before = Traces::of_machine();

    let own = Cluster::start_own();
    command("up", &folder).deadline(UP_DEADLINE).succeeds();
    let kept = Plan::read(&folder).unwrap();
    let plans = [own.plan().unwrap().clone(), kept.clone()];
    for plan in &plans {
        run_pod(plan);
    }
    let during = Traces::of_machine().since(&before);
    for plan in &plans {
        assert!(during.iter().any(|trace| trace.contains(&plan.name)));
        assert!(!processes_of(plan).is_empty());
    }
    assert_eq!(
        sysctls(),
        before.sysctls,
        "the node sets none of the machine"
    );

    // The keeper of one is killed, and its processes end with it.
    let keeper = fs::read_to_string(folder.join("lock")).unwrap();
    Program::new("kill").args(["-KILL", &keeper]).succeeds();
    wait_for("end of a killed cluster's processes", END_DEADLINE, || {
        processes_of(&kept).is_empty().then_some(())
    });
    command("down", &folder).succeeds();
    // The other one does not mind, and goes in good order.
    run_pod(&plans[0]);
    drop(own);

    let after = Traces::of_machine();
    let left: Vec<String> = after
        .since(&before)
        .into_iter()
        .filter(|trace| !is_of_another_cluster(trace, &plans))
        .collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
    for plan in &plans {
        assert_eq!(processes_of(plan), Vec::<String>::new());
        assert!(!plan.folder.exists());
    }
    assert_eq!(after.sysctls, before.sysctls);
}

#[test]
fn a_start_that_fails_says_why_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let etcd = folder.path().join("etcd");
    fs::write(&etcd, "#!/bin/sh\necho no room for etcd\nexit 1\n").unwrap();
    Program::new("chmod").arg("755").arg(&etcd).succeeds();
    let path = std::env::var("PATH").unwrap();
    let failed = command("up", &folder.path().join("cluster"))
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .deadline(UP_DEADLINE)
        .fails();
    assert!(failed.stderr.contains("etcd has ended"), "{failed}");
    assert!(failed.stderr.contains("no room for etcd"), "{failed}");
    assert!(!folder.path().join("cluster").exists());
}

#[test]
fn there_is_nothing_to_take_down_where_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let said = command("down", folder.path()).succeeds();
    assert!(said.stderr.contains("no cluster"), "{said}");
    let said = command("env", folder.path()).fails();
    assert!(said.stderr.contains("no cluster"), "{said}");
}

/// What a machine has that a cluster could leave behind.
struct Traces {
    things: BTreeSet<String>,
    sysctls: Vec<String>,
}

impl Traces {
    fn of_machine() -> Self {
        let mut things = BTreeSet::new();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        things.extend(mounts.lines().map(|mount| format!("mount {mount}")));
        for line in ip("-oneline link show").lines() {
            // The rest of the line changes by itself.
            let name = line.split(": ").nth(1).unwrap();
            let master = line.split_once("master ").unwrap_or_default().1;
            let master = master.split(' ').next().unwrap();
            things.insert(format!("link {name} {master}"));
        }
        // Of IPv4: each link has routes of IPv6, which go with it.
        let routes = ip("-4 route show table all");
        things.extend(routes.lines().map(|route| format!("route {route}")));
        for mount in mounts.lines().filter(|mount| mount.contains(" cgroup")) {
            let hierarchy = mount.split(' ').nth(1).unwrap();
            for entry in fs::read_dir(hierarchy).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    things.insert(format!("cgroup {}", path.display()));
                }
            }
        }
        for folder in [
            "/var/lib",
            "/var/lib/cni",
            "/var/lib/kubelet",
            "/var/log",
            "/var/log/containers",
            "/var/log/pods",
            "/run",
            "/run/containerd",
            "/run/netns",
            "/etc/cni",
            "/opt",
        ] {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                things.insert(format!("file {}", entry.unwrap().path().display()));
            }
        }
        Self {
            things,
            sysctls: sysctls(),
        }
    }

    fn since(&self, before: &Self) -> Vec<String> {
        self.things.difference(&before.things).cloned().collect()
    }
}

/// Other clusters on the machine come and go meanwhile.
fn is_of_another_cluster(trace: &str, plans: &[Plan]) -> bool {
    trace.contains("wharf-") && !plans.iter().any(|plan| trace.contains(&plan.name))
}

/// What the components of a cluster like to set.
fn sysctls() -> Vec<String> {
    [
        "kernel/panic",
        "kernel/panic_on_oops",
        "kernel/keys/root_maxkeys",
        "kernel/keys/root_maxbytes",
        "vm/overcommit_memory",
        "net/ipv4/ip_forward",
        "net/ipv4/conf/all/route_localnet",
        "net/ipv6/conf/all/forwarding",
    ]
    .map(|name| {
        let value = fs::read_to_string(Path::new("/proc/sys").join(name)).unwrap_or_default();
        format!("{name} = {}", value.trim())
    })
    .to_vec()
}

/// The arguments of all processes that have to do with a cluster: its components, shims and containers.
fn processes_of(plan: &Plan) -> Vec<String> {
    let folder = plan.folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let process = entry.unwrap().path();
        // One that ends meanwhile has neither.
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        let cgroups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
        if arguments.contains(folder) || cgroups.contains(&plan.name) {
            found.push(arguments);
        }
    }
    found
}

fn run_pod(plan: &Plan) {
    let kubectl = |words: &str| {
        Program::new("kubectl")
            .env("KUBECONFIG", plan.kubeconfig())
            .args(words.split(' '))
    };
    kubectl("run waiter --image localhost/pause:1 --image-pull-policy Never").succeeds();
    kubectl("wait --for condition=Ready pod/waiter --timeout 50s").succeeds();
    let link = kubectl("exec waiter -- /bin/busybox ip route").succeeds();
    assert!(link.stdout.contains("default via"), "{link}");
    kubectl("delete pod waiter --now").succeeds();
    kubectl("run stays --image localhost/pause:1 --image-pull-policy Never").run();
    kubectl("wait --for condition=Ready pod/stays --timeout 50s").succeeds();
}

fn command(name: &str, folder: &Path) -> Program {
    Program::new(env!("CARGO_BIN_EXE_cluster"))
        .arg(name)
        .arg(folder)
}

fn ip(words: &str) -> String {
    Program::new("ip").args(words.split(' ')).succeeds().stdout
}
