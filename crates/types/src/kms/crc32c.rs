//! Checksums that find what was altered on the way.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::proto::int64;

/// A CRC-32C (Castagnoli) of bytes, as Cloud KMS sends it beside them: a 64-bit number in JSON, so a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32c(u64);

impl Crc32c {
    /// That of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(u64::from(crc32c::crc32c(bytes)))
    }
}

crate::schema::text!(Crc32c, "int64");

impl Serialize for Crc32c {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        int64::serialize(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for Crc32c {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        int64::deserialize(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    #[test]
    fn known_checksums() {
        let ascending: Vec<u8> = (0..32).collect();
        for (bytes, crc) in [
            (&b""[..], 0),
            (b"123456789", 0xe306_9283),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
        ] {
            assert_eq!(Crc32c::of(bytes), Crc32c(crc));
        }
    }
}
