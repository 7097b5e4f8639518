//! `macvlan.Rule`: a policy rule.

use macvlan_core::Rule as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, parse, take};
use crate::base::error::OrRaise;
use crate::base::output::{call_text, network};

/// A policy rule, which selects a routing table for matching packets, as in `ip rule`.
///
/// from_, to: the subnet, or address, of the packets' source and destination.
/// priority: rules with smaller numbers come first. By default the kernel chooses it.
/// ipv6: whether it matches IPv6 packets instead of IPv4, if neither from_ nor to is given.
///     Defaults to False.
///
/// Rule.parse() reads the format of `ip rule`, and str() returns it.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Rule(pub(crate) Core);

#[pymethods]
impl Rule {
    #[new]
    #[pyo3(
        signature = (table, *, from_=None, to=None, priority=None, ipv6=Arg::Missing),
        text_signature = "(table, *, from_=None, to=None, priority=None, ipv6=False)"
    )]
    fn new(
        table: &Bound<'_, PyAny>,
        from_: Option<&Bound<'_, PyAny>>,
        to: Option<&Bound<'_, PyAny>>,
        priority: Option<&Bound<'_, PyAny>>,
        ipv6: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let mut rule = Core::new(take("table", table)?);
        if ipv6.or("ipv6", false)? {
            rule = rule.ipv6();
        }
        if let Some(net) = maybe("from_", from_)? {
            rule = rule.from(net);
        }
        if let Some(net) = maybe("to", to)? {
            rule = rule.to(net);
        }
        if let Some(priority) = maybe("priority", priority)? {
            rule = rule.priority(priority);
        }
        rule.check().or_raise(table.py())?;
        Ok(Self(rule))
    }

    /// Parses a rule in the format of `ip rule`: "from 10.0.0.2/32 table 100".
    #[staticmethod]
    fn parse(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text_alone: String = take("text", text)?;
        let rule: macvlan_core::Result<Core> = text_alone.parse();
        rule.map(Self).or_raise_for(text.py(), "text")
    }

    /// Returns the routing table.
    #[getter]
    fn table(&self) -> u32 {
        self.0.get_table()
    }

    /// Returns the subnet of the packets' source.
    #[getter]
    fn from_<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_from().map(|net| network(py, net)).transpose()
    }

    /// Returns the subnet of the packets' destination.
    #[getter]
    fn to<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_to().map(|net| network(py, net)).transpose()
    }

    /// Returns the priority.
    #[getter]
    fn priority(&self) -> Option<u32> {
        self.0.get_priority()
    }

    /// Returns whether it is for IPv6.
    #[getter]
    fn ipv6(&self) -> bool {
        self.0.get_ipv6()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Rule", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        if let Some(net) = self.0.get_from() {
            named.set_item("from_", net.to_string())?;
        }
        if let Some(net) = self.0.get_to() {
            named.set_item("to", net.to_string())?;
        }
        if let Some(priority) = self.0.get_priority() {
            named.set_item("priority", priority)?;
        }
        if self.0.get_ipv6() && self.0.get_from().is_none() && self.0.get_to().is_none() {
            named.set_item("ipv6", true)?;
        }
        Ok((PyTuple::new(py, [self.0.get_table()])?, named))
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Rule, or its text as `ip rule` has it";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        value.cast::<Rule>().map_or_else(|_| parse(value), |rule| Ok(rule.get().0))
    }
}
