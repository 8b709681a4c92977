//! `wharf serve` as anybody starts it: tokens on, everything durable; the client has the owner's key.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::client::{Connection, Endpoint, Request, Sink, Wire};
use crate::process::Process;
use crate::protocol::REPOSITORY;

/// The lifetime of a JWT that asks for a token.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(3_600);

/// What a client knows of a running `wharf`: the owner's key file.
pub(crate) struct Wharf {
    key_file: String,
    key: Key,
}

#[derive(Deserialize)]
struct Key {
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

impl Wharf {
    /// The command that serves a data folder.
    pub(crate) fn command(program: &Path, data: &Path, endpoint: &Endpoint) -> Command {
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .arg("--listen")
            .arg(endpoint.address.to_string());
        if let (true, Some(certificate)) = (endpoint.wire != Wire::Plain, &endpoint.certificate) {
            command.arg("--tls-cert").arg(&certificate.certificate_file);
            command.arg("--tls-key").arg(&certificate.key_file);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WHARF_") {
                command.env_remove(name);
            }
        }
        command
    }

    pub(super) fn start(
        program: &Path,
        folder: &Path,
        endpoint: &Endpoint,
    ) -> Result<(Process, Self)> {
        let data = folder.join("data");
        let mut process = Process::start(Self::command(program, &data, endpoint), folder)?;
        process.wait_for(endpoint.address)?;
        let owner: PathBuf = data.join("owner.json");
        process.wait_until(|| owner.is_file())?;
        let key_file = std::fs::read_to_string(owner).context("reading the owner's key file")?;
        let key = serde_json::from_str(&key_file).context("reading the owner's key file")?;
        Ok((process, Self { key_file, key }))
    }

    /// The value of `Authorization` that docker sends to the token endpoint.
    pub(crate) fn basic(&self) -> String {
        let credential = format!("_json_key:{}", self.key_file);
        let encoded = base64::engine::general_purpose::STANDARD.encode(credential);
        format!("Basic {encoded}")
    }

    /// Where docker asks for a token that pushes and pulls.
    pub(crate) fn token_path(endpoint: &Endpoint) -> String {
        let service = endpoint.address;
        format!("/v2/token?service={service}&scope=repository:{REPOSITORY}:pull,push")
    }

    /// A registry token, as the value of `Authorization`.
    pub(super) fn registry_token(&self, endpoint: &Endpoint) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            token: String,
        }
        let mut asking = endpoint.clone();
        asking.authorization = Some(self.basic());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let body = runtime.block_on(async {
            let mut connection = Connection::open(&asking).await?;
            let path = Self::token_path(endpoint);
            let mut sink = Sink::Keep(Vec::new());
            let response = connection
                .send(&Request::new("GET", &path), &mut sink)
                .await?;
            let Sink::Keep(body) = sink else {
                unreachable!()
            };
            anyhow::ensure!(
                response.status == 200,
                "no registry token: {} {}",
                response.status,
                String::from_utf8_lossy(&body)
            );
            Ok(body)
        })?;
        let answer: Answer = serde_json::from_slice(&body).context("reading the registry token")?;
        Ok(format!("Bearer {}", answer.token))
    }

    /// The form of a JWT-bearer request, with an assertion like no other.
    pub(crate) fn assertion(&self, number: usize) -> Result<String> {
        let key = EncodingKey::from_rsa_pem(self.key.private_key.as_bytes())?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.key.private_key_id.clone());
        let claims = Claims {
            iss: &self.key.client_email,
            sub: &self.key.client_email,
            aud: &self.key.token_uri,
            scope: "https://www.googleapis.com/auth/cloud-platform",
            iat: now.as_secs(),
            exp: (now + ASSERTION_LIFETIME).as_secs(),
            jti: number.to_string(),
        };
        let assertion = jsonwebtoken::encode(&header, &claims, &key)?;
        Ok(format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        ))
    }
}
