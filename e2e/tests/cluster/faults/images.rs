//! The credential is good, and the image is not there, or is none that runs here; or the kubelet asks for nothing.

use wharf_e2e::content::{IMAGE_INDEX, Image, descriptor};
use wharf_e2e::shop::PROJECT;

use super::Fault;
use super::place::{APP, Mended, Place, SECRET};

pub(super) const FAULTS: &[Fault] = &[
    ("tag-absent", tag_absent),
    ("repository-absent", repository_absent),
    ("platform-absent", platform_absent),
    ("wrong-architecture", wrong_architecture),
    ("invalid-name", invalid_name),
    ("never-pull", never_pull),
    ("retry", retry),
];

/// The place has the good credential.
fn with_credential(place: &Place<'_>) {
    place.good_secret(SECRET);
    place.attach(&[SECRET]);
}

fn tag_absent(place: &Place<'_>) -> Mended {
    with_credential(place);
    place.image();
    place.deploy(&place.image_at(place.world.host.name(), "v2"));
    let diagnosis = place.is_diagnosed("tag-absent");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn repository_absent(place: &Place<'_>) -> Mended {
    with_credential(place);
    place.deploy(&place.image_at(place.world.host.name(), "v1"));
    let diagnosis = place.is_diagnosed("repository-absent");
    place.image();
    place.runs(diagnosis)
}

fn platform_absent(place: &Place<'_>) -> Mended {
    with_credential(place);
    let (name, world) = (place.name, place.world);
    world.push(name, "arm64", &world.foreign);
    world.push(name, "v1", &index(&[("arm64", &world.foreign)]));
    place.deploy(&place.image_at(world.host.name(), "v1"));
    let diagnosis = place.is_diagnosed("platform-absent");
    world.push(name, "amd64", &world.runs);
    world.push(
        name,
        "v1",
        &index(&[("arm64", &world.foreign), ("amd64", &world.runs)]),
    );
    place.runs(diagnosis)
}

fn index(images: &[(&str, &Image)]) -> Image {
    let manifest = |(architecture, image): &(&str, &Image)| {
        let mut manifest = descriptor(&image.media_type, &image.manifest);
        manifest["platform"] = serde_json::json!({"architecture": architecture, "os": "linux"});
        manifest
    };
    let manifests: Vec<_> = images.iter().map(manifest).collect();
    let index =
        serde_json::json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": manifests});
    Image {
        manifest: index.to_string().into_bytes(),
        media_type: IMAGE_INDEX.to_owned(),
        blobs: Vec::new(),
    }
}

fn wrong_architecture(place: &Place<'_>) -> Mended {
    with_credential(place);
    let world = place.world;
    world.push(place.name, "arm64", &world.foreign);
    place.deploy_as(&place.image_at(world.host.name(), "arm64"), |spec| {
        // Else the reason stands in the container's log only.
        spec["containers"][0]["terminationMessagePolicy"] = "FallbackToLogsOnError".into();
    });
    place.waits_for("program that does not start", |reason, _| {
        reason == "CrashLoopBackOff"
    });
    let diagnosis = place.doctor_names("wrong-architecture");
    set_image(place, &place.image());
    place.runs(diagnosis)
}

fn invalid_name(place: &Place<'_>) -> Mended {
    with_credential(place);
    let host = place.world.host.name();
    place.image();
    place.deploy(&format!("{host}/{PROJECT}/Invalid-Name:v1"));
    let diagnosis = place.is_diagnosed("invalid-image-name");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}

fn never_pull(place: &Place<'_>) -> Mended {
    with_credential(place);
    place.deploy_as(&place.image(), |spec| {
        spec["containers"][0]["imagePullPolicy"] = "Never".into();
    });
    let diagnosis = place.is_diagnosed("never-pull");
    place.deploy_as(&place.image_at(place.world.host.name(), "v1"), |spec| {
        spec["containers"][0]["imagePullPolicy"] = "IfNotPresent".into();
    });
    place.runs(diagnosis)
}

/// What was wrong is mended, and the kubelet waits for its next try, which is 40 seconds away when it has failed thrice.
fn retry(place: &Place<'_>) -> Mended {
    with_credential(place);
    place.deploy(&place.image_at(place.world.host.name(), "v1"));
    place.has_failed(3);
    place.image();
    let diagnosis = place.is_diagnosed("waiting-to-retry");
    place.runs(diagnosis)
}

fn set_image(place: &Place<'_>, image: &str) {
    place
        .namespace
        .kubectl("set image deployment/app")
        .arg(format!("{APP}={image}"))
        .succeeds();
}
