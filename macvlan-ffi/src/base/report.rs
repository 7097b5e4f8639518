//! Failures of functions, and the contents of an error.

use std::borrow::Cow;
use std::ffi::{CString, c_int};
use std::fmt::Display;

use macvlan_core::{ErrorKind, Holder};

use crate::base::misuse::Misuse;
use crate::base::object::object;
use crate::base::text::c_string;
use crate::base::view::View;

/// The error of a function. Every function that can fail writes one to its last argument, if that
/// is not NULL. The caller frees it with macvlan_error_free(). The texts belong to it.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_error {
    _opaque: (),
}
object!(macvlan_error, View<Report>);

/// The reason for a failure.
pub(crate) enum Failure {
    /// An error of the core.
    Core(macvlan_core::Error),
    /// Arguments that are not as the header requires.
    Misuse(Cow<'static, str>),
    /// A feature that the library was built without, and how to build it with it.
    #[cfg(all(feature = "networks", not(feature = "etcd")))]
    Lacking(&'static str, &'static str),
    /// A struct of a program that was built for a later version of the library.
    Newer(String),
    /// A report about one of several objects, made before.
    Told(Box<Report>),
    /// A panic with its message.
    Bug(String),
}

impl Failure {
    pub(crate) fn misuse(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Misuse(why.into())
    }
}

impl From<Misuse> for Failure {
    fn from(Misuse(why): Misuse) -> Self {
        Self::Misuse(why)
    }
}

impl From<macvlan_core::Error> for Failure {
    fn from(error: macvlan_core::Error) -> Self {
        Self::Core(error)
    }
}

/// The contents of an error.
#[derive(Clone)]
pub(crate) struct Report {
    /// One of `macvlan_error_kinds`.
    pub(super) kind: u32,
    /// The kind's groups: exists, not found, permission denied, invalid value.
    pub(super) is: [bool; 4],
    pub(super) kind_name: CString,
    pub(super) errno: c_int,
    pub(crate) message: CString,
    pub(crate) operation: CString,
    pub(crate) cause: CString,
    pub(crate) network: Option<CString>,
    pub(super) link: Option<CString>,
    pub(super) parent: Option<CString>,
    pub(super) netns: Option<CString>,
    pub(super) kernel_message: Option<CString>,
    pub(crate) hint: Option<CString>,
    pub(crate) leftovers: Vec<CString>,
    pub(super) holder: Option<Holder>,
}

impl Report {
    pub(crate) fn new(failure: Failure, function: &str) -> Self {
        match failure {
            Failure::Core(error) => Self::of_core(&error),
            Failure::Told(report) => *report,
            #[cfg(all(feature = "networks", not(feature = "etcd")))]
            Failure::Lacking(cause, hint) => {
                Self::ours(ErrorKind::Unsupported, function, cause, Some(hint))
            }
            Failure::Newer(cause) => {
                let hint = "install a later version of it";
                let report = Self::ours(ErrorKind::Unsupported, function, &cause, Some(hint));
                Self { errno: libc::E2BIG, ..report }
            }
            Failure::Misuse(cause) => Self::ours(ErrorKind::InvalidValue, function, &cause, None),
            Failure::Bug(cause) => {
                let hint = "this is a bug in the library: please report it";
                Self::ours(ErrorKind::Bug, function, &cause, Some(hint))
            }
        }
    }

    pub(crate) fn of_core(error: &macvlan_core::Error) -> Self {
        Self {
            kind: error.kind() as u32,
            is: [
                error.is_exists(),
                error.is_not_found(),
                error.is_permission_denied(),
                error.is_invalid_value(),
            ],
            kind_name: c_string(error.kind()),
            errno: error.errno().unwrap_or(error.kind().errno()),
            message: c_string(error),
            operation: c_string(error.operation()),
            cause: c_string(error.cause()),
            network: None,
            link: error.link().map(c_string),
            parent: error.parent().map(c_string),
            netns: error.netns().map(c_string),
            kernel_message: error.kernel_message().map(c_string),
            hint: error.hint().map(c_string),
            leftovers: error.leftovers().iter().map(c_string).collect(),
            holder: error.holder(),
        }
    }

    /// Makes a refusal of this crate.
    fn ours(kind: ErrorKind, function: &str, cause: &str, hint: Option<&str>) -> Self {
        let more = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        let invalid = kind == ErrorKind::InvalidValue;
        Self {
            message: c_string(format!("cannot call {function}: {cause}{more}")),
            operation: c_string(format!("call {function}")),
            cause: c_string(cause),
            hint: hint.map(c_string),
            ..Self::bare(kind as u32, [false, false, false, invalid], kind, kind.errno())
        }
    }

    /// Makes an error with only a kind.
    pub(crate) fn bare(kind: u32, is: [bool; 4], name: impl Display, errno: c_int) -> Self {
        Self {
            kind,
            is,
            kind_name: c_string(name),
            errno,
            message: CString::default(),
            operation: CString::default(),
            cause: CString::default(),
            network: None,
            link: None,
            parent: None,
            netns: None,
            kernel_message: None,
            hint: None,
            leftovers: Vec::new(),
            holder: None,
        }
    }

    pub(crate) fn errno(&self) -> c_int {
        self.errno
    }
}
