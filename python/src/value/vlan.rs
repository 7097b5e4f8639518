//! `macvlan.VlanOptions`: the options of a VLAN.

use macvlan_core::{VlanOptions as Core, VlanProtocol};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, pairs, take, text};
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, call_text, replaced};

/// The options of a VLAN. They are a value, for Endpoint(options=…) and Handle.add_link(), and from
/// LinkInfo.
///
/// id: from 1 to 4094, also as text; "priority-tags" stands for 0: frames with a priority but no
///     VLAN.
/// protocol: the tag's protocol. Defaults to 802.1Q.
/// reorder_hdr, gvrp, mvrp, loose_binding, bridge_binding: as in ip-link(8). By default the kernel
///     chooses them. Each is known for an existing link.
/// ingress_qos: the priority in the kernel for each received tag's priority.
/// egress_qos: the sent tag's priority for each priority in the kernel.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct VlanOptions(pub(crate) Core);

#[pymethods]
impl VlanOptions {
    #[new]
    #[pyo3(
        signature = (
            id, *, protocol=Arg::Missing, reorder_hdr=None, gvrp=None, mvrp=None,
            loose_binding=None, bridge_binding=None, ingress_qos=Arg::Missing,
            egress_qos=Arg::Missing
        ),
        text_signature = "(id, *, protocol='802.1Q', reorder_hdr=None, gvrp=None, mvrp=None, \
                          loose_binding=None, bridge_binding=None, ingress_qos=(), egress_qos=())"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn new(
        id: &Bound<'_, PyAny>,
        protocol: Arg<'_, '_>,
        reorder_hdr: Option<&Bound<'_, PyAny>>,
        gvrp: Option<&Bound<'_, PyAny>>,
        mvrp: Option<&Bound<'_, PyAny>>,
        loose_binding: Option<&Bound<'_, PyAny>>,
        bridge_binding: Option<&Bound<'_, PyAny>>,
        ingress_qos: Arg<'_, '_>,
        egress_qos: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let VlanId(vlan) = take("id", id)?;
        let vlan = vlan.protocol(protocol.or("protocol", VlanProtocol::Dot1q)?);
        let flags = Flags {
            reorder_hdr,
            gvrp,
            mvrp,
            loose_binding,
            bridge_binding,
            ingress_qos,
            egress_qos,
        };
        flags.set(id.py(), vlan).map(Self)
    }

    /// Makes a copy with other values for these arguments.
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        replaced(slf, "id", changes)
    }

    /// Makes a copy for copy.replace() of Python 3.13.
    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        replaced(slf, "id", changes)
    }

    /// Returns the id; 0 for priority tags.
    #[getter]
    fn id(&self) -> u16 {
        self.0.get_id()
    }

    /// Returns the tag's protocol.
    #[getter]
    fn protocol<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_protocol().to_member(py)
    }

    /// Returns whether the tag is removed from received frames.
    #[getter]
    fn reorder_hdr(&self) -> Option<bool> {
        self.0.get_reorder_hdr()
    }

    /// Returns whether the VLAN is registered with the switch by GVRP.
    #[getter]
    fn gvrp(&self) -> Option<bool> {
        self.0.get_gvrp()
    }

    /// Returns whether the VLAN is registered with the switch by MVRP.
    #[getter]
    fn mvrp(&self) -> Option<bool> {
        self.0.get_mvrp()
    }

    /// Returns whether the link stays up when its parent goes down.
    #[getter]
    fn loose_binding(&self) -> Option<bool> {
        self.0.get_loose_binding()
    }

    /// Returns whether the link's state follows the bridge ports in this VLAN.
    #[getter]
    fn bridge_binding(&self) -> Option<bool> {
        self.0.get_bridge_binding()
    }

    /// Returns the priority in the kernel for each received tag's priority.
    #[getter]
    fn ingress_qos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let map = PyDict::new(py);
        self.0.get_ingress_qos().iter().try_for_each(|(tag, inside)| map.set_item(tag, inside))?;
        Ok(map)
    }

    /// Returns the sent tag's priority for each priority in the kernel.
    #[getter]
    fn egress_qos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let map = PyDict::new(py);
        self.0.get_egress_qos().iter().try_for_each(|(inside, tag)| map.set_item(inside, tag))?;
        Ok(map)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("VlanOptions", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let vlan = &self.0;
        let named = PyDict::new(py);
        if vlan.get_protocol() != VlanProtocol::Dot1q {
            named.set_item("protocol", vlan.get_protocol().to_string())?;
        }
        let flags = [
            ("reorder_hdr", vlan.get_reorder_hdr()),
            ("gvrp", vlan.get_gvrp()),
            ("mvrp", vlan.get_mvrp()),
            ("loose_binding", vlan.get_loose_binding()),
            ("bridge_binding", vlan.get_bridge_binding()),
        ];
        for (name, flag) in flags {
            if let Some(on) = flag {
                named.set_item(name, on)?;
            }
        }
        if !vlan.get_ingress_qos().is_empty() {
            named.set_item("ingress_qos", self.ingress_qos(py)?)?;
        }
        if !vlan.get_egress_qos().is_empty() {
            named.set_item("egress_qos", self.egress_qos(py)?)?;
        }
        let id = match vlan.get_id() {
            0 => Core::PRIORITY_TAGS.into_pyobject(py)?.into_any(),
            id => id.into_pyobject(py)?.into_any(),
        };
        Ok((PyTuple::new(py, [id])?, named))
    }
}

/// A VLAN by its id.
struct VlanId(Core);

impl Take for VlanId {
    const EXPECTED: &'static str = "a VLAN's id as int or str, or 'priority-tags'";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        match text(value)? {
            Some(id) => Ok(Self(id.parse()?)),
            None => Ok(Self(Core::new(u16::take(value)?)?)),
        }
    }
}

/// The flags that can be changed on an existing link, as arguments of a call.
pub(crate) struct Flags<'a, 'py> {
    pub(crate) reorder_hdr: Option<&'a Bound<'py, PyAny>>,
    pub(crate) gvrp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) mvrp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) loose_binding: Option<&'a Bound<'py, PyAny>>,
    pub(crate) bridge_binding: Option<&'a Bound<'py, PyAny>>,
    pub(crate) ingress_qos: Arg<'a, 'py>,
    pub(crate) egress_qos: Arg<'a, 'py>,
}

impl Flags<'_, '_> {
    /// Returns the VLAN with these flags set.
    pub(crate) fn set(self, py: Python<'_>, mut vlan: Core) -> PyResult<Core> {
        if let Some(on) = maybe("reorder_hdr", self.reorder_hdr)? {
            vlan = vlan.reorder_hdr(on);
        }
        if let Some(on) = maybe("gvrp", self.gvrp)? {
            vlan = vlan.gvrp(on);
        }
        if let Some(on) = maybe("mvrp", self.mvrp)? {
            vlan = vlan.mvrp(on);
        }
        if let Some(on) = maybe("loose_binding", self.loose_binding)? {
            vlan = vlan.loose_binding(on);
        }
        if let Some(on) = maybe("bridge_binding", self.bridge_binding)? {
            vlan = vlan.bridge_binding(on);
        }
        for (tag, inside) in pairs("ingress_qos", self.ingress_qos)? {
            vlan = vlan.ingress_qos(tag, inside).or_raise_for(py, "ingress_qos")?;
        }
        for (inside, tag) in pairs("egress_qos", self.egress_qos)? {
            vlan = vlan.egress_qos(inside, tag).or_raise_for(py, "egress_qos")?;
        }
        Ok(vlan)
    }
}
