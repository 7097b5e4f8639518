//! The texts of addresses and MAC addresses, checked by the core for the Python classes of these.

use macvlan_core::{Address, MacAddr};
use pyo3::prelude::*;

use crate::base::argument::take;

/// The address and prefix length of an address, and how duplicates are detected.
#[pyfunction]
pub(crate) fn address_text(address: &Bound<'_, PyAny>) -> PyResult<(String, String)> {
    let address: Address = take("address", address)?;
    Ok((address.net().to_string(), address.duplicate_detection().to_string()))
}

/// The text of a MAC address, in lower case.
#[pyfunction]
pub(crate) fn mac_text(mac: &Bound<'_, PyAny>) -> PyResult<String> {
    take::<MacAddr>("mac", mac).map(|mac| mac.to_string())
}
