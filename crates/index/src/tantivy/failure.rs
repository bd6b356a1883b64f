//! What the engine's errors mean for the port.

use std::io::{self, ErrorKind};

use tantivy::{TantivyError, directory::error::OpenReadError};
use tenant::index::IndexError;

/// Does the error say that the files cannot be read as an index, so that only a rebuild helps?
///
/// What may pass by itself (a lock, a full disk, missing rights) is no reason to throw files away.
pub fn is_memory_lost(error: &TantivyError) -> bool {
    match error {
        TantivyError::IoError(error) => is_content_wrong(error),
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => {
            is_content_wrong(io_error)
        }
        TantivyError::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        )
        | TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::SchemaError(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::DeserializeError(_) => true,
        _ => false,
    }
}

fn is_content_wrong(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData
    )
}

/// The port's word for an error of the engine.
pub fn refused(error: &TantivyError) -> IndexError {
    if is_memory_lost(error) {
        IndexError::Inconsistent(error.to_string())
    } else {
        IndexError::Unavailable(error.to_string())
    }
}

/// Runs work that blocks on a thread that may block.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The engine asserts where its files contradict themselves.
        Err(error) if error.is_panic() => Err(IndexError::Inconsistent(format!(
            "the engine stopped in the middle: {error}"
        ))),
        Err(error) => Err(IndexError::Unavailable(error.to_string())),
    }
}
