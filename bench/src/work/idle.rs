//! Memory of a server that was started and is left alone.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::report::{Cell, Outcome, Row, Unit};
use crate::subject::{Kind, Server};

/// Time for a server to finish what it does after its start.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let servers = bench.start(&Kind::ALL)?;
    std::thread::sleep(SETTLE);
    let cell = |server: &Server| {
        let memory = server.process.memory_kib() as f64 / 1024.0;
        Cell::new(server.kind, &[Outcome::of(memory)], None)
    };
    Ok(vec![Row {
        id: "idle".to_owned(),
        what: "memory when idle".to_owned(),
        unit: Unit::Mebibytes,
        cpu_unit: None,
        limit: None,
        cells: servers.iter().map(cell).collect(),
    }])
}
