//! The cluster's first process, number 1 of a process namespace of its own: whatever ends it ends all that the cluster
//! runs, down to the last container. It gives the node its view of the file system, starts the components, and waits.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::mount::{MountFlags, mount, mount_bind};
use rustix::process::{WaitOptions, wait};

use crate::Program;
use crate::wait::wait_for;

use super::plan::{HIDDEN, Plan};
use super::{api_server, controller_manager, etcd, kubelet, runtime, scheduler};

const START_DEADLINE: Duration = Duration::from_secs(90);
/// What the kubelet and the bridge plugin would set for the whole machine. They find it set, and leave it.
const SYSCTLS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
    ("net/ipv4/ip_forward", "1"),
];

/// Runs the node until one of its components ends, which none should.
pub fn run(folder: &Path) -> ! {
    let plan = Plan::read(folder).unwrap();
    // /proc is the machine's still, and counts as the machine does.
    let process = fs::read_link("/proc/self").unwrap();
    fs::write(plan.node_process(), process.to_str().unwrap()).unwrap();
    see_own_files(&plan);

    let mut components = vec![
        Component::start(&plan, "etcd", etcd::command(&plan)),
        Component::start(&plan, "containerd", runtime::command(&plan)),
        Component::start(&plan, "kube-apiserver", api_server::command(&plan)),
    ];
    wait_for("answer from containerd", START_DEADLINE, || {
        components.iter_mut().for_each(Component::assert_running);
        runtime::import_sandbox_image(&plan)
    });
    wait_for("readiness of the API server", START_DEADLINE, || {
        components.iter_mut().for_each(Component::assert_running);
        let ready = Program::new("kubectl")
            .arg("--kubeconfig")
            .arg(plan.kubeconfig())
            .args(["get", "--raw", "/readyz"])
            .run();
        (ready.code == Some(0)).then_some(())
    });
    components.extend([
        Component::start(
            &plan,
            "kube-controller-manager",
            controller_manager::command(&plan),
        ),
        Component::start(&plan, "kube-scheduler", scheduler::command(&plan)),
        Component::start(&plan, "kubelet", kubelet::command(&plan)),
    ]);
    loop {
        // Processes that lost their parents are ours as well: each is waited for, so that none stays as a zombie.
        let Ok(Some((ended, status))) = wait(WaitOptions::empty()) else {
            continue;
        };
        let id = u32::try_from(ended.as_raw_nonzero().get()).unwrap();
        if let Some(component) = components.iter().find(|one| one.process.id() == id) {
            panic!("{} has ended: {status:?}", component.name);
        }
    }
}

/// A process that is to run as long as the node does.
struct Component {
    name: &'static str,
    process: Child,
}

impl Component {
    fn start(plan: &Plan, name: &'static str, mut command: Command) -> Self {
        let log = File::create(plan.path("log").join(name)).unwrap();
        let process = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error} (e2e/install.sh installs it)"));
        Self { name, process }
    }

    fn assert_running(&mut self) {
        if let Some(status) = self.process.try_wait().unwrap() {
            panic!("{} has ended: {status}", self.name);
        }
    }
}

/// This process is in a mount namespace of its own: nothing that it mounts is seen outside.
fn see_own_files(plan: &Plan) {
    let own = plan.make_folder("node");
    mount("proc", "/proc", "proc", MountFlags::empty(), None).unwrap();
    let resolver = fs::canonicalize("/etc/resolv.conf");
    for hidden in HIDDEN {
        let instead = own.join(hidden.trim_start_matches('/').replace('/', "-"));
        fs::create_dir_all(&instead).unwrap();
        mount_bind(&instead, hidden).unwrap();
    }
    for folder in ["/run/netns", "/var/lib/cni", "/var/log/containers"] {
        fs::create_dir_all(folder).unwrap();
    }
    // It may be a link into a folder that was hidden just now.
    let resolver = resolver.unwrap_or_else(|_| "/etc/resolv.conf".into());
    if !resolver.exists() {
        fs::create_dir_all(resolver.parent().unwrap()).unwrap();
        File::create(&resolver).unwrap();
    }
    instead_of(
        &own,
        &resolver,
        &format!("nameserver {}\noptions timeout:2\n", plan.resolver),
    );
    for (name, value) in SYSCTLS {
        let path = Path::new("/proc/sys").join(name);
        if path.exists() {
            instead_of(&own, &path, value);
        }
    }
}

/// A file with this text stands in the place of another.
fn instead_of(own: &Path, path: &Path, text: &str) {
    let name = path
        .to_str()
        .unwrap()
        .trim_start_matches('/')
        .replace('/', "-");
    let file = own.join(name);
    fs::write(&file, text).unwrap();
    mount_bind(&file, path).unwrap();
}
