//! A credential is sent, and the registry does not accept it.

use super::Fault;
use super::place::{Mended, Place, SECRET, auths};

pub(super) const FAULTS: &[Fault] = &[("rejected", rejected)];

fn rejected(place: &Place<'_>) -> Mended {
    place.secret(SECRET, &auths(&[(place.world.host.name(), "password")]));
    place.attach(&[SECRET]);
    place.deploy(&place.image());
    let diagnosis = place.is_diagnosed("credential-rejected");
    place.run_commands(&diagnosis);
    place.runs(diagnosis)
}
