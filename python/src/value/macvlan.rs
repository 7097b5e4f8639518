//! `macvlan.MacvlanOptions`: the options of a macvlan or macvtap.

use macvlan_core::{MacvlanOptions as Core, Mode};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, maybe};
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, call_text, mac, replaced};

/// The options of a macvlan or macvtap. They are a value, for Endpoint(options=…) and
/// Handle.add_link(), and from LinkInfo.
///
/// mode: the macvlan mode. Defaults to "bridge".
/// nopromisc: whether mode passthru leaves the parent as promiscuous as it is. Defaults to False.
/// nodst: whether mode source checks only the source address. Defaults to False.
/// source_macs: the MAC addresses from which frames are accepted in mode source.
/// bc_queue_len: the length of the broadcast queue in frames. Defaults to the kernel's, 1000.
/// bc_cutoff: the broadcast cutoff (`bclim`), of which the kernel has one value for each parent.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct MacvlanOptions(pub(crate) Core);

#[pymethods]
impl MacvlanOptions {
    #[new]
    #[pyo3(
        signature = (
            mode=Arg::Missing, *, nopromisc=Arg::Missing, nodst=Arg::Missing,
            source_macs=Arg::Missing, bc_queue_len=None, bc_cutoff=None
        ),
        text_signature = "(mode='bridge', *, nopromisc=False, nodst=False, source_macs=(), \
                          bc_queue_len=None, bc_cutoff=None)"
    )]
    fn new(
        py: Python<'_>,
        mode: Arg<'_, '_>,
        nopromisc: Arg<'_, '_>,
        nodst: Arg<'_, '_>,
        source_macs: Arg<'_, '_>,
        bc_queue_len: Option<&Bound<'_, PyAny>>,
        bc_cutoff: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut options = Core::new(mode.or("mode", Mode::default())?)
            .nopromisc(nopromisc.or("nopromisc", false)?)
            .nodst(nodst.or("nodst", false)?);
        for mac in source_macs.many("source_macs")? {
            options = options.source_mac(mac);
        }
        if let Some(frames) = maybe("bc_queue_len", bc_queue_len)? {
            options = options.bc_queue_len(frames);
        }
        if let Some(siblings) = maybe("bc_cutoff", bc_cutoff)? {
            options = options.bc_cutoff(siblings);
        }
        options.check().or_raise(py)?;
        Ok(Self(options))
    }

    /// Makes a copy with other values for these arguments.
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        replaced(slf, "mode", changes)
    }

    /// Makes a copy for copy.replace() of Python 3.13.
    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        replaced(slf, "mode", changes)
    }

    /// Returns the macvlan mode.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_mode().to_member(py)
    }

    /// Returns whether mode passthru leaves the parent as promiscuous as it is.
    #[getter]
    fn nopromisc(&self) -> bool {
        self.0.get_nopromisc()
    }

    /// Returns whether mode source checks only the source address.
    #[getter]
    fn nodst(&self) -> bool {
        self.0.get_nodst()
    }

    /// Returns the MAC addresses from which frames are accepted in mode source.
    #[getter]
    fn source_macs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let macs = self.0.get_source_macs().iter().map(|one| mac(py, *one));
        PyTuple::new(py, macs.collect::<PyResult<Vec<_>>>()?)
    }

    /// Returns the length of the broadcast queue in frames that this link requests.
    #[getter]
    fn bc_queue_len(&self) -> Option<u32> {
        self.0.get_bc_queue_len()
    }

    /// Returns the broadcast cutoff (`bclim`). The kernel has one value for each parent.
    #[getter]
    fn bc_cutoff(&self) -> Option<i32> {
        self.0.get_bc_cutoff()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("MacvlanOptions", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let options = &self.0;
        let named = PyDict::new(py);
        if options.get_nopromisc() {
            named.set_item("nopromisc", true)?;
        }
        if options.get_nodst() {
            named.set_item("nodst", true)?;
        }
        if !options.get_source_macs().is_empty() {
            let macs = options.get_source_macs().iter().map(ToString::to_string);
            named.set_item("source_macs", PyTuple::new(py, macs.collect::<Vec<_>>())?)?;
        }
        if let Some(frames) = options.get_bc_queue_len() {
            named.set_item("bc_queue_len", frames)?;
        }
        if let Some(siblings) = options.get_bc_cutoff() {
            named.set_item("bc_cutoff", siblings)?;
        }
        Ok((PyTuple::new(py, [options.get_mode().to_string()])?, named))
    }
}
