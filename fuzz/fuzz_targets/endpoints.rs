//! Paths below `/v2/`: each has one spelling, and what it names is what is written in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_server::v2::Endpoint;

fuzz_target!(|path: &str| {
    let Ok(endpoint) = Endpoint::parse(path) else {
        return;
    };
    let written = match &endpoint {
        Endpoint::Catalog => "_catalog".to_owned(),
        Endpoint::Tags {
            project,
            image: None,
        } => format!("{}/tags/list", project.image_prefix()),
        Endpoint::Tags {
            project,
            image: Some(image),
        } => {
            format!("{}/{image}/tags/list", project.image_prefix())
        }
        Endpoint::Manifest { name, reference } => format!("{name}/manifests/{reference}"),
        Endpoint::Blob { name, digest } => format!("{name}/blobs/{digest}"),
        Endpoint::Uploads { name } => format!("{name}/blobs/uploads/"),
        Endpoint::Upload { name, id } => format!("{name}/blobs/uploads/{id}"),
        Endpoint::Referrers { name, subject } => format!("{name}/referrers/{subject}"),
    };
    // The slash at the end of `uploads/` alone may be left out.
    assert_eq!(written.trim_end_matches('/'), path.trim_end_matches('/'));
    assert_eq!(Endpoint::parse(&written), Ok(endpoint));
});
