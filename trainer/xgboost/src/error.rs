//! The crate's error, and how a C call's result becomes one.

use std::ffi::{CStr, CString, c_int};

use crate::ffi;

/// What a [`crate::BatchSource`] may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// XGBoost's own message, or the reason why XGBoost was not called at all.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct XGBoostError {
    message: String,
    source: Option<BoxError>,
}

impl XGBoostError {
    /// The message, without its source's.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn with_source(message: impl Into<String>, source: BoxError) -> Self {
        Self {
            message: message.into(),
            source: Some(source),
        }
    }
}

/// Turns the status of the call just made on this thread into a result.
pub(crate) fn check(status: c_int) -> Result<(), XGBoostError> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: XGBoost returns a NUL-terminated string that lives until this thread's next failing call.
    let text = unsafe { CStr::from_ptr(ffi::XGBGetLastError()) };
    Err(XGBoostError::new(first_paragraph(&text.to_string_lossy())))
}

/// A C string; a NUL inside is an error that names `what`.
pub(crate) fn c_string(what: &str, text: &str) -> Result<CString, XGBoostError> {
    CString::new(text).map_err(|_| XGBoostError::new(format!("{what} contains a NUL byte")))
}

/// XGBoost appends a C++ stack trace to its messages: it is cut off.
fn first_paragraph(text: &str) -> &str {
    text.split("Stack trace:").next().unwrap_or(text).trim()
}
