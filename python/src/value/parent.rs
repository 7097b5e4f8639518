//! `macvlan.Parent`: the parent of an endpoint.

use macvlan_core::{LinkId, LinkName, Parent as Core, VlanProtocol};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, maybe, take, text};
use crate::base::data::from_data;
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, call_text, link};

/// The link on the host that an endpoint is on, if a name is not sufficient.
///
/// Arguments that are a parent can be its name: "ens33" is a link, and "ens33.100" is the link with
/// this name if it exists; otherwise it is VLAN 100 of ens33, which is created for the first
/// endpoint and removed with the last one. Parent.vlan() is such a VLAN with another name or
/// protocol; Parent.link() is a link that must exist, even if its name is in VLAN notation.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Parent(pub(crate) Core);

/// A static method with its positional and named arguments.
type Call<'py> = (&'static str, Bound<'py, PyTuple>, Bound<'py, PyDict>);

#[pymethods]
impl Parent {
    /// The group of VLANs that are made on demand.
    #[classattr]
    const ON_DEMAND_GROUP: u32 = Core::ON_DEMAND_GROUP;

    /// Makes a parent that is an existing link. It is given by name, alternative name of up to 127
    /// bytes, or index.
    #[staticmethod]
    #[pyo3(name = "link")]
    fn of_link(link: &Bound<'_, PyAny>) -> PyResult<Self> {
        take::<Named>("link", link).map(|Named(parent)| Self(parent))
    }

    /// Makes a parent that is VLAN `id` of a base. Defaults to the protocol 802.1Q and the name
    /// BASE.ID.
    #[staticmethod]
    #[pyo3(
        signature = (base, id, *, protocol=Arg::Missing, name=None),
        text_signature = "(base, id, *, protocol='802.1Q', name=None)"
    )]
    fn vlan(
        base: &Bound<'_, PyAny>,
        id: &Bound<'_, PyAny>,
        protocol: Arg<'_, '_>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = base.py();
        let base: Core = take("base", base)?;
        let mut parent = Core::vlan(&base, take("id", id)?)
            .or_raise_for(py, "id")?
            .protocol(protocol.or("protocol", VlanProtocol::Dot1q)?)
            .or_raise_for(py, "protocol")?;
        if let Some(name) = maybe::<LinkName>("name", name)? {
            parent = parent.name(name).or_raise(py)?;
        }
        // A name that is made from its base may be too long.
        parent.id().or_raise_for(py, "name")?;
        Ok(Self(parent))
    }

    /// Returns the link's name, alternative name or index.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.named(py)
    }

    /// Returns the base of a VLAN that is created on demand; None for an existing link. It is a
    /// name, an index or a Parent.
    #[getter]
    fn base<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_base().map(|base| plain(py, base)).transpose()
    }

    /// Returns the id of a VLAN that is created on demand.
    #[getter]
    fn vlan_id(&self) -> Option<u16> {
        self.0.get_vlan_id()
    }

    /// Returns the protocol of a VLAN that is created on demand.
    #[getter]
    fn protocol<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_protocol().map(|protocol| protocol.to_member(py)).transpose()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (maker, positional, named) = self.call(py)?;
        call_text(&format!("Parent.{maker}"), &positional, &named)
    }

    /// Makes copies for pickle and copy.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Call<'py>)> {
        let rebuild = slf.py().import("macvlan._values")?.getattr("rebuild_parent")?;
        Ok((rebuild, slf.get().call(slf.py())?))
    }
}

impl Parent {
    /// Returns the link's name, alternative name or index, as it was given.
    fn named<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0.get_alternative_name() {
            Some(name) => Ok(name.into_pyobject(py)?.into_any()),
            None => link(py, self.0.id().or_raise(py)?),
        }
    }

    /// Returns the static method and the arguments that make an equal object.
    fn call<'py>(&self, py: Python<'py>) -> PyResult<Call<'py>> {
        let named = PyDict::new(py);
        let (Some(base), Some(id)) = (self.0.get_base(), self.0.get_vlan_id()) else {
            let positional = [self.named(py)?];
            return Ok(("link", PyTuple::new(py, positional)?, named));
        };
        let protocol = self.0.get_protocol().filter(|protocol| *protocol != VlanProtocol::Dot1q);
        if let Some(protocol) = protocol {
            named.set_item("protocol", protocol.to_string())?;
        }
        if let Some(name) = self.0.get_name() {
            named.set_item("name", name.as_str())?;
        }
        let positional = [plain(py, base)?, id.into_pyobject(py)?.into_any()];
        Ok(("vlan", PyTuple::new(py, positional)?, named))
    }
}

/// Converts a parent to its simplest form: its name, its index, or a `Parent`.
pub(crate) fn plain<'py>(py: Python<'py>, parent: &Core) -> PyResult<Bound<'py, PyAny>> {
    let text = parent.to_string();
    if parent.get_base().is_none() {
        if let Ok(LinkId::Index(index)) = parent.id() {
            return Ok(index.into_pyobject(py)?.into_any());
        }
    }
    if text.parse().is_ok_and(|parsed: Core| parsed == *parent) {
        return Ok(text.into_pyobject(py)?.into_any());
    }
    Ok(Parent(parent.clone()).into_pyobject(py)?.into_any())
}

/// A link that must exist.
struct Named(Core);

impl Take for Named {
    const EXPECTED: &'static str = LinkId::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        match (LinkId::take(value), text(value)?) {
            (Err(_), Some(name)) => Ok(Self(Core::alternative_name(&name)?)),
            (link, _) => link.map(Core::link).map(Self),
        }
    }
}

impl Take for Core {
    const EXPECTED: &'static str =
        "a link: its name, its index, a Parent or its dict, or a LinkInfo";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyDict>() {
            return Ok(from_data("Parent", value)?);
        }
        if let Ok(parent) = value.cast::<Parent>() {
            return Ok(parent.get().0.clone());
        }
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        LinkId::take(value).map(Self::link)
    }
}
