//! `macvlan network leases`.

use clap::Args;
use macvlan_network::Lease;

use crate::failure::Done;
use crate::output::table::table;
use crate::output::texts;
use crate::verbs::network::context::Context;
use crate::verbs::network::describe;

/// List the leases of networks, as the store has them.
///
/// A container that has ended is listed until its lease is released; `inspect` and `agent status`
/// look for its namespace.
#[derive(Args)]
pub(super) struct Leases {
    /// The networks' names or ids [default: all]
    #[arg(value_name = "NETWORK")]
    networks: Vec<String>,
}

const HEADINGS: [&str; 8] =
    ["NETWORK", "CONTAINER", "NAME", "INTERFACE", "MAC", "ADDRESSES", "HOST", "STATE"];

impl Leases {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let networks = if self.networks.is_empty() {
            context.networks.list()?
        } else {
            let find = |name: &String| Ok(context.networks.network(name)?);
            self.networks.iter().map(find).collect::<Done<Vec<_>>>()?
        };
        let mut all = Vec::new();
        for network in &networks {
            all.extend(network.leases()?.into_iter().map(|lease| (network.name(), lease)));
        }
        let rows = || all.iter().map(|(network, lease)| row(network, lease)).collect::<Vec<_>>();
        context.session.print(
            || table(&HEADINGS, &rows()),
            || all.iter().map(|(network, lease)| describe::lease(lease, network)).collect(),
        )
    }
}

fn row(network: &str, lease: &Lease) -> Vec<String> {
    vec![
        network.to_owned(),
        lease.container.clone(),
        lease.name.clone().unwrap_or_default(),
        lease.interface.to_string(),
        lease.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        texts(&lease.addresses).join(" "),
        lease.host.clone(),
        describe::state(lease).to_owned(),
    ]
}
