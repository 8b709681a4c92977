//! Hosts of images: whether they are this registry's, and what a pull by one of them is decided on.

use http::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use wharf_types::scope::Actions;
use wharf_types::{Reference, Resource};

use super::ImageName;
use crate::Client;
use crate::error::Error;
use crate::token::registry_token;

impl Client {
    /// Whether a host of images is another name of this registry. What proves it is that the registry takes a token
    /// for its own that the host gives to anybody. Nobody's credential is sent to the host.
    pub async fn serves_host(&self, host: &str) -> Result<bool, Error> {
        if host.eq_ignore_ascii_case(&self.endpoint.authority()) {
            return Ok(true);
        }
        let at = self.endpoint.of_registry_host(host);
        let at = at.map_err(|error| Error::Setup(error.to_string()))?;
        let token = match registry_token(&self.http, None, &at, "").await {
            Ok(token) => token,
            // It answers, but gives no tokens as we do.
            Err(
                Error::Refused(_)
                | Error::Unauthenticated { .. }
                | Error::Unexpected { .. }
                | Error::Redirected { .. },
            ) => return Ok(false),
            Err(error) => return Err(error),
        };
        let url = self.endpoint.join(["v2", ""]);
        let request = self.http.request(Method::GET, url);
        let request = request.bearer_auth(token.expose_secret());
        let answer = self.http.send(&self.endpoint, request).await?;
        Ok(answer.status.is_success())
    }

    /// What the pull of an image is decided on, in the registry's own words: it names it where it refuses somebody
    /// without a credential. None: it refuses nobody.
    pub async fn resource_of_pull(
        &self,
        image: &ImageName,
        reference: &Reference,
    ) -> Result<Option<Resource>, Error> {
        let at = self.endpoint.of_registry_host(&image.host);
        let at = at.map_err(|error| Error::Setup(error.to_string()))?;
        let name = image.repository.to_string();
        let scope = format!("repository:{name}:{}", Actions::PULL);
        let token = registry_token(&self.http, None, &at, &scope).await?;
        let reference = reference.to_string();
        let path = ["v2"].into_iter().chain(name.split('/'));
        let url = at.join(path.chain(["manifests", &reference]));
        let request = self.http.request(Method::GET, url);
        let request = request.bearer_auth(token.expose_secret());
        let answer = self.http.send(&at, request).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        match answer.refusal().resource.map(|name| Resource::parse(&name)) {
            Some(Ok(resource)) => Ok(Some(resource)),
            _ => Err(Error::Unexpected {
                endpoint: at,
                reason: "its refusal does not name what it is about".to_owned(),
            }),
        }
    }
}
