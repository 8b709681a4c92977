//! What gcloud must be told so that it speaks to this registry: properties by section and name, as gcloud has them.

use std::path::PathBuf;

use wharf_client::Endpoint;
use wharf_types::ProjectId;

use crate::connection::Session;
use crate::failure::Failure;

/// The section whose properties tell where an API is.
pub(super) const OVERRIDES: &str = "api_endpoint_overrides";

/// The APIs that are answered here, by gcloud's names. What the others do is another's affair: gcloud goes on asking Google.
const APIS: &[&str] = &[
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "container",
    "iam",
    "iamcredentials",
    "logging",
    "policytroubleshooter",
    "serviceusage",
    "storage",
];

/// A property of gcloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// Such as `core`.
    pub(super) section: &'static str,
    /// Such as `project`.
    pub(super) name: &'static str,
}

impl Property {
    /// Every property that this command sets, where it has a value for it. Whatever it sets, it also undoes.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let other = [
            ("artifacts", "allow_unrecognized_registry"),
            ("auth", "token_host"),
            ("auth", "token_introspection_endpoint"),
            ("core", "custom_ca_certs_file"),
            ("core", "project"),
        ];
        let overrides = APIS.iter().map(|api| (OVERRIDES, *api));
        overrides
            .chain(other)
            .map(|(section, name)| Self { section, name })
    }

    /// The variable that stands for it in the environment.
    pub(super) fn variable(self) -> String {
        format!("CLOUDSDK_{}_{}", self.section, self.name).to_uppercase()
    }
}

/// Where gcloud shall go, and what it needs for the way.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) project: Option<ProjectId>,
    /// An absolute path: gcloud runs in other folders than this command.
    pub(super) ca_file: Option<PathBuf>,
}

impl Settings {
    /// What is known of a session.
    pub(super) fn of(session: &Session) -> Result<Self, Failure> {
        let absolute = |path: &PathBuf| {
            std::path::absolute(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
        };
        Ok(Self {
            endpoint: session.client.endpoint().clone(),
            project: session.project().ok(),
            ca_file: session.ca_file.as_ref().map(absolute).transpose()?,
        })
    }

    /// The value of a property, if there is one.
    fn value(&self, property: Property) -> Option<String> {
        let endpoint = &self.endpoint;
        match (property.section, property.name) {
            // gcloud refuses every command when the slash is not there.
            (OVERRIDES, _) => Some(format!("{endpoint}/")),
            ("auth", "token_host") => Some(format!("{endpoint}/token")),
            ("auth", _) => Some(format!("{endpoint}/v1/introspect")),
            ("core", "project") => self.project.as_ref().map(ToString::to_string),
            ("core", _) => {
                let path = self.ca_file.as_ref();
                path.map(|path| path.display().to_string())
            }
            // docker-credential-gcloud answers for no host of ours without it.
            _ => Some("true".to_owned()),
        }
    }

    /// Every property that has a value, in the order of [`Property::all`].
    pub(super) fn values(&self) -> Vec<(Property, String)> {
        let all = Property::all();
        all.filter_map(|property| Some((property, self.value(property)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn settings(project: Option<&str>, ca_file: Option<&str>) -> Settings {
        Settings {
            endpoint: "https://registry.example.com".parse().unwrap(),
            project: project.map(|project| project.parse().unwrap()),
            ca_file: ca_file.map(PathBuf::from),
        }
    }

    fn text(settings: &Settings) -> String {
        let values = settings.values().into_iter();
        let lines = values.map(|(property, value)| format!("{}={value}\n", property.variable()));
        lines.collect()
    }

    #[test]
    fn every_api_is_at_the_endpoint_with_a_slash_at_its_end() {
        let text = text(&settings(None, None));
        for api in APIS {
            let line = format!(
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_{}=https://registry.example.com/\n",
                api.to_uppercase()
            );
            assert!(text.contains(&line), "{line} is not in {text}");
        }
        assert!(text.contains("CLOUDSDK_AUTH_TOKEN_HOST=https://registry.example.com/token\n"));
    }

    #[test]
    fn what_is_not_known_is_not_set() {
        let without = text(&settings(None, None));
        assert!(!without.contains("_CORE_"), "{without}");
        let with = text(&settings(Some("my-project"), Some("/etc/ca.pem")));
        assert!(with.ends_with(
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE=/etc/ca.pem\nCLOUDSDK_CORE_PROJECT=my-project\n"
        ));
    }
}
