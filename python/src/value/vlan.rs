//! `macvlan.Vlan`: the options of a VLAN; and how every call takes them.

use macvlan_core::{Vlan as Core, VlanProtocol};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, no_such_option, pairs, take};
use crate::base::error::raised_for;
use crate::base::output::{Enumeration, call_text};

/// How the id 0 is said, which is no VLAN.
const PRIORITY_TAGS: &str = "priority-tags";

/// What a VLAN was told.
///
/// The id goes from 1 to 4094; "priority-tags" stands for 0: frames that carry a priority and no
/// VLAN. A flag that is None was not said; of a link that exists every flag is.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Vlan(pub(crate) Core);

#[pymethods]
impl Vlan {
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
        let py = id.py();
        let VlanId(vlan) = take("id", id)?;
        let arguments = Arguments {
            protocol,
            reorder_hdr,
            gvrp,
            mvrp,
            loose_binding,
            bridge_binding,
            ingress_qos,
            egress_qos,
        };
        arguments.options(py, vlan).map(Self)
    }

    /// The id; 0 for priority tags.
    #[getter]
    fn id(&self) -> u16 {
        self.0.id()
    }

    /// The tag's protocol.
    #[getter]
    fn protocol<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_protocol().to_member(py)
    }

    /// Whether the tag is taken out of frames before they are shown.
    #[getter]
    fn reorder_hdr(&self) -> Option<bool> {
        self.0.get_reorder_hdr()
    }

    /// Whether the VLAN is announced to the switch by GVRP.
    #[getter]
    fn gvrp(&self) -> Option<bool> {
        self.0.get_gvrp()
    }

    /// Whether the VLAN is announced to the switch by MVRP.
    #[getter]
    fn mvrp(&self) -> Option<bool> {
        self.0.get_mvrp()
    }

    /// Whether the link stays up when its parent goes down.
    #[getter]
    fn loose_binding(&self) -> Option<bool> {
        self.0.get_loose_binding()
    }

    /// Whether the link's state follows the bridge ports in this VLAN.
    #[getter]
    fn bridge_binding(&self) -> Option<bool> {
        self.0.get_bridge_binding()
    }

    /// The priority inside for each tag's priority.
    #[getter]
    fn ingress_qos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        ingress(py, &self.0)
    }

    /// The tag's priority for each priority inside.
    #[getter]
    fn egress_qos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        egress(py, &self.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Vlan", &positional, &named)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        if self.0.get_protocol() != VlanProtocol::Dot1q {
            named.set_item("protocol", self.0.get_protocol().to_string())?;
        }
        say_flags(&self.0, &named)?;
        Ok((PyTuple::new(py, [id_to_say(py, &self.0)?])?, named))
    }
}

pub(crate) fn ingress<'py>(py: Python<'py>, vlan: &Core) -> PyResult<Bound<'py, PyDict>> {
    let map = PyDict::new(py);
    vlan.get_ingress_qos().iter().try_for_each(|(tag, inside)| map.set_item(tag, inside))?;
    Ok(map)
}

pub(crate) fn egress<'py>(py: Python<'py>, vlan: &Core) -> PyResult<Bound<'py, PyDict>> {
    let map = PyDict::new(py);
    vlan.get_egress_qos().iter().try_for_each(|(inside, tag)| map.set_item(inside, tag))?;
    Ok(map)
}

fn id_to_say<'py>(py: Python<'py>, vlan: &Core) -> PyResult<Bound<'py, PyAny>> {
    Ok(match vlan.id() {
        0 => PRIORITY_TAGS.into_pyobject(py)?.into_any(),
        id => id.into_pyobject(py)?.into_any(),
    })
}

/// The options that differ from what is meant when nothing is said, as the arguments that say them.
pub(crate) fn say(vlan: &Core, named: &Bound<'_, PyDict>) -> PyResult<()> {
    named.set_item("vlan_id", id_to_say(named.py(), vlan)?)?;
    if vlan.get_protocol() != VlanProtocol::Dot1q {
        named.set_item("vlan_protocol", vlan.get_protocol().to_string())?;
    }
    say_flags(vlan, named)
}

fn say_flags(vlan: &Core, named: &Bound<'_, PyDict>) -> PyResult<()> {
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
        named.set_item("ingress_qos", ingress(named.py(), vlan)?)?;
    }
    if !vlan.get_egress_qos().is_empty() {
        named.set_item("egress_qos", egress(named.py(), vlan)?)?;
    }
    Ok(())
}

/// A VLAN by what its id can be said with.
pub(crate) struct VlanId(pub(crate) Core);

impl Take for VlanId {
    const EXPECTED: &'static str = "a VLAN's id as int, or 'priority-tags'";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        match String::take(value) {
            Ok(text) if text == PRIORITY_TAGS => Ok(Self(Core::priority_tags())),
            Ok(_) => Err(Refusal::Value("it is neither a number nor 'priority-tags'".to_owned())),
            Err(_) => Ok(Self(Core::new(u16::take(value)?)?)),
        }
    }
}

/// The options as arguments of a call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) protocol: Arg<'a, 'py>,
    pub(crate) reorder_hdr: Option<&'a Bound<'py, PyAny>>,
    pub(crate) gvrp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) mvrp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) loose_binding: Option<&'a Bound<'py, PyAny>>,
    pub(crate) bridge_binding: Option<&'a Bound<'py, PyAny>>,
    pub(crate) ingress_qos: Arg<'a, 'py>,
    pub(crate) egress_qos: Arg<'a, 'py>,
}

impl Arguments<'_, '_> {
    /// The VLAN with these options as well.
    pub(crate) fn options(self, py: Python<'_>, mut vlan: Core) -> PyResult<Core> {
        vlan = vlan.protocol(self.protocol.or("vlan_protocol", VlanProtocol::Dot1q)?);
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
            vlan = vlan
                .ingress_qos(tag, inside)
                .map_err(|error| raised_for(py, Some("ingress_qos"), &error))?;
        }
        for (inside, tag) in pairs("egress_qos", self.egress_qos)? {
            vlan = vlan
                .egress_qos(inside, tag)
                .map_err(|error| raised_for(py, Some("egress_qos"), &error))?;
        }
        Ok(vlan)
    }

    /// Refuses them where they mean nothing.
    pub(crate) fn refuse(self, py: Python<'_>, kind: &str) -> PyResult<()> {
        let nothing = Core::priority_tags();
        let given = self.options(py, nothing.clone())?;
        if given == nothing {
            return Ok(());
        }
        let named = PyDict::new(py);
        say(&given, &named)?;
        named.del_item("vlan_id")?;
        match named.iter().next() {
            Some((name, value)) => Err(no_such_option(name.extract()?, &value, kind)),
            None => Ok(()),
        }
    }
}
