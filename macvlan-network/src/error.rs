//! Errors, for programs ([`ErrorKind`]) and for readers of logs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use crate::error_kind::ErrorKind;

/// The result of a fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error: which operation failed, where and why.
///
/// [`Display`](fmt::Display) writes one line: the network, the operation with the container, the
/// cause, a hint, and anything that could not be undone:
///
/// ```text
/// network "vlan10": cannot connect container "c1": no address is left in 10.0.10.0/30; …
/// ```
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Report>);

/// Writes the message, which is what a `main` that returns the error prints; `{:#?}` has the parts.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { fmt::Debug::fmt(&self.0, f) } else { fmt::Display::fmt(self, f) }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
struct Report {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    network: Option<String>,
    cause: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    #[source]
    source: Option<Source>,
    leftovers: Vec<String>,
}

/// The source of an error.
#[derive(Debug, Clone, thiserror::Error)]
enum Source {
    #[error(transparent)]
    Core(macvlan_core::Error),
    #[error(transparent)]
    Other(Arc<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(network) = &self.network {
            write!(f, "network {network:?}: ")?;
        }
        write!(f, "cannot {}: {}", self.operation, self.cause)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        if !self.leftovers.is_empty() {
            write!(f, "; could not be undone: {}", self.leftovers.join(", "))?;
        }
        Ok(())
    }
}

impl Error {
    /// Returns the kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation: `"connect container \"c1\""`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Returns the name of the network that the operation was about.
    pub fn network(&self) -> Option<&str> {
        self.0.network.as_deref()
    }

    /// Returns the cause, without the rest of the message.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// Returns a hint at a remedy; the core's if this crate has none.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref().or_else(|| self.core()?.hint())
    }

    /// Returns the parts of the operation that could not be undone, the core's first.
    ///
    /// Empty if the failed operation has left nothing behind.
    pub fn leftovers(&self) -> impl Iterator<Item = &str> {
        let core = self.core().into_iter().flat_map(macvlan_core::Error::leftovers);
        core.chain(&self.0.leftovers).map(String::as_str)
    }

    /// Returns the core's error, if the kernel refused.
    pub fn core(&self) -> Option<&macvlan_core::Error> {
        match &self.0.source {
            Some(Source::Core(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the error number (`errno(3)`) from the kernel, or from a file operation.
    pub fn errno(&self) -> Option<i32> {
        match self.0.source.as_ref()? {
            Source::Core(error) => error.errno(),
            Source::Other(error) => error.downcast_ref::<std::io::Error>()?.raw_os_error(),
        }
    }

    /// Returns whether an object to be created, or an address or name to be given, already exists.
    pub fn is_exists(&self) -> bool {
        let kinds = [ErrorKind::NetworkExists, ErrorKind::AddressTaken, ErrorKind::NameTaken];
        kinds.contains(&self.kind()) || self.core().is_some_and(macvlan_core::Error::is_exists)
    }

    /// Returns whether a required object does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind(), ErrorKind::NetworkNotFound | ErrorKind::NotConnected)
            || self.core().is_some_and(macvlan_core::Error::is_not_found)
            || self.io().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    /// Returns whether a capability, or the permission for a file or the store, is missing.
    pub fn is_permission_denied(&self) -> bool {
        self.kind() == ErrorKind::StoreRefused
            || self.core().is_some_and(macvlan_core::Error::is_permission_denied)
            || self.io().is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    }

    /// Returns whether a value is invalid.
    pub fn is_invalid_value(&self) -> bool {
        self.kind() == ErrorKind::InvalidValue
    }

    /// Returns the error of a file operation.
    fn io(&self) -> Option<&std::io::Error> {
        match &self.0.source {
            Some(Source::Other(error)) => error.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn new(
        kind: ErrorKind,
        operation: impl Into<Cow<'static, str>>,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Report {
            kind,
            operation: operation.into(),
            network: None,
            cause: cause.into(),
            hint: None,
            source: None,
            leftovers: Vec::new(),
        }))
    }

    pub(crate) fn invalid(
        operation: impl Into<Cow<'static, str>>,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorKind::InvalidValue, operation, cause)
    }

    /// Makes an error from one of the core, whose message is the cause.
    pub(crate) fn kernel(
        operation: impl Into<Cow<'static, str>>,
        error: macvlan_core::Error,
    ) -> Self {
        let kind = match error.kind() {
            macvlan_core::ErrorKind::InvalidValue => ErrorKind::InvalidValue,
            _ => ErrorKind::Kernel,
        };
        let mut made = Self::new(kind, operation, error.to_string());
        made.0.source = Some(Source::Core(error));
        made
    }

    pub(crate) fn file(operation: impl Into<Cow<'static, str>>, error: std::io::Error) -> Self {
        Self::new(ErrorKind::File, operation, macvlan_core::plain(&error)).caused_by(error)
    }

    pub(crate) fn in_network(mut self, network: &str) -> Self {
        self.0.network.get_or_insert_with(|| network.to_owned());
        self
    }

    /// Returns the error with a larger operation in place of its own.
    pub(crate) fn during(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = operation.into();
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn caused_by(
        mut self,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.0.source = Some(Source::Other(Arc::new(error)));
        self
    }

    pub(crate) fn leaves(mut self, leftover: impl Into<String>) -> Self {
        self.0.leftovers.push(leftover.into());
        self
    }
}

/// For `"10.0.0.1".parse()?`. The message cannot name the text; that of
/// [`parse_ip`](macvlan_core::parse_ip) does.
impl From<std::net::AddrParseError> for Error {
    fn from(error: std::net::AddrParseError) -> Self {
        Self::invalid("parse an address", error.to_string())
    }
}

/// The kind is that of the error number, the source's or the kind's own; the error is the source.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let errno = error.errno().unwrap_or(error.kind().errno());
        Self::new(Self::from_raw_os_error(errno).kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_message_reads_as_one_line() {
        let error = Error::new(ErrorKind::PoolExhausted, "connect container \"c1\"", "none left")
            .in_network("vlan10")
            .with_hint("take a larger subnet")
            .leaves("a lease");
        assert_eq!(
            error.to_string(),
            "network \"vlan10\": cannot connect container \"c1\": none left; take a larger subnet; \
             could not be undone: a lease"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
        assert_eq!(error.leftovers().collect::<Vec<_>>(), ["a lease"]);
        assert_eq!(error.kind().as_str(), "network-pool-exhausted");
    }

    #[test]
    fn a_files_error_number_is_told() {
        let missing = std::fs::read("/no/such/file").unwrap_err();
        let error = Error::file("read a file", missing);
        assert_eq!((error.kind(), error.errno()), (ErrorKind::File, Some(libc::ENOENT)));
        assert_eq!(Error::invalid("do", "no").errno(), None);
    }

    #[test]
    fn the_cores_error_shines_through() {
        let core = "10.0.0.1".parse::<macvlan_core::Address>().unwrap_err();
        let error = Error::kernel("create the network", core);
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        assert!(error.core().is_some() && error.to_string().contains("prefix length is missing"));
    }

    #[test]
    fn an_error_becomes_one_of_the_standard_library() {
        use std::io::ErrorKind as Io;

        let missing = Error::file("read a file", std::fs::read("/no/such/file").unwrap_err());
        let refused =
            Error::new(ErrorKind::StoreRefused, "open the store", "the user is not known");
        for (error, kind) in [(missing, Io::NotFound), (refused, Io::PermissionDenied)] {
            let io = std::io::Error::from(error.clone());
            assert_eq!((io.kind(), io.to_string()), (kind, error.to_string()));
        }
    }

    #[test]
    fn what_programs_tell_apart() {
        let of = |kind| Error::new(kind, "do it", "so");
        assert!(of(ErrorKind::NameTaken).is_exists() && !of(ErrorKind::NameTaken).is_not_found());
        assert!(of(ErrorKind::NotConnected).is_not_found());
        assert!(of(ErrorKind::InvalidValue).is_invalid_value());
        assert!(!of(ErrorKind::PoolExhausted).is_exists());
        let missing = Error::file("read it", std::io::Error::from_raw_os_error(libc::ENOENT));
        assert!(missing.is_not_found() && !missing.is_permission_denied());
        assert_eq!((missing.errno(), of(ErrorKind::File).errno()), (Some(libc::ENOENT), None));
    }
}
