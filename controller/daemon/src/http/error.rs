//! The error that every surface answers with: a code, a sentence, what to do.

use crate::blobs::BlobError;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Reject;

/// The answer of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// An error as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    remedy: String,
    retry_after_s: Option<u32>,
}

impl ApiError {
    /// An error with its stable code.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            remedy: String::new(),
            retry_after_s: None,
        }
    }

    /// The same with what the caller can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// The same with the time after which to try again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Too much at once.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
            .remedy("try again later")
            .retry_after(5)
    }

    /// What was asked for is not there.
    #[must_use]
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("there is no {what}"),
        )
    }

    /// Something that the caller sent cannot be read.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "error": self.code,
            "message": self.message,
            "remedy": self.remedy,
        });
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let storage = || {
            Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "storage",
                "the controller cannot store anything now",
            )
            .remedy("look into the controller's log and at its disk")
            .retry_after(20)
        };
        if error.is_of_the_disk() {
            return storage();
        }
        match error {
            StoreError::Busy | StoreError::Deadline => Self::busy(error.to_string()),
            StoreError::Commit { .. } | StoreError::Stopped => storage(),
            StoreError::Statement { source } => {
                tracing::error!(error = %source, "a database statement failed: this is a defect or a damaged database");
                Self::internal()
            }
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        if error.is_full() {
            return Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk-full",
                "the controller's disk has too little space left",
            )
            .remedy("free space in the data folder, or lower blobs.keep_free_bytes");
        }
        match error {
            BlobError::Mismatch { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "digest-mismatch",
                error.to_string(),
            )
            .remedy("the file changed while it was sent: add it again"),
            BlobError::TooBig { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-big", error.to_string())
                    .remedy("raise blobs.max_bytes, or make the file smaller")
            }
            BlobError::Folder(_)
            | BlobError::Write(_)
            | BlobError::Place(_)
            | BlobError::Read(_)
            | BlobError::Full => {
                tracing::error!(error = %chain(&error), "a blob could not be stored or read");
                Self::internal()
            }
        }
    }
}

impl From<Reject> for ApiError {
    fn from(reject: Reject) -> Self {
        let status = match &reject {
            Reject::TooBig { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Reject::Rollback { .. }
            | Reject::Equivocation { .. }
            | Reject::RootGap { .. }
            | Reject::Jump { .. }
            | Reject::MediaMissing { .. } => StatusCode::CONFLICT,
            Reject::Malformed { .. }
            | Reject::UnknownType { .. }
            | Reject::TooManySignatures { .. }
            | Reject::DuplicateSignature { .. }
            | Reject::Unsigned { .. }
            | Reject::BadRoot { .. }
            | Reject::NotForUs { .. }
            | Reject::WrongEpoch { .. }
            | Reject::Expired { .. }
            | Reject::BadRelease { .. }
            | Reject::BadTakedown { .. }
            | Reject::BadOverride { .. }
            | Reject::BadSoftware { .. }
            | Reject::NeedsStep { .. }
            | Reject::NoSuchTemplate { .. }
            | Reject::OtherRelease { .. }
            | Reject::TakenDown { .. }
            | Reject::Quota { .. }
            | Reject::BadLookup { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, reject.code(), reject.to_string()).remedy(remedy(&reject))
    }
}

impl ApiError {
    /// Something that is not the caller's fault; the log says what.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the controller failed",
        )
        .remedy("look into the controller's log")
    }
}

fn remedy(reject: &Reject) -> &'static str {
    match reject {
        Reject::Unsigned { .. } => "collect the missing signatures, then publish again",
        Reject::Rollback { .. } | Reject::Equivocation { .. } | Reject::Jump { .. } => {
            "draft the document again from the newest one"
        }
        Reject::RootGap { .. } => "publish the roots in order, none left out",
        Reject::WrongEpoch { .. } => "draft the document again under the newest root",
        Reject::NotForUs { .. } => "check the site, the channel and the devices it names",
        Reject::Expired { .. } => "draft the release again with a later end",
        Reject::NoSuchTemplate { .. } | Reject::OtherRelease { .. } | Reject::TakenDown { .. } => {
            "choose a template of the release that is published"
        }
        Reject::MediaMissing { .. } => "upload the media with its chunk list first",
        Reject::TooBig { .. }
        | Reject::Malformed { .. }
        | Reject::UnknownType { .. }
        | Reject::TooManySignatures { .. }
        | Reject::DuplicateSignature { .. }
        | Reject::BadRoot { .. }
        | Reject::BadRelease { .. }
        | Reject::BadTakedown { .. }
        | Reject::BadOverride { .. }
        | Reject::BadSoftware { .. }
        | Reject::NeedsStep { .. }
        | Reject::Quota { .. }
        | Reject::BadLookup { .. } => "draft the document again",
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
