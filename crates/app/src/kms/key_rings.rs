//! Key rings.

use wharf_store::meta::Durability;
use wharf_store::meta::access::projects;
use wharf_store::meta::kms::key_rings;
use wharf_types::kms::KeyRingName;
use wharf_types::permission::{
    KEY_RINGS_CREATE, KEY_RINGS_GET, KEY_RINGS_LIST, LOCATIONS_GET, LOCATIONS_LIST,
};
use wharf_types::{ProjectId, Resource, limits};

pub use wharf_store::meta::kms::key_rings::KeyRing;

use crate::{App, Caller, Error, Missing, clock};

impl App {
    /// Creates a key ring. It stays for ever: what its keys encrypted names it.
    pub async fn create_key_ring(
        &self,
        caller: &Caller,
        name: &KeyRingName,
    ) -> Result<KeyRing, Error> {
        let project = name.project();
        let on = Resource::Project(project.clone());
        self.authorize(caller, &[KEY_RINGS_CREATE], &on).await?;
        let ring = KeyRing {
            name: name.clone(),
            created_at: clock::now(),
        };
        self.meta
            .write(Durability::Machine, move |transaction| {
                if projects::find(transaction, &project)?
                    .is_none_or(|project| project.deleted_at.is_some())
                {
                    return Err(Error::not_found(Missing::Project, &project));
                }
                if key_rings::find(transaction, &ring.name)?.is_some() {
                    return Err(Error::AlreadyExists(format!("KeyRing {}", ring.name)));
                }
                if key_rings::count(transaction, &project)? >= limits::KEY_RINGS_PER_PROJECT_MAX {
                    return Err(Error::FailedPrecondition(format!(
                        "project {project} has {} key rings, which is the most",
                        limits::KEY_RINGS_PER_PROJECT_MAX
                    )));
                }
                key_rings::insert(transaction, &ring)?;
                Ok(ring.clone())
            })
            .await
    }

    /// Reads a key ring.
    pub async fn get_key_ring(
        &self,
        caller: &Caller,
        name: &KeyRingName,
    ) -> Result<KeyRing, Error> {
        let on = Resource::KeyRing(name.clone());
        self.authorize(caller, &[KEY_RINGS_GET], &on).await?;
        let name = name.clone();
        self.meta
            .read(move |transaction| {
                key_rings::find(transaction, &name)?
                    .ok_or_else(|| Error::not_found(Missing::KeyRing, &name))
            })
            .await
    }

    /// The key rings at a location of a project in order of name, after `after`; `limit` at most.
    pub async fn list_key_rings(
        &self,
        caller: &Caller,
        project: &ProjectId,
        location: &str,
        after: Option<&KeyRingName>,
        limit: usize,
    ) -> Result<Vec<KeyRing>, Error> {
        let on = Resource::Project(project.clone());
        self.authorize(caller, &[KEY_RINGS_LIST], &on).await?;
        let (project, location) = (project.clone(), location.to_owned());
        let after = after.cloned();
        self.meta
            .read(move |transaction| {
                Ok(key_rings::list(
                    transaction,
                    &project,
                    &location,
                    after.as_ref(),
                    limit,
                )?)
            })
            .await
    }

    /// Refuses who may not see where key rings can be.
    pub async fn authorize_kms_locations(
        &self,
        caller: &Caller,
        project: &ProjectId,
        all: bool,
    ) -> Result<(), Error> {
        let permission = if all { LOCATIONS_LIST } else { LOCATIONS_GET };
        let on = Resource::Project(project.clone());
        self.authorize(caller, &[permission], &on).await
    }
}
