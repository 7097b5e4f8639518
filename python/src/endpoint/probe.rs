//! `macvlan.Probe`: probes of addresses before their use.

use macvlan_core::Probe as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, text};
use crate::base::data::from_data;
use crate::base::error::OrRaise;
use crate::base::output::call_text;

/// The settings of probes of addresses before their use. These are ARP probes (RFC 5227) for IPv4,
/// and the kernel's duplicate address detection (RFC 4862) for IPv6, whose result is awaited. Times
/// are in seconds or timedeltas.
///
/// count: the number of requests for each address, at least 1.
/// start: the maximum random delay before the first request.
/// interval: the minimum time between requests.
/// jitter: the maximum random addition to that time.
/// wait: how long to wait for an answer to the last request.
/// deadline: how long to wait for the kernel's duplicate address detection.
///
/// The defaults are those of RFC 5227, 4 to 7 seconds in total. Probe.quick() takes a quarter of a
/// second.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Probe(pub(crate) Core);

/// The words for predefined settings.
const WORDS: [&str; 2] = ["quick", "rfc"];

/// Returns the word for these settings, if there is one.
pub(crate) fn word(probe: &Core) -> Option<&'static str> {
    WORDS.into_iter().find(|word| word.parse::<Core>().is_ok_and(|one| one == *probe))
}

#[pymethods]
impl Probe {
    #[new]
    #[pyo3(
        signature = (
            count=Arg::Missing, *, start=Arg::Missing, interval=Arg::Missing, jitter=Arg::Missing,
            wait=Arg::Missing, deadline=Arg::Missing
        ),
        text_signature = "(count=3, *, start=1.0, interval=1.0, jitter=1.0, wait=2.0, deadline=5.0)"
    )]
    fn new(
        py: Python<'_>,
        count: Arg<'_, '_>,
        start: Arg<'_, '_>,
        interval: Arg<'_, '_>,
        jitter: Arg<'_, '_>,
        wait: Arg<'_, '_>,
        deadline: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let rfc = Core::rfc();
        Ok(Self(
            rfc.count(count.or("count", rfc.get_count())?)
                .or_raise_for(py, "count")?
                .start(start.or("start", rfc.get_start())?)
                .interval(interval.or("interval", rfc.get_interval())?)
                .jitter(jitter.or("jitter", rfc.get_jitter())?)
                .wait(wait.or("wait", rfc.get_wait())?)
                .deadline(deadline.or("deadline", rfc.get_deadline())?),
        ))
    }

    /// Makes a probe as in RFC 5227. It takes 4 to 7 seconds, meant for thousands of hosts that
    /// start at once.
    #[staticmethod]
    fn rfc() -> Self {
        Self(Core::rfc())
    }

    /// Makes a probe of a quarter of a second. On a LAN, hosts answer within a few milliseconds.
    #[staticmethod]
    fn quick() -> Self {
        Self(Core::quick())
    }

    /// Returns the number of requests for each address.
    #[getter]
    fn count(&self) -> u32 {
        self.0.get_count()
    }

    /// Returns the maximum random delay before the first request, in seconds.
    #[getter]
    fn start(&self) -> f64 {
        self.0.get_start().as_secs_f64()
    }

    /// Returns the minimum time between requests, in seconds.
    #[getter]
    fn interval(&self) -> f64 {
        self.0.get_interval().as_secs_f64()
    }

    /// Returns the maximum random addition to that time, in seconds.
    #[getter]
    fn jitter(&self) -> f64 {
        self.0.get_jitter().as_secs_f64()
    }

    /// Returns how long to wait for an answer to the last request, in seconds.
    #[getter]
    fn wait(&self) -> f64 {
        self.0.get_wait().as_secs_f64()
    }

    /// Returns how long to wait for the kernel's duplicate address detection, in seconds.
    #[getter]
    fn deadline(&self) -> f64 {
        self.0.get_deadline().as_secs_f64()
    }

    /// Returns the maximum duration of a probe of IPv4 addresses, in seconds. It is that without an
    /// answer.
    #[getter]
    fn longest(&self) -> f64 {
        self.0.longest().as_secs_f64()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Probe", &positional, &named)
    }

    /// Returns the arguments that make an equal object, without those that equal the defaults.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let (probe, rfc) = (&self.0, Core::rfc());
        let named = PyDict::new(py);
        if probe.get_count() != rfc.get_count() {
            named.set_item("count", probe.get_count())?;
        }
        for (name, time, meant) in [
            ("start", probe.get_start(), rfc.get_start()),
            ("interval", probe.get_interval(), rfc.get_interval()),
            ("jitter", probe.get_jitter(), rfc.get_jitter()),
            ("wait", probe.get_wait(), rfc.get_wait()),
            ("deadline", probe.get_deadline(), rfc.get_deadline()),
        ] {
            if time != meant {
                named.set_item(name, time.as_secs_f64())?;
            }
        }
        Ok((PyTuple::empty(py), named))
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Probe or its dict, \"quick\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyDict>() {
            return Ok(from_data("Probe", value)?);
        }
        if let Ok(probe) = value.cast::<Probe>() {
            return Ok(probe.get().0);
        }
        Ok(text(value)?.ok_or(Refusal::Type)?.to_lowercase().parse()?)
    }
}
