//! Explains failures of etcd, without gRPC's terms.

use std::error::Error as Source;
use std::io;
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind};

const OPERATION: &str = "use etcd";
const LATER: &str = "connected containers are not affected; try again when etcd is reachable";

const OWN_CERTIFICATE: &str = "use a client certificate that is signed by a CA of etcd";

/// The gRPC status codes of requests that etcd has not executed and will not execute.
const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const UNAUTHENTICATED: i32 = 16;

/// The reason why a request was not executed, or may not have been.
pub(super) struct Trouble {
    error: Error,
    /// True if the request certainly was not executed.
    pub(super) is_refusal: bool,
    /// True if etcd has answered.
    pub(super) is_answer: bool,
    /// The words before and after the endpoints, if the cause is about them.
    around_endpoints: Option<[String; 2]>,
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        trouble.error
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let is_refusal = error.kind() != ErrorKind::StoreUnavailable;
        Self { error, is_refusal, is_answer: false, around_endpoints: None }
    }
}

impl From<etcd_client::Error> for Trouble {
    fn from(error: etcd_client::Error) -> Self {
        use etcd_client::Error as Etcd;
        match &error {
            Etcd::GRpcStatus(status) => match status.source() {
                // The error was made by the client, as errors in etcd's answers have no source.
                Some(source) => connection(source),
                None => Self { is_answer: true, ..answer(status.code() as i32, status.message()) },
            },
            // The connection is only established with the first request.
            Etcd::TransportError(error) => {
                let why = format!("the certificates cannot be used: {}", lowest(error));
                let hint = "use a CA, and a certificate with its key, in PEM format";
                Self::refused(ErrorKind::InvalidValue, why, hint)
            }
            Etcd::LeaseKeepAliveError(text) | Etcd::WatchError(text) => {
                Self::unavailable(format!("the request failed: {text}"))
            }
            other => Self::refused(ErrorKind::InvalidValue, lowest(other), "check the endpoints"),
        }
    }
}

impl Trouble {
    fn unavailable(why: String) -> Self {
        Error::new(ErrorKind::StoreUnavailable, OPERATION, why).with_hint(LATER).into()
    }

    /// Makes the failure if no endpoint answers. [`Trouble::at`] inserts the endpoints.
    fn unreachable(before: &str, after: String) -> Self {
        let around_endpoints = Some([before.to_owned(), after]);
        Self { around_endpoints, ..Self::unavailable(String::new()) }.at("its endpoints")
    }

    /// Names the endpoints, if the cause is about them.
    pub(super) fn at(mut self, endpoints: &str) -> Self {
        if let Some([before, after]) = &self.around_endpoints {
            let why = format!("{before} {endpoints}{after}");
            self.error = Self::unavailable(why).error;
        }
        self
    }

    fn refused(kind: ErrorKind, why: impl Into<String>, hint: &'static str) -> Self {
        let error = Error::new(kind, OPERATION, why.into()).with_hint(hint);
        Self { is_refusal: true, ..error.into() }
    }

    /// Returns whether the request may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        use ErrorKind::{Contended, OtherMachine, StoreRefused, StoreUnavailable};
        let kinds = [StoreUnavailable, StoreRefused, Contended, OtherMachine];
        kinds.contains(&self.error.kind())
    }

    /// Returns the failure if no answer comes in time.
    pub(super) fn silence(timeout: Duration) -> Self {
        Self::unreachable("no answer from", format!(" for {} s", timeout.as_secs_f32()))
    }

    /// Returns the failure if the thread for requests has ended.
    pub(super) fn no_thread() -> Self {
        Self::unavailable("the thread that sends the requests has ended".to_owned())
    }

    /// Returns the failure if etcd closes each connection.
    pub(super) fn hung_up() -> Self {
        Self::refused(
            ErrorKind::StoreRefused,
            "etcd closes the connection during the TLS handshake, so it probably requires another \
             client certificate",
            OWN_CERTIFICATE,
        )
    }
}

/// Returns whether the token has expired.
pub(super) fn is_token_over(error: &etcd_client::Error) -> bool {
    let etcd_client::Error::GRpcStatus(status) = error else { return false };
    let message = status.message();
    status.code() as i32 == UNAUTHENTICATED
        || message.contains("revision of auth store is old")
        // Another thread was logging in.
        || message.contains("user name is empty")
}

/// Returns whether the other side has closed the connection without an answer.
pub(super) fn is_closed(error: &etcd_client::Error) -> bool {
    let etcd_client::Error::GRpcStatus(status) = error else { return false };
    let Some(lowest) = status.source().map(lowest) else { return false };
    let ends = ["connection closed", "connection reset", "broken pipe", "eof"];
    // A server that does not speak TLS closes it during the handshake.
    !lowest.contains("handshake") && ends.iter().any(|end| lowest.to_lowercase().contains(end))
}

/// Explains etcd's answer.
fn answer(code: i32, message: &str) -> Trouble {
    let message = message.trim_start_matches("etcdserver: ").trim_start_matches("mvcc: ");
    let has = |words: &str| message.contains(words);
    let refused = |why: &str, hint| Trouble::refused(ErrorKind::StoreRefused, why, hint);
    let with_user = "specify a user of etcd and the password";
    match code {
        PERMISSION_DENIED => refused(
            "the user is not allowed to do this",
            "grant the user a role that can read and write all keys with the store's prefix",
        ),
        INVALID_ARGUMENT if has("user name is empty") => {
            refused("etcd requires a user and a password", with_user)
        }
        INVALID_ARGUMENT if has("authentication failed") => {
            refused("etcd refuses the user and the password", with_user)
        }
        UNAUTHENTICATED => refused("etcd no longer accepts the user's token", with_user),
        FAILED_PRECONDITION if has("authentication is not enabled") => refused(
            "a user is given, but authentication is not enabled in etcd",
            "remove the user, or enable authentication in etcd",
        ),
        RESOURCE_EXHAUSTED if has("space exceeded") => Trouble::refused(
            ErrorKind::StoreUnavailable,
            "etcd's storage quota is exceeded, and it accepts no changes",
            "compact and defragment etcd, and disarm its alarm",
        ),
        INVALID_ARGUMENT if has("too many operations") => Trouble::refused(
            ErrorKind::InvalidValue,
            "the change exceeds one transaction of etcd",
            "use fewer addresses and aliases, or start etcd with a larger --max-txn-ops",
        ),
        INVALID_ARGUMENT | NOT_FOUND | RESOURCE_EXHAUSTED | FAILED_PRECONDITION => {
            let why = format!("etcd refused the request: {message}");
            Trouble::refused(ErrorKind::StoreUnavailable, why, "check etcd, and try again")
        }
        _ => Trouble::unavailable(format!("the request failed: {message}")),
    }
}

/// Explains why there is no connection.
fn connection(error: &(dyn Source + 'static)) -> Trouble {
    let why = lowest(error);
    let refused = |why: &str, hint| Trouble::refused(ErrorKind::StoreRefused, why, hint);
    if why.contains("UnknownIssuer") {
        refused("etcd's certificate is not signed by the given CA", "specify the CA that signed it")
    } else if why.contains("InvalidContentType") || why.contains("tls handshake eof") {
        let why = format!("the endpoint does not use TLS ({why})");
        refused(&why, "use http:// for an endpoint without TLS")
    } else if why.contains("received fatal alert") {
        let why = format!("etcd requires another client certificate ({why})");
        refused(&why, OWN_CERTIFICATE)
    } else if why.contains("invalid peer certificate") {
        let words = why.replace("invalid peer certificate: ", "etcd's certificate is not valid: ");
        refused(&words, "use an endpoint that the certificate is for, or renew the certificate")
    } else {
        Trouble::unreachable("etcd cannot be reached at", format!(": {why}"))
    }
}

/// Returns the innermost source of an error, usually the kernel's.
fn lowest(error: &(dyn Source + 'static)) -> String {
    let mut lowest = error;
    loop {
        let system = lowest.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        if let Some(number) = system {
            return Errno::from_raw(number).desc().to_lowercase();
        }
        match lowest.source() {
            Some(source) => lowest = source,
            None => return lowest.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_etcd_says_is_said_plainly() {
        for (code, message, kind, words, is_refusal) in [
            (3, "etcdserver: user name is empty", ErrorKind::StoreRefused, "requires a user", true),
            (
                7,
                "etcdserver: permission denied",
                ErrorKind::StoreRefused,
                "not allowed to do this",
                true,
            ),
            (
                8,
                "etcdserver: mvcc: database space exceeded",
                ErrorKind::StoreUnavailable,
                "storage quota is exceeded",
                true,
            ),
            (
                5,
                "etcdserver: requested lease not found",
                ErrorKind::StoreUnavailable,
                "lease",
                true,
            ),
            (
                3,
                "etcdserver: too many operations in txn request",
                ErrorKind::InvalidValue,
                "exceeds one transaction of etcd; use fewer addresses",
                true,
            ),
            (14, "etcdserver: no leader", ErrorKind::StoreUnavailable, "failed: no leader", false),
        ] {
            let trouble = answer(code, message);
            assert_eq!(trouble.is_refusal, is_refusal, "{message}");
            let error = Error::from(trouble);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(!error.to_string().contains("etcdserver"), "{error}");
        }
    }

    #[test]
    fn the_lowest_cause_is_named() {
        #[derive(Debug, thiserror::Error)]
        #[error("transport error")]
        struct Transport(#[source] io::Error);
        let refused = Transport(io::Error::from_raw_os_error(libc::ECONNREFUSED));
        let error = Error::from(connection(&refused).at("http://a:1, http://b:2"));
        let words = "etcd cannot be reached at http://a:1, http://b:2: connection refused;";
        assert!(error.to_string().contains(words), "{error}");
        let silence = Error::from(Trouble::silence(Duration::from_millis(1500)).at("http://a:1"));
        assert_eq!(silence.cause(), "no answer from http://a:1 for 1.5 s");
    }
}
