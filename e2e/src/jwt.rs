//! JWTs, signed by openssl with the private key of a key file: right ones, and ones that are wrong in one place.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};

use crate::{Answer, Client, Program};

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// The JSON of a key file.
pub fn read_key(key_file: &Path) -> Value {
    serde_json::from_slice(&fs::read(key_file).unwrap()).unwrap()
}

/// The claims of a JWT that is exchanged for an access token (RFC 7523).
pub fn claims(key: &Value) -> Value {
    json!({
        "iss": key["client_email"],
        "sub": key["client_email"],
        "aud": key["token_uri"],
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "iat": now(),
        "exp": now() + 3_600,
    })
}

/// The claims in a JWT, whoever signed it.
pub fn claims_in(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The header of a JWT that a key signs.
pub fn header(key: &Value) -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]})
}

/// Signs with RS256, whatever the header says.
pub fn sign(key: &Value, header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let folder = tempfile::tempdir().unwrap();
    let (pem, text, signature) = (
        folder.path().join("key.pem"),
        folder.path().join("text"),
        folder.path().join("signature"),
    );
    // Readable by nobody else, as a private key should be from the first moment.
    rustix::fs::open(
        &pem,
        OFlags::CREATE | OFlags::WRONLY,
        Mode::RUSR | Mode::WUSR,
    )
    .unwrap();
    fs::write(&pem, key["private_key"].as_str().unwrap()).unwrap();
    fs::write(&text, &signed).unwrap();
    Program::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(&pem)
        .arg("-out")
        .arg(&signature)
        .arg(&text)
        .succeeds();
    let signature = BASE64_URL_SAFE_NO_PAD.encode(fs::read(signature).unwrap());
    format!("{signed}.{signature}")
}

/// The token endpoint's answer to an assertion (RFC 7523).
pub fn exchange(client: &Client, assertion: &str) -> Answer {
    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
    );
    client
        .post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
}

/// An access token for the Google-style APIs.
pub fn access_token(client: &Client, key_file: &Path) -> String {
    let key = read_key(key_file);
    let answer = exchange(client, &sign(&key, &header(&key), &claims(&key))).expect(200);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// Header and claims, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
