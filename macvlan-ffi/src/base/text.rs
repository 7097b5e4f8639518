//! Text from C programs, which must be UTF-8, and text for them, which belongs to an object.

use std::ffi::{CStr, CString, c_char};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use crate::base::misuse::Misuse;
use crate::base::object::array;

/// Checks a text argument.
macro_rules! text {
    ($argument:ident) => {
        // SAFETY: the header requires that it is NULL or leads to text that ends with a zero byte.
        unsafe { crate::base::text::text_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use text;

/// Checks a text argument that may be NULL.
macro_rules! optional_text {
    ($argument:ident) => {
        if $argument.is_null() { None } else { Some(crate::base::text::text!($argument)) }
    };
}
pub(crate) use optional_text;

/// # Safety
///
/// The pointer is null or leads to text that ends with a zero byte and that is not changed during
/// the call.
pub(crate) unsafe fn text_at<'a>(text: *const c_char, argument: &str) -> Result<&'a str, Misuse> {
    if text.is_null() {
        return Err(Misuse::new(format!("{argument} is NULL")));
    }
    // SAFETY: it is not null, and the caller guarantees the rest.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| {
        Misuse::new(format!("{argument} is not UTF-8: \"{}\"", text.to_bytes().escape_ascii()))
    })
}

/// Reads a text field of a struct; `None` for NULL.
///
/// # Safety
///
/// As for [`text_at`].
pub(crate) unsafe fn field<'a>(
    text: *const c_char,
    argument: &str,
    name: &str,
) -> Result<Option<&'a str>, Misuse> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: guaranteed by the caller.
    unsafe { text_at(text, &format!("{argument}.{name}")).map(Some) }
}

/// Reads an array of texts.
///
/// # Safety
///
/// The array is null or has so many pointers, each of them as for [`text_at`].
pub(crate) unsafe fn texts_at<'a>(
    texts: *const *const c_char,
    count: usize,
    argument: &str,
) -> Result<Vec<&'a str>, Misuse> {
    // SAFETY: guaranteed by the caller.
    let texts = unsafe { array(texts.cast_mut(), count, argument)? };
    let each = texts.iter().enumerate();
    // SAFETY: guaranteed by the caller.
    each.map(|(at, text)| unsafe { text_at(*text, &format!("{argument}[{at}]")) }).collect()
}

/// Converts a duration to milliseconds; longer ones to the maximum.
pub(crate) fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Converts a text for C. It ends at a zero byte, which no text of the kernel has.
pub(crate) fn c_string(text: impl Display) -> CString {
    let mut bytes = text.to_string().into_bytes();
    bytes.retain(|byte| *byte != 0);
    CString::new(bytes).unwrap_or_default()
}

/// Converts a path unchanged; it need not be UTF-8, and has no zero byte.
pub(crate) fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

/// A text, made at the first request: most are never requested, and attach should not pay for them.
#[derive(Default)]
pub(crate) struct Text(OnceLock<CString>);

impl Text {
    pub(crate) fn of(&self, value: impl Display) -> *const c_char {
        self.0.get_or_init(|| c_string(value)).as_ptr()
    }
}
