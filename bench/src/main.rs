//! Benchmarks of `wharf` beside others, in one run: `bench/run`, or see `--help` and `docs/benchmarks.md`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod bars;
mod client;
mod content;
mod limits;
mod print;
mod process;
mod protocol;
mod report;
mod subject;
mod work;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Wire;
use crate::content::Factory;
use crate::print::Report;
use crate::protocol::Upload;
use crate::subject::{Kind, Setup};
use crate::work::{Bench, Scale, WORKS, Work};

/// Files that a server with thousands of connections and its client need open.
const OPEN_FILES: u64 = 20_000;
/// statfs's type of a file system in memory.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// Measures wharf beside docker-registry, nginx and a bare HTTP server, and against the machine's own limits.
#[derive(Parser)]
#[command(after_help = "Examples:
  bench/run                        everything, as tables (some 10 minutes)
  bench/run --quick                small sizes: does everything work?
  bench/run --only push --json     one work, as JSON")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Be the bare server.
    #[command(hide = true)]
    Bare(subject::BareArguments),
}

#[derive(Args)]
struct Options {
    /// Run only these works [idle, connections, push, pull, requests, tokens, storm, tls, start]
    #[arg(long, value_name = "WORK", value_parser = parse_work)]
    only: Vec<&'static str>,
    /// Measure only these subjects
    #[arg(long, value_name = "SUBJECT")]
    subject: Vec<Kind>,
    /// Small sizes and one round: shows that everything works
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// How blobs are uploaded
    #[arg(long, value_enum, default_value_t = Upload::Docker)]
    upload: Upload,
    /// The binary to measure [default: `wharf` beside this tool]
    #[arg(long, value_name = "FILE")]
    wharf: Option<PathBuf>,
    /// Where servers keep their data for the run; must be on a disk
    #[arg(long, value_name = "FOLDER", default_value_os_t = std::env::temp_dir())]
    scratch: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Bare(arguments)) => subject::serve_bare(arguments),
        None => run(&arguments.options),
    }
}

fn run(options: &Options) -> Result<()> {
    ensure!(
        rustix::fs::statfs(&options.scratch)?.f_type != TMPFS_MAGIC,
        "{} is in memory: name a folder on a disk with --scratch",
        options.scratch.display()
    );
    raise_open_files()?;
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("the cryptography is installed already"))?;
    let mut bench = prepare(options)?;
    let asked = if options.subject.is_empty() {
        &Kind::ALL
    } else {
        options.subject.as_slice()
    };
    let missing = asked
        .iter()
        .copied()
        .filter(|kind| !bench.kinds.contains(kind))
        .collect();
    eprintln!("the machine's limits");
    let limits = limits::measure(&options.scratch, bench.scale.limit_bytes)?;
    let mut rows = Vec::new();
    for work in WORKS.iter().filter(|work| chosen(work, &options.only)) {
        eprintln!("{}: {}", work.id, work.what);
        rows.extend((work.run)(&mut bench).context(work.id)?);
    }
    // Works in which none of the chosen subjects takes part.
    rows.retain(|row| !row.cells.is_empty());
    let report = Report {
        machine: machine(),
        quick: options.quick,
        limits,
        bars: bars::judge(&rows),
        rows,
        missing,
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.table());
    }
    Ok(())
}

fn prepare(options: &Options) -> Result<Bench> {
    let wharf = match &options.wharf {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("wharf"),
    };
    let asked = |kind: &Kind| options.subject.is_empty() || options.subject.contains(kind);
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(asked)
        .filter(|kind| kind.program(&wharf).is_some())
        .collect();
    ensure!(!kinds.is_empty(), "none of the subjects is there");
    Ok(Bench {
        scale: if options.quick {
            Scale::QUICK
        } else {
            Scale::FULL
        },
        kinds,
        setup: Setup {
            wharf,
            scratch: options.scratch.clone(),
            wire: Wire::Plain,
            certificate: None,
        },
        upload: options.upload,
        factory: Factory::new(),
        runtime: tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?,
    })
}

fn chosen(work: &Work, only: &[&str]) -> bool {
    only.is_empty() || only.contains(&work.id)
}

fn parse_work(name: &str) -> Result<&'static str, String> {
    let known: Vec<&str> = WORKS.iter().map(|work| work.id).collect();
    let found = known.iter().find(|&&id| id == name);
    found
        .copied()
        .ok_or_else(|| format!("the works are {}", known.join(", ")))
}

fn raise_open_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(OPEN_FILES);
    let wanted = Rlimit {
        current: Some(
            hard.min(OPEN_FILES)
                .max(limit.current.unwrap_or(OPEN_FILES)),
        ),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, wanted).context("raising the number of open files")
}

/// Processor, cores and kernel, so that numbers are not read without them.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |name| {
        name.trim_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{cores} x {model}, Linux {}, load at the end {load}",
        kernel.trim()
    )
}
