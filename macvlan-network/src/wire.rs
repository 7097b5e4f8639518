//! Finds networks whose parents lead to one LAN under different names.

use macvlan_core::{Handle, LinkInfo, Parent, VlanProtocol};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::parent::find;
use crate::parent_form::is_same;
use crate::record::NetworkRecord;
use crate::session::Session;
use crate::subnet::Subnet;

/// The LAN of a parent, the same for all parents that lead to it.
#[derive(Debug, PartialEq, Eq)]
enum Wire {
    /// A link by its index, below all macvlans.
    Link(u32),
    Vlan(Box<Self>, VlanProtocol, u16),
}

impl Wire {
    /// Returns the LAN of a parent; `None` if the link does not exist.
    fn of(handle: &Handle, parent: &Parent) -> macvlan_core::Result<Option<Self>> {
        if let Some(link) = find(handle, parent)? {
            return Self::of_link(handle, &link).map(Some);
        }
        // The VLAN may exist under another name, or be made when it is needed.
        let (Some(base), Some(id), Some(protocol)) =
            (parent.get_base(), parent.get_vlan_id(), parent.get_protocol())
        else {
            return Ok(None);
        };
        let base = Self::of(handle, base)?;
        Ok(base.map(|base| Self::Vlan(Box::new(base), protocol, id)))
    }

    fn of_link(handle: &Handle, link: &LinkInfo) -> macvlan_core::Result<Self> {
        let below = |index: u32| Self::of_link(handle, &handle.link(index)?);
        // A link below in another namespace has an index there.
        Ok(match (link.parent.filter(|_| link.parent_netns.is_none()), &link.vlan) {
            (Some(index), _) if link.macvlan.is_some() => below(index)?,
            (Some(index), Some(vlan)) => {
                Self::Vlan(Box::new(below(index)?), vlan.get_protocol(), vlan.get_id())
            }
            _ => Self::Link(link.index),
        })
    }
}

/// Refuses a parent that leads to the LAN of another network with an overlapping subnet, which names
/// it differently.
///
/// Stores compare the names alone, so both networks could lease the same address.
pub(crate) fn refuse_other(
    operation: &'static str,
    session: &Session,
    config: &NetworkConfig,
) -> Result<()> {
    let Some(parent) = config.get_parent() else { return Ok(()) };
    let overlaps = |other: &NetworkRecord| {
        let with = |subnet: &Subnet| {
            other.config.get_subnets().iter().any(|theirs| subnet.overlaps(theirs))
        };
        other.name() != config.get_name() && config.get_subnets().iter().any(with)
    };
    let others = session.store.networks()?;
    let others: Vec<(&NetworkRecord, &Parent)> = others
        .iter()
        .filter(|other| overlaps(other))
        .filter_map(|other| Some((other, other.config.get_parent()?)))
        .filter(|(_, theirs)| !is_same(parent, theirs))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let failed = |error| Error::kernel(operation, error).in_network(config.get_name());
    let handle = session.host.handle().map_err(failed)?;
    let ours = Wire::of(&handle, parent).map_err(failed)?;
    for (other, theirs) in others {
        let name = other.name();
        let (why, hint) = match Wire::of(&handle, theirs).map_err(failed)? {
            wire if wire.is_some() && wire == ours => (
                format!(
                    "parent {parent} leads to the same LAN as {theirs} of network {name:?}, and their \
                     subnets overlap"
                ),
                format!("name the parent {theirs} here, too"),
            ),
            // It may have another name by now, and its containers are still on it.
            None if ours.is_some() && has_containers_here(session, other)? => (
                format!(
                    "parent {theirs} of network {name:?}, whose subnet overlaps, does not exist, and \
                     its containers may be on {parent}"
                ),
                format!("give network {name:?} its new parent first, or disconnect its containers"),
            ),
            _ => continue,
        };
        return Err(Error::new(ErrorKind::ParentClash, operation, why)
            .with_hint(hint)
            .in_network(config.get_name()));
    }
    Ok(())
}

/// Returns whether a network has containers on this host that may still exist.
fn has_containers_here(session: &Session, network: &NetworkRecord) -> Result<bool> {
    for lease in session.store.leases(Some(network))? {
        if session.may_be_here(&lease)? {
            return Ok(true);
        }
    }
    Ok(false)
}
