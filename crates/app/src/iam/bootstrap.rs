//! The first start: the project `default`, the owner account with its key file, and the key that signs tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_lc_rs::rand;
use secrecy::ExposeSecret as _;
use wharf_store::folder;
use wharf_store::meta::access::{accounts, keys, policies, projects};
use wharf_store::meta::{Durability, Meta, settings};
use wharf_types::{Member, Policy, ProjectId, Resource, RoleName, ServiceAccountEmail};
use zeroize::Zeroizing;

use super::accounts::ServiceAccount;
use super::jwt::{SIGNING_KEY_LENGTH, Signer};
use super::key_file::KeyFile;
use super::key_pair::KeyPair;
use super::keys::{KeyOrigin, NEVER, ServiceAccountKey};
use super::projects::Project;
use super::random;
use super::seal::Seal;
use crate::{Config, Error, clock};

/// The setting under which the token signing key lies, sealed. That it is there means that the first start is done:
/// it is written in the same transaction as everything else.
const SIGNING_KEY: &str = "token-signing-key";

/// What every start needs.
pub(crate) struct Installed {
    pub(crate) signer: Signer,
    pub(crate) seal: Seal,
    /// The owner's key file, if this start wrote it.
    pub(crate) new_owner_key: Option<PathBuf>,
}

/// Reads what the first start wrote, or is the first start.
pub(crate) async fn run(meta: &Meta, config: &Config) -> Result<Installed, Error> {
    let sealed = meta
        .read(|transaction| Ok::<_, Error>(settings::find(transaction, SIGNING_KEY)?))
        .await?;
    let seal = config.root_key.load(&config.data, sealed.is_some())?;
    if let Some(sealed) = sealed {
        return Ok(Installed {
            signer: Signer::new(&seal.open(SIGNING_KEY, &sealed)?)?,
            seal,
            new_owner_key: None,
        });
    }
    let mut signing_key = Zeroizing::new([0; SIGNING_KEY_LENGTH]);
    rand::fill(signing_key.as_mut_slice()).map_err(Error::internal)?;
    let sealed = seal.seal(SIGNING_KEY, signing_key.as_slice())?;
    let owner_key = install(meta, config, sealed).await?;
    Ok(Installed {
        signer: Signer::new(signing_key.as_slice())?,
        seal,
        new_owner_key: Some(owner_key),
    })
}

/// Writes the owner's key file, then all rows in one transaction. A crash in between leaves a key file that nothing
/// knows, and the next start replaces it.
async fn install(meta: &Meta, config: &Config, sealed: Vec<u8>) -> Result<PathBuf, Error> {
    let pair = tokio::task::spawn_blocking(KeyPair::generate)
        .await
        .map_err(Error::internal)??;
    let now = clock::now();
    let project = Project {
        id: ProjectId::parse("default").map_err(Error::internal)?,
        number: random::project_number()?,
        display_name: "default".to_owned(),
        labels: BTreeMap::new(),
        strict_deletes: false,
        generation: 1,
        created_at: now,
        deleted_at: None,
    };
    let owner = ServiceAccount {
        email: ServiceAccountEmail::new("owner", &project.id).map_err(Error::internal)?,
        unique_id: random::unique_id()?,
        project: project.id.clone(),
        display_name: "Owner".to_owned(),
        description: "Made by the first start; owns the registry.".to_owned(),
        disabled: false,
        generation: 1,
        created_at: now,
    };
    let key = ServiceAccountKey {
        id: random::key_id()?,
        account: owner.email.clone(),
        public_key: pair.public_key,
        origin: KeyOrigin::KeyFile,
        disabled: false,
        valid_after: now,
        valid_before: NEVER,
        last_used_at: None,
    };
    let url = config.external_url.as_ref().unwrap_or(&config.local_url);
    let file = KeyFile {
        project: &project.id,
        key_id: &key.id,
        private_key: pair.private_key.expose_secret(),
        account: &owner.email,
        unique_id: &owner.unique_id,
        base_url: url.as_str().trim_end_matches('/'),
    }
    .render()?;
    let path = config.data.join("owner.json");
    folder::write_secret(&path, file.expose_secret().as_bytes())?;
    let mut policy = Policy::default();
    policy.add(
        RoleName::parse("roles/owner").map_err(Error::internal)?,
        Member::ServiceAccount(owner.email.clone()),
        None,
    );
    let policy = policy.with_version();
    meta.write(Durability::Machine, move |transaction| {
        projects::insert(transaction, &project)?;
        accounts::insert(transaction, &owner)?;
        keys::insert(transaction, &key)?;
        policies::put(transaction, &Resource::Organization, &policy)?;
        settings::put(transaction, SIGNING_KEY, &sealed)?;
        Ok::<_, Error>(())
    })
    .await?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use crate::testing::{TestApp, config};
    use crate::{App, RootKey};

    #[tokio::test]
    async fn the_first_start_writes_the_owners_key_once() {
        let folder = tempfile::tempdir().unwrap();
        let opened = App::open(config(folder.path())).await.unwrap();
        let path = opened.new_owner_key.unwrap();
        assert_eq!(path, folder.path().join("owner.json"));
        for name in ["owner.json", "root.key", "audit.jsonl"] {
            let file = std::fs::metadata(folder.path().join(name)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
        }
        let key = std::fs::read_to_string(&path).unwrap();
        let key: serde_json::Value = serde_json::from_str(&key).unwrap();
        assert_eq!(key["token_uri"], "http://127.0.0.1:5000/token");
        drop(opened.app);
        let again = App::open(config(folder.path())).await.unwrap();
        assert!(again.new_owner_key.is_none());
    }

    #[tokio::test]
    async fn a_first_start_that_died_before_its_commit_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("owner.json"), "of the dead").unwrap();
        let app = TestApp::open_in(folder).await;
        let owner = app.owner().await;
        assert_eq!(
            owner.principal.to_string(),
            "serviceAccount:owner@default.iam.gserviceaccount.com"
        );
    }

    #[tokio::test]
    async fn another_root_key_or_none_is_refused_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        drop(App::open(config(folder.path())).await.unwrap());
        let other = folder.path().join("other.key");
        std::fs::write(&other, "00".repeat(32)).unwrap();
        let mut wrong = config(folder.path());
        wrong.root_key = RootKey::File(other);
        let refused = App::open(wrong).await.err().unwrap().to_string();
        assert!(refused.contains("does not open"), "{refused}");
        std::fs::remove_file(folder.path().join("root.key")).unwrap();
        let refused = App::open(config(folder.path())).await.err().unwrap();
        assert!(refused.to_string().contains("is gone"), "{refused}");
    }

    #[tokio::test]
    async fn a_data_folder_is_served_by_one_process() {
        let app = TestApp::open().await;
        let refused = App::open(config(app.folder.path())).await.err().unwrap();
        assert!(refused.to_string().contains("in use"), "{refused}");
    }
}
