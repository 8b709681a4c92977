//! `--print-rbac`: each command runs with exactly the rights that it prints, and without them names the one it lacks.

use std::path::PathBuf;
use std::time::Duration;

use wharf_e2e::Program;
use wharf_e2e::cluster::Namespace;
use wharf_e2e::registry::binary;
use wharf_e2e::wait::wait_for;

use super::{deployment, foreign};
use crate::cluster;

/// The API server's own caches learn of a Role within this time.
const RBAC_DEADLINE: Duration = Duration::from_secs(30);

/// A ServiceAccount without any right, and its kubeconfig.
struct Nobody {
    user: String,
    kubeconfig: PathBuf,
    _folder: tempfile::TempDir,
}

impl Nobody {
    fn new(namespace: &Namespace<'_>, name: &str) -> Self {
        namespace
            .kubectl(&format!("create serviceaccount {name}"))
            .succeeds();
        let token = namespace
            .kubectl(&format!("create token {name}"))
            .succeeds();
        let mut config = cluster()
            .kubectl("config view --raw --minify --output json")
            .succeeds()
            .json();
        config["users"][0]["user"] = serde_json::json!({"token": token.text().trim()});
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("config");
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self {
            user: format!("system:serviceaccount:{}:{name}", namespace.name()),
            kubeconfig,
            _folder: folder,
        }
    }

    fn command(&self, words: &str) -> Program {
        Program::new(binary())
            .env("KUBECONFIG", &self.kubeconfig)
            .args(words.split_whitespace())
    }
}

#[test]
fn each_command_runs_with_the_rights_that_it_prints() {
    let registry = wharf_e2e::TestRegistry::start();
    let key = registry.owner_key();
    let key = key.display();
    let namespace = cluster().namespace("rights");
    let name = namespace.name();
    namespace.apply(&foreign(
        "regcred",
        r#"{"auths":{"a.example.com":{"auth":"YTpi"}}}"#,
        false,
    ));
    namespace.apply(&foreign(
        "frozen",
        r#"{"auths":{"a.example.com":{"auth":"YTpi"}}}"#,
        true,
    ));
    namespace.apply(&deployment(
        "web",
        &["127.0.0.1:1/nothing/there:1"],
        "default",
    ));
    let commands = [
        format!("pull-secret create fresh -n {name} --registry a.example.com --key-file {key}"),
        format!(
            "pull-secret create fresh -n {name} --registry b.example.com --key-file {key} --recreate"
        ),
        format!("pull-secret add-registry regcred b.example.com -n {name}"),
        format!("pull-secret add-registry frozen b.example.com -n {name} --recreate"),
        format!("pull-secret remove-registry regcred b.example.com -n {name}"),
        format!("pull-secret attach regcred -n {name}"),
        format!("pull-secret detach regcred -n {name}"),
        format!("pull-secret attach regcred -n {name} --restart"),
        format!("pull-secret attach regcred -n {name} --to deployment/web"),
        format!("pull-secret detach regcred -n {name} --to deployment/web"),
        format!(
            "pull-secret attach regcred --namespace-selector kubernetes.io/metadata.name={name}"
        ),
    ];
    for (n, words) in commands.iter().enumerate() {
        let nobody = Nobody::new(&namespace, &format!("nobody-{n}"));
        let refused = nobody.command(words).fails();
        assert!(
            refused
                .stderr
                .contains(&format!("{} may not ", nobody.user))
                && refused.stderr.contains("--print-rbac"),
            "{refused}"
        );
        let roles = nobody
            .command(words)
            .arg(format!("--print-rbac={}", nobody.user))
            .succeeds()
            .stdout;
        namespace.apply(&roles);
        wait_for(words, RBAC_DEADLINE, || {
            let output = nobody.command(words).run();
            assert!(
                output.code == Some(0) || output.stderr.contains("may not"),
                "{output}"
            );
            (output.code == Some(0)).then_some(())
        });
        namespace
            .kubectl("delete --ignore-not-found --filename -")
            .stdin(roles)
            .succeeds();
    }
}
