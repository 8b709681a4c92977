//! What the test knows of the registry while it is being killed.

use bytes::Bytes;
use wharf_e2e::random::Random;

/// What the registry has promised so far, or may have done without being able to say so.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) blobs: Vec<Blob>,
    pub(crate) images: Vec<Pushed>,
    /// By tag: what a reader may see, which is the last acknowledged image and any that was under way after it.
    pub(crate) tags: Vec<(String, Vec<Option<String>>)>,
    pub(crate) uploads: Vec<Upload>,
    /// Pushes that broke off: their content can be pushed again.
    pub(crate) broken: Vec<Blob>,
}

/// A blob: the seed makes its bytes again.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) repository: String,
    pub(crate) seed: u64,
    pub(crate) length: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) repository: String,
    pub(crate) digest: String,
    pub(crate) manifest: Bytes,
}

/// An upload that was open when the registry died.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) blob: Blob,
    pub(crate) path: String,
    /// Bytes that the registry has acknowledged.
    pub(crate) acknowledged: usize,
    /// Bytes that were sent, acknowledged or not.
    pub(crate) sent: usize,
    /// Whether the request that finishes it had been sent.
    pub(crate) finishing: bool,
}

impl Blob {
    pub(crate) fn bytes(&self) -> Bytes {
        Random::new(self.seed).bytes(self.length).into()
    }
}
