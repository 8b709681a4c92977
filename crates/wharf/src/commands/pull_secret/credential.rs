//! Another registry's user and password, as people hand them over.

use std::path::Path;

use clap::Args;
use secrecy::SecretString;
use wharf_cluster::Credential;

use crate::failure::Failure;
use crate::files;

/// A user and a password. The password is in no command line, where every process of the machine reads it.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct UserAndPassword {
    /// The user at a registry that takes no key file; with --password-stdin
    #[arg(long, value_name = "USER", requires = "password_stdin")]
    pub(super) username: Option<String>,
    /// Read the password from stdin; one line break at its end does not count
    #[arg(long, requires = "username")]
    pub(super) password_stdin: bool,
}

impl UserAndPassword {
    /// The credential, if a user was named.
    pub(super) fn read(&self) -> Result<Option<Credential>, Failure> {
        let Some(username) = &self.username else {
            return Ok(None);
        };
        if username.is_empty() || username.contains([':', '\n']) {
            return Err(Failure::usage(
                "the user is empty or has a colon, and the first colon ends a user's name",
            ));
        }
        let mut password = files::read_text(Path::new("-"))?;
        if password.ends_with('\n') {
            password.pop();
        }
        if password.ends_with('\r') {
            password.pop();
        }
        if password.is_empty() {
            return Err(Failure::usage("there is no password on stdin"));
        }
        Ok(Some(Credential {
            username: username.clone(),
            password: SecretString::from(password),
            email: None,
        }))
    }
}
