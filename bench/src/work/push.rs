//! Pushes: every blob new, asked for with HEAD before, as clients do.

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
        measure(bench, "push-images", scale.large, 4)?,
        measure(bench, "push-layer", scale.layer, 1)?,
        measure(bench, "push-small", scale.small, 8)?,
    ])
}

/// Pushes new images of a shape in every round.
pub(super) fn measure(bench: &mut Bench, id: &str, shape: Shape, at_once: usize) -> Result<Row> {
    let mut servers = bench.start(&[Kind::Wharf, Kind::DockerRegistry])?;
    let push = Action::Push(bench.upload);
    // The first request of a server pays for what later ones find made.
    let warm_up = Arc::new(bench.factory.images(Shape {
        images: 1,
        layers: 1,
        layer_size: 1024,
    }));
    for server in &servers {
        bench.bring(server, &warm_up)?;
    }
    let small = shape.layer_size < crate::content::MIB;
    let images = std::cell::RefCell::new(Arc::new(Vec::new()));
    let cells = bench.rounds(
        &mut servers,
        |bench| {
            *images.borrow_mut() = Arc::new(bench.factory.images(shape));
            Ok(())
        },
        |bench, server| {
            let images = images.borrow().clone();
            let timing = bench.timed(push, server, at_once, &images)?;
            Ok(moved(&images, &timing))
        },
    )?;
    for server in &servers {
        bench.verify(server, &images.borrow())?;
    }
    Ok(Row {
        id: id.to_owned(),
        what: format!("push {}, {at_once} at once", shape_name(shape)),
        unit: if small {
            Unit::ImagesPerSecond
        } else {
            Unit::MegabytesPerSecond
        },
        cpu_unit: Some(if small { "ms/image" } else { "s/GB" }),
        limit: Some(if small { limits::COMMITS } else { limits::DISK }),
        cells,
    })
}
