//! A credential is sent, and the registry does not accept it, or does not allow the pull.

use std::time::Duration;

use wharf_e2e::shop::PROJECT;
use wharf_e2e::wait::wait_for;
use wharf_e2e::wharf::email;

use super::Fault;
use super::place::{Mended, Place, SECRET, auths};

const VIEWER: &str = "roles/storage.objectViewer";
/// An expiry takes a second, and the clock that it is waited for with is the same.
const EXPIRY_DEADLINE: Duration = Duration::from_secs(60);

pub(super) const FAULTS: &[Fault] = &[
    ("rejected", rejected),
    ("key-disabled", key_disabled),
    ("key-deleted", key_deleted),
    ("key-expired", key_expired),
    ("account-disabled", account_disabled),
    ("account-deleted", account_deleted),
    ("no-permission", no_permission),
    ("other-bucket", other_bucket),
    ("condition", condition),
];

fn rejected(place: &Place<'_>) -> Mended {
    place.secret(SECRET, &auths(&[(place.world.host.name(), "password")]));
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("credential-rejected");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

/// An account of the fault's own that may pull, and a Pod's Secret with its key, whose id is returned.
fn pulls_with_own_key(place: &Place<'_>) -> String {
    let key = place.world.account(place.name);
    place.world.grant(place.name, VIEWER);
    place.secret_of_key(&key);
    place.attach(&[SECRET]);
    let key: serde_json::Value = serde_json::from_slice(&std::fs::read(key).unwrap()).unwrap();
    key["private_key_id"].as_str().unwrap().to_owned()
}

fn key_disabled(place: &Place<'_>) -> Mended {
    let key = pulls_with_own_key(place);
    place.world.wharf(&format!(
        "iam service-accounts keys disable {key} --iam-account {}",
        email(PROJECT, place.name)
    ));
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("key-disabled");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn key_deleted(place: &Place<'_>) -> Mended {
    let key = pulls_with_own_key(place);
    place.world.wharf(&format!(
        "iam service-accounts keys delete {key} --quiet --iam-account {}",
        email(PROJECT, place.name)
    ));
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("key-deleted");
    place.good_secret(SECRET);
    place.runs(diagnosis)
}

fn key_expired(place: &Place<'_>) -> Mended {
    pulls_with_own_key(place);
    let world = place.world;
    let key = world.shop.path("expires-soon.json");
    world.wharf_with(
        &format!(
            "iam service-accounts keys create --expires-in 1s --iam-account {}",
            email(PROJECT, place.name)
        ),
        key.to_str().unwrap(),
    );
    place.secret_of_key(&key);
    let client = world.shop.client(&key);
    wait_for("end of the key", EXPIRY_DEADLINE, || {
        let answer = client.ask_for_token("").unwrap();
        (answer.status == 401).then_some(())
    });
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("key-expired");
    place.good_secret(SECRET);
    place.runs(diagnosis)
}

fn account_disabled(place: &Place<'_>) -> Mended {
    pulls_with_own_key(place);
    let account = email(PROJECT, place.name);
    place
        .world
        .wharf(&format!("iam service-accounts disable {account}"));
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("account-disabled");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn account_deleted(place: &Place<'_>) -> Mended {
    pulls_with_own_key(place);
    let account = email(PROJECT, place.name);
    place
        .world
        .wharf(&format!("iam service-accounts delete --quiet {account}"));
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("account-deleted");
    place.good_secret(SECRET);
    place.runs(diagnosis)
}

fn no_permission(place: &Place<'_>) -> Mended {
    place.secret_of_key(&place.world.account(place.name));
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("permission-missing");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn other_bucket(place: &Place<'_>) -> Mended {
    let world = place.world;
    let bucket = format!("eu.artifacts.{PROJECT}.appspot.com");
    world.wharf(&format!("buckets create {bucket}"));
    place.secret_of_key(&world.account(place.name));
    world.wharf(&format!(
        "buckets add-iam-policy-binding {bucket} --member serviceAccount:{} --role {VIEWER} --condition None",
        email(PROJECT, place.name)
    ));
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("permission-missing");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn condition(place: &Place<'_>) -> Mended {
    let world = place.world;
    place.secret_of_key(&world.account(place.name));
    world.wharf_with(
        &format!(
            "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{} --role {VIEWER} --condition",
            email(PROJECT, place.name)
        ),
        "expression=resource.name.endsWith('/no-image-of-this-name'),title=no-image",
    );
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("condition-false");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}
