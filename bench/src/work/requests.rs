//! Small requests on connections that stay open: how many a second, and how long one waits.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use std::sync::Arc;

use super::Bench;
use crate::client::{Endpoint, Http1, Request, Sink};
use crate::content::{Image, Shape};
use crate::protocol::{blob_path, manifest_path};
use crate::report::{Outcome, Row, Unit};
use crate::subject::{Kind, Server};

/// The image whose manifest is asked for has four layers, as many real ones.
const IMAGE: Shape = Shape {
    images: 1,
    layers: 4,
    layer_size: 1024,
};
/// Buffer of a connection: every answer fits.
const BUFFER_SIZE: usize = 8 * 1024;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut servers = bench.start(&Kind::ALL)?;
    let images = Arc::new(bench.factory.images(IMAGE));
    for server in &servers {
        bench.bring(server, &images)?;
    }
    let image: &Image = &images[0];
    let requests = [
        (
            "get-tag",
            "GET manifest by tag",
            "GET",
            manifest_path(&image.tag),
        ),
        (
            "get-digest",
            "GET manifest by digest",
            "GET",
            manifest_path(&image.manifest.digest),
        ),
        (
            "head-tag",
            "HEAD manifest by tag",
            "HEAD",
            manifest_path(&image.tag),
        ),
        (
            "head-digest",
            "HEAD manifest by digest",
            "HEAD",
            manifest_path(&image.manifest.digest),
        ),
        (
            "head-blob",
            "HEAD blob",
            "HEAD",
            blob_path(&image.layers[0].digest),
        ),
    ];
    let mut rows = Vec::new();
    for connections in [16, 64] {
        for (id, what, method, path) in &requests {
            let cells = bench.rounds(
                &mut servers,
                |_| Ok(()),
                |bench, server| {
                    let head = Request::new(method, path).head(&server.endpoint);
                    hammer(
                        server,
                        &vec![head; connections],
                        bench.scale.request_seconds,
                    )
                },
            )?;
            rows.push(Row {
                id: format!("{id}-{connections}"),
                what: format!("{what}, {connections} connections"),
                unit: Unit::RequestsPerSecond,
                cpu_unit: Some("us/request"),
                limit: None,
                cells,
            });
        }
    }
    Ok(rows)
}

/// Sends one request over and over on as many connections as there are heads; each must be answered with 200.
///
/// One thread does it, so that the other cores are the server's.
pub(super) fn hammer(server: &Server, heads: &[Vec<u8>], seconds: f64) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let cpu = server.process.processor_seconds();
    let start = Instant::now();
    let mut latencies = runtime.block_on(async {
        let deadline = start + Duration::from_secs_f64(seconds);
        let mut tasks = JoinSet::new();
        for head in heads {
            tasks.spawn(repeat(server.endpoint.clone(), head.clone(), deadline));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        anyhow::Ok(latencies)
    })?;
    let elapsed = start.elapsed().as_secs_f64();
    let cpu = server.process.processor_seconds() - cpu;
    let count = latencies.len() as f64;
    latencies.sort_unstable();
    Ok(Outcome {
        value: count / elapsed,
        cpu: Some(cpu / count * 1e6),
        p50_ms: Some(quantile_ms(&latencies, 50)),
        p99_ms: Some(quantile_ms(&latencies, 99)),
    })
}

async fn repeat(endpoint: Endpoint, head: Vec<u8>, deadline: Instant) -> Result<Vec<Duration>> {
    let stream = TcpStream::connect(endpoint.address).await?;
    stream.set_nodelay(true)?;
    let mut http = Http1::with_buffer(stream, BUFFER_SIZE);
    let mut latencies = Vec::with_capacity(16 * 1024);
    let mut now = Instant::now();
    while now < deadline {
        let response = http.exchange(&head, &mut Sink::Discard).await?;
        ensure!(response.status == 200, "status {}", response.status);
        let then = std::mem::replace(&mut now, Instant::now());
        latencies.push(now - then);
    }
    Ok(latencies)
}

fn quantile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted
        .get(index)
        .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
}
