//! Pulls of what the page cache holds: tag, manifest, config, layers.

use std::sync::Arc;

use anyhow::Result;

use super::{Bench, moved, shape_name};
use crate::content::Shape;
use crate::limits;
use crate::protocol::Action;
use crate::report::{Row, Unit};
use crate::subject::Kind;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let scale = bench.scale;
    Ok(vec![
        measure(bench, "pull-images", scale.large, 4)?,
        measure(bench, "pull-layer", scale.layer, 1)?,
        measure(bench, "pull-small", scale.small, 8)?,
    ])
}

/// Pulls the same images in every round, after every byte was checked once.
pub(super) fn measure(bench: &mut Bench, id: &str, shape: Shape, at_once: usize) -> Result<Row> {
    let mut servers = bench.start(&[Kind::Wharf, Kind::DockerRegistry, Kind::Nginx])?;
    let images = Arc::new(bench.factory.images(shape));
    for server in &servers {
        bench.bring(server, &images)?;
    }
    let small = shape.layer_size < crate::content::MIB;
    let cells = bench.rounds(
        &mut servers,
        |_| Ok(()),
        |bench, server| {
            let timing = bench.timed(Action::Pull, server, at_once, &images)?;
            Ok(moved(&images, &timing))
        },
    )?;
    Ok(Row {
        id: id.to_owned(),
        what: format!("pull {}, {at_once} at once", shape_name(shape)),
        unit: if small {
            Unit::ImagesPerSecond
        } else {
            Unit::MegabytesPerSecond
        },
        cpu_unit: Some(if small { "ms/image" } else { "s/GB" }),
        limit: (!small).then_some(limits::LOOPBACK),
        cells,
    })
}
