//! Scopes of the Docker token protocol, and of OAuth.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_types::limits;
use wharf_types::scope::{OauthFloor, Scope};

fuzz_target!(|text: &str| {
    if let Some(scope) = Scope::parse(text) {
        let written = scope.to_string();
        let again = Scope::parse(&written);
        assert_eq!(
            again.as_ref().map(|again| &again.target),
            Some(&scope.target)
        );
        // `registry:catalog:` reads any action and writes `*`, which is the whole of it.
        assert!(again.is_some_and(|again| again.actions.contain(scope.actions)));
    }
    let list = Scope::parse_list(text.split('\n'));
    assert!(list.len() <= limits::TOKEN_SCOPES_MAX);

    // One more scope never takes away.
    let floor = OauthFloor::of_scopes(text);
    if !text.trim().is_empty() {
        assert!(OauthFloor::of_scopes(&format!("{text} openid")) >= floor);
    }
});
