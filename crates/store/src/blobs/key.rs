//! The names of objects.

use uuid::Uuid;

/// The opaque name of an object: random, used once. Its first two digits are its shard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey(Box<str>);

impl ObjectKey {
    /// A name that no other object has or had.
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string().into())
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = text.len() == 32
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_key.then(|| Self(text.into()))
    }

    /// The name: 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn shard(&self) -> &str {
        &self.0[..2]
    }
}

impl std::str::FromStr for ObjectKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| format!("{text:?} is not an object key"))
    }
}
