//! Policies as JSON, and conditions: what is written is read back, and a condition that was taken is evaluated without
//! falling over, to the same answer each time.
#![no_main]

use std::sync::Once;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use wharf_app::iam::condition::{Attributes, Compiled};
use wharf_types::{Policy, limits};

static HOOK: Once = Once::new();

fuzz_target!(|text: &str| {
    // libFuzzer's hook aborts at every panic, but arithmetic that overflows in a condition is caught on purpose.
    HOOK.call_once(|| drop(std::panic::take_hook()));

    if let Ok(policy) = serde_json::from_str::<Policy>(text) {
        let written = serde_json::to_string(&policy).expect("a policy is JSON");
        let again: Policy = serde_json::from_str(&written).expect("what we write, we read");
        assert_eq!(again, policy);
        for binding in &policy.bindings {
            if let Some(condition) = &binding.condition {
                evaluate(&condition.expression);
            }
        }
    }
    evaluate(text);
});

fn evaluate(text: &str) {
    let Ok(condition) = Compiled::parse(text) else {
        return;
    };
    assert!(text.len() <= limits::CONDITION_SIZE_MAX);
    let attributes = Attributes {
        name: "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/web/tag_v1",
        kind: "storage.googleapis.com/Object",
        service: "storage.googleapis.com",
        time: Timestamp::UNIX_EPOCH,
    };
    let answer = condition.evaluate(&attributes);
    assert_eq!(condition.evaluate(&attributes), answer);
}
