//! The token endpoint, asked as containerd asks it (`remotes/docker/auth/fetch.go`).

use http::Method;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use wharf_types::text::shorten;

use super::challenge::Challenge;
use super::door::is_this_machine;
use super::http::{Answer, Http};
use crate::doctor::observation::Obstacle;
use crate::keyring::Offer;

/// What containerd calls itself there.
const CLIENT_ID: &str = "containerd-client";

/// What is asked for.
struct Question<'a> {
    realm: Url,
    service: Option<&'a str>,
    scopes: Vec<String>,
}

/// A token for pulling `path`; that of somebody unknown without a credential. `registry` is who named the endpoint.
pub(super) async fn fetch(
    http: &Http,
    registry: &Url,
    challenge: &Challenge,
    path: &str,
    credential: Option<&Offer>,
) -> Result<SecretString, Obstacle> {
    let question = Question::of(challenge, path)?;
    let answer = match credential {
        Some(offer) => {
            question.may_carry_credential(registry)?;
            question.ask_with(http, offer).await?
        }
        None => question.send(http, question.get(http)).await?,
    };
    question.read(&answer)
}

impl<'a> Question<'a> {
    fn of(challenge: &'a Challenge, path: &str) -> Result<Self, Obstacle> {
        let realm = challenge.parameters.get("realm").map(String::as_str);
        let realm = realm.unwrap_or_default();
        let url = Url::parse(realm)
            .ok()
            .filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
            .ok_or_else(|| Obstacle::Realm {
                realm: shorten(realm),
                text: "it is not a URL of a token endpoint".to_owned(),
            })?;
        let mut scopes = vec![format!("repository:{path}:pull")];
        let asked = challenge.parameters.get("scope").map(String::as_str);
        for scope in asked.unwrap_or_default().split_ascii_whitespace() {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(Self {
            realm: url,
            service: challenge.parameters.get("service").map(String::as_str),
            scopes,
        })
    }

    fn unusable(&self, text: impl Into<String>) -> Obstacle {
        Obstacle::Realm {
            realm: shorten(self.realm.as_str()),
            text: text.into(),
        }
    }

    /// A credential goes nowhere over plain HTTP, save within this machine when the registry is there, too.
    fn may_carry_credential(&self, registry: &Url) -> Result<(), Obstacle> {
        let is_secure = self.realm.scheme() == "https";
        let stays_here = registry.scheme() == "http" && is_this_machine(&self.realm);
        if is_secure || stays_here {
            Ok(())
        } else {
            Err(self.unusable("it is plain HTTP, where the doctor sends no credential"))
        }
    }

    fn get(&self, http: &Http) -> RequestBuilder {
        let mut url = self.realm.clone();
        let mut query = url.query_pairs_mut();
        if let Some(service) = self.service {
            query.append_pair("service", service);
        }
        for scope in &self.scopes {
            query.append_pair("scope", scope);
        }
        drop(query);
        http.request(Method::GET, url)
    }

    /// The password grant first, then Basic where that is not known.
    async fn ask_with(&self, http: &Http, offer: &Offer) -> Result<Answer, Obstacle> {
        let scopes = self.scopes.join(" ");
        let form = [
            ("grant_type", "password"),
            ("client_id", CLIENT_ID),
            ("service", self.service.unwrap_or_default()),
            ("scope", &scopes),
            ("username", &offer.username),
            ("password", offer.password.expose_secret()),
        ];
        let post = http.request(Method::POST, self.realm.clone()).form(&form);
        let answer = self.send(http, post).await?;
        if !matches!(answer.status.as_u16(), 400 | 401 | 404 | 405) {
            return Ok(answer);
        }
        let get = self
            .get(http)
            .basic_auth(&offer.username, Some(offer.password.expose_secret()));
        self.send(http, get).await
    }

    async fn send(&self, http: &Http, request: RequestBuilder) -> Result<Answer, Obstacle> {
        let answer = http.send(request).await;
        answer.map_err(|text| self.unusable(text))
    }

    fn read(&self, answer: &Answer) -> Result<SecretString, Obstacle> {
        #[derive(Deserialize)]
        struct Given {
            token: Option<SecretString>,
            access_token: Option<SecretString>,
        }
        if let Some(to) = answer.redirects_to(&self.realm) {
            let to = shorten(to.as_str());
            return Err(self.unusable(format!(
                "it redirects to {to}, where the doctor sends no credential"
            )));
        }
        if answer.status.as_u16() == 429 {
            return Err(Obstacle::RateLimited {
                retry_after: answer.retry_after(),
                message: answer.words().message,
            });
        }
        if !answer.status.is_success() {
            return Err(Obstacle::Token {
                status: answer.status.as_u16(),
                message: answer.words().message,
            });
        }
        let given: Given = serde_json::from_slice(&answer.body)
            .map_err(|_| self.unusable("its answer is not the JSON of a token"))?;
        given
            .token
            .filter(|token| !token.expose_secret().is_empty())
            .or(given.access_token)
            .ok_or_else(|| self.unusable("its answer has no token"))
    }
}
