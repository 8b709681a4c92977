//! What tests of this crate share: a registry in a folder of its own, and callers.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::iam::accounts::{AccountChange, AccountReference, ServiceAccount};
use crate::iam::authenticate::Credential;
use crate::iam::keys::NewKey;
use crate::{App, Caller, Config, Holder, Origin, OutboundClient, Restriction, RootKey};

/// A configuration for a folder.
pub(crate) fn config(data: &Path) -> Config {
    Config {
        data: data.to_owned(),
        root_key: RootKey::DataFolder,
        external_url: None,
        local_url: "http://127.0.0.1:5000".parse().unwrap(),
        outbound: OutboundClient::none(),
    }
}

/// Where the requests of tests come from.
pub(crate) fn origin() -> Origin {
    Origin {
        address: Some([127, 0, 0, 1].into()),
        user_agent: "test".into(),
        request_id: "request-1".into(),
        base_url: "http://127.0.0.1:5000".into(),
    }
}

/// A registry in a folder of its own, which goes with it.
pub(crate) struct TestApp {
    app: Arc<App>,
    pub(crate) folder: TempDir,
}

impl Deref for TestApp {
    type Target = Arc<App>;

    fn deref(&self) -> &Arc<App> {
        &self.app
    }
}

impl TestApp {
    pub(crate) async fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn open_in(folder: TempDir) -> Self {
        let app = App::open(config(folder.path())).await.unwrap().app;
        Self { app, folder }
    }

    /// The same registry after a restart.
    pub(crate) async fn reopen(self) -> Self {
        let Self { app, folder } = self;
        app.close().await;
        // A task in the background may hold the registry for a moment.
        while Arc::strong_count(&app) > 1 {
            tokio::task::yield_now().await;
        }
        drop(app);
        Self::open_in(folder).await
    }

    /// The owner's key file.
    pub(crate) fn owner_key(&self) -> SecretString {
        let path = self.folder.path().join("owner.json");
        SecretString::from(std::fs::read_to_string(path).unwrap())
    }

    /// The owner, logged in with the key file.
    pub(crate) async fn owner(&self) -> Caller {
        self.log_in(&self.owner_key()).await
    }

    /// Whoever has this key file.
    pub(crate) async fn log_in(&self, file: &SecretString) -> Caller {
        self.authenticate(&key_credential(file), origin())
            .await
            .unwrap()
    }

    /// A project that the owner made.
    pub(crate) async fn project(&self, id: &str) -> ProjectId {
        let id = ProjectId::parse(id).unwrap();
        let owner = self.owner().await;
        self.create_project(&owner, &id, Default::default())
            .await
            .unwrap();
        id
    }

    /// An account without rights in the project `default`, with its key and itself as a caller.
    pub(crate) async fn account(&self, id: &str) -> (ServiceAccount, NewKey, Caller) {
        let owner = self.owner().await;
        let project = ProjectId::parse("default").unwrap();
        let account = self
            .create_account(&owner, &project, id, AccountChange::default())
            .await
            .unwrap();
        let reference = AccountReference::Email(account.email.clone());
        let key = self.create_key(&owner, &reference, None).await.unwrap();
        let caller = self.log_in(&key.file).await;
        (account, key, caller)
    }
}

/// A key file as docker sends it.
pub(crate) fn key_credential(file: &SecretString) -> Credential {
    Credential::Basic {
        user: "_json_key".to_owned(),
        password: SecretString::from(file.expose_secret().to_owned()),
    }
}

/// A bearer as any client sends it.
pub(crate) fn bearer(token: &SecretString) -> Credential {
    Credential::Bearer(SecretString::from(token.expose_secret().to_owned()))
}

/// A JWT that the private key of a key file signs, with the file's key id.
pub(crate) fn sign_with(file: &SecretString, claims: &serde_json::Value) -> SecretString {
    let file: serde_json::Value = serde_json::from_str(file.expose_secret()).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    header.kid = Some(file["private_key_id"].as_str().unwrap().to_owned());
    let pem = file["private_key"].as_str().unwrap();
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    SecretString::from(jsonwebtoken::encode(&header, claims, &key).unwrap())
}

/// A caller of this name, whether or not there is such an account: for tests of decisions.
pub(crate) fn caller_named(email: &str) -> Caller {
    let holder = Holder::Key {
        account: ServiceAccountEmail::parse(email).unwrap(),
        key_id: "none".into(),
    };
    Caller {
        principal: holder.principal(),
        holder: Arc::new(holder),
        restriction: Restriction::None,
        expires_at: None,
        origin: origin(),
    }
}
