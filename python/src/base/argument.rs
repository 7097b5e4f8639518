//! Arguments: converts Python objects to values of the core, or raises an exception that names the
//! argument and the value.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use macvlan_core::LinkType;
use pyo3::Borrowed;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBoolMethods, PyBytes, PyDelta, PyMapping, PyString};

use crate::base::error::{invalid, raised_for};
use crate::base::output::Enumeration;

/// An argument that may be omitted, but not be `None`.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a, 'py> {
    Missing,
    Given(Borrowed<'a, 'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Arg<'a, 'py> {
    type Error = PyErr;
    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(value))
    }
}

impl Arg<'_, '_> {
    /// Returns its value; `None` if it was omitted.
    pub(crate) fn get<T: Take>(self, name: &str) -> PyResult<Option<T>> {
        match self {
            Self::Given(value) => take(name, &value).map(Some),
            Self::Missing => Ok(None),
        }
    }

    pub(crate) fn or<T: Take>(self, name: &str, default: T) -> PyResult<T> {
        self.get(name).map(|value| value.unwrap_or(default))
    }

    /// Returns the values of a sequence; none if it was omitted.
    pub(crate) fn many<T: Take>(self, name: &str) -> PyResult<Vec<T>> {
        match self {
            Self::Given(values) => many(name, &values),
            Self::Missing => Ok(Vec::new()),
        }
    }
}

/// A type to which an argument can be converted.
pub(crate) trait Take: Sized {
    /// The expected types, for the `TypeError`.
    const EXPECTED: &'static str;

    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal>;
}

/// The reason why a conversion failed.
pub(crate) enum Refusal {
    /// The object has none of the expected types.
    Type,
    /// The core refuses the value.
    Core(macvlan_core::Error),
    /// The networks refuse the value.
    Network(macvlan_network::Error),
    /// The value cannot be passed to the core, for this reason.
    Value(String),
    /// Python raised an exception.
    Raised(PyErr),
    /// An item was refused: its position, the item, the type expected there, and the reason.
    Item(usize, Py<PyAny>, &'static str, Box<Self>),
}

impl From<macvlan_core::Error> for Refusal {
    fn from(error: macvlan_core::Error) -> Self {
        Self::Core(error)
    }
}

impl From<macvlan_network::Error> for Refusal {
    fn from(error: macvlan_network::Error) -> Self {
        Self::Network(error)
    }
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

/// Converts an argument.
pub(crate) fn take<T: Take>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    T::take(value).map_err(|refusal| refused(name, value, T::EXPECTED, refusal))
}

fn refused(name: &str, value: &Bound<'_, PyAny>, expected: &str, refusal: Refusal) -> PyErr {
    match refusal {
        Refusal::Type => wrong_type(name, value, expected),
        Refusal::Core(error) => raised_for(value.py(), Some(name), &error),
        Refusal::Network(error) => raised_for(value.py(), Some(name), &error),
        Refusal::Value(cause) => wrong_value(name, value, &cause),
        Refusal::Raised(error) => error,
        Refusal::Item(at, item, expected, refusal) => {
            refused(&format!("{name}[{at}]"), item.bind(value.py()), expected, *refusal)
        }
    }
}

/// Converts an argument that may be `None`.
pub(crate) fn maybe<T: Take>(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<T>> {
    value.map(|value| take(name, value)).transpose()
}

/// Converts the items of a sequence.
pub(crate) fn many<T: Take>(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    // Text is a sequence of characters too, which is never intended.
    if values.is_instance_of::<PyString>() || values.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, values, "a sequence"));
    }
    let items = values.try_iter().map_err(|_| wrong_type(name, values, "a sequence"))?;
    items.enumerate().map(|(at, item)| take(&format!("{name}[{at}]"), &item?)).collect()
}

/// Converts the pairs of a mapping, or of a sequence of pairs.
pub(crate) fn pairs<K: Take, V: Take>(name: &str, value: Arg<'_, '_>) -> PyResult<Vec<(K, V)>> {
    let Arg::Given(value) = value else { return Ok(Vec::new()) };
    match value.cast::<PyMapping>() {
        Ok(mapping) => many(name, mapping.items()?.as_any()),
        Err(_) => many(name, &value),
    }
}

pub(crate) fn wrong_type(name: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    let message = || -> PyResult<String> {
        let kind = value.get_type().name()?;
        Ok(format!("argument '{name}': expected {expected}, got {} ({kind})", shown(value)))
    };
    message().map_or_else(|failure| failure, PyTypeError::new_err)
}

pub(crate) fn wrong_value(name: &str, value: &Bound<'_, PyAny>, cause: &str) -> PyErr {
    invalid(value.py(), name, &format!("use {} as {name}", shown(value)), cause)
}

/// Makes the exception for an option that another kind of link has.
pub(crate) fn no_such_option(name: &str, value: &Bound<'_, PyAny>, kind: LinkType) -> PyErr {
    wrong_value(name, value, &format!("a link of kind {kind} has no such option"))
}

/// Refuses such an option, if it is given.
pub(crate) fn refuse_option(
    name: &str,
    value: Option<&Bound<'_, PyAny>>,
    kind: LinkType,
) -> PyResult<()> {
    value.map_or(Ok(()), |value| Err(no_such_option(name, value, kind)))
}

/// Returns a value as shown in messages.
fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().map_or_else(|_| "?".to_owned(), |text| text.to_string());
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns the text, if the object is text.
pub(crate) fn text(value: &Bound<'_, PyAny>) -> Result<Option<String>, Refusal> {
    let Ok(text) = value.cast::<PyString>() else { return Ok(None) };
    // Python has lone surrogates, the kernel has not.
    text.to_str()
        .map(|text| Some(text.to_owned()))
        .map_err(|_| Refusal::Value("UTF-8 cannot encode its characters".to_owned()))
}

/// Parses text to a value of the core.
pub(crate) fn parse<T: FromStr<Err = macvlan_core::Error>>(
    value: &Bound<'_, PyAny>,
) -> Result<T, Refusal> {
    Ok(text(value)?.ok_or(Refusal::Type)?.parse()?)
}

impl Take for bool {
    const EXPECTED: &'static str = "a bool";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.cast::<PyBool>().map(PyBoolMethods::is_true).map_err(|_| Refusal::Type)
    }
}

macro_rules! take_integers {
    ($($type:ty),+) => {$(
        impl Take for $type {
            const EXPECTED: &'static str = "an int";
            fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
                if value.is_instance_of::<PyBool>() {
                    return Err(Refusal::Type);
                }
                match value.extract::<i64>() {
                    Ok(number) => <$type>::try_from(number).ok(),
                    Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => None,
                    Err(_) => return Err(Refusal::Type),
                }
                .ok_or_else(|| {
                    Refusal::Value(format!("not from {} to {}", <$type>::MIN, <$type>::MAX))
                })
            }
        }
    )+};
}
take_integers!(u8, u16, u32, u64, i32);

impl Take for String {
    const EXPECTED: &'static str = "a str";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        text(value)?.ok_or(Refusal::Type)
    }
}

impl Take for Duration {
    const EXPECTED: &'static str = "a number of seconds, or a timedelta";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(delta) = value.cast::<PyDelta>() {
            return delta.extract().map_err(|_| Refusal::Value("negative".to_owned()));
        }
        if value.is_instance_of::<PyBool>() {
            return Err(Refusal::Type);
        }
        let seconds: f64 = value.extract().map_err(|_| Refusal::Type)?;
        Self::try_from_secs_f64(seconds)
            .map_err(|_| Refusal::Value("negative or not finite".to_owned()))
    }
}

fn item<T: Take>(at: usize, value: &Bound<'_, PyAny>) -> Result<T, Refusal> {
    T::take(value).map_err(|refusal| {
        Refusal::Item(at, value.clone().unbind(), T::EXPECTED, Box::new(refusal))
    })
}

impl<A: Take, B: Take> Take for (A, B) {
    const EXPECTED: &'static str = "a pair";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let (a, b): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
            value.extract().map_err(|_| Refusal::Type)?;
        Ok((item(0, &a)?, item(1, &b)?))
    }
}

impl Take for PathBuf {
    const EXPECTED: &'static str = "a str or os.PathLike";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.extract().map_err(|_| Refusal::Type)
    }
}

/// Converts an enumeration's member, its value, or its name in any case.
pub(crate) fn member<T>(value: &Bound<'_, PyAny>) -> Result<T, Refusal>
where
    T: Enumeration + FromStr,
    Refusal: From<T::Err>,
{
    let text = text(value)?.ok_or(Refusal::Type)?;
    text.parse().or_else(|error: T::Err| match T::class(value.py())?.call1((text,)) {
        Ok(member) => Ok(member.cast::<PyString>().map_err(PyErr::from)?.to_str()?.parse()?),
        Err(_) => Err(error.into()),
    })
}
