//! What the node could not do with the bytes that came.

use super::phrase::Text;
use super::{Complaint, Told};

static PHRASES: [(&str, Complaint); 9] = [
    ("no space left on device", Complaint::DiskFull),
    ("disk quota exceeded", Complaint::DiskFull),
    ("unexpected commit digest ", Complaint::Corrupt),
    ("digest did not match, expected ", Complaint::Corrupt),
    ("short read: expected ", Complaint::Corrupt),
    ("wrong diff id calculated ", Complaint::Corrupt),
    ("gzip: invalid ", Complaint::Corrupt),
    ("invalid tar header", Complaint::Corrupt),
    (" failed size validation: ", Complaint::Corrupt),
];
static UNPACKING: [(&str, Complaint); 6] = [
    ("unable to initialize unpacker", Complaint::Snapshotter),
    ("no unpack platforms defined", Complaint::Snapshotter),
    ("failed to extract layer ", Complaint::Snapshotter),
    (
        "failed to prepare extraction snapshot",
        Complaint::Snapshotter,
    ),
    ("snapshotter not loaded", Complaint::Snapshotter),
    ("adding layer with blob ", Complaint::Snapshotter),
];
const CUT_SHORT: &str = "unexpected eof";

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    text.first_of(&PHRASES)
        .or_else(|| cut_short(text))
        .or_else(|| text.first_of(&UNPACKING))
}

/// A body that ends too soon. Right behind a URL it is the connection that ended, before an answer.
fn cut_short(text: Text<'_>) -> Option<Told<'_>> {
    let at = text.lower().find(CUT_SHORT)?;
    let (before, _) = text.split_at(at);
    (!before.lower().ends_with("\": ")).then(|| Told::new(Complaint::Corrupt, text, at))
}
