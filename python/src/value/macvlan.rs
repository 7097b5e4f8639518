//! `macvlan.Macvlan`: the options of a macvlan or macvtap; and how every call takes them.

use macvlan_core::{Macvlan as Core, Mode};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, maybe, no_such_option};
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, call_text, mac};

/// What a macvlan or macvtap was told.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Macvlan(pub(crate) Core);

#[pymethods]
impl Macvlan {
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
        Arguments { mode, nopromisc, nodst, source_macs, bc_queue_len, bc_cutoff }
            .options(py)
            .map(Self)
    }

    /// Who it may talk to.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.mode().to_member(py)
    }

    /// In mode passthru: whether the parent is left as promiscuous as it was.
    #[getter]
    fn nopromisc(&self) -> bool {
        self.0.is_nopromisc()
    }

    /// In mode source: whether source addresses alone are looked at.
    #[getter]
    fn nodst(&self) -> bool {
        self.0.is_nodst()
    }

    /// In mode source: the MAC addresses that frames may come from.
    #[getter]
    fn source_macs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        macs(py, &self.0)
    }

    /// The broadcast queue's length in frames, that this link asked for.
    #[getter]
    fn bc_queue_len(&self) -> Option<u32> {
        self.0.get_bc_queue_len()
    }

    /// The broadcast cutoff (`bclim`), which the kernel keeps per parent.
    #[getter]
    fn bc_cutoff(&self) -> Option<i32> {
        self.0.get_bc_cutoff()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Macvlan", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        say_flags(&self.0, &named)?;
        Ok((PyTuple::new(py, [self.0.mode().to_string()])?, named))
    }
}

/// The options that differ from what is meant when nothing is said, as the arguments that say them.
pub(crate) fn say(options: &Core, named: &Bound<'_, PyDict>) -> PyResult<()> {
    if options.mode() != Mode::default() {
        named.set_item("mode", options.mode().to_string())?;
    }
    say_flags(options, named)
}

fn say_flags(options: &Core, named: &Bound<'_, PyDict>) -> PyResult<()> {
    if options.is_nopromisc() {
        named.set_item("nopromisc", true)?;
    }
    if options.is_nodst() {
        named.set_item("nodst", true)?;
    }
    if !options.source_macs().is_empty() {
        let macs = options.source_macs().iter().map(ToString::to_string);
        named.set_item("source_macs", PyTuple::new(named.py(), macs.collect::<Vec<_>>())?)?;
    }
    if let Some(frames) = options.get_bc_queue_len() {
        named.set_item("bc_queue_len", frames)?;
    }
    if let Some(siblings) = options.get_bc_cutoff() {
        named.set_item("bc_cutoff", siblings)?;
    }
    Ok(())
}

pub(crate) fn macs<'py>(py: Python<'py>, options: &Core) -> PyResult<Bound<'py, PyTuple>> {
    let macs = options.source_macs().iter().map(|one| mac(py, *one));
    PyTuple::new(py, macs.collect::<PyResult<Vec<_>>>()?)
}

/// The options as arguments of a call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) mode: Arg<'a, 'py>,
    pub(crate) nopromisc: Arg<'a, 'py>,
    pub(crate) nodst: Arg<'a, 'py>,
    pub(crate) source_macs: Arg<'a, 'py>,
    pub(crate) bc_queue_len: Option<&'a Bound<'py, PyAny>>,
    pub(crate) bc_cutoff: Option<&'a Bound<'py, PyAny>>,
}

impl Arguments<'_, '_> {
    pub(crate) fn options(self, py: Python<'_>) -> PyResult<Core> {
        let mut options = Core::new(self.mode.or("mode", Mode::default())?)
            .nopromisc(self.nopromisc.or("nopromisc", false)?)
            .nodst(self.nodst.or("nodst", false)?);
        for mac in self.source_macs.many("source_macs")? {
            options = options.source_mac(mac);
        }
        if let Some(frames) = maybe("bc_queue_len", self.bc_queue_len)? {
            options = options.bc_queue_len(frames);
        }
        if let Some(siblings) = maybe("bc_cutoff", self.bc_cutoff)? {
            options = options.bc_cutoff(siblings);
        }
        options.check().or_raise(py)?;
        Ok(options)
    }

    /// Refuses them where they mean nothing, unless they say what is meant anyway.
    pub(crate) fn refuse(self, py: Python<'_>, kind: &str) -> PyResult<()> {
        let given = self.options(py)?;
        if given == Core::default() {
            return Ok(());
        }
        let named = PyDict::new(py);
        say(&given, &named)?;
        match named.iter().next() {
            Some((name, value)) => Err(no_such_option(name.extract()?, &value, kind)),
            None => Ok(()),
        }
    }
}
