//! The lists that name pull secrets: nothing in them is lost, whoever writes at the same time.

use std::thread;

use super::{deployment, foreign, list, wharf_alone};
use crate::cluster;

const EMPTY: &str = r#"{"auths":{}}"#;

#[test]
fn many_who_attach_at_once_lose_nothing() {
    let namespace = cluster().namespace("crowd");
    let name = namespace.name();
    namespace
        .kubectl("patch serviceaccount default --type merge --patch")
        .arg(r#"{"imagePullSecrets":[{"name":"theirs-2"},{"name":"theirs-1"}]}"#)
        .succeeds();
    let ours: Vec<_> = (0..5).map(|n| format!("ours-{n}")).collect();
    thread::scope(|scope| {
        for secret in &ours {
            scope.spawn(move || {
                wharf_alone(&format!("pull-secret attach {secret} -n {name}")).succeeds();
            });
        }
        // Somebody else writes the same object meanwhile.
        scope.spawn(|| {
            for n in 0..5 {
                let words =
                    format!("annotate serviceaccount default --overwrite example.com/turn={n}");
                namespace.kubectl(&words).succeeds();
            }
        });
    });
    let account = namespace.get("serviceaccount default");
    let names = list(&account);
    assert_eq!(names[..2], ["theirs-2", "theirs-1"]);
    let mut rest = names[2..].to_vec();
    rest.sort();
    assert_eq!(rest, ours);
    assert_eq!(account["metadata"]["annotations"]["example.com/turn"], "4");

    // Once more, and back again.
    let again = wharf_alone(&format!("pull-secret attach ours-3 -n {name}")).succeeds();
    assert!(again.stderr.contains("already"), "{again}");
    for secret in &ours {
        wharf_alone(&format!("pull-secret detach {secret} -n {name}")).succeeds();
    }
    let names = list(&namespace.get("serviceaccount default"));
    assert_eq!(names, ["theirs-2", "theirs-1"]);
}

#[test]
fn what_an_attach_does_not_reach_is_said() {
    let namespace = cluster().namespace("reach");
    let name = namespace.name();
    namespace.apply(&foreign("regcred", EMPTY, false));
    let image = "127.0.0.1:1/nothing/there:1";
    namespace.apply(&deployment("plain", &[image], "default"));
    namespace.apply(&deployment("own", &[image], "default"));
    namespace
        .kubectl("patch deployment own --patch")
        .arg(r#"{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"mine"}]}}}}"#)
        .succeeds();
    namespace.run_pod("bare", image, &[]);
    for name in ["plain", "own"] {
        super::wait_until_waiting(&namespace, name, "ErrImagePull");
    }
    let shown = wharf_alone(&format!("pull-secret attach regcred -n {name} --dry-run")).succeeds();
    assert!(shown.stderr.contains("+ - name: regcred"), "{shown}");
    assert!(list(&namespace.get("serviceaccount default")).is_empty());

    let said = wharf_alone(&format!("pull-secret attach regcred -n {name} -o json")).succeeds();
    assert!(
        said.stderr
            .contains("kubectl rollout restart deployment/plain"),
        "{said}"
    );
    assert!(
        said.stderr.contains("deployment/own has a list of its own"),
        "{said}"
    );
    let row = &said.json()[0];
    assert_eq!(row["after"], serde_json::json!(["regcred"]));
    assert_eq!(row["outdated"], serde_json::json!(["deployment/plain"]));
    assert_eq!(row["outdatedPods"], serde_json::json!(["bare"]));
    assert_eq!(row["shadowed"], serde_json::json!(["deployment/own"]));

    // A first entry of its own takes the ServiceAccount's away.
    let said = wharf_alone(&format!(
        "pull-secret attach other -n {name} --to deployment/plain"
    ))
    .succeeds();
    assert!(said.stderr.contains("no longer gets [regcred]"), "{said}");
    assert!(said.stderr.contains("there is no secret [other]"), "{said}");
    assert_eq!(list(&namespace.get("deployment plain")), ["other"]);

    let refused = wharf_alone(&format!(
        "pull-secret attach regcred -n {name} --to job/once"
    ))
    .fails();
    assert!(refused.stderr.contains("can never be changed"), "{refused}");
}
