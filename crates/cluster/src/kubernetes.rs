//! The way to the API server: which cluster is meant, in kubectl's order, and what went wrong when it does not do
//! what was asked.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::client::{AuthError, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::core::Status;
use tower::BoxError;
use tower::util::MapFutureLayer;
use wharf_types::limits;
use wharf_types::text::shorten;

pub use kube::Client;

/// Which cluster is meant, and as whom.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The kubeconfig file. None: the files of `KUBECONFIG`, then `~/.kube/config`, then what a Pod is given.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig. None: its current one.
    pub context: Option<String>,
}

/// Why the API server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No kubeconfig, and not in a Pod.
    #[error("no cluster is named: there is neither a kubeconfig nor a Pod's service account")]
    NoCluster,
    /// The kubeconfig names nothing that can be used.
    #[error("the kubeconfig does not lead to a cluster: {0}")]
    Kubeconfig(String),
    /// The kubeconfig's credential could not be had.
    #[error("no credential for the cluster: {0}")]
    Credential(String),
    /// Nothing answers there, or nobody that the kubeconfig trusts.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("the API server did not answer within {} s", limits::CLUSTER_CALL_MAX.as_secs())]
    Timeout,
    /// The credential is none (any more).
    #[error("the API server does not accept the kubeconfig's credential")]
    Unauthenticated,
    /// A right is missing.
    #[error(transparent)]
    Forbidden(Box<Forbidden>),
    /// It is not there.
    #[error("{0}")]
    NotFound(String),
    /// Somebody else changed it meanwhile, or it is there already.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else changed it again and again.
    #[error(
        "{what} was changed by somebody else {attempts} times in a row while it was being changed"
    )]
    Contended {
        /// `serviceaccount web/default`.
        what: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// Any other refusal, in the API server's words.
    #[error("the API server refuses: {0}")]
    Refused(String),
    /// An answer that makes no sense.
    #[error("the API server's answer is not understood: {0}")]
    Answer(String),
}

/// The right that was missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{user} may not {verb} {resource}{}", place(.namespace.as_deref()))]
pub struct Forbidden {
    /// Who asked, as the API server knows them.
    pub user: String,
    /// `get`, `list`, `patch`, …
    pub verb: String,
    /// `secrets`, `deployments.apps`, `pods/log`.
    pub resource: String,
    /// None: cluster-wide.
    pub namespace: Option<String>,
}

fn place(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!(" in the namespace {namespace}"),
        None => " in the whole cluster".to_owned(),
    }
}

impl Forbidden {
    /// Reads the sentence of the RBAC authorizer (`endpoints/handlers/responsewriters/errors.go`): `… User "U" cannot
    /// VERB resource "R" in API group "G" in the namespace "N"`, or `… at the cluster scope`. None: admission refused.
    pub fn parse(message: &str) -> Option<Self> {
        let (_, rest) = message.split_once("User \"")?;
        let (user, rest) = rest.split_once("\" cannot ")?;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once("\" in API group \"")?;
        let (group, rest) = rest.split_once('"')?;
        let namespace = rest
            .split_once("in the namespace \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(namespace, _)| namespace.to_owned());
        let resource = match (group, resource.split_once('/')) {
            ("", _) => resource.to_owned(),
            (group, Some((resource, sub))) => format!("{resource}.{group}/{sub}"),
            (group, None) => format!("{resource}.{group}"),
        };
        Some(Self {
            user: shorten(user),
            verb: verb.to_owned(),
            resource,
            namespace,
        })
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let message = status.message.trim();
        let message = match message {
            "" => format!("{} {}", status.code, status.reason),
            message => message.to_owned(),
        };
        match status.code {
            401 => Self::Unauthenticated,
            403 => match Forbidden::parse(&message) {
                Some(forbidden) => Self::Forbidden(Box::new(forbidden)),
                None => Self::Refused(message),
            },
            404 => Self::NotFound(message),
            409 => Self::Conflict(message),
            _ => Self::Refused(message),
        }
    }
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => (*status).into(),
            kube::Error::Service(error) => from_transport(error),
            kube::Error::HyperError(error) => Self::Unreachable(chain(&error)),
            kube::Error::Auth(error) => Self::Credential(without_output(&error)),
            // serde quotes what it did not expect, and that may be a Secret's.
            kube::Error::SerdeError(error) => Self::Answer(format!(
                "it is not the JSON that was expected, at line {} column {}",
                error.line(),
                error.column()
            )),
            error => Self::Answer(error.to_string()),
        }
    }
}

/// Layers of the client hand on errors of each other in a box.
fn from_transport(error: BoxError) -> Error {
    match error.downcast::<kube::Error>() {
        Ok(error) => (*error).into(),
        Err(error) if error.is::<tokio::time::error::Elapsed>() => Error::Timeout,
        Err(error) => match error.downcast::<AuthError>() {
            Ok(error) => Error::Credential(without_output(&error)),
            Err(error) => Error::Unreachable(chain(error.as_ref())),
        },
    }
}

/// A plugin that failed may have printed a token first.
fn without_output(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { cmd, out } => format!("{cmd:?} failed: {}", out.status),
        error => error.to_string(),
    }
}

/// An error with its reasons, each said once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        source = error.source();
    }
    text
}

/// Opens the way to a cluster. Nothing is sent yet; `Client::default_namespace` is the context's namespace.
pub async fn connect(options: &ConnectOptions) -> Result<Client, Error> {
    let mut config = config(options).await?;
    config.connect_timeout = Some(limits::CLIENT_CONNECT_MAX);
    config.read_timeout = Some(limits::CLUSTER_CALL_MAX);
    config.reset_reader_on_write = true;
    // The client tries again by itself when the API server is busy, for minutes; so the whole call has a bound.
    let bounded = MapFutureLayer::new(bounded);
    let builder = ClientBuilder::try_from(config)
        .map_err(|error| match error {
            kube::Error::Auth(error) => Error::Credential(without_output(&error)),
            error => Error::Kubeconfig(chain(&error)),
        })?
        .with_layer(&bounded);
    Ok(builder.build())
}

async fn bounded<T>(call: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    tokio::time::timeout(limits::CLUSTER_CALL_MAX, call).await?
}

/// kubectl's order: the file that is named, those of `KUBECONFIG`, the one at home, a Pod's service account.
async fn config(options: &ConnectOptions) -> Result<Config, Error> {
    let found = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match found {
        Ok(kubeconfig) => kubeconfig,
        Err(error) if options.kubeconfig.is_none() && is_absent(&error) => {
            if options.context.is_some() {
                return Err(Error::Kubeconfig(chain(&error)));
            }
            return Config::incluster().map_err(|_| Error::NoCluster);
        }
        Err(error) => return Err(Error::Kubeconfig(chain(&error))),
    };
    let options = KubeConfigOptions {
        context: options.context.clone(),
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| Error::Kubeconfig(chain(&error)))
}

fn is_absent(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// The field manager that our writes are recorded under.
pub const FIELD_MANAGER: &str = "wharf";

/// Reads, changes and writes an object that others write too: `attempt` does all three, with the version that it read as
/// the condition, and says None if somebody else was faster. Then it begins anew, a bounded number of times.
pub async fn retry_lost<T, E: From<Error>>(
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<T, E> {
    let attempts = limits::CLUSTER_ATTEMPTS_MAX;
    let mut pause = Duration::from_millis(5);
    for _ in 0..attempts {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
    let what = what.to_owned();
    Err(Error::Contended { what, attempts }.into())
}

/// What a write came to. None: somebody else was faster.
pub fn unless_lost<T>(written: Result<T, kube::Error>) -> Result<Option<T>, Error> {
    match written.map_err(Error::from) {
        Ok(done) => Ok(Some(done)),
        Err(Error::Conflict(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn refused(code: u16, message: &str) -> Error {
        Status::failure(message, "").with_code(code).into()
    }

    #[test]
    fn a_missing_right_is_named() {
        let error = refused(
            403,
            r#"secrets "regcred" is forbidden: User "system:serviceaccount:ci:deployer" cannot get resource "secrets" in API group "" in the namespace "web""#,
        );
        assert_eq!(
            error.to_string(),
            "system:serviceaccount:ci:deployer may not get secrets in the namespace web"
        );
        let error = refused(
            403,
            r#"deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope"#,
        );
        assert_eq!(
            error.to_string(),
            "jane may not list deployments.apps in the whole cluster"
        );
    }

    #[test]
    fn a_refusal_of_admission_is_no_missing_right() {
        let message = r#"secrets "regcred" is forbidden: unable to create new content in namespace web because it is being terminated"#;
        let error = refused(403, message);
        assert!(
            matches!(&error, Error::Refused(text) if text == message),
            "{error}"
        );
    }

    #[test]
    fn an_answer_that_is_not_understood_is_not_quoted() {
        let error = serde_json::from_str::<u32>(r#""hunter2""#).unwrap_err();
        assert!(error.to_string().contains("hunter2"));
        let error = Error::from(kube::Error::SerdeError(error)).to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    fn kubeconfig(folder: &std::path::Path, text: &str) -> ConnectOptions {
        let path = folder.join("config");
        std::fs::write(&path, text).unwrap();
        ConnectOptions {
            kubeconfig: Some(path),
            context: None,
        }
    }

    const KUBECONFIG: &str = r#"
        {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
         "contexts": [{"name": "a", "context": {"cluster": "c", "namespace": "web"}},
                      {"name": "b", "context": {"cluster": "c"}}],
         "current-context": "a"}"#;

    #[tokio::test]
    async fn the_context_gives_the_namespace() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = kubeconfig(folder.path(), KUBECONFIG);
        let client = connect(&options).await.unwrap();
        assert_eq!(client.default_namespace(), "web");
        options.context = Some("b".to_owned());
        let client = connect(&options).await.unwrap();
        assert_eq!(client.default_namespace(), "default");
        options.context = Some("c".to_owned());
        let error = connect(&options).await.map(drop).unwrap_err();
        assert!(matches!(error, Error::Kubeconfig(_)), "{error}");
    }

    #[tokio::test]
    async fn a_cluster_that_is_not_there_is_said_to_be_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let client = connect(&kubeconfig(folder.path(), KUBECONFIG))
            .await
            .unwrap();
        let error = Error::from(client.apiserver_version().await.unwrap_err());
        assert!(
            matches!(&error, Error::Unreachable(reason) if reason.contains("refused")),
            "{error}"
        );
    }
}
