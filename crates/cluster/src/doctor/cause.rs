//! Why an image is not pulled. One variant a cause; each has a code that scripts may rely on, and a sentence.

use serde::Serialize;

use super::observation::NamespacedName;

/// Why an image is not pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "cause",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Cause {
    /// A pull secret that the Pod names is not there.
    SecretAbsent {
        /// Which.
        secret: NamespacedName,
        /// Namespaces that have one of this name, as far as the doctor may see.
        elsewhere: Vec<String>,
    },
}
