//! Manifests: pull, push, delete (distribution-spec, "Pulling manifests", "Pushing manifests", "Deleting").

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, StatusCode, header};
use wharf_app::Error;
use wharf_app::registry::pull::Manifest;
use wharf_app::registry::push::ManifestPush;
use wharf_types::error::OciCode;
use wharf_types::{Reference, RepositoryName, Tag, limits};

use super::call::{Call, DOCKER_CONTENT_DIGEST, digest_value, empty, value};
use crate::body::read_whole;
use crate::error;

const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// `GET`. Whatever `Accept` says, the answer is what was pushed.
pub(super) async fn get(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Response, Error> {
    let repository = call.repository(name);
    let manifest = call
        .app
        .get_manifest(call.caller, &repository, reference)
        .await?;
    answer(call, &manifest, Body::from(manifest.content.clone()))
}

/// `HEAD`
pub(super) async fn head(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Response, Error> {
    let repository = call.repository(name);
    let manifest = call
        .app
        .stat_manifest(call.caller, &repository, reference)
        .await?;
    answer(call, &manifest, Body::empty())
}

fn answer(call: &Call<'_>, manifest: &Manifest, body: Body) -> Result<Response, Error> {
    let digest = digest_value(&manifest.digest)?;
    let etag = value(format!("\"{}\"", manifest.digest))?;
    if call.is_cached(&etag) {
        return Ok(empty(
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, etag), (DOCKER_CONTENT_DIGEST, digest)],
        ));
    }
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value(&*manifest.media_type)?);
    headers.insert(header::CONTENT_LENGTH, manifest.content.len().into());
    headers.insert(DOCKER_CONTENT_DIGEST, digest);
    headers.insert(header::ETAG, etag);
    Ok(response)
}

/// `PUT`
pub(super) async fn put(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
    body: Body,
) -> Result<Response, Error> {
    let tags = match tags(call, reference)? {
        Some(tags) => tags,
        None => {
            return Ok(error::oci_body(
                StatusCode::URI_TOO_LONG,
                OciCode::Unsupported,
                &format!("a push may set up to {} tags", limits::TAG_PARAMETERS_MAX),
            ));
        }
    };
    let push = ManifestPush {
        reference: reference.clone(),
        tags,
        media_type: call.header(header::CONTENT_TYPE).map(str::to_owned),
        content: read_whole(body, "the manifest", limits::MANIFEST_SIZE_MAX).await?,
    };
    let pushed = call
        .app
        .put_manifest(call.caller, &call.repository(name), push)
        .await?;
    let mut response = empty(
        StatusCode::CREATED,
        [
            (
                header::LOCATION,
                value(format!("/v2/{name}/manifests/{}", pushed.digest))?,
            ),
            (DOCKER_CONTENT_DIGEST, digest_value(&pushed.digest)?),
        ],
    );
    if let Some(subject) = &pushed.subject {
        response
            .headers_mut()
            .insert(OCI_SUBJECT, digest_value(subject)?);
    }
    for tag in &pushed.tags {
        response.headers_mut().append(OCI_TAG, value(tag.as_str())?);
    }
    Ok(response)
}

/// The `tag` parameters of a push by digest; `None` when they are too many.
fn tags(call: &Call<'_>, reference: &Reference) -> Result<Option<Vec<Tag>>, Error> {
    let tags = call
        .query
        .all("tag")
        .map(|tag| {
            Tag::parse(tag)
                .map_err(|error| Error::invalid(OciCode::ManifestInvalid, error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if !tags.is_empty() && matches!(reference, Reference::Tag(_)) {
        return Err(Error::invalid(
            OciCode::ManifestInvalid,
            "tag parameters go with a push by digest: the path names a tag already",
        ));
    }
    Ok((tags.len() <= limits::TAG_PARAMETERS_MAX).then_some(tags))
}

/// `DELETE`
pub(super) async fn delete(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Response, Error> {
    let repository = call.repository(name);
    call.app
        .delete_manifest(call.caller, &repository, reference)
        .await?;
    Ok(empty(StatusCode::ACCEPTED, []))
}
