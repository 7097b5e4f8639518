//! Errors: [`ErrorKind`] for programs, a one-line message for the person who reads the log.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use nix::errno::Errno;
use nix::libc;

/// The result of a fallible operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The cause of an [`Error`], as far as it is known.
///
/// The numbers are stable: the C ABI exposes them, and a number is never reused for another cause.
///
/// ```
/// use macvlan_core::{ErrorKind, MacAddr};
/// let error = "02:00:00:zz".parse::<MacAddr>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidValue);
/// assert_eq!(error.kind().as_str(), "invalid-value");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// An invalid value, refused before any system call.
    InvalidValue = 1,
    /// The parent link does not exist in the host's namespace.
    ParentNotFound = 2,
    /// The parent is a port of a bridge, bond or team, has ipvlan links, or cannot have macvlan
    /// links.
    ParentBusy = 3,
    /// Passthru needs the parent for itself, and the parent has another macvlan.
    PassthruConflict = 4,
    /// The requested MTU is above the parent's.
    MtuTooLarge = 5,
    /// The namespace has a link with this name or alternative name.
    NameTaken = 6,
    /// The parent or another link on it has this MAC address.
    MacInUse = 7,
    /// The link already has this address.
    AddressTaken = 8,
    /// The namespace already has this route or rule.
    RouteExists = 9,
    /// The gateway is not on a subnet that the namespace reaches directly.
    GatewayUnreachable = 10,
    /// The process has ended, or the named namespace or the file does not exist.
    NamespaceGone = 11,
    /// The path or file descriptor is not a network namespace.
    NotANamespace = 12,
    /// A capability is missing; the message names it and where it is needed.
    PermissionDenied = 13,
    /// The kernel does not support the operation.
    Unsupported = 14,
    /// The link, address, route or other object does not exist.
    NotFound = 15,
    /// An object of this name exists that is not a link, such as a named namespace.
    Exists = 16,
    /// IPv6 is disabled in the namespace or on the link.
    Ipv6Disabled = 17,
    /// The kernel's reply was lost or malformed.
    Protocol = 18,
    /// A listing was interrupted by changes too often, or a lock was not free in time.
    Interrupted = 19,
    /// Any other refusal by the kernel; see [`Error::errno`] and [`Error::kernel_message`].
    System = 20,
    /// An error in this library.
    Bug = 21,
    /// The parent is down or has no carrier, so the link cannot come up or use the network.
    ParentDown = 22,
    /// The existing link can only be replaced, not changed, and replacing was not allowed.
    NeedsReplacement = 23,
    /// Another machine on the network has this address; see [`Error::holder`].
    AddressInUse = 24,
    /// The operation timed out.
    TimedOut = 25,
    /// The operation was cancelled by [`Cancel::cancel`](crate::Cancel::cancel).
    Cancelled = 26,
}

impl ErrorKind {
    /// All kinds, ordered by number.
    pub const ALL: &[Self] = &[
        Self::InvalidValue,
        Self::ParentNotFound,
        Self::ParentBusy,
        Self::PassthruConflict,
        Self::MtuTooLarge,
        Self::NameTaken,
        Self::MacInUse,
        Self::AddressTaken,
        Self::RouteExists,
        Self::GatewayUnreachable,
        Self::NamespaceGone,
        Self::NotANamespace,
        Self::PermissionDenied,
        Self::Unsupported,
        Self::NotFound,
        Self::Exists,
        Self::Ipv6Disabled,
        Self::Protocol,
        Self::Interrupted,
        Self::System,
        Self::Bug,
        Self::ParentDown,
        Self::NeedsReplacement,
        Self::AddressInUse,
        Self::TimedOut,
        Self::Cancelled,
    ];

    /// The name and the error number of each kind.
    const fn entry(self) -> (&'static str, i32) {
        match self {
            Self::InvalidValue => ("invalid-value", libc::EINVAL),
            Self::ParentNotFound => ("parent-not-found", libc::ENODEV),
            Self::ParentBusy => ("parent-busy", libc::EBUSY),
            Self::PassthruConflict => ("passthru-conflict", libc::EBUSY),
            Self::MtuTooLarge => ("mtu-too-large", libc::EINVAL),
            Self::NameTaken => ("name-taken", libc::EEXIST),
            Self::MacInUse => ("mac-in-use", libc::EADDRINUSE),
            Self::AddressTaken => ("address-taken", libc::EEXIST),
            Self::RouteExists => ("route-exists", libc::EEXIST),
            Self::GatewayUnreachable => ("gateway-unreachable", libc::ENETUNREACH),
            Self::NamespaceGone => ("namespace-gone", libc::ENOENT),
            Self::NotANamespace => ("not-a-namespace", libc::EINVAL),
            Self::PermissionDenied => ("permission-denied", libc::EPERM),
            Self::Unsupported => ("unsupported", libc::EOPNOTSUPP),
            Self::NotFound => ("not-found", libc::ENOENT),
            Self::Exists => ("exists", libc::EEXIST),
            Self::Ipv6Disabled => ("ipv6-disabled", libc::EOPNOTSUPP),
            Self::Protocol => ("protocol", libc::EPROTO),
            Self::Interrupted => ("interrupted", libc::EINTR),
            Self::System => ("system", libc::EIO),
            Self::Bug => ("bug", libc::ENOTRECOVERABLE),
            Self::ParentDown => ("parent-down", libc::ENETDOWN),
            Self::NeedsReplacement => ("needs-replacement", libc::EEXIST),
            Self::AddressInUse => ("address-in-use", libc::EADDRINUSE),
            Self::TimedOut => ("timed-out", libc::ETIMEDOUT),
            Self::Cancelled => ("cancelled", libc::EINTR),
        }
    }

    /// Returns the kind's stable name for logs and other languages: `"mtu-too-large"`.
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Returns the error number (`errno(3)`) that fits the kind best.
    ///
    /// The C library returns it and Python's exceptions have it where the kernel gave none.
    pub const fn errno(self) -> i32 {
        self.entry().1
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ErrorKind {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let kind = Self::ALL.iter().find(|kind| kind.as_str() == text).copied();
        kind.ok_or_else(|| Error::invalid(format!("parse kind of error {text:?}"), "unknown kind"))
    }
}

/// An error: which operation failed, on which link, and why.
///
/// [`Display`](fmt::Display) gives one line with the link, the parent and the namespace, the
/// operation, the cause, a hint, and anything that could not be undone:
///
/// ```text
/// "eth0" on parent "ens33": cannot create macvlan: MTU 9000 is above the parent's 1500; lower it or raise the parent's
/// ```
///
/// Each part is available by itself:
///
/// ```
/// let error = macvlan_core::Endpoint::new("eth0/1", "ens33").unwrap_err();
/// assert!(error.is_invalid_value());
/// assert_eq!(error.errno(), None); // the kernel was not asked
/// assert!(error.to_string().starts_with(&format!("cannot {}: {}", error.operation(), error.cause())));
/// assert_eq!(format!("{error:?}"), error.to_string()); // so a `main` may return it
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
    link: Option<String>,
    parent: Option<String>,
    netns: Option<String>,
    cause: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    #[source]
    errno: Option<Errno>,
    kernel_message: Option<String>,
    leftovers: Vec<String>,
    /// The addresses of a `Holder`, which is in a higher layer.
    holder: Option<(IpAddr, Option<[u8; 6]>)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut subject = false;
        if let Some(link) = &self.link {
            write!(f, "{link:?}")?;
            subject = true;
        }
        if let Some(parent) = &self.parent {
            write!(f, "{}{parent:?}", if subject { " on parent " } else { "parent " })?;
            subject = true;
        }
        if let Some(netns) = &self.netns {
            write!(f, "{}{netns}", if subject { " in " } else { "" })?;
            subject = true;
        }
        write!(f, "{}cannot {}: {}", if subject { ": " } else { "" }, self.operation, self.cause)?;
        if let Some(message) = &self.kernel_message {
            write!(f, " (the kernel says: {message})")?;
        }
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
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation that failed: `"add address 10.0.0.2/24"`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Returns the link of the operation, as the caller named it.
    pub fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// Returns the parent of the link.
    pub fn parent(&self) -> Option<&str> {
        self.0.parent.as_deref()
    }

    /// Returns a description of the operation's network namespace.
    pub fn netns(&self) -> Option<&str> {
        self.0.netns.as_deref()
    }

    /// Returns the cause, without the rest of the message.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// Returns the kernel's error number, if the kernel refused the operation with a known one.
    pub fn errno(&self) -> Option<i32> {
        self.0.errno.map(|errno| errno as i32).filter(|number| *number > 0)
    }

    /// Returns the kernel's own message (extended acknowledgement), if it gave one.
    #[doc(alias = "NLMSGERR_ATTR_MSG")]
    pub fn kernel_message(&self) -> Option<&str> {
        self.0.kernel_message.as_deref()
    }

    /// Returns a suggestion for resolving the error.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns descriptions of the changes that could not be undone; usually empty.
    pub fn leftovers(&self) -> &[String] {
        &self.0.leftovers
    }

    /// Returns whether the object to be created already exists.
    pub fn is_exists(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::NameTaken
                | ErrorKind::AddressTaken
                | ErrorKind::RouteExists
                | ErrorKind::Exists
        )
    }

    /// Returns whether an object that the operation needs does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::ParentNotFound | ErrorKind::NamespaceGone | ErrorKind::NotFound
        )
    }

    /// Returns whether a capability is missing.
    pub fn is_permission_denied(&self) -> bool {
        self.kind() == ErrorKind::PermissionDenied
    }

    /// Returns whether a value was refused before any system call.
    pub fn is_invalid_value(&self) -> bool {
        self.kind() == ErrorKind::InvalidValue
    }
}

/// Constructors and builders for the rest of the crate.
impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        operation: impl Into<Cow<'static, str>>,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Report {
            kind,
            operation: operation.into(),
            link: None,
            parent: None,
            netns: None,
            cause: cause.into(),
            hint: None,
            errno: None,
            kernel_message: None,
            leftovers: Vec::new(),
            holder: None,
        }))
    }

    /// Makes an error for a value refused before any system call: `cannot parse MAC address "aa":
    /// …`.
    pub(crate) fn invalid(
        operation: impl Into<Cow<'static, str>>,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorKind::InvalidValue, operation, cause)
    }

    /// Makes an error for a failed system call whose cause is known by the error number alone.
    pub(crate) fn system(operation: impl Into<Cow<'static, str>>, errno: Errno) -> Self {
        let kind = match errno {
            // The kernel does not use this number for these calls; `wait::check` does.
            Errno::ECANCELED => {
                return Self::new(ErrorKind::Cancelled, operation, "the operation was cancelled");
            }
            Errno::EPERM | Errno::EACCES => ErrorKind::PermissionDenied,
            _ => ErrorKind::System,
        };
        Self::new(kind, operation, errno_words(errno)).errno_is(errno)
    }

    pub(crate) fn errno_is(mut self, errno: Errno) -> Self {
        self.0.errno = Some(errno);
        self
    }

    pub(crate) fn on_link(mut self, link: impl Into<String>) -> Self {
        self.0.link = Some(link.into());
        self
    }

    pub(crate) fn on_parent(mut self, parent: impl Into<String>) -> Self {
        self.0.parent = Some(parent.into());
        self
    }

    pub(crate) fn in_netns(mut self, netns: impl Into<String>) -> Self {
        self.0.netns = Some(netns.into());
        self
    }

    /// Leaves out the link and its namespace, which exist only during the operation.
    pub(crate) fn without_link(mut self) -> Self {
        (self.0.link, self.0.netns) = (None, None);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn kernel_says(mut self, message: Option<String>) -> Self {
        self.0.kernel_message = message;
        self
    }

    pub(crate) fn leaves(mut self, leftover: impl Into<String>) -> Self {
        self.0.leftovers.push(leftover.into());
        self
    }

    /// Sets the host that has the address, and its MAC address if it is known.
    pub(crate) fn has_holder(mut self, address: IpAddr, mac: Option<[u8; 6]>) -> Self {
        self.0.holder = Some((address, mac));
        self
    }

    /// Returns the addresses given to [`Error::has_holder`].
    pub(crate) fn raw_holder(&self) -> Option<(IpAddr, Option<[u8; 6]>)> {
        self.0.holder
    }

    /// Adds the leftovers of another error.
    pub(crate) fn leaves_too(mut self, other: Error) -> Self {
        self.0.leftovers.extend(other.0.leftovers);
        self
    }

    /// Replaces the kind and keeps the cause.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn because(mut self, kind: ErrorKind, cause: impl Into<Cow<'static, str>>) -> Self {
        self.0.kind = kind;
        self.0.cause = cause.into();
        self
    }
}

/// Returns the error number of an error of the standard library.
pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

/// Returns the words for an error of the standard library, without the number that Rust appends.
#[doc(hidden)] // for the crate of networks
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

fn errno_words(errno: Errno) -> String {
    format!("{} ({errno:?})", errno.desc())
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// For `"10.0.0.1".parse()?`. The message cannot name the text; that of
/// [`parse_ip`](crate::parse_ip) does.
impl From<std::net::AddrParseError> for Error {
    fn from(error: std::net::AddrParseError) -> Self {
        Self::invalid("parse an address", error.to_string())
    }
}

/// For `"10.0.0.0/24".parse()?`. The message cannot name the text; that of
/// [`parse_net`](crate::parse_net) does.
impl From<ipnet::AddrParseError> for Error {
    fn from(error: ipnet::AddrParseError) -> Self {
        Self::invalid("parse a subnet", error.to_string())
    }
}

/// The kind is that of the error number, the kernel's or the kind's own; the error is the source.
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
    fn kinds_have_names_and_numbers_of_their_own() {
        let numbers: Vec<u32> = ErrorKind::ALL.iter().map(|kind| *kind as u32).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        let mut names: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorKind::ALL.len());
        assert!(ErrorKind::ALL.iter().all(|kind| kind.errno() > 0));
    }

    #[test]
    fn a_whole_message_reads_as_one_line() {
        let error = Error::system("create macvlan", Errno::EINVAL)
            .because(ErrorKind::MtuTooLarge, "MTU 9000 is above the parent's 1500")
            .on_link("eth0")
            .on_parent("ens33")
            .in_netns("the network namespace of pid 7")
            .kernel_says(Some("no".into()))
            .with_hint("lower it or raise the parent's")
            .leaves("link \"eth0\"");
        assert_eq!(
            error.to_string(),
            "\"eth0\" on parent \"ens33\" in the network namespace of pid 7: cannot create macvlan: \
             MTU 9000 is above the parent's 1500 (the kernel says: no); lower it or raise the \
             parent's; could not be undone: link \"eth0\""
        );
        assert_eq!(error.errno(), Some(22));
        assert_eq!(error.kind().as_str(), "mtu-too-large");
    }

    #[test]
    fn a_message_without_a_subject_starts_with_the_attempt() {
        let error = Error::system("open a netlink socket", Errno::EMFILE);
        assert_eq!(error.to_string(), "cannot open a netlink socket: Too many open files (EMFILE)");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn an_error_becomes_one_of_the_standard_library() {
        use std::io::ErrorKind as Io;

        let refused = Error::system("open a netlink socket", Errno::EACCES);
        let invalid = Error::invalid("use it", "it is not valid");
        for (error, kind) in [(refused, Io::PermissionDenied), (invalid, Io::InvalidInput)] {
            let io = std::io::Error::from(error.clone());
            assert_eq!((io.kind(), io.to_string()), (kind, error.to_string()));
            assert!(io.into_inner().is_some_and(|inner| inner.downcast::<Error>().is_ok()));
        }
    }

    #[test]
    fn addresses_are_parsed_with_a_question_mark() {
        fn parse(ip: &str, net: &str) -> Result<(IpAddr, ipnet::IpNet)> {
            Ok((ip.parse()?, net.parse()?))
        }
        assert!(parse("10.0.0.1", "10.0.0.0/24").is_ok());
        for (ip, net) in [("much", "10.0.0.0/24"), ("10.0.0.1", "much")] {
            assert!(parse(ip, net).unwrap_err().is_invalid_value());
        }
    }

    #[test]
    fn errors_can_cross_threads() {
        fn check<T: Clone + Send + Sync + 'static>() {}
        check::<Error>();
    }
}
