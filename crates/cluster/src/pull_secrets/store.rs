//! Pull secrets in the API server: put, changed in place so that their uid stays, or made anew where nothing else helps.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::document::{Document, DocumentError, Shape};
use crate::kubernetes::{Error, FIELD_MANAGER, retry_lost, unless_lost};
use crate::pull_secret::{DATA_KEY, DATA_SIZE_MAX, MANAGED_BY, MANAGER, SECRET_TYPE};
use crate::rbac::{Rule, Verb};
use crate::{Credential, Namespace, PullSecret, SecretName};

pub use k8s_openapi::api::core::v1::Secret;

/// kubectl keeps the whole Secret in clear in this annotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const WRAPPED: (&str, &str) = (SECRET_TYPE, DATA_KEY);
const BARE: (&str, &str) = ("kubernetes.io/dockercfg", ".dockercfg");

/// What may be done to get there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permit {
    /// The API server checks everything and keeps nothing.
    pub dry_run: bool,
    /// A Secret that we did not make is changed too.
    pub force: bool,
    /// A Secret that cannot be changed is deleted and made anew.
    pub recreate: bool,
}

/// What became of a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there.
    Created,
    /// In place.
    Updated,
    /// Deleted, and made anew.
    Recreated,
    /// It was so already.
    Unchanged,
}

/// A Secret as it is now.
#[derive(Clone, Debug)]
pub struct Written {
    /// What became of it.
    pub outcome: Outcome,
    /// As the API server answered.
    pub secret: Secret,
    /// Its registries that the change did not name.
    pub kept: Vec<String>,
}

/// Why a pull secret is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The API server did not do it.
    #[error(transparent)]
    Api(#[from] Error),
    /// It is not there.
    #[error("there is no secret {0}")]
    Absent(String),
    /// Not made by us.
    #[error("secret {0} is there already, and was not made by wharf")]
    Foreign(String),
    /// `immutable: true`.
    #[error("secret {0} is immutable: its data can never be changed")]
    Immutable(String),
    /// Not a type that the kubelet pulls with; the type can never be changed.
    #[error("secret {name} is of type {found}, which is no pull secret")]
    Type {
        /// `NAMESPACE/NAME`
        name: String,
        /// Its type.
        found: String,
    },
    /// It was deleted to be made anew, and then neither the new one nor the old one could be made.
    #[error("secret {name} was deleted, and could not be made anew: {reason}")]
    Lost {
        /// `NAMESPACE/NAME`
        name: String,
        /// Why the new one could not.
        reason: String,
    },
    /// What is in it cannot be edited.
    #[error("what is in secret {name} cannot be changed: {reason}")]
    Content {
        /// `NAMESPACE/NAME`
        name: String,
        /// Why.
        reason: String,
    },
    /// Larger than the API server takes.
    #[error("secret {name} would have {size} bytes of data; Kubernetes takes 1048576")]
    TooLarge {
        /// `NAMESPACE/NAME`
        name: String,
        /// Of its data.
        size: usize,
    },
    /// The change itself makes no sense here.
    #[error("secret {name} {reason}")]
    Change {
        /// `NAMESPACE/NAME`
        name: String,
        /// Why.
        reason: ChangeError,
    },
}

/// Why a change makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The registry has another credential.
    #[error("has {0} already, with another credential")]
    Present(String),
    /// The registry is not in it.
    #[error("has no registry {0}; it has: {1}")]
    NotThere(String, String),
    /// Its registries have different credentials, so that no one is meant.
    #[error("has several credentials: {0}")]
    Several(String),
    /// The JSON cannot be edited.
    #[error("cannot be changed: {0}")]
    Document(#[from] DocumentError),
}

/// One Secret of a cluster.
pub struct Stored {
    api: Api<Secret>,
    name: SecretName,
    /// `NAMESPACE/NAME`
    full_name: String,
}

/// The rights that putting or changing a pull secret needs.
pub fn rules(name: &SecretName, may_create: bool, may_recreate: bool) -> Vec<Rule> {
    let mut verbs = vec![Verb::Get, Verb::Patch];
    verbs.extend(may_recreate.then_some(Verb::Delete));
    let mut rules = vec![Rule::new("", "secrets", verbs).named([name.as_str()])];
    if may_create || may_recreate {
        rules.push(Rule::new("", "secrets", [Verb::Create]));
    }
    rules
}

impl Stored {
    /// The Secret of a name in a namespace, whether it is there or not.
    pub fn new(client: &Client, namespace: &Namespace, name: &SecretName) -> Self {
        Self {
            api: Api::namespaced(client.clone(), namespace.as_str()),
            name: name.clone(),
            full_name: format!("{namespace}/{name}"),
        }
    }

    /// The Secret, if it is there.
    pub async fn get(&self) -> Result<Option<Secret>, StoreError> {
        let found = self.api.get_opt(self.name.as_str()).await;
        Ok(found.map_err(Error::from)?)
    }

    /// What stands in it for the kubelet. Only of the two types that the kubelet reads.
    pub fn document(&self, secret: &Secret) -> Result<Document, StoreError> {
        let (shape, key) = self.shape(secret)?;
        let content = |reason: String| StoreError::Content {
            name: self.full_name.clone(),
            reason,
        };
        let data = secret.data.as_ref().and_then(|data| data.get(key));
        let data = data.ok_or_else(|| content(format!("it has no {key}")))?;
        let text = String::from_utf8(data.0.clone())
            .map_err(|_| content("it is not text in UTF-8".to_owned()))?;
        Document::parse(text.into(), shape).map_err(|error| content(error.to_string()))
    }

    /// Makes the Secret, or sets the registries of `wanted` in the one that is there; its other registries stay.
    pub async fn put(&self, wanted: &PullSecret, permit: Permit) -> Result<Written, StoreError> {
        retry_lost(&format!("secret {}", self.full_name), async || {
            let Some(old) = self.get().await? else {
                return self.create(wanted, permit).await;
            };
            let is_ours = is_ours(&old);
            if !is_ours && !permit.force && self.shape(&old).is_err() {
                return Err(StoreError::Foreign(self.full_name.clone()));
            }
            let mut document = match self.document(&old) {
                Ok(document) => document,
                Err(StoreError::Type { .. }) if permit.recreate => empty(Shape::Wrapped),
                Err(StoreError::Content { .. }) if permit.force => empty(self.shape(&old)?.0),
                Err(error) => return Err(error),
            };
            let kept = kept(&document, wanted);
            for (registry, credential) in &wanted.config.auths {
                let same = document
                    .entry(registry)
                    .is_some_and(|entry| is_credential(&entry, credential));
                if !same {
                    let entry = credential.to_json();
                    let set = document.set(registry, entry.expose_secret());
                    set.map_err(|reason| self.change_error(reason.into()))?;
                }
            }
            self.write(old, document, kept, is_ours || permit.force, permit)
                .await
        })
        .await
    }

    /// Changes what is in the Secret. `change` may run several times.
    pub async fn change(
        &self,
        permit: Permit,
        mut change: impl FnMut(&mut Document) -> Result<(), ChangeError>,
    ) -> Result<Written, StoreError> {
        retry_lost(&format!("secret {}", self.full_name), async || {
            let old = self.get().await?;
            let old = old.ok_or_else(|| StoreError::Absent(self.full_name.clone()))?;
            let mut document = self.document(&old)?;
            change(&mut document).map_err(|reason| self.change_error(reason))?;
            let kept = document.registries();
            self.write(old, document, kept, true, permit).await
        })
        .await
    }

    fn change_error(&self, reason: ChangeError) -> StoreError {
        StoreError::Change {
            name: self.full_name.clone(),
            reason,
        }
    }

    fn shape(&self, secret: &Secret) -> Result<(Shape, &'static str), StoreError> {
        match secret.type_.as_deref().unwrap_or("Opaque") {
            found if found == WRAPPED.0 => Ok((Shape::Wrapped, WRAPPED.1)),
            found if found == BARE.0 => Ok((Shape::Bare, BARE.1)),
            found => Err(StoreError::Type {
                name: self.full_name.clone(),
                found: found.to_owned(),
            }),
        }
    }

    async fn create(
        &self,
        wanted: &PullSecret,
        permit: Permit,
    ) -> Result<Option<Written>, StoreError> {
        let secret = wanted.to_object();
        let created = self.api.create(&post(permit), &secret).await;
        Ok(unless_lost(created)?.map(|secret| Written {
            outcome: Outcome::Created,
            secret,
            kept: Vec::new(),
        }))
    }

    async fn write(
        &self,
        old: Secret,
        document: Document,
        kept: Vec<String>,
        may_write: bool,
        permit: Permit,
    ) -> Result<Option<Written>, StoreError> {
        let text = document.into_text();
        let shape = self.shape(&old);
        let key = shape.as_ref().map_or(WRAPPED.1, |(_, key)| *key);
        let before = old.data.as_ref().and_then(|data| data.get(key));
        if shape.is_ok() && before.is_some_and(|before| before.0 == text.expose_secret().as_bytes())
        {
            let outcome = Outcome::Unchanged;
            let secret = old;
            return Ok(Some(Written {
                outcome,
                secret,
                kept,
            }));
        }
        if !may_write {
            return Err(StoreError::Foreign(self.full_name.clone()));
        }
        self.check_size(&old, key, &text)?;
        let cannot_change = shape.is_err() || old.immutable == Some(true);
        if cannot_change && !permit.recreate {
            return Err(shape
                .err()
                .unwrap_or_else(|| StoreError::Immutable(self.full_name.clone())));
        }
        let (outcome, written) = if cannot_change {
            (
                Outcome::Recreated,
                self.recreate(&old, key, &text, permit).await?,
            )
        } else {
            (
                Outcome::Updated,
                self.update(&old, key, &text, permit).await?,
            )
        };
        Ok(written.map(|secret| Written {
            outcome,
            secret,
            kept,
        }))
    }

    fn check_size(&self, old: &Secret, key: &str, text: &SecretString) -> Result<(), StoreError> {
        let others = old.data.iter().flatten().filter(|(name, _)| *name != key);
        let size =
            others.map(|(_, value)| value.0.len()).sum::<usize>() + text.expose_secret().len();
        if size <= DATA_SIZE_MAX {
            return Ok(());
        }
        let name = self.full_name.clone();
        Err(StoreError::TooLarge { name, size })
    }

    /// Only this key, and only if nobody wrote since.
    async fn update(
        &self,
        old: &Secret,
        key: &str,
        text: &SecretString,
        permit: Permit,
    ) -> Result<Option<Secret>, StoreError> {
        let mut patch = json!({
            "metadata": {"resourceVersion": old.metadata.resource_version},
            "data": {key: STANDARD.encode(text.expose_secret())},
        });
        if permit.force {
            patch["metadata"]["labels"] = json!({MANAGED_BY: MANAGER});
        }
        let parameters = PatchParams {
            dry_run: permit.dry_run,
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patched = self
            .api
            .patch(self.name.as_str(), &parameters, &Patch::Merge(&patch))
            .await;
        Ok(unless_lost(patched)?)
    }

    /// The same Secret with other data. If the new one is refused, the old one is put back.
    async fn recreate(
        &self,
        old: &Secret,
        key: &str,
        text: &SecretString,
        permit: Permit,
    ) -> Result<Option<Secret>, StoreError> {
        let mut new = successor(old);
        let restored = new.clone();
        let is_pull_secret = self.shape(old).is_ok();
        if !is_pull_secret {
            new.type_ = Some(WRAPPED.0.to_owned());
            new.data = None;
        }
        if permit.force {
            let labels = new.metadata.labels.get_or_insert_default();
            labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
        }
        let bytes = k8s_openapi::ByteString(text.expose_secret().as_bytes().to_vec());
        new.data
            .get_or_insert_default()
            .insert(key.to_owned(), bytes);
        if permit.dry_run {
            return Ok(Some(new));
        }
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: old.metadata.uid.clone(),
                resource_version: old.metadata.resource_version.clone(),
            }),
            ..DeleteParams::default()
        };
        let deleted = self.api.delete(self.name.as_str(), &parameters).await;
        if unless_lost(deleted)?.is_none() {
            return Ok(None);
        }
        match self.api.create(&post(permit), &new).await {
            Ok(secret) => Ok(Some(secret)),
            Err(error) => {
                let error = Error::from(error);
                match self.api.create(&post(permit), &restored).await {
                    Ok(_) => Err(error.into()),
                    Err(_) => Err(StoreError::Lost {
                        name: self.full_name.clone(),
                        reason: error.to_string(),
                    }),
                }
            }
        }
    }
}

fn post(permit: Permit) -> PostParams {
    PostParams {
        dry_run: permit.dry_run,
        field_manager: Some(FIELD_MANAGER.to_owned()),
    }
}

/// What a Secret is made anew from: everything of it that was not the API server's own.
fn successor(old: &Secret) -> Secret {
    let mut annotations = old.metadata.annotations.clone();
    if let Some(annotations) = &mut annotations {
        annotations.remove(LAST_APPLIED);
    }
    Secret {
        metadata: ObjectMeta {
            name: old.metadata.name.clone(),
            namespace: old.metadata.namespace.clone(),
            labels: old.metadata.labels.clone(),
            owner_references: old.metadata.owner_references.clone(),
            annotations,
            ..ObjectMeta::default()
        },
        ..old.clone()
    }
}

fn empty(shape: Shape) -> Document {
    #[expect(clippy::expect_used, reason = "a constant")]
    Document::parse("{}".to_owned().into(), shape).expect("an empty object is a docker config")
}

fn kept(document: &Document, wanted: &PullSecret) -> Vec<String> {
    let mut kept = document.registries();
    kept.retain(|name| {
        !wanted
            .config
            .auths
            .keys()
            .any(|registry| super::document::is_same(name, registry))
    });
    kept
}

fn is_credential(entry: &SecretString, credential: &Credential) -> bool {
    entry.expose_secret() == credential.to_json().expose_secret()
}

/// Whether we made it.
pub fn is_ours(secret: &Secret) -> bool {
    let label = label(secret, MANAGED_BY);
    label.is_some_and(|manager| manager == MANAGER)
}

fn label<'a>(secret: &'a Secret, name: &str) -> Option<&'a str> {
    let labels = secret.metadata.labels.as_ref()?;
    labels.get(name).map(String::as_str)
}

/// Who else writes a Secret, and would undo what we write: its owner, Argo CD, Helm and whoever says so in a label.
pub fn other_manager(secret: &Secret) -> Option<String> {
    let metadata = &secret.metadata;
    let owner = metadata.owner_references.iter().flatten().next();
    let annotations = metadata
        .annotations
        .iter()
        .flatten()
        .collect::<BTreeMap<_, _>>();
    let has = |name: &str| annotations.keys().any(|key| key.as_str() == name);
    if let Some(owner) = owner {
        Some(format!("{} {}", owner.kind, owner.name))
    } else if has("argocd.argoproj.io/tracking-id")
        || label(secret, "argocd.argoproj.io/instance").is_some()
    {
        Some("Argo CD".to_owned())
    } else {
        let manager = label(secret, MANAGED_BY)?;
        (manager != MANAGER).then(|| manager.to_owned())
    }
}
