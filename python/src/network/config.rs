//! The configuration of a network as keywords.

use std::collections::BTreeMap;

use macvlan_core::{AcceptRa, Parent, Route};
use macvlan_network::{NetworkConfig, Subnet};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::base::argument::{Arg, Take, maybe, pairs, take};

/// All keywords.
const NAMES: [&str; 21] = [
    "parent",
    "subnets",
    "without_addresses",
    "ipv6",
    "mode",
    "internal",
    "mtu",
    "routes",
    "metric",
    "disable_ipv6",
    "accept_ra",
    "leave_ipv6",
    "allmulticast",
    "order",
    "mac_from",
    "probe",
    "duplicate_detection",
    "block_size",
    "reservation_ttl",
    "options",
    "labels",
];

/// The given keyword arguments.
struct Keywords<'a, 'py>(Option<&'a Bound<'py, PyDict>>);

impl<'py> Keywords<'_, 'py> {
    fn given(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.map_or(Ok(None), |keywords| keywords.get_item(name))
    }

    /// Returns its value, or the old one.
    fn or<T: Take>(&self, name: &str, was: T) -> PyResult<T> {
        self.given(name)?.map_or(Ok(was), |value| take(name, &value))
    }

    /// Returns its value, which may be `None`, or the old one.
    fn maybe<T: Take>(&self, name: &str, was: Option<T>) -> PyResult<Option<T>> {
        let Some(value) = self.given(name)? else { return Ok(was) };
        maybe(name, Some(&value).filter(|value| !value.is_none()))
    }

    fn many<T: Take + Clone>(&self, name: &str, were: &[T]) -> PyResult<Vec<T>> {
        match self.given(name)? {
            Some(values) => Arg::Given(values.as_borrowed()).many(name),
            None => Ok(were.to_vec()),
        }
    }

    fn texts(
        &self,
        name: &str,
        were: &BTreeMap<String, String>,
    ) -> PyResult<Vec<(String, String)>> {
        match self.given(name)? {
            Some(values) => pairs(name, Arg::Given(values.as_borrowed())),
            None => Ok(were.iter().map(|(key, value)| (key.clone(), value.clone())).collect()),
        }
    }
}

/// Makes the configuration that keywords describe; others keep their old value.
pub(crate) fn described(
    function: &str,
    was: &NetworkConfig,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<NetworkConfig> {
    for name in keywords.iter().flat_map(|keywords| keywords.keys()) {
        let name: String = name.extract()?;
        if !NAMES.contains(&name.as_str()) {
            let why = format!("{function}() got an unexpected keyword argument {name:?}");
            return Err(PyTypeError::new_err(why.replace('"', "'")));
        }
    }
    let given = Keywords(keywords);
    let mut config = NetworkConfig::new(was.get_name())
        .mode(given.or("mode", was.get_mode())?)
        .internal(given.or("internal", was.get_internal())?)
        .ipv6(given.or("ipv6", was.get_ipv6())?)
        .leave_ipv6(given.or("leave_ipv6", was.get_leave_ipv6())?)
        .order(given.or("order", was.get_order())?)
        .mac_from(given.or("mac_from", was.get_mac_from())?)
        .probe(given.or("probe", was.get_probe())?)
        .duplicate_detection(given.or("duplicate_detection", was.get_duplicate_detection())?)
        .reservation_ttl(given.or("reservation_ttl", was.get_reservation_ttl())?);
    if let Some(parent) = given.maybe::<Parent>("parent", was.get_parent().cloned())? {
        config = config.parent(parent);
    }
    for subnet in given.many::<Subnet>("subnets", was.get_subnets())? {
        config = config.subnet(subnet);
    }
    if given.or("without_addresses", was.get_without_addresses())? {
        config = config.without_addresses();
    }
    if let Some(mtu) = given.maybe("mtu", was.get_mtu())? {
        config = config.mtu(mtu);
    }
    for route in given.many::<Route>("routes", was.get_routes())? {
        config = config.route(route);
    }
    if let Some(metric) = given.maybe("metric", was.get_metric())? {
        config = config.metric(metric);
    }
    if let Some(disable) = given.maybe("disable_ipv6", was.get_disable_ipv6())? {
        config = config.disable_ipv6(disable);
    }
    if let Some(accept) = given.maybe::<AcceptRa>("accept_ra", was.get_accept_ra())? {
        config = config.accept_ra(accept);
    }
    if let Some(on) = given.maybe("allmulticast", was.get_allmulticast())? {
        config = config.allmulticast(on);
    }
    if let Some(share) = given.maybe("block_size", was.get_block_size())? {
        config = config.block_size(share);
    }
    for (key, value) in given.texts("options", was.get_options())? {
        config = config.option(key, value);
    }
    for (key, value) in given.texts("labels", was.get_labels())? {
        config = config.label(key, value);
    }
    Ok(config)
}
