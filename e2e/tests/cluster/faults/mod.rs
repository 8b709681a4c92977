//! The doctor against faults that are made for real. Each is one small function, which makes the fault, has the Pod
//! stuck and diagnosed, mends it, and has the Pod run: [`Place`] has these steps. Another fault is another function and
//! its line in the table of its file.

mod accounts;
mod images;
mod network;
mod place;
mod precision;
mod secrets;
mod world;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use crate::cluster;
use place::{Mended, Place};
use world::World;

/// Faults under way at once. Most of the time they wait.
const WORKERS: usize = 5;

/// A name, which is that of the namespace and of the image, and the fault.
type Fault = (&'static str, fn(&Place<'_>) -> Mended);

#[test]
#[expect(clippy::print_stdout, reason = "a run tells how far it is")]
fn the_doctor_names_the_cause_of_each_fault_and_its_mend_makes_pods_run() {
    let world = World::open(cluster(), network::NAMES);
    let tables = [
        secrets::FAULTS,
        accounts::FAULTS,
        images::FAULTS,
        network::FAULTS,
    ];
    let wanted = std::env::var("WHARF_E2E_FAULTS").unwrap_or_default();
    let faults: VecDeque<Fault> = tables
        .concat()
        .into_iter()
        .filter(|(name, _)| name.contains(&wanted))
        .collect();
    let count = faults.len();
    let faults = Mutex::new(faults);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = faults.lock().unwrap().pop_front();
                    let Some((name, fault)) = next else { return };
                    // The others go on: a run tells of all faults.
                    match catch_unwind(AssertUnwindSafe(|| fault(&Place::new(&world, name)))) {
                        Ok(mended) => println!("{name}: {}", mended.summary),
                        Err(_) => failed.lock().unwrap().push(name),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {count} failed: {failed:?}",
        failed.len()
    );
}
