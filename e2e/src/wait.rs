//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at again.
const INTERVAL: Duration = Duration::from_millis(10);

/// Asks until there is an answer, or panics when `deadline` has passed: `what` says what was waited for.
pub fn wait_for<T>(what: &str, deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "no {what} within {deadline:?}");
        thread::sleep(INTERVAL);
    }
}
