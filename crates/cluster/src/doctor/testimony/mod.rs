//! What our own registry says about an image and a credential: its accounts, its policy, its images and its audit log,
//! asked with the operator's own rights.
//!
//! No question depends on another's answer if it can be helped, and none makes the whole fail: what could not be asked
//! stands in [`Testimony::unasked`].

mod audit;
mod credential;
mod similar;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use wharf_client::images::{Folder, ImageName};
use wharf_client::{Client, Error};
use wharf_types::permission::OBJECTS_GET;
use wharf_types::scope::Actions;
use wharf_types::wire::troubleshooter::{AccessState, AccessTuple, TroubleshootIamPolicyResponse};
use wharf_types::{
    BucketName, Digest, ImagePath, Object, Reference, Repository, RepositoryName, Resource,
    ServiceAccountEmail,
};

use super::observation::{
    AccountState, CredentialSource, ImageState, KeyState, Observations, ProbeTarget, Testimony,
};
use super::trials;
use crate::Image;
use crate::keyring::Offer;
use credential::Named;
use similar::similar;

/// Buckets of a project that are looked at: one for each location.
const BUCKETS_MAX: usize = 8;
/// Time for one question: somebody waits at a terminal.
const QUESTION_MAX: Duration = Duration::from_secs(15);

/// Pulls that are asked about at once: each is some ten requests.
const CONCURRENCY: usize = 4;

/// Asks our registry about each pull that Pods wait for of an image that it has, and puts what it says to the
/// observations.
pub async fn hear(client: &Client, observations: &mut Observations) {
    let (trials, _) = trials::of(observations);
    let questions = trials.into_iter().map(|trial| async move {
        let offer = trial.credential.as_ref();
        match Box::pin(is_ours(client, &trial.image, offer)).await {
            true => {
                let testimony = Box::pin(testify(client, &trial.target, offer)).await;
                Some((trial.target, testimony))
            }
            false => None,
        }
    });
    let mut answers = stream::iter(questions).buffer_unordered(CONCURRENCY);
    let mut unasked = BTreeSet::new();
    while let Some(answer) = answers.next().await {
        if let Some((target, testimony)) = answer {
            unasked.extend(
                testimony
                    .unasked
                    .iter()
                    .map(|what| format!("registry: {what}")),
            );
            observations.testimonies.insert(target, testimony);
        }
    }
    observations.survey.unseen.extend(unasked);
}

/// Whether an image is our registry's: its host is the endpoint that the operator is logged in to, or proves to be
/// another name of it. A host that cannot be reached from here is believed to be if the credential that the Pod has for
/// it was made by our registry.
pub async fn is_ours(client: &Client, image: &Image, offer: Option<&Offer>) -> bool {
    match ask(client.serves_host(image.host())).await {
        Ok(is_ours) => is_ours,
        Err(_) => matches!(
            offer.map(named),
            Some(Named::Account { made_by: Some(by), .. }) if by == client.endpoint().as_str()
        ),
    }
}

/// Asks everything that our registry can tell about a pull that was tried. `offer` is the credential that
/// [`ProbeTarget::credential`] names.
pub async fn testify(client: &Client, target: &ProbeTarget, offer: Option<&Offer>) -> Testimony {
    let mut testimony = Testimony::default();
    let who = match (&target.credential, offer.map(named)) {
        (CredentialSource::Anonymous, _) | (_, None) => Who::Anybody,
        (_, Some(Named::Account { email, key_id, .. })) => {
            testimony.account = Some(email.to_string());
            testimony.key_id.clone_from(&key_id);
            Who::Account { email, key_id }
        }
        (_, Some(Named::NotAKeyFile)) => {
            testimony.key_state = KeyState::NotAKeyFile;
            Who::Unknown
        }
        (_, Some(Named::Other)) => Who::Unknown,
    };
    let name = match wanted(&target.image) {
        Ok(name) => name,
        Err(reason) => {
            testimony.unasked.push(reason);
            return testimony;
        }
    };
    let of_account = async {
        match &who {
            Who::Account { email, key_id } => account(client, email, key_id.as_deref()).await,
            Who::Anybody | Who::Unknown => Accounted::default(),
        }
    };
    let of_image = async {
        let (state, digest, unasked) = image(client, &name).await;
        let policy = policy(client, &name, &who, digest).await;
        (state, unasked, policy)
    };
    let of_log = audit::records(client, &name, &who);
    let (accounted, (state, unasked, policy), log) = tokio::join!(of_account, of_image, of_log);
    testimony.account_state = accounted.account;
    if testimony.key_state == KeyState::Unknown {
        testimony.key_state = accounted.key;
    }
    testimony.image = state;
    testimony.unasked.extend(accounted.unasked);
    testimony.unasked.extend(unasked);
    match policy {
        Ok(policy) => testimony.policy = policy,
        Err(reason) => testimony.unasked.push(reason),
    }
    testimony.audit = log.records;
    testimony.unasked.extend(log.unasked);
    testimony
}

/// Whose credential it is.
enum Who {
    /// Nobody's.
    Anybody,
    /// An account's, as it says itself.
    Account {
        email: ServiceAccountEmail,
        key_id: Option<String>,
    },
    /// Of somebody whom our registry does not know by it.
    Unknown,
}

/// An image that is asked for, all parts known.
struct Wanted {
    image: ImageName,
    reference: Reference,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let image = Image::parse(text).map_err(|error| error.to_string())?;
    let unusable = |error: &dyn std::fmt::Display| format!("{text}: {error}");
    let repository = RepositoryName::parse(image.path()).map_err(|error| unusable(&error))?;
    let reference = Reference::parse(image.reference()).map_err(|error| unusable(&error))?;
    Ok(Wanted {
        image: ImageName {
            host: image.host().to_owned(),
            repository,
            reference: None,
        },
        reference,
    })
}

fn named(offer: &Offer) -> Named {
    credential::read(&offer.username, &offer.password)
}

/// Waits for an answer, but not for ever.
async fn ask<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    // Not held by the caller's stack: a question is a few kilobytes of state.
    match tokio::time::timeout(QUESTION_MAX, Box::pin(question)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Setup(format!(
            "no answer within {} seconds",
            QUESTION_MAX.as_secs()
        ))),
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if refusal.is_not_found())
}

/// How an account and its key stand.
#[derive(Default)]
struct Accounted {
    account: AccountState,
    key: KeyState,
    unasked: Vec<String>,
}

async fn account(client: &Client, email: &ServiceAccountEmail, key: Option<&str>) -> Accounted {
    let mut found = Accounted::default();
    found.account = match ask(client.get_service_account(email)).await {
        Ok(account) if account.disabled => AccountState::Disabled,
        Ok(_) => AccountState::Enabled,
        Err(error) if is_absent(&error) => AccountState::Absent,
        Err(error) => {
            let reason = format!("how the account {email} stands: {error}");
            found.unasked.push(reason);
            AccountState::Unknown
        }
    };
    let Some(id) = key else { return found };
    found.key = match ask(client.get_key(email, id)).await {
        Ok(key) if key.disabled => KeyState::Disabled,
        Ok(key) => match key.valid_before_time {
            Some(end) if end <= Timestamp::now() => KeyState::Expired {
                at: format!("{end:.0}"),
            },
            _ => KeyState::Enabled,
        },
        Err(error) if is_absent(&error) => KeyState::Absent,
        Err(error) => {
            let reason = format!("how the key {id} of {email} stands: {error}");
            found.unasked.push(reason);
            KeyState::Unknown
        }
    };
    found
}

/// Whether the image is there, and by which digest.
async fn image(client: &Client, wanted: &Wanted) -> (ImageState, Option<Digest>, Option<String>) {
    match ask(find(client, wanted)).await {
        Ok((state, digest)) => (state, digest, None),
        Err(error) => {
            let image = wanted.image.base();
            let reason = format!("whether {image} has {}: {error}", wanted.reference);
            (ImageState::Unknown, None, Some(reason))
        }
    }
}

async fn find(client: &Client, wanted: &Wanted) -> Result<(ImageState, Option<Digest>), Error> {
    let Wanted { image, reference } = wanted;
    let repository = client.open_repository(image, Actions::PULL).await?;
    match repository.manifest(reference).await {
        Ok(manifest) => return Ok((ImageState::Present, Some(manifest.digest))),
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error),
    }
    let listing = match repository.list().await {
        Err(error) if is_absent(&error) => Default::default(),
        listing => listing?,
    };
    if !listing.manifests.is_empty() || !listing.tags.is_empty() {
        let tags = listing.tags.iter().map(String::as_str);
        let similar = match reference {
            Reference::Tag(tag) => similar(tag.as_str(), tags),
            Reference::Digest(_) => Vec::new(),
        };
        return Ok((ImageState::ReferenceAbsent { similar }, None));
    }
    let similar = neighbours(client, image).await?;
    Ok((ImageState::RepositoryAbsent { similar }, None))
}

/// Images whose name looks like one that is missing: beside it, at the top of its project, and under the same path in
/// projects whose name looks like its own.
async fn neighbours(client: &Client, image: &ImageName) -> Result<Vec<String>, Error> {
    let RepositoryName {
        project,
        image: path,
    } = &image.repository;
    let beside = path.as_str().rsplit_once('/').map(|(folder, _)| folder);
    let folders = [beside, None].map(|below| Folder {
        host: image.host.clone(),
        project: project.clone(),
        below: below.and_then(|below| ImagePath::parse(below).ok()),
    });
    let mut images = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        if number > 0 && beside.is_none() {
            break;
        }
        match client.list_images(folder, false).await {
            Ok(more) => images.extend(more),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    if images.is_empty() {
        let projects = client.list_projects(false).await?;
        let ids = projects.iter().map(|project| project.project_id.as_str());
        let ids = similar(project.as_str(), ids).into_iter();
        return Ok(ids
            .map(|id| format!("{}/{id}/{path}", image.host))
            .collect());
    }
    // Host and project are the same in all: what is compared lies behind them.
    let prefix = format!("{}/{}/", image.host, project.image_prefix());
    let is_folder_of_it = |name: &str| path.as_str().starts_with(&format!("{name}/"));
    let names = images
        .iter()
        .filter_map(|name| name.strip_prefix(&prefix))
        .filter(|name| !is_folder_of_it(name));
    let names = similar(path.as_str(), names).into_iter();
    Ok(names.map(|name| format!("{prefix}{name}")).collect())
}

/// Why somebody may or may not pull: of what a pull reads, the first that is refused, else the tag.
async fn policy(
    client: &Client,
    wanted: &Wanted,
    who: &Who,
    digest: Option<Digest>,
) -> Result<Option<TroubleshootIamPolicyResponse>, String> {
    let principal = match who {
        Who::Anybody => "allUsers".to_owned(),
        Who::Account { email, .. } => format!("serviceAccount:{email}"),
        Who::Unknown => return Ok(None),
    };
    let answer = decide(client, wanted, &principal, digest).await;
    let base = wanted.image.base();
    answer.map_err(|error| format!("whether {principal} may pull {base}: {error}"))
}

async fn decide(
    client: &Client,
    wanted: &Wanted,
    principal: &str,
    digest: Option<Digest>,
) -> Result<Option<TroubleshootIamPolicyResponse>, Error> {
    let ask_about = |resource: &Resource| {
        ask(client.troubleshoot(AccessTuple {
            principal: principal.to_owned(),
            full_resource_name: resource.full_name(),
            permission: OBJECTS_GET.to_string(),
        }))
    };
    let Wanted { image, reference } = wanted;
    let named = ask(client.resource_of_pull(image, reference)).await?;
    let is_public = named.is_none();
    let mut first = None;
    for resource in candidates(client, wanted, named).await? {
        let answer = ask_about(&resource).await?;
        let is_granted = answer.access == AccessState::Granted;
        if is_granted || first.is_none() {
            first = Some((resource, answer));
        }
        if is_granted {
            break;
        }
    }
    let Some((resource, first)) = first else {
        return Ok(None);
    };
    let manifest = match (resource, digest) {
        (
            Resource::Object {
                bucket,
                image: Some(image),
                object: Object::Tag(_),
            },
            Some(digest),
        ) if first.access == AccessState::Granted && !is_public => {
            Resource::object(&bucket, &image, Object::Manifest(digest))
        }
        _ => return Ok(Some(first)),
    };
    // A condition that names the tag alone lets nobody pull: the manifest and the blobs have other names.
    let second = ask_about(&manifest).await?;
    Ok(Some(match second.access {
        AccessState::Granted => first,
        _ => second,
    }))
}

/// What the pull may be decided on: what the registry named; where it refuses nobody, and so names nothing, the image
/// in each of the project's buckets.
async fn candidates(
    client: &Client,
    wanted: &Wanted,
    named: Option<Resource>,
) -> Result<Vec<Resource>, Error> {
    if let Some(named) = named {
        return Ok(vec![named]);
    }
    let RepositoryName { project, image } = &wanted.image.repository;
    let buckets = ask(client.list_buckets(project)).await?;
    let buckets = buckets.iter().filter_map(|bucket| {
        let bucket = BucketName::parse(&bucket.name).ok()?;
        let image = image.clone();
        Some(Repository { bucket, image }.referenced(&wanted.reference))
    });
    Ok(buckets.take(BUCKETS_MAX).collect())
}
