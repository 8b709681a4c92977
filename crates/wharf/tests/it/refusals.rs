//! What people get wrong, and what they are told.

use std::fs;

use crate::support::{Outcome, Registry, wharf};

#[test]
fn without_a_registry_or_a_key_the_way_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &str| {
        let mut command = wharf();
        command
            .args(words.split(' '))
            .current_dir(folder.path())
            .env("WHARF_CONFIG_DIR", folder.path());
        Outcome::of(&mut command)
    };
    run("projects list").code(2).says(&[
        "no registry is named",
        "hint: log in once: wharf auth login",
    ]);
    run("auth login http://127.0.0.1:1")
        .code(2)
        .says(&["no key file is named", "owner.json"]);
    run("auth logout").code(1).says(&["nobody is logged in"]);
    run("projects list --endpoint http://user:secret@example.com").code(2);
    run("projects list --key-file none.json")
        .code(1)
        .says(&["cannot read none.json"]);
    fs::write(
        folder.path().join("x.json"),
        "{\"private_key\":\"hunter2\"}",
    )
    .unwrap();
    let outcome = run("projects list --key-file x.json")
        .code(1)
        .says(&["x.json is no key file"]);
    assert!(!outcome.stderr.contains("hunter2"));
    run("pull-secret create Bad_Name --key-file x.json --registry example.com").code(2);
    run("images").code(2);
}

#[test]
fn another_registrys_key_is_refused_and_nothing_is_kept() {
    let (here, there) = (Registry::start(), Registry::start());
    let key = there.data().join("owner.json");
    let mut command = here.command("auth login");
    command.arg(&here.url).arg("--key-file").arg(&key);
    Outcome::of(&mut command)
        .code(1)
        .says(&["does not accept the credential", "hint: "]);
    let mut command = here.command("auth list -o json");
    assert_eq!(Outcome::of(&mut command).code(0).stdout, "[]\n");
}

#[test]
fn completions_and_version_need_no_registry() {
    for shell in ["bash", "zsh", "fish"] {
        let outcome = Outcome::of(wharf().args(["completions", shell])).code(0);
        assert!(outcome.stdout.contains("add-iam-policy-binding"), "{shell}");
    }
    let version = Outcome::of(wharf().arg("version")).code(0);
    assert_eq!(
        version.stdout,
        format!("wharf {}\n", env!("CARGO_PKG_VERSION"))
    );
    Outcome::of(&mut wharf()).code(2);
    Outcome::of(wharf().args(["completions", "tcsh"])).code(2);
}
