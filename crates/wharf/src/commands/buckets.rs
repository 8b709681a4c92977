//! `wharf buckets`.

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::{Args, Subcommand};
use wharf_client::policies::PolicyHolder;
use wharf_types::BucketName;
use wharf_types::bucket::BucketNameError;
use wharf_types::wire::storage::Bucket;

use super::Common;
use super::bindings::{self, Grant, PolicyFile, Withdrawal};
use super::labels::LabelChanges;
use super::projects::nothing_to_change;
use crate::failure::Failure;
use crate::output::{Table, time};
use crate::prompt::confirm;

/// Buckets: where one project's images of one host lie
#[derive(Args, Debug)]
pub(crate) struct Buckets {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// A bucket as people write it: `gs://B` or `B`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BucketArgument(BucketName);

impl FromStr for BucketArgument {
    type Err = BucketNameError;

    fn from_str(text: &str) -> Result<Self, BucketNameError> {
        let name = text.strip_prefix("gs://").unwrap_or(text);
        BucketName::parse(name.trim_end_matches('/')).map(Self)
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a bucket ahead of the first push to its host
    #[command(after_help = "Examples:\n  \
        wharf buckets create gs://us.artifacts.my-project.appspot.com\n  \
        wharf buckets create artifacts.my-project.appspot.com")]
    Create {
        /// The bucket: [LOCATION.]artifacts.PROJECT.appspot.com
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
    },
    /// List a project's buckets
    #[command(after_help = "Example:\n  wharf buckets list --project my-project")]
    List,
    /// Show a bucket
    #[command(
        after_help = "Example:\n  wharf buckets describe gs://us.artifacts.my-project.appspot.com"
    )]
    Describe {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
    },
    /// Change a bucket's labels
    #[command(after_help = "Example:\n  \
        wharf buckets update gs://us.artifacts.my-project.appspot.com \\\n      \
        --update-labels team=blue --remove-labels tier")]
    Update {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
        #[command(flatten)]
        labels: LabelChanges,
    },
    /// Delete an empty bucket
    #[command(
        after_help = "Example:\n  wharf buckets delete gs://us.artifacts.my-project.appspot.com"
    )]
    Delete {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
    },
    /// Show a bucket's policy
    #[command(
        after_help = "Example:\n  wharf buckets get-iam-policy gs://us.artifacts.my-project.appspot.com"
    )]
    GetIamPolicy {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
    },
    /// Replace a bucket's policy
    #[command(after_help = "Example:\n  \
        wharf buckets get-iam-policy gs://us.artifacts.my-project.appspot.com > policy.yaml\n  \
        wharf buckets set-iam-policy gs://us.artifacts.my-project.appspot.com policy.yaml")]
    SetIamPolicy {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
        #[command(flatten)]
        policy: PolicyFile,
    },
    /// Bind a role to somebody on a bucket
    #[command(after_help = "Examples:\n  \
        wharf buckets add-iam-policy-binding gs://us.artifacts.my-project.appspot.com \\\n      \
        --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/storage.objectViewer\n  \
        wharf buckets add-iam-policy-binding gs://artifacts.my-project.appspot.com \\\n      \
        --member allUsers --role roles/storage.objectViewer")]
    AddIamPolicyBinding {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
        #[command(flatten)]
        grant: Grant,
    },
    /// Take a role from somebody on a bucket
    #[command(after_help = "Example:\n  \
        wharf buckets remove-iam-policy-binding gs://artifacts.my-project.appspot.com \\\n      \
        --member allUsers --role roles/storage.objectViewer")]
    RemoveIamPolicyBinding {
        /// The bucket
        #[arg(value_name = "BUCKET")]
        bucket: BucketArgument,
        #[command(flatten)]
        withdrawal: Withdrawal,
    },
}

impl Table for Bucket {
    const HEADERS: &'static [&'static str] = &["NAME", "LOCATION", "CREATED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![
            self.name.clone(),
            self.location.clone(),
            time(self.time_created),
        ]]
    }
}

impl Buckets {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let session = self.common.open()?;
        let output = self.common.output;
        let client = &session.client;
        match self.command {
            Command::Create { bucket } => {
                let made = client.create_bucket(&bucket.0).await?;
                output.done(&format!("Created bucket [{}].", bucket.0), &made)
            }
            Command::List => output.list(&client.list_buckets(&session.project()?).await?),
            Command::Describe { bucket } => output.item(&client.get_bucket(&bucket.0).await?),
            Command::Update { bucket, labels } => {
                if labels.is_empty() {
                    return Err(nothing_to_change());
                }
                let before = match labels.clear_labels {
                    true => client
                        .get_bucket(&bucket.0)
                        .await?
                        .labels
                        .unwrap_or_default(),
                    false => BTreeMap::new(),
                };
                let gone = before.into_keys().chain(labels.remove_labels.clone());
                let mut patch: BTreeMap<_, _> = gone.map(|key| (key, None)).collect();
                let set = labels.updates().into_iter();
                patch.extend(set.map(|(key, value)| (key, Some(value))));
                let changed = client.update_bucket_labels(&bucket.0, patch).await?;
                output.done(&format!("Updated bucket [{}].", bucket.0), &changed)
            }
            Command::Delete { bucket } => {
                let bucket = bucket.0;
                confirm(
                    &format!("Bucket [{bucket}] will be deleted, with its policy."),
                    output.is_quiet(),
                )?;
                client.delete_bucket(&bucket).await?;
                output.say(&format!("Deleted bucket [{bucket}]."));
                Ok(())
            }
            Command::GetIamPolicy { bucket } => {
                bindings::get(&session, output, &PolicyHolder::Bucket(bucket.0)).await
            }
            Command::SetIamPolicy { bucket, policy } => {
                let holder = PolicyHolder::Bucket(bucket.0);
                bindings::set(&session, output, &holder, &policy.file).await
            }
            Command::AddIamPolicyBinding { bucket, grant } => {
                bindings::add(&session, output, &PolicyHolder::Bucket(bucket.0), &grant).await
            }
            Command::RemoveIamPolicyBinding { bucket, withdrawal } => {
                let holder = PolicyHolder::Bucket(bucket.0);
                bindings::remove(&session, output, &holder, &withdrawal).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_scheme_or_none() {
        let bare = "us.artifacts.my-project.appspot.com".parse::<BucketArgument>();
        assert!(bare.is_ok());
        for text in [
            "gs://us.artifacts.my-project.appspot.com",
            "gs://us.artifacts.my-project.appspot.com/",
        ] {
            assert_eq!(text.parse(), bare);
        }
        assert!("gs://my-bucket".parse::<BucketArgument>().is_err());
    }
}
