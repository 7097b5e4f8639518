//! `macvlan network connect`.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::{LinkName, MacAddr, parse_ip};
use macvlan_network::ConnectOptions;
use serde_json::json;

use crate::container;
use crate::failure::{Done, Failure};
use crate::progress::Progress;
use crate::value::set;
use crate::verbs::attach::{describe, line};
use crate::verbs::network::connected::given_id;
use crate::verbs::network::context::Context;
use crate::verbs::network::describe::lease;

/// Lease addresses for a container and attach its interface.
#[derive(Args)]
pub(super) struct Connect {
    /// The network's name or id
    network: String,
    /// The container; with NETNS its id (or `id:ID`), which stays the same when it returns
    container: String,
    /// The container's namespace: a pid, a name or a path
    netns: Option<String>,
    /// The name by which other containers find it [default: the runtime's]
    #[arg(long)]
    name: Option<String>,
    /// A further name, which several containers may share (repeatable)
    #[arg(long, visible_alias = "network-alias")]
    alias: Vec<String>,
    /// An address to request (repeatable)
    #[arg(long, visible_alias = "ip6", value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    ip: Vec<IpAddr>,
    /// A lease of `network reserve`, whose addresses the container takes (repeatable)
    #[arg(long, value_name = "LEASE")]
    take: Vec<String>,
    /// A link-local address (repeatable)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    link_local_ip: Vec<IpAddr>,
    /// The interface's name in the container [default: the first free ethN]
    #[arg(short, long, value_name = "NAME")]
    interface: Option<LinkName>,
    /// The interface's MAC address
    #[arg(long, visible_alias = "mac", value_name = "MAC")]
    mac_address: Option<MacAddr>,
    /// Lead the default routes through this network
    #[arg(long, conflicts_with_all = ["no_default_route", "gw_priority"])]
    default_route: bool,
    /// Never lead the default routes through this network
    #[arg(long, conflicts_with_all = ["gw_priority", "replace_default_route"])]
    no_default_route: bool,
    /// The network with the highest priority gets the default routes
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    gw_priority: Option<i32>,
    /// Replace default routes that other programs have added
    #[arg(long)]
    replace_default_route: bool,
}

impl Connect {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let found = container::find(self.netns.as_deref().unwrap_or(&self.container))?;
        let (id, known_name) = match (&self.netns, found.id) {
            (Some(_), _) => {
                let id = given_id(&self.container).unwrap_or(&self.container);
                (id.to_owned(), None)
            }
            (None, Some(id)) => (id, found.name),
            (None, None) => {
                return Err(Failure::usage(format!(
                    "cannot connect {0}: a pid or a path is not a permanent id of a container; give \
                     one before it, as in `macvlan network connect {1} ID {0}`",
                    self.container, self.network
                )));
            }
        };
        let mut options = ConnectOptions::new(id).replace_default_route(self.replace_default_route);
        if let Some(name) = known_name {
            options = options.runtime_name(&name);
        }
        let default_route = match (self.default_route, self.no_default_route) {
            (false, false) => None,
            (_, never) => Some(!never),
        };
        set!(
            options,
            name = self.name,
            interface = self.interface.map(|name| name.to_string()),
            mac = self.mac_address,
            default_route = default_route,
            gw_priority = self.gw_priority,
        );
        options = self.alias.into_iter().fold(options, ConnectOptions::alias);
        options = self.ip.into_iter().fold(options, ConnectOptions::address);
        options = self.take.into_iter().fold(options, ConnectOptions::take);
        options = self.link_local_ip.into_iter().fold(options, ConnectOptions::link_local_address);
        let progress = Progress::start(format!("connecting to {}", network.name()));
        let connection = network.connect(&options, &found.netns)?;
        drop(progress);
        let attachment = connection.attachment();
        context.session.print(
            || line(attachment),
            || json!({ "attachment": describe(attachment), "lease": lease(connection.lease(), network.name()) }),
        )
    }
}
