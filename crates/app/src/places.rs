//! Regions and zones. To this registry they are names that clusters and keys carry: nothing lies in any of them. So every
//! well-formed one can be asked for, and those that people know are listed.

use wharf_types::ProjectId;
use wharf_types::permission::{REGIONS_GET, REGIONS_LIST, ZONES_GET, ZONES_LIST};
use wharf_types::text::shorten;

use crate::{App, Caller, Error, Missing};

/// Regions that are listed, each with the letters of its zones.
const REGIONS: &[(&str, &str)] = &[
    ("africa-south1", "abc"),
    ("asia-east1", "abc"),
    ("asia-east2", "abc"),
    ("asia-northeast1", "abc"),
    ("asia-northeast2", "abc"),
    ("asia-northeast3", "abc"),
    ("asia-south1", "abc"),
    ("asia-south2", "abc"),
    ("asia-southeast1", "abc"),
    ("asia-southeast2", "abc"),
    ("australia-southeast1", "abc"),
    ("australia-southeast2", "abc"),
    ("europe-central2", "abc"),
    ("europe-north1", "abc"),
    ("europe-southwest1", "abc"),
    ("europe-west1", "bcd"),
    ("europe-west2", "abc"),
    ("europe-west3", "abc"),
    ("europe-west4", "abc"),
    ("europe-west6", "abc"),
    ("europe-west8", "abc"),
    ("europe-west9", "abc"),
    ("me-central1", "abc"),
    ("me-west1", "abc"),
    ("northamerica-northeast1", "abc"),
    ("northamerica-northeast2", "abc"),
    ("southamerica-east1", "abc"),
    ("southamerica-west1", "abc"),
    ("us-central1", "abcf"),
    ("us-east1", "bcd"),
    ("us-east4", "abc"),
    ("us-east5", "abc"),
    ("us-south1", "abc"),
    ("us-west1", "abc"),
    ("us-west2", "abc"),
    ("us-west3", "abc"),
    ("us-west4", "abc"),
];

/// A region: `us-central1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Its zones: `us-central1-a`.
    pub zones: Vec<String>,
}

/// A zone: `us-central1-a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The name of the region that it is in.
    pub region: String,
}

impl Region {
    /// One that is listed, or any other of such a name: `AREA-PLACEn`.
    fn parse(name: &str) -> Option<Self> {
        let letters = REGIONS.iter().find(|(region, _)| *region == name);
        is_region(name).then(|| Self::new(name, letters.map_or("", |(_, letters)| letters)))
    }

    fn new(name: &str, letters: &str) -> Self {
        Self {
            name: name.to_owned(),
            zones: letters.chars().map(|c| format!("{name}-{c}")).collect(),
        }
    }
}

impl Zone {
    fn parse(name: &str) -> Option<Self> {
        let (region, letter) = name.rsplit_once('-')?;
        let is_zone = is_region(region)
            && letter.len() == 1
            && letter.bytes().all(|b| b.is_ascii_lowercase());
        is_zone.then(|| Self {
            name: name.to_owned(),
            region: region.to_owned(),
        })
    }
}

fn is_region(name: &str) -> bool {
    let Some((area, place)) = name.split_once('-') else {
        return false;
    };
    let letters = place.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    name.len() <= 63 && is_word(area) && is_word(letters) && letters.len() < place.len()
}

impl App {
    /// A region. `compute.regions.get` on the project.
    pub async fn get_region(
        &self,
        caller: &Caller,
        project: &ProjectId,
        name: &str,
    ) -> Result<Region, Error> {
        self.authorize_in(caller, REGIONS_GET, project).await?;
        Region::parse(name).ok_or_else(|| Error::not_found(Missing::Region, shorten(name)))
    }

    /// The regions that people know, in order of name. `compute.regions.list` on the project.
    pub async fn list_regions(
        &self,
        caller: &Caller,
        project: &ProjectId,
    ) -> Result<Vec<Region>, Error> {
        self.authorize_in(caller, REGIONS_LIST, project).await?;
        let regions = REGIONS.iter();
        Ok(regions
            .map(|(name, letters)| Region::new(name, letters))
            .collect())
    }

    /// A zone. `compute.zones.get` on the project.
    pub async fn get_zone(
        &self,
        caller: &Caller,
        project: &ProjectId,
        name: &str,
    ) -> Result<Zone, Error> {
        self.authorize_in(caller, ZONES_GET, project).await?;
        Zone::parse(name).ok_or_else(|| Error::not_found(Missing::Zone, shorten(name)))
    }

    /// The zones that people know, in order of name. `compute.zones.list` on the project.
    pub async fn list_zones(
        &self,
        caller: &Caller,
        project: &ProjectId,
    ) -> Result<Vec<Zone>, Error> {
        self.authorize_in(caller, ZONES_LIST, project).await?;
        let zones = REGIONS.iter().flat_map(|(region, letters)| {
            letters.chars().map(move |letter| Zone {
                name: format!("{region}-{letter}"),
                region: (*region).to_owned(),
            })
        });
        Ok(zones.collect())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::testing::TestApp;

    #[test]
    fn a_place_is_known_by_the_form_of_its_name() {
        for (name, is_region, is_zone) in [
            ("us-central1", true, false),
            ("us-central1-a", false, true),
            ("moon-north12", true, false),
            ("moon-north12-z", false, true),
            ("us-central", false, false),
            ("us", false, false),
            ("US-central1", false, false),
            ("us-central1-aa", false, false),
            ("us-central1-1", false, false),
            ("-1-a", false, false),
            ("", false, false),
        ] {
            assert_eq!(Region::parse(name).is_some(), is_region, "{name}");
            assert_eq!(Zone::parse(name).is_some(), is_zone, "{name}");
        }
        for (name, letters) in REGIONS {
            let region = Region::parse(name).unwrap();
            assert_eq!(region.zones.len(), letters.len());
            assert!(
                region
                    .zones
                    .iter()
                    .all(|zone| Zone::parse(zone).unwrap().region == *name)
            );
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn places_are_shown_to_who_may_see_the_project() {
        let app = TestApp::open().await;
        let (_, _, nobody) = app.account("nobody").await;
        let (owner, project) = (app.owner().await, ProjectId::parse("default").unwrap());
        let zones = app.list_zones(&owner, &project).await.unwrap();
        assert!(zones.is_sorted_by_key(|zone| zone.name.clone()));
        let regions = app.list_regions(&owner, &project).await.unwrap();
        assert!(regions.is_sorted_by_key(|region| region.name.clone()));
        app.get_zone(&owner, &project, "us-central1-a")
            .await
            .unwrap();
        app.get_region(&owner, &project, "us-central1")
            .await
            .unwrap();
        let refused = app.get_zone(&nobody, &project, "us-central1-a").await;
        assert!(matches!(refused, Err(Error::Denied(_))));
    }
}
