//! `macvlan network host`.

use clap::{Args, Subcommand};
use macvlan_network::HostStatus;
use serde_json::json;

use crate::failure::{Done, Failure};
use crate::output::style::{Role, paint};
use crate::output::table::table;
use crate::verbs::network::context::Context;

/// Manage the hosts of a store in etcd: which are alive, and which are declared.
#[derive(Args)]
pub(super) struct Host {
    #[command(subcommand)]
    verb: HostVerb,
}

#[derive(Subcommand)]
enum HostVerb {
    /// List the hosts, and by what they count as alive
    #[command(visible_alias = "ls")]
    List,
    /// Declare a host alive until it is removed, with or without a process
    Add {
        /// The host's name in the store [default: this host]
        name: Option<String>,
    },
    /// End the declaration of a host; another one must be gone for good
    #[command(visible_alias = "rm")]
    Remove {
        /// The host's name in the store [default: this host]
        name: Option<String>,
    },
}

const HEADINGS: [&str; 5] = ["HOST", "STATE", "KEPT BY", "LEASES", "MACHINE"];

impl Host {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let networks = &context.networks;
        let or_this =
            |name: Option<String>| name.unwrap_or_else(|| networks.host_name().to_owned());
        match self.verb {
            HostVerb::List => list(context),
            HostVerb::Add { name } => {
                let name = or_this(name);
                let is_new = networks.declare_host(&name)?;
                context.session.print(String::new, || json!({ "host": name, "new": is_new }))
            }
            HostVerb::Remove { name } => {
                let name = or_this(name);
                if !networks.forget_host(&name)? {
                    let why = format!("cannot remove host {name:?}: it is not declared");
                    return Err(Failure::not_found(why));
                }
                context.session.print(String::new, || json!({ "host": name }))
            }
        }
    }
}

fn list(context: &Context<'_>) -> Done {
    let hosts = context.networks.hosts()?;
    let all = context.networks.store().leases(None)?;
    let leases = |host: &HostStatus| all.iter().filter(|lease| lease.host == host.name).count();
    let row = |host: &HostStatus| {
        vec![
            host.name.clone(),
            if host.is_alive { paint(Role::Good, "alive") } else { paint(Role::Bad, "dead") },
            kept_by(host).join(", "),
            leases(host).to_string(),
            host.machine.clone().unwrap_or_default(),
        ]
    };
    let object = |host: &HostStatus| {
        json!({
            "host": host.name,
            "alive": host.is_alive,
            "declared": host.is_declared,
            "agents": host.agents,
            "processes": host.processes,
            "leases": leases(host),
            "machine": host.machine,
        })
    };
    context.session.print(
        || table(&HEADINGS, &hosts.iter().map(row).collect::<Vec<_>>()),
        || hosts.iter().map(object).collect(),
    )
}

/// Returns by what a host counts as alive.
fn kept_by(host: &HostStatus) -> Vec<&'static str> {
    let kinds = [
        (host.agents > 0, "agent"),
        (host.is_declared, "declaration"),
        (host.processes > 0, "process"),
    ];
    kinds.into_iter().filter(|(is_so, _)| *is_so).map(|(_, kind)| kind).collect()
}
