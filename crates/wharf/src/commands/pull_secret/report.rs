//! What the commands say about Secrets that they wrote, and about namespaces where they failed.

use wharf_cluster::pull_secrets::store::{
    ChangeError, Outcome, StoreError, Written, other_manager,
};
use wharf_cluster::puller::PullerError;
use wharf_cluster::{Namespace, SecretName};

use crate::failure::Failure;
use crate::output::Output;

/// Says what became of a Secret.
pub(super) fn written(
    output: Output,
    name: &SecretName,
    namespace: &Namespace,
    written: &Written,
    is_dry_run: bool,
) {
    let verb = match written.outcome {
        Outcome::Created => "Created",
        Outcome::Updated => "Updated",
        Outcome::Recreated => "Deleted and made anew",
        Outcome::Unchanged => {
            output.say(&format!(
                "Secret [{name}] in namespace [{namespace}] is so already."
            ));
            return;
        }
    };
    let dry_run = if is_dry_run { " (dry run)" } else { "" };
    output.say(&format!(
        "{verb} secret [{name}] in namespace [{namespace}]{dry_run}."
    ));
    if let Some(manager) = other_manager(&written.secret) {
        output.say(&format!(
            "warning: {manager} looks after this secret, and may write its own content back"
        ));
    }
}

/// Runs over namespaces: what fails in one is said, and the others are done.
pub(super) struct Tally {
    output: Output,
    done: usize,
    failures: Vec<(Namespace, Failure)>,
}

impl Tally {
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            done: 0,
            failures: Vec::new(),
        }
    }

    pub(super) fn add<T>(
        &mut self,
        namespace: &Namespace,
        result: Result<T, Failure>,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.done += 1;
                Some(value)
            }
            Err(failure) => {
                self.failures.push((namespace.clone(), failure));
                None
            }
        }
    }

    /// Whether nothing was done anywhere.
    pub(super) fn is_nothing_done(&self) -> bool {
        self.done == 0
    }

    /// The failure, if there was one.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let count = self.failures.len();
        let total = count + self.done;
        match self.failures.pop() {
            None => Ok(()),
            Some((_, failure)) if total == 1 => Err(failure),
            Some(last) => {
                self.failures.push(last);
                for (namespace, failure) in &self.failures {
                    self.output.say(&format!(
                        "In namespace [{namespace}]: {}",
                        failure.to_string().trim_end()
                    ));
                }
                Err(Failure::new(format!(
                    "it failed in {count} of {total} namespaces"
                )))
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            StoreError::Api(error) => error.into(),
            StoreError::Absent(name) => {
                let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                failure.hint(format!(
                    "make it: wharf pull-secret create {name} --key-file KEY.json --registry HOST"
                ))
            }
            StoreError::Foreign(_) => failure.hint(
                "--force changes it all the same; another name leaves it alone; `wharf pull-secret add-registry` adds a registry to it",
            ),
            StoreError::Immutable(_) => failure.hint(
                "--recreate deletes it and makes it anew under the same name; a Pod that pulls in that moment tries again by itself",
            ),
            StoreError::Type { .. } => failure.hint(
                "--recreate deletes it and makes it anew, without what is in it now; or take another name",
            ),
            StoreError::Content { .. } => failure.hint(
                "`wharf pull-secret check` says what the kubelet makes of it; `wharf pull-secret create --force` writes it anew",
            ),
            StoreError::Lost { .. } => failure.hint(
                "make it anew now: wharf pull-secret create with all its registries; Pods that run go on, new ones wait for it",
            ),
            StoreError::TooLarge { .. } => {
                failure.hint("use a secret of its own for some of the registries")
            }
            StoreError::Change { reason, .. } => match reason {
                ChangeError::Present(_) => failure.hint("--replace puts the new one in its place"),
                ChangeError::Several(_) => {
                    failure.hint("say which: --same-credentials-as HOST, or --key-file, or --username")
                }
                ChangeError::NotThere(..) | ChangeError::Document(_) => failure,
            },
        }
    }
}

impl From<PullerError> for Failure {
    fn from(error: PullerError) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            PullerError::Client(error) => error.into(),
            PullerError::NoBucket { bucket, .. } => failure.hint(format!(
                "push an image first, or make the bucket ahead: wharf buckets create gs://{bucket}"
            )),
            PullerError::StillDenied { account, image, .. } => failure.hint(format!(
                "a policy above may deny it: wharf images describe {image}, as {account}, shows what is refused"
            )),
            PullerError::Key(_) => failure,
        }
    }
}
