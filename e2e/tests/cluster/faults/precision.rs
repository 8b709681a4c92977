//! Pods that are well, or not well for reasons that have nothing to do with images: the doctor finds nothing.

use serde_json::{Value, json};

use super::place::{APP, Place, SECRET};
use super::world::World;
use crate::cluster;

/// Makes a Pod, and waits until it is in the state that is meant.
type Case = (&'static str, fn(&Place<'_>));

const CASES: &[Case] = &[
    ("well", well),
    ("crash-loop", crash_loop),
    ("exit-code", exit_code),
    ("out-of-memory", out_of_memory),
    ("no-config-map", no_config_map),
    ("no-such-command", no_such_command),
    ("unschedulable", unschedulable),
    ("just-created", just_created),
];

#[test]
#[expect(clippy::print_stdout, reason = "a run tells how far it is")]
fn the_doctor_finds_nothing_where_images_are_not_the_matter() {
    let world = World::open(cluster(), 0);
    for (name, case) in CASES {
        let place = Place::new(&world, name);
        place.good_secret(SECRET);
        place.attach(&[SECRET]);
        case(&place);
        place.doctor_finds_nothing();
        println!("{name}: nothing found");
    }
}

fn well(place: &Place<'_>) {
    place.deploy(&place.image());
    place.all_run();
}

fn runs_command(place: &Place<'_>, command: &[&str], alter: impl FnOnce(&mut Value)) {
    place.deploy_as(&place.image(), |spec| {
        spec["containers"][0]["command"] = json!(command);
        alter(spec);
    });
}

fn crash_loop(place: &Place<'_>) {
    runs_command(place, &["/bin/busybox", "false"], |_| {});
    place.waits_for("crash loop", |reason, _| reason == "CrashLoopBackOff");
}

fn exit_code(place: &Place<'_>) {
    let spec = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": APP, "image": place.image(), "command": ["/bin/busybox", "sh", "-c", "exit 3"],
        }],
    });
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": APP}, "spec": spec});
    place.namespace.apply(&pod.to_string());
    place
        .namespace
        .wait_for_pod(APP, "end", |pod| pod["status"]["phase"] == "Failed");
}

fn out_of_memory(place: &Place<'_>) {
    let fill = "x=x; while true; do x=$x$x; done";
    runs_command(place, &["/bin/busybox", "sh", "-c", fill], |spec| {
        spec["containers"][0]["resources"] = json!({"limits": {"memory": "24Mi"}});
    });
    place.waits_for("crash loop", |reason, _| reason == "CrashLoopBackOff");
}

fn no_config_map(place: &Place<'_>) {
    place.deploy_as(&place.image(), |spec| {
        spec["containers"][0]["envFrom"] = json!([{"configMapRef": {"name": "absent"}}]);
    });
    place.waits_for("want of a ConfigMap", |reason, _| {
        reason == "CreateContainerConfigError"
    });
}

fn no_such_command(place: &Place<'_>) {
    runs_command(place, &["/bin/absent"], |_| {});
    place.waits_for("failed start", |reason, _| {
        ["RunContainerError", "CrashLoopBackOff"].contains(&reason)
    });
}

fn unschedulable(place: &Place<'_>) {
    place.deploy_as(&place.image(), |spec| {
        spec["nodeSelector"] = json!({"there-is": "no-such-node"});
    });
    place.is_unschedulable();
}

/// A Pod that was created just now, whatever it is doing.
fn just_created(place: &Place<'_>) {
    place.deploy(&place.image());
}
