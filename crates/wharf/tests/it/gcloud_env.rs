//! `wharf gcloud-env`: what it prints and writes. What gcloud makes of it is seen in the end-to-end tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Outcome, Registry, wharf};

/// The command, with no registry logged in to, and a home of its own.
fn gcloud_env(home: &Path, words: &str) -> Outcome {
    Outcome::of(
        wharf()
            .env("HOME", home)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("CLOUDSDK_CONFIG")
            .arg("gcloud-env")
            .args(words.split_whitespace()),
    )
}

#[test]
fn a_shell_takes_it_and_gives_it_back() {
    let registry = Registry::start();
    let set = registry.owner("gcloud-env --project my-project").code(0);
    assert!(
        set.stdout
            .contains("export CLOUDSDK_CORE_PROJECT=my-project\n"),
        "{set:?}"
    );
    let owner = registry.data().join("owner.json");
    let set = set.says(&[
        "To undo it: eval \"$(wharf gcloud-env --unset)\"",
        &format!("activate-service-account --key-file={}", owner.display()),
    ]);
    let unset = registry.owner("gcloud-env --unset").code(0);
    let shell = |script: &str| {
        let script = format!("{script}\nenv | grep ^CLOUDSDK_ | sort");
        let mut shell = Command::new("sh");
        Outcome::of(shell.env_clear().arg("-c").arg(script)).stdout
    };
    let iam = format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM={}/\n", registry.url);
    assert!(shell(&set.stdout).contains(&iam));
    assert_eq!(shell(&[set.stdout, unset.stdout].concat()), "");
}

#[test]
fn a_configuration_is_written_activated_and_deleted() {
    let home = tempfile::tempdir().unwrap();
    let place = "--endpoint http://127.0.0.1:5000 --project my-project --configuration wharf";
    let folder = home.path().join(".config/gcloud");
    let file = folder.join("configurations/config_wharf");
    let run = |words: &str| gcloud_env(home.path(), words);

    let printed = run(&format!("{place} --dry-run")).code(0);
    assert!(
        printed
            .stdout
            .contains("[auth]\ntoken_host = http://127.0.0.1:5000/token\n")
    );
    assert!(!folder.exists());

    run(place)
        .code(0)
        .says(&["config configurations activate wharf"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), printed.stdout);
    assert!(!folder.join("active_config").exists());

    run(&format!("{place} --activate")).code(0);
    assert_eq!(
        fs::read_to_string(folder.join("active_config")).unwrap(),
        "wharf"
    );
    run("--configuration wharf --delete")
        .code(1)
        .says(&["hint: gcloud config configurations activate"]);
    fs::write(folder.join("active_config"), "default").unwrap();
    run("--configuration wharf --delete --dry-run").code(0);
    assert!(file.exists());
    run("--configuration wharf --delete").code(0);
    assert!(!file.exists());
    run("--configuration wharf --delete")
        .code(1)
        .says(&["there is no"]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for words in [
        "--configuration ../../.ssh/config --endpoint http://127.0.0.1:5000",
        "--configuration NONE --endpoint http://127.0.0.1:5000",
        "--activate --endpoint http://127.0.0.1:5000",
        "--configuration wharf --unset",
        "--shell csh",
        // No registry is named anywhere.
        "",
    ] {
        gcloud_env(home.path(), words).code(2).says(&["error: "]);
    }
}

/// A shell that uses gcloud may have its folder in the environment.
#[test]
fn gclouds_own_folder_is_the_one_of_its_variable() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("elsewhere");
    let run = |words: &str| {
        let mut command = wharf();
        command
            .env("HOME", home.path())
            .env("CLOUDSDK_CONFIG", &folder)
            .args(["gcloud-env", "--endpoint", "http://127.0.0.1:5000"])
            .args(words.split_whitespace());
        Outcome::of(&mut command).code(0)
    };
    assert!(
        run("")
            .stdout
            .contains("OVERRIDES_IAM=http://127.0.0.1:5000/")
    );
    run("--configuration wharf");
    assert!(folder.join("configurations/config_wharf").exists());
}

#[test]
fn gsutils_part_needs_no_registry() {
    let home = tempfile::tempdir().unwrap();
    let boto = gcloud_env(home.path(), "--boto").code(0);
    assert_eq!(boto.stdout, "[GSUtil]\nuse_gcloud_storage = True\n");
    let unset = gcloud_env(home.path(), "--unset --shell powershell").code(0);
    assert!(
        unset
            .stdout
            .contains("Remove-Item Env:CLOUDSDK_CORE_PROJECT ")
    );
}
