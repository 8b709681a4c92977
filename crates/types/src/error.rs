//! The codes of the two error dialects: OCI (`errors[]`) and Google (`google.rpc.Status`).

/// A code of the OCI error body (distribution-spec, "Error codes"), and Google's two of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OciCode {
    /// The blob is not there.
    BlobUnknown,
    /// The upload cannot go on so.
    BlobUploadInvalid,
    /// The upload session is not there.
    BlobUploadUnknown,
    /// The digest is malformed, unsupported, or not that of the content.
    DigestInvalid,
    /// A manifest refers to content that is not there.
    ManifestBlobUnknown,
    /// The manifest is malformed.
    ManifestInvalid,
    /// The manifest is not there.
    ManifestUnknown,
    /// The repository's name is malformed.
    NameInvalid,
    /// The repository is not there.
    NameUnknown,
    /// The length is wrong.
    SizeInvalid,
    /// A credential is needed.
    Unauthorized,
    /// The credential does not suffice.
    Denied,
    /// The operation is not offered.
    Unsupported,
    /// Too many requests.
    TooManyRequests,
    /// Google: the manifest still has tags.
    GoogleManifestDanglingTag,
    /// Google: the manifest is part of an index.
    GoogleManifestDanglingParentImage,
    /// Something is wrong on our side. Outside the specification's list, as Distribution's `UNKNOWN` is.
    Unknown,
}

impl OciCode {
    /// The code as it stands in the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::GoogleManifestDanglingTag => "GOOGLE_MANIFEST_DANGLING_TAG",
            Self::GoogleManifestDanglingParentImage => "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A canonical status of the Google APIs (`google.rpc.Code`), with its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GoogleStatus {
    /// 400: the request is wrong whatever the state.
    InvalidArgument,
    /// 400: the request is wrong in this state.
    FailedPrecondition,
    /// 401: no valid credential.
    Unauthenticated,
    /// 403: the credential lacks a permission.
    PermissionDenied,
    /// 404: not there.
    NotFound,
    /// 409: there already.
    AlreadyExists,
    /// 409: changed meanwhile.
    Aborted,
    /// 429: too much.
    ResourceExhausted,
    /// 500: our fault.
    Internal,
    /// 501: not offered.
    Unimplemented,
    /// 503: try again.
    Unavailable,
}

impl GoogleStatus {
    /// The name as it stands in `error.status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Aborted => "ABORTED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Internal => "INTERNAL",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The HTTP status that goes with it.
    pub fn http_status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
        }
    }
}
