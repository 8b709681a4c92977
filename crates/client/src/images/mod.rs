//! Images, over the registry protocol with Google's `tags/list`.

mod host;
mod manifest;
mod name;

use std::collections::{BTreeMap, VecDeque};

use http::{Method, header};
use secrecy::{ExposeSecret as _, SecretString};
use wharf_types::scope::Actions;
use wharf_types::wire::oci::{ManifestEntry, TagList};
use wharf_types::{Digest, Reference, Tag, limits, media};

pub use manifest::{Content, Descriptor, Manifest, Platform};
pub use name::{Folder, ImageName, ImageNameError};

use crate::error::Error;
use crate::transport::Answer;
use crate::{Client, Endpoint};

/// Every media type of a manifest that this registry stores.
const ACCEPT: [&str; 4] = [
    media::OCI_INDEX,
    media::DOCKER_LIST,
    media::OCI_MANIFEST,
    media::DOCKER_MANIFEST,
];

/// One repository or folder of a registry, opened for some actions.
pub struct Repository<'a> {
    client: &'a Client,
    at: Endpoint,
    path: String,
    token: SecretString,
}

/// What is in a folder: one level of Google's `tags/list`, all its pages.
#[derive(Debug, Default)]
pub struct Listing {
    /// Tags in byte order.
    pub tags: Vec<String>,
    /// Names of the next segment below.
    pub children: Vec<String>,
    /// Manifests by digest.
    pub manifests: BTreeMap<String, ManifestEntry>,
}

impl Client {
    /// Opens the repository of an image.
    pub async fn open_repository(
        &self,
        image: &ImageName,
        actions: Actions,
    ) -> Result<Repository<'_>, Error> {
        self.open(&image.host, image.repository.to_string(), actions)
            .await
    }

    async fn open(
        &self,
        host: &str,
        path: String,
        actions: Actions,
    ) -> Result<Repository<'_>, Error> {
        let at = self.endpoint.of_registry_host(host);
        let at = at.map_err(|error| Error::Setup(error.to_string()))?;
        let scope = format!("repository:{path}:{actions}");
        let token = self.registry_token(&at, &scope).await?;
        Ok(Repository {
            client: self,
            at,
            path,
            token,
        })
    }

    /// The images directly in a folder, or at any depth below it, in order of name: `HOST/PROJECT/IMAGE`.
    pub async fn list_images(
        &self,
        folder: &Folder,
        recursive: bool,
    ) -> Result<Vec<String>, Error> {
        let mut images = Vec::new();
        let mut open = VecDeque::from([folder.path()]);
        while let Some(path) = open.pop_front() {
            let repository = self.open(&folder.host, path.clone(), Actions::PULL).await?;
            let listing = repository.list().await?;
            let is_below = path != folder.path();
            if recursive && is_below && !listing.manifests.is_empty() {
                images.push(format!("{}/{path}", folder.host));
            }
            for child in listing.children {
                let path = format!("{path}/{child}");
                if recursive {
                    open.push_back(path);
                } else {
                    images.push(format!("{}/{path}", folder.host));
                }
            }
        }
        images.sort();
        Ok(images)
    }
}

impl Repository<'_> {
    /// Its tags, manifests and children.
    pub async fn list(&self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut last: Option<String> = None;
        loop {
            let mut query = vec![("n", limits::PAGE_SIZE_MAX.to_string())];
            query.extend(last.map(|last| ("last", last)));
            let answer = self
                .send(Method::GET, &["tags", "list"], &query, None)
                .await?;
            last = next_page(answer.header(header::LINK.as_str()));
            let page: TagList = answer.json()?;
            listing.tags.extend(page.tags);
            listing.children.extend(page.child.unwrap_or_default());
            listing.manifests.extend(page.manifest.unwrap_or_default());
            if last.is_none() {
                listing.tags.dedup();
                listing.children.sort();
                listing.children.dedup();
                return Ok(listing);
            }
        }
    }

    /// Reads a manifest, and checks that it has the digest that it goes by.
    pub async fn manifest(&self, reference: &Reference) -> Result<Manifest, Error> {
        let reference = reference.to_string();
        let path = ["manifests", reference.as_str()];
        let answer = self.send(Method::GET, &path, &[], None).await?.ok()?;
        let named = match Reference::parse(&reference) {
            Ok(Reference::Digest(digest)) => Some(digest),
            _ => answer
                .header("docker-content-digest")
                .and_then(|digest| Digest::parse(digest).ok()),
        };
        let digest = named.ok_or_else(|| Error::Unexpected {
            endpoint: self.at.clone(),
            reason: "it sent a manifest without a Docker-Content-Digest".to_owned(),
        })?;
        if !manifest::has_digest(&answer.body, &digest) {
            return Err(Error::DigestMismatch {
                endpoint: self.at.clone(),
                digest: Box::new(digest),
            });
        }
        let media_type = answer.header(header::CONTENT_TYPE.as_str());
        Ok(Manifest {
            digest,
            media_type: media::without_parameters(media_type.unwrap_or_default()),
            bytes: answer.body,
        })
    }

    /// Gives a manifest that is in this repository another tag, which moves if it is there already.
    pub async fn tag(&self, manifest: &Manifest, tag: &Tag) -> Result<(), Error> {
        let body = (manifest.media_type.as_str(), manifest.bytes.clone());
        let path = ["manifests", tag.as_str()];
        let answer = self.send(Method::PUT, &path, &[], Some(body)).await?;
        answer.ok().map(|_| ())
    }

    /// Deletes a tag, which leaves the manifest, or a manifest.
    pub async fn delete(&self, reference: &Reference) -> Result<(), Error> {
        let reference = reference.to_string();
        let path = ["manifests", reference.as_str()];
        let answer = self.send(Method::DELETE, &path, &[], None).await?;
        answer.ok().map(|_| ())
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Answer, Error> {
        let name = self.path.split('/');
        let path = ["v2"].into_iter().chain(name).chain(path.iter().copied());
        let mut url = self.at.join(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let http = &self.client.http;
        let mut request = http
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            .header(header::ACCEPT, ACCEPT.join(", "));
        if let Some((media_type, body)) = body {
            request = request.header(header::CONTENT_TYPE, media_type).body(body);
        }
        http.send(&self.at, request).await
    }
}

/// The `last` of the page that follows (`Link: <…?last=X&n=N>; rel="next"`). Only that is taken from the link: the
/// rest is known, so a link cannot lead elsewhere.
fn next_page(link: Option<&str>) -> Option<String> {
    let target = link?.trim().strip_prefix('<')?;
    let (target, parameters) = target.split_once('>')?;
    if !parameters.contains("next") {
        return None;
    }
    let (_, query) = target.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "last")
        .map(|(_, last)| last.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_name_is_taken_from_a_link() {
        for (link, last) in [
            (
                r#"</v2/my-project/a/tags/list?last=v1&n=2>; rel="next""#,
                Some("v1"),
            ),
            (
                r#"<https://elsewhere.example.com/?n=2&last=a%2Bb>; rel="next""#,
                Some("a+b"),
            ),
            (r#"</v2/x/tags/list?n=2>; rel="next""#, None),
            (r#"</v2/x/tags/list?last=v1>; rel="prev""#, None),
            ("", None),
            ("<", None),
        ] {
            assert_eq!(next_page(Some(link)).as_deref(), last, "{link}");
        }
        assert_eq!(next_page(None), None);
    }
}
