//! Pull secrets and images, made by chance and full of traps: keys that nearly match, entries that barely decode.

use serde::{Deserialize, Serialize};
use wharf_e2e::random::Random;

/// Where images come from; nobody has them.
pub(super) const HOSTS: &[&str] = &[
    "reg.keyring.test",
    "us.keyring.test",
    "us.keyring.test:5000",
    "us.keyring.test:443",
    "a.us.keyring.test",
    "keyring.test",
    "US.keyring.test",
    "my_reg.keyring.test",
    "keyring:5000",
    "docker.io",
];

const PATHS: &[&str] = &[
    "app",
    "team/app",
    "teammate/app",
    "v2/app",
    "library/app",
    "a__b/c.d",
];

/// Names that are none.
const INVALID: &[&str] = &[
    "reg.keyring.test/App",
    "reg.keyring.test//app",
    "Keyring_x/app",
    "reg.keyring.test/app:.v1",
    "reg.keyring.test/app@sha256:0000",
    "reg.keyring.test/app@sha1:00000000000000000000000000000000",
    "reg.keyring.test/app@sha256:00000000000000000000000000000000",
    "https://reg.keyring.test/app",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// A Secret as it is created.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The key in `data`.
    pub(super) key: String,
    /// What is under it.
    pub(super) text: String,
}

/// A Pod: what it lists, the Secrets that there are, and its images.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) secrets: Vec<Secret>,
    pub(super) listed: Vec<String>,
    pub(super) images: Vec<String>,
}

/// Makes the case of this number, whose images no other case has.
pub(super) fn make(random: &mut Random, number: usize) -> Case {
    let mut chance = Chance { random, users: 0 };
    let images: Vec<_> = (0..3)
        .map(|place| chance.image(&format!("c{number}-{place}")))
        .collect();
    let count = 1 + chance.below(3);
    let secrets: Vec<_> = (0..count)
        .map(|place| chance.secret(format!("s{number}-{place}"), &images))
        .collect();
    let mut listed: Vec<_> = secrets.iter().map(|secret| secret.name.clone()).collect();
    if chance.once_in(8) {
        listed.push(format!("absent{number}"));
    }
    if chance.once_in(8) {
        listed.push(listed[0].clone());
    }
    if chance.once_in(20) {
        listed.insert(0, String::new());
    }
    if chance.once_in(3) {
        listed.reverse();
    }
    Case {
        secrets,
        listed,
        images,
    }
}

struct Chance<'a> {
    random: &'a mut Random,
    /// How many users there are: each entry has its own.
    users: usize,
}

impl Chance<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn image(&mut self, unique: &str) -> String {
        if self.once_in(25) {
            return self.one(INVALID).to_owned();
        }
        let (host, path) = (self.one(HOSTS), self.one(PATHS));
        let tag = self.one(&["", "", ":v1", ":5000"]);
        match (host, self.below(4)) {
            ("docker.io", 0) => format!("{unique}{tag}"),
            ("docker.io", 1) => format!("team/{unique}{tag}"),
            ("docker.io", 2) => format!("index.docker.io/{path}/{unique}{tag}"),
            _ => format!("{host}/{path}/{unique}{tag}"),
        }
    }

    fn secret(&mut self, name: String, images: &[String]) -> Secret {
        let old = self.once_in(6);
        let (kind, key) = match old {
            true => ("kubernetes.io/dockercfg", ".dockercfg"),
            false => ("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
        };
        let kind = if self.once_in(20) { "Opaque" } else { kind };
        let entries = self.entries(images);
        let text = match (old, self.below(40)) {
            (true, _) | (false, 0) => entries,
            (false, 1) => self
                .one(&[
                    "{}",
                    "null",
                    r#"{"auths":null}"#,
                    r#"{"auths":["x"]}"#,
                    r#"{"auths":"x"}"#,
                    r#"{"auths":5}"#,
                ])
                .to_owned(),
            (false, 2) => format!(r#"{{"auths":{entries},"auths":{}}}"#, self.entries(images)),
            (false, 3) => format!(r#"{{"auths":{entries},"AUTHS":null}}"#),
            (false, 4) => format!(r#"{{"HttpHeaders":{{"a":5}},"auths":{entries}}}"#),
            (false, 5) => {
                format!(r#"{{"Auths":{entries},"credsStore":"desktop","HttpHeaders":{{"a":"b"}}}}"#)
            }
            (false, _) => format!(r#"{{"auths":{entries}}}"#),
        };
        Secret {
            name,
            kind: kind.to_owned(),
            key: key.to_owned(),
            text,
        }
    }

    fn entries(&mut self, images: &[String]) -> String {
        let count = 1 + self.below(5);
        let entries: Vec<_> = (0..count)
            .map(|_| {
                let image = images[self.below(images.len())].clone();
                let key = serde_json::Value::from(self.key(&image));
                format!("{key}:{}", self.entry())
            })
            .collect();
        format!("{{{}}}", entries.join(","))
    }

    /// A key that has to do with an image, or nearly.
    fn key(&mut self, image: &str) -> String {
        let (host, path) = match image.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host != host.to_lowercase() => {
                (host, path)
            }
            _ => {
                return self
                    .one(&[
                        "docker.io",
                        "https://index.docker.io/v1/",
                        "index.docker.io",
                        "index.docker.io/v1",
                        "docker.io/library",
                        "registry-1.docker.io",
                        "*.io",
                        "docker.io/",
                    ])
                    .to_owned();
            }
        };
        let path = path.split([':', '@']).next().unwrap_or_default();
        let first = path.split('/').next().unwrap_or_default();
        let host = match self.below(12) {
            0 | 1 => self.glob(host),
            2 => format!("*.{host}"),
            3 => format!("{host}:443"),
            4 => host.split(':').next().unwrap_or_default().to_owned(),
            5 => host.to_uppercase(),
            6 => self.one(HOSTS).to_owned(),
            _ => host.to_owned(),
        };
        let half = path.get(..path.len() / 2).unwrap_or_default();
        let path = match self.below(18) {
            0 => format!("/{path}"),
            1 => format!("/{first}"),
            2 => format!("/{first}/"),
            3 => format!("/{half}"),
            4 => format!("/v2/{first}"),
            5 => format!("/v1/v2/{first}"),
            6 => self.one(&["/v2", "/v1", "/v2/", "/v1/", "/"]).to_owned(),
            7 => self
                .one(&[
                    "?x", "/?x", "#f", "/#%", "/%zz", "/%2F", "//", "/*", "/app:v1",
                ])
                .to_owned(),
            8 => format!(
                "/%{:02x}{}",
                path.as_bytes().first().unwrap_or(&b'a'),
                path.get(1..).unwrap_or_default()
            ),
            _ => String::new(),
        };
        let scheme = self.one(&["", "", "", "https://", "http://", "HTTPS://", "u:p@"]);
        format!("{scheme}{host}{path}")
    }

    /// A host with one label made a pattern.
    fn glob(&mut self, host: &str) -> String {
        let mut labels: Vec<_> = host.split('.').map(str::to_owned).collect();
        let place = self.below(labels.len());
        let label = labels[place].clone();
        labels[place] = match self.below(7) {
            0 => "*".to_owned(),
            1 => format!("{}*", label.get(..1).unwrap_or_default()),
            2 => format!("*{label}*"),
            3 => "**".to_owned(),
            4 => "[a-z]*".to_owned(),
            5 => format!("?{}", label.get(1..).unwrap_or_default()),
            _ => format!("{label}x"),
        };
        labels.join(".")
    }

    fn entry(&mut self) -> String {
        self.users += 1;
        let (user, password) = (format!("u{}", self.users), format!("p:{}", self.users));
        let pair = format!("{user}:{password}");
        let padded = base64(&pair);
        let bare = padded.trim_end_matches('=');
        match self.below(80) {
            0 => "null".to_owned(),
            1 => r#"{"identitytoken":"x"}"#.to_owned(),
            2 => self
                .one(&[
                    r#"{"auth":"!"}"#,
                    r#"{"auth":"dTpw ="}"#,
                    r#"{"auth":"dTpwcA="}"#,
                    r#"{"auth":"dTpw-A"}"#,
                    r#"{"auth":"dTpwY"}"#,
                ])
                .to_owned(),
            3 => self
                .one(&[
                    r#"{"auth":"dXA="}"#,
                    r#"{"username":5}"#,
                    r#"{"auth":{}}"#,
                    r#""x""#,
                    "[]",
                    r#"{"password":true}"#,
                ])
                .to_owned(),
            4..8 => format!(r#"{{"auth":"{bare}"}}"#),
            8..11 => format!(r#"{{"auth":"{}\n{}\n"}}"#, &padded[..4], &padded[4..]),
            11..16 => format!(r#"{{"username":"x","password":"y","auth":"{padded}"}}"#),
            16..19 => format!(r#"{{"UserName":"{user}","paſſword":"{password}","auth":""}}"#),
            19..22 => format!(
                r#"{{"username":"x","username":"{user}","password":"{password}","password":null}}"#
            ),
            22..24 => format!(r#"{{"Auth":"{padded}","email":null}}"#),
            24..34 => format!(r#"{{"auth":"{padded}"}}"#),
            _ => format!(r#"{{"username":"{user}","password":"{password}","email":"a@b"}}"#),
        }
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}
