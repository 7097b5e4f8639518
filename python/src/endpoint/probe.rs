//! `macvlan.Probe`: how addresses are asked for before they are used.

use macvlan_core::Probe as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, text};
use crate::base::error::OrRaise;
use crate::base::output::call_text;

/// How addresses are asked for before they are used: ARP probes (RFC 5227) for IPv4, the kernel's own
/// duplicate detection (RFC 4862) for IPv6, whose verdict is waited for.
///
/// count: how many times each address is asked for, 1 at least.
/// start: up to how many seconds (or a timedelta), by chance, until it is asked first.
/// interval: how long at least until it is asked again; jitter: up to how much more, by chance.
/// wait: how long the last answer is waited for.
/// deadline: how long the kernel may take for IPv6.
///
/// What is not given is the RFC's, 4 to 7 seconds in all. Probe.quick() takes a quarter of one.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Probe(pub(crate) Core);

/// The words that stand for one.
const WORDS: [&str; 2] = ["quick", "rfc"];

/// Returns the word that stands for it, if there is one.
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

    /// As RFC 5227 has it: 4 to 7 seconds, meant for thousands of stations switched on at once.
    #[staticmethod]
    fn rfc() -> Self {
        Self(Core::rfc())
    }

    /// A quarter of a second in all. On a LAN whoever is awake answers within a few milliseconds.
    #[staticmethod]
    fn quick() -> Self {
        Self(Core::quick())
    }

    /// How many times each address is asked for.
    #[getter]
    fn count(&self) -> u32 {
        self.0.get_count()
    }

    /// Up to how long until it is asked first, in seconds.
    #[getter]
    fn start(&self) -> f64 {
        self.0.get_start().as_secs_f64()
    }

    /// How long at least until it is asked again, in seconds.
    #[getter]
    fn interval(&self) -> f64 {
        self.0.get_interval().as_secs_f64()
    }

    /// Up to how much more, each time, in seconds.
    #[getter]
    fn jitter(&self) -> f64 {
        self.0.get_jitter().as_secs_f64()
    }

    /// How long the last answer is waited for, in seconds.
    #[getter]
    fn wait(&self) -> f64 {
        self.0.get_wait().as_secs_f64()
    }

    /// How long the kernel may take for its duplicate detection of IPv6 addresses, in seconds.
    #[getter]
    fn deadline(&self) -> f64 {
        self.0.get_deadline().as_secs_f64()
    }

    /// The longest that asking for IPv4 addresses takes when nobody answers, in seconds.
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

    /// The arguments that make the same, without those that say what is meant anyway.
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
    const EXPECTED: &'static str = "a Probe, \"quick\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(probe) = value.cast::<Probe>() {
            return Ok(probe.get().0);
        }
        Ok(text(value)?.ok_or(Refusal::Type)?.to_lowercase().parse()?)
    }
}
