//! `/v2/`, the manifest, and the platforms that it has.

use http::{HeaderName, Method};
use serde::Deserialize;
use url::Url;
use wharf_types::text::shorten;

use super::challenge::{self, Challenge};
use super::http::{Answer, Authorization, Http};
use super::token;
use crate::Image;
use crate::doctor::observation::{Obstacle, Reached};
use crate::keyring::Offer;

/// Everything that a runtime takes.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, */*";
const ANYTHING: &str = "*/*";
const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// One pull.
struct Pull<'a> {
    http: &'a Http,
    /// The registry's root.
    registry: &'a Url,
    image: &'a Image,
    credential: Option<&'a Offer>,
}

/// Tries a pull, up to the manifest: no layer is fetched.
pub(super) async fn pull(
    http: &Http,
    registry: &Url,
    image: &Image,
    credential: Option<&Offer>,
) -> Result<Reached, Obstacle> {
    let pull = Pull {
        http,
        registry,
        image,
        credential,
    };
    let challenges = pull.ping().await?;
    let url = pull.url(&["manifests", image.reference()]);
    let (authorization, head) = pull.enter(&url, &challenges).await?;
    let get = pull
        .ask(Method::GET, &url, MANIFESTS, authorization.as_ref())
        .await?;
    // A refused HEAD has no words; the GET that follows has.
    judge(&get)?;
    if get.is_html() {
        return Err(no_registry("its manifest is a page for people"));
    }
    let digest = get.header(&DIGEST).or(head.header(&DIGEST));
    let digest = digest.or(image.digest()).map(shorten);
    Ok(Reached {
        digest: digest.unwrap_or_default(),
        platforms: pull.platforms(&get.body, authorization.as_ref()).await,
    })
}

impl Pull<'_> {
    fn url(&self, behind: &[&str]) -> Url {
        let mut url = self.registry.clone();
        // Only URLs without a host have no segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear()
                .push("v2")
                .extend(self.image.path().split('/'))
                .extend(behind);
        }
        url
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        accept: &str,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, Obstacle> {
        let answer = self.http.ask(method, url, accept, authorization).await;
        answer.map_err(|text| Obstacle::Unreachable { text })
    }

    /// Whether a registry answers at all, and what it asks for.
    async fn ping(&self) -> Result<Vec<Challenge>, Obstacle> {
        let mut url = self.registry.clone();
        url.set_path("/v2/");
        let answer = self.ask(Method::GET, &url, ANYTHING, None).await?;
        match answer.status.as_u16() {
            200 if answer.is_html() => Err(no_registry("/v2/ is a page for people")),
            404 if answer.words().code.is_empty() => Err(no_registry("404 for /v2/")),
            429 | 500.. => Err(refusal(&answer)),
            _ => Ok(challenge::challenges(&answer.headers)),
        }
    }

    /// Asks for the manifest; where that needs it, once more with a token or the credential.
    async fn enter(
        &self,
        url: &Url,
        of_ping: &[Challenge],
    ) -> Result<(Option<Authorization>, Answer), Obstacle> {
        let head = self.ask(Method::HEAD, url, MANIFESTS, None).await?;
        // What the place at the end of a redirect asks for is not given.
        if head.status.as_u16() != 401 || head.is_redirected {
            return Ok((None, head));
        }
        let own = challenge::challenges(&head.headers);
        let challenges = if own.is_empty() { of_ping } else { &own };
        let Some(authorization) = self.authorize(challenges).await? else {
            return Ok((None, head));
        };
        let head = self
            .ask(Method::HEAD, url, MANIFESTS, Some(&authorization))
            .await?;
        Ok((Some(authorization), head))
    }

    /// What the first challenge that can be met gives.
    async fn authorize(&self, challenges: &[Challenge]) -> Result<Option<Authorization>, Obstacle> {
        for challenge in challenges {
            match (challenge.scheme.as_str(), self.credential) {
                ("bearer", credential) => {
                    let path = self.image.path();
                    let token =
                        token::fetch(self.http, self.registry, challenge, path, credential).await?;
                    return Ok(Some(Authorization::Bearer(token)));
                }
                ("basic", Some(offer)) => {
                    return Ok(Some(Authorization::Basic {
                        username: offer.username.clone(),
                        password: offer.password.clone(),
                    }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The platforms of an index, or of a manifest's config. Empty: not known.
    async fn platforms(
        &self,
        manifest: &[u8],
        authorization: Option<&Authorization>,
    ) -> Vec<String> {
        let Ok(manifest) = serde_json::from_slice::<Manifest>(manifest) else {
            return Vec::new();
        };
        if let Some(children) = manifest.manifests {
            let platforms = children.into_iter().filter_map(|child| child.platform);
            // Attestations are for no platform, and say so.
            let known = platforms.filter(|platform| platform.architecture != "unknown");
            return known.filter_map(|platform| platform.text()).collect();
        }
        let Some(config) = manifest.config else {
            return Vec::new();
        };
        let url = self.url(&["blobs", &config.digest]);
        let answer = self
            .http
            .ask(Method::GET, &url, ANYTHING, authorization)
            .await;
        let platform = answer
            .ok()
            .filter(|answer| answer.status.is_success())
            .and_then(|answer| serde_json::from_slice::<Platform>(&answer.body).ok());
        platform.and_then(|p| p.text()).into_iter().collect()
    }
}

#[derive(Deserialize)]
struct Manifest {
    manifests: Option<Vec<Child>>,
    config: Option<Config>,
}

#[derive(Deserialize)]
struct Child {
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Config {
    digest: String,
}

/// Of an index's child, and the same words in an image's config.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

impl Platform {
    fn text(&self) -> Option<String> {
        let Self {
            os,
            architecture,
            variant,
        } = self;
        if os.is_empty() || architecture.is_empty() {
            return None;
        }
        Some(shorten(&match variant.as_str() {
            "" => format!("{os}/{architecture}"),
            variant => format!("{os}/{architecture}/{variant}"),
        }))
    }
}

fn no_registry(text: impl Into<String>) -> Obstacle {
    Obstacle::NotARegistry { text: text.into() }
}

fn judge(answer: &Answer) -> Result<(), Obstacle> {
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(refusal(answer)),
    }
}

/// What a registry refuses.
fn refusal(answer: &Answer) -> Obstacle {
    let status = answer.status.as_u16();
    let words = answer.words();
    let (code, message) = (words.code, words.message);
    match status {
        401 | 403 => Obstacle::Denied {
            status,
            code,
            message,
        },
        404 => Obstacle::NotFound { code, message },
        429 => Obstacle::RateLimited {
            retry_after: answer.retry_after(),
            message,
        },
        500.. => Obstacle::Failing { status, message },
        _ => no_registry(format!("{status} for the manifest")),
    }
}
