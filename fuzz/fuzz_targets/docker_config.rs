//! The JSON inside a pull secret, and the keys in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret as _;
use wharf_cluster::{DockerConfig, Namespace, RegistryKey, SecretName};

fuzz_target!(|text: &str| {
    if let Ok(key) = RegistryKey::parse(text) {
        assert_eq!(
            RegistryKey::parse(key.as_str()),
            Ok(key),
            "the one form that works"
        );
    }
    if let Ok(config) = DockerConfig::parse(text) {
        let again = DockerConfig::parse(config.to_json().expose_secret());
        let again = again.expect("what we write, we read");
        assert!(config.auths.keys().eq(again.auths.keys()));
        for (mine, other) in config.auths.values().zip(again.auths.values()) {
            // The first colon ends a user name, so one inside it moves the border.
            let pair = |credential: &wharf_cluster::Credential| {
                format!(
                    "{}:{}",
                    credential.username,
                    credential.password.expose_secret()
                )
            };
            assert_eq!(pair(mine), pair(other));
        }
    }
    for name in [
        SecretName::parse(text).map(|name| name.to_string()),
        Namespace::parse(text).map(|name| name.to_string()),
    ] {
        if let Ok(name) = name {
            assert_eq!(name, text);
        }
    }
});
