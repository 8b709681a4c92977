//! Lists: tags, referrers, repositories (distribution-spec, "Content Discovery"; GCR's extension of `tags/list`).

use std::collections::BTreeMap;

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use wharf_app::Error;
use wharf_app::registry::list::{Folder, FolderManifest};
use wharf_app::registry::referrers::Referrer;
use wharf_types::error::OciCode;
use wharf_types::wire::oci::{Catalog, Descriptor, Index, ManifestEntry, TagList};
use wharf_types::{Digest, ImagePath, ProjectId, RepositoryName, limits, media};

use super::call::Call;
use crate::error::json;

const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// `GET NAME/tags/list`. Who asks for all of it gets Google's `child` and `manifest` too; who asks for a page gets tags
/// alone, so that a page costs what a page holds. A page of the default size or more is a way to ask for all: Google's Go
/// library sends `n=1000` to hosts that are not Google's, and expects the same answer.
pub(super) async fn tags(
    call: &Call<'_>,
    project: &ProjectId,
    image: Option<&ImagePath>,
) -> Result<Response, Error> {
    let size = call.page_size()?;
    let last = call.query.get("last");
    let wants_all = last.is_none() && size.is_none_or(|size| size >= limits::PAGE_SIZE_DEFAULT);
    let size = size.unwrap_or(limits::PAGE_SIZE_DEFAULT);
    let name = match image {
        Some(image) => format!("{}/{image}", project.image_prefix()),
        None => project.image_prefix(),
    };
    let (list, next) = match image {
        Some(image) if !wants_all => {
            let repository = call.repository(&RepositoryName {
                project: project.clone(),
                image: image.clone(),
            });
            let page = call
                .app
                .list_tags(call.caller, &repository, last, size)
                .await?;
            let list = TagList {
                name: name.clone(),
                tags: page.items.iter().map(ToString::to_string).collect(),
                child: None,
                manifest: None,
            };
            (list, page.next)
        }
        _ => {
            let location = call.location.as_ref();
            let folder = call
                .app
                .list_folder(call.caller, location, project, image)
                .await?;
            tags_of(name.clone(), folder, size)
        }
    };
    let mut response = json(StatusCode::OK, &list);
    // A page of none has no next one.
    if let Some(last) = next.filter(|_| size > 0) {
        let link = call.next_page(&format!("/v2/{name}/tags/list"), &last)?;
        response.headers_mut().extend([link]);
    }
    Ok(response)
}

fn tags_of(name: String, folder: Folder, size: usize) -> (TagList, Option<String>) {
    let is_cut = folder.tags.len() > size;
    let tags: Vec<_> = folder
        .tags
        .iter()
        .take(size)
        .map(ToString::to_string)
        .collect();
    let next = tags.last().filter(|_| is_cut).cloned();
    let manifests = folder.manifests.into_iter();
    let list = TagList {
        name,
        tags,
        child: Some(folder.children),
        manifest: Some(
            manifests
                .map(|(digest, manifest)| (digest.to_string(), manifest_entry(manifest)))
                .collect::<BTreeMap<_, _>>(),
        ),
    };
    (list, next)
}

fn manifest_entry(manifest: FolderManifest) -> ManifestEntry {
    let built_at = manifest.built_at.map_or(0, jiff::Timestamp::as_millisecond);
    ManifestEntry {
        image_size_bytes: manifest.image_size.to_string(),
        layer_id: String::new(),
        media_type: manifest.media_type,
        tag: manifest.tags.iter().map(ToString::to_string).collect(),
        time_created_ms: built_at.to_string(),
        time_uploaded_ms: manifest.pushed_at.as_millisecond().to_string(),
    }
}

/// `GET _catalog`: the repositories that the caller may list.
pub(super) async fn catalog(call: &Call<'_>) -> Result<Response, Error> {
    let size = call.page_size()?.unwrap_or(limits::PAGE_SIZE_DEFAULT);
    let last = call.query.get("last");
    let location = call.location.as_ref();
    let page = call
        .app
        .list_repositories(call.caller, location, last, size)
        .await?;
    let list = Catalog {
        repositories: page.items.iter().map(ToString::to_string).collect(),
    };
    let mut response = json(StatusCode::OK, &list);
    if let Some(last) = page.next.filter(|_| size > 0) {
        response
            .headers_mut()
            .extend([call.next_page("/v2/_catalog", &last)?]);
    }
    Ok(response)
}

/// `GET NAME/referrers/DIGEST`: an index of them, empty for a subject that nobody refers to.
pub(super) async fn referrers(
    call: &Call<'_>,
    name: &RepositoryName,
    subject: &Digest,
) -> Result<Response, Error> {
    let artifact_type = call.query.get("artifactType");
    let last = call.query.get("last").map(Digest::parse).transpose();
    let last = last.map_err(|error| Error::invalid(OciCode::DigestInvalid, error.to_string()))?;
    let repository = call.repository(name);
    let page = call
        .app
        .list_referrers(
            call.caller,
            &repository,
            subject,
            artifact_type,
            last.as_ref(),
        )
        .await?;
    let index = Index {
        schema_version: 2,
        media_type: media::OCI_INDEX.to_owned(),
        manifests: page.items.into_iter().map(descriptor).collect(),
    };
    let mut response = json(StatusCode::OK, &index);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media::OCI_INDEX),
    );
    if artifact_type.is_some() {
        headers.insert(
            OCI_FILTERS_APPLIED,
            HeaderValue::from_static("artifactType"),
        );
    }
    if let Some(last) = page.next {
        headers.extend([call.next_page(&format!("/v2/{name}/referrers/{subject}"), &last)?]);
    }
    Ok(response)
}

fn descriptor(referrer: Referrer) -> Descriptor {
    Descriptor {
        media_type: referrer.media_type,
        digest: referrer.digest,
        size: referrer.size,
        artifact_type: referrer.artifact_type,
        annotations: referrer.annotations,
    }
}
