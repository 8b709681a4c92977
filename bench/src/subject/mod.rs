//! The servers that are measured. Each is started on a free port with an empty folder, and leaves nothing behind.

mod bare;
mod docker_registry;
mod nginx;
mod wharf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;
use tempfile::TempDir;

pub(crate) use self::bare::{Arguments as BareArguments, serve as serve_bare};
pub(crate) use self::wharf::Wharf;
use crate::client::{Certificate, Endpoint, Wire};
use crate::content::Image;
use crate::process::Process;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// `wharf serve`: token authentication on, everything durable.
    Wharf,
    /// Debian's docker-registry (Distribution 2.8): filesystem driver, no authentication.
    DockerRegistry,
    /// nginx, serving the same bytes as files.
    Nginx,
    /// An HTTP server of the library that wharf uses, which answers always the same.
    Bare,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Wharf, Self::DockerRegistry, Self::Nginx, Self::Bare];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wharf => "wharf",
            Self::DockerRegistry => "docker-registry",
            Self::Nginx => "nginx",
            Self::Bare => "bare hyper",
        }
    }

    /// Where its program is, if it is installed.
    pub(crate) fn program(self, wharf: &Path) -> Option<PathBuf> {
        match self {
            Self::Wharf => Some(wharf.to_owned()).filter(|program| program.is_file()),
            Self::DockerRegistry => crate::process::find_program("docker-registry"),
            Self::Nginx => crate::process::find_program("nginx"),
            Self::Bare => std::env::current_exe().ok(),
        }
    }
}

/// A subject that runs.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// Before the folder, so that the process ends before its folder goes.
    pub(crate) process: Process,
    pub(crate) endpoint: Endpoint,
    wharf: Option<Wharf>,
    folder: TempDir,
}

/// How subjects are started.
pub(crate) struct Setup {
    /// The binary that is measured.
    pub(crate) wharf: PathBuf,
    /// Where data folders are made: must be on a disk.
    pub(crate) scratch: PathBuf,
    pub(crate) wire: Wire,
    pub(crate) certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Starts a subject; ready when this returns.
    pub(crate) fn start(kind: Kind, setup: &Setup) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("wharf-bench-")
            .tempdir_in(&setup.scratch)?;
        let mut endpoint = Endpoint {
            address: crate::process::free_address()?,
            wire: setup.wire,
            certificate: setup.certificate.clone(),
            authorization: None,
        };
        let mut wharf = None;
        let process = match kind {
            Kind::Wharf => {
                let (process, started) = Wharf::start(&setup.wharf, folder.path(), &endpoint)?;
                endpoint.authorization = Some(started.registry_token(&endpoint)?);
                wharf = Some(started);
                process
            }
            Kind::DockerRegistry => docker_registry::start(folder.path(), &endpoint)?,
            Kind::Nginx => nginx::start(folder.path(), &endpoint)?,
            Kind::Bare => bare::start(folder.path(), &endpoint)?,
        };
        Ok(Self {
            kind,
            process,
            endpoint,
            wharf,
            folder,
        })
    }

    /// Takes a fresh token, where the subject wants one: they live ten minutes.
    pub(crate) fn refresh(&mut self) -> Result<()> {
        if let Some(wharf) = &self.wharf {
            self.endpoint.authorization = Some(wharf.registry_token(&self.endpoint)?);
        }
        Ok(())
    }

    /// The images as files, for a subject that nobody can push to.
    pub(crate) fn place(&self, images: &[Image]) -> Result<()> {
        nginx::place(self.folder.path(), images)
    }

    /// Stops the process and keeps its folder.
    pub(crate) fn stop(self) -> TempDir {
        let Self {
            mut process,
            folder,
            ..
        } = self;
        process.stop();
        folder
    }

    /// The client's knowledge of the subject, if that is `wharf`.
    pub(crate) fn wharf(&self) -> Option<&Wharf> {
        self.wharf.as_ref()
    }
}
