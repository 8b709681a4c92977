//! Where `wharf auth login` keeps what it was told: endpoints and the paths of key files, never a key.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wharf_client::Endpoint;
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::failure::Failure;
use crate::files;

/// One registry that somebody logged in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Login {
    /// The registry.
    #[serde(with = "as_text")]
    pub(crate) endpoint: Endpoint,
    /// Whose key it is.
    pub(crate) account: ServiceAccountEmail,
    /// Where the key lies.
    pub(crate) key_file: PathBuf,
    /// The project that commands mean which name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<ProjectId>,
    /// Certificates that are trusted for this registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// All logins. The first is the active one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logins {
    /// The active one first, then in the order in which they were active.
    #[serde(default, rename = "login")]
    pub(crate) all: Vec<Login>,
}

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use wharf_client::Endpoint;

    pub(super) fn serialize<S: Serializer>(endpoint: &Endpoint, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(endpoint)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Endpoint, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Logins {
    /// Reads the logins of this person; none when nobody logged in.
    pub(crate) fn load() -> Result<Self, Failure> {
        match path() {
            Some(path) => Self::load_from(&path),
            None => Ok(Self::default()),
        }
    }

    fn load_from(path: &Path) -> Result<Self, Failure> {
        if !path.exists() {
            return Ok(Self::default());
        }
        toml::from_str(&files::read_text(path)?).map_err(|error| {
            Failure::usage(format!("{} is malformed: {error}", path.display()))
                .hint("mend it, or delete it and log in again")
        })
    }

    /// Keeps the logins.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let path = path().ok_or_else(|| {
            Failure::usage("there is no place to keep logins")
                .hint("set HOME, XDG_CONFIG_HOME or WHARF_CONFIG_DIR")
        })?;
        self.save_to(&path)
    }

    fn save_to(&self, path: &Path) -> Result<(), Failure> {
        let failed =
            |error: String| Failure::new(format!("cannot write {}: {error}", path.display()));
        let text = toml::to_string(self).map_err(|error| failed(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        files::write_secret(path, text.as_bytes(), true)
    }

    /// The login for an endpoint.
    pub(crate) fn find(&self, endpoint: &Endpoint) -> Option<&Login> {
        self.all.iter().find(|login| login.endpoint == *endpoint)
    }

    /// Makes a login the active one, in place of an earlier one for the same endpoint.
    pub(crate) fn activate(&mut self, login: Login) {
        self.forget(&login.endpoint);
        self.all.insert(0, login);
    }

    /// Forgets the login for an endpoint. Returns whether there was one.
    pub(crate) fn forget(&mut self, endpoint: &Endpoint) -> bool {
        let before = self.all.len();
        self.all.retain(|login| login.endpoint != *endpoint);
        self.all.len() != before
    }
}

/// `logins.toml` in `WHARF_CONFIG_DIR`, else in `wharf` of the XDG configuration folder.
fn path() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where files of a person lie is no flag of a command"
    )]
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = match (set("WHARF_CONFIG_DIR"), set("XDG_CONFIG_HOME"), set("HOME")) {
        (Some(own), _, _) => PathBuf::from(own),
        (None, Some(configuration), _) => PathBuf::from(configuration).join("wharf"),
        (None, None, Some(home)) => PathBuf::from(home).join(".config").join("wharf"),
        (None, None, None) => return None,
    };
    Some(folder.join("logins.toml"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn login(endpoint: &str) -> Login {
        Login {
            endpoint: endpoint.parse().unwrap(),
            account: "owner@default.iam.gserviceaccount.com".parse().unwrap(),
            key_file: "/keys/owner.json".into(),
            project: None,
            ca_file: Some("/keys/ca.pem".into()),
        }
    }

    #[test]
    fn logins_read_back_as_kept_and_the_last_is_active() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("logins.toml");
        assert_eq!(Logins::load_from(&path).unwrap(), Logins::default());
        let mut logins = Logins::default();
        for endpoint in [
            "https://a.example.com",
            "http://localhost:5000",
            "https://a.example.com",
        ] {
            logins.activate(login(endpoint));
        }
        logins.save_to(&path).unwrap();
        let read = Logins::load_from(&path).unwrap();
        assert_eq!(read, logins);
        assert_eq!(read.all.len(), 2);
        assert_eq!(read.all[0].endpoint.as_str(), "https://a.example.com");
        let local = "localhost:5000".parse().unwrap();
        assert!(read.find(&local).is_some());
        assert!(logins.forget(&local) && !logins.forget(&local));
    }

    #[test]
    fn a_malformed_file_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logins.toml");
        std::fs::write(&path, "[[login]]\nendpoint = 7\n").unwrap();
        let refused = Logins::load_from(&path).unwrap_err().to_string();
        assert!(
            refused.contains("line 2") && refused.contains("hint: "),
            "{refused}"
        );
    }
}
