//! `wharf images` on images that were pushed.

use crate::support::Registry;

/// A registry with `web:v1`, `web:latest` (one image), `web:v2` and `team/api:v1` in the project `default`.
fn pushed() -> Registry {
    let registry = Registry::start();
    registry.push("default/web", "v1", "one");
    registry.push("default/web", "latest", "one");
    registry.push("default/web", "v2", "two");
    registry.push("default/team/api", "v1", "three");
    registry
}

/// The tags of an image, by what `list-tags` says.
fn tags(registry: &Registry, image: &str) -> Vec<String> {
    let listed = registry
        .owner(&format!("images list-tags {image} -o json"))
        .code(0)
        .json();
    let mut tags: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|image| image["tags"].as_array().unwrap())
        .map(|tag| tag.as_str().unwrap().to_owned())
        .collect();
    tags.sort();
    tags
}

#[test]
fn images_are_listed_and_described() {
    let registry = pushed();
    let host = registry.host();
    let listed = registry.owner("images list").code(0).stdout;
    assert_eq!(
        listed,
        format!("NAME\n{host}/default/team\n{host}/default/web\n")
    );
    let listed = registry
        .owner(&format!("images list {host}/default --recursive"))
        .code(0)
        .stdout;
    assert_eq!(
        listed,
        format!("NAME\n{host}/default/team/api\n{host}/default/web\n")
    );

    let table = registry
        .owner("images list-tags default/web")
        .code(0)
        .stdout;
    assert!(
        table.starts_with("DIGEST         TAGS ") && table.lines().count() == 3,
        "{table}"
    );
    assert_eq!(tags(&registry, "default/web"), ["latest", "v1", "v2"]);

    let described = registry
        .owner(&format!("images describe {host}/default/web -o json"))
        .code(0)
        .json();
    let digest = described["image_summary"]["digest"].as_str().unwrap();
    assert_eq!(
        described["image_summary"]["fully_qualified_digest"],
        format!("{host}/default/web@{digest}")
    );
    assert_eq!(described["annotations"]["note"], "one");
    assert_eq!(described["layers"][0]["size"], 2);
    assert_eq!(described["tags"], serde_json::json!(["latest", "v1"]));
    let by_digest = registry
        .owner(&format!("images describe default/web@{digest} -o json"))
        .code(0)
        .json();
    assert_eq!(by_digest, described);

    registry
        .owner("images describe default/web:none")
        .code(1)
        .says(&["error: "]);
    registry
        .owner("images list-tags default/none")
        .code(1)
        .says(&["error: "]);
    registry
        .owner("images list-tags default/web:v1")
        .code(2)
        .says(&["hint: leave the tag"]);
    registry
        .owner("images describe web")
        .code(2)
        .says(&["names no image"]);
}

#[test]
fn tags_are_added_and_taken() {
    let registry = pushed();
    registry
        .owner("images add-tag default/web:v1 default/web:stable default/web:v2")
        .code(0);
    assert_eq!(
        tags(&registry, "default/web"),
        ["latest", "stable", "v1", "v2"]
    );
    let digest = |tag: &str| {
        let described = registry.owner(&format!("images describe default/web:{tag} -o json"));
        described.code(0).json()["image_summary"]["digest"].clone()
    };
    assert_eq!(digest("v2"), digest("v1"));
    registry
        .owner("images untag default/web:stable default/web:latest")
        .code(0);
    assert_eq!(tags(&registry, "default/web"), ["v1", "v2"]);
    registry.owner("images untag default/web:stable").code(1);
    registry
        .owner("images untag default/web")
        .code(2)
        .says(&["names no tag"]);
    registry
        .owner("images add-tag default/web:v1 default/api:v1")
        .code(2)
        .says(&["another image"]);
}

#[test]
fn an_image_with_other_tags_is_deleted_by_force_alone() {
    let registry = pushed();
    registry
        .owner("images delete default/web:v1")
        .code(1)
        .says(&["has other tags too: latest", "hint: --force-delete-tags"]);
    assert_eq!(tags(&registry, "default/web"), ["latest", "v1", "v2"]);
    registry
        .owner("images delete default/web:v2")
        .code(0)
        .says(&["Deleted ["]);
    registry.owner("images delete default/web").code(2);
    registry
        .owner("projects update default --strict-deletes")
        .code(0);
    registry
        .owner("images delete default/web:v1 --force-delete-tags")
        .code(0);
    registry.owner("images describe default/web:latest").code(1);
    let listed = registry.owner("images list --recursive").code(0).stdout;
    assert!(!listed.contains("/web"), "{listed}");
}
