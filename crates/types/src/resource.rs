//! Resources: what a permission is decided on, under Google's names (Google IAM, "Resource names").

use crate::bucket::BucketName;
use crate::digest::Digest;
use crate::kms::{CryptoKeyName, CryptoKeyVersionName, KeyRingName};
use crate::name::{ImagePath, Location, ProjectId, Reference, RepositoryName, Tag};
use crate::principal::ServiceAccountEmail;
use crate::text::shorten;

/// A thing that permissions are decided on. Each inherits the policies of its [`Resource::parent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The registry itself: `organizations/0`. What is granted here is granted on every project.
    Organization,
    /// `projects/P`
    Project(ProjectId),
    /// `projects/_/buckets/B`
    Bucket(BucketName),
    /// An object of a bucket: a tag, manifest or blob of an image, or the listing of one.
    Object {
        /// Where it lives.
        bucket: BucketName,
        /// The image; none for the listing of the whole bucket.
        image: Option<ImagePath>,
        /// Which object of the image.
        object: Object,
    },
    /// `projects/P/serviceAccounts/E`
    ServiceAccount(ServiceAccountEmail),
    /// `projects/P/locations/L/keyRings/R`
    KeyRing(KeyRingName),
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`
    CryptoKey(CryptoKeyName),
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`
    CryptoKeyVersion(CryptoKeyVersionName),
}

/// An object of an image's folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// `tag_TAG`
    Tag(Tag),
    /// `manifest_sha256:HEX`
    Manifest(Digest),
    /// `blob_sha256:HEX`
    Blob(Digest),
    /// The folder itself: its tags, manifests, uploads or children as a list.
    Listing,
}

/// Where a repository lives: a bucket and an image in it. The same name at two locations is two repositories.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// The bucket, which knows project and location.
    pub bucket: BucketName,
    /// The image inside the project.
    pub image: ImagePath,
}

impl Repository {
    /// The repository of a name at a location.
    pub fn new(location: Option<Location>, name: RepositoryName) -> Self {
        Self {
            bucket: BucketName::new(location, name.project),
            image: name.image,
        }
    }

    /// The name on the wire: `PROJECT/IMAGE`.
    pub fn name(&self) -> RepositoryName {
        RepositoryName {
            project: self.bucket.project.clone(),
            image: self.image.clone(),
        }
    }

    /// One of its objects, as a resource.
    pub fn object(&self, object: Object) -> Resource {
        Resource::object(&self.bucket, &self.image, object)
    }

    /// What a manifest asked for in this way is, as a resource.
    pub fn referenced(&self, reference: &Reference) -> Resource {
        self.object(match reference {
            Reference::Tag(tag) => Object::Tag(tag.clone()),
            Reference::Digest(digest) => Object::Manifest(*digest),
        })
    }
}

/// The folder of a bucket in which its images' folders are.
pub const IMAGES_FOLDER: &str = "containers/repositories/library/";

impl std::fmt::Display for Object {
    /// The last part of its name; empty for the folder itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "tag_{tag}"),
            Self::Manifest(digest) => write!(f, "manifest_{digest}"),
            Self::Blob(digest) => write!(f, "blob_{digest}"),
            Self::Listing => Ok(()),
        }
    }
}

/// Why a text names no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a resource of this registry: use projects/P, projects/_/buckets/B[/objects/…], projects/P/serviceAccounts/E, projects/P/locations/L/keyRings/R[/cryptoKeys/K[/cryptoKeyVersions/N]] or organizations/0"
)]
pub struct ResourceError(String);

impl Resource {
    /// An object of a repository in a bucket.
    pub fn object(bucket: &BucketName, image: &ImagePath, object: Object) -> Self {
        Self::Object {
            bucket: bucket.clone(),
            image: Some(image.clone()),
            object,
        }
    }

    /// The object of this name in a bucket: `containers/repositories/library/IMAGE/tag_TAG`. `None` when no image could have
    /// such an object.
    pub fn object_named(bucket: BucketName, name: &str) -> Option<Self> {
        parse_object(bucket, name.strip_prefix(IMAGES_FOLDER)?)
    }

    /// The resource whose policy applies here as well.
    pub fn parent(&self) -> Option<Resource> {
        match self {
            Self::Organization => None,
            Self::Project(_) => Some(Self::Organization),
            Self::Bucket(bucket) => Some(Self::Project(bucket.project.clone())),
            Self::Object { bucket, .. } => Some(Self::Bucket(bucket.clone())),
            Self::ServiceAccount(email) => Some(Self::Project(email.project())),
            Self::KeyRing(ring) => Some(Self::Project(ring.project())),
            Self::CryptoKey(key) => Some(Self::KeyRing(key.ring())),
            Self::CryptoKeyVersion(version) => Some(Self::CryptoKey(version.key.clone())),
        }
    }

    /// The project it belongs to.
    pub fn project(&self) -> Option<ProjectId> {
        match self {
            Self::Organization => None,
            Self::Project(project) => Some(project.clone()),
            Self::Bucket(bucket) | Self::Object { bucket, .. } => Some(bucket.project.clone()),
            Self::ServiceAccount(email) => Some(email.project()),
            Self::KeyRing(ring) => Some(ring.project()),
            Self::CryptoKey(key) => Some(key.project()),
            Self::CryptoKeyVersion(version) => Some(version.key.project()),
        }
    }

    /// The repository, when the resource is part of one.
    pub fn repository(&self) -> Option<RepositoryName> {
        match self {
            Self::Object {
                bucket,
                image: Some(image),
                ..
            } => Some(RepositoryName {
                project: bucket.project.clone(),
                image: image.clone(),
            }),
            _ => None,
        }
    }

    /// `resource.name` in conditions.
    pub fn name(&self) -> String {
        match self {
            Self::Organization => "organizations/0".to_owned(),
            Self::Project(project) => format!("projects/{project}"),
            Self::Bucket(bucket) => format!("projects/_/buckets/{bucket}"),
            Self::Object {
                bucket,
                image,
                object,
            } => {
                let folder = format!("projects/_/buckets/{bucket}/objects/{IMAGES_FOLDER}");
                match image {
                    Some(image) => format!("{folder}{image}/{object}"),
                    None => format!("{folder}{object}"),
                }
            }
            Self::ServiceAccount(email) => {
                format!("projects/{}/serviceAccounts/{email}", email.project())
            }
            Self::KeyRing(ring) => ring.to_string(),
            Self::CryptoKey(key) => key.to_string(),
            Self::CryptoKeyVersion(version) => version.to_string(),
        }
    }

    /// `resource.service` in conditions.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Organization | Self::Project(_) => "cloudresourcemanager.googleapis.com",
            Self::Bucket(_) | Self::Object { .. } => "storage.googleapis.com",
            Self::ServiceAccount(_) => "iam.googleapis.com",
            Self::KeyRing(_) | Self::CryptoKey(_) | Self::CryptoKeyVersion(_) => {
                "cloudkms.googleapis.com"
            }
        }
    }

    /// `resource.type` in conditions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Organization => "cloudresourcemanager.googleapis.com/Organization",
            Self::Project(_) => "cloudresourcemanager.googleapis.com/Project",
            Self::Bucket(_) => "storage.googleapis.com/Bucket",
            Self::Object { .. } => "storage.googleapis.com/Object",
            Self::ServiceAccount(_) => "iam.googleapis.com/ServiceAccount",
            Self::KeyRing(_) => "cloudkms.googleapis.com/KeyRing",
            Self::CryptoKey(_) => "cloudkms.googleapis.com/CryptoKey",
            Self::CryptoKeyVersion(_) => "cloudkms.googleapis.com/CryptoKeyVersion",
        }
    }

    /// The full resource name: `//SERVICE/NAME`.
    pub fn full_name(&self) -> String {
        format!("//{}/{}", self.service(), self.name())
    }

    /// Parses a resource name, with or without `//SERVICE/` in front.
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        let refused = || ResourceError(shorten(text));
        let name = match text.strip_prefix("//") {
            Some(full) => full.split_once('/').ok_or_else(refused)?.1,
            None => text,
        };
        if name == "organizations/0" {
            return Ok(Self::Organization);
        }
        let rest = name.strip_prefix("projects/").ok_or_else(refused)?;
        if let Some(rest) = rest.strip_prefix("_/buckets/") {
            let (bucket, object) = match rest.split_once('/') {
                Some((bucket, object)) => (bucket, Some(object)),
                None => (rest, None),
            };
            let bucket = BucketName::parse(bucket).map_err(|_| refused())?;
            return match object {
                None => Ok(Self::Bucket(bucket)),
                Some(object) => object
                    .strip_prefix("objects/")
                    .and_then(|name| Self::object_named(bucket, name))
                    .ok_or_else(refused),
            };
        }
        if rest.contains("/keyRings/") {
            return parse_kms(name).ok_or_else(refused);
        }
        match rest.split_once("/serviceAccounts/") {
            Some((_, email)) => Ok(Self::ServiceAccount(
                ServiceAccountEmail::parse(email).map_err(|_| refused())?,
            )),
            None => Ok(Self::Project(
                ProjectId::parse(rest).map_err(|_| refused())?,
            )),
        }
    }
}

fn parse_kms(name: &str) -> Option<Resource> {
    Some(if name.contains("/cryptoKeyVersions/") {
        Resource::CryptoKeyVersion(CryptoKeyVersionName::parse(name).ok()?)
    } else if name.contains("/cryptoKeys/") {
        Resource::CryptoKey(CryptoKeyName::parse(name).ok()?)
    } else {
        Resource::KeyRing(KeyRingName::parse(name).ok()?)
    })
}

fn parse_object(bucket: BucketName, path: &str) -> Option<Resource> {
    if path.is_empty() {
        return Some(Resource::Object {
            bucket,
            image: None,
            object: Object::Listing,
        });
    }
    let (image, leaf) = path.rsplit_once('/')?;
    let image = Some(ImagePath::parse(image).ok()?);
    let object = if leaf.is_empty() {
        Object::Listing
    } else if let Some(tag) = leaf.strip_prefix("tag_") {
        Object::Tag(Tag::parse(tag).ok()?)
    } else if let Some(digest) = leaf.strip_prefix("manifest_") {
        Object::Manifest(Digest::parse(digest).ok()?)
    } else {
        Object::Blob(Digest::parse(leaf.strip_prefix("blob_")?).ok()?)
    };
    Some(Resource::Object {
        bucket,
        image,
        object,
    })
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for text in [
            "organizations/0".to_owned(),
            "projects/my-project".to_owned(),
            "projects/_/buckets/us.artifacts.my-project.appspot.com".to_owned(),
            "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/".to_owned(),
            "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/a/b/".to_owned(),
            "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/a/b/tag_v1".to_owned(),
            format!("projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/a/manifest_{digest}"),
            format!("projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/a/blob_{digest}"),
            "projects/my-project/serviceAccounts/gcr-puller@my-project.iam.gserviceaccount.com".to_owned(),
            "projects/my-project/locations/us-central1/keyRings/ring".to_owned(),
            "projects/my-project/locations/us-central1/keyRings/ring/cryptoKeys/key".to_owned(),
            "projects/example.com:my-project/locations/global/keyRings/ring/cryptoKeys/key/cryptoKeyVersions/1".to_owned(),
        ] {
            let resource = Resource::parse(&text).expect(&text);
            assert_eq!(resource.name(), text);
            assert_eq!(Resource::parse(&resource.full_name()), Ok(resource));
        }
    }

    #[test]
    fn every_resource_ends_at_the_organization() {
        let mut resource = Resource::parse(
            "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/a/tag_v1",
        )
        .expect("object");
        let mut steps = 0;
        while let Some(parent) = resource.parent() {
            resource = parent;
            steps += 1;
        }
        assert_eq!((resource, steps), (Resource::Organization, 3));
    }
}
