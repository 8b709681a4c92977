//! Buckets (Cloud Storage JSON API v1, `buckets`).

use std::collections::BTreeMap;

use axum::response::IntoResponse as _;
use http::StatusCode;
use wharf_app::Error;
use wharf_app::registry::buckets::{Bucket, LabelChange};
use wharf_types::wire::storage::{
    Bucket as WireBucket, Buckets, IamConfiguration, ServiceAccount, Switch,
};
use wharf_types::{BucketName, Etag, ProjectId};

use super::call::{Answer, Call};
use super::page::Page;
use super::refusal::Refusal;

/// `GET b`
pub(super) async fn list(call: &Call) -> Answer {
    let page = Page::new(
        call.query.number("maxResults")?,
        call.query.get("pageToken"),
    )?;
    let project = project_parameter(call).await?;
    let mut buckets = call.app.list_buckets(&call.caller, &project).await?;
    if let Some(prefix) = call.query.get("prefix") {
        buckets.retain(|bucket| bucket.name.to_string().starts_with(prefix));
    }
    let (buckets, next_page_token) = page.of_list(buckets, |bucket| bucket.name.to_string());
    let number = call.app.number_of_project(&project).await?;
    call.answer(&Buckets {
        kind: "storage#buckets".to_owned(),
        items: buckets
            .into_iter()
            .map(|bucket| shown(call, number, bucket))
            .collect(),
        next_page_token,
    })
}

/// `POST b`
pub(super) async fn insert(call: &Call) -> Answer {
    let request: WireBucket = call.body()?;
    let name = BucketName::parse(&request.name).map_err(|error| Refusal::field("name", error))?;
    let project = project_parameter(call).await?;
    if project != name.project {
        return Err(Refusal::field(
            "name",
            format!(
                "bucket {name} belongs to project {}, not to {project}: the name says so",
                name.project
            ),
        ));
    }
    if !request.location.is_empty() && !request.location.eq_ignore_ascii_case(&location(&name)) {
        return Err(Refusal::field(
            "location",
            format!(
                "the location of bucket {name} is {}: the name says so",
                location(&name)
            ),
        ));
    }
    check_access(request.iam_configuration.as_ref())?;
    let labels = request.labels.map(set_labels).unwrap_or_default();
    let bucket = call.app.create_bucket(&call.caller, &name, labels).await?;
    answer(call, bucket).await
}

/// `GET b/B`
pub(super) async fn get(call: &Call, bucket: &str) -> Answer {
    let name = name(bucket)?;
    let bucket = call.app.get_bucket(&call.caller, &name).await?;
    answer(call, bucket).await
}

/// `PATCH b/B`: adds, replaces and removes labels.
pub(super) async fn patch(call: &Call, bucket: &str) -> Answer {
    let request: WireBucket = call.body()?;
    check_access(request.iam_configuration.as_ref())?;
    let labels = request.labels.map(LabelChange::Merge);
    change(call, bucket, labels).await
}

/// `PUT b/B`: replaces the labels.
pub(super) async fn update(call: &Call, bucket: &str) -> Answer {
    let request: WireBucket = call.body()?;
    check_access(request.iam_configuration.as_ref())?;
    let labels = LabelChange::Replace(request.labels.map(set_labels).unwrap_or_default());
    change(call, bucket, Some(labels)).await
}

async fn change(call: &Call, bucket: &str, labels: Option<LabelChange>) -> Answer {
    let name = name(bucket)?;
    check_generation(call, &name).await?;
    // A patch of no label is a change all the same: it needs the same permission.
    let labels = labels.unwrap_or_else(|| LabelChange::Merge(BTreeMap::new()));
    let bucket = call.app.update_bucket(&call.caller, &name, labels).await?;
    answer(call, bucket).await
}

/// `DELETE b/B`
pub(super) async fn delete(call: &Call, bucket: &str) -> Answer {
    let name = name(bucket)?;
    check_generation(call, &name).await?;
    call.app.delete_bucket(&call.caller, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET projects/P/serviceAccount`: the address by which Cloud Storage itself acts at Google.
pub(super) async fn service_agent(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.get_project(&call.caller, &id).await?;
    call.answer(&ServiceAccount {
        kind: "storage#serviceAccount".to_owned(),
        email_address: format!(
            "service-{}@gs-project-accounts.iam.gserviceaccount.com",
            project.number
        ),
    })
}

/// The bucket that a path names. Any other name is that of a bucket which is not there, with a hint.
pub(super) fn name(text: &str) -> Result<BucketName, Refusal> {
    BucketName::parse(text).map_err(|error| Refusal::NoSuchBucket(error.to_string()))
}

async fn project_parameter(call: &Call) -> Result<ProjectId, Refusal> {
    match call.query.get("project") {
        Some(project) => call.project(project).await,
        None => Err(Refusal::field("project", "this parameter is required")),
    }
}

/// `ifMetagenerationMatch` and `ifMetagenerationNotMatch`
async fn check_generation(call: &Call, name: &BucketName) -> Result<(), Refusal> {
    let wanted = call.query.number("ifMetagenerationMatch")?;
    let unwanted = call.query.number("ifMetagenerationNotMatch")?;
    if wanted.is_none() && unwanted.is_none() {
        return Ok(());
    }
    let now = call.app.get_bucket(&call.caller, name).await?.generation;
    if wanted.is_some_and(|wanted| wanted != now) || unwanted == Some(now) {
        return Err(Error::Conflict(format!("bucket {name}")).into());
    }
    Ok(())
}

/// Access to objects is decided by policies alone, and that cannot be changed.
fn check_access(configuration: Option<&IamConfiguration>) -> Result<(), Refusal> {
    let Some(configuration) = configuration else {
        return Ok(());
    };
    for (field, switch) in [
        (
            "uniformBucketLevelAccess",
            &configuration.uniform_bucket_level_access,
        ),
        ("bucketPolicyOnly", &configuration.bucket_policy_only),
    ] {
        if switch.as_ref().is_some_and(|switch| !switch.enabled) {
            return Err(Refusal::field(
                format!("iamConfiguration.{field}.enabled"),
                "uniform bucket-level access cannot be turned off: this registry has no ACLs, policies alone decide",
            ));
        }
    }
    match configuration.public_access_prevention.as_deref() {
        None | Some("inherited" | "unspecified") => Ok(()),
        Some(_) => Err(Refusal::field(
            "iamConfiguration.publicAccessPrevention",
            "public access prevention is not offered: leave allUsers and allAuthenticatedUsers out of the bucket's policy",
        )),
    }
}

fn set_labels(labels: BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    let set = labels
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    set.collect()
}

fn location(name: &BucketName) -> String {
    match &name.location {
        Some(location) => location.as_str().to_ascii_uppercase(),
        None => "US".to_owned(),
    }
}

async fn answer(call: &Call, bucket: Bucket) -> Answer {
    let number = call.app.number_of_project(&bucket.name.project).await?;
    call.answer(&shown(call, number, bucket))
}

fn shown(call: &Call, project_number: Option<u64>, bucket: Bucket) -> WireBucket {
    let name = bucket.name.to_string();
    let labels: BTreeMap<_, _> = bucket
        .labels
        .into_iter()
        .map(|(key, value)| (key, Some(value)))
        .collect();
    let on = || {
        Some(Switch {
            enabled: true,
            locked_time: Some(bucket.created_at),
        })
    };
    WireBucket {
        kind: "storage#bucket".to_owned(),
        id: name.clone(),
        self_link: format!("{}/storage/v1/b/{name}", call.caller.origin.base_url),
        name,
        project_number: project_number.unwrap_or_default(),
        metageneration: u64::try_from(bucket.generation).unwrap_or_default(),
        location: location(&bucket.name),
        location_type: "multi-region".to_owned(),
        storage_class: "STANDARD".to_owned(),
        etag: Some(Etag::of_generation(bucket.generation)),
        time_created: Some(bucket.created_at),
        updated: Some(bucket.updated_at),
        labels: Some(labels).filter(|labels| !labels.is_empty()),
        iam_configuration: Some(IamConfiguration {
            uniform_bucket_level_access: on(),
            bucket_policy_only: on(),
            public_access_prevention: Some("inherited".to_owned()),
        }),
    }
}
