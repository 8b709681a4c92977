//! containerd, with folders, a socket and a configuration of its own: what a node of a cluster pulls with.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::program::{Output, Program, end_group, tool};
use crate::wait::wait_for;

const START_DEADLINE: Duration = Duration::from_secs(60);

/// A running containerd. It needs root, as every containerd on a node does.
#[derive(Debug)]
pub struct Containerd {
    daemon: Child,
    folder: TempDir,
}

impl Containerd {
    /// Starts the machine's, told to reach `registry` (`ADDRESS:PORT`) by plain HTTP.
    pub fn start(registry: &str) -> Self {
        let containerd = Self::start_program(Path::new("containerd"), &[]);
        containerd.reach(
            registry,
            &format!("server = \"http://{registry}\"\n[host.\"http://{registry}\"]\n  capabilities = [\"pull\", \"resolve\", \"push\"]\n"),
        );
        containerd
    }

    /// Starts one that asks a [`NameServer`](crate::names::NameServer) for names.
    pub fn start_with_names(program: &Path, resolver: Ipv4Addr) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("nameserver {resolver}\n")).unwrap();
        // In a mount namespace of its own, the file is what the resolver reads.
        let script = r#"mount --bind "$0" /etc/resolv.conf && exec "$@""#;
        let resolver = file.path().to_str().unwrap();
        Self::start_program(
            program,
            &["unshare", "--mount", "sh", "-c", script, resolver],
        )
    }

    fn start_program(program: &Path, wrapper: &[&str]) -> Self {
        let folder = TempDir::with_prefix("wharf-e2e-containerd-").unwrap();
        let path = folder.path();
        fs::write(path.join("config.toml"), configuration(path)).unwrap();
        let log = fs::File::create(path.join("log")).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .args(wrapper)
            .arg(program)
            .arg("--config")
            .arg(path.join("config.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let containerd = Self {
            daemon: command.spawn().unwrap(),
            folder,
        };
        wait_for("answer from containerd", START_DEADLINE, || {
            let answer = containerd.ctr("version").run();
            (answer.code == Some(0)).then_some(())
        });
        containerd
    }

    /// Tells it how to reach the registry of this name, by the text of a `hosts.toml`.
    pub fn reach(&self, registry: &str, text: &str) {
        let hosts = self.folder.path().join("certs.d").join(registry);
        fs::create_dir_all(&hosts).unwrap();
        fs::write(hosts.join("hosts.toml"), text).unwrap();
    }

    /// A `ctr` command; the words are split at spaces. The images of the kubelet are in `k8s.io`, and so are these.
    pub fn ctr(&self, words: &str) -> Program {
        Program::new("ctr")
            .arg("--address")
            .arg(self.socket())
            .args(["--namespace", "k8s.io"])
            .args(words.split_whitespace())
    }

    /// `ctr images COMMAND` with the hosts' configuration and, if there is one, a `USER:PASSWORD`.
    pub fn images(&self, command: &str, image: &str, user: Option<&str>) -> Program {
        let program = self
            .ctr(&format!("images {command} --hosts-dir"))
            .arg(self.folder.path().join("certs.d"));
        let program = match user {
            Some(user) => program.args(["--user", user]),
            None => program,
        };
        program.arg(image)
    }

    /// Pulls as the kubelet does, with the credential of a docker config.
    pub fn cri_pull(&self, image: &str, docker_config: Option<&Path>) -> Program {
        let program = Program::new(tool("cri-pull")).arg(self.socket()).arg(image);
        match docker_config {
            Some(path) => program.arg(path),
            None => program,
        }
    }

    /// Runs an image that was pulled, to its end.
    pub fn run(&self, image: &str, name: &str) -> Output {
        self.ctr("run --rm --net-host --snapshotter native")
            .args([image, name])
            .succeeds()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- containerd's last lines");
            for line in log
                .lines()
                .rev()
                .take(20)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                eprintln!("{line}");
            }
        }
        end_group(&mut self.daemon, Signal::TERM);
    }
}

/// No overlay mounts and no cgroups, so that it runs inside a container as well.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = "{folder}/socket"

[plugins."io.containerd.grpc.v1.cri"]
  disable_cgroup = true
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"

# containerd 2 has its images in a plugin of their own, and pulls through a service which must know how to unpack.
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux/amd64"
  snapshotter = "native"
"#
    )
}
