//! The options of a kind of link as arguments of calls: `options=MacvlanOptions(…)` or
//! `VlanOptions(…)`, or only the mode of a macvlan.

use macvlan_core::{LinkType, MacvlanOptions as CoreMacvlan, VlanOptions as CoreVlan};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::base::argument::{
    Refusal, Take, maybe, no_such_option, refuse_option, take, wrong_value,
};
use crate::value::macvlan::MacvlanOptions;
use crate::value::vlan::VlanOptions;

/// The options of a kind of link, in one object.
enum Given {
    Macvlan(CoreMacvlan),
    Vlan(CoreVlan),
}

impl Take for Given {
    const EXPECTED: &'static str = "a MacvlanOptions or a VlanOptions";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(vlan) = value.cast::<VlanOptions>() {
            return Ok(Self::Vlan(vlan.get().0.clone()));
        }
        let macvlan = value.cast::<MacvlanOptions>().map_err(|_| Refusal::Type)?;
        Ok(Self::Macvlan(macvlan.get().0.clone()))
    }
}

/// The arguments of a call that have them.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a, 'py> {
    pub(crate) mode: Option<&'a Bound<'py, PyAny>>,
    pub(crate) options: Option<&'a Bound<'py, PyAny>>,
}

impl Options<'_, '_> {
    /// Returns the kind of the options.
    pub(crate) fn kind(self) -> Option<LinkType> {
        let options = self.options?;
        Some(if options.is_instance_of::<VlanOptions>() {
            LinkType::Vlan
        } else {
            LinkType::Macvlan
        })
    }

    /// Returns those of a macvlan or macvtap.
    pub(crate) fn of_macvlan(self, kind: LinkType) -> PyResult<CoreMacvlan> {
        let Some(options) = self.options else {
            return Ok(CoreMacvlan::new(maybe("mode", self.mode)?.unwrap_or_default()));
        };
        match (take("options", options)?, self.mode) {
            (Given::Vlan(_), _) => Err(no_such_option("options", options, kind)),
            (_, Some(mode)) => {
                Err(wrong_value("mode", mode, "options=MacvlanOptions(…) has the mode"))
            }
            (Given::Macvlan(given), None) => Ok(given),
        }
    }

    /// Returns those of a VLAN.
    pub(crate) fn of_vlan(self) -> PyResult<CoreVlan> {
        refuse_option("mode", self.mode, LinkType::Vlan)?;
        let options = self.options.ok_or_else(|| {
            PyTypeError::new_err(
                "argument 'options' is missing: a link of kind vlan needs a VlanOptions",
            )
        })?;
        match take("options", options)? {
            Given::Vlan(given) => Ok(given),
            Given::Macvlan(_) => Err(no_such_option("options", options, LinkType::Vlan)),
        }
    }

    /// Refuses options for a kind that has none.
    pub(crate) fn of_others(self, kind: LinkType) -> PyResult<()> {
        refuse_option("mode", self.mode, kind)?;
        refuse_option("options", self.options, kind)
    }
}
