//! Which registry a command speaks to, and as whom: flags and environment first, then what `wharf auth login` kept.

use std::path::{Path, PathBuf};

use clap::Args;
use wharf_client::{Client, Config, Endpoint, KeyFile};
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::failure::Failure;
use crate::files;
use crate::logins::{Login, Logins};

/// The options by which every command of a client finds its registry.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Connection {
    /// The registry, such as https://registry.example.com. By default the key file's, or the one logged in to
    #[arg(
        long,
        global = true,
        env = "WHARF_ENDPOINT",
        value_name = "URL",
        help_heading = "Common options"
    )]
    endpoint: Option<Endpoint>,
    /// A service account's key file: who asks
    #[arg(
        long,
        global = true,
        env = "WHARF_KEY_FILE",
        value_name = "FILE",
        help_heading = "Common options"
    )]
    key_file: Option<PathBuf>,
    /// Act as another service account: one that the key's account may get tokens of
    #[arg(
        long,
        global = true,
        env = "WHARF_IMPERSONATE_SERVICE_ACCOUNT",
        value_name = "ACCOUNT",
        // Its length would spread every command's short help over twice as many lines.
        hide_short_help = true,
        help_heading = "Common options"
    )]
    impersonate_service_account: Option<ServiceAccountEmail>,
    /// The project, where a command does not name it otherwise. By default that of the key's account
    #[arg(
        long,
        global = true,
        env = "WHARF_PROJECT",
        value_name = "PROJECT",
        help_heading = "Common options"
    )]
    project: Option<ProjectId>,
    /// Certificates in PEM to trust besides the machine's own: the CA of a self-signed registry
    #[arg(
        long,
        global = true,
        env = "WHARF_CA_FILE",
        value_name = "FILE",
        help_heading = "Common options"
    )]
    ca_file: Option<PathBuf>,
}

/// A registry to speak to.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// Where the caller's key lies.
    pub(crate) key_file: Option<PathBuf>,
    /// Where the certificates lie that are trusted besides the machine's own.
    pub(crate) ca_file: Option<PathBuf>,
    project: Option<ProjectId>,
}

impl Session {
    /// The project that is meant when a command names none.
    pub(crate) fn project(&self) -> Result<ProjectId, Failure> {
        self.project.clone().ok_or_else(|| {
            Failure::usage("no project is named").hint("name it with --project or WHARF_PROJECT")
        })
    }
}

impl Connection {
    /// The project, if it was named for this command.
    pub(crate) fn named_project(&self) -> Option<&ProjectId> {
        self.project.as_ref()
    }

    /// The key file, if one was named for this command.
    pub(crate) fn named_key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// The registry and the caller that are meant. Nothing is sent yet.
    pub(crate) fn open(&self) -> Result<Session, Failure> {
        self.open_with(&Logins::load()?)
    }

    /// The same where a registry is named or logged in to; none is no mistake.
    pub(crate) fn open_if_any(&self) -> Result<Option<Session>, Failure> {
        let logins = Logins::load()?;
        let is_named = self.endpoint.is_some() || self.key_file.is_some();
        match is_named || !logins.all.is_empty() {
            true => self.open_with(&logins).map(Some),
            false => Ok(None),
        }
    }

    fn open_with(&self, logins: &Logins) -> Result<Session, Failure> {
        let key = self
            .key_file
            .as_deref()
            .map(files::read_key_file)
            .transpose()?;
        let endpoint = self.choose_endpoint(key.as_ref(), logins)?;
        let login = logins.find(&endpoint);
        let key_file = self
            .key_file
            .clone()
            .or_else(|| login.map(|login| login.key_file.clone()));
        let key = match (key, &key_file) {
            (None, Some(path)) => Some(files::read_key_file(path)?),
            (key, _) => key,
        };
        let ca_file = self
            .ca_file
            .clone()
            .or_else(|| login.and_then(|login| login.ca_file.clone()));
        let project = self
            .project
            .clone()
            .or_else(|| login.and_then(|login| login.project.clone()))
            .or_else(|| key.as_ref().map(|key| key.project.clone()));
        let client = Client::new(Config {
            endpoint,
            key,
            acting_as: self.impersonate_service_account.clone(),
            ca_certificates: ca_file.as_deref().map(files::read).transpose()?,
        })?;
        Ok(Session {
            client,
            key_file,
            ca_file,
            project,
        })
    }

    fn choose_endpoint(&self, key: Option<&KeyFile>, logins: &Logins) -> Result<Endpoint, Failure> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(endpoint.clone());
        }
        match key {
            Some(key) => key.endpoint.clone().ok_or_else(|| {
                Failure::usage("the key file does not tell where its registry is")
                    .hint("name the registry with --endpoint or WHARF_ENDPOINT")
            }),
            None => match logins.all.first() {
                Some(login) => Ok(login.endpoint.clone()),
                None => Err(Failure::usage("no registry is named").hint(
                    "log in once: wharf auth login https://HOST --key-file KEY.json; or name it each time with --endpoint and --key-file",
                )),
            },
        }
    }

    /// What `wharf auth login` keeps. `endpoint` is its argument, which counts as `--endpoint`.
    pub(crate) fn log_in(&self, endpoint: Option<Endpoint>) -> Result<(Session, Login), Failure> {
        let connection = Self {
            endpoint: endpoint.or_else(|| self.endpoint.clone()),
            ..self.clone()
        };
        let key_file = connection.key_file.as_ref().ok_or_else(|| {
            Failure::usage("no key file is named").hint(
                "wharf auth login URL --key-file KEY.json; the first start of `wharf serve` writes the owner's as owner.json into the data folder",
            )
        })?;
        // What an earlier login said about the same registry is replaced, not mixed in.
        let session = connection.open_with(&Logins::default())?;
        let absolute = |path: &PathBuf| {
            std::path::absolute(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
        };
        let key = session.client.key();
        let account = key
            .map(|key| key.account.clone())
            .ok_or_else(|| Failure::new(format!("{} names no account", key_file.display())))?;
        let login = Login {
            endpoint: session.client.endpoint().clone(),
            account,
            key_file: absolute(key_file)?,
            project: connection.project.clone(),
            ca_file: connection.ca_file.as_ref().map(absolute).transpose()?,
        };
        Ok((session, login))
    }
}
