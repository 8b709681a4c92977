//! The registry itself, as the organization that all projects belong to (Resource Manager v1 and v3).

use wharf_types::wire::resource_manager::{
    LifecycleState, Organization, SearchOrganizationsResponse,
};

use super::call::{Answer, Call};
use super::refusal::Refusal;

/// `GET organizations/O`
pub(super) async fn get(call: &Call, id: &str) -> Answer {
    // Nothing is decided here: it is the same in every registry.
    check(id)?;
    call.answer(&the_one())
}

/// `POST v1/organizations:search`, `GET v3/organizations:search`
pub(super) async fn search(call: &Call) -> Answer {
    call.answer(&SearchOrganizationsResponse {
        organizations: vec![the_one()],
    })
}

/// Refuses the id of any other organization.
pub(super) fn check(id: &str) -> Result<(), Refusal> {
    match id {
        "0" => Ok(()),
        other => Err(Refusal::NoSuchPath(format!("organizations/{other}"))),
    }
}

fn the_one() -> Organization {
    Organization {
        name: "organizations/0".to_owned(),
        display_name: "wharfinger".to_owned(),
        state: Some(LifecycleState::Active),
        lifecycle_state: Some(LifecycleState::Active),
    }
}
