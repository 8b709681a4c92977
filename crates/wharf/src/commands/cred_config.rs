//! `wharf iam workload-identity-pools create-cred-config`: the file by which Google's libraries and gcloud log in with
//! somebody else's token, with this registry's own hosts in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use wharf_types::ServiceAccountEmail;
use wharf_types::federation::ProviderName;

use super::Common;
use crate::failure::Failure;
use crate::output::print;

/// Write the file by which gcloud and Google's libraries log in with another issuer's token
///
/// It holds no secret: only where the token lies and where it is exchanged. Nothing is sent.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf iam workload-identity-pools create-cred-config \\\n      \
    projects/123456789/locations/global/workloadIdentityPools/clusters/providers/prod \\\n      \
    --credential-source-file /var/run/secrets/tokens/registry --output-file credentials.json\n  \
    wharf iam workload-identity-pools create-cred-config \\\n      \
    projects/123456789/locations/global/workloadIdentityPools/builders/providers/forge \\\n      \
    --service-account deployer@my-project.iam.gserviceaccount.com \\\n      \
    --credential-source-url http://127.0.0.1:8080/token --credential-source-type json \\\n      \
    --credential-source-field-name id_token --output-file credentials.json")]
pub(super) struct CreateCredConfig {
    /// The provider, with the number of its project
    #[arg(value_name = "PROVIDER_NAME")]
    audience: ProviderName,
    /// The service account to act as. With none, the identity itself logs in
    #[arg(long, value_name = "ACCOUNT")]
    service_account: Option<ServiceAccountEmail>,
    /// Seconds that a token of the service account is good for
    #[arg(long, value_name = "SECONDS", requires = "service_account")]
    service_account_token_lifetime_seconds: Option<u32>,
    /// The file in which the other issuer's token lies
    #[arg(long, value_name = "FILE", required_unless_present_any = ["credential_source_url", "executable_command"], conflicts_with_all = ["credential_source_url", "executable_command"])]
    credential_source_file: Option<PathBuf>,
    /// The URL that answers with the other issuer's token
    #[arg(long, value_name = "URL", conflicts_with = "executable_command")]
    credential_source_url: Option<url::Url>,
    /// A header for that URL; separated by commas
    #[arg(
        long,
        value_name = "NAME=VALUE,…",
        value_delimiter = ',',
        requires = "credential_source_url"
    )]
    credential_source_headers: Vec<String>,
    /// The command that prints the other issuer's token, as Google's libraries want it
    #[arg(long, value_name = "COMMAND")]
    executable_command: Option<String>,
    /// How long that command may take, in milliseconds
    #[arg(long, value_name = "N", requires = "executable_command")]
    executable_timeout_millis: Option<u32>,
    /// Where that command keeps its token
    #[arg(long, value_name = "FILE", requires = "executable_command")]
    executable_output_file: Option<PathBuf>,
    /// Whether the file or answer is the token itself, or JSON with a field for it
    #[arg(long, value_name = "TYPE", value_parser = ["text", "json"], requires_if("json", "credential_source_field_name"))]
    credential_source_type: Option<String>,
    /// The field of that JSON
    #[arg(long, value_name = "NAME")]
    credential_source_field_name: Option<String>,
    /// What the token is
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "urn:ietf:params:oauth:token-type:jwt"
    )]
    subject_token_type: String,
    /// The file to write; - is stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    output_file: PathBuf,
}

/// The file: what `type: external_account` of Google's libraries is.
#[derive(Debug, Serialize)]
struct CredentialConfig {
    universe_domain: &'static str,
    r#type: &'static str,
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_impersonation_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_impersonation: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_info_url: Option<String>,
}

impl CreateCredConfig {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let url = session.client.endpoint().to_string();
        let config = self.config(url.trim_end_matches('/'))?;
        let mut text = serde_json::to_string_pretty(&config)
            .map_err(|error| Failure::new(error.to_string()))?;
        text.push('\n');
        if self.output_file == Path::new("-") {
            return print(&text);
        }
        std::fs::write(&self.output_file, text).map_err(|error| {
            Failure::new(format!(
                "{} cannot be written: {error}",
                self.output_file.display()
            ))
        })?;
        common.output.say(&format!(
            "Created credential configuration file [{}].",
            self.output_file.display()
        ));
        Ok(())
    }

    fn config(&self, endpoint: &str) -> Result<CredentialConfig, Failure> {
        let account = self.service_account.as_ref();
        let lifetime = self.service_account_token_lifetime_seconds;
        Ok(CredentialConfig {
            universe_domain: "googleapis.com",
            r#type: "external_account",
            audience: self.audience.full(),
            subject_token_type: self.subject_token_type.clone(),
            token_url: format!("{endpoint}/v1/token"),
            credential_source: self.source()?,
            service_account_impersonation_url: account.map(|account| {
                format!("{endpoint}/v1/projects/-/serviceAccounts/{account}:generateAccessToken")
            }),
            service_account_impersonation: lifetime
                .map(|seconds| json!({"token_lifetime_seconds": seconds})),
            token_info_url: account
                .is_none()
                .then(|| format!("{endpoint}/v1/introspect")),
        })
    }

    fn source(&self) -> Result<Value, Failure> {
        if let Some(command) = &self.executable_command {
            let mut executable = json!({
                "command": command,
                "timeout_millis": self.executable_timeout_millis.unwrap_or(30_000),
            });
            if let Some(file) = &self.executable_output_file {
                executable["output_file"] = json!(file);
            }
            return Ok(json!({ "executable": executable }));
        }
        let mut source = match (&self.credential_source_file, &self.credential_source_url) {
            (Some(file), _) => json!({ "file": file }),
            (None, url) => json!({ "url": url }),
        };
        if !self.credential_source_headers.is_empty() {
            source["headers"] = json!(headers(&self.credential_source_headers)?);
        }
        if let Some(kind) = &self.credential_source_type {
            source["format"] = match &self.credential_source_field_name {
                Some(field) => json!({"type": kind, "subject_token_field_name": field}),
                None => json!({ "type": kind }),
            };
        }
        Ok(source)
    }
}

fn headers(texts: &[String]) -> Result<BTreeMap<&str, &str>, Failure> {
    let mut headers = BTreeMap::new();
    for text in texts {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::usage("write --credential-source-headers NAME=VALUE"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use clap::Parser as _;

    const NAME: &str = "projects/7/locations/global/workloadIdentityPools/clusters/providers/prod";

    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        config: CreateCredConfig,
    }

    fn written(arguments: &[&str]) -> Value {
        let arguments = ["x", NAME].iter().chain(arguments);
        let config = Options::try_parse_from(arguments).unwrap().config;
        serde_json::to_value(config.config("https://registry.example.com").unwrap()).unwrap()
    }

    #[test]
    fn the_file_names_this_registrys_hosts() {
        let file = written(&["--credential-source-file", "/token"]);
        assert_eq!(
            file,
            json!({
                "universe_domain": "googleapis.com",
                "type": "external_account",
                "audience": format!("//iam.googleapis.com/{NAME}"),
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": "https://registry.example.com/v1/token",
                "credential_source": {"file": "/token"},
                "token_info_url": "https://registry.example.com/v1/introspect",
            })
        );
    }

    #[test]
    fn whoever_acts_as_an_account_is_sent_on_to_it() {
        let account = "deployer@my-project.iam.gserviceaccount.com";
        let file = written(&[
            "--service-account",
            account,
            "--service-account-token-lifetime-seconds",
            "600",
            "--credential-source-url",
            "http://127.0.0.1/token",
            "--credential-source-headers",
            "A=b",
            "--credential-source-type",
            "json",
            "--credential-source-field-name",
            "id_token",
        ]);
        assert_eq!(
            file["service_account_impersonation_url"],
            format!(
                "https://registry.example.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
            )
        );
        assert_eq!(
            file["service_account_impersonation"]["token_lifetime_seconds"],
            600
        );
        assert_eq!(file["token_info_url"], Value::Null);
        assert_eq!(
            file["credential_source"],
            json!({
                "url": "http://127.0.0.1/token",
                "headers": {"A": "b"},
                "format": {"type": "json", "subject_token_field_name": "id_token"},
            })
        );
    }

    #[test]
    fn a_source_is_needed_and_only_one() {
        for arguments in [
            [].as_slice(),
            &[
                "--credential-source-file",
                "a",
                "--credential-source-url",
                "http://b",
            ],
            &[
                "--credential-source-file",
                "a",
                "--credential-source-type",
                "json",
            ],
        ] {
            let arguments = ["x", NAME].iter().chain(arguments);
            assert!(Options::try_parse_from(arguments).is_err());
        }
    }
}
