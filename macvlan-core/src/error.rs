//! What went wrong, for a program ([`ErrorKind`]) and for the person reading its log.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use nix::errno::Errno;
use nix::libc;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// The cause of an [`Error`], as far as it could be told.
///
/// The numbers are stable: the C ABI shows them, and a number is never given to another cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// A value that can never be right, refused before any system call.
    InvalidValue = 1,
    /// The parent link does not exist in the host's namespace.
    ParentNotFound = 2,
    /// The parent is a port of a bridge, bond or team, carries ipvlan, or cannot carry such links.
    ParentBusy = 3,
    /// Passthru needs the parent for itself, and somebody else is on it.
    PassthruConflict = 4,
    /// The MTU asked for is above what the parent allows.
    MtuTooLarge = 5,
    /// A link of that name, or alternative name, exists in the namespace.
    NameTaken = 6,
    /// The parent or a sibling already has this MAC address.
    MacInUse = 7,
    /// The link already has this address.
    AddressTaken = 8,
    /// The namespace already has this route, or rule.
    RouteExists = 9,
    /// The gateway is on no subnet that the namespace can reach directly.
    GatewayUnreachable = 10,
    /// The process is gone, and its network namespace with it, or the named namespace does not exist.
    NamespaceGone = 11,
    /// A path or file descriptor that is something else than a network namespace.
    NotANamespace = 12,
    /// A capability is missing; the message says which one, and where.
    PermissionDenied = 13,
    /// The kernel lacks what was asked for.
    Unsupported = 14,
    /// The link, address or route to be changed, read or deleted does not exist.
    NotFound = 15,
    /// Something of that name exists that is not a link: a named namespace, for example.
    Exists = 16,
    /// IPv6 is switched off in the namespace or on the link.
    Ipv6Disabled = 17,
    /// The kernel's reply could not be understood, or did not come.
    Protocol = 18,
    /// A listing was interrupted by changes again and again.
    Interrupted = 19,
    /// Any other refusal by the kernel; see [`Error::errno`] and [`Error::kernel_message`].
    System = 20,
    /// A fault of this library.
    Bug = 21,
    /// The parent is down or has no carrier: the link cannot come up, or nobody can be asked through it.
    ParentDown = 22,
    /// What is there cannot be changed into what is wanted, and was not to be replaced.
    NeedsReplacement = 23,
    /// Somebody else on the network has this address; see [`Error::holder`].
    AddressInUse = 24,
    /// What was waited for did not come in time.
    TimedOut = 25,
    /// It was cancelled, by [`Cancel::cancel`](crate::Cancel::cancel).
    Cancelled = 26,
}

impl ErrorKind {
    /// All kinds, by their numbers.
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

    /// The name and the error number of each kind: the only place that has them.
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

    /// Returns a stable name for logs and other languages: `"mtu-too-large"`.
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Returns the error number (`errno(3)`) that fits the kind, for an error of which the kernel gave
    /// none: the C library returns it, and Python's exceptions have it.
    pub const fn errno(self) -> i32 {
        self.entry().1
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something could not be done.
///
/// [`Display`](fmt::Display) gives one line: on which link, parent and namespace, what was
/// attempted, why it failed, what to do about it, and what could not be undone:
///
/// ```text
/// "eth0" on parent "ens33": cannot create macvlan: MTU 9000 is above the parent's 1500; lower it or raise the parent's
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Report>);

#[derive(Debug, thiserror::Error)]
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
    /// An address and a MAC address, of which a Holder is made: it is a value, which knows errors.
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
    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was attempted: `"add address 10.0.0.2/24"`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The link that it was attempted on, as the caller named it.
    pub fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// The parent that the link was to hang on.
    pub fn parent(&self) -> Option<&str> {
        self.0.parent.as_deref()
    }

    /// The network namespace that it was attempted in, in words.
    pub fn netns(&self) -> Option<&str> {
        self.0.netns.as_deref()
    }

    /// Why it failed, without the rest of the message.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// The kernel's error number, where the kernel refused, and with one that is known.
    pub fn errno(&self) -> Option<i32> {
        self.0.errno.map(|errno| errno as i32).filter(|number| *number > 0)
    }

    /// The kernel's own words, where it gave any.
    #[doc(alias = "NLMSGERR_ATTR_MSG")]
    pub fn kernel_message(&self) -> Option<&str> {
        self.0.kernel_message.as_deref()
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What had been done before the failure and could not be undone; empty when nothing remains.
    pub fn leftovers(&self) -> &[String] {
        &self.0.leftovers
    }

    /// Whether something that was to be created is there already.
    pub fn is_exists(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::NameTaken
                | ErrorKind::AddressTaken
                | ErrorKind::RouteExists
                | ErrorKind::Exists
        )
    }

    /// Whether something that was needed is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::ParentNotFound | ErrorKind::NamespaceGone | ErrorKind::NotFound
        )
    }

    /// Whether a capability is missing.
    pub fn is_permission_denied(&self) -> bool {
        self.kind() == ErrorKind::PermissionDenied
    }

    /// Whether a value was refused before any system call.
    pub fn is_invalid_value(&self) -> bool {
        self.kind() == ErrorKind::InvalidValue
    }
}

/// How the rest of the crate makes errors.
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

    /// A value refused before any system call: `cannot parse MAC address "aa": …`.
    pub(crate) fn invalid(
        operation: impl Into<Cow<'static, str>>,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorKind::InvalidValue, operation, cause)
    }

    /// A system call that failed, its cause told by the error number alone.
    pub(crate) fn system(operation: impl Into<Cow<'static, str>>, errno: Errno) -> Self {
        let kind = match errno {
            // The kernel does not say this of what is asked of it here: a wait does.
            Errno::ECANCELED => {
                return Self::new(ErrorKind::Cancelled, operation, "it was cancelled");
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

    /// Somebody else has this address, and this MAC address if it is known.
    pub(crate) fn has_holder(mut self, address: IpAddr, mac: Option<[u8; 6]>) -> Self {
        self.0.holder = Some((address, mac));
        self
    }

    /// Returns what was given to [`Error::has_holder`].
    pub(crate) fn raw_holder(&self) -> Option<(IpAddr, Option<[u8; 6]>)> {
        self.0.holder
    }

    /// What another failure left comes on top.
    pub(crate) fn leaves_too(mut self, other: Error) -> Self {
        self.0.leftovers.extend(other.0.leftovers);
        self
    }

    /// The same failure, its cause now known better.
    /// Has a kind, and no other cause than it had.
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

/// `"Device or resource busy (EBUSY)"`.
/// The error number of what the standard library refuses.
pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

fn errno_words(errno: Errno) -> String {
    format!("{} ({errno:?})", errno.desc())
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
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
    fn errors_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }
}
