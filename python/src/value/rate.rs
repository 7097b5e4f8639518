//! `macvlan.Rate`: a rate limit for sent packets.

use macvlan_core::Rate as Core;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::base::argument::{Refusal, Take, parse, take};

/// A rate limit for sent packets, enforced by the kernel's token bucket filter (tbf).
///
/// rate: in the format of `tc`, "10mbit", "512kbit", "1gbit", "9600bit", or bits per second as an
///     int. str() returns the text.
#[pyclass(frozen, eq, ord, hash, module = "macvlan")]
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rate(pub(crate) Core);

#[pymethods]
impl Rate {
    #[new]
    fn new(rate: &Bound<'_, PyAny>) -> PyResult<Self> {
        take("rate", rate).map(Self)
    }

    /// Returns the rate in bits per second.
    #[getter]
    fn bits_per_second(&self) -> u64 {
        self.0.get_bits_per_second()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Rate('{}')", self.0)
    }

    fn __getnewargs__(&self) -> (String,) {
        (self.0.to_string(),)
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Rate, its text as `tc` has it, or bits a second as int";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(rate) = value.cast::<Rate>() {
            return Ok(rate.get().0);
        }
        if value.is_instance_of::<PyInt>() {
            return Ok(Self::bits_per_second(u64::take(value)?)?);
        }
        parse(value)
    }
}
