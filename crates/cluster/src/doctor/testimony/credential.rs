//! Whose credential a pull secret holds, as far as it says so itself.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use wharf_types::ServiceAccountEmail;
use zeroize::Zeroizing;

/// A credential of a pull secret, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It names an account of a registry of our kind.
    Account {
        email: ServiceAccountEmail,
        key_id: Option<String>,
        /// The registry that made the key, as far as its `token_uri` tells: without a slash at the end.
        made_by: Option<String>,
    },
    /// The user says that the password is a key file, and it is none.
    NotAKeyFile,
    /// Of another kind.
    Other,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct KeyFile {
    private_key_id: Option<String>,
    client_email: Option<String>,
    token_uri: Option<String>,
}

/// What a token of ours says.
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    key: Option<String>,
}

/// Reads a credential by the spellings of its user that our registry knows.
pub(super) fn read(username: &str, password: &SecretString) -> Named {
    let password = password.expose_secret();
    match username {
        "_json_key" => read_key_file(password.as_bytes()),
        "_json_key_base64" => match decode(password) {
            Some(file) => read_key_file(&file),
            None => Named::NotAKeyFile,
        },
        "oauth2accesstoken" | "_token" | "_accesstoken" => {
            read_token(password).unwrap_or(Named::Other)
        }
        user => match ServiceAccountEmail::parse(user) {
            // The address with the key file for a password: a mistake, but one that tells whose it is.
            Ok(email) => Named::Account {
                email,
                key_id: None,
                made_by: None,
            },
            Err(_) => Named::Other,
        },
    }
}

fn read_key_file(bytes: &[u8]) -> Named {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let Ok(file) = serde_json::from_slice::<KeyFile>(bytes) else {
        return Named::NotAKeyFile;
    };
    let email = file.client_email.as_deref().map(ServiceAccountEmail::parse);
    let (Some(Ok(email)), Some(key_id)) = (email, file.private_key_id) else {
        return Named::NotAKeyFile;
    };
    Named::Account {
        email,
        key_id: Some(key_id),
        made_by: file
            .token_uri
            .and_then(|uri| uri.strip_suffix("/token").map(str::to_owned)),
    }
}

fn read_token(token: &str) -> Option<Named> {
    let payload = token.trim().split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(Named::Account {
        email: ServiceAccountEmail::parse(&claims.sub?).ok()?,
        key_id: claims.key,
        made_by: None,
    })
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let compact: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
    let compact = compact.trim_end_matches('=');
    let engines = [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD];
    let decoded = engines
        .iter()
        .find_map(|engine| engine.decode(compact).ok());
    decoded.map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = r#"{"type":"service_account","private_key_id":"k1","client_email":"puller@the-shop.iam.gserviceaccount.com","token_uri":"https://registry.example.com/token"}"#;

    fn named(username: &str, password: &str) -> Named {
        read(username, &SecretString::from(password.to_owned()))
    }

    fn account(key_id: Option<&str>, made_by: Option<&str>) -> Named {
        Named::Account {
            email: "puller@the-shop.iam.gserviceaccount.com".parse().unwrap(),
            key_id: key_id.map(str::to_owned),
            made_by: made_by.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_file_names_its_account_and_key() {
        let expected = account(Some("k1"), Some("https://registry.example.com"));
        assert_eq!(named("_json_key", FILE), expected);
        assert_eq!(named("_json_key", &format!("\u{feff}{FILE}\n")), expected);
        let encoded = STANDARD.encode(FILE);
        let folded = format!("{}\n{}\n", &encoded[..20], &encoded[20..]);
        assert_eq!(named("_json_key_base64", &folded), expected);
        for (user, password) in [
            ("_json_key", "hunter2"),
            ("_json_key", "{}"),
            ("_json_key", "key.json"),
            ("_json_key", &encoded),
            ("_json_key_base64", FILE),
        ] {
            assert_eq!(
                named(user, password),
                Named::NotAKeyFile,
                "{user} {password}"
            );
        }
    }

    #[test]
    fn tokens_and_addresses_name_an_account_and_other_users_none() {
        let claims = r#"{"sub":"puller@the-shop.iam.gserviceaccount.com","key":"k1"}"#;
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(
            named("oauth2accesstoken", &token),
            account(Some("k1"), None)
        );
        let user = "puller@the-shop.iam.gserviceaccount.com";
        assert_eq!(named(user, "x"), account(None, None));
        for (user, password) in [("ann", "x"), ("AWS", "x"), ("oauth2accesstoken", "ya29.x")] {
            assert_eq!(named(user, password), Named::Other);
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(user in "_json_key|_json_key_base64|oauth2accesstoken|\\PC{0,20}", password in "\\PC{0,80}") {
            named(&user, &password);
        }
    }
}
