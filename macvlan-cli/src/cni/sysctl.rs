//! Sysctls of the interface, as the plugin tuning has them.

use std::fs;

use macvlan_core::NetNs;

use crate::cni::environment::Attachment;
use crate::cni::error::{Code, Error, Result};

/// The placeholder for the interface's name.
const PLACE: &str = "IFNAME";

/// A sysctl of the interface: its file below `/proc/sys`, and the value.
pub(super) struct Sysctl {
    path: String,
    value: String,
}

/// Returns the sysctls of a configuration for an interface.
pub(super) fn of_interface(given: &[(String, String)], of: &Attachment) -> Result<Vec<Sysctl>> {
    let place = |(key, value): &(String, String)| {
        let [family, table, name] = parts(key)?;
        let path = format!("/proc/sys/net/{family}/{table}/{}/{name}", of.interface);
        Ok(Sysctl { path, value: value.clone() })
    };
    given.iter().map(place).collect()
}

/// Checks the sysctls of a configuration: those that end with the interface, and no others.
pub(super) fn check(given: &[(String, String)]) -> Result {
    given.iter().try_for_each(|(key, _)| parts(key).map(drop))
}

/// Returns the parts of a key that are not the same for all sysctls of interfaces.
fn parts(key: &str) -> Result<[&str; 3]> {
    // A name may contain dots, so it is put in after the split.
    let parts: Vec<&str> = key.split(['.', '/']).collect();
    match *parts {
        ["net", family @ ("ipv4" | "ipv6"), table @ ("conf" | "neigh"), PLACE, name]
            if !name.is_empty() =>
        {
            Ok([family, table, name])
        }
        _ => {
            let why = format!("expected net.ipv4.conf.{PLACE}.…, or ipv6 or neigh in its place");
            Err(Error::config(format!(
                "cannot set sysctl {key}: {why}; use the plugin tuning for others"
            )))
        }
    }
}

/// Returns a sysctl of IPv6, if it is given: those that a network sets itself are its settings.
pub(super) fn of_ipv6<'a>(given: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let is_it = |(key, _): &&(String, String)| {
        parts(key).is_ok_and(|found| found == ["ipv6", "conf", name])
    };
    given.iter().rfind(is_it).map(|(_, value)| value.trim())
}

/// Sets the sysctls in the container's namespace. They go with the interface.
pub(super) fn set(sysctls: &[Sysctl], netns: &NetNs) -> Result {
    if sysctls.is_empty() {
        return Ok(());
    }
    // `/proc/sys/net` shows each thread its own namespace.
    netns.run(|| {
        sysctls.iter().try_for_each(|Sysctl { path, value }| {
            fs::write(path, value).map_err(|error| {
                Error::new(Code::OTHER, format!("cannot set {path} to {value:?}: {error}"))
            })
        })
    })?
}

/// Returns a sysctl that has another value by now.
pub(super) fn other(sysctls: &[Sysctl], netns: &NetNs) -> Result<Option<String>> {
    let differs = |Sysctl { path, value }: &Sysctl| {
        let found = fs::read_to_string(path).unwrap_or_default();
        (found.trim() != value.trim())
            .then(|| format!("{path} is {:?}, not {value:?}", found.trim()))
    };
    if sysctls.is_empty() {
        return Ok(None);
    }
    Ok(netns.run(|| sysctls.iter().find_map(differs))?)
}
