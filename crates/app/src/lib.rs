//! The verbs: what a registry does, whoever asks and by whatever protocol.
//!
//! Every verb takes the [`Caller`] and asks [`iam`] itself whether it may, so that no face can forget to.

pub mod audit;
pub mod caller;
mod clock;
mod error;
pub mod iam;
pub mod kms;
mod memory;
pub mod places;
pub mod registry;
pub mod services;
#[cfg(test)]
pub(crate) mod testing;

use std::path::PathBuf;
use std::sync::Arc;

pub use caller::{Caller, Origin, Restriction};
pub use error::{Denied, Error, Missing};
pub use iam::Holder;
pub use iam::root_key::RootKey;
pub use wharf_outbound::Client as OutboundClient;

use wharf_store::blobs::Blobs;
use wharf_store::folder::Lock;
use wharf_store::meta::Meta;

/// What a registry is opened with.
#[derive(Debug)]
pub struct Config {
    /// The data folder: made when it is not there.
    pub data: PathBuf,
    /// Where the key comes from that seals secrets in the database.
    pub root_key: RootKey,
    /// The URL by which clients reach this registry, if it was set: `token_uri` of key files, audience of JWTs.
    pub external_url: Option<url::Url>,
    /// The URL that this process listens on: `token_uri` of the owner's key file where no external URL was set.
    pub local_url: url::Url,
    /// By which it asks other servers: issuers for their keys.
    pub outbound: OutboundClient,
}

/// A registry: its data, its caches, its rules. The verbs are its methods, in [`registry`], [`iam`] and [`kms`].
pub struct App {
    pub(crate) meta: Meta,
    pub(crate) blobs: Blobs,
    pub(crate) iam: Arc<iam::State>,
    pub(crate) federation: Arc<iam::federation::State>,
    pub(crate) registry: Arc<registry::State>,
    pub(crate) audit: audit::Log,
    pub(crate) kms: Arc<kms::State>,
    pub(crate) signer: iam::Signer,
    /// Seals the secrets of the database under the root key.
    pub(crate) seal: iam::Seal,
    pub(crate) external_url: Option<url::Url>,
    /// The last to go: nobody else may serve the folder before everything above is closed.
    _lock: Lock,
}

/// A registry that was opened, and what its very first start made.
pub struct Opened {
    /// The registry.
    pub app: Arc<App>,
    /// The owner's key file, if this start wrote it.
    pub new_owner_key: Option<PathBuf>,
}

impl App {
    /// Opens the registry in its data folder; the first time makes the project `default`, the owner account and its
    /// key file. Starts the background work (garbage, audit log); [`App::close`] ends it.
    pub async fn open(config: Config) -> Result<Opened, Error> {
        let lock = Lock::take(&config.data)?;
        let iam = Arc::new(iam::State::default());
        let registry = Arc::new(registry::State::default());
        let kms = Arc::new(kms::State::default());
        let federation = Arc::new(iam::federation::State::new(config.outbound.clone()));
        let caches = (
            iam.clone(),
            registry.clone(),
            kms.clone(),
            federation.clone(),
        );
        let meta = Meta::open(&config.data, move |changes| {
            caches.0.forget(changes);
            caches.1.forget(changes);
            caches.2.forget(changes);
            caches.3.forget(changes);
        })?;
        let iam::bootstrap::Installed {
            signer,
            seal,
            new_owner_key,
        } = iam::bootstrap::run(&meta, &config).await?;
        let app = Arc::new(Self {
            meta,
            blobs: Blobs::open(&config.data)?,
            iam,
            federation,
            registry,
            audit: audit::Log::open(&config.data)?,
            kms,
            signer,
            seal,
            external_url: config.external_url,
            _lock: lock,
        });
        app.start_garbage_collection();
        app.start_kms_schedule();
        Ok(Opened { app, new_owner_key })
    }

    /// Ends what runs in the background: what the audit log holds is on stable storage when this returns.
    pub async fn close(&self) {
        self.audit.flush().await;
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> Result<(), Error> {
        self.meta.read(|_| Ok(())).await
    }

    /// Records of the audit log that could not be written since the start, for a metric.
    pub fn audit_lost(&self) -> u64 {
        self.audit.lost()
    }
}
