//! Finds networks on one link that name it differently.

use macvlan_core::{Host, Parent};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::parent::{bottom_up, find};
use crate::parent_form::is_same;
use crate::record::NetworkRecord;
use crate::subnet::Subnet;

/// Refuses a parent that another network with an overlapping subnet has by another of its names.
///
/// Stores compare the names alone, so both networks could lease the same address on one LAN.
pub(crate) fn refuse_other(
    operation: &'static str,
    host: &Host,
    config: &NetworkConfig,
    others: &[NetworkRecord],
) -> Result<()> {
    let meets = |other: &&NetworkRecord| {
        let overlaps = |subnet: &Subnet| {
            other.config.get_subnets().iter().any(|theirs| subnet.overlaps(theirs))
        };
        other.name() != config.get_name() && config.get_subnets().iter().any(overlaps)
    };
    let others: Vec<&NetworkRecord> = others.iter().filter(meets).collect();
    let Some(parent) = config.get_parent().filter(|_| !others.is_empty()) else { return Ok(()) };
    let failed = |error| Error::kernel(operation, error).in_network(config.get_name());
    let handle = host.handle().map_err(failed)?;
    for ours in bottom_up(parent) {
        let Some(link) = find(&handle, ours).map_err(failed)? else { continue };
        let is_it = |theirs: &&Parent| {
            let text = theirs.to_string();
            let named = text == link.name || link.alternative_names.contains(&text);
            (named || text == format!("#{}", link.index)) && !is_same(ours, theirs)
        };
        for other in &others {
            let mut theirs = other.config.get_parent().into_iter().flat_map(bottom_up);
            if let Some(theirs) = theirs.find(is_it) {
                let why = format!(
                    "{ours} is the link that network {:?} has as {theirs}, and their subnets overlap",
                    other.name()
                );
                return Err(Error::new(ErrorKind::ParentClash, operation, why)
                    .with_hint(format!("name the parent {theirs} here, too"))
                    .in_network(config.get_name()));
            }
        }
    }
    Ok(())
}
