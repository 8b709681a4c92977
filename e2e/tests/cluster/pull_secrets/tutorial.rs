//! The tutorial, step by step: a private image, `ImagePullBackOff`, a service account, its key, the Secret, the default
//! ServiceAccount, and the Pod runs; the Pod's own list; two registries in one Pod; a second domain.

use wharf_e2e::cluster::{ClusterShop, Host};
use wharf_e2e::shop::PROJECT;
use wharf_e2e::{Shop, TestRegistry};

use super::{content, deployment, list, wait_until_rolled_out, wait_until_waiting, wharf};
use crate::cluster;

/// A registry with two names.
fn shop_of_two_names() -> (ClusterShop, Host) {
    let host = cluster().host("us-tutorial");
    let second = cluster().host("eu-tutorial");
    let names = ["--host", host.domain(), "--host", second.domain()];
    let registry = TestRegistry::start_with(&[&["--tls-self-signed"], &names[..]].concat());
    for host in [&host, &second] {
        host.lead_to(registry.address());
        host.trust(&registry.ca());
    }
    let shop = Shop::open_in(registry);
    (ClusterShop { host, shop }, second)
}

#[test]
fn the_tutorial_from_image_pull_back_off_to_running() {
    let (shop, second) = shop_of_two_names();
    let (host, owner) = (shop.host.name(), shop.wharf());
    let namespace = cluster().namespace("tutorial");
    let name = namespace.name();
    let image = shop.push_busybox("app:1");

    // The symptom.
    namespace.apply(&deployment("web", &[&image], "default"));
    wait_until_waiting(&namespace, "web", "ImagePullBackOff");

    // A service account that pulls and does nothing else, and its key.
    let key = owner.account_with_key(PROJECT, "gcr-puller", &shop.shop.path(""));
    owner.grant(PROJECT, "gcr-puller", "roles/storage.objectViewer");

    // The Secret, and the default ServiceAccount.
    wharf(
        &owner,
        &format!("pull-secret create gcr-json-key -n {name} --registry https://{host} --key-file"),
    )
    .arg(&key)
    .succeeds();
    let attached = wharf(
        &owner,
        &format!("pull-secret attach gcr-json-key -n {name} --restart"),
    )
    .succeeds();
    assert!(
        attached.stderr.contains("Restarted [deployment/web]"),
        "{attached}"
    );
    wait_until_rolled_out(&namespace, "web");

    // The other way: the list of the Pods themselves, whose ServiceAccount has none.
    namespace.kubectl("create serviceaccount bare").succeeds();
    namespace.apply(&deployment("own", &[&image], "bare"));
    wharf(
        &owner,
        &format!("pull-secret attach gcr-json-key -n {name} --to deployment/own"),
    )
    .succeeds();
    wait_until_rolled_out(&namespace, "own");

    // Containers of two registries in one Pod, a Secret for each.
    let other = cluster().shop("other");
    let others_image = other.push_busybox("tool:1");
    wharf(
        &other.wharf(),
        &format!(
            "pull-secret create other-key -n {name} --registry {} --key-file",
            other.host.name()
        ),
    )
    .arg(&other.shop.puller)
    .succeeds();
    namespace.apply(&deployment("both", &[&image, &others_image], "bare"));
    for secret in ["gcr-json-key", "other-key"] {
        wharf(
            &owner,
            &format!("pull-secret attach {secret} -n {name} --to deployment/both"),
        )
        .succeeds();
    }
    assert_eq!(
        list(&namespace.get("deployment both")),
        ["gcr-json-key", "other-key"]
    );
    wait_until_rolled_out(&namespace, "both");

    // The bonus: another domain in the same Secret, and no workload is touched.
    let moved = image.replace(host, second.name());
    namespace.apply(&deployment("moved", &[&moved], "default"));
    wait_until_waiting(&namespace, "moved", "ImagePullBackOff");
    let generation = namespace.get("deployment moved")["metadata"]["generation"].clone();
    let before = content(&namespace, "gcr-json-key");
    wharf(
        &owner,
        &format!(
            "pull-secret add-registry gcr-json-key {} -n {name} --same-credentials-as {host}",
            second.name()
        ),
    )
    .succeeds();
    let after = content(&namespace, "gcr-json-key");
    assert!(
        after.starts_with(before.strip_suffix("}}").unwrap()),
        "the first entry changed"
    );
    wait_until_rolled_out(&namespace, "moved");
    assert_eq!(
        namespace.get("deployment moved")["metadata"]["generation"],
        generation
    );
}

#[test]
fn least_privilege_pulls_the_image_that_was_named_and_no_other() {
    let shop = cluster().shop("least");
    let owner = shop.wharf();
    let namespace = cluster().namespace("least");
    let name = namespace.name();
    let images = [shop.push_busybox("web:1"), shop.push_busybox("api:1")];
    let create = format!(
        "pull-secret create web-puller -n {name} --least-privilege {}",
        images[0]
    );

    let first = wharf(&owner, &create).succeeds();
    for part in [
        "Created service account",
        "Created key",
        "under a condition",
        "Created secret",
    ] {
        assert!(first.stderr.contains(part), "{first}");
    }
    // Once more: nothing is made anew.
    let before = content(&namespace, "web-puller");
    let again = wharf(&owner, &create).succeeds();
    for part in ["Kept key", "may pull", "is so already"] {
        assert!(again.stderr.contains(part), "{again}");
    }
    assert_eq!(content(&namespace, "web-puller"), before);
    let keys = owner.run(&format!(
        "iam service-accounts keys list --iam-account web-puller@{PROJECT}.iam.gserviceaccount.com -o json"
    ));
    assert_eq!(keys.json().as_array().unwrap().len(), 1, "{keys}");

    wharf(&owner, &format!("pull-secret attach web-puller -n {name}")).succeeds();
    namespace.apply(&deployment("web", &[&images[0]], "default"));
    namespace.apply(&deployment("api", &[&images[1]], "default"));
    wait_until_rolled_out(&namespace, "web");
    wait_until_waiting(&namespace, "api", "ImagePullBackOff");
}
