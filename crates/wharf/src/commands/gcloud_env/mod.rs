//! `wharf gcloud-env`: Google's own programs, told to speak to this registry, and how to undo it.

mod configuration;
mod properties;
mod shell;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;

use self::configuration::{Configuration, Name};
use self::properties::{Property, Settings};
use self::shell::Shell;
use super::Common;
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::{Output, print};
use crate::prompt::confirm;

/// What makes gsutil hand its work to `gcloud storage`, which can be pointed here; by itself it insists on Google or TLS.
const BOTO: &str = "[GSUtil]\nuse_gcloud_storage = True\n";

/// What this command is called where it tells how to run it.
const COMMAND: &str = "wharf gcloud-env";

/// Point gcloud and gsutil at the registry: print the environment, or write a configuration
///
/// Nothing is sent. APIs that this registry does not answer are left alone: gcloud asks Google for those.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    eval \"$(wharf gcloud-env)\"                          # this shell, and what it starts\n  \
    eval \"$(wharf gcloud-env --unset)\"                  # no longer\n  \
    wharf gcloud-env --shell fish | source\n  \
    wharf gcloud-env --configuration wharf --activate   # every shell\n  \
    gcloud config configurations activate default && wharf gcloud-env --configuration wharf --delete\n  \
    wharf gcloud-env --boto >> ~/.boto                  # gsutil\n\n\
    Then, once: gcloud auth activate-service-account --key-file=KEY.json")]
pub(crate) struct GcloudEnv {
    #[command(flatten)]
    common: Common,
    /// Whose words to print
    #[arg(long, value_name = "SHELL", default_value = "sh", conflicts_with_all = ["configuration", "boto"])]
    shell: Shell,
    /// Print what undoes it
    #[arg(long, conflicts_with_all = ["configuration", "boto"])]
    unset: bool,
    /// Print gsutil's part: what belongs into ~/.boto, or into the file that BOTO_CONFIG names
    #[arg(long, conflicts_with = "configuration")]
    boto: bool,
    /// Write it into this configuration of gcloud, which is made if it is not there
    #[arg(long, value_name = "NAME")]
    configuration: Option<Name>,
    /// Make gcloud use the configuration from now on
    #[arg(long, requires = "configuration")]
    activate: bool,
    /// Delete the configuration
    #[arg(long, requires = "configuration", conflicts_with = "activate")]
    delete: bool,
    /// Print the configuration and change nothing
    #[arg(long, requires = "configuration")]
    dry_run: bool,
    /// gcloud's folder, where configurations lie. By default ~/.config/gcloud
    #[arg(long, env = "CLOUDSDK_CONFIG", value_name = "DIR")]
    config_dir: Option<PathBuf>,
}

impl GcloudEnv {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let output = self.common.output;
        if self.boto {
            let settings = BTreeMap::from([("use_gcloud_storage", "True")]);
            return output.text_or(BOTO, &BTreeMap::from([("GSUtil", settings)]));
        }
        if self.unset {
            return self.forget();
        }
        match &self.configuration {
            None => self.environment(),
            Some(name) => {
                let configuration = Configuration::new(self.folder()?, name.clone());
                match self.delete {
                    true => self.delete(&configuration),
                    false => self.configure(name, &configuration),
                }
            }
        }
    }

    fn environment(&self) -> Result<(), Failure> {
        let session = self.common.open()?;
        let values = variables(&Settings::of(&session)?);
        let lines = values
            .iter()
            .map(|(name, value)| self.shell.set(name, value));
        let output = self.common.output;
        output.text_or(&lines.collect::<String>(), &values)?;
        if std::io::stdout().is_terminal() {
            output.say(&format!("To set it: {}", self.shell.run(COMMAND)));
        }
        output.say(&format!(
            "To undo it: {}",
            self.shell.run(&format!("{COMMAND} --unset"))
        ));
        say_what_is_next(output, &session);
        Ok(())
    }

    fn forget(&self) -> Result<(), Failure> {
        let names: Vec<_> = Property::all().map(Property::variable).collect();
        let lines: String = names.iter().map(|name| self.shell.unset(name)).collect();
        self.common.output.text_or(&lines, &names)
    }

    fn configure(&self, name: &Name, configuration: &Configuration) -> Result<(), Failure> {
        let session = self.common.open()?;
        let text = configuration.with(&Settings::of(&session)?)?;
        let (path, output) = (configuration.path(), self.common.output);
        if self.dry_run {
            output.say(&format!("Not written: {}", path.display()));
            return print(&text);
        }
        configuration.write(&text)?;
        output.say(&format!("Written: {}", path.display()));
        if self.activate {
            configuration.activate()?;
            output.say(&format!(
                "gcloud uses the configuration [{name}]. To undo it: gcloud config configurations activate default"
            ));
        } else if !configuration.is_active()? {
            output.say(&format!(
                "To use it: gcloud config configurations activate {name}; or for one command: gcloud --configuration {name} …"
            ));
        }
        say_what_is_next(output, &session);
        Ok(())
    }

    fn delete(&self, configuration: &Configuration) -> Result<(), Failure> {
        configuration.check_deletable()?;
        let (path, output) = (configuration.path(), self.common.output);
        if self.dry_run {
            output.say(&format!("Not deleted: {}", path.display()));
            return Ok(());
        }
        confirm(
            &format!("{} will be deleted.", path.display()),
            output.is_quiet(),
        )?;
        configuration.delete()?;
        output.say(&format!("Deleted: {}", path.display()));
        Ok(())
    }

    /// Where gcloud keeps its configurations.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let own = self
            .config_dir
            .clone()
            .filter(|folder| !folder.as_os_str().is_empty());
        own.or_else(|| Some(std::env::home_dir()?.join(".config/gcloud")))
            .ok_or_else(|| {
                Failure::usage("there is no home folder, so nobody knows where gcloud's is")
                    .hint("name it with --config-dir or CLOUDSDK_CONFIG")
            })
    }
}

/// What each variable is set to.
fn variables(settings: &Settings) -> BTreeMap<String, String> {
    let values = settings.values().into_iter();
    values
        .map(|(property, value)| (property.variable(), value))
        .collect()
}

/// gcloud knows where to go now, but not yet as whom.
fn say_what_is_next(output: Output, session: &Session) {
    let key = session.key_file.as_ref();
    let key = key.map_or_else(|| "KEY.json".to_owned(), |path| path.display().to_string());
    output.say(&format!(
        "Next, once: gcloud auth activate-service-account --key-file={key}"
    ));
}
