//! What a kubelet makes of pull secrets: the image in the first line, then Secrets with a NUL between them, of the old
//! format if they begin with a dot.
#![no_main]

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use libfuzzer_sys::fuzz_target;
use wharf_cluster::check::manifests;
use wharf_cluster::image::Image;
use wharf_cluster::keyring::{Keyring, LintCode, Reason, lint};

fn secret(text: &[u8]) -> Secret {
    let (kind, key, data) = match text.strip_prefix(b".") {
        Some(data) => ("kubernetes.io/dockercfg", ".dockercfg", data),
        None => ("kubernetes.io/dockerconfigjson", ".dockerconfigjson", text),
    };
    Secret {
        type_: Some(kind.to_owned()),
        data: Some([(key.to_owned(), ByteString(data.to_vec()))].into()),
        ..Secret::default()
    }
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let (line, rest) = input.split_at(end);
    let image = Image::parse(&String::from_utf8_lossy(line));
    if let Ok(image) = &image {
        assert_eq!(Image::parse(&image.to_string()).as_ref(), Ok(image));
    }
    let secrets: Vec<Secret> = rest
        .get(1..)
        .unwrap_or_default()
        .split(|b| *b == 0)
        .map(secret)
        .collect();
    let undecodable = secrets
        .iter()
        .flat_map(lint)
        .any(|lint| lint.code == LintCode::Undecodable);
    let keyring = Keyring::of(&secrets);
    assert_eq!(keyring.is_err(), undecodable, "the lint knows what breaks");
    if let (Ok(keyring), Ok(image)) = (keyring, image) {
        let offers = keyring.offers(&image);
        let fallback = offers.iter().filter(|offer| offer.reason == Reason::DockerHub);
        assert!([0, offers.len()].contains(&fallback.count()), "all or none");
    }
    let _ = manifests::read_secrets(&String::from_utf8_lossy(rest));
});
