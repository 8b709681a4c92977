//! Key rings (`projects.locations.keyRings`).

use wharf_app::kms::key_rings::KeyRing;
use wharf_types::kms::KeyRingName;
use wharf_types::wire::kms as wire;

use super::super::call::{Answer, Call};
use super::super::page::Page;
use super::super::refusal::Refusal;
use super::key_ring;

/// `GET projects/P/locations/L/keyRings`
pub(in super::super) async fn list(call: &Call, project: &str, location: &str) -> Answer {
    let page = Page::of(&call.query)?;
    let project = call.project(project).await?;
    // The token is an id: the name must lie at this location.
    let after = page.after(|id| KeyRingName::new(&project, location, id))?;
    let mut rings = call
        .app
        .list_key_rings(
            &call.caller,
            &project,
            location,
            after.as_ref(),
            page.size + 1,
        )
        .await?;
    let next_page_token = page.cut(&mut rings, |ring| ring.name.id().to_owned());
    call.answer(&wire::ListKeyRingsResponse {
        key_rings: rings.iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST projects/P/locations/L/keyRings?keyRingId=R`
pub(in super::super) async fn create(call: &Call, project: &str, location: &str) -> Answer {
    let _: wire::KeyRing = call.body()?;
    let id = call.query.get("keyRingId").unwrap_or_default();
    let project = call.project(project).await?;
    let name = KeyRingName::new(&project, location, id)
        .map_err(|error| Refusal::field("keyRingId", error))?;
    let ring = call.app.create_key_ring(&call.caller, &name).await?;
    call.answer(&shown(&ring))
}

/// `GET projects/P/locations/L/keyRings/R`
pub(in super::super) async fn get(
    call: &Call,
    project: &str,
    location: &str,
    ring: &str,
) -> Answer {
    let name = key_ring(call, project, location, ring).await?;
    let ring = call.app.get_key_ring(&call.caller, &name).await?;
    call.answer(&shown(&ring))
}

fn shown(ring: &KeyRing) -> wire::KeyRing {
    wire::KeyRing {
        name: ring.name.to_string(),
        create_time: Some(ring.created_at),
    }
}
