//! What `wharf serve` prints when it is ready: where it is, and the next lines to type.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use url::Url;
use wharf_server::{Config, Listener};

/// What is known of a registry that starts.
pub(crate) struct Announcement {
    data: PathBuf,
    /// The names that it is reached by.
    hosts: Vec<String>,
    external_url: Option<Url>,
    /// The certificate of an authority of our own.
    ca: Option<PathBuf>,
    local_url: Option<Url>,
    metadata_url: Option<Url>,
}

impl Announcement {
    pub(crate) fn new(config: &Config, data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            hosts: config.hosts.iter().map(|host| host.name.clone()).collect(),
            external_url: config.external_url.clone(),
            ca: None,
            local_url: None,
            metadata_url: None,
        }
    }

    /// The address is taken.
    pub(crate) fn listens(&mut self, listener: &Listener) {
        self.local_url = Some(listener.local_url());
        self.metadata_url = listener.metadata_url();
        self.ca = listener.authority().map(Path::to_owned);
    }

    /// The text. `new_owner_key` is where this start wrote the owner's key, if it did.
    pub(crate) fn text(&self, new_owner_key: Option<&Path>) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut text, new_owner_key);
        text
    }

    fn write(&self, text: &mut String, new_owner_key: Option<&Path>) -> std::fmt::Result {
        let local = self.local_url.as_ref().map_or("", Url::as_str);
        let local = local.trim_end_matches('/');
        let owner_key = self.data.join("owner.json");
        writeln!(text, "Listening on {local}")?;
        if let Some(url) = &self.external_url {
            writeln!(text, "Reached as   {}", url.as_str().trim_end_matches('/'))?;
        }
        if let Some(url) = &self.metadata_url {
            writeln!(text, "Metadata on  {}", url.as_str().trim_end_matches('/'))?;
        }
        writeln!(text, "Data folder  {}", self.data.display())?;
        match new_owner_key {
            Some(path) => writeln!(
                text,
                "Owner's key  {} (new: it opens everything, keep it where only you read it)",
                path.display()
            )?,
            None if owner_key.exists() => writeln!(text, "Owner's key  {}", owner_key.display())?,
            None => {}
        }
        let registry = self.registry();
        let url = self.url();
        if let Some(ca) = &self.ca {
            self.write_trust(text, &registry, ca)?;
        }
        let key = shell(&owner_key);
        let ca = match &self.ca {
            Some(ca) => format!(" --ca-file {}", shell(ca)),
            None => String::new(),
        };
        write!(
            text,
            "\nLog in, push and pull:\n  \
             docker login {registry} --username _json_key --password-stdin < {key}\n  \
             docker pull busybox\n  \
             docker tag busybox {registry}/default/busybox\n  \
             docker push {registry}/default/busybox\n  \
             docker pull {registry}/default/busybox\n\n\
             Create projects, accounts, bindings and keys:\n  \
             wharf auth login {url} --key-file {key}{ca}\n  \
             wharf projects list\n  \
             wharf --help\n"
        )
    }

    /// How the clients of a cluster come to trust a CA of our own.
    fn write_trust(&self, text: &mut String, registry: &str, ca: &Path) -> std::fmt::Result {
        let ca = shell(ca);
        writeln!(text, "CA           {ca}")?;
        write!(
            text,
            "\nTrust its CA, once on each machine (as root):\n  \
             docker:      install -D -m 644 {ca} /etc/docker/certs.d/{registry}/ca.crt\n  \
             podman:      install -D -m 644 {ca} /etc/containers/certs.d/{registry}/ca.crt\n  \
             containerd:  install -D -m 644 {ca} /etc/containerd/certs.d/{registry}/ca.crt\n               \
             printf 'server = \"https://{registry}\"\\nca = \"/etc/containerd/certs.d/{registry}/ca.crt\"\\n\\n[host.\"https://{registry}\"]\\n  ca = \"/etc/containerd/certs.d/{registry}/ca.crt\"\\n' > /etc/containerd/certs.d/{registry}/hosts.toml\n               \
             and config_path = \"/etc/containerd/certs.d\" in the registry section of /etc/containerd/config.toml\n  \
             kubelet:     pulls through containerd: the same on every node\n  \
             everything:  install -m 644 {ca} /usr/local/share/ca-certificates/wharf.crt && update-ca-certificates\n"
        )?;
        match self.hosts.get(1..) {
            Some([]) | None => Ok(()),
            Some(others) => writeln!(text, "and the same for {}", others.join(", ")),
        }
    }

    /// The registry as names of images begin.
    fn registry(&self) -> String {
        let url = self.url();
        match url.split_once("://") {
            Some((_, authority)) => authority.to_owned(),
            None => url,
        }
    }

    /// The URL that people use: the external one, else the first host on our port, else our address.
    fn url(&self) -> String {
        let mut url = match (&self.external_url, &self.local_url) {
            (Some(external), _) => external.clone(),
            (None, Some(local)) => local.clone(),
            (None, None) => return String::new(),
        };
        if self.external_url.is_none()
            && let Some(host) = self.hosts.first()
        {
            // A host name was checked when it was read.
            let _ = url.set_host(Some(host));
        }
        url.as_str().trim_end_matches('/').to_owned()
    }
}

/// A path as a shell reads it back.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '@');
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            data: "my data".into(),
            hosts: Vec::new(),
            external_url: None,
            ca: None,
            local_url: Some("http://127.0.0.1:5000".parse().unwrap()),
            metadata_url: None,
        }
    }

    #[test]
    fn the_next_lines_can_be_typed_as_they_stand() {
        let text = announcement().text(Some(Path::new("my data/owner.json")));
        assert!(
            text.starts_with("Listening on http://127.0.0.1:5000\n"),
            "{text}"
        );
        for line in [
            "  docker login 127.0.0.1:5000 --username _json_key --password-stdin < 'my data/owner.json'\n",
            "  docker push 127.0.0.1:5000/default/busybox\n",
            "  wharf auth login http://127.0.0.1:5000 --key-file 'my data/owner.json'\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(!text.contains("Trust"), "{text}");
    }

    #[test]
    fn the_name_that_people_use_is_the_external_one_then_the_first_host() {
        let mut announcement = announcement();
        announcement.hosts = vec!["registry.example.com".to_owned()];
        assert_eq!(announcement.registry(), "registry.example.com:5000");
        announcement.external_url = Some("https://example.com".parse().unwrap());
        assert_eq!(announcement.url(), "https://example.com");
        assert_eq!(announcement.registry(), "example.com");
    }

    #[test]
    fn a_ca_of_our_own_is_told_to_every_client() {
        let mut announcement = announcement();
        announcement.ca = Some("/data/tls/ca.pem".into());
        announcement.data = "/data".into();
        announcement.local_url = Some("https://127.0.0.1:5000".parse().unwrap());
        let text = announcement.text(None);
        for line in [
            "install -D -m 644 /data/tls/ca.pem /etc/docker/certs.d/127.0.0.1:5000/ca.crt\n",
            "/etc/containerd/certs.d/127.0.0.1:5000/hosts.toml\n",
            "kubelet:",
            "--key-file /data/owner.json --ca-file /data/tls/ca.pem\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
