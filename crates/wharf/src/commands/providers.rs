//! `wharf iam workload-identity-pools providers`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use wharf_types::federation::{PoolId, ProviderId};
use wharf_types::wire::federation::{Oidc, WorkloadIdentityPoolProvider};

use super::Common;
use super::pools::{Location, marked, state, switch};
use super::projects::nothing_to_change;
use crate::failure::Failure;
use crate::files;
use crate::output::Table;
use crate::prompt::confirm;

/// Providers of a pool: the issuers whose tokens it accepts, and as whom
#[derive(Args, Debug)]
pub(super) struct Providers {
    #[command(subcommand)]
    command: Command,
}

/// Which provider.
#[derive(Args, Clone, Debug)]
struct Name {
    /// Its id: 4 to 32 lower-case letters, digits and hyphens
    #[arg(value_name = "PROVIDER")]
    provider: ProviderId,
    #[command(flatten)]
    pool: Pool,
}

/// Of which pool.
#[derive(Args, Clone, Debug)]
struct Pool {
    /// Its pool
    #[arg(long, value_name = "POOL")]
    workload_identity_pool: PoolId,
    #[command(flatten)]
    location: Location,
}

/// What a provider says.
#[derive(Args, Clone, Debug)]
struct Content {
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Take it out of use: it accepts no tokens, and those that it accepted are worth nothing
    #[arg(long)]
    disabled: bool,
    /// Take it into use again
    #[arg(long, conflicts_with = "disabled")]
    no_disabled: bool,
    /// What a token must make true: CEL over assertion, google and attribute
    #[arg(long, value_name = "EXPRESSION")]
    attribute_condition: Option<String>,
    /// What tokens may name as their audience, separated by commas. By default the provider's own name
    #[arg(long, value_name = "AUDIENCE,…", value_delimiter = ',')]
    allowed_audiences: Option<Vec<String>>,
    /// A file with the issuer's public keys (a JWK Set), where the registry cannot ask the issuer; - is stdin
    #[arg(long, value_name = "FILE")]
    jwk_json_path: Option<PathBuf>,
}

impl Content {
    fn provider(
        self,
        issuer_uri: Option<String>,
        mapping: Option<BTreeMap<String, String>>,
    ) -> Result<WorkloadIdentityPoolProvider, Failure> {
        let oidc = Oidc {
            issuer_uri,
            allowed_audiences: self.allowed_audiences,
            jwks_json: self
                .jwk_json_path
                .as_deref()
                .map(files::read_text)
                .transpose()?,
        };
        Ok(WorkloadIdentityPoolProvider {
            display_name: self.display_name,
            description: self.description,
            disabled: switch(self.disabled, self.no_disabled),
            attribute_mapping: mapping,
            attribute_condition: self.attribute_condition,
            oidc: Some(oidc).filter(|oidc| *oidc != Oidc::default()),
            ..WorkloadIdentityPoolProvider::default()
        })
    }
}

/// `google.subject=assertion.sub,attribute.x=…`: a comma only parts where a new attribute begins, for expressions have
/// commas too.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping(BTreeMap<String, String>);

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let begins = |rest: &str| {
            rest.split_once('=').is_some_and(|(key, _)| {
                ["google.", "attribute."].iter().any(|kind| {
                    key.strip_prefix(kind).is_some_and(|name| {
                        !name.is_empty()
                            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                    })
                })
            })
        };
        let mut starts = vec![0];
        starts.extend(
            text.match_indices(',')
                .map(|(comma, _)| comma + 1)
                .filter(|start| begins(&text[*start..])),
        );
        let mut attributes = BTreeMap::new();
        for (place, start) in starts.iter().enumerate() {
            let end = starts.get(place + 1).map_or(text.len(), |next| next - 1);
            let (key, expression) = text[*start..end]
                .split_once('=')
                .filter(|_| begins(&text[*start..end]))
                .ok_or("write google.subject=assertion.sub,attribute.NAME=EXPRESSION")?;
            if attributes
                .insert(key.to_owned(), expression.to_owned())
                .is_some()
            {
                return Err(format!("{key} is mapped twice"));
            }
        }
        Ok(Self(attributes))
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a provider for an issuer of OpenID Connect: a cluster, a CI
    #[command(after_help = "Examples:\n  \
        wharf iam workload-identity-pools providers create-oidc forge \\\n      \
        --workload-identity-pool builders --issuer-uri https://ci.example.com \\\n      \
        --attribute-mapping google.subject=assertion.sub,attribute.repository=assertion.repository \\\n      \
        --attribute-condition 'attribute.repository.startsWith(\"shop/\")'\n  \
        kubectl get --raw /openid/v1/jwks > jwks.json\n  \
        wharf iam workload-identity-pools providers create-oidc prod \\\n      \
        --workload-identity-pool clusters --issuer-uri https://kubernetes.default.svc.cluster.local \\\n      \
        --attribute-mapping google.subject=assertion.sub --jwk-json-path jwks.json")]
    CreateOidc {
        #[command(flatten)]
        name: Name,
        /// What tokens name as their issuer
        #[arg(long, value_name = "URL")]
        issuer_uri: String,
        /// Which expression over a token's claims gives which attribute; google.subject must be mapped
        #[arg(long, value_name = "ATTRIBUTE=EXPRESSION,…")]
        attribute_mapping: Mapping,
        #[command(flatten)]
        content: Content,
    },
    /// List a pool's providers
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools providers list --workload-identity-pool clusters")]
    List {
        #[command(flatten)]
        pool: Pool,
        /// Deleted ones too, while they can be restored
        #[arg(long)]
        show_deleted: bool,
    },
    /// Show a provider
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools providers describe prod \\\n      \
        --workload-identity-pool clusters -o yaml")]
    Describe {
        #[command(flatten)]
        name: Name,
    },
    /// Change a provider
    #[command(after_help = "Example:\n  \
        kubectl get --raw /openid/v1/jwks \\\n      \
        | wharf iam workload-identity-pools providers update-oidc prod \\\n      \
        --workload-identity-pool clusters --jwk-json-path -")]
    UpdateOidc {
        #[command(flatten)]
        name: Name,
        /// What tokens name as their issuer
        #[arg(long, value_name = "URL")]
        issuer_uri: Option<String>,
        /// Which expression over a token's claims gives which attribute: all of them
        #[arg(long, value_name = "ATTRIBUTE=EXPRESSION,…")]
        attribute_mapping: Option<Mapping>,
        #[command(flatten)]
        content: Content,
    },
    /// Delete a provider; it can be restored for 30 days
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools providers delete prod --workload-identity-pool clusters")]
    Delete {
        #[command(flatten)]
        name: Name,
    },
    /// Restore a deleted provider
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools providers undelete prod --workload-identity-pool clusters")]
    Undelete {
        #[command(flatten)]
        name: Name,
    },
}

impl Table for WorkloadIdentityPoolProvider {
    const HEADERS: &'static [&'static str] = &["NAME", "ISSUER", "STATE", "DISABLED"];

    fn rows(&self) -> Vec<Vec<String>> {
        let issuer = self.oidc.as_ref().and_then(|oidc| oidc.issuer_uri.clone());
        vec![vec![
            self.name.clone(),
            issuer.unwrap_or_default(),
            state(self.state),
            marked(self.disabled),
        ]]
    }
}

impl Providers {
    pub(super) async fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let (output, client, project) = (common.output, &session.client, session.project()?);
        match self.command {
            Command::CreateOidc {
                name: Name { provider, pool },
                issuer_uri,
                attribute_mapping,
                content,
            } => {
                let content = content.provider(Some(issuer_uri), Some(attribute_mapping.0))?;
                let pool = &pool.workload_identity_pool;
                let made = client
                    .create_provider(&project, pool, &provider, &content)
                    .await?;
                output.done(
                    &format!("Created workload identity pool provider [{provider}]."),
                    &made,
                )
            }
            Command::List { pool, show_deleted } => {
                let pool = &pool.workload_identity_pool;
                output.list(&client.list_providers(&project, pool, show_deleted).await?)
            }
            Command::Describe {
                name: Name { provider, pool },
            } => {
                let pool = &pool.workload_identity_pool;
                output.item(&client.get_provider(&project, pool, &provider).await?)
            }
            Command::UpdateOidc {
                name: Name { provider, pool },
                issuer_uri,
                attribute_mapping,
                content,
            } => {
                let mapping = attribute_mapping.map(|mapping| mapping.0);
                let change = content.provider(issuer_uri, mapping)?;
                if change == WorkloadIdentityPoolProvider::default() {
                    return Err(nothing_to_change());
                }
                let pool = &pool.workload_identity_pool;
                let made = client
                    .update_provider(&project, pool, &provider, &change)
                    .await?;
                output.done(
                    &format!("Updated workload identity pool provider [{provider}]."),
                    &made,
                )
            }
            Command::Delete {
                name: Name { provider, pool },
            } => {
                confirm(
                    &format!(
                        "Workload identity pool provider [{provider}] will be deleted: whoever logs in through it is refused from then on. It can be restored for 30 days."
                    ),
                    output.is_quiet(),
                )?;
                let pool = &pool.workload_identity_pool;
                let made = client.delete_provider(&project, pool, &provider).await?;
                output.done(
                    &format!("Deleted workload identity pool provider [{provider}]."),
                    &made,
                )
            }
            Command::Undelete {
                name: Name { provider, pool },
            } => {
                let pool = &pool.workload_identity_pool;
                let made = client.undelete_provider(&project, pool, &provider).await?;
                output.done(
                    &format!("Restored workload identity pool provider [{provider}]."),
                    &made,
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_comma_parts_where_a_new_attribute_begins() {
        let Mapping(mapping) =
            "google.subject=assertion.sub,google.groups=[assertion.a, \"x,y=z\"],attribute.name=\"a\"+assertion.b"
                .parse()
                .unwrap();
        let expected = [
            ("google.subject", "assertion.sub"),
            ("google.groups", "[assertion.a, \"x,y=z\"]"),
            ("attribute.name", "\"a\"+assertion.b"),
        ];
        let expected = expected.map(|(key, text)| (key.to_owned(), text.to_owned()));
        assert_eq!(mapping, BTreeMap::from(expected));
        for wrong in [
            "",
            "subject=assertion.sub",
            "google.subject",
            "google.=x",
            "google.subject=a,google.subject=b",
        ] {
            assert!(wrong.parse::<Mapping>().is_err(), "{wrong}");
        }
    }
}
