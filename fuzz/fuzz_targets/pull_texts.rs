//! What a runtime says about a failed pull: the reason in the first line, then the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_cluster::doctor::text::classify;

fuzz_target!(|input: &str| {
    let (reason, message) = input.split_once('\n').unwrap_or(("", input));
    let symptom = classify(reason, message);
    let fragment = &symptom.fragment;
    assert!(
        fragment.chars().count() <= 402 && !fragment.contains(char::is_control),
        "one line, bounded"
    );
    if let Some(host) = &symptom.host {
        assert!(!host.is_empty() && host.len() <= 270);
        assert!(!host.contains(|c: char| !c.is_ascii_alphanumeric() && !".-_:[]%".contains(c)));
    }
    let wrapped = format!("rpc error: code = Unknown desc = {message}");
    assert_eq!(
        classify("", &wrapped).complaint,
        classify("", message).complaint
    );
});
