//! A named configuration of gcloud: a file of `name = value` below `[section]`, in gcloud's own folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::properties::{Property, Settings};
use crate::failure::Failure;
use crate::files;

/// The name of a configuration, which is also a part of a file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl std::str::FromStr for Name {
    type Err = String;

    /// gcloud's own rule.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_inner) {
            true => Ok(Self(text.to_owned())),
            false => Err(
                "a configuration's name begins with a small letter, and has small letters, digits and hyphens"
                    .to_owned(),
            ),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A configuration in gcloud's folder, whether it is there yet or not.
#[derive(Debug)]
pub(super) struct Configuration {
    folder: PathBuf,
    name: Name,
}

impl Configuration {
    pub(super) fn new(folder: PathBuf, name: Name) -> Self {
        Self { folder, name }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        let file = format!("config_{}", self.name);
        self.folder.join("configurations").join(file)
    }

    /// Whether gcloud uses it when nobody names another.
    pub(super) fn is_active(&self) -> Result<bool, Failure> {
        let active = read_if_any(&self.activator())?;
        Ok(active.is_some_and(|name| name.trim() == self.name.0))
    }

    /// What it would be with these settings: what it has already stays, except what this command sets.
    pub(super) fn with(&self, settings: &Settings) -> Result<String, Failure> {
        let text = read_if_any(&self.path())?.unwrap_or_default();
        Ok(merge(&text, &settings.values()))
    }

    /// Writes it.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        write(&self.path(), text)
    }

    /// Makes it the one that gcloud uses when nobody names another.
    pub(super) fn activate(&self) -> Result<(), Failure> {
        write(&self.activator(), &self.name.0)
    }

    /// Refuses what [`Self::delete`] must not delete.
    pub(super) fn check_deletable(&self) -> Result<(), Failure> {
        let path = self.path();
        let Some(text) = read_if_any(&path)? else {
            return Err(
                Failure::new(format!("there is no {}", path.display())).hint(
                    "gcloud config configurations list shows the configurations that there are",
                ),
            );
        };
        if !is_ours(&text) {
            return Err(Failure::new(format!(
                "{} does not come from this command: it says nothing of where the APIs are",
                path.display()
            ))
            .hint(format!("gcloud config configurations delete {}", self.name)));
        }
        if self.is_active()? {
            return Err(
                Failure::new(format!("gcloud uses the configuration [{}]", self.name))
                    .hint("gcloud config configurations activate default, or another one, first"),
            );
        }
        Ok(())
    }

    /// Deletes it.
    pub(super) fn delete(&self) -> Result<(), Failure> {
        let path = self.path();
        std::fs::remove_file(&path)
            .map_err(|error| Failure::new(format!("cannot delete {}: {error}", path.display())))
    }

    fn activator(&self) -> PathBuf {
        self.folder.join("active_config")
    }
}

fn read_if_any(path: &Path) -> Result<Option<String>, Failure> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::new(format!(
            "cannot read {}: {error}",
            path.display()
        ))),
        _ => files::read_text(path).map(Some),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    }
    files::write_secret(path, text.as_bytes(), true)
}

/// A section: its line, and those below it.
struct Section<'a> {
    header: &'a str,
    lines: Vec<String>,
}

impl Section<'_> {
    fn name(&self) -> &str {
        self.header.trim().trim_matches(['[', ']'])
    }
}

/// Takes what this command sets out of a configuration and puts these values in.
fn merge(text: &str, values: &[(Property, String)]) -> String {
    let mut sections = split(text);
    for section in &mut sections {
        let name = section.name().to_owned();
        let mut is_inside_ours = false;
        section.lines.retain(|line| {
            // A value goes on where a line is indented.
            if !line.starts_with([' ', '\t']) {
                let is_ours = |property: Property| {
                    property.section == name && option(line) == Some(property.name.to_owned())
                };
                is_inside_ours = Property::all().any(is_ours);
            }
            !is_inside_ours && !line.trim().is_empty()
        });
    }
    for (property, value) in values {
        let index = sections
            .iter()
            .position(|section| section.name() == property.section)
            .unwrap_or_else(|| {
                sections.push(Section {
                    header: property.section,
                    lines: Vec::new(),
                });
                sections.len() - 1
            });
        // A percent sign stands for itself where it stands twice.
        let line = format!("{} = {}", property.name, value.replace('%', "%%"));
        sections[index].lines.push(line);
    }
    let written = sections.iter().filter(|section| !section.lines.is_empty());
    let blocks = written.map(|section| {
        let lines = section.lines.join("\n");
        match section.name() {
            "" => lines + "\n",
            name => format!("[{name}]\n{lines}\n"),
        }
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// The sections in their order; what stands before the first is one without a name.
fn split(text: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section {
        header: "",
        lines: Vec::new(),
    }];
    for line in text.lines() {
        if line.starts_with('[') {
            sections.push(Section {
                header: line,
                lines: Vec::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.lines.push(line.to_owned());
        }
    }
    sections
}

/// The name in `name = value` or `name: value`.
fn option(line: &str) -> Option<String> {
    let (name, _) = line.split_once(['=', ':'])?;
    Some(name.trim().to_lowercase())
}

/// Whether a configuration says where an API is.
fn is_ours(text: &str) -> bool {
    split(text)
        .iter()
        .any(|section| section.name() == super::properties::OVERRIDES && !section.lines.is_empty())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn settings(endpoint: &str, project: Option<&str>) -> Settings {
        Settings {
            endpoint: endpoint.parse().unwrap(),
            project: project.map(|project| project.parse().unwrap()),
            ca_file: None,
        }
    }

    fn configuration(folder: &Path) -> Configuration {
        Configuration::new(folder.join("new"), "wharf".parse().unwrap())
    }

    #[test]
    fn a_name_is_no_path() {
        for wrong in ["", "NONE", "../a", "a/b", "1a", "a b"] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
        }
        assert!("my-registry-2".parse::<Name>().is_ok());
    }

    #[test]
    fn what_somebody_else_set_stays() {
        let before = "# mine\n[core]\naccount = me@example.com\nproject = old\n  and more\nverbosity: debug\n\n\
            [compute]\nzone = a\n[api_endpoint_overrides]\ncompute = https://old.example.com/\nrun = https://run.example.com/\n";
        let values = settings("https://new.example.com", Some("my-project")).values();
        let after = merge(before, &values);
        for kept in [
            "# mine\n",
            "account = me@example.com\nverbosity: debug\n",
            "[compute]\nzone = a\n",
            "run = https://run.example.com/\n",
            "project = my-project\n",
            "compute = https://new.example.com/\n",
        ] {
            assert!(after.contains(kept), "{kept:?} is not in\n{after}");
        }
        assert!(!after.contains("old"), "{after}");
        assert!(!after.contains("and more"), "{after}");
        assert_eq!(after.matches("[core]").count(), 1);
        assert_eq!(merge(&after, &values), after);
    }

    #[test]
    fn a_percent_sign_is_doubled() {
        let mut settings = settings("https://a.example.com", None);
        settings.ca_file = Some("/a%b/ca.pem".into());
        let text = merge("", &settings.values());
        assert!(
            text.contains("custom_ca_certs_file = /a%%b/ca.pem\n"),
            "{text}"
        );
    }

    #[test]
    fn a_configuration_is_deleted_when_it_is_ours_and_not_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = configuration(folder.path());
        let refused = || configuration.check_deletable().unwrap_err().to_string();
        assert!(refused().contains("there is no"), "{}", refused());
        configuration.write("[core]\naccount = me\n").unwrap();
        assert!(refused().contains("does not come from this command"));
        let text = configuration.with(&settings("https://a.example.com", None));
        configuration.write(&text.unwrap()).unwrap();
        configuration.activate().unwrap();
        assert!(configuration.is_active().unwrap());
        assert!(refused().contains("activate default"), "{}", refused());
        write(&configuration.activator(), "default\n").unwrap();
        configuration.check_deletable().unwrap();
        configuration.delete().unwrap();
        assert!(!configuration.path().exists());
    }
}
