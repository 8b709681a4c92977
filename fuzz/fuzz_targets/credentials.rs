//! Key files sent as passwords, and JWTs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_app::iam::fuzzing::{assertion_expiry, jwt_head, key_file, key_file_base64};
use wharf_types::limits;

/// 2026, in seconds.
const NOW: i64 = 1_795_500_000;

fuzz_target!(|text: &str| {
    for read in [key_file(text), key_file_base64(text)] {
        match read {
            Ok(key) => {
                assert!(!key.key_id.is_empty() && !key.private_key.is_empty());
            }
            Err(refusal) => assert!(refusal.len() < 400, "a refusal repeats no key"),
        }
    }
    let _ = jwt_head(text);
    if let Some(expiry) = assertion_expiry(text, NOW) {
        let seconds = |duration: std::time::Duration| duration.as_secs() as i64;
        let skew = seconds(limits::CLOCK_SKEW_MAX);
        assert!(expiry > NOW - skew, "it has not expired");
        assert!(expiry <= NOW + skew + seconds(limits::ASSERTION_LIFETIME_MAX));
    }
});
