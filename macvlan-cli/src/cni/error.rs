//! Errors in CNI's form.

use macvlan_core::ErrorKind as CoreKind;
use macvlan_network::ErrorKind as NetworkKind;
use serde_json::{Value, json};

use crate::cni::version::Version;
use crate::failure::Failure;

/// The codes of the specification. Those from [`Code::OURS`] on are this plugin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(u32);

impl Code {
    pub(super) const VERSION: Self = Self(1);
    pub(super) const CONTAINER_GONE: Self = Self(3);
    pub(super) const ENVIRONMENT: Self = Self(4);
    pub(super) const IO: Self = Self(5);
    pub(super) const DECODE: Self = Self(6);
    pub(super) const CONFIG: Self = Self(7);
    pub(super) const TRY_AGAIN: Self = Self(11);
    pub(super) const UNAVAILABLE: Self = Self(50);
    pub(super) const LIMITED: Self = Self(51);
    /// Added to the number of the library's kind of error.
    const OURS: u32 = 100;
    /// For failures without a kind.
    pub(super) const OTHER: Self = Self(Self::OURS);

    /// Returns the code for a kind of error of either library, by its number.
    fn of_kind(number: u32) -> Self {
        let is_core = |kind: CoreKind| kind as u32 == number;
        let is_network = |kind: NetworkKind| kind as u32 == number;
        match number {
            _ if is_core(CoreKind::InvalidValue) || is_core(CoreKind::MtuTooLarge) => Self::CONFIG,
            _ if is_core(CoreKind::NamespaceGone) => Self::CONTAINER_GONE,
            _ if is_core(CoreKind::NotANamespace) => Self::ENVIRONMENT,
            _ if is_core(CoreKind::Interrupted)
                || is_core(CoreKind::TimedOut)
                || is_network(NetworkKind::StoreUnavailable)
                || is_network(NetworkKind::Contended)
                || is_network(NetworkKind::LeaseLost)
                || is_network(NetworkKind::HostNotAlive) =>
            {
                Self::TRY_AGAIN
            }
            _ => Self(Self::OURS + number),
        }
    }
}

/// An error, as the runtime gets it.
#[derive(Debug, Clone)]
pub(super) struct Error {
    code: Code,
    message: String,
    details: String,
    /// The number of the library's kind of error.
    kind: Option<u32>,
    /// Another plugin's error, which is passed on.
    foreign: Option<Value>,
}

pub(super) type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: String::new(), kind: None, foreign: None }
    }

    pub(super) fn config(message: impl Into<String>) -> Self {
        Self::new(Code::CONFIG, message)
    }

    /// Makes an error of another plugin's, which printed it.
    pub(super) fn foreign(printed: Value, message: String) -> Self {
        Self { foreign: Some(printed), ..Self::new(Code::OTHER, message) }
    }

    /// Changes the code, which says more to a runtime than the cause.
    pub(super) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Adds an error that followed from the first one, or happened beside it.
    pub(super) fn and(mut self, other: &Self) -> Self {
        if !self.details.is_empty() {
            self.details.push_str("; ");
        }
        self.details.push_str(&other.message);
        self
    }

    /// Returns all errors as one.
    pub(super) fn all(errors: Vec<Self>) -> Result {
        errors.into_iter().reduce(|all, one| all.and(&one)).map_or(Ok(()), Err)
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    pub(super) fn is(&self, kind: NetworkKind) -> bool {
        self.kind == Some(kind as u32)
    }

    pub(super) fn is_core(&self, kind: CoreKind) -> bool {
        self.kind == Some(kind as u32)
    }

    /// Returns the error as it is printed.
    pub(super) fn json(&self, version: Version) -> Value {
        if let Some(printed) = &self.foreign {
            return printed.clone();
        }
        let mut json = json!({
            "cniVersion": version.to_string(),
            "code": self.code.0,
            "msg": self.message,
        });
        if !self.details.is_empty() {
            json["details"] = self.details.clone().into();
        }
        json
    }
}

impl From<macvlan_core::Error> for Error {
    fn from(error: macvlan_core::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<macvlan_network::Error> for Error {
    fn from(error: macvlan_network::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let code = match failure.kind() {
            Some(number) => Code::of_kind(number),
            None if failure.is_usage() => Code::CONFIG,
            None => Code::OTHER,
        };
        Self { kind: failure.kind(), ..Self::new(code, failure.first_message()) }
    }
}
