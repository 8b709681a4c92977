//! What is wrong with a pull secret, whichever image it is for: what the kubelet passes over without a word, what it
//! stumbles over, and what does not do what its author will have meant.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::Secret;
use secrecy::ExposeSecret as _;

use super::config::{self, Entries, Entry};
use super::json::{Kind, Value};
use super::key::{Key, Location};
use super::{DOCKER_CONFIG_JSON, DOCKERCFG, decode};

/// One thing that is wrong with a pull secret. Its text names the way to mend it, and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What kind of mistake it is.
    pub code: LintCode,
    /// How bad it is.
    pub severity: Severity,
    /// The key of `auths` that it is about; none, if it is about the whole Secret.
    pub key: Option<String>,
    /// A sentence or two.
    pub message: String,
}

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but perhaps not as it was meant.
    Warning,
    /// The Secret, or this entry of it, does nothing or does harm.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LintCode {
    /// The type is none of a pull secret.
    WrongType,
    /// The data is not under the key that goes with the type.
    MissingData,
    /// The kubelet cannot decode it, and pulls no image for the Pod.
    Undecodable,
    /// The entries are not within `auths`.
    NoAuths,
    /// It refers to a program that keeps the credentials on another machine.
    CredentialHelper,
    /// There is no entry.
    Empty,
    /// The kubelet cannot parse the key and passes over it.
    IgnoredKey,
    /// The key parses, but matches no image.
    NeverMatches,
    /// The key has a port that images leave out.
    DefaultPort,
    /// The key has a host in capitals.
    UpperCaseHost,
    /// The key is a name of Docker Hub that its images do not have.
    DockerHubHost,
    /// Several keys are one to the kubelet.
    SameKey,
    /// `auth` says another thing than `username` and `password`.
    AuthMismatch,
    /// The entry has only a token, which the kubelet does not read.
    OnlyToken,
    /// The entry has no user.
    NoUsername,
    /// The entry has no password.
    NoPassword,
    /// User or password ends with a line break.
    TrailingNewline,
}

impl LintCode {
    /// The code in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongType => "wrong-type",
            Self::MissingData => "missing-data",
            Self::Undecodable => "undecodable",
            Self::NoAuths => "no-auths",
            Self::CredentialHelper => "credential-helper",
            Self::Empty => "empty",
            Self::IgnoredKey => "ignored-key",
            Self::NeverMatches => "never-matches",
            Self::DefaultPort => "default-port",
            Self::UpperCaseHost => "upper-case-host",
            Self::DockerHubHost => "docker-hub-host",
            Self::SameKey => "same-key",
            Self::AuthMismatch => "auth-mismatch",
            Self::OnlyToken => "only-token",
            Self::NoUsername => "no-username",
            Self::NoPassword => "no-password",
            Self::TrailingNewline => "trailing-newline",
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "{key:?}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Lint {
    fn of_secret(code: LintCode, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            key: None,
            message: message.into(),
        }
    }

    fn of_key(code: LintCode, severity: Severity, key: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            key: Some(key.to_owned()),
            message: message.into(),
        }
    }
}

/// Everything that is wrong with a Secret that is used as a pull secret. Nothing, if it is as it should be.
pub fn lint(secret: &Secret) -> Vec<Lint> {
    let entries = match decode(secret) {
        None => return vec![skipped(secret)],
        Some(Err(text)) => {
            let message = format!(
                "the kubelet cannot decode it ({text}), and pulls no image for a Pod that lists it; write it anew"
            );
            return vec![Lint::of_secret(LintCode::Undecodable, message)];
        }
        Some(Ok(entries)) => entries,
    };
    let json = data(secret);
    if entries.is_empty() {
        return vec![without_entries(json)];
    }
    let raw = raw_entries(secret, json);
    let mut lints = Vec::new();
    for (key, entry) in &entries {
        lints.extend(lint_key(key));
        if let Some(raw) = raw.get(key) {
            lints.extend(lint_entry(key, entry, raw));
        }
    }
    lints.extend(same_keys(&entries));
    lints
}

/// The bytes that were decoded.
fn data(secret: &Secret) -> &[u8] {
    let key = match secret.type_.as_deref() {
        Some(kind) if kind == DOCKERCFG.0 => DOCKERCFG.1,
        _ => DOCKER_CONFIG_JSON.1,
    };
    let data = secret.data.as_ref().and_then(|data| data.get(key));
    data.map(|bytes| bytes.0.as_slice()).unwrap_or_default()
}

fn skipped(secret: &Secret) -> Lint {
    let kind = secret.type_.as_deref().unwrap_or("Opaque");
    let Some((_, key)) = [DOCKER_CONFIG_JSON, DOCKERCFG]
        .into_iter()
        .find(|(known, _)| *known == kind)
    else {
        let message = format!(
            "the kubelet passes over a Secret of type {kind} without a word; delete it and create it with type {}, since a type cannot be changed",
            DOCKER_CONFIG_JSON.0
        );
        return Lint::of_secret(LintCode::WrongType, message);
    };
    let message = format!(
        "it has nothing under {key}, where a Secret of type {kind} keeps its credentials, and the kubelet passes over it without a word; put them there"
    );
    Lint::of_secret(LintCode::MissingData, message)
}

fn without_entries(json: &[u8]) -> Lint {
    let members: Vec<(String, Kind)> = Value::check(json)
        .into_iter()
        .flat_map(Value::members)
        .map(|(name, value)| (name.to_ascii_lowercase(), value.kind()))
        .collect();
    let has = |name: &str| members.iter().any(|(member, _)| member == name);
    if has("credsstore") || has("credhelpers") {
        let message = "its credentials are kept by a credential helper on the machine where it was made, and are not in it; create it anew from a user and password";
        return Lint::of_secret(LintCode::CredentialHelper, message);
    }
    if !has("auths") && members.iter().any(|(_, kind)| *kind == Kind::Object) {
        let message = format!(
            "its entries stand at the top, and the kubelet finds none; put them into {{\"auths\": {{…}}}}, or give the Secret the type {}",
            DOCKERCFG.0
        );
        return Lint::of_secret(LintCode::NoAuths, message);
    }
    Lint::of_secret(
        LintCode::Empty,
        "it has no credential; add one under \"auths\", or detach it",
    )
}

fn lint_key(written: &str) -> Option<Lint> {
    let error = |code, message: String| Some(Lint::of_key(code, Severity::Error, written, message));
    let warning =
        |code, message: String| Some(Lint::of_key(code, Severity::Warning, written, message));
    let Some(location) = Key::normalise(written).and_then(|key| key.pattern()) else {
        let message = match written.contains('[') {
            true => {
                "kubelets built with Go 1.26 and later pass over a key with [ and ]; write * for the label, or one key for each host"
            }
            false => {
                "the kubelet cannot parse this key and passes over it; write HOST, HOST:PORT or HOST/PATH"
            }
        };
        return error(LintCode::IgnoredKey, message.to_owned());
    };
    let host = location
        .labels
        .iter()
        .map(|label| String::from_utf8_lossy(label))
        .collect::<Vec<_>>()
        .join(".");
    if let Some(fault) = why_nothing_matches(written, &location) {
        return error(
            LintCode::NeverMatches,
            format!("it matches no image: {fault}"),
        );
    }
    if matches!(
        host.as_str(),
        "registry-1.docker.io" | "hub.docker.com" | "registry.hub.docker.com" | "www.docker.com"
    ) || (host == "index.docker.io" && !location.path.is_empty())
    {
        let message =
            "images of Docker Hub are not found under this name; write https://index.docker.io/v1/";
        return error(LintCode::DockerHubHost, message.to_owned());
    }
    if let port @ (b"443" | b"80") = location.port.as_slice() {
        let port = String::from_utf8_lossy(port);
        return warning(
            LintCode::DefaultPort,
            format!(
                "it matches only images that are written with :{port}; leave it away for {host}/IMAGE"
            ),
        );
    }
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        let lower = host.to_ascii_lowercase();
        return warning(
            LintCode::UpperCaseHost,
            format!("hosts are compared letter for letter; images are usually written {lower}"),
        );
    }
    None
}

/// Why there is no image that a key matches.
fn why_nothing_matches(written: &str, location: &Location) -> Option<String> {
    let path = String::from_utf8_lossy(&location.path);
    let lower = written.to_ascii_lowercase();
    if !written.starts_with("http") && lower.starts_with("http") && written.contains("://") {
        return Some("the scheme is not in lower case; leave it away".to_owned());
    }
    if written.contains('?') {
        return Some("everything from the ? on is dropped; write * for part of a host".to_owned());
    }
    if matches!(&*path, "/v1" | "/v2") {
        return Some(format!(
            "the kubelet takes {path}/ away, but not {path}; leave it away, or end the key with a slash"
        ));
    }
    let label_may_match = |label: &Vec<u8>| {
        !label.is_empty()
            && label
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"-_*:".contains(b))
    };
    if !location.labels.iter().all(label_may_match) {
        return Some("its host is no name in DNS".to_owned());
    }
    if path.contains('*') {
        return Some("a * counts in the host only; end the path before it".to_owned());
    }
    if path.contains(':') || path.contains('@') {
        return Some("a key has no tag and no digest; leave it away".to_owned());
    }
    let path_may_match = !path.contains("//")
        && path
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/._-".contains(&b));
    (!path_may_match).then(|| "no image has such a path".to_owned())
}

/// An entry as written, before `auth` is put over user and password.
#[derive(Default)]
struct Raw {
    username: String,
    password: secrecy::SecretString,
    has_auth: bool,
    has_token: bool,
}

/// All entries as written. Of equal keys the last one counts.
fn raw_entries(secret: &Secret, json: &[u8]) -> BTreeMap<String, Raw> {
    let Ok(root) = Value::check(json) else {
        return BTreeMap::new();
    };
    let read = |(key, entry): (String, Value<'_>)| (key, Raw::read(entry));
    if secret.type_.as_deref() == Some(DOCKERCFG.0) {
        return root.members().map(read).collect();
    }
    root.members()
        .filter(|(name, _)| config::fold(name) == "AUTHS")
        .flat_map(|(_, auths)| auths.members())
        .map(read)
        .collect()
}

impl Raw {
    fn read(entry: Value<'_>) -> Self {
        let mut raw = Self::default();
        for (name, value) in entry.members() {
            let text = value.text().filter(|text| !text.is_empty());
            match (config::fold(&name).as_str(), text) {
                ("USERNAME", Some(text)) => raw.username = text,
                ("PASSWORD", Some(text)) => raw.password = text.into(),
                ("AUTH", text) => raw.has_auth = text.is_some(),
                ("IDENTITYTOKEN" | "REGISTRYTOKEN", Some(_)) => raw.has_token = true,
                _ => {}
            }
        }
        raw
    }

    fn contradicts(&self, entry: &Entry) -> bool {
        let (ours, theirs) = (
            self.password.expose_secret(),
            entry.password.expose_secret(),
        );
        self.has_auth
            && ((!self.username.is_empty() && self.username != entry.username)
                || (!ours.is_empty() && ours != theirs))
    }
}

fn lint_entry(key: &str, entry: &Entry, raw: &Raw) -> Vec<Lint> {
    let mut lints = Vec::new();
    let mut add = |code, severity, message: &str| {
        lints.push(Lint::of_key(code, severity, key, message));
    };
    if raw.contradicts(entry) {
        add(
            LintCode::AuthMismatch,
            Severity::Warning,
            "\"auth\" is not the base64 of \"username\":\"password\"; the kubelet uses \"auth\", other programs the two; make them say the same",
        );
    }
    let password = entry.password.expose_secret();
    if entry.username.is_empty() && raw.has_token {
        add(
            LintCode::OnlyToken,
            Severity::Error,
            "the kubelet does not read \"identitytoken\" and \"registrytoken\"; give a user and password",
        );
    } else if entry.username.is_empty() {
        add(
            LintCode::NoUsername,
            Severity::Error,
            "it has no user; the kubelet tries it nevertheless, and containerd fails with \"invalid auth config\"",
        );
    } else if password.is_empty() {
        add(
            LintCode::NoPassword,
            Severity::Warning,
            "it has a user but no password",
        );
    }
    // A key file ends with one rightly.
    let password_ends = password.ends_with('\n') && !password.starts_with('{');
    if entry.username.ends_with('\n') || password_ends {
        add(
            LintCode::TrailingNewline,
            Severity::Warning,
            "its user or password ends with a line break, as from `echo` without -n; write it without",
        );
    }
    lints
}

fn same_keys(entries: &Entries) -> Vec<Lint> {
    let mut first: BTreeMap<Key, &String> = BTreeMap::new();
    let mut lints = Vec::new();
    for (written, entry) in entries {
        let Some(key) = Key::normalise(written) else {
            continue;
        };
        match first.get(&key) {
            Some(other) if entries.get(*other) != Some(entry) => {
                let message = format!(
                    "to the kubelet it is the same key as {other:?} ({}), and it tries the two in an order left to chance; keep one",
                    key.text()
                );
                let (code, severity) = (LintCode::SameKey, Severity::Warning);
                lints.push(Lint::of_key(code, severity, written, message));
            }
            Some(_) => {}
            None => {
                first.insert(key, written);
            }
        }
    }
    lints
}

#[cfg(test)]
mod tests {
    use super::super::tests::secret;
    use super::*;
    use proptest::prelude::*;

    fn codes(json: &str) -> Vec<&'static str> {
        codes_of(&secret("a", DOCKER_CONFIG_JSON, json))
    }

    fn codes_of(secret: &Secret) -> Vec<&'static str> {
        lint(secret).iter().map(|lint| lint.code.as_str()).collect()
    }

    fn codes_of_key(key: &str) -> Vec<&'static str> {
        let entry = serde_json::json!({"username": "u", "password": "p"});
        codes(&serde_json::json!({"auths": {key: entry}}).to_string())
    }

    #[test]
    fn a_secret_as_kubectl_writes_it_is_as_it_should_be() {
        let json = r#"{"auths":{"us.example.com":{"username":"_json_key","password":"{\n}\n","email":"a@b","auth":"X2pzb25fa2V5OnsKfQo="}}}"#;
        assert!(codes(json).is_empty());
    }

    #[test]
    fn what_the_kubelet_passes_over_is_an_error() {
        let good = r#"{"auths":{"us.example.com":{"username":"u","password":"p"}}}"#;
        let opaque = secret("a", ("Opaque", ".dockerconfigjson"), good);
        assert_eq!(codes_of(&opaque), ["wrong-type"]);
        let swapped = secret("a", (DOCKERCFG.0, DOCKER_CONFIG_JSON.1), good);
        assert_eq!(codes_of(&swapped), ["missing-data"]);
        assert_eq!(codes(""), ["missing-data"]);
        assert_eq!(codes(r#"{"us.example.com":{"auth":"dTpw"}}"#), ["no-auths"]);
        assert_eq!(codes(r#"{"auths":{}}"#), ["empty"]);
        assert_eq!(
            codes(r#"{"auths":{},"credsStore":"desktop"}"#),
            ["credential-helper"]
        );
        assert_eq!(codes(r#"{"auths":[]}"#), ["undecodable"]);
    }

    #[test]
    fn keys_that_do_not_do_what_they_seem_to_are_named() {
        for (key, code) in [
            ("us.example.com", ""),
            ("https://us.example.com/v2/", ""),
            ("us.example.com:5000/team", ""),
            ("*.example.com", ""),
            ("https://index.docker.io/v1/", ""),
            ("docker.io", ""),
            ("[fd00::1]:5000", ""),
            ("us.example.com:443", "default-port"),
            ("us.example.com/v2", "never-matches"),
            ("https://index.docker.io/v1", "never-matches"),
            ("us.example.com/team/*", "never-matches"),
            ("us.example.com/app:v1", "never-matches"),
            ("us.example.com/App", "never-matches"),
            ("us?.example.com", "never-matches"),
            ("HTTPS://us.example.com", "never-matches"),
            ("us..example.com", "never-matches"),
            ("us.example.com:port", "ignored-key"),
            ("r[0-9].example.com", "ignored-key"),
            (" us.example.com", "ignored-key"),
            ("US.example.com", "upper-case-host"),
            ("registry-1.docker.io", "docker-hub-host"),
            ("index.docker.io/team", "docker-hub-host"),
        ] {
            let expected: Vec<&str> = Some(code)
                .filter(|code| !code.is_empty())
                .into_iter()
                .collect();
            assert_eq!(codes_of_key(key), expected, "{key}");
        }
    }

    #[test]
    fn entries_that_contradict_themselves_or_lack_something_are_named() {
        for (entry, code) in [
            (
                r#"{"username":"u","password":"p","auth":"dTpx"}"#,
                "auth-mismatch",
            ),
            (r#"{"username":"v","auth":"dTpx"}"#, "auth-mismatch"),
            (r#"{"identitytoken":"t"}"#, "only-token"),
            (r#"{"password":"p"}"#, "no-username"),
            ("null", "no-username"),
            (r#"{"username":"u"}"#, "no-password"),
            (r#"{"auth":"dTpwCg=="}"#, "trailing-newline"),
        ] {
            let json = format!(r#"{{"auths":{{"us.example.com":{entry}}}}}"#);
            assert_eq!(codes(&json), [code], "{entry}");
            let old = secret("a", DOCKERCFG, &format!(r#"{{"us.example.com":{entry}}}"#));
            assert_eq!(codes_of(&old), [code], "{entry}");
        }
        let two = r#"{"auths":{"a.example.com":{"auth":"dTpx"},"https://a.example.com":{"auth":"dTpy"}}}"#;
        assert_eq!(codes(two), ["same-key"]);
    }

    #[test]
    fn no_lint_quotes_a_secret() {
        let json = r#"{"auths":{"us.example.com":{"username":"hunter1","password":"hunter2","auth":"aHVudGVyMzpodW50ZXI0Cg=="}}}"#;
        let lints = lint(&secret("a", DOCKER_CONFIG_JSON, json));
        assert_eq!(lints.len(), 2);
        assert!(
            lints
                .iter()
                .all(|lint| !format!("{lint} {lint:?}").contains("hunter"))
        );
    }

    #[test]
    fn a_secret_full_of_entries_takes_no_longer_than_it_is_large() {
        let mut json = r#"{"auths":{"#.to_owned();
        for number in 0..20_000 {
            json += &format!(r#""r{number}.example.com":{{"auth":"dTpw"}},"#);
        }
        json += r#""us.example.com:443":{"auth":"dTpw"}}}"#;
        assert_eq!(codes(&json), ["default-port"]);
    }

    proptest! {
        #[test]
        fn no_key_makes_it_fall_over(key in any::<String>()) {
            let _ = codes_of_key(&key);
        }
    }
}
