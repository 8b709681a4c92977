//! The works, and how each is measured: all subjects side by side, in turns, medians of the rounds.

mod connections;
mod idle;
mod pull;
mod push;
mod requests;
mod start;
mod storm;
mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use crate::client::{Certificate, Wire};
use crate::content::{Factory, Image, MIB, Shape};
use crate::protocol::{Action, Upload, for_each};
use crate::report::{Cell, Outcome, Row};
use crate::subject::{Kind, Server, Setup};

/// A work that can be chosen by name.
pub(crate) struct Work {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) run: fn(&mut Bench) -> Result<Vec<Row>>,
}

/// All works, in the order in which they run.
pub(crate) const WORKS: &[Work] = &[
    Work {
        id: "idle",
        what: "memory of a server that nobody uses",
        run: idle::run,
    },
    Work {
        id: "connections",
        what: "memory of a connection that nobody uses",
        run: connections::run,
    },
    Work {
        id: "push",
        what: "push large images, one large layer, small images",
        run: push::run,
    },
    Work {
        id: "pull",
        what: "pull the same",
        run: pull::run,
    },
    Work {
        id: "requests",
        what: "GET and HEAD of manifests, HEAD of blobs",
        run: requests::run,
    },
    Work {
        id: "tokens",
        what: "tokens minted from a key file and from JWTs",
        run: tokens::run,
    },
    Work {
        id: "storm",
        what: "many nodes pull one image at once",
        run: storm::run,
    },
    Work {
        id: "tls",
        what: "push and pull over TLS, HTTP/1.1 and HTTP/2",
        run: tls::run,
    },
    Work {
        id: "start",
        what: "start with many manifests, after pushing them",
        run: start::run,
    },
];

/// Sizes of the works.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    pub(crate) large: Shape,
    pub(crate) layer: Shape,
    pub(crate) small: Shape,
    pub(crate) storm: Shape,
    pub(crate) storm_nodes: usize,
    pub(crate) request_seconds: f64,
    pub(crate) assertions: usize,
    pub(crate) connections: usize,
    pub(crate) manifests: usize,
    /// Bytes for each limit of the machine.
    pub(crate) limit_bytes: usize,
}

const fn shape(images: usize, layers: usize, layer_size: usize) -> Shape {
    Shape {
        images,
        layers,
        layer_size,
    }
}

impl Scale {
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        large: shape(20, 4, 8 * MIB),
        layer: shape(1, 1, 1024 * MIB),
        small: shape(200, 3, 64 * 1024),
        storm: shape(1, 4, 64 * MIB),
        storm_nodes: 50,
        request_seconds: 1.5,
        assertions: 2_000,
        connections: 5_000,
        manifests: 1_000_000,
        limit_bytes: 1024 * MIB,
    };

    /// Shows that everything works, not how fast it is.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        large: shape(4, 2, 2 * MIB),
        layer: shape(1, 1, 32 * MIB),
        small: shape(16, 3, 64 * 1024),
        storm: shape(1, 4, 2 * MIB),
        storm_nodes: 8,
        request_seconds: 0.2,
        assertions: 50,
        connections: 500,
        manifests: 2_000,
        limit_bytes: 64 * MIB,
    };
}

/// What every work needs.
pub(crate) struct Bench {
    pub(crate) scale: Scale,
    /// The subjects of this run.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) setup: Setup,
    pub(crate) upload: Upload,
    pub(crate) factory: Factory,
    /// The client's threads.
    pub(crate) runtime: Runtime,
}

impl Bench {
    /// Starts those subjects of this run that take part in a work.
    fn start(&self, kinds: &[Kind]) -> Result<Vec<Server>> {
        let taking_part = kinds.iter().filter(|kind| self.kinds.contains(kind));
        taking_part
            .map(|&kind| Server::start(kind, &self.setup).context(kind.name()))
            .collect()
    }

    /// Runs rounds: each subject once in each, every time another one first.
    fn rounds(
        &mut self,
        servers: &mut [Server],
        mut prepare: impl FnMut(&mut Self) -> Result<()>,
        mut round: impl FnMut(&Self, &mut Server) -> Result<Outcome>,
    ) -> Result<Vec<Cell>> {
        let mut outcomes = vec![Vec::new(); servers.len()];
        for server in servers.iter() {
            server.process.forget_memory_peak()?;
        }
        for number in 0..self.scale.rounds {
            prepare(self)?;
            for turn in 0..servers.len() {
                let index = (turn + number) % servers.len();
                let server = &mut servers[index];
                server.refresh()?;
                // What others wrote shall not be written back on this one's time.
                rustix::fs::sync();
                outcomes[index].push(round(self, server).context(server.kind.name())?);
            }
        }
        let peak = |server: &Server| Some(server.process.memory_peak_kib() as f64 / 1024.0);
        Ok(std::iter::zip(servers.iter(), &outcomes)
            .map(|(server, rounds)| Cell::new(server.kind, rounds, peak(server)))
            .collect())
    }

    /// Does one thing with all images, on so many connections, and times it.
    fn timed(
        &self,
        action: Action,
        server: &Server,
        connections: usize,
        images: &Arc<Vec<Image>>,
    ) -> Result<Timing> {
        let cpu = server.process.processor_seconds();
        let start = Instant::now();
        self.runtime
            .block_on(for_each(action, &server.endpoint, connections, images))?;
        Ok(Timing {
            seconds: start.elapsed().as_secs_f64(),
            cpu_seconds: server.process.processor_seconds() - cpu,
        })
    }

    /// Checks every byte of the images, outside of any timing.
    fn verify(&self, server: &Server, images: &Arc<Vec<Image>>) -> Result<()> {
        self.runtime
            .block_on(for_each(Action::Verify, &server.endpoint, 2, images))
    }

    /// Brings images to a subject, outside of any timing.
    fn bring(&self, server: &Server, images: &Arc<Vec<Image>>) -> Result<()> {
        match server.kind {
            Kind::Wharf | Kind::DockerRegistry => {
                let push = Action::Push(self.upload);
                let pushing = for_each(push, &server.endpoint, 4, images);
                self.runtime.block_on(pushing)?;
            }
            Kind::Nginx => server.place(images)?,
            Kind::Bare => return Ok(()),
        }
        self.verify(server, images).context(server.kind.name())
    }

    /// Runs something with all subjects started on another wire.
    fn over<T>(&mut self, wire: Wire, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let folder = tempfile::tempdir_in(&self.setup.scratch)?;
        self.setup.wire = wire;
        self.setup.certificate = Some(Arc::new(Certificate::make(folder.path())?));
        let result = run(self);
        self.setup.wire = Wire::Plain;
        self.setup.certificate = None;
        result
    }
}

struct Timing {
    seconds: f64,
    cpu_seconds: f64,
}

/// The value and processor time of moving images: bytes where layers are large, images where they are small.
fn moved(images: &[Image], timing: &Timing) -> Outcome {
    let (amount, cpu_amount) = if counts_images(images) {
        (images.len() as f64, images.len() as f64 / 1e3)
    } else {
        let bytes: usize = images.iter().map(Image::size).sum();
        (bytes as f64 / 1e6, bytes as f64 / 1e9)
    };
    Outcome {
        value: amount / timing.seconds,
        cpu: Some(timing.cpu_seconds / cpu_amount),
        ..Outcome::default()
    }
}

fn counts_images(images: &[Image]) -> bool {
    images.iter().all(|image| image.size() < MIB)
}

/// A size for people.
fn size_name(bytes: usize) -> String {
    match bytes {
        size if size % (1024 * MIB) == 0 => format!("{} GiB", size / (1024 * MIB)),
        size if size % MIB == 0 => format!("{} MiB", size / MIB),
        size => format!("{} KiB", size / 1024),
    }
}

fn shape_name(shape: Shape) -> String {
    let size = size_name(shape.layer_size);
    match (shape.images, shape.layers) {
        (1, 1) => format!("one {size} layer"),
        (images, layers) => format!("{images} images of {layers} x {size}"),
    }
}
