//! The account that a cluster pulls with: it exists, it may pull the images that it is for and nothing else, and it has a
//! key. All over the registry's public API, and done twice it changes nothing.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use wharf_client::images::ImageName;
use wharf_client::policies::PolicyHolder;
use wharf_client::service_accounts::AccountText;
use wharf_client::{Client, Error, KeyFile};
use wharf_types::scope::Actions;
use wharf_types::{
    BucketName, Condition, Member, Reference, Repository, Resource, RoleName, ServiceAccountEmail,
};

/// What pulls, and does nothing else.
const PULL_ROLE: &str = "roles/storage.objectViewer";
/// The tag that is meant where an image names none.
const LATEST: &str = "latest";
/// How a repository's objects are named; a colon is in no image's name, so these are the repository's own.
const OBJECTS: [&str; 3] = ["tag_", "manifest_sha256:", "blob_sha256:"];

/// Why an account cannot pull.
#[derive(Debug, thiserror::Error)]
pub enum PullerError {
    /// The registry did not do it.
    #[error(transparent)]
    Client(#[from] Error),
    /// The answer to a key's creation holds none.
    #[error("the registry made a key that is no key file: {0}")]
    Key(String),
    /// There is no bucket to bind the role on.
    #[error("there is no bucket {bucket} yet: nothing was pushed as {image}")]
    NoBucket {
        /// The bucket.
        bucket: BucketName,
        /// The image.
        image: String,
    },
    /// The role is bound, and still the pull is refused.
    #[error("{account} still may not pull {image}: {reason}")]
    StillDenied {
        /// Who.
        account: ServiceAccountEmail,
        /// The image.
        image: String,
        /// What the registry says.
        reason: String,
    },
}

/// How an account came to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It was already.
    Already,
    /// Its role was bound on this bucket, under a condition that names the repository.
    Bound(BucketName),
}

/// Whether an account may pull an image, and whether that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// How it came about.
    pub access: Access,
    /// Whether the registry has the image.
    pub is_there: bool,
}

/// Makes sure that an account exists. True: it did not.
pub async fn ensure_account(client: &Client, account: &ServiceAccountEmail) -> Result<bool, Error> {
    match client.get_service_account(account).await {
        Err(Error::Refused(refusal)) if refusal.is_not_found() => {}
        found => return found.map(|_| false),
    }
    let text = AccountText {
        display_name: Some("pulls images for a cluster".to_owned()),
        description: None,
    };
    let made = client
        .create_service_account(&account.project(), account.account_id(), &text)
        .await;
    match made {
        // Somebody else was faster.
        Err(Error::Refused(refusal)) if refusal.status == 409 => Ok(false),
        made => made.map(|_| true),
    }
}

/// Makes a key.
pub async fn mint(
    client: &Client,
    account: &ServiceAccountEmail,
    lifetime: Option<Duration>,
) -> Result<KeyFile, PullerError> {
    let key = client.create_key(account, lifetime).await?;
    let file = key.private_key_data.unwrap_or_default();
    let text = std::str::from_utf8(&file.0).map_err(|error| PullerError::Key(error.to_string()))?;
    KeyFile::parse(SecretString::from(text)).map_err(|error| PullerError::Key(error.to_string()))
}

/// Whether a key is good now.
pub async fn is_live(client: &Client, key: &KeyFile, now: Timestamp) -> Result<bool, Error> {
    match client.get_key(&key.account, &key.key_id).await {
        Err(Error::Refused(refusal)) if refusal.is_not_found() => Ok(false),
        Err(error) => Err(error),
        Ok(found) => {
            let is_over = found.valid_before_time.is_some_and(|end| end <= now);
            Ok(!found.disabled && !is_over)
        }
    }
}

/// Makes sure that an account may pull an image. Only the registry knows in which bucket a host's images lie, so the
/// account tries the pull, and what it is refused is what it lacks.
pub async fn allow(
    client: &Client,
    key: KeyFile,
    image: &ImageName,
) -> Result<Allowed, PullerError> {
    let account = key.account.clone();
    let puller = client.with_key(key);
    let repository = match try_pull(&puller, image).await? {
        Tried::Allowed { is_there } => {
            let access = Access::Already;
            return Ok(Allowed { access, is_there });
        }
        Tried::Denied { repository, .. } => repository,
    };
    let bucket = repository.bucket.clone();
    let member = Member::ServiceAccount(account.clone());
    let condition = condition(&repository);
    let bound = client
        .change_policy::<Error>(&PolicyHolder::Bucket(bucket.clone()), |policy| {
            policy.add(role(), member.clone(), Some(condition.clone()));
            Ok(())
        })
        .await;
    match bound {
        Err(Error::Refused(refusal)) if refusal.is_not_found() => {
            let image = image.to_string();
            return Err(PullerError::NoBucket { bucket, image });
        }
        bound => bound?,
    };
    match try_pull(&puller, image).await? {
        Tried::Allowed { is_there } => {
            let access = Access::Bound(bucket);
            Ok(Allowed { access, is_there })
        }
        Tried::Denied { reason, .. } => Err(PullerError::StillDenied {
            account,
            image: image.to_string(),
            reason,
        }),
    }
}

enum Tried {
    Allowed {
        is_there: bool,
    },
    Denied {
        repository: Repository,
        reason: String,
    },
}

async fn try_pull(puller: &Client, image: &ImageName) -> Result<Tried, Error> {
    let opened = puller.open_repository(image, Actions::PULL).await?;
    let named = image.reference.clone();
    #[expect(clippy::expect_used, reason = "a constant")]
    let reference = named.unwrap_or_else(|| Reference::parse(LATEST).expect("latest is a tag"));
    let refusal = match opened.manifest(&reference).await {
        Ok(_) => return Ok(Tried::Allowed { is_there: true }),
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error),
    };
    if refusal.is_not_found() {
        return Ok(Tried::Allowed { is_there: false });
    }
    let denied = refusal.resource.as_deref().map(Resource::parse);
    match denied {
        Some(Ok(Resource::Object {
            bucket,
            image: Some(image),
            ..
        })) => Ok(Tried::Denied {
            repository: Repository { bucket, image },
            reason: refusal.message,
        }),
        _ => Err(Error::Refused(refusal)),
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn role() -> RoleName {
    PULL_ROLE.parse().expect("a role's name")
}

/// The condition under which only what is in a repository is meant.
fn condition(repository: &Repository) -> Condition {
    let folder = repository.object(wharf_types::Object::Listing).name();
    let objects = OBJECTS.map(|object| format!("resource.name.startsWith(\"{folder}{object}\")"));
    Condition {
        expression: objects.join(" || "),
        title: format!("pull {}", repository.image),
        ..Condition::default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_condition_names_one_repository() {
        let repository = Repository {
            bucket: "us.artifacts.my-project.appspot.com".parse().unwrap(),
            image: "web/api".parse().unwrap(),
        };
        let condition = condition(&repository);
        assert_eq!(condition.title, "pull web/api");
        let folder = "projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/web/api/";
        assert_eq!(
            condition.expression,
            format!(
                "resource.name.startsWith(\"{folder}tag_\") || resource.name.startsWith(\"{folder}manifest_sha256:\") || resource.name.startsWith(\"{folder}blob_sha256:\")"
            )
        );
        assert!(condition.expression.len() < wharf_types::limits::CONDITION_SIZE_MAX);
    }
}
