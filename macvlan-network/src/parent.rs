//! Checks a network's parent on this host.

use macvlan_core::{Handle, Host, LinkInfo, Parent};

use crate::config::NetworkConfig;
use crate::error::{Error, Result};

/// Returns warnings about anything that would keep containers from being connected now.
///
/// Refuses a name that looks like a VLAN's with an invalid id, unless a link has this name.
pub(crate) fn look_at(
    operation: &'static str,
    host: &Host,
    config: &NetworkConfig,
) -> Result<Vec<String>> {
    let Some(parent) = config.get_parent() else { return Ok(Vec::new()) };
    let link = find_first(host, bottom_up(parent));
    let link =
        link.map_err(|error| Error::kernel(operation, error).in_network(config.get_name()))?;
    let mut warnings = Vec::new();
    let Some(link) = link else {
        let bottom = bottom_up(parent).last().unwrap_or(parent);
        if let Some(id) = no_vlan_id(bottom) {
            let why = format!("parent {bottom} cannot be a VLAN: {id} is not an id from 1 to 4094");
            return Err(Error::invalid(operation, why)
                .with_hint("if a link has this name, create it first")
                .in_network(config.get_name()));
        }
        warnings.push(format!(
            "parent {bottom} does not exist on this host; create it before connecting containers"
        ));
        return Ok(warnings);
    };
    if link.is_loopback() || link.mac.is_none() {
        warnings.push(format!(
            "parent {} is not an Ethernet link, which macvlan requires; use one with a MAC address",
            link.name
        ));
    }
    if let Some(mtu) = config.get_mtu().filter(|mtu| *mtu > link.mtu) {
        let (name, most) = (&link.name, link.mtu);
        warnings.push(format!(
            "MTU {mtu} is above the {most} of {name}; lower it before connecting containers"
        ));
    }
    Ok(warnings)
}

/// Returns a parent and the links below it, from top to bottom.
fn bottom_up(parent: &Parent) -> impl Iterator<Item = &Parent> {
    std::iter::successors(Some(parent), |parent| parent.get_base())
}

/// Returns the link of the first of these parents that has one.
fn find_first<'a>(
    host: &Host,
    mut parents: impl Iterator<Item = &'a Parent>,
) -> macvlan_core::Result<Option<LinkInfo>> {
    let handle = host.handle()?;
    parents.find_map(|parent| find(&handle, parent).transpose()).transpose()
}

/// Returns the link of a parent, by index or by any of its names.
///
/// Lists the links only for an alternative name that is longer than a link's name can be.
pub(crate) fn find(handle: &Handle, parent: &Parent) -> macvlan_core::Result<Option<LinkInfo>> {
    let Ok(id) = parent.id() else {
        let name = parent.to_string();
        return Ok(handle.links()?.into_iter().find(|link| link.alternative_names.contains(&name)));
    };
    match handle.link(id) {
        Err(error) if error.is_not_found() => Ok(None),
        link => link.map(Some),
    }
}

/// Returns the invalid VLAN id at the end of a parent's name, if there is one.
fn no_vlan_id(parent: &Parent) -> Option<String> {
    let name = parent.to_string();
    let (base, id) = name.rsplit_once('.')?;
    let digits = id.trim_start_matches(['+', '-']);
    let is_number =
        digits.starts_with("0x") || !digits.is_empty() && digits.chars().all(char::is_numeric);
    (is_number && !base.is_empty() && parent.get_base().is_none()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_vlan_ids() {
        let id = |name: &str| no_vlan_id(&name.parse().unwrap());
        for (name, found) in [
            ("p0.0", "0"),
            ("p0.4095", "4095"),
            ("p0.007", "007"),
            ("p0.+5", "+5"),
            ("p0.-1", "-1"),
            ("p0.0x10", "0x10"),
            ("p0.\u{663}", "\u{663}"),
            ("p0.10.4095", "4095"),
        ] {
            assert_eq!(id(name).as_deref(), Some(found), "{name}");
        }
        for name in ["p0", "p0.5", "p0.wan", "p0.", ".5", "p0.5.6", "#7"] {
            assert_eq!(id(name), None, "{name}");
        }
    }
}
