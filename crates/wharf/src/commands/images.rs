//! `wharf images`, in the words of `gcloud container images`.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use wharf_client::images::{Content, Folder, ImageName, ImageNameError, Listing, Repository};
use wharf_types::scope::Actions;
use wharf_types::wire::oci::ManifestEntry;
use wharf_types::{Digest, Reference, Tag};

use super::Common;
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::{Output, Table, time};
use crate::prompt::confirm;

/// Images: list, describe, tag and delete them
#[derive(Args, Debug)]
pub(crate) struct Images {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List a project's images
    #[command(after_help = "Examples:\n  \
        wharf images list\n  \
        wharf images list us.example.com/my-project\n  \
        wharf images list registry.example.com/my-project --recursive")]
    List {
        /// HOST/PROJECT[/FOLDER]. By default the endpoint's host and --project
        #[arg(value_name = "REPOSITORY")]
        repository: Option<String>,
        /// Images in folders too, however deep
        #[arg(short, long)]
        recursive: bool,
    },
    /// List an image's digests with their tags, the newest first
    #[command(
        after_help = "Example:\n  wharf images list-tags registry.example.com/my-project/web"
    )]
    ListTags {
        /// HOST/PROJECT/IMAGE
        #[arg(value_name = "IMAGE_NAME")]
        image: String,
    },
    /// Show an image: its digest, tags and parts
    #[command(after_help = "Examples:\n  \
        wharf images describe registry.example.com/my-project/web:v1\n  \
        wharf images describe registry.example.com/my-project/web -o json")]
    Describe {
        /// HOST/PROJECT/IMAGE[:TAG|@DIGEST]; without either, the tag latest
        #[arg(value_name = "IMAGE_NAME")]
        image: String,
    },
    /// Give an image another tag, which moves if it is there already
    #[command(after_help = "Example:\n  \
        wharf images add-tag registry.example.com/my-project/web:v1 \\\n      \
        registry.example.com/my-project/web:stable")]
    AddTag {
        /// HOST/PROJECT/IMAGE:TAG or HOST/PROJECT/IMAGE@DIGEST
        #[arg(value_name = "SOURCE_IMAGE")]
        source: String,
        /// The same image with the new tags
        #[arg(value_name = "DESTINATION_IMAGE", required = true)]
        destinations: Vec<String>,
    },
    /// Take tags from images; the images stay
    #[command(
        after_help = "Example:\n  wharf images untag registry.example.com/my-project/web:old"
    )]
    Untag {
        /// HOST/PROJECT/IMAGE:TAG
        #[arg(value_name = "IMAGE_NAME", required = true)]
        images: Vec<String>,
    },
    /// Delete images
    #[command(after_help = "Examples:\n  \
        wharf images delete registry.example.com/my-project/web:v1\n  \
        wharf images delete registry.example.com/my-project/web@sha256:… --force-delete-tags")]
    Delete {
        /// HOST/PROJECT/IMAGE:TAG or HOST/PROJECT/IMAGE@DIGEST
        #[arg(value_name = "IMAGE_NAME", required = true)]
        images: Vec<String>,
        /// Delete an image's other tags too; without it, an image that has others stays
        #[arg(long)]
        force_delete_tags: bool,
    },
}

/// An image in a list.
#[derive(Serialize)]
struct Named {
    name: String,
}

impl Table for Named {
    const HEADERS: &'static [&'static str] = &["NAME"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![self.name.clone()]]
    }
}

/// A digest and what is known of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tagged {
    digest: String,
    tags: Vec<String>,
    media_type: String,
    image_size_bytes: u64,
    /// When it was built; absent where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_uploaded: Option<Timestamp>,
}

impl Tagged {
    fn new(digest: String, entry: ManifestEntry) -> Self {
        let moment = |milliseconds: &str| {
            let milliseconds = milliseconds.parse().ok().filter(|since| *since > 0)?;
            Timestamp::from_millisecond(milliseconds).ok()
        };
        Self {
            digest,
            tags: entry.tag,
            media_type: entry.media_type,
            image_size_bytes: entry.image_size_bytes.parse().unwrap_or_default(),
            time_created: moment(&entry.time_created_ms),
            time_uploaded: moment(&entry.time_uploaded_ms),
        }
    }

    fn all(listing: Listing) -> Vec<Self> {
        let manifests = listing.manifests.into_iter();
        let mut all: Vec<_> = manifests
            .map(|(digest, entry)| Self::new(digest, entry))
            .collect();
        all.sort_by_key(|tagged| std::cmp::Reverse((tagged.time_uploaded, tagged.time_created)));
        all
    }
}

impl Table for Tagged {
    const HEADERS: &'static [&'static str] = &["DIGEST", "TAGS", "SIZE", "UPLOADED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![
            short(&self.digest),
            self.tags.join(","),
            size(self.image_size_bytes),
            time(self.time_uploaded),
        ]]
    }
}

/// An image as `describe` shows it. `image_summary` is gcloud's.
#[derive(Serialize)]
struct Description {
    image_summary: Summary,
    #[serde(flatten)]
    details: Details,
}

#[derive(Serialize)]
struct Summary {
    digest: String,
    fully_qualified_digest: String,
    registry: String,
    repository: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    media_type: String,
    #[serde(flatten)]
    tagged: Option<KnownTags>,
    #[serde(flatten)]
    content: Content,
}

/// What the listing of the repository says besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KnownTags {
    tags: Vec<String>,
    image_size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_uploaded: Option<Timestamp>,
}

impl Table for Description {
    const HEADERS: &'static [&'static str] = &["IMAGE", "DIGEST", "TAGS", "SIZE"];

    fn rows(&self) -> Vec<Vec<String>> {
        let known = self.details.tagged.as_ref();
        vec![vec![
            format!(
                "{}/{}",
                self.image_summary.registry, self.image_summary.repository
            ),
            self.image_summary.digest.clone(),
            known.map(|known| known.tags.join(",")).unwrap_or_default(),
            known
                .map(|known| size(known.image_size_bytes))
                .unwrap_or_default(),
        ]]
    }
}

/// gcloud shows twelve digits, which is enough for people.
fn short(digest: &str) -> String {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.chars().take(12).collect()
}

/// A size for people, as docker shows it: powers of 1,000.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut divisor: u64 = 1;
    while unit + 1 < UNITS.len() && bytes / divisor >= 1_000 {
        divisor *= 1_000;
        unit += 1;
    }
    let (whole, tenth) = (bytes / divisor, bytes % divisor * 10 / divisor);
    match (unit, whole) {
        (0, _) | (_, 100..) => format!("{whole}{}", UNITS[unit]),
        _ => format!("{whole}.{tenth}{}", UNITS[unit]),
    }
}

impl Images {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let session = self.common.open()?;
        let output = self.common.output;
        match self.command {
            Command::List {
                repository,
                recursive,
            } => list(&session, output, repository.as_deref(), recursive).await,
            Command::ListTags { image } => {
                let image = name(&session, &image)?;
                if image.reference.is_some() {
                    return Err(Failure::usage(format!("{image} names one image"))
                        .hint(format!("leave the tag or digest away: {}", image.base())));
                }
                let repository = session
                    .client
                    .open_repository(&image, Actions::PULL)
                    .await?;
                output.list(&Tagged::all(repository.list().await?))
            }
            Command::Describe { image } => {
                describe(&session, output, &name(&session, &image)?).await
            }
            Command::AddTag {
                source,
                destinations,
            } => add_tags(&session, output, &source, &destinations).await,
            Command::Untag { images } => {
                let mut tags = Vec::new();
                for image in &images {
                    let image = name(&session, image)?;
                    match image.reference.clone() {
                        Some(Reference::Tag(tag)) => tags.push((image, tag)),
                        _ => {
                            return Err(Failure::usage(format!("{image} names no tag"))
                                .hint("write HOST/PROJECT/IMAGE:TAG"));
                        }
                    }
                }
                confirm(
                    &format!("Tags to be removed:\n{}", lines(&tags)),
                    output.is_quiet(),
                )?;
                for (image, tag) in tags {
                    let repository = open_to_delete(&session, &image).await?;
                    repository.delete(&Reference::Tag(tag)).await?;
                    output.say(&format!("Untagged [{image}]."));
                }
                Ok(())
            }
            Command::Delete {
                images,
                force_delete_tags,
            } => {
                for image in &images {
                    delete(&session, output, &name(&session, image)?, force_delete_tags).await?;
                }
                Ok(())
            }
        }
    }
}

fn usage(error: &ImageNameError) -> Failure {
    Failure::usage(error.to_string())
}

fn name(session: &Session, text: &str) -> Result<ImageName, Failure> {
    let host = session.client.endpoint().authority();
    ImageName::parse(text, &host).map_err(|error| usage(&error))
}

fn lines(tags: &[(ImageName, Tag)]) -> String {
    let lines: Vec<_> = tags.iter().map(|(image, _)| format!("- {image}")).collect();
    lines.join("\n")
}

async fn list(
    session: &Session,
    output: Output,
    repository: Option<&str>,
    recursive: bool,
) -> Result<(), Failure> {
    let host = session.client.endpoint().authority();
    let folder = match repository {
        Some(text) => Folder::parse(text, &host).map_err(|error| usage(&error))?,
        None => Folder {
            host,
            project: session.project()?,
            below: None,
        },
    };
    let names = session.client.list_images(&folder, recursive).await?;
    let images: Vec<_> = names.into_iter().map(|name| Named { name }).collect();
    output.list(&images)
}

async fn describe(session: &Session, output: Output, image: &ImageName) -> Result<(), Failure> {
    let repository = session.client.open_repository(image, Actions::PULL).await?;
    let manifest = repository.manifest(&reference(image)?).await?;
    let digest = manifest.digest.to_string();
    let entry = repository.list().await?.manifests.remove(&digest);
    let tagged = entry.map(|entry| {
        let tagged = Tagged::new(digest.clone(), entry);
        KnownTags {
            tags: tagged.tags,
            image_size_bytes: tagged.image_size_bytes,
            time_created: tagged.time_created,
            time_uploaded: tagged.time_uploaded,
        }
    });
    output.item(&Description {
        image_summary: Summary {
            fully_qualified_digest: format!("{}@{digest}", image.base()),
            digest,
            registry: image.host.clone(),
            repository: image.repository.to_string(),
        },
        details: Details {
            media_type: manifest.media_type.clone(),
            tagged,
            content: manifest.content(),
        },
    })
}

/// What a name without tag and digest means.
fn reference(image: &ImageName) -> Result<Reference, Failure> {
    match &image.reference {
        Some(reference) => Ok(reference.clone()),
        None => Reference::parse("latest").map_err(|error| Failure::new(error.to_string())),
    }
}

async fn add_tags(
    session: &Session,
    output: Output,
    source: &str,
    destinations: &[String],
) -> Result<(), Failure> {
    let source = name(session, source)?;
    let mut tags = Vec::new();
    for destination in destinations {
        let destination = name(session, destination)?;
        let Some(Reference::Tag(tag)) = &destination.reference else {
            return Err(Failure::usage(format!("{destination} has no tag to add"))
                .hint(format!("write {}:TAG", destination.base())));
        };
        if destination.base() != source.base() {
            return Err(Failure::usage(format!(
                "{destination} is another image than {}: a tag is added to the image itself",
                source.base()
            ))
            .hint("pull, tag and push to have it under another name"));
        }
        tags.push(tag.clone());
    }
    let repository = session
        .client
        .open_repository(&source, Actions::PULL_PUSH)
        .await?;
    let manifest = repository.manifest(&reference(&source)?).await?;
    for tag in tags {
        repository.tag(&manifest, &tag).await?;
        output.say(&format!(
            "Added tag [{}:{tag}] to [{}].",
            source.base(),
            manifest.digest
        ));
    }
    Ok(())
}

async fn open_to_delete<'a>(
    session: &'a Session,
    image: &ImageName,
) -> Result<Repository<'a>, Failure> {
    // Google's clients delete with `push`.
    Ok(session
        .client
        .open_repository(image, Actions::PULL_PUSH)
        .await?)
}

/// Deletes an image: the tags that lead to it, then the manifest. In this order it also works by Google's strict rules.
async fn delete(
    session: &Session,
    output: Output,
    image: &ImageName,
    force_delete_tags: bool,
) -> Result<(), Failure> {
    let Some(reference) = &image.reference else {
        return Err(
            Failure::usage(format!("{image} names no tag and no digest")).hint(format!(
                "write {}:TAG or {}@DIGEST",
                image.base(),
                image.base()
            )),
        );
    };
    let repository = open_to_delete(session, image).await?;
    let digest: Digest = repository.manifest(reference).await?.digest;
    let tags = tags_of(&mut repository.list().await?, &digest)?;
    let others: Vec<_> = tags
        .iter()
        .filter(|tag| *reference != Reference::Tag((*tag).clone()))
        .map(Tag::as_str)
        .collect();
    if !others.is_empty() && !force_delete_tags {
        return Err(Failure::new(format!("{image} has other tags too: {}", others.join(", ")))
            .hint("--force-delete-tags deletes them as well; `wharf images untag` takes one tag and leaves the image"));
    }
    let mut what = format!("Image to be deleted:\n- {}@{digest}", image.base());
    for tag in &tags {
        what.push_str(&format!("\n- its tag {tag}"));
    }
    confirm(&what, output.is_quiet())?;
    for tag in tags {
        repository.delete(&Reference::Tag(tag.clone())).await?;
        output.say(&format!("Deleted [{}:{tag}].", image.base()));
    }
    repository.delete(&Reference::Digest(digest)).await?;
    output.say(&format!("Deleted [{}@{digest}].", image.base()));
    Ok(())
}

/// The tags that a server lists for a digest.
fn tags_of(listing: &mut Listing, digest: &Digest) -> Result<Vec<Tag>, Failure> {
    let entry = listing.manifests.remove(&digest.to_string());
    let tags = entry.map(|entry| entry.tag).unwrap_or_default();
    tags.iter()
        .map(|tag| Tag::parse(tag).map_err(|error| Failure::new(error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1_000, "1.0kB"),
            (1_550, "1.5kB"),
            (123_456, "123kB"),
            (9_999_999, "9.9MB"),
            (u64::MAX, "18446744TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn the_newest_comes_first_and_what_has_no_time_says_so() {
        let entry = |uploaded: &str| ManifestEntry {
            image_size_bytes: "1".to_owned(),
            layer_id: String::new(),
            media_type: String::new(),
            tag: vec!["v1".to_owned()],
            time_created_ms: "0".to_owned(),
            time_uploaded_ms: uploaded.to_owned(),
        };
        let manifests = [("sha256:a", "1000"), ("sha256:b", "2000")];
        let listing = Listing {
            manifests: manifests
                .map(|(digest, time)| (digest.to_owned(), entry(time)))
                .into(),
            ..Listing::default()
        };
        let all = Tagged::all(listing);
        assert_eq!(all[0].digest, "sha256:b");
        assert_eq!(all[0].time_created, None);
    }
}
