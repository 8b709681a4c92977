#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};
use wharf_types::media::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

use super::super::testing::{CONFIG, code, descriptor, image, index, sha256};
use super::*;

fn read(document: &Value, content_type: Option<&str>) -> Result<Parsed, Error> {
    Parsed::read(document.to_string().as_bytes(), content_type)
}

fn refusal(document: &Value, content_type: Option<&str>) -> String {
    let error = read(document, content_type).unwrap_err();
    assert_eq!(code(&error), OciCode::ManifestInvalid);
    error.to_string()
}

#[test]
fn an_image_holds_config_and_layers_each_once() {
    let parsed = read(&image(&[b"a", b"b", b"a"]), Some(OCI_MANIFEST)).unwrap();
    assert_eq!(parsed.media_type, OCI_MANIFEST);
    assert_eq!(parsed.config, Some(sha256(CONFIG)));
    let mut held: Vec<_> = parsed.blobs.iter().map(|part| part.digest).collect();
    let mut wanted = vec![sha256(CONFIG), sha256(b"a"), sha256(b"b")];
    held.sort();
    wanted.sort();
    assert_eq!(held, wanted);
    assert!(parsed.entries.is_empty());
}

#[test]
fn header_and_body_must_name_one_media_type() {
    let document = image(&[b"a"]);
    assert!(
        read(
            &document,
            Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")
        )
        .is_ok()
    );
    assert!(read(&document, None).is_ok());
    assert!(refusal(&document, Some(OCI_INDEX)).contains("must be the same"));
    assert!(refusal(&document, Some(DOCKER_MANIFEST)).contains("must be the same"));
    let mut silent = document;
    silent.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(read(&silent, None).unwrap().media_type, OCI_MANIFEST);
    assert_eq!(
        read(&silent, Some(DOCKER_MANIFEST)).unwrap().media_type,
        DOCKER_MANIFEST
    );
    assert!(
        refusal(&silent, Some("application/octet-stream")).contains("not a manifest's media type")
    );
}

#[test]
fn a_body_that_two_readers_could_take_for_two_things_is_refused() {
    for (media_type, field, value) in [
        (OCI_MANIFEST, "manifests", json!([])),
        (
            DOCKER_MANIFEST,
            "manifests",
            json!([descriptor(OCI_MANIFEST, b"x")]),
        ),
    ] {
        let mut document = image(&[b"a"]);
        document["mediaType"] = media_type.into();
        document[field] = value;
        assert!(refusal(&document, Some(media_type)).contains("manifests too"));
    }
    for (media_type, field) in [(OCI_INDEX, "config"), (DOCKER_LIST, "layers")] {
        let mut document = index(&[]);
        document["mediaType"] = media_type.into();
        document[field] = image(&[b"a"])[field].clone();
        assert!(refusal(&document, Some(media_type)).contains("config or layers too"));
    }
    let twice = image(&[b"a"])
        .to_string()
        .replacen('{', r#"{"layers":[],"#, 1);
    assert!(
        Parsed::read(twice.as_bytes(), None).is_err(),
        "layers twice"
    );
}

#[test]
fn schema_1_is_refused_by_its_name() {
    for document in [
        json!({"schemaVersion": 1, "name": "a", "fsLayers": []}),
        json!({"schemaVersion": 1}),
    ] {
        assert!(refusal(&document, None).contains("schema 1"), "{document}");
    }
    let header = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    assert!(refusal(&json!({"schemaVersion": 2}), Some(header)).contains("schema 1"));
}

#[test]
fn what_is_no_manifest_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{",
        "\"\\",
        "\u{feff}{}",
        r#"{"schemaVersion":2}"#,
        r#"{"schemaVersion":"2"}"#,
    ] {
        assert!(
            Parsed::read(text.as_bytes(), Some(OCI_MANIFEST)).is_err(),
            "{text}"
        );
    }
    let mut document = image(&[b"a"]);
    document["layers"][0]["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e".into();
    assert!(refusal(&document, None).contains("md5"));
    let mut document = image(&[b"a"]);
    document["layers"][0]["size"] = (-1).into();
    assert!(read(&document, None).is_err());
    document["layers"][0]["size"] = u64::MAX.into();
    assert!(refusal(&document, None).contains("beyond"));
    let mut document = image(&[b"a", b"a"]);
    document["layers"][0]["size"] = 2.into();
    assert!(refusal(&document, None).contains("two sizes"));
}

#[test]
fn nesting_and_entries_are_bounded() {
    let depth = |levels: usize| {
        let mut document = image(&[b"a"]).to_string();
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        document.insert_str(1, &format!(r#""x":{deep},"#));
        document
    };
    assert!(Parsed::read(depth(limits::JSON_DEPTH_MAX - 1).as_bytes(), None).is_ok());
    assert!(Parsed::read(depth(limits::JSON_DEPTH_MAX).as_bytes(), None).is_err());
    assert!(Parsed::read("[".repeat(4 << 20).as_bytes(), None).is_err());
    let mut quoted = image(&[b"a"]);
    quoted["x"] = "\"[[".repeat(200).into();
    assert!(
        read(&quoted, None).is_ok(),
        "brackets in a text are no nesting"
    );

    let mut wide = index(&[]);
    let entry = descriptor(OCI_MANIFEST, b"x");
    wide["manifests"] = vec![entry.clone(); limits::MANIFEST_ENTRIES_MAX].into();
    assert!(read(&wide, None).is_ok());
    wide["manifests"] = vec![entry; limits::MANIFEST_ENTRIES_MAX + 1].into();
    assert!(refusal(&wide, None).contains("entries"));
}

#[test]
fn data_must_be_the_content() {
    let mut document = image(&[b"a"]);
    document["config"]["data"] = STANDARD.encode(CONFIG).into();
    assert!(read(&document, None).is_ok());
    for wrong in [STANDARD.encode("other"), "not base64!".to_owned()] {
        document["config"]["data"] = wrong.into();
        assert!(refusal(&document, None).contains("the data of"));
    }
}

#[test]
fn only_a_layer_that_says_where_it_is_may_be_absent() {
    let foreign = |urls: Value| {
        let mut document = image(&[b"a"]);
        document["layers"][0]["mediaType"] =
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip".into();
        document["layers"][0]["urls"] = urls;
        let parts = read(&document, None).unwrap().blobs;
        parts
            .into_iter()
            .find(|part| part.digest == sha256(b"a"))
            .unwrap()
            .is_foreign
    };
    assert!(foreign(json!(["https://example.com/a"])));
    assert!(!foreign(json!([])));
    assert!(!foreign(Value::Null));
}

#[test]
fn an_artifact_type_is_its_own_or_the_configs() {
    let mut document = image(&[b"a"]);
    let config = document["config"]["mediaType"].clone();
    assert_eq!(
        read(&document, None).unwrap().artifact_type.as_deref(),
        config.as_str()
    );
    document["artifactType"] = "application/x.sbom".into();
    assert_eq!(
        read(&document, None).unwrap().artifact_type.as_deref(),
        Some("application/x.sbom")
    );
    assert_eq!(read(&index(&[]), None).unwrap().artifact_type, None);
}

#[test]
fn the_time_of_the_build_is_read_off_the_config() {
    assert_eq!(built_at(CONFIG), "2024-05-01T10:00:00Z".parse().ok());
    for silent in [
        "{}",
        r#"{"created":null}"#,
        r#"{"created":"yesterday"}"#,
        "[]",
        "x",
    ] {
        assert_eq!(built_at(silent.as_bytes()), None, "{silent}");
    }
}

proptest! {
    /// Whatever bytes come, reading ends without a panic, and what was read is never both an image and an index.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(parsed) = Parsed::read(&bytes, None) {
            prop_assert!(parsed.blobs.is_empty() || parsed.entries.is_empty());
        }
    }

    #[test]
    fn mutilated_manifests_are_read_or_refused(cut in 0_usize..400, at in 0_usize..400, byte: u8) {
        let mut text = image(&[b"a", b"b"]).to_string().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        text.truncate(text.len() - cut.min(text.len() - 1) / 8);
        let _ = Parsed::read(&text, Some(OCI_MANIFEST));
    }
}
