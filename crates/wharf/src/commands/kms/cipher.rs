//! `wharf kms encrypt` and `decrypt`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::names::Key;
use crate::connection::Session;
use crate::failure::Failure;
use crate::files;
use crate::output::Output;

/// What encryption and decryption share besides the key.
#[derive(Args, Debug)]
struct Files {
    /// The file with the plaintext; - is stdin or stdout
    #[arg(long, value_name = "FILE")]
    plaintext_file: PathBuf,
    /// The file with the ciphertext; - is stdin or stdout
    #[arg(long, value_name = "FILE")]
    ciphertext_file: PathBuf,
    /// A file with data that whoever decrypts must have too
    #[arg(long, value_name = "FILE")]
    additional_authenticated_data_file: Option<PathBuf>,
}

impl Files {
    fn data(&self) -> Result<Vec<u8>, Failure> {
        match &self.additional_authenticated_data_file {
            Some(path) => files::read(path),
            None => Ok(Vec::new()),
        }
    }
}

/// Encrypt a file with a key
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  wharf kms encrypt --key secrets --keyring cluster-keys --location us-central1 \\\n      \
    --plaintext-file key.json --ciphertext-file key.json.encrypted"
)]
pub(super) struct Encrypt {
    #[command(flatten)]
    key: Key,
    /// The version that encrypts; by default the primary one
    #[arg(long, value_name = "VERSION")]
    version: Option<u32>,
    #[command(flatten)]
    files: Files,
}

impl Encrypt {
    pub(super) async fn run(self, session: &Session, output: Output) -> Result<(), Failure> {
        let key = self.key.name(session)?;
        let plaintext = Zeroizing::new(files::read(&self.files.plaintext_file)?);
        let data = self.files.data()?;
        let encrypted = session
            .client
            .encrypt(&key, self.version, &plaintext, &data)
            .await?;
        write(&self.files.ciphertext_file, &encrypted.ciphertext.0, false)?;
        let number = encrypted.name.rsplit('/').next().unwrap_or_default();
        output.say(&format!(
            "Encrypted with version [{number}] of key [{}].",
            key.id()
        ));
        Ok(())
    }
}

/// Decrypt what a key encrypted
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  wharf kms decrypt --key secrets --keyring cluster-keys --location us-central1 \\\n      \
    --ciphertext-file key.json.encrypted --plaintext-file key.json"
)]
pub(super) struct Decrypt {
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    files: Files,
}

impl Decrypt {
    pub(super) async fn run(self, session: &Session, output: Output) -> Result<(), Failure> {
        let key = self.key.name(session)?;
        let ciphertext = files::read(&self.files.ciphertext_file)?;
        let data = self.files.data()?;
        let plaintext = session.client.decrypt(&key, &ciphertext, &data).await?;
        write(&self.files.plaintext_file, &plaintext, true)?;
        output.say(&format!("Decrypted with key [{}].", key.id()));
        Ok(())
    }
}

fn write(path: &Path, content: &[u8], is_secret: bool) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    if path == Path::new("-") {
        return std::io::stdout().write_all(content).map_err(failed);
    }
    match is_secret {
        true => files::write_secret(path, content, true),
        false => std::fs::write(path, content).map_err(failed),
    }
}
