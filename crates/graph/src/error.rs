//! `microsoft.graph.publicError`: the only error a client ever reads.
//!
//! Documentation: <https://learn.microsoft.com/graph/errors>

use std::num::NonZeroU32;

/// A refusal, in the Graph's words. `server/respond.rs` is the only place that turns it into bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicError {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// The code that clients compare.
    pub code: ErrorCode,
    /// The message; exact where clients are known to match it (`contract/external.md` §15.2).
    pub message: String,
    /// What the error is about: a property, a parameter.
    pub target: Option<String>,
    /// Our help, beside the exact texts.
    pub details: Vec<PublicErrorDetail>,
    /// `innerError`: code, source and message of the service behind the gateway.
    pub inner: Option<InnerError>,
    /// Seconds after which another try may help: the header `Retry-After`.
    pub retry_after: Option<NonZeroU32>,
}

/// One `details` entry; it may nest for the search service's voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicErrorDetail {
    /// The detail's code.
    pub code: String,
    /// The detail's message.
    pub message: String,
    /// What the detail is about.
    pub target: Option<String>,
    /// Wrapped details (search voice only).
    pub details: Vec<PublicErrorDetail>,
}

/// The members of `innerError` that the connector service adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerError {
    /// For example `ResourceNotFound`.
    pub code: String,
    /// For example `Connection`; absent for deserialization errors.
    pub source: Option<String>,
    /// For example `'Connection' was not found.`
    pub message: String,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:literal;)*) => {
        /// One variant per code seen on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// The code as clients compare it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The status the code usually comes with.
            pub const fn usual_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

error_codes! {
    /// The connector service refuses a malformed or rule-breaking request.
    InvalidRequest = "InvalidRequest", 400;
    /// The gateway refuses: unknown segment, unreadable JSON, wrong member.
    BadRequest = "BadRequest", 400;
    /// No, an expired or a malformed token.
    InvalidAuthenticationToken = "InvalidAuthenticationToken", 401;
    /// A permission is missing.
    AccessDenied = "AccessDenied", 403;
    /// As many items, groups, members or connections as there may be.
    QuotaLimitReached = "QuotaLimitReached", 403;
    /// The search service's word for a missing permission.
    Forbidden = "Forbidden", 403;
    /// The thing does not exist, or not for this caller.
    ItemNotFound = "ItemNotFound", 404;
    /// Several statuses; the live service's answer to things it does not know.
    UnknownError = "UnknownError", 404;
    /// The method is not supported by the path.
    RequestBadRequest = "Request_BadRequest", 405;
    /// The id is taken, or a schema operation is running.
    NameAlreadyExists = "NameAlreadyExists", 409;
    /// It is not as the client believes.
    ResourceModified = "ResourceModified", 412;
    /// The body is larger than the limit.
    RequestEntityTooLarge = "RequestEntityTooLarge", 413;
    /// The content encoding is not supported.
    UnsupportedMediaType = "UnsupportedMediaType", 415;
    /// Something that had to go well before did not.
    FailedDependency = "FailedDependency", 424;
    /// Come back later.
    TooManyRequests = "TooManyRequests", 429;
    /// Something failed on our side.
    GeneralException = "GeneralException", 500;
    /// Known to the Graph, not served here.
    NotSupported = "notSupported", 501;
    /// Temporarily unavailable.
    ServiceNotAvailable = "serviceNotAvailable", 503;
}

impl PublicError {
    /// A refusal with the code's usual status.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: code.usual_status(),
            code,
            message: message.into(),
            target: None,
            details: Vec::new(),
            inner: None,
            retry_after: None,
        }
    }

    /// 400 `InvalidRequest` with the exact message clients know, and our help in `details` and in `innerError.message`, which is the text that the CLI
    /// for Microsoft 365 prints.
    pub fn invalid(target: impl Into<String>, help: impl Into<String>) -> Self {
        let (target, help) = (target.into(), help.into());
        let mut error = Self::new(
            ErrorCode::InvalidRequest,
            "The request is malformed or incorrect.",
        )
        .with_help(target.clone(), help.clone());
        error.target = Some(target);
        error.inner = Some(InnerError {
            code: ErrorCode::InvalidRequest.as_str().to_owned(),
            source: None,
            message: help,
        });
        error
    }

    /// 404 `ItemNotFound` for a `source` such as `Connection`, `Schema`, `Item`, `Group`, `Member` or `Operation`.
    pub fn not_found(source: &str) -> Self {
        let mut error = Self::new(
            ErrorCode::ItemNotFound,
            "The requested resource does not exist.",
        );
        error.inner = Some(InnerError {
            code: "ResourceNotFound".to_owned(),
            source: Some(source.to_owned()),
            message: format!("'{source}' was not found."),
        });
        error
    }

    /// 412 `ResourceModified`: `If-None-Match: *` says that there must be nothing yet, and there is.
    pub fn present() -> Self {
        Self::new(
            ErrorCode::ResourceModified,
            "The resource exists, and `If-None-Match: *` asks that it does not.",
        )
        .with_help(
            "If-None-Match",
            "Leave the header out to change what is there.",
        )
    }

    /// Says after how many seconds another try may help.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.retry_after = NonZeroU32::new(seconds);
        self
    }

    /// Adds one sentence of help to `details`; it is also sent as `x-linkspan-advice`.
    #[must_use]
    pub fn with_help(mut self, target: impl Into<String>, help: impl Into<String>) -> Self {
        self.details.push(PublicErrorDetail {
            code: self.code.as_str().to_owned(),
            message: help.into(),
            target: Some(target.into()),
            details: Vec::new(),
        });
        self
    }
}
