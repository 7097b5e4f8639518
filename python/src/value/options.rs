//! The options of all kinds of link, as the arguments of one call: those of the kind are taken, and
//! those of other kinds refused.

use macvlan_core::{Macvlan, Vlan};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::base::argument::{no_such_option, take};
use crate::value::vlan::VlanId;
use crate::value::{macvlan, vlan};

/// The arguments of a call that differ between kinds of link.
pub(crate) struct Options<'a, 'py> {
    pub(crate) macvlan: macvlan::Arguments<'a, 'py>,
    pub(crate) vlan_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) vlan: vlan::Arguments<'a, 'py>,
}

impl Options<'_, '_> {
    /// Those of a macvlan or macvtap.
    pub(crate) fn of_macvlan(&self, py: Python<'_>, kind: &str) -> PyResult<Macvlan> {
        self.refuse_vlan(py, kind)?;
        self.macvlan.options(py)
    }

    /// Those of a VLAN.
    pub(crate) fn of_vlan(&self, py: Python<'_>) -> PyResult<Vlan> {
        self.macvlan.refuse(py, "vlan")?;
        let id = self.vlan_id.ok_or_else(|| {
            PyTypeError::new_err("argument 'vlan_id' is missing: a link of kind vlan needs it")
        })?;
        let VlanId(vlan) = take("vlan_id", id)?;
        self.vlan.options(py, vlan)
    }

    /// Those of a kind that has none.
    pub(crate) fn of_others(&self, py: Python<'_>, kind: &str) -> PyResult<()> {
        self.macvlan.refuse(py, kind)?;
        self.refuse_vlan(py, kind)
    }

    fn refuse_vlan(&self, py: Python<'_>, kind: &str) -> PyResult<()> {
        match self.vlan_id {
            Some(id) => Err(no_such_option("vlan_id", id, kind)),
            None => self.vlan.refuse(py, kind),
        }
    }
}
