//! `kill -9` at random moments of concurrent pushes. What was acknowledged is there and right; what was not can be
//! pushed as if nothing had happened; uploads that were under way go on where the server says.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod check;
mod ledger;
mod pusher;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use wharf_e2e::random::Random;
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Program, TestRegistry};

use check::{check, push_again};
use ledger::Ledger;
use pusher::Pusher;

/// Kills in CI. `WHARF_E2E_ROUNDS` changes it.
const ROUNDS: usize = 100;
/// Clients that push at once.
const PUSHERS: u64 = 4;
/// A kill comes within this time after the first request: some hit logins, most hit pushes.
const KILL_WITHIN_MICROSECONDS: u64 = 250_000;
/// Every so many rounds, all that was ever acknowledged is read again.
const LOOK_BACK_EVERY: usize = 20;

/// Blobs up to this many bytes have no file of their own.
const INLINE_MAX: usize = 64 << 10;
/// A start looks for orphans in the background.
const ORPHANS_GONE_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn what_was_acknowledged_survives_kill_9_and_what_was_not_is_no_obstacle() {
    let rounds = std::env::var("WHARF_E2E_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut random = Random::from_environment("crash");
    let mut registry = TestRegistry::start();
    let mut everything = Ledger::default();
    let mut resumed = 0;
    for round in 1..=rounds {
        let ledger = push_until_killed(&mut registry, &mut random);
        registry.start_again();
        let owner = registry.owner();
        resumed += ledger.uploads.len();
        check(&owner, &ledger);
        push_again(&owner, &ledger);
        everything.blobs.extend(ledger.blobs);
        everything.images.extend(ledger.images);
        // By now these are pushed as well.
        everything.blobs.extend(ledger.broken);
        everything
            .blobs
            .extend(ledger.uploads.into_iter().map(|upload| upload.blob));
        if round % LOOK_BACK_EVERY == 0 || round == rounds {
            check(&owner, &everything);
            eprintln!(
                "crash: {round} kills, {} blobs and {} images acknowledged and right, {resumed} uploads resumed",
                everything.blobs.len(),
                everything.images.len(),
            );
        }
    }
    assert!(
        everything.blobs.len() > rounds,
        "hardly anything was pushed: the test tests nothing"
    );
    assert!(
        resumed > rounds / 4,
        "hardly any upload was hit: the test tests nothing"
    );
    leaves_no_orphan(&mut registry, &everything);
    let log = registry.log();
    assert!(!log.contains("panic"), "{log}");
}

/// Files that a kill left behind go once they are old; of what was acknowledged, none does.
fn leaves_no_orphan(registry: &mut TestRegistry, everything: &Ledger) {
    assert!(registry.stop().success());
    let folder = registry.data().join("blobs");
    Program::new("find")
        .arg(&folder)
        .args([
            "-type",
            "f",
            "-exec",
            "touch",
            "--date=3 days ago",
            "{}",
            "+",
        ])
        .succeeds();
    let mut kept: Vec<u64> = everything
        .blobs
        .iter()
        .filter(|blob| blob.length > INLINE_MAX)
        .map(|blob| blob.length as u64)
        .collect();
    kept.sort_unstable();
    let before = sizes(&folder).len();
    registry.start_again();
    wait_for("end of orphans", ORPHANS_GONE_WITHIN, || {
        (sizes(&folder) == kept).then_some(())
    });
    eprintln!(
        "crash: {} orphaned files of {before} are gone",
        before - kept.len()
    );
    check(&registry.owner(), everything);
}

/// The sizes of all files below a folder, in order.
fn sizes(folder: &Path) -> Vec<u64> {
    let listed = Program::new("find")
        .arg(folder)
        .args(["-type", "f", "-printf", "%s\n"])
        .succeeds();
    let mut sizes: Vec<u64> = listed
        .stdout
        .lines()
        .map(|size| size.parse().unwrap())
        .collect();
    sizes.sort_unstable();
    sizes
}

/// Lets some clients push until the registry is killed in the middle of it; returns what they know.
fn push_until_killed(registry: &mut TestRegistry, random: &mut Random) -> Ledger {
    let ledger = Mutex::new(Ledger::default());
    let dead = AtomicBool::new(false);
    let owner = registry.owner();
    // A token is at hand, so that the time until the kill is a time of pushes.
    for number in 0..PUSHERS {
        let upload = owner.start_upload(&format!("default/crash{number}"));
        owner.delete(&upload).send().expect(204);
    }
    thread::scope(|scope| {
        for number in 0..PUSHERS {
            let pusher = Pusher {
                client: owner.clone(),
                repository: format!("default/crash{number}"),
                ledger: &ledger,
                random: random.fork(),
            };
            let dead = &dead;
            scope.spawn(move || pusher.push_until(dead));
        }
        thread::sleep(Duration::from_micros(
            random.below(KILL_WITHIN_MICROSECONDS),
        ));
        registry.kill();
        dead.store(true, Ordering::Relaxed);
    });
    ledger.into_inner().unwrap()
}
