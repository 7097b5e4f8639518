//! `macvlan.RouteInfo`: a route as the kernel describes it.

use std::net::IpAddr;

use macvlan_core::{NextHop as CoreHop, RouteInfo as Core};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::output::attributes_text;
use crate::value::route::Route;

/// A route as the kernel describes it.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct RouteInfo(pub(crate) Core);

#[pymethods]
impl RouteInfo {
    /// The route, with its table always given.
    #[getter]
    fn route(&self) -> Route {
        Route(self.0.route)
    }

    /// Who made it: 2 the kernel, 3 somebody at boot (and `ip`), 4 an administrator; rtnetlink(7).
    #[getter]
    fn protocol(&self) -> u8 {
        self.0.protocol
    }

    /// The next hops, where there are several.
    #[getter]
    fn next_hops<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.next_hops.iter().map(|hop| NextHop(*hop)).collect::<Vec<_>>())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["route", "protocol", "next_hops"])
    }
}

/// One next hop of several.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct NextHop(CoreHop);

#[pymethods]
impl NextHop {
    /// The link's index.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// The gateway, if there is one.
    #[getter]
    fn gateway(&self) -> Option<IpAddr> {
        self.0.gateway
    }

    /// The share of packets that it gets, 1 to 256.
    #[getter]
    fn weight(&self) -> u16 {
        self.0.weight
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["link", "gateway", "weight"])
    }
}
