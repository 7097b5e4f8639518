//! Arguments: what Python gives becomes a value of the core, or an exception that names the argument
//! and the value.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{
    Address, Announce, Assignment, Attachment, Endpoint, Family, Host, LinkId, LinkName, MacAddr,
    NetNs, Parent, Probe, Rate, Route, Rule, Scope,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBoolMethods, PyBytes, PyDelta, PyInt, PyMapping, PyString, PyType};
use pyo3::{Borrowed, intern};

use crate::base::error::{invalid, raised_for};
use crate::base::output::{Enumeration, is_address, is_interface, is_network};
use crate::endpoint::{announce, attachment, endpoint, probe};
use crate::handle::netns;
use crate::host::host;
use crate::value::{link_info, parent, rate, route, rule};

/// An argument that may be left out, but not be `None`.
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
    /// Its value; nothing if it was left out.
    pub(crate) fn get<T: Take>(self, name: &str) -> PyResult<Option<T>> {
        match self {
            Self::Given(value) => take(name, &value).map(Some),
            Self::Missing => Ok(None),
        }
    }

    pub(crate) fn or<T: Take>(self, name: &str, default: T) -> PyResult<T> {
        self.get(name).map(|value| value.unwrap_or(default))
    }

    /// The values of a sequence; none if it was left out.
    pub(crate) fn many<T: Take>(self, name: &str) -> PyResult<Vec<T>> {
        match self {
            Self::Given(values) => many(name, &values),
            Self::Missing => Ok(Vec::new()),
        }
    }
}

/// What an argument can become.
pub(crate) trait Take: Sized {
    /// What is expected, for the `TypeError`.
    const EXPECTED: &'static str;

    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal>;
}

/// Why it cannot.
pub(crate) enum Refusal {
    /// It is of no type that is expected.
    Type,
    /// The core refuses it.
    Core(macvlan_core::Error),
    /// The networks refuse it.
    Network(macvlan_network::Error),
    /// The core cannot even be asked, for this reason.
    Value(String),
    /// Something went wrong in Python.
    Raised(PyErr),
    /// One of its items cannot: the how many-th, which, what was expected there, and why.
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

/// The value of an argument.
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

/// The value of an argument that may be `None`.
pub(crate) fn maybe<T: Take>(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<T>> {
    value.map(|value| take(name, value)).transpose()
}

/// The values of a sequence.
pub(crate) fn many<T: Take>(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    // Text is a sequence too, of characters, which is never what is meant.
    if values.is_instance_of::<PyString>() || values.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, values, "a sequence"));
    }
    let items = values.try_iter().map_err(|_| wrong_type(name, values, "a sequence"))?;
    items.enumerate().map(|(at, item)| take(&format!("{name}[{at}]"), &item?)).collect()
}

/// The pairs of a mapping, or of a sequence of pairs.
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

/// For an option that another kind of link has.
pub(crate) fn no_such_option(name: &str, value: &Bound<'_, PyAny>, kind: &str) -> PyErr {
    wrong_value(name, value, &format!("a link of kind {kind} has no such option"))
}

/// A value as messages show it.
fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().map_or_else(|_| "?".to_owned(), |text| text.to_string());
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Text, if it is that.
pub(crate) fn text(value: &Bound<'_, PyAny>) -> Result<Option<String>, Refusal> {
    let Ok(text) = value.cast::<PyString>() else { return Ok(None) };
    // Lone surrogates, which Python has and the kernel has not.
    text.to_str()
        .map(|text| Some(text.to_owned()))
        .map_err(|_| Refusal::Value("it has characters that UTF-8 cannot say".to_owned()))
}

fn parse<T: FromStr<Err = macvlan_core::Error>>(value: &Bound<'_, PyAny>) -> Result<T, Refusal> {
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
                    Refusal::Value(format!("it is not from {} to {}", <$type>::MIN, <$type>::MAX))
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
            return delta.extract().map_err(|_| Refusal::Value("it is negative".to_owned()));
        }
        if value.is_instance_of::<PyBool>() {
            return Err(Refusal::Type);
        }
        let seconds: f64 = value.extract().map_err(|_| Refusal::Type)?;
        Self::try_from_secs_f64(seconds)
            .map_err(|_| Refusal::Value("it is negative, or no length of time".to_owned()))
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

impl Take for LinkName {
    const EXPECTED: &'static str = "a link's name as str";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        parse(value)
    }
}

impl Take for LinkId {
    const EXPECTED: &'static str = "a link: its name, its index, a LinkInfo or an Attachment";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(link) = value.cast::<link_info::LinkInfo>() {
            return Ok(Self::from(&link.get().0));
        }
        if let Ok(attachment) = value.cast::<attachment::Attachment>() {
            return Ok(Self::from(&*attachment.get().get()));
        }
        if value.is_instance_of::<PyInt>() {
            return u32::take(value).map(Self::Index);
        }
        parse(value)
    }
}

impl Take for Parent {
    const EXPECTED: &'static str = "a link: its name, its index, a Parent or a LinkInfo";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(parent) = value.cast::<parent::Parent>() {
            return Ok(parent.get().0.clone());
        }
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        LinkId::take(value).map(Self::link)
    }
}

impl Take for MacAddr {
    const EXPECTED: &'static str = "a MAC address as str, or its six bytes";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let Ok(bytes) = value.cast::<PyBytes>() else { return parse(value) };
        let bytes = <[u8; 6]>::try_from(bytes.as_bytes())
            .map_err(|_| Refusal::Value("it is not six bytes long".to_owned()))?;
        Ok(Self::new(bytes)?)
    }
}

impl Take for Assignment {
    const EXPECTED: &'static str = "an address with its prefix length, as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        Ok(Self::new(Address::take(value)?, None)?)
    }
}

impl Take for Address {
    const EXPECTED: &'static str = Assignment::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        // An address of ipaddress without a prefix length is let in, so that the core says what is
        // missing.
        if !is_address(value)? {
            return Err(Refusal::Type);
        }
        let address: Self = value.str()?.to_cow()?.parse()?;
        let name = intern!(value.py(), "duplicate_detection");
        match value.getattr_opt(name)? {
            Some(how) => Ok(address.with_duplicate_detection(Take::take(&how)?)?),
            None => Ok(address),
        }
    }
}

impl Take for IpAddr {
    const EXPECTED: &'static str = "an IP address as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if !value.is_instance_of::<PyString>() && !is_address(value)? {
            return Err(Refusal::Type);
        }
        let text = value.str()?;
        text.to_cow()?.parse().map_err(|_| Refusal::Value("it is no IP address".to_owned()))
    }
}

impl Take for IpNet {
    const EXPECTED: &'static str = "a subnet as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let known = value.is_instance_of::<PyString>() || is_network(value)?;
        // One address, which is the subnet of all its bits.
        if !known && is_address(value)? && !is_interface(value)? {
            return IpAddr::take(value).map(Self::from);
        }
        if !known && !is_interface(value)? {
            return Err(Refusal::Type);
        }
        let text = value.str()?;
        text.to_cow()?.parse().map_err(|_| {
            Refusal::Value("it is no subnet, such as 10.0.0.0/8 or fd00::/64".to_owned())
        })
    }
}

impl Take for Route {
    const EXPECTED: &'static str = "a Route, or its text as `ip route` has it";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.cast::<route::Route>().map_or_else(|_| parse(value), |route| Ok(route.get().0))
    }
}

impl Take for Rule {
    const EXPECTED: &'static str = "a Rule, or its text as `ip rule` has it";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.cast::<rule::Rule>().map_or_else(|_| parse(value), |rule| Ok(rule.get().0))
    }
}

impl Take for Probe {
    const EXPECTED: &'static str = "a Probe, \"quick\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(probe) = value.cast::<probe::Probe>() {
            return Ok(probe.get().0);
        }
        let word = text(value)?.ok_or(Refusal::Type)?.to_lowercase();
        let known = probe::WORDS.iter().find(|(name, _)| *name == word);
        let (_, make) = known.ok_or_else(|| Refusal::Value("it is none of quick, rfc".into()))?;
        Ok(make())
    }
}

impl Take for Announce {
    const EXPECTED: &'static str = "an Announce, \"once\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(announce) = value.cast::<announce::Announce>() {
            return Ok(announce.get().0);
        }
        let word = text(value)?.ok_or(Refusal::Type)?.to_lowercase();
        let known = announce::WORDS.iter().find(|(name, _)| *name == word);
        let (_, make) = known.ok_or_else(|| Refusal::Value("it is none of once, rfc".into()))?;
        Ok(make())
    }
}

/// How many times something is done.
pub(crate) struct Times(pub(crate) u32);

impl Take for Times {
    const EXPECTED: &'static str = u32::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        match u32::take(value)? {
            0 => Err(Refusal::Value("it is less than once".to_owned())),
            times => Ok(Self(times)),
        }
    }
}

impl Take for Rate {
    const EXPECTED: &'static str = "a Rate, its text as `tc` has it, or bits a second as int";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(rate) = value.cast::<rate::Rate>() {
            return Ok(rate.get().0);
        }
        if value.is_instance_of::<PyInt>() {
            return Ok(Self::bits_per_second(u64::take(value)?)?);
        }
        parse(value)
    }
}

/// An enumeration by its member, that one's value, or its name in whatever case.
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

impl Take for Scope {
    const EXPECTED: &'static str = "a Scope, its name or its number";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyInt>() {
            return u8::take(value).map(Self::from);
        }
        member(value)
    }
}

impl Take for Family {
    const EXPECTED: &'static str = "4, 6 or a Family";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        if value.is_instance_of::<PyString>() {
            let class = CLASS.import(value.py(), "macvlan._enums", "Family")?;
            return match class.call1((value,)) {
                Ok(family) => Self::take(&family),
                Err(_) => Err(Refusal::Value("it is neither ipv4 nor ipv6".to_owned())),
            };
        }
        if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
            return Err(Refusal::Type);
        }
        match value.extract() {
            Ok(4) => Ok(Self::V4),
            Ok(6) => Ok(Self::V6),
            _ => Err(Refusal::Value("it is neither 4 nor 6".to_owned())),
        }
    }
}

/// A namespace: a handle, a pid, a name, or a path.
impl Take for NetNs {
    const EXPECTED: &'static str = "a NetNs, a pid, a name or a path";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let py = value.py();
        if let Ok(netns) = value.cast::<netns::NetNs>() {
            return Ok(netns.get().get()?);
        }
        if value.is_instance_of::<PyInt>() {
            let pid = u32::take(value)?;
            return Ok(py.detach(|| Self::from_pid(pid))?);
        }
        match text(value)? {
            Some(name) if !name.contains('/') => Ok(py.detach(|| Self::from_name(&name))?),
            _ => {
                let path = PathBuf::take(value)?;
                Ok(py.detach(|| Self::from_path(path))?)
            }
        }
    }
}

impl Take for Host {
    const EXPECTED: &'static str = "a Host";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let host = value.cast::<host::Host>().map_err(|_| Refusal::Type)?;
        Ok(host.get().get()?)
    }
}

impl Take for Endpoint {
    const EXPECTED: &'static str = "an Endpoint";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let endpoint = value.cast::<endpoint::Endpoint>().map_err(|_| Refusal::Type)?;
        Ok(endpoint.get().0.clone())
    }
}

impl Take for Attachment {
    const EXPECTED: &'static str = "an Attachment";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let attachment = value.cast::<attachment::Attachment>().map_err(|_| Refusal::Type)?;
        Ok(Self::clone(&attachment.get().get()))
    }
}
