//! From the start of the process to the first `/readyz` that is 200, with many manifests in the database.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use tokio::task::JoinSet;

use super::Bench;
use crate::client::{Body, Connection, Endpoint, Request, Sink};
use crate::content::{Image, Shape};
use crate::process::Process;
use crate::protocol::manifest_path;
use crate::report::{Cell, Outcome, Row, Unit};
use crate::subject::{Kind, Wharf};

/// The manifests that are pushed differ from this one's by an annotation.
const IMAGE: Shape = Shape {
    images: 1,
    layers: 2,
    layer_size: 1024,
};
/// Connections that push at once: so many share a commit.
const CONNECTIONS: usize = 128;
/// Manifests between two looks at the lifetime of the token.
const BATCH: usize = 100_000;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let manifests = bench.scale.manifests;
    let mut cells = Vec::new();
    for mut server in bench.start(&[Kind::Wharf])? {
        let images = Arc::new(bench.factory.images(IMAGE));
        bench.bring(&server, &images)?;
        for begin in (0..manifests).step_by(BATCH) {
            server.refresh()?;
            let numbers = begin..(begin + BATCH).min(manifests);
            bench
                .runtime
                .block_on(fill(&server.endpoint, &images, numbers))?;
        }
        let endpoint = server.endpoint.clone();
        let folder = server.stop();
        let mut outcomes = Vec::new();
        let mut peaks: Vec<f64> = Vec::new();
        for _ in 0..bench.scale.rounds {
            let (seconds, process) = start(bench, folder.path(), &endpoint)?;
            outcomes.push(Outcome::of(seconds));
            peaks.push(process.memory_peak_kib() as f64 / 1024.0);
        }
        let peak = peaks.into_iter().reduce(f64::max);
        cells.push(Cell::new(Kind::Wharf, &outcomes, peak));
    }
    Ok(vec![Row {
        id: "start".to_owned(),
        what: format!("start with {manifests} manifests until ready"),
        unit: Unit::Seconds,
        cpu_unit: None,
        limit: None,
        cells,
    }])
}

/// Pushes a manifest for each number.
async fn fill(
    endpoint: &Endpoint,
    images: &Arc<Vec<Image>>,
    numbers: std::ops::Range<usize>,
) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (endpoint, images, next, end) =
            (endpoint.clone(), images.clone(), next.clone(), numbers.end);
        tasks.spawn(async move {
            let mut connection = Connection::open(&endpoint).await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return anyhow::Ok(());
                }
                let manifest = images[0].numbered_manifest(number);
                let path = manifest_path(&format!("n{number}"));
                let mut request = Request::new("PUT", &path);
                request.content_type = Some(Image::MANIFEST_TYPE);
                request.body = Body::Sized(&manifest);
                connection.expect(201, &request).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// Starts the server on what is there, and tells how long it took to be ready.
fn start(bench: &Bench, folder: &Path, endpoint: &Endpoint) -> Result<(f64, Process)> {
    let command = Wharf::command(&bench.setup.wharf, &folder.join("data"), endpoint);
    let begin = Instant::now();
    let mut process = Process::start(command, folder)?;
    let ready = || bench.runtime.block_on(is_ready(endpoint)).unwrap_or(false);
    process.wait_until(ready)?;
    Ok((begin.elapsed().as_secs_f64(), process))
}

async fn is_ready(endpoint: &Endpoint) -> Result<bool> {
    let mut connection = Connection::open(endpoint).await?;
    let request = Request::new("GET", "/readyz");
    Ok(connection.send(&request, &mut Sink::Discard).await?.status == 200)
}
