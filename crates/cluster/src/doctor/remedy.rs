//! What mends a cause.

use serde::Serialize;

use super::observation::{NamespacedName, Workload};

/// What mends a cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// What to do, in a sentence.
    pub advice: String,
    /// The exact commands, in order. Empty: nothing to type, such as when waiting helps.
    pub commands: Vec<String>,
    /// What `--fix` does, in order. Empty: nothing that is safe without a person.
    pub steps: Vec<Step>,
}

/// Something that `--fix` does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Step {
    /// Appends a pull secret to a ServiceAccount's list.
    Attach {
        /// The ServiceAccount.
        service_account: NamespacedName,
        /// The Secret's name.
        secret: String,
    },
    /// Recreates the Pods of a workload by a rollout.
    Restart {
        /// Its namespace.
        namespace: String,
        /// The workload.
        workload: Workload,
    },
    /// Deletes a Pod that something else makes anew, so that its next pull does not wait for the back-off.
    RecreatePod {
        /// The Pod.
        pod: NamespacedName,
    },
}
