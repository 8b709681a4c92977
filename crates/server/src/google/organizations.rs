//! The registry itself, as the organization that all projects belong to (Resource Manager v1 and v3).

use wharf_types::wire::resource_manager::{
    LifecycleState, Organization, SearchOrganizationsResponse,
};

use super::call::{Answer, Call};

/// `GET organizations/0`
pub(super) async fn get(call: &Call) -> Answer {
    // Nothing is decided here: it is the same in every registry.
    call.require_login()?;
    call.answer(&the_one())
}

/// `POST v1/organizations:search`, `GET v3/organizations:search`
pub(super) async fn search(call: &Call) -> Answer {
    call.require_login()?;
    call.answer(&SearchOrganizationsResponse {
        organizations: vec![the_one()],
    })
}

fn the_one() -> Organization {
    Organization {
        name: "organizations/0".to_owned(),
        display_name: "wharfinger".to_owned(),
        state: Some(LifecycleState::Active),
        lifecycle_state: Some(LifecycleState::Active),
    }
}
