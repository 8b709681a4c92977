//! The story of a pull key: a project, an account, a binding, a key, a Secret, and the answer to "why not?".

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Outcome, Registry};

const PULLER: &str = "gcr-puller@my-project.iam.gserviceaccount.com";
const TAG: &str = "projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/web/tag_v1";

/// A registry with the project and the account that pulls.
fn begun() -> Registry {
    let registry = Registry::start();
    registry
        .owner("projects create my-project")
        .code(0)
        .says(&["Created project [my-project]."]);
    registry
        .owner("iam service-accounts create gcr-puller --project my-project")
        .code(0)
        .says(&[&format!("Created service account [{PULLER}].")]);
    registry
}

#[test]
fn a_login_serves_the_commands_that_come_after() {
    let registry = Registry::start();
    let run = |words: &str| Outcome::of(&mut registry.command(words));
    let key = registry.data().join("owner.json");
    run(&format!(
        "auth login {} --key-file {}",
        registry.url,
        key.display()
    ))
    .code(0);
    let config = registry.path("config").join("logins.toml");
    assert_eq!(
        fs::metadata(&config).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!fs::read_to_string(&config).unwrap().contains("PRIVATE KEY"));
    assert!(
        run("auth list")
            .code(0)
            .stdout
            .contains("owner@default.iam.gserviceaccount.com")
    );
    let listed = run("projects list -o json").code(0).json();
    assert_eq!(listed[0]["projectId"], "default");
    let table = run("projects list").code(0).stdout;
    assert!(table.starts_with("PROJECT_ID   NAME "), "{table}");
    let yaml = run("projects describe default").code(0).stdout;
    assert!(yaml.contains("projectId: default\n"), "{yaml}");
    run("auth logout").code(0);
    run("projects list").code(2);
}

#[test]
fn a_pull_key_is_made_and_explained_step_by_step() {
    let registry = begun();
    registry
        .owner(&format!(
            "iam service-accounts keys create key.json --iam-account {PULLER}"
        ))
        .code(0);
    let why = |expected: &str| {
        let answer = registry
            .owner(&format!(
                "iam troubleshoot {PULLER} --permission storage.objects.get --resource {TAG}"
            ))
            .code(0);
        assert!(answer.stdout.starts_with(expected), "{answer:#?}");
        answer.stdout
    };
    why("DENIED");

    // The condition of the printed tutorial names the type Bucket: no object matches, and the answer says just that.
    let condition = r#"title=images-only,expression=resource.type == "storage.googleapis.com/Bucket" && resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")"#;
    let bind = |condition: &str| {
        let mut command = registry.command(&format!(
            "projects add-iam-policy-binding my-project --member serviceAccount:{PULLER} --role roles/storage.objectViewer"
        ));
        command
            .env("WHARF_ENDPOINT", &registry.url)
            .env("WHARF_KEY_FILE", registry.data().join("owner.json"));
        if !condition.is_empty() {
            command.args(["--condition", condition]);
        }
        Outcome::of(&mut command)
    };
    bind(condition)
        .code(0)
        .says(&["Updated IAM policy for project [my-project]."]);
    let answer = why("DENIED");
    for part in [
        "roles/storage.objectViewer",
        "[images-only]",
        "storage.googleapis.com/Object",
        PULLER,
    ] {
        assert!(answer.contains(part), "{part}\n{answer}");
    }
    bind("").code(2).says(&["--condition None"]);
    bind(&condition.replace("/Bucket", "/Object")).code(0);
    why("ALLOWED");

    let remove = format!(
        "projects remove-iam-policy-binding my-project --member serviceAccount:{PULLER} --role roles/storage.objectViewer"
    );
    registry.owner(&remove).code(2).says(&["--all"]);
    registry.owner(&format!("{remove} --all")).code(0);
    registry
        .owner(&format!("{remove} --all"))
        .code(1)
        .says(&["there is no binding"]);
    why("DENIED");
    bind("").code(0);
    why("ALLOWED");
    let json = registry
        .owner(&format!(
            "iam troubleshoot {PULLER} --permission storage.objects.get --resource {TAG} -o json"
        ))
        .code(0)
        .json();
    assert_eq!(json["access"], "GRANTED");
}

#[test]
fn a_key_is_private_is_not_replaced_and_becomes_a_secret() {
    let registry = begun();
    let create = format!("iam service-accounts keys create key.json --iam-account {PULLER}");
    registry
        .owner(&format!("{create} --expires-in 90d"))
        .code(0)
        .says(&["Created key ["]);
    let path = registry.path("key.json");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = fs::read_to_string(&path).unwrap();
    registry
        .owner(&create)
        .code(1)
        .says(&["is there already", "--force"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    registry.owner(&format!("{create} --force")).code(0);
    assert_ne!(fs::read_to_string(&path).unwrap(), first);

    let stdout = registry
        .owner(&format!(
            "iam service-accounts keys create - --iam-account {PULLER}"
        ))
        .code(0)
        .stdout;
    assert!(
        stdout.starts_with("{\n  \"type\": \"service_account\""),
        "{stdout}"
    );

    let keys = registry
        .owner(&format!(
            "iam service-accounts keys list --iam-account {PULLER} -o json"
        ))
        .code(0)
        .json();
    assert_eq!(keys.as_array().unwrap().len(), 3);
    // The file that could not be written was no reason for a fourth.
    let expiring = |key: &&serde_json::Value| key["validBeforeTime"] != "9999-12-31T23:59:59Z";
    assert_eq!(keys.as_array().unwrap().iter().filter(expiring).count(), 1);

    let create = "pull-secret create gcr-json-key --key-file key.json --registry us.example.com";
    let mut command = registry.command(&format!("{create} -n web -o json --dry-run=client"));
    let secret = Outcome::of(&mut command).code(0).json();
    assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
    assert_eq!(secret["metadata"]["namespace"], "web");
    // Without a cluster it can only be printed, if it is to be printed.
    let mut command = registry.command(&format!("{create} -o yaml"));
    let yaml = Outcome::of(&mut command)
        .code(0)
        .says(&["No cluster is named"])
        .stdout;
    assert!(
        yaml.contains("kind: Secret\n") && yaml.contains("name: gcr-json-key\n"),
        "{yaml}"
    );
    Outcome::of(&mut registry.command(create))
        .code(1)
        .says(&["error: no cluster is named"]);
}

#[test]
fn a_puller_is_told_what_it_lacks_and_is_refused_once_revoked() {
    let registry = begun();
    let key = registry.path("key.json");
    registry
        .owner(&format!(
            "iam service-accounts keys create key.json --iam-account {PULLER}"
        ))
        .code(0);
    registry.with_key(&key, "projects describe my-project").code(1).says(&[
        "error: ",
        "resourcemanager.projects.get",
        &format!("hint: who may grant it, does so with: wharf projects add-iam-policy-binding my-project --member serviceAccount:{PULLER}"),
        &format!("hint: why: wharf iam troubleshoot serviceAccount:{PULLER}"),
    ]);
    // What the hint says is what helps.
    let role = "roles/browser";
    registry
        .owner(&format!("projects add-iam-policy-binding my-project --member serviceAccount:{PULLER} --role {role}"))
        .code(0);
    registry
        .with_key(&key, "projects describe my-project")
        .code(0);
    for (off, on) in [
        (
            format!("iam service-accounts disable {PULLER}"),
            format!("iam service-accounts enable {PULLER}"),
        ),
        {
            let id: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(&key).unwrap()).unwrap();
            let id = id["private_key_id"].as_str().unwrap();
            (
                format!("iam service-accounts keys disable {id} --iam-account {PULLER}"),
                format!("iam service-accounts keys enable {id} --iam-account {PULLER}"),
            )
        },
    ] {
        registry.owner(&off).code(0);
        registry
            .with_key(&key, "projects describe my-project")
            .code(1)
            .says(&["does not accept the credential", "disabled"]);
        registry.owner(&on).code(0);
        registry
            .with_key(&key, "projects describe my-project")
            .code(0);
    }
    registry
        .owner(&format!("iam service-accounts delete {PULLER}"))
        .code(0);
    registry
        .with_key(&key, "projects describe my-project")
        .code(1)
        .says(&["does not accept the credential"]);
}

#[test]
fn projects_are_labelled_deleted_and_restored() {
    let registry = Registry::start();
    registry
        .owner("projects create my-project --labels team=blue,tier=one --strict-deletes")
        .code(0);
    let describe = || {
        registry
            .owner("projects describe my-project -o json")
            .code(0)
            .json()
    };
    assert_eq!(describe()["labels"]["wharf-strict-deletes"], "true");
    registry
        .owner("projects update my-project --update-labels team=red --remove-labels tier --strict-deletes=false")
        .code(0);
    assert_eq!(describe()["labels"], serde_json::json!({"team": "red"}));
    registry
        .owner("projects update my-project")
        .code(2)
        .says(&["nothing is said"]);
    registry
        .owner("projects create my-project")
        .code(1)
        .says(&["exists already"]);
    registry.owner("projects delete my-project").code(0);
    let listed = registry.owner("projects list -o json").code(0).stdout;
    assert!(!listed.contains("my-project"), "{listed}");
    let listed = registry
        .owner("projects list --show-deleted -o json")
        .code(0)
        .stdout;
    assert!(listed.contains("DELETE_REQUESTED"), "{listed}");
    registry.owner("projects undelete my-project").code(0);
    assert_eq!(describe()["lifecycleState"], "ACTIVE");
}

#[test]
fn buckets_and_their_policies() {
    let registry = begun();
    let bucket = "gs://us.artifacts.my-project.appspot.com";
    registry.owner(&format!("buckets create {bucket}")).code(0);
    let listed = registry
        .owner("buckets list --project my-project -o json")
        .code(0)
        .json();
    assert_eq!(listed[0]["name"], "us.artifacts.my-project.appspot.com");
    registry
        .owner(&format!("buckets update {bucket} --update-labels a=b,c=d"))
        .code(0);
    registry
        .owner(&format!(
            "buckets update {bucket} --clear-labels --update-labels e=f"
        ))
        .code(0);
    let described = registry
        .owner(&format!("buckets describe {bucket} -o json"))
        .code(0)
        .json();
    assert_eq!(described["labels"], serde_json::json!({"e": "f"}));
    registry
        .owner(&format!("buckets add-iam-policy-binding {bucket} --member allUsers --role roles/storage.objectViewer"))
        .code(0);
    let table = registry
        .owner(&format!("buckets get-iam-policy {bucket} -o table"))
        .code(0)
        .stdout;
    assert!(table.contains("allUsers"), "{table}");
    // What get shows, set takes, until somebody else has written.
    let policy = registry
        .owner(&format!("buckets get-iam-policy {bucket}"))
        .code(0)
        .stdout;
    fs::write(registry.path("policy.yaml"), policy).unwrap();
    let set = format!("buckets set-iam-policy {bucket} policy.yaml");
    registry.owner(&set).code(0);
    registry
        .owner(&set)
        .code(1)
        .says(&["changed by somebody else"]);
    registry
        .owner(&format!("buckets remove-iam-policy-binding {bucket} --member allUsers --role roles/storage.objectViewer"))
        .code(0);
    registry.owner(&format!("buckets delete {bucket}")).code(0);
    registry
        .owner(&format!("buckets describe {bucket}"))
        .code(1);
}

#[test]
fn roles_of_a_project() {
    let registry = begun();
    let listed = registry.owner("iam roles list").code(0).stdout;
    assert!(listed.contains("roles/storage.objectViewer"), "{listed}");
    let role = registry
        .owner("iam roles describe roles/storage.objectViewer -o json")
        .code(0)
        .json();
    assert!(
        role["includedPermissions"]
            .to_string()
            .contains("storage.objects.get")
    );
    registry
        .owner("iam roles create puller --project my-project --title Puller --permissions storage.objects.get")
        .code(0);
    registry
        .owner(
            "iam roles update puller --project my-project --add-permissions storage.objects.list",
        )
        .code(0);
    let role = registry
        .owner("iam roles describe puller --project my-project -o json")
        .code(0)
        .json();
    assert_eq!(role["includedPermissions"].as_array().unwrap().len(), 2);
    assert_eq!(role["title"], "Puller");
    registry
        .owner("iam roles delete puller --project my-project")
        .code(0);
    let listed = registry
        .owner("iam roles list --project my-project")
        .code(0);
    assert!(!listed.stdout.contains("puller"), "{listed:?}");
    registry
        .owner("iam roles undelete puller --project my-project")
        .code(0);
    registry
        .owner("iam roles update roles/viewer --title x")
        .code(2)
        .says(&["cannot be changed"]);
}
