//! Where key rings can be. A location is a name here: all keys lie in this registry.

use wharf_types::kms::KeyRingName;
use wharf_types::wire::kms as wire;

use super::super::call::{Answer, Call};
use super::super::refusal::Refusal;

/// Those that a list shows; any other of the form of one may be used as well.
const LISTED: [&str; 12] = [
    "asia",
    "asia-east1",
    "asia-southeast1",
    "eu",
    "europe-west1",
    "europe-west3",
    "global",
    "us",
    "us-central1",
    "us-east1",
    "us-west1",
    "us-west2",
];

/// `GET projects/P/locations`
pub(in super::super) async fn list(call: &Call, project: &str) -> Answer {
    let project = call.project(project).await?;
    call.app
        .authorize_kms_locations(&call.caller, &project, true)
        .await?;
    let locations = LISTED.map(|location| shown(project.as_str(), location));
    call.answer(&wire::ListLocationsResponse {
        locations: locations.into(),
        next_page_token: None,
    })
}

/// `GET projects/P/locations/L`
pub(in super::super) async fn get(call: &Call, project: &str, location: &str) -> Answer {
    let project = call.project(project).await?;
    KeyRingName::new(&project, location, "any").map_err(|error| Refusal::field("name", error))?;
    call.app
        .authorize_kms_locations(&call.caller, &project, false)
        .await?;
    call.answer(&shown(project.as_str(), location))
}

fn shown(project: &str, location: &str) -> wire::Location {
    wire::Location {
        name: format!("projects/{project}/locations/{location}"),
        location_id: location.to_owned(),
        metadata: Some(wire::LocationMetadata {
            type_url: "type.googleapis.com/google.cloud.kms.v1.LocationMetadata".to_owned(),
            hsm_available: false,
            ekm_available: false,
        }),
    }
}
