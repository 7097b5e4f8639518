//! Addresses, subnets and MAC addresses, which are Python's own classes or subclasses of them; and
//! their texts, validated by the core for these classes.

use std::net::{AddrParseError, IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;
use macvlan_core::{Address, Assignment, MacAddr};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::base::argument::{Refusal, Take, parse, take, text};
use crate::base::output::{is_address, is_interface, is_network};

/// Returns the address with its prefix length, and the mode of duplicate address detection.
#[pyfunction]
pub(crate) fn address_text(address: &Bound<'_, PyAny>) -> PyResult<(String, String)> {
    let address: Address = take("address", address)?;
    Ok((address.net().to_string(), address.duplicate_detection().to_string()))
}

/// Returns the text of the MAC address that is derived from an IPv4 address.
#[pyfunction]
pub(crate) fn mac_from_ipv4(address: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(MacAddr::from_ipv4(take("address", address)?).to_string())
}

/// Returns the text of a MAC address, in lower case.
#[pyfunction]
pub(crate) fn mac_text(mac: &Bound<'_, PyAny>) -> PyResult<String> {
    take::<MacAddr>("mac", mac).map(|mac| mac.to_string())
}

impl Take for IpAddr {
    const EXPECTED: &'static str = "an IP address as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        ip(value)
    }
}

impl Take for Ipv4Addr {
    const EXPECTED: &'static str = "an IPv4 address as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        ip(value)
    }
}

fn ip<T: FromStr<Err = AddrParseError>>(value: &Bound<'_, PyAny>) -> Result<T, Refusal> {
    if let Some(text) = text(value)? {
        return Ok(macvlan_core::parse_ip(&text)?);
    }
    if !is_address(value)? {
        return Err(Refusal::Type);
    }
    Ok(macvlan_core::parse_ip(&value.str()?.to_cow()?)?)
}

impl Take for IpNet {
    const EXPECTED: &'static str = "a subnet as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Some(text) = text(value)? {
            return Ok(macvlan_core::parse_net(&text)?);
        }
        if is_network(value)? || is_interface(value)? {
            let text = value.getattr(intern!(value.py(), "with_prefixlen"))?.str()?;
            return Ok(macvlan_core::parse_net(&text.to_cow()?)?);
        }
        // An address alone is the subnet of all its bits.
        IpAddr::take(value).map(Self::from)
    }
}

impl Take for MacAddr {
    const EXPECTED: &'static str = "a MAC address as str, or its six bytes";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let Ok(bytes) = value.cast::<PyBytes>() else { return parse(value) };
        let bytes = <[u8; 6]>::try_from(bytes.as_bytes())
            .map_err(|_| Refusal::Value("not six bytes long".to_owned()))?;
        Ok(Self::new(bytes)?)
    }
}

impl Take for Assignment {
    const EXPECTED: &'static str = "an address with its prefix length, as str or of ipaddress";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        Ok(Self::new(Address::take(value)?, None)?)
    }
}

impl Take for Address {
    const EXPECTED: &'static str = Assignment::EXPECTED;
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Some(text) = text(value)? {
            return Ok(text.parse()?);
        }
        // An address of ipaddress without a prefix length is accepted, so that the core reports the
        // missing part.
        if !is_address(value)? {
            return Err(Refusal::Type);
        }
        let address: Self = value.str()?.to_cow()?.parse()?;
        let name = intern!(value.py(), "duplicate_detection");
        match value.getattr_opt(name)? {
            Some(how) => Ok(address.with_duplicate_detection(Take::take(&how)?)?),
            None => Ok(address),
        }
    }
}
