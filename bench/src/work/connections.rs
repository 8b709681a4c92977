//! Memory of connections that made one request and then stay open, as those of nodes do.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::net::TcpStream;

use super::Bench;
use crate::client::{Http1, Request, Sink};
use crate::content::Shape;
use crate::protocol::manifest_path;
use crate::report::{Cell, Outcome, Row, Unit};
use crate::subject::{Kind, Server};

const IMAGE: Shape = Shape {
    images: 1,
    layers: 1,
    layer_size: 1024,
};
const BUFFER_SIZE: usize = 4 * 1024;
/// Time for the server to put away what the last request used.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let connections = bench.scale.connections;
    let servers = bench.start(&Kind::ALL)?;
    let images = Arc::new(bench.factory.images(IMAGE));
    let mut cells = Vec::new();
    for server in &servers {
        bench.bring(server, &images)?;
        let head = Request::new("GET", &manifest_path(&images[0].tag)).head(&server.endpoint);
        let open = |count| bench.runtime.block_on(open(server, &head, count));
        // The first ones make what all share.
        let first = open(16)?;
        let before = server.process.memory_kib();
        let held = open(connections)?;
        std::thread::sleep(SETTLE);
        let after = server.process.memory_kib();
        drop((first, held));
        let each = after.saturating_sub(before) as f64 / connections as f64;
        let peak = server.process.memory_peak_kib() as f64 / 1024.0;
        cells.push(Cell::new(server.kind, &[Outcome::of(each)], Some(peak)));
    }
    Ok(vec![Row {
        id: "connections".to_owned(),
        what: format!("memory of one of {connections} idle connections"),
        unit: Unit::Kibibytes,
        cpu_unit: None,
        limit: None,
        cells,
    }])
}

async fn open(server: &Server, head: &[u8], count: usize) -> Result<Vec<Http1<TcpStream>>> {
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        let stream = TcpStream::connect(server.endpoint.address).await?;
        let mut http = Http1::with_buffer(stream, BUFFER_SIZE);
        let response = http.exchange(head, &mut Sink::Discard).await?;
        ensure!(response.status == 200, "status {}", response.status);
        held.push(http);
    }
    Ok(held)
}
