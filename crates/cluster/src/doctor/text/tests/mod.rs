//! Texts as they were seen, or as the sources of each version write them, with the image `us.example.com/team/app:v1`.

mod containerd;
mod containers_image;
mod hostile;
mod kubelet;
mod recorded;
mod wrapped;

use super::{Complaint, CredentialSent, Symptom, classify};

/// Reads a text as it stands in `ErrImagePull`.
fn pulled(message: &str) -> Symptom {
    classify("ErrImagePull", message)
}

/// Demands a complaint of each text, and what each tells about the credential.
#[track_caller]
fn demand(rows: &[(&str, Complaint, CredentialSent)]) {
    for (message, complaint, credential) in rows {
        let symptom = pulled(message);
        assert_eq!(symptom.complaint, *complaint, "{message}");
        assert_eq!(symptom.credential, *credential, "{message}");
    }
}
