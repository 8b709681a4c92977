//! Google's JSON key file: written for a new key, read where one is sent as a password.

use base64::Engine as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wharf_types::{ProjectId, ServiceAccountEmail};
use zeroize::{Zeroize as _, Zeroizing};

use crate::Error;

/// What stays as it is in the last segment of a URL.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Serialize)]
struct Written<'a> {
    r#type: &'a str,
    project_id: &'a str,
    private_key_id: &'a str,
    private_key: &'a str,
    client_email: &'a str,
    client_id: &'a str,
    auth_uri: String,
    token_uri: String,
    auth_provider_x509_cert_url: String,
    client_x509_cert_url: String,
    universe_domain: &'a str,
}

/// What a new key file says.
pub(crate) struct KeyFile<'a> {
    pub(crate) project: &'a ProjectId,
    pub(crate) key_id: &'a str,
    /// PKCS#8, PEM with `\n` line ends.
    pub(crate) private_key: &'a str,
    pub(crate) account: &'a ServiceAccountEmail,
    pub(crate) unique_id: &'a str,
    /// The registry's URL without a slash at its end.
    pub(crate) base_url: &'a str,
}

impl KeyFile<'_> {
    /// The file, byte for byte as Google formats it: two spaces, a line end at the end.
    pub(crate) fn render(&self) -> Result<SecretString, Error> {
        let base = self.base_url;
        let address = utf8_percent_encode(self.account.as_str(), SEGMENT);
        let mut text = serde_json::to_string_pretty(&Written {
            r#type: "service_account",
            project_id: self.project.as_str(),
            private_key_id: self.key_id,
            private_key: self.private_key,
            client_email: self.account.as_str(),
            client_id: self.unique_id,
            auth_uri: format!("{base}/o/oauth2/auth"),
            token_uri: format!("{base}/token"),
            auth_provider_x509_cert_url: format!("{base}/oauth2/v1/certs"),
            client_x509_cert_url: format!("{base}/robot/v1/metadata/x509/{address}"),
            universe_domain: "googleapis.com",
        })
        .map_err(Error::internal)?;
        text.push('\n');
        Ok(SecretString::from(text))
    }
}

/// What a key file that was sent to us says, as far as we need it.
#[derive(Debug)]
pub(crate) struct SentKeyFile {
    pub(crate) key_id: String,
    pub(crate) account: ServiceAccountEmail,
    pub(crate) private_key: SecretString,
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    client_email: String,
}

impl Drop for Read {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

/// Reads a key file sent as the password of `_json_key`. The message of a refusal never repeats any of it.
pub(crate) fn read(password: &str) -> Result<SentKeyFile, String> {
    let text = password.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return Err(explain_other(text));
    }
    let mut file: Read = serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            "the key file is cut off: the password ends in the middle of it".to_owned()
        } else {
            format!(
                "the key file is not JSON (line {}, column {}): send it byte for byte, line ends included",
                error.line(),
                error.column()
            )
        }
    })?;
    match file.r#type.as_str() {
        "service_account" => {}
        "authorized_user" | "external_account" | "impersonated_service_account" => {
            return Err(
                "that is a credential file of a person or another issuer; _json_key takes a service account's key file (\"type\": \"service_account\")"
                    .to_owned(),
            );
        }
        _ => {
            return Err(
                "the JSON is not a service account's key file: its \"type\" must be \"service_account\""
                    .to_owned(),
            );
        }
    }
    for (name, value) in [
        ("private_key_id", &file.private_key_id),
        ("private_key", &file.private_key),
        ("client_email", &file.client_email),
    ] {
        if value.is_empty() {
            return Err(format!("the key file has no \"{name}\""));
        }
    }
    let account = ServiceAccountEmail::parse(&file.client_email)
        .map_err(|_| "the key file's \"client_email\" is not a service account".to_owned())?;
    Ok(SentKeyFile {
        key_id: std::mem::take(&mut file.private_key_id),
        account,
        private_key: SecretString::from(std::mem::take(&mut file.private_key)),
    })
}

/// Reads a key file sent as the password of `_json_key_base64`.
pub(crate) fn read_base64(password: &str) -> Result<SentKeyFile, String> {
    let compact: Zeroizing<String> = Zeroizing::new(
        password
            .trim_start_matches('\u{feff}')
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect(),
    );
    if compact.starts_with('{') {
        return Err(
            "the password is the key file itself: use the user _json_key, or encode it".to_owned(),
        );
    }
    let bytes = decode(&compact).ok_or_else(|| {
        "the password of _json_key_base64 is not base64: encode the key file with `base64 -w0`"
            .to_owned()
    })?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| "the password of _json_key_base64 is not a key file in base64".to_owned())?;
    read(text)
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let engines = [
        base64::engine::general_purpose::STANDARD_NO_PAD,
        base64::engine::general_purpose::URL_SAFE_NO_PAD,
    ];
    let text = text.trim_end_matches('=');
    engines
        .iter()
        .find_map(|engine| engine.decode(text).ok())
        .map(Zeroizing::new)
}

/// What somebody probably did whose password is no JSON object at all.
fn explain_other(text: &str) -> String {
    let unquoted = text.trim_matches(['\'', '"']);
    if text.is_empty() {
        "the password is empty: it must be the content of the key file".to_owned()
    } else if unquoted != text && unquoted.trim_start().starts_with('{') {
        "the key file stands in quotes: send it without them".to_owned()
    } else if text.starts_with(['/', '.', '~', '@', '$'])
        || (!text.contains(['{', '\n']) && text.ends_with(".json"))
    {
        "the password looks like a path: it must be the content of the key file, for example --password-stdin < key.json"
            .to_owned()
    } else if decode(unquoted).is_some_and(|bytes| bytes.trim_ascii_start().starts_with(b"{")) {
        "the key file is encoded in base64: use the user _json_key_base64 for that".to_owned()
    } else if text.starts_with("-----BEGIN") {
        "the password is a PEM key: _json_key takes the whole JSON key file".to_owned()
    } else if text.starts_with("ey") || text.starts_with("ya29.") {
        "the password looks like a token: use the user oauth2accesstoken for that".to_owned()
    } else if text.contains("\"private_key\"") {
        "the key file is cut off: its beginning is missing".to_owned()
    } else {
        "the password is not JSON: _json_key takes the content of a service account's key file"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn file() -> String {
        let account = ServiceAccountEmail::parse("puller@my-project.iam.gserviceaccount.com");
        let file = KeyFile {
            project: &ProjectId::parse("my-project").unwrap(),
            key_id: "0123456789012345678901234567890123456789",
            private_key: "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
            account: &account.unwrap(),
            unique_id: "123456789012345678901",
            base_url: "http://127.0.0.1:5000",
        };
        file.render().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn a_key_file_is_googles() {
        let expected = r#"{
  "type": "service_account",
  "project_id": "my-project",
  "private_key_id": "0123456789012345678901234567890123456789",
  "private_key": "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
  "client_email": "puller@my-project.iam.gserviceaccount.com",
  "client_id": "123456789012345678901",
  "auth_uri": "http://127.0.0.1:5000/o/oauth2/auth",
  "token_uri": "http://127.0.0.1:5000/token",
  "auth_provider_x509_cert_url": "http://127.0.0.1:5000/oauth2/v1/certs",
  "client_x509_cert_url": "http://127.0.0.1:5000/robot/v1/metadata/x509/puller%40my-project.iam.gserviceaccount.com",
  "universe_domain": "googleapis.com"
}
"#;
        assert_eq!(file(), expected);
    }

    #[test]
    fn what_was_written_is_read_however_it_was_pasted() {
        let file = file();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&file);
        let folded = format!("{}\n{}\n", &base64[..76], &base64[76..]);
        for sent in [
            read(&file),
            read(file.trim_end()),
            read(&format!("\u{feff}{file}\r\n")),
            read_base64(&base64),
            read_base64(&folded),
            read_base64(base64.trim_end_matches('=')),
        ] {
            let sent = sent.unwrap();
            assert_eq!(sent.key_id, "0123456789012345678901234567890123456789");
            assert_eq!(sent.account.account_id(), "puller");
        }
    }

    #[test]
    fn mistakes_are_told_apart() {
        let file = file();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&file);
        for (sent, expected) in [
            (String::new(), "empty"),
            ("key.json".to_owned(), "path"),
            ("/home/me/key.json".to_owned(), "path"),
            ("@key.json".to_owned(), "path"),
            (base64, "_json_key_base64"),
            (file[..file.len() / 2].to_owned(), "cut off"),
            (file[40..].to_owned(), "cut off"),
            (format!("'{file}'"), "quotes"),
            (file.replace('"', ""), "not JSON"),
            ("secret".to_owned(), "not JSON"),
            ("eyJhbGciOi.x.y".to_owned(), "oauth2accesstoken"),
            ("-----BEGIN PRIVATE KEY-----".to_owned(), "PEM"),
            (r#"{"type":"authorized_user"}"#.to_owned(), "person"),
            ("{}".to_owned(), "type"),
            (file.replace("private_key_id", "x"), "private_key_id"),
            (file.replace("puller@", "puller"), "client_email"),
        ] {
            let refused = read(&sent).unwrap_err();
            assert!(refused.contains(expected), "{sent}: {refused}");
            assert!(!refused.contains("AA=="), "{refused}");
        }
        assert!(read_base64(&file).unwrap_err().contains("_json_key"));
        assert!(read_base64("%%%").unwrap_err().contains("base64"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,200}", cut in 0_usize..600) {
            let _ = read(&text);
            let _ = read_base64(&text);
            let file = file();
            let _ = read(&file[..cut.min(file.len())]);
        }
    }
}
