//! What `wharf serve` is told, by options, environment and file, and what that means together.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use url::Url;
use wharf_app::RootKey;
use wharf_outbound::Allowed;
use wharf_server::{Config, Host, Limits, Metadata, Network, Tls};
use wharf_types::ServiceAccountEmail;

use crate::failure::Failure;
use crate::files;
use crate::telemetry::LogFormat;

/// Every setting, each perhaps absent. The same names are options, environment variables and keys of the file.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The data folder [default: ./wharf-data]
    #[arg(long, env = "WHARF_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:5000]
    #[arg(long, env = "WHARF_LISTEN", value_name = "ADDRESS:PORT", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    /// A name that the registry is reached by, and the location it stands for; may be repeated. With none, every name
    /// is answered
    #[arg(
        long,
        env = "WHARF_HOST",
        value_name = "NAME[=LOCATION]",
        value_delimiter = ','
    )]
    host: Option<Vec<Parsed<Host>>>,
    /// The certificate with its chain, in PEM; read again when it changes
    #[arg(long, env = "WHARF_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, env = "WHARF_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate by a CA of the registry's own, kept in DIR/tls
    #[arg(
        long,
        env = "WHARF_TLS_SELF_SIGNED",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    tls_self_signed: Option<bool>,
    /// The URL by which clients reach the registry, where that is another than the address tells: behind a proxy
    #[arg(long, env = "WHARF_EXTERNAL_URL", value_name = "URL")]
    external_url: Option<Url>,
    /// A proxy whose X-Forwarded-… headers are believed: an address or a network; may be repeated
    #[arg(
        long,
        env = "WHARF_TRUSTED_PROXY",
        value_name = "ADDRESS[/BITS]",
        value_delimiter = ','
    )]
    trusted_proxy: Option<Vec<Parsed<Network>>>,
    /// A host or network that the registry may ask (an issuer of tokens) although it is not on the public internet: a
    /// name, an address or a network; may be repeated
    #[arg(
        long,
        env = "WHARF_OUTBOUND_ALLOW",
        value_name = "HOST|ADDRESS[/BITS]",
        value_delimiter = ','
    )]
    outbound_allow: Option<Vec<Parsed<Allowed>>>,
    /// Certificates of CAs in PEM that servers which the registry asks may have theirs from, beside the system's
    #[arg(long, env = "WHARF_OUTBOUND_CA_FILE", value_name = "FILE")]
    outbound_ca_file: Option<PathBuf>,
    /// A proxy for what the registry asks other servers; HTTP_PROXY and HTTPS_PROXY are not looked at
    #[arg(long, env = "WHARF_OUTBOUND_PROXY", value_name = "URL")]
    outbound_proxy: Option<Url>,
    /// Where the key is that seals secrets in the database: file:PATH or env:NAME [default: DIR/root.key]
    #[arg(long, env = "WHARF_ROOT_KEY", value_name = "SPEC")]
    root_key: Option<Parsed<RootKey>>,
    /// Where the metadata server listens, which gives out the tokens of --metadata-service-account to whoever reaches
    /// it, as Google's does on its machines: 169.254.169.254:80 on a node, 127.0.0.1:8080 for trying [default: none]
    #[arg(long, env = "WHARF_METADATA_LISTEN", value_name = "ADDRESS:PORT", value_parser = parse_address)]
    metadata_listen: Option<SocketAddr>,
    /// The service account that the metadata server's callers are
    #[arg(long, env = "WHARF_METADATA_SERVICE_ACCOUNT", value_name = "EMAIL")]
    metadata_service_account: Option<ServiceAccountEmail>,
    /// Connections that are open at once [default: 10000]
    #[arg(long, env = "WHARF_CONNECTIONS_MAX", value_name = "N")]
    connections_max: Option<NonZeroU32>,
    /// Requests a second of one connection; more get 429 with Retry-After [default: no bound]
    #[arg(long, env = "WHARF_REQUESTS_PER_CONNECTION", value_name = "N")]
    requests_per_connection: Option<NonZeroU32>,
    /// Requests a second of one principal, over all its connections [default: no bound]
    #[arg(long, env = "WHARF_REQUESTS_PER_PRINCIPAL", value_name = "N")]
    requests_per_principal: Option<NonZeroU32>,
    /// Seconds that a shutdown waits for requests in flight [default: 30]
    #[arg(long, env = "WHARF_DRAIN_SECONDS", value_name = "N")]
    drain_seconds: Option<u32>,
    /// How log lines look on stderr [default: text]
    #[arg(long, env = "WHARF_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged: a level, or TARGET=LEVEL, separated by commas [default: info]
    #[arg(long, env = "WHARF_LOG", value_name = "FILTER")]
    log: Option<String>,
}

/// A value that is written as text in the file too.
#[derive(Clone, Debug, PartialEq)]
struct Parsed<T>(T);

impl<T: std::str::FromStr> std::str::FromStr for Parsed<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl<'de, T: std::str::FromStr<Err: std::fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write ADDRESS:PORT, for example 127.0.0.1:5000, or 0.0.0.0:5000 for all interfaces"
            .to_owned()
    })
}

/// What a registry is started with.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) server: Config,
    pub(crate) data: PathBuf,
    pub(crate) root_key: RootKey,
    pub(crate) outbound: wharf_outbound::Config,
    pub(crate) log_format: LogFormat,
    pub(crate) log: String,
}

impl Settings {
    /// Reads a configuration file. What it does not know is refused: a typing error must not go unnoticed.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        toml::from_str(&text).map_err(|error| {
            Failure::usage(format!("{}: {error}", path.display()))
                .hint("`wharf serve --help` lists the settings; their names are the options' without the dashes in front")
        })
    }

    /// These settings, and those of `other` where one is absent.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            data: self.data.or(other.data),
            listen: self.listen.or(other.listen),
            host: self.host.or(other.host),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            tls_self_signed: self.tls_self_signed.or(other.tls_self_signed),
            external_url: self.external_url.or(other.external_url),
            trusted_proxy: self.trusted_proxy.or(other.trusted_proxy),
            outbound_allow: self.outbound_allow.or(other.outbound_allow),
            outbound_ca_file: self.outbound_ca_file.or(other.outbound_ca_file),
            outbound_proxy: self.outbound_proxy.or(other.outbound_proxy),
            root_key: self.root_key.or(other.root_key),
            metadata_listen: self.metadata_listen.or(other.metadata_listen),
            metadata_service_account: self
                .metadata_service_account
                .or(other.metadata_service_account),
            connections_max: self.connections_max.or(other.connections_max),
            requests_per_connection: self
                .requests_per_connection
                .or(other.requests_per_connection),
            requests_per_principal: self.requests_per_principal.or(other.requests_per_principal),
            drain_seconds: self.drain_seconds.or(other.drain_seconds),
            log_format: self.log_format.or(other.log_format),
            log: self.log.or(other.log),
        }
    }

    /// What the settings mean together.
    pub(crate) fn plan(self) -> Result<Plan, Failure> {
        let data = self.data.clone().unwrap_or_else(|| "wharf-data".into());
        let tls = self.tls(&data)?;
        let metadata = self.metadata()?;
        if let Some(url) = &self.external_url
            && (!matches!(url.scheme(), "http" | "https")
                || url.path() != "/"
                || url.query().is_some())
        {
            return Err(Failure::usage(format!("{url} cannot be the external URL"))
                .hint("write https://HOST[:PORT]: a registry is served at the root of its host"));
        }
        let default = Config::default();
        let limits = Limits {
            connections: match self.connections_max {
                Some(connections) => usize::try_from(connections.get()).unwrap_or(usize::MAX),
                None => default.limits.connections,
            },
            requests_per_connection: self.requests_per_connection,
            requests_per_principal: self.requests_per_principal,
        };
        let drain = self.drain_seconds.map(|n| Duration::from_secs(n.into()));
        Ok(Plan {
            server: Config {
                listen: self.listen.unwrap_or(default.listen),
                hosts: values(self.host),
                external_url: self.external_url,
                tls,
                limits,
                metadata,
                trusted_proxies: values(self.trusted_proxy),
                drain: drain.unwrap_or(default.drain),
            },
            data,
            root_key: self.root_key.map(|key| key.0).unwrap_or_default(),
            outbound: wharf_outbound::Config {
                allowed: values(self.outbound_allow),
                ca_certificates: self
                    .outbound_ca_file
                    .as_deref()
                    .map(files::read)
                    .transpose()?,
                proxy: self.outbound_proxy,
            },
            log_format: self.log_format.unwrap_or_default(),
            log: self.log.unwrap_or_else(|| "info".to_owned()),
        })
    }

    fn metadata(&self) -> Result<Option<Metadata>, Failure> {
        match (self.metadata_listen, &self.metadata_service_account) {
            (Some(listen), Some(account)) => Ok(Some(Metadata {
                listen,
                account: account.clone(),
            })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(Failure::usage(
                "--metadata-listen needs --metadata-service-account beside it: whose tokens to give out",
            )),
            (None, Some(_)) => Err(Failure::usage(
                "--metadata-service-account needs --metadata-listen beside it: where to give its tokens out",
            )),
        }
    }

    fn tls(&self, data: &Path) -> Result<Tls, Failure> {
        let is_self_signed = self.tls_self_signed.unwrap_or_default();
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) if !is_self_signed => Ok(Tls::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            (None, None) if is_self_signed => Ok(Tls::SelfSigned {
                folder: data.join("tls"),
            }),
            (None, None) => Ok(Tls::None),
            (Some(_), Some(_)) => Err(Failure::usage(
                "a certificate is either given (--tls-cert, --tls-key) or made (--tls-self-signed)",
            )),
            (Some(_), None) => Err(Failure::usage("--tls-cert needs --tls-key beside it")),
            (None, Some(_)) => Err(Failure::usage("--tls-key needs --tls-cert beside it")),
        }
    }
}

fn values<T>(parsed: Option<Vec<Parsed<T>>>) -> Vec<T> {
    parsed
        .unwrap_or_default()
        .into_iter()
        .map(|value| value.0)
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        settings: Settings,
    }

    fn options(arguments: &[&str]) -> Settings {
        let arguments = ["serve"].iter().chain(arguments);
        Options::try_parse_from(arguments).unwrap().settings
    }

    fn file(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wharf.toml");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path)
    }

    /// Each option by its name, its environment variable, and an example of a value.
    fn every_option() -> Vec<(String, String)> {
        let command = <Options as clap::CommandFactory>::command();
        command
            .get_arguments()
            .filter(|argument| argument.get_id() != "help")
            .map(|argument| {
                let long = argument.get_long().unwrap().to_owned();
                let variable = argument.get_env().unwrap().to_str().unwrap().to_owned();
                (long, variable)
            })
            .collect()
    }

    #[test]
    fn every_option_has_its_environment_variable() {
        for (long, variable) in every_option() {
            let expected = format!("WHARF_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(variable, expected);
        }
    }

    #[test]
    fn the_file_has_the_same_names_and_options_count_more() {
        let text = r#"
            data = "/var/lib/wharf"
            listen = "0.0.0.0:443"
            host = ["registry.example.com", "us.example.com=us"]
            tls-cert = "cert.pem"
            tls-key = "key.pem"
            tls-self-signed = false
            external-url = "https://registry.example.com"
            trusted-proxy = ["10.0.0.0/8"]
            outbound-allow = ["issuer.internal", "10.0.0.0/8"]
            outbound-ca-file = "Cargo.toml"
            outbound-proxy = "http://proxy.internal:3128"
            root-key = "file:/etc/wharf/root.key"
            metadata-listen = "169.254.169.254:80"
            metadata-service-account = "puller@my-project.iam.gserviceaccount.com"
            connections-max = 100
            requests-per-connection = 10
            requests-per-principal = 20
            drain-seconds = 5
            log-format = "json"
            log = "debug"
        "#;
        let from_file = file(text).unwrap();
        // Every option is in the example, so that every one of them is read.
        for (long, _) in every_option() {
            assert!(text.contains(&format!("{long} = ")), "{long}");
        }
        let plan = options(&["--listen", "127.0.0.1:0", "--host", "a.example.com=eu"])
            .or(from_file)
            .plan()
            .unwrap();
        assert_eq!(plan.server.listen, "127.0.0.1:0".parse().unwrap());
        assert_eq!(plan.server.hosts, ["a.example.com=eu".parse().unwrap()]);
        assert_eq!(plan.data, Path::new("/var/lib/wharf"));
        assert_eq!(plan.server.limits.connections, 100);
        assert_eq!(plan.server.drain, Duration::from_secs(5));
        assert_eq!(plan.root_key, RootKey::File("/etc/wharf/root.key".into()));
        assert_eq!(plan.outbound.allowed.len(), 2);
        assert_eq!(
            (plan.log_format, plan.log.as_str()),
            (LogFormat::Json, "debug")
        );
        assert!(matches!(plan.server.tls, Tls::Files { .. }));
        let metadata = plan.server.metadata.unwrap();
        assert_eq!(metadata.listen, "169.254.169.254:80".parse().unwrap());
    }

    #[test]
    fn an_address_for_metadata_without_an_account_is_refused_and_the_other_way_round() {
        for arguments in [
            ["--metadata-listen", "127.0.0.1:0"],
            [
                "--metadata-service-account",
                "puller@my-project.iam.gserviceaccount.com",
            ],
        ] {
            assert!(options(&arguments).plan().is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn without_settings_it_is_plain_http_on_this_machine() {
        let plan = Settings::default().plan().unwrap();
        assert_eq!(plan.server.listen, "127.0.0.1:5000".parse().unwrap());
        assert_eq!(plan.data, Path::new("wharf-data"));
        assert_eq!(plan.server.tls, Tls::None);
        assert_eq!(plan.root_key, RootKey::DataFolder);
    }

    #[test]
    fn a_file_with_something_unknown_is_refused_with_its_line() {
        for (text, expected) in [
            ("data = \"x\"\nlissten = \"127.0.0.1:1\"\n", "line 2"),
            ("listen = \"here\"", "line 1"),
            ("host = [\"https://x\"]", "not a host name"),
            ("data = ", "line 1"),
        ] {
            let refused = file(text).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn half_a_certificate_or_two_are_refused() {
        for arguments in [
            ["--tls-cert", "c"].as_slice(),
            &["--tls-key", "k"],
            &["--tls-cert", "c", "--tls-key", "k", "--tls-self-signed"],
            &["--external-url", "https://example.com/registry"],
            &["--external-url", "ftp://example.com"],
        ] {
            assert!(options(arguments).plan().is_err(), "{arguments:?}");
        }
        let plan = options(&["--tls-self-signed", "--data", "/d"])
            .plan()
            .unwrap();
        let folder = "/d/tls".into();
        assert_eq!(plan.server.tls, Tls::SelfSigned { folder });
    }
}
