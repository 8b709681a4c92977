//! Secrets: made in many namespaces, changed in place, and only where that is meant.

use wharf_e2e::shop::PROJECT;

use super::{content, foreign, wharf, wharf_alone};
use crate::cluster;

const TEXT: &str = "{ \"auths\" : {\n \"a.example.com\":{\"auth\" : \"YTpi\", \"x\":[1,  2]} }, \"credHelpers\":{} }";

#[test]
fn a_secret_of_ours_is_changed_in_place_and_anothers_is_not() {
    let shop = cluster().shop("put");
    let namespace = cluster().namespace("put");
    let (name, owner) = (namespace.name(), shop.wharf());
    let create = |secret: &str, key: &std::path::Path, more: &str| {
        wharf(
            &owner,
            &format!(
                "pull-secret create {secret} -n {name} --registry a.example.com {more} --key-file"
            ),
        )
        .arg(key)
    };
    create("regcred", &shop.shop.puller, "").succeeds();
    let before = namespace.get("secret regcred");
    let again = create("regcred", &shop.shop.puller, "").succeeds();
    assert!(again.stderr.contains("is so already"), "{again}");
    let key = owner.new_key(PROJECT, "puller", &shop.shop.path(""));
    create("regcred", &key, "").succeeds();
    let after = namespace.get("secret regcred");
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert_ne!(before["data"], after["data"]);

    // Somebody else's is left alone.
    namespace.apply(&foreign("theirs", TEXT, false));
    let refused = create("theirs", &key, "").fails();
    assert!(refused.stderr.contains("--force"), "{refused}");
    assert_eq!(content(&namespace, "theirs"), TEXT);
    create("theirs", &key, "--force").succeeds();
    assert!(content(&namespace, "theirs").ends_with(" }, \"credHelpers\":{} }"));

    // One of another type.
    namespace
        .kubectl("create secret generic opaque --from-literal a=b")
        .succeeds();
    create("opaque", &key, "").fails();
    create("opaque", &key, "--force --recreate").succeeds();
    assert_eq!(
        namespace.get("secret opaque")["type"],
        "kubernetes.io/dockerconfigjson"
    );

    // The API server checks, and keeps nothing.
    create("dry", &key, "--dry-run=server").succeeds();
    namespace.kubectl("get secret dry").fails();
}

#[test]
fn a_registry_comes_and_goes_and_the_others_keep_their_bytes() {
    let namespace = cluster().namespace("registries");
    let name = namespace.name();
    namespace.apply(&foreign("regcred", TEXT, false));
    let uid = namespace.get("secret regcred")["metadata"]["uid"].clone();
    wharf_alone(&format!(
        "pull-secret add-registry regcred b.example.com -n {name}"
    ))
    .succeeds();
    wharf_alone(&format!(
        "pull-secret add-registry regcred docker.io -n {name} --username me --password-stdin"
    ))
    .stdin("hunter2\n")
    .succeeds();
    let after = content(&namespace, "regcred");
    assert!(after.starts_with("{ \"auths\" : {\n \"a.example.com\":{\"auth\" : \"YTpi\", \"x\":[1,  2]},\n \"b.example.com\":{\"auth\" : \"YTpi\", \"x\":[1,  2]},\n \"https://index.docker.io/v1/\":{"), "{after}");
    assert!(after.ends_with(" }, \"credHelpers\":{} }"), "{after}");
    let refused = wharf_alone(&format!(
        "pull-secret add-registry regcred docker.io -n {name} --same-credentials-as a.example.com"
    ))
    .fails();
    assert!(refused.stderr.contains("--replace"), "{refused}");
    for registry in ["docker.io", "b.example.com"] {
        wharf_alone(&format!(
            "pull-secret remove-registry regcred {registry} -n {name}"
        ))
        .succeeds();
    }
    assert_eq!(content(&namespace, "regcred"), TEXT);
    let secret = namespace.get("secret regcred");
    assert_eq!(secret["metadata"]["uid"], uid);
    assert_eq!(
        secret["metadata"]["annotations"]["example.com/note"],
        "keep"
    );
    let refused = wharf_alone(&format!(
        "pull-secret remove-registry regcred c.example.com -n {name}"
    ))
    .fails();
    assert!(
        refused.stderr.contains("it has: a.example.com"),
        "{refused}"
    );

    // An immutable one is made anew, and only when that is said.
    namespace.apply(&foreign("frozen", TEXT, true));
    let uid = namespace.get("secret frozen")["metadata"]["uid"].clone();
    let add = format!("pull-secret add-registry frozen b.example.com -n {name}");
    let refused = wharf_alone(&add).fails();
    assert!(
        refused.stderr.contains("immutable") && refused.stderr.contains("--recreate"),
        "{refused}"
    );
    assert_eq!(content(&namespace, "frozen"), TEXT);
    wharf_alone(&format!("{add} --recreate")).succeeds();
    let secret = namespace.get("secret frozen");
    assert_ne!(secret["metadata"]["uid"], uid);
    assert_eq!(secret["immutable"], true);
    assert_eq!(
        secret["metadata"]["annotations"]["example.com/note"],
        "keep"
    );
    assert!(
        secret["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
            .is_null()
    );
    assert!(content(&namespace, "frozen").contains("b.example.com"));
}

#[test]
fn writers_at_once_lose_no_registry() {
    let namespace = cluster().namespace("writers");
    let name = namespace.name();
    namespace.apply(&foreign("regcred", TEXT, false));
    std::thread::scope(|scope| {
        for n in 0..5 {
            scope.spawn(move || {
                wharf_alone(&format!(
                    "pull-secret add-registry regcred r{n}.example.com -n {name}"
                ))
                .succeeds();
            });
        }
    });
    let content = content(&namespace, "regcred");
    for n in 0..5 {
        assert!(
            content.contains(&format!("\"r{n}.example.com\"")),
            "{content}"
        );
    }
}

#[test]
fn namespaces_are_chosen_by_list_and_by_label() {
    let shop = cluster().shop("many");
    let spaces = ["many-a", "many-b", "many-c"].map(|prefix| cluster().namespace(prefix));
    let names = spaces
        .each_ref()
        .map(|namespace| namespace.name().to_owned());
    let label = format!("wharf-e2e={}", names[0]);
    for name in &names[..2] {
        cluster()
            .kubectl(&format!("label namespace {name} {label}"))
            .succeeds();
    }
    let create = format!(
        "pull-secret create regcred --registry a.example.com --namespace-selector {label} --key-file"
    );
    wharf(&shop.wharf(), &create)
        .arg(&shop.shop.puller)
        .succeeds();
    wharf_alone(&format!(
        "pull-secret attach regcred --namespace-selector {label}"
    ))
    .succeeds();
    for (namespace, is_chosen) in spaces.iter().zip([true, true, false]) {
        let found = namespace.kubectl("get secret regcred").run();
        assert_eq!(found.code == Some(0), is_chosen, "{found}");
        let list = super::list(&namespace.get("serviceaccount default"));
        assert_eq!(list == ["regcred"], is_chosen, "{list:?}");
    }
    // By name, where one is not there: the others are done.
    let failed = wharf(
        &shop.wharf(),
        &format!(
            "pull-secret create other -n {},{},not-there --registry a.example.com --key-file",
            names[0], names[2]
        ),
    )
    .arg(&shop.shop.puller)
    .fails();
    assert!(
        failed.stderr.contains("In namespace [not-there]")
            && failed.stderr.contains("1 of 3 namespaces"),
        "{failed}"
    );
    for namespace in [&spaces[0], &spaces[2]] {
        namespace.kubectl("get secret other").succeeds();
    }
}
