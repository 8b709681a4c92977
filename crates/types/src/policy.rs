//! IAM policies: bindings of roles to members, with conditions, versions and etags (Google IAM, `Policy`).

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::principal::Member;
use crate::role::RoleName;

/// A policy as stored and as exchanged. `version` is 3 exactly when a binding has a condition, else 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// The format version: 1, or 3 when a condition is present.
    #[serde(default)]
    pub version: i32,
    /// Which roles are bound to whom. Absent means none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
    /// Names the state that was read, for compare-and-set. Absent on a write means: overwrite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
}

/// One role bound to members, perhaps under a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// What is granted.
    pub role: RoleName,
    /// To whom.
    #[serde(default)]
    pub members: Vec<Member>,
    /// When. None: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// A condition in CEL (Google IAM, `Expr`). Stored and returned verbatim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Expr")]
pub struct Condition {
    /// The CEL expression.
    #[serde(default)]
    pub expression: String,
    /// A short name for people; Google requires it.
    #[serde(default)]
    pub title: String,
    /// A longer text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the expression came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The opaque state name of a policy or account. Clients send it back in the standard or the URL-safe
/// alphabet, padded or not; only the decoded bytes count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etag(pub Vec<u8>);

impl Etag {
    /// The etag of the `generation`th state of a thing.
    pub fn of_generation(generation: i64) -> Self {
        Self(generation.to_be_bytes().to_vec())
    }
}

/// Decodes base64 of either alphabet, padded or not, as Google's servers do.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(standard)
        .ok()
}

crate::schema::text!(Etag, "byte");

impl Serialize for Etag {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Etag {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(from)?;
        decode_base64(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("etag is not base64"))
    }
}

impl Policy {
    /// Sets `version` to what the bindings need.
    pub fn with_version(mut self) -> Self {
        self.version = if self
            .bindings
            .iter()
            .any(|binding| binding.condition.is_some())
        {
            3
        } else {
            1
        };
        self
    }

    /// Adds a member to the binding of `role` under `condition`, making that binding if it is not there.
    pub fn add(&mut self, role: RoleName, member: Member, condition: Option<Condition>) {
        match self
            .bindings
            .iter_mut()
            .find(|b| b.role == role && b.condition == condition)
        {
            Some(binding) if binding.members.contains(&member) => {}
            Some(binding) => binding.members.push(member),
            None => self.bindings.push(Binding {
                role,
                members: vec![member],
                condition,
            }),
        }
    }

    /// Removes a member from the bindings of `role` that `matches` accepts by their condition; empty bindings go.
    /// Returns whether the member was there.
    pub fn remove(
        &mut self,
        role: &RoleName,
        member: &Member,
        matches: impl Fn(Option<&Condition>) -> bool,
    ) -> bool {
        let mut found = false;
        for binding in &mut self.bindings {
            if binding.role == *role && matches(binding.condition.as_ref()) {
                let before = binding.members.len();
                binding.members.retain(|other| other != member);
                found |= binding.members.len() != before;
            }
        }
        self.bindings.retain(|binding| !binding.members.is_empty());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_compare_by_their_bytes() {
        let standard: Etag = serde_json::from_str("\"/g==\"").expect("standard");
        let url_safe: Etag = serde_json::from_str("\"_g==\"").expect("url-safe");
        assert_eq!(standard, url_safe);
        assert_eq!(serde_json::to_string(&standard).expect("json"), "\"/g==\"");
    }

    #[test]
    fn absent_bindings_are_empty_ones() {
        let policy: Policy =
            serde_json::from_str(r#"{"etag":"AAAA","version":3}"#).expect("policy");
        assert!(policy.bindings.is_empty());
        assert_eq!(policy.with_version().version, 1);
    }

    #[test]
    fn removing_the_last_member_removes_the_binding() {
        let role = RoleName::parse("roles/storage.objectViewer").expect("role");
        let mut policy = Policy::default();
        policy.add(role.clone(), Member::AllUsers, None);
        policy.add(role.clone(), Member::AllUsers, None);
        assert_eq!(policy.bindings.len(), 1);
        assert!(policy.remove(&role, &Member::AllUsers, |condition| condition.is_none()));
        assert!(policy.bindings.is_empty());
    }
}
