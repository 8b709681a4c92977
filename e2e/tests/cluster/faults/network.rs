//! The registry is not reached, or what is reached is not in order.

use wharf_e2e::certificate::{Validity, server_config};
use wharf_e2e::cluster::Host;
use wharf_e2e::faults::{FaultServer, Reply};

use super::Fault;
use super::place::{Mended, Place, SECRET, auths};

pub(super) const FAULTS: &[Fault] = &[
    ("unknown-authority", unknown_authority),
    ("other-name", other_name),
    ("expired", expired),
    ("not-yet-valid", not_yet_valid),
    ("plain-http", plain_http),
    ("tls-expected", tls_expected),
    ("dns", dns),
    ("refused", refused),
    ("failing", failing),
    ("rate-limited", rate_limited),
    ("not-a-registry", not_a_registry),
];
/// Names that these faults take.
pub(super) const NAMES: usize = 10;

/// Deploys an image of this host, which is in the registry behind it, with a credential that is good there.
fn deploy_from(place: &Place<'_>, host: &Host) {
    place.image();
    place.secret(SECRET, &auths(&[(host.name(), &place.world.password())]));
    place.attach(&[SECRET]);
    place.deploy(&place.image_at(host.name(), "v1"));
}

/// A host that the node trusts, and that leads to something else than the registry until it is mended.
fn behind(place: &Place<'_>, cause: &str, server: impl FnOnce(&Host) -> FaultServer) -> Mended {
    let registry = &place.world.shop.registry;
    let host = place.world.spare_host();
    host.trust(&registry.ca());
    host.lead_to(server(&host).address());
    deploy_from(place, &host);
    let diagnosis = place.is_diagnosed(cause);
    host.lead_to(registry.address());
    place.runs(diagnosis)
}

fn with_certificate(
    place: &Place<'_>,
    cause: &str,
    name: Option<&str>,
    validity: Validity,
) -> Mended {
    let registry = &place.world.shop.registry;
    behind(place, cause, |host| {
        let config = server_config(registry, name.unwrap_or(host.domain()), validity);
        FaultServer::start_tls(config, |_| Reply::new(503))
    })
}

fn unknown_authority(place: &Place<'_>) -> Mended {
    let registry = &place.world.shop.registry;
    let host = place.world.spare_host();
    host.lead_to(registry.address());
    deploy_from(place, &host);
    let diagnosis = place.is_diagnosed("unknown-authority");
    host.trust(&registry.ca());
    place.runs(diagnosis)
}

fn other_name(place: &Place<'_>) -> Mended {
    let name = Some("registry.example.com");
    with_certificate(place, "certificate-wrong-name", name, Validity::Now)
}

fn expired(place: &Place<'_>) -> Mended {
    with_certificate(place, "certificate-expired", None, Validity::Past)
}

fn not_yet_valid(place: &Place<'_>) -> Mended {
    with_certificate(place, "certificate-not-yet-valid", None, Validity::Future)
}

fn plain_http(place: &Place<'_>) -> Mended {
    behind(place, "plain-http", |_| {
        FaultServer::start(|_| Reply::new(503))
    })
}

fn tls_expected(place: &Place<'_>) -> Mended {
    let registry = &place.world.shop.registry;
    let host = place.world.spare_host();
    host.lead_to(registry.address());
    host.redirect(&format!("http://{}:443", host.name()));
    deploy_from(place, &host);
    let diagnosis = place.is_diagnosed("tls-expected");
    host.trust(&registry.ca());
    place.runs(diagnosis)
}

fn dns(place: &Place<'_>) -> Mended {
    let registry = &place.world.shop.registry;
    let host = place.world.spare_host();
    host.trust(&registry.ca());
    host.lead_to(registry.address());
    host.lose_name();
    deploy_from(place, &host);
    let diagnosis = place.is_diagnosed("dns");
    host.find_name();
    place.runs(diagnosis)
}

fn refused(place: &Place<'_>) -> Mended {
    let registry = &place.world.shop.registry;
    let mut host = place.world.refusing.lock().unwrap().take().unwrap();
    host.trust(&registry.ca());
    deploy_from(place, &host);
    let diagnosis = place.is_diagnosed("connection-refused");
    host.open();
    host.lead_to(registry.address());
    place.runs(diagnosis)
}

fn failing(place: &Place<'_>) -> Mended {
    with_answer(place, "registry-failing", Reply::new(503))
}

fn rate_limited(place: &Place<'_>) -> Mended {
    with_answer(
        place,
        "rate-limited",
        Reply::new(429).header("Retry-After", "60"),
    )
}

fn not_a_registry(place: &Place<'_>) -> Mended {
    with_answer(
        place,
        "not-a-registry",
        Reply::new(200).body("text/html", "<p>Please log in."),
    )
}

fn with_answer(place: &Place<'_>, cause: &str, answer: Reply) -> Mended {
    let registry = &place.world.shop.registry;
    behind(place, cause, |host| {
        let config = server_config(registry, host.domain(), Validity::Now);
        FaultServer::start_tls(config, move |_| answer.clone())
    })
}
