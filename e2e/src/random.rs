//! Randomness that can be had again: every test that uses it prints its seed.

use std::time::{SystemTime, UNIX_EPOCH};

/// SplitMix64: small, and good enough to choose moments and fill blobs.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Takes the seed from `WHARF_E2E_SEED`, else from the clock, and prints it.
    pub fn from_environment(test: &str) -> Self {
        let seed = match std::env::var("WHARF_E2E_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                u64::from(now.subsec_nanos()) ^ now.as_secs() << 20
            }
        };
        eprintln!("{test}: seed {seed} (again with WHARF_E2E_SEED={seed})");
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// A generator of its own, whose numbers do not depend on how many this one gives.
    pub fn fork(&mut self) -> Self {
        Self(self.number())
    }

    /// `length` bytes that no compression makes smaller.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.number().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
