//! What other issuers publish and sign: discovery documents, sets of keys, tokens, and what a provider makes of their
//! claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_app::iam::fuzzing::{discovery, identity, key_set, subject_token};
use wharf_types::limits;

/// 2026, in seconds.
const NOW: i64 = 1_795_500_000;
const POOL: &str = "iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/main/";

fuzz_target!(|text: &str| {
    if let Err(refusal) = key_set(text.as_bytes()) {
        assert!(refusal.len() < 800, "a refusal repeats no document");
    }
    let _ = discovery(text.as_bytes(), "https://issuer.example.com");
    match subject_token(text, NOW) {
        Ok(Some(expiry)) => {
            let skew = limits::CLOCK_SKEW_MAX.as_secs() as i64;
            assert!(expiry > NOW - skew, "it has not expired");
        }
        Ok(None) => {}
        Err(refusal) => assert!(refusal.len() < 800, "a refusal repeats no token"),
    }
    // The first line is an expression, the rest are the claims that it meets.
    let (expression, claims) = text.split_once('\n').unwrap_or((text, "{}"));
    if let Some((principal, sets)) = identity(expression, claims) {
        assert!(principal.starts_with(&format!("principal://{POOL}subject/")));
        assert!(sets.iter().all(|set| set.starts_with(&format!("principalSet://{POOL}"))));
    }
});
