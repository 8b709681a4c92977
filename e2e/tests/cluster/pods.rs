//! The least that there is to prove: a private image runs with a pull secret, and without one it does not.

use crate::{cluster, says};

#[test]
fn a_private_image_runs_with_a_pull_secret() {
    let shop = cluster().shop("private");
    let image = shop.push_busybox("app:1");
    let namespace = cluster().namespace("private");
    namespace.apply(&shop.pull_secret(cluster(), "regcred", &shop.shop.puller));
    namespace.run_pod("app", &image, &["regcred"]);
    let pod = namespace.wait_until_running("app");
    let pulled = pod["status"]["containerStatuses"][0]["imageID"]
        .as_str()
        .unwrap();
    assert!(pulled.starts_with(shop.host.name()), "{pulled}");
}

#[test]
fn without_the_secret_it_is_in_image_pull_back_off() {
    let shop = cluster().shop("secretless");
    let image = shop.push_busybox("app:1");
    let namespace = cluster().namespace("secretless");
    namespace.run_pod("app", &image, &[]);
    namespace.wait_until_waiting("app", "ImagePullBackOff");
    says(&namespace.events("app"), "401 Unauthorized");
}

#[test]
fn a_deployment_is_rolled_out_and_a_namespace_ends() {
    let shop = cluster().shop("rollout");
    let image = shop.push_busybox("app:1");
    let namespace = cluster().namespace("rollout");
    namespace.apply(&shop.pull_secret(cluster(), "regcred", &shop.shop.puller));
    namespace.apply(
        &serde_json::json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "app"}},
                "template": {
                    "metadata": {"labels": {"app": "app"}},
                    "spec": {
                        "containers": [{"name": "main", "image": image}],
                        "imagePullSecrets": [{"name": "regcred"}],
                        "terminationGracePeriodSeconds": 0,
                    },
                },
            },
        })
        .to_string(),
    );
    namespace
        .kubectl("rollout status deployment/app --timeout 50s")
        .succeeds();
    let name = namespace.name().to_owned();
    drop(namespace);
    cluster()
        .kubectl(&format!("wait --for delete namespace/{name} --timeout 50s"))
        .succeeds();
}
