//! `macvlan.RouteInfo`: a route as reported by the kernel.

use std::net::IpAddr;

use macvlan_core::{NextHop as CoreHop, RouteInfo as Core};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::data::data;
use crate::base::output::attributes_text;
use crate::value::route::Route;

/// A route as reported by the kernel.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct RouteInfo(pub(crate) Core);

#[pymethods]
impl RouteInfo {
    /// Returns the route; its device is an index.
    #[getter]
    fn route(&self) -> Route {
        Route(self.0.route)
    }

    /// Returns the name of the link when the route was listed; None in events, in which the kernel
    /// reports the index alone.
    #[getter]
    fn link_name(&self) -> Option<String> {
        self.0.link_name.map(|name| name.to_string())
    }

    /// Returns the routing protocol, the route's origin. It is 2 for the kernel, 3 for boot
    /// (and `ip`), 4 for static; see rtnetlink(7).
    #[getter]
    fn protocol(&self) -> u8 {
        self.0.protocol
    }

    /// Returns the next hops of a multipath route.
    #[getter]
    fn next_hops<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.next_hops.iter().map(|hop| NextHop(*hop)).collect::<Vec<_>>())
    }

    /// Returns the route in the form of `ip route show table all`.
    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["route", "link_name", "protocol", "next_hops"])
    }
}

/// One of the next hops of a multipath route.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct NextHop(CoreHop);

data!(RouteInfo, NextHop);

#[pymethods]
impl NextHop {
    /// Returns the link's index.
    #[getter]
    fn link(&self) -> u32 {
        self.0.link
    }

    /// Returns the link's name, as in RouteInfo.
    #[getter]
    fn link_name(&self) -> Option<String> {
        self.0.link_name.map(|name| name.to_string())
    }

    /// Returns the gateway, if there is one.
    #[getter]
    fn gateway(&self) -> Option<IpAddr> {
        self.0.gateway
    }

    /// Returns the weight, 1 to 256.
    #[getter]
    fn weight(&self) -> u16 {
        self.0.weight
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["link", "link_name", "gateway", "weight"])
    }
}
