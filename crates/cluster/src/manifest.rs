//! Objects as text, as `kubectl apply -f -` takes them.

use serde::Serialize;
use serde_saphyr::ser_options;

/// One YAML document for each object.
pub fn to_yaml(objects: &[impl Serialize]) -> String {
    let documents = objects.iter().map(|object| {
        // One line a value, however long, as kubectl writes it.
        let options = ser_options! { prefer_block_scalars: false };
        #[expect(
            clippy::expect_used,
            reason = "Kubernetes' objects are strings, numbers and lists"
        )]
        let mut text =
            serde_saphyr::to_string_with_options(object, options).expect("an object serialises");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// The object in JSON; several as a List.
pub fn to_json(objects: &[impl Serialize]) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct List<'a, T> {
        api_version: &'static str,
        kind: &'static str,
        items: &'a [T],
    }
    let text = match objects {
        [object] => serde_json::to_string_pretty(object),
        items => serde_json::to_string_pretty(&List {
            api_version: "v1",
            kind: "List",
            items,
        }),
    };
    #[expect(
        clippy::expect_used,
        reason = "Kubernetes' objects are strings, numbers and lists"
    )]
    let text = text.expect("an object serialises");
    text + "\n"
}
