//! Regions and zones (Compute Engine v1, `regions` and `zones`), which gcloud asks for when one is set as the default.

use wharf_app::places::{Region, Zone};
use wharf_types::ProjectId;
use wharf_types::wire::compute::{Place, Places};

use super::call::{Answer, Call};
use super::page::Page;

/// `GET compute/v1/projects/P/regions`
pub(super) async fn list_regions(call: &Call, project: &str) -> Answer {
    let project = call.project(project).await?;
    let regions = call.app.list_regions(&call.caller, &project).await?;
    let regions = regions.into_iter();
    let regions = regions.map(|region| region_shown(call, &project, region));
    list(call, &project, "regions", "compute#regionList", regions)
}

/// `GET compute/v1/projects/P/regions/R`
pub(super) async fn get_region(call: &Call, project: &str, region: &str) -> Answer {
    let project = call.project(project).await?;
    let found = call.app.get_region(&call.caller, &project, region);
    call.answer(&region_shown(call, &project, found.await?))
}

/// `GET compute/v1/projects/P/zones`
pub(super) async fn list_zones(call: &Call, project: &str) -> Answer {
    let project = call.project(project).await?;
    let zones = call.app.list_zones(&call.caller, &project).await?;
    let zones = zones.into_iter();
    let zones = zones.map(|zone| zone_shown(call, &project, zone));
    list(call, &project, "zones", "compute#zoneList", zones)
}

/// `GET compute/v1/projects/P/zones/Z`
pub(super) async fn get_zone(call: &Call, project: &str, zone: &str) -> Answer {
    let project = call.project(project).await?;
    let found = call.app.get_zone(&call.caller, &project, zone);
    call.answer(&zone_shown(call, &project, found.await?))
}

fn list(
    call: &Call,
    project: &ProjectId,
    collection: &str,
    kind: &str,
    places: impl Iterator<Item = Place>,
) -> Answer {
    let page = Page::new(
        call.query.number("maxResults")?,
        call.query.get("pageToken"),
    )?;
    let (items, next_page_token) = page.of_list(places, |place| place.name.clone());
    call.answer(&Places {
        kind: kind.to_owned(),
        id: format!("projects/{project}/{collection}"),
        items,
        next_page_token,
        self_link: link(call, project, collection),
    })
}

fn link(call: &Call, project: &ProjectId, path: &str) -> String {
    let base = &call.caller.origin.base_url;
    format!("{base}/compute/v1/projects/{project}/{path}")
}

fn region_shown(call: &Call, project: &ProjectId, region: Region) -> Place {
    let zones = region.zones.iter();
    Place {
        kind: "compute#region".to_owned(),
        zones: zones
            .map(|zone| link(call, project, &format!("zones/{zone}")))
            .collect(),
        ..place(call, project, "regions", region.name)
    }
}

fn zone_shown(call: &Call, project: &ProjectId, zone: Zone) -> Place {
    let region = format!("regions/{}", zone.region);
    Place {
        kind: "compute#zone".to_owned(),
        region: Some(link(call, project, &region)),
        ..place(call, project, "zones", zone.name)
    }
}

fn place(call: &Call, project: &ProjectId, collection: &str, name: String) -> Place {
    Place {
        description: name.clone(),
        status: "UP".to_owned(),
        self_link: link(call, project, &format!("{collection}/{name}")),
        name,
        ..Place::default()
    }
}
