//! Compute Engine v1: regions and zones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A region or a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Place {
    /// `compute#region` or `compute#zone`
    pub kind: String,
    /// `us-central1` or `us-central1-a`
    pub name: String,
    /// The name again, for people.
    pub description: String,
    /// `UP`
    pub status: String,
    /// Of a zone: the URL of its region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Of a region: the URLs of its zones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Where it is read.
    pub self_link: String,
}

/// A list of regions or zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Places {
    /// `compute#regionList` or `compute#zoneList`
    pub kind: String,
    /// `projects/P/regions` or `projects/P/zones`
    pub id: String,
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Place>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// Where it is read.
    pub self_link: String,
}
