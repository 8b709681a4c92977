//! `wharf serve`: runs a registry.

mod announcement;
mod settings;

use clap::Args;
use rustix::fs::Mode;
use tokio::signal::unix::{SignalKind, signal};
use wharf_app::{App, Opened};
use wharf_server::Listener;

use crate::failure::Failure;
use crate::output::print;
use crate::telemetry;
use announcement::Announcement;
use settings::{Plan, Settings};

/// Threads for work that waits for the disk. They are started when needed and end when idle.
const BLOCKING_THREADS_MAX: usize = 256;

/// Run a registry: one process, one data folder
///
/// The first start makes the data folder, a project `default` and an owner service account, and writes the owner's key
/// to DIR/owner.json. Every option can also be an environment variable or stand in the configuration file under its own
/// name (`listen = "0.0.0.0:5000"`); an option counts more than the environment, and that more than the file.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf serve\n  \
    wharf serve --data /var/lib/wharf --listen 0.0.0.0:443 --host registry.example.com \\\n      \
    --host us.example.com=us --tls-cert fullchain.pem --tls-key privkey.pem\n  \
    wharf serve --listen 0.0.0.0:5000 --host registry.internal --tls-self-signed\n  \
    wharf serve --listen 127.0.0.1:5000 --external-url https://registry.example.com \\\n      \
    --trusted-proxy 127.0.0.1\n\n\
    SIGTERM or Ctrl-C lets requests in flight finish; a second one stops at once.")]
pub(crate) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// A configuration file in TOML
    #[arg(long, env = "WHARF_CONFIG", value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let settings = match &self.config {
            Some(path) => self.settings.or(Settings::read(path)?),
            None => self.settings,
        };
        let plan = settings.plan()?;
        telemetry::init(plan.log_format, &plan.log)?;
        // What a registry keeps is for the account that it runs as: images, keys and logs alike.
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
        runtime.block_on(Box::pin(serve(plan)))
    }
}

async fn serve(plan: Plan) -> Result<(), Failure> {
    let Plan {
        server,
        data,
        root_key,
        outbound,
        ..
    } = plan;
    let outbound =
        wharf_outbound::Client::new(outbound).map_err(|error| Failure::new(error.to_string()))?;
    // From here on a signal ends in good order, also one that comes before we serve.
    let stopped = stop_signals()?;
    let mut announcement = Announcement::new(&server, &data);
    warn_of_plain_http(&server);
    let metadata = server.metadata.clone();
    let external_url = server.external_url.clone();
    // The address first: the owner's key file names it.
    let listener = Listener::bind(server)
        .await
        .map_err(|error| not_served(&error))?;
    announcement.listens(&listener);
    let app = wharf_app::Config {
        data,
        root_key,
        external_url,
        local_url: listener.local_url(),
        outbound,
    };
    let Opened { app, new_owner_key } = App::open(app).await.map_err(not_opened)?;
    if let Some(metadata) = &metadata {
        warn_of_metadata(&app, metadata).await;
    }
    // A registry serves on though nobody reads its first words (`wharf serve | head -1`).
    if print(&announcement.text(new_owner_key.as_deref())).is_err() {
        tracing::warn!(url = %listener.local_url(), "serving; stdout is closed");
    }
    let served = listener.serve(app.clone(), stopped).await;
    app.close().await;
    served.map_err(|error| not_served(&error))
}

fn warn_of_plain_http(server: &wharf_server::Config) {
    let is_behind_tls = matches!(&server.external_url, Some(url) if url.scheme() == "https");
    if server.tls == wharf_server::Tls::None && !server.listen.ip().is_loopback() && !is_behind_tls
    {
        tracing::warn!(
            "plain HTTP beyond this machine: keys and tokens cross the network in the clear, and docker and containerd refuse it; use --tls-self-signed, --tls-cert and --tls-key, or a proxy with TLS and --external-url https://HOST"
        );
    }
}

async fn warn_of_metadata(app: &App, metadata: &wharf_server::Metadata) {
    let wharf_server::Metadata { listen, account } = metadata;
    if !metadata.is_near() {
        tracing::warn!(
            %listen, %account,
            "the metadata server can be reached beyond this machine and its link: whoever reaches it has the account's tokens; listen on 127.0.0.1 or 169.254.169.254, or let only the nodes through"
        );
    }
    if let Err(error) = app.node_account(account).await {
        tracing::warn!(%error, "the metadata server has no account to give out: create it, or name another");
    }
}

/// Waits for SIGTERM or SIGINT. A second one ends the process where it stands: what was acknowledged is on stable
/// storage at every moment.
fn stop_signals() -> Result<impl Future<Output = ()> + Send, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        let mut next = async move || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping: requests in flight may finish; another signal stops at once");
        tokio::spawn(async move {
            next().await;
            tracing::warn!("stopped at once");
            #[expect(clippy::disallowed_methods, reason = "somebody asked twice: now")]
            std::process::exit(1);
        });
    })
}

fn not_served(error: &wharf_server::Error) -> Failure {
    let failure = Failure::new(with_causes(error));
    let cause = std::error::Error::source(error);
    match cause.and_then(<dyn std::error::Error>::downcast_ref::<std::io::Error>) {
        Some(cause) => match cause.kind() {
            std::io::ErrorKind::AddrInUse => failure.hint(
                "another process listens there: stop it, or choose another port with --listen ADDRESS:PORT",
            ),
            std::io::ErrorKind::PermissionDenied => failure.hint(
                "ports below 1024 need a right: choose a higher one, or give it with `setcap cap_net_bind_service=+ep`",
            ),
            std::io::ErrorKind::AddrNotAvailable => failure.hint(
                "this machine does not have that address: 0.0.0.0 listens on all that it has",
            ),
            _ => failure,
        },
        None => failure,
    }
}

fn not_opened(error: wharf_app::Error) -> Failure {
    match error {
        // Its own text is for callers from outside; whoever starts the registry may read the cause.
        wharf_app::Error::Internal(cause) => Failure::new(format!(
            "the data folder cannot be opened: {}",
            with_causes(cause.as_ref())
        )),
        error => Failure::new(error.to_string()),
    }
}

fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
