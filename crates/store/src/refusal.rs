//! The kept form of a refusal: why an operation failed, in the words its client was told.

use graph::{ErrorCode, InnerError, PublicError, PublicErrorDetail};
use serde::{Deserialize, Serialize};

/// Every code that can be read back.
const CODES: [ErrorCode; 16] = [
    ErrorCode::InvalidRequest,
    ErrorCode::BadRequest,
    ErrorCode::InvalidAuthenticationToken,
    ErrorCode::AccessDenied,
    ErrorCode::QuotaLimitReached,
    ErrorCode::Forbidden,
    ErrorCode::ItemNotFound,
    ErrorCode::UnknownError,
    ErrorCode::RequestBadRequest,
    ErrorCode::NameAlreadyExists,
    ErrorCode::RequestEntityTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::TooManyRequests,
    ErrorCode::GeneralException,
    ErrorCode::NotSupported,
    ErrorCode::ServiceNotAvailable,
];

#[derive(Serialize, Deserialize)]
struct Refusal {
    status: u16,
    code: String,
    message: String,
    target: Option<String>,
    details: Vec<Detail>,
    inner: Option<Inner>,
}

#[derive(Serialize, Deserialize)]
struct Detail {
    code: String,
    message: String,
    target: Option<String>,
    details: Vec<Detail>,
}

#[derive(Serialize, Deserialize)]
struct Inner {
    code: String,
    source: Option<String>,
    message: String,
}

/// The form the store keeps.
pub(crate) fn write(error: &PublicError) -> String {
    let refusal = Refusal {
        status: error.status,
        code: error.code.as_str().to_owned(),
        message: error.message.clone(),
        target: error.target.clone(),
        details: error.details.iter().map(detail).collect(),
        inner: error.inner.as_ref().map(|inner| Inner {
            code: inner.code.clone(),
            source: inner.source.clone(),
            message: inner.message.clone(),
        }),
    };
    serde_json::to_string(&refusal).expect("texts and numbers can be written")
}

/// Reads back what [`write()`] wrote; otherwise a sentence for the log.
pub(crate) fn read(text: &str) -> Result<PublicError, String> {
    let refusal: Refusal = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let code = CODES
        .into_iter()
        .find(|code| code.as_str() == refusal.code)
        .ok_or_else(|| format!("`{}` is no error code", refusal.code))?;
    Ok(PublicError {
        status: refusal.status,
        code,
        message: refusal.message,
        target: refusal.target,
        details: refusal.details.into_iter().map(public_detail).collect(),
        inner: refusal.inner.map(|inner| InnerError {
            code: inner.code,
            source: inner.source,
            message: inner.message,
        }),
        retry_after: None,
    })
}

fn detail(detail: &PublicErrorDetail) -> Detail {
    Detail {
        code: detail.code.clone(),
        message: detail.message.clone(),
        target: detail.target.clone(),
        details: detail.details.iter().map(self::detail).collect(),
    }
}

fn public_detail(detail: Detail) -> PublicErrorDetail {
    PublicErrorDetail {
        code: detail.code,
        message: detail.message,
        target: detail.target,
        details: detail.details.into_iter().map(public_detail).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        for code in CODES {
            let error = PublicError::new(code, "No.").with_help("schema", "Do it otherwise.");
            assert_eq!(read(&write(&error)).unwrap(), error);
        }
    }

    #[test]
    fn the_service_behind_the_gateway_comes_back() {
        let error = PublicError::not_found("Connection");
        assert_eq!(read(&write(&error)).unwrap(), error);
    }

    #[test]
    fn an_unknown_code_is_told() {
        let text = write(&PublicError::not_found("Item")).replacen("ItemNotFound", "Lost", 1);
        assert!(read(&text).unwrap_err().contains("`Lost`"));
    }
}
