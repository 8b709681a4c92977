//! The time, as rows keep it.

use jiff::Timestamp;

/// Now, in whole microseconds: what is written down reads back the same.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
