//! Objects (Cloud Storage JSON API v1, `objects`): listed and read. They come and go by the registry protocol.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wharf_app::registry::blobs::BlobContent;
use wharf_app::registry::objects::{ObjectQuery, StoredObject};
use wharf_app::{Error, Missing};
use wharf_types::Etag;
use wharf_types::wire::storage::{Object, Objects};

use super::buckets;
use super::call::{Answer, Call};
use super::page::Page;
use super::refusal::Refusal;
use crate::content::{self, Part};

const GENERATION: HeaderName = HeaderName::from_static("x-goog-generation");
const METAGENERATION: HeaderName = HeaderName::from_static("x-goog-metageneration");
const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-goog-storage-class");
const STORED_LENGTH: HeaderName = HeaderName::from_static("x-goog-stored-content-length");
const STORED_ENCODING: HeaderName = HeaderName::from_static("x-goog-stored-content-encoding");

/// What stays as it is in a name that is one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `GET b/B/o`
pub(super) async fn list(call: &Call, bucket: &str) -> Answer {
    let bucket = buckets::name(bucket)?;
    if call.query.get("matchGlob").is_some() {
        return Err(Refusal::field(
            "matchGlob",
            "this is not offered: list with prefix and delimiter, and match the names that come",
        ));
    }
    let page = Page::new(
        call.query.number("maxResults")?,
        call.query.get("pageToken"),
    )?;
    let text = |name| call.query.get(name).map(ToOwned::to_owned);
    let start = text("startOffset").unwrap_or_default();
    let query = ObjectQuery {
        prefix: text("prefix").unwrap_or_default(),
        delimiter: text("delimiter"),
        has_trailing_delimiter: call.query.is_set("includeTrailingDelimiter")?,
        start: page.after.map_or(start.clone(), |after| after.max(start)),
        end: text("endOffset"),
        limit: page.size,
    };
    // Nothing is kept after it was deleted.
    if call.query.is_set("softDeleted")? {
        call.app.get_bucket(&call.caller, &bucket).await?;
        return call.answer(&Objects {
            kind: "storage#objects".to_owned(),
            ..Objects::default()
        });
    }
    let page = call.app.list_objects(&call.caller, &bucket, query).await?;
    call.answer(&Objects {
        kind: "storage#objects".to_owned(),
        items: page
            .objects
            .iter()
            .map(|object| shown(call, object))
            .collect(),
        prefixes: page.prefixes,
        next_page_token: page.next.as_deref().map(Page::token),
    })
}

/// `GET b/B/o/O`: what is known of an object, or with `alt=media` its content.
pub(super) async fn get(call: &Call, bucket: &str, name: &str) -> Answer {
    let bucket = buckets::name(bucket)?;
    if call.query.get("alt") == Some("media") {
        let (object, content) = call.app.open_object(&call.caller, &bucket, name).await?;
        return match check(call, &object)? {
            Some(not_modified) => Ok(not_modified),
            None => download(call, &object, content),
        };
    }
    let object = call.app.get_object(&call.caller, &bucket, name).await?;
    match check(call, &object)? {
        Some(not_modified) => Ok(not_modified),
        None => call.answer(&shown(call, &object)),
    }
}

/// Checks what the request says of the state that it wants; answers it if that is known to the client already.
fn check(call: &Call, object: &StoredObject) -> Result<Option<Response>, Refusal> {
    let (generation, metageneration) = (object.generation(), 1);
    if let Some(wanted) = call.query.number("generation")?
        && wanted != generation
    {
        let name = format!("{}/{}#{wanted}", object.bucket, object.name);
        return Err(Error::not_found(Missing::Object, name).into());
    }
    let etag = etag(object)?;
    let mut is_other = false;
    let mut is_known = content::is_named(&call.headers, &header::IF_NONE_MATCH, &etag);
    for (wanted, unwanted, now) in [
        ("ifGenerationMatch", "ifGenerationNotMatch", generation),
        (
            "ifMetagenerationMatch",
            "ifMetagenerationNotMatch",
            metageneration,
        ),
    ] {
        is_other |= call
            .query
            .number(wanted)?
            .is_some_and(|wanted| wanted != now);
        is_known |= call.query.number(unwanted)? == Some(now);
    }
    is_other |= call.headers.contains_key(header::IF_MATCH)
        && !content::is_named(&call.headers, &header::IF_MATCH, &etag);
    if is_other {
        let what = format!("object {}/{}", object.bucket, object.name);
        return Err(Error::Conflict(what).into());
    }
    Ok(is_known.then(|| (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response()))
}

fn download(call: &Call, object: &StoredObject, content: BlobContent) -> Answer {
    let etag = etag(object)?;
    let part = Part::wanted(&call.headers, &etag, object.size)?;
    let body = match call.method {
        Method::HEAD => Body::empty(),
        _ => content::body(content, part, call.outlet.as_ref()),
    };
    let mut response = part.response(body)?;
    let content_type = HeaderValue::try_from(&object.content_type).map_err(Error::internal)?;
    let modified = object.created_at.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let modified = HeaderValue::try_from(modified.to_string()).map_err(Error::internal)?;
    let headers: HeaderMap = [
        (header::CONTENT_TYPE, content_type),
        (header::ETAG, etag),
        (header::LAST_MODIFIED, modified),
        // What may be read is decided anew each time.
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=0"),
        ),
        (GENERATION, object.generation().into()),
        (METAGENERATION, 1.into()),
        (STORAGE_CLASS, HeaderValue::from_static("STANDARD")),
        (STORED_LENGTH, object.size.into()),
        (STORED_ENCODING, HeaderValue::from_static("identity")),
    ]
    .into_iter()
    .collect();
    response.headers_mut().extend(headers);
    Ok(response)
}

fn etag(object: &StoredObject) -> Result<HeaderValue, Error> {
    let etag = Etag::of_generation(object.generation());
    let text = serde_json::to_string(&etag).map_err(Error::internal)?;
    // Base64 in quotes: in a header as in JSON.
    HeaderValue::try_from(text).map_err(Error::internal)
}

fn shown(call: &Call, object: &StoredObject) -> Object {
    let (bucket, generation) = (object.bucket.to_string(), object.generation());
    let base = &call.caller.origin.base_url;
    let path = format!(
        "storage/v1/b/{bucket}/o/{}",
        utf8_percent_encode(&object.name, SEGMENT)
    );
    Object {
        kind: "storage#object".to_owned(),
        id: format!("{bucket}/{}/{generation}", object.name),
        self_link: format!("{base}/{path}"),
        media_link: format!("{base}/download/{path}?generation={generation}&alt=media"),
        name: object.name.clone(),
        bucket,
        generation: u64::try_from(generation).unwrap_or_default(),
        metageneration: 1,
        content_type: object.content_type.clone(),
        storage_class: "STANDARD".to_owned(),
        size: object.size,
        etag: Some(Etag::of_generation(generation)),
        time_created: Some(object.created_at),
        updated: Some(object.created_at),
        metadata: [(object.digest.algorithm().to_string(), object.digest.hex())].into(),
    }
}
