//! The node's container runtime: containerd with a configuration of its own, and the image of a Pod's sandbox.

use std::fs;
use std::process::Command;

use crate::Program;
use crate::content::Layout;

use super::plan::Plan;

const SANDBOX_IMAGE: &str = "localhost/pause";

pub(super) fn command(plan: &Plan) -> Command {
    let mut command = Command::new("containerd");
    command.arg("--config").arg(plan.path("containerd.toml"));
    command
}

pub(super) fn configure(plan: &Plan) {
    plan.make_folder("certs.d");
    let folder = plan.folder.display();
    let text = format!(
        r#"version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"

[grpc]
  address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}:1"
  # A machine may not let its root lower a process's oom_score_adj.
  restrict_oom_score_adj = true
  enable_selinux = false
  stream_server_port = "0"
  max_concurrent_downloads = 10
  [plugins."io.containerd.grpc.v1.cri".containerd]
    # Works on every file system.
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"

# containerd 2 has its images in a plugin of their own, and pulls through a service which must know how to unpack.
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{SANDBOX_IMAGE}:1"
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux/amd64"
  snapshotter = "native"
"#,
        socket = plan.containerd_socket().display()
    );
    fs::write(plan.path("containerd.toml"), text).unwrap();
    make_sandbox_image(plan);
}

/// The usual image comes from a registry that a test does not ask. This one waits just as well.
fn make_sandbox_image(plan: &Plan) {
    let mut layout = Layout::create(&plan.path("pause/layout"));
    let image = layout.busybox_that("amd64", &["/bin/busybox", "sleep", "infinity"]);
    layout.tag(&image, "1");
    Program::new("tar")
        .arg("--create")
        .arg("--file")
        .arg(plan.path("pause/pause.tar"))
        .arg("--directory")
        .arg(layout.folder())
        .arg(".")
        .succeeds();
}

/// Gives the running containerd the image of the sandboxes; none while it does not answer yet.
pub(super) fn import_sandbox_image(plan: &Plan) -> Option<()> {
    let output = Program::new("ctr")
        .arg("--address")
        .arg(plan.containerd_socket())
        .args(["--namespace", "k8s.io", "images", "import"])
        .args(["--snapshotter", "native", "--base-name", SANDBOX_IMAGE])
        .arg(plan.path("pause/pause.tar"))
        .run();
    (output.code == Some(0)).then_some(())
}
