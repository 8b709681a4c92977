//! The verbs: what a registry does, whoever asks and by whatever protocol.
//!
//! Every verb takes the [`Caller`] and asks [`iam`] itself whether it may, so that no face can forget to.

pub mod audit;
pub mod caller;
mod error;
pub mod iam;
pub mod registry;

use std::path::PathBuf;
use std::sync::Arc;

pub use caller::{Caller, Origin, Restriction};
pub use error::{Denied, Error, Missing};
pub use iam::root_key::RootKey;

use wharf_store::blobs::Blobs;
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
}

/// A registry: its data, its caches, its rules. The verbs are its methods, in [`registry`] and [`iam`].
pub struct App {
    pub(crate) meta: Meta,
    pub(crate) blobs: Blobs,
    pub(crate) iam: Arc<iam::State>,
    pub(crate) registry: Arc<registry::State>,
    pub(crate) audit: audit::Log,
    pub(crate) external_url: Option<url::Url>,
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
        let iam = Arc::new(iam::State::default());
        let registry = Arc::new(registry::State::default());
        let caches = (iam.clone(), registry.clone());
        std::fs::create_dir_all(&config.data).map_err(wharf_store::Error::file(format!(
            "making the data folder {}",
            config.data.display()
        )))?;
        let meta = Meta::open(&config.data, move |changes| {
            caches.0.forget(changes);
            caches.1.forget(changes);
        })?;
        let app = Arc::new(Self {
            meta,
            blobs: Blobs::open(&config.data)?,
            iam,
            registry,
            audit: audit::Log::open(&config.data)?,
            external_url: config.external_url,
        });
        let new_owner_key = app.bootstrap(&config.data, &config.root_key).await?;
        Ok(Opened { app, new_owner_key })
    }
}
