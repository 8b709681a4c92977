//! Pull secrets that hold no credential for the image: nothing, or nothing good, is sent.

use serde_json::json;

use super::Fault;
use super::place::{Mended, Place, SECRET, auths, named};

pub(super) const FAULTS: &[Fault] = &[
    ("no-pull-secret", no_pull_secret),
    ("secret-absent", secret_absent),
    ("secret-elsewhere", secret_elsewhere),
    ("wrong-type", wrong_type),
    ("bad-base64", bad_base64),
    ("no-colon", no_colon),
    ("auths-a-list", auths_a_list),
    ("bad-beside-good", bad_beside_good),
    ("without-auths", without_auths),
    ("other-host", other_host),
    ("other-port", other_port),
    ("other-path", other_path),
    ("shadowed", shadowed),
    ("older", older),
];

fn no_pull_secret(place: &Place<'_>) -> Mended {
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("no-pull-secret");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn secret_absent(place: &Place<'_>) -> Mended {
    // Of a name that nobody has, in whatever namespace.
    place.attach(&[place.namespace.name()]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-absent");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn secret_elsewhere(place: &Place<'_>) -> Mended {
    let other = Place::new(place.world, "elsewhere");
    other.good_secret("regcred-of-the-neighbour");
    place.attach(&["regcred-of-the-neighbour"]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-in-other-namespace");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn wrong_type(place: &Place<'_>) -> Mended {
    let config = auths(&[(place.world.host.name(), &place.world.password())]);
    place.secret_of_type(SECRET, "Opaque", &config);
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-wrong-type");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn bad_base64(place: &Place<'_>) -> Mended {
    let host = place.world.host.name();
    unreadable(place, json!({"auths": {host: {"auth": "~~~"}}}))
}

fn no_colon(place: &Place<'_>) -> Mended {
    let host = place.world.host.name();
    unreadable(place, json!({"auths": {host: {"auth": "bm9ib2R5"}}}))
}

fn auths_a_list(place: &Place<'_>) -> Mended {
    unreadable(place, json!({"auths": ["x"]}))
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
fn unreadable(place: &Place<'_>, config: serde_json::Value) -> Mended {
    place.secret(SECRET, &config);
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-unreadable");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn bad_beside_good(place: &Place<'_>) -> Mended {
    place.good_secret("good");
    place.secret("bad", &json!({"auths": {"other.test": {"auth": "~~~"}}}));
    place.attach(&["good", "bad"]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-unreadable");
    diagnosis.names("bad");
    place.secret("bad", &auths(&[("other.test", "password")]));
    place.runs(diagnosis)
}

fn without_auths(place: &Place<'_>) -> Mended {
    let wrapped = auths(&[(place.world.host.name(), &place.world.password())]);
    place.secret(SECRET, &wrapped["auths"]);
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("secret-without-auths");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn other_host(place: &Place<'_>) -> Mended {
    keyed(place, "secret-for-other-host", "other.test")
}

fn other_port(place: &Place<'_>) -> Mended {
    let key = format!("{}:443", place.world.host.name());
    keyed(place, "secret-for-other-port", &key)
}

fn other_path(place: &Place<'_>) -> Mended {
    let key = format!("{}/the-neighbour", place.world.host.name());
    keyed(place, "secret-for-other-path", &key)
}

/// The Secret has the right password under a key that the kubelet does not match with the image.
fn keyed(place: &Place<'_>, cause: &str, key: &str) -> Mended {
    place.secret(SECRET, &auths(&[(key, &place.world.password())]));
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed(cause);
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn shadowed(place: &Place<'_>) -> Mended {
    place.good_secret(SECRET);
    place.attach(&[SECRET]);
    place.secret("own", &auths(&[("other.test", "password")]));
    place.deploy_as(&place.image(), |spec| {
        spec["imagePullSecrets"] = named(&["own"]);
    });
    let diagnosis = place.is_diagnosed("secret-shadowed");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn older(place: &Place<'_>) -> Mended {
    place.deploy(&place.image());
    place.waits_for_stuck();
    place.good_secret(SECRET);
    place.attach(&[SECRET]);
    let diagnosis = place.is_diagnosed("pod-older-than-attachment");
    place.fix(&diagnosis);
    place.runs(diagnosis)
}
