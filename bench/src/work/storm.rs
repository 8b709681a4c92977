//! A rollout: every node of a cluster pulls the same image at once, three layers at a time, as containerd does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use tokio::task::JoinSet;

use super::{Bench, size_name};
use crate::client::{Connection, Endpoint};
use crate::content::Image;
use crate::protocol::{pull_blob, pull_manifest};
use crate::report::{Outcome, Row, Unit, median};
use crate::subject::Kind;

/// Layers that one node pulls at once: containerd's default.
const LAYERS_AT_ONCE: usize = 3;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let (shape, nodes) = (bench.scale.storm, bench.scale.storm_nodes);
    let mut servers = bench.start(&[Kind::Wharf, Kind::DockerRegistry, Kind::Nginx])?;
    let images = Arc::new(bench.factory.images(shape));
    for server in &servers {
        bench.bring(server, &images)?;
    }
    let gigabytes = (images[0].size() * nodes) as f64 / 1e9;
    let cells = bench.rounds(
        &mut servers,
        |_| Ok(()),
        |bench, server| {
            let cpu = server.process.processor_seconds();
            let times = bench
                .runtime
                .block_on(pull_all(&server.endpoint, nodes, &images))?;
            Ok(Outcome {
                value: times.iter().copied().fold(0.0, f64::max),
                cpu: Some((server.process.processor_seconds() - cpu) / gigabytes),
                p50_ms: median(times).map(|seconds| seconds * 1e3),
                p99_ms: None,
            })
        },
    )?;
    Ok(vec![Row {
        id: "storm".to_owned(),
        what: format!(
            "{nodes} nodes pull one image of {} at once, the last one",
            size_name(shape.layers * shape.layer_size)
        ),
        unit: Unit::Seconds,
        cpu_unit: Some("s/GB"),
        limit: None,
        cells,
    }])
}

/// Seconds until each node had everything.
async fn pull_all(endpoint: &Endpoint, nodes: usize, images: &Arc<Vec<Image>>) -> Result<Vec<f64>> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..nodes {
        let (endpoint, images) = (endpoint.clone(), images.clone());
        tasks.spawn(async move {
            pull_as_a_node(endpoint, images).await?;
            anyhow::Ok(start.elapsed().as_secs_f64())
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.push(done??);
    }
    Ok(times)
}

async fn pull_as_a_node(endpoint: Endpoint, images: Arc<Vec<Image>>) -> Result<()> {
    let mut first = Connection::open(&endpoint).await?;
    pull_manifest(&mut first, &images[0]).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = vec![first];
    while connections.len() < LAYERS_AT_ONCE {
        connections.push(Connection::open(&endpoint).await?);
    }
    let mut tasks = JoinSet::new();
    for mut connection in connections {
        let (images, next) = (images.clone(), next.clone());
        tasks.spawn(async move {
            while let Some(blob) = images[0].blobs().nth(next.fetch_add(1, Ordering::Relaxed)) {
                pull_blob(&mut connection, blob).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
