//! Names of key rings, keys and versions.

use crate::name::ProjectId;
use crate::string_traits;
use crate::text::shorten;

/// Characters of the id of a key ring or a key.
const ID_LENGTH_MAX: usize = 63;

/// Why a text names nothing of Cloud KMS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KmsNameError {
    /// Not a location.
    #[error(
        "{0:?} is not a location: use global, or one such as us-central1: lower-case letters, digits and hyphens"
    )]
    Location(String),
    /// Not the id of a key ring or a key.
    #[error("{0:?} is not an id: 1 to 63 letters, digits, underscores and hyphens")]
    Id(String),
    /// Not the number of a version.
    #[error("{0:?} is not the number of a version: 1, 2, 3, …")]
    Version(String),
    /// Not a key ring.
    #[error("{0:?} is not a key ring: projects/PROJECT/locations/LOCATION/keyRings/KEY_RING")]
    KeyRing(String),
    /// Not a key.
    #[error(
        "{0:?} is not a key: projects/PROJECT/locations/LOCATION/keyRings/KEY_RING/cryptoKeys/KEY"
    )]
    CryptoKey(String),
    /// Not a version of a key.
    #[error(
        "{0:?} is not a version of a key: projects/PROJECT/locations/LOCATION/keyRings/KEY_RING/cryptoKeys/KEY/cryptoKeyVersions/NUMBER"
    )]
    CryptoKeyVersion(String),
}

/// `projects/P/locations/L/keyRings/RING`
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRingName(Box<str>);

impl KeyRingName {
    /// The key ring of this id at a location of a project.
    pub fn new(project: &ProjectId, location: &str, id: &str) -> Result<Self, KmsNameError> {
        check_location(location)?;
        check_id(id)?;
        Ok(Self(
            format!("projects/{project}/locations/{location}/keyRings/{id}").into(),
        ))
    }

    /// Parses the whole name.
    pub fn parse(text: &str) -> Result<Self, KmsNameError> {
        let refused = || KmsNameError::KeyRing(shorten(text));
        let (project, rest) = text
            .strip_prefix("projects/")
            .and_then(|rest| rest.split_once("/locations/"))
            .ok_or_else(refused)?;
        let (location, id) = rest.split_once("/keyRings/").ok_or_else(refused)?;
        let project = ProjectId::parse(project).map_err(|_| refused())?;
        Self::new(&project, location, id)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project that owns it.
    pub fn project(&self) -> ProjectId {
        #[expect(clippy::expect_used, reason = "parse and new accept no other name")]
        ProjectId::parse(self.part(1)).expect("checked when the name was made")
    }

    /// The location: `global`, `us-central1`, …
    pub fn location(&self) -> &str {
        self.part(3)
    }

    /// The id.
    pub fn id(&self) -> &str {
        self.part(5)
    }

    fn part(&self, number: usize) -> &str {
        self.0.split('/').nth(number).unwrap_or_default()
    }
}
string_traits!(KeyRingName, KmsNameError);

/// `projects/P/locations/L/keyRings/RING/cryptoKeys/KEY`
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CryptoKeyName(Box<str>);

impl CryptoKeyName {
    /// The key of this id in a ring.
    pub fn new(ring: &KeyRingName, id: &str) -> Result<Self, KmsNameError> {
        check_id(id)?;
        Ok(Self(format!("{ring}/cryptoKeys/{id}").into()))
    }

    /// Parses the whole name.
    pub fn parse(text: &str) -> Result<Self, KmsNameError> {
        let refused = || KmsNameError::CryptoKey(shorten(text));
        let (ring, id) = text.split_once("/cryptoKeys/").ok_or_else(refused)?;
        let ring = KeyRingName::parse(ring).map_err(|error| match error {
            KmsNameError::KeyRing(_) => refused(),
            error => error,
        })?;
        Self::new(&ring, id)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ring that holds it.
    pub fn ring(&self) -> KeyRingName {
        let ring = self.0.split("/cryptoKeys/").next().unwrap_or_default();
        KeyRingName(ring.into())
    }

    /// The project that owns it.
    pub fn project(&self) -> ProjectId {
        self.ring().project()
    }

    /// The id.
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// One of its versions.
    pub fn version(&self, number: u32) -> CryptoKeyVersionName {
        CryptoKeyVersionName {
            key: self.clone(),
            number,
        }
    }
}
string_traits!(CryptoKeyName, KmsNameError);

/// `projects/P/locations/L/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CryptoKeyVersionName {
    /// The key.
    pub key: CryptoKeyName,
    /// Which version: they are counted from 1, and no number is used again.
    pub number: u32,
}

impl CryptoKeyVersionName {
    /// Parses the whole name.
    pub fn parse(text: &str) -> Result<Self, KmsNameError> {
        let refused = || KmsNameError::CryptoKeyVersion(shorten(text));
        let (key, number) = text.split_once("/cryptoKeyVersions/").ok_or_else(refused)?;
        let key = CryptoKeyName::parse(key).map_err(|error| match error {
            KmsNameError::KeyRing(_) | KmsNameError::CryptoKey(_) => refused(),
            error => error,
        })?;
        let number = Self::parse_number(number)?;
        Ok(Self { key, number })
    }

    /// Parses the number alone.
    pub fn parse_number(text: &str) -> Result<u32, KmsNameError> {
        let refused = || KmsNameError::Version(shorten(text));
        if !text.starts_with(|c: char| matches!(c, '1'..='9')) {
            return Err(refused());
        }
        text.parse().map_err(|_| refused())
    }
}

impl std::fmt::Display for CryptoKeyVersionName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/cryptoKeyVersions/{}", self.key, self.number)
    }
}

impl std::str::FromStr for CryptoKeyVersionName {
    type Err = KmsNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn check_location(text: &str) -> Result<(), KmsNameError> {
    let is_one = (1..=ID_LENGTH_MAX).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if is_one {
        Ok(())
    } else {
        Err(KmsNameError::Location(shorten(text)))
    }
}

fn check_id(text: &str) -> Result<(), KmsNameError> {
    let is_one = (1..=ID_LENGTH_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if is_one {
        Ok(())
    } else {
        Err(KmsNameError::Id(shorten(text)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const RING: &str = "projects/my-project/locations/us-central1/keyRings/cluster_keys";

    #[test]
    fn a_version_knows_all_that_it_is_in() {
        let text = format!("{RING}/cryptoKeys/Secrets-1/cryptoKeyVersions/7");
        let version = CryptoKeyVersionName::parse(&text).unwrap();
        assert_eq!(version.to_string(), text);
        assert_eq!(version.number, 7);
        assert_eq!(version.key.id(), "Secrets-1");
        let ring = version.key.ring();
        assert_eq!(ring, KeyRingName::parse(RING).unwrap());
        assert_eq!(
            (ring.location(), ring.id()),
            ("us-central1", "cluster_keys")
        );
        assert_eq!(ring.project().as_str(), "my-project");
        let scoped = "projects/example.com:my-project/locations/global/keyRings/a";
        assert_eq!(
            KeyRingName::parse(scoped).unwrap().project().as_str(),
            "example.com:my-project"
        );
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let key = format!("{RING}/cryptoKeys/k");
        for wrong in [
            "",
            RING,
            &key,
            &format!("{key}/cryptoKeyVersions/0"),
            &format!("{key}/cryptoKeyVersions/01"),
            &format!("{key}/cryptoKeyVersions/+1"),
            &format!("{key}/cryptoKeyVersions/4294967296"),
            &format!("{key}/cryptoKeyVersions/1/x"),
        ] {
            assert!(CryptoKeyVersionName::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "projects/my-project/locations/US/keyRings/a",
            "projects/my-project/locations/us-/keyRings/a",
            "projects/my-project/locations/us/keyRings/a.b",
            "projects/my-project/locations/us/keyRings/",
            "projects/x/locations/us/keyRings/a",
            "projects/my-project/locations/us/keyRings/a/cryptoKeys/b",
        ] {
            assert!(KeyRingName::parse(wrong).is_err(), "{wrong}");
        }
        let long = "k".repeat(64);
        let ring = KeyRingName::parse(RING).unwrap();
        assert!(CryptoKeyName::new(&ring, &long).is_err());
        assert!(CryptoKeyName::new(&ring, &long[1..]).is_ok());
    }

    proptest! {
        #[test]
        fn names_read_back_as_written(
            location in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?",
            ring in "[a-zA-Z0-9_-]{1,63}",
            key in "[a-zA-Z0-9_-]{1,63}",
            number in 1_u32..,
        ) {
            let text = format!("projects/my-project/locations/{location}/keyRings/{ring}/cryptoKeys/{key}/cryptoKeyVersions/{number}");
            prop_assert_eq!(CryptoKeyVersionName::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn nothing_panics(text in "(projects/|locations/|keyRings/|cryptoKeys/|cryptoKeyVersions/|[a-z0-9/:_.é-]){0,12}") {
            let _ = CryptoKeyVersionName::parse(&text);
            let _ = KeyRingName::parse(&text).map(|ring| (ring.project(), ring.id().len()));
        }
    }
}
