//! What the doctor found: a cause, why it is believed, and what mends it.

use serde::Serialize;

use super::cause::Cause;
use super::remedy::Remedy;

/// One cause, and everything that suffers from it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Why the image is not pulled.
    #[serde(flatten)]
    pub cause: Cause,
    /// How sure the doctor is.
    pub confidence: Confidence,
    /// What it is concluded from, the strongest first.
    pub evidence: Vec<Evidence>,
    /// What mends it.
    pub remedy: Remedy,
    /// Which containers suffer from it.
    pub affected: Vec<Affected>,
}

/// How sure the doctor is of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// One reading among others.
    Possible,
    /// The evidence fits nothing else as well.
    Likely,
    /// The evidence leaves no other reading.
    Certain,
}

/// Something seen, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where it was seen, as one would look there: `pod web/app-1, container app`, `event Failed`, `registry's audit log`.
    #[serde(rename = "where")]
    pub place: String,
    /// What was seen there.
    pub what: String,
}

/// A container that cannot start for want of its image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Affected {
    /// The Pod's namespace.
    pub namespace: String,
    /// The Pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Its image.
    pub image: String,
}
