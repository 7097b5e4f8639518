//! `macvlan network conflicts`.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use macvlan_core::parse_ip;
use macvlan_network::ConflictingAddress;
use serde_json::{Value, json};

use crate::failure::{Done, Failure, parted};
use crate::output::table::table;
use crate::verbs::network::context::Context;

/// List the addresses that were found in use by hosts that are not containers of a network.
///
/// They are not given to containers until their records are deleted.
#[derive(Args)]
pub(super) struct Conflicts {
    /// The network's name or id
    network: String,
    /// Delete the record of an address that is free again (repeatable)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    delete: Vec<IpAddr>,
}

impl Conflicts {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        if self.delete.is_empty() {
            let mut all = network.conflicting_addresses()?;
            all.sort_by_key(|one| one.address);
            let rows = || all.iter().map(row).collect::<Vec<_>>();
            return context.session.print(
                || table(&["ADDRESS", "FOUND"], &rows()),
                || all.iter().map(describe).collect::<Value>(),
            );
        }
        let delete = |address: &IpAddr| {
            if network.remove_conflicting_address(*address)? {
                return Ok(address.to_string());
            }
            let name = network.name();
            Err(Failure::not_found(format!(
                "cannot delete the record of {address}: network {name:?} has none"
            )))
        };
        let (deleted, failures) = parted(self.delete.iter().map(delete));
        context.session.print(String::new, || json!(deleted))?;
        Failure::all(failures)
    }
}

fn row(one: &ConflictingAddress) -> Vec<String> {
    let found = UNIX_EPOCH + Duration::from_secs(one.found);
    // The clock may have been set back since.
    let age = SystemTime::now().duration_since(found).unwrap_or_default();
    vec![one.address.to_string(), format!("{} s ago", age.as_secs())]
}

fn describe(one: &ConflictingAddress) -> Value {
    json!({ "address": one.address.to_string(), "found": one.found })
}
