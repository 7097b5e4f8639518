//! `macvlan network`.

mod clear;
mod collect;
mod connect;
mod context;
mod create;
mod describe;
mod disconnect;
mod host;
mod hosts;
mod inspect;
mod leases;
mod list;
mod options;
mod reconcile;
mod remove;
mod reserve;
mod resolve;
mod update;

use clap::{Args, Subcommand};

use crate::failure::Done;
use crate::session::Session;
use crate::signal::Signals;
use crate::store::StoreOptions;
use crate::verbs::network::context::Context;

/// Manage networks.
#[derive(Args)]
pub(crate) struct Network {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    verb: NetworkVerb,
}

#[derive(Subcommand)]
enum NetworkVerb {
    /// Create a network
    Create(create::Create),
    /// Create a network, or change it to match
    Ensure(create::Ensure),
    /// List the networks
    #[command(visible_alias = "ls")]
    List,
    /// Print networks as `docker network inspect` does
    Inspect(inspect::Inspect),
    /// Change a network; its containers stay connected
    Update(update::Update),
    /// Delete networks without containers
    #[command(visible_alias = "rm")]
    Remove(remove::Remove),
    /// Delete all networks without containers
    Prune,
    /// Lease addresses for a container and attach its interface
    Connect(connect::Connect),
    /// Detach a container's interfaces and release their addresses
    Disconnect(disconnect::Disconnect),
    /// Lease addresses for a container that does not exist yet
    Reserve(reserve::Reserve),
    /// Print the addresses of a container by its name
    Resolve(resolve::Resolve),
    /// Print lines for /etc/hosts, or write them into a file
    Hosts(hosts::Hosts),
    /// List the leases
    Leases(leases::Leases),
    /// Release the leases of containers that have ended
    Collect,
    /// Make the kernel and the store agree, and print the changes
    Reconcile(reconcile::Reconcile),
    /// Manage the hosts of a store in etcd
    Host(host::Host),
}

impl NetworkVerb {
    fn only_reads(&self) -> bool {
        matches!(self, Self::List | Self::Inspect(_) | Self::Resolve(_) | Self::Leases(_))
    }
}

impl Network {
    pub(crate) fn run(self, session: &Session) -> Done {
        let mut host = session.host()?;
        // A signal ends a verb that only reads in the usual way, also while the store is waited for.
        let signals = if self.verb.only_reads() { None } else { Some(Signals::catch()?) };
        if let Some(signals) = &signals {
            host = host.cancelled_by(signals.cancel());
        }
        let networks = self.store.open(host)?;
        let context = Context { session, networks };
        match self.verb {
            NetworkVerb::Create(verb) => verb.run(&context),
            NetworkVerb::Ensure(verb) => verb.run(&context),
            NetworkVerb::List => list::run(&context),
            NetworkVerb::Inspect(verb) => verb.run(&context),
            NetworkVerb::Update(verb) => verb.run(&context),
            NetworkVerb::Remove(verb) => verb.run(&context),
            NetworkVerb::Prune => remove::prune(&context),
            NetworkVerb::Connect(verb) => verb.run(&context),
            NetworkVerb::Disconnect(verb) => verb.run(&context),
            NetworkVerb::Reserve(verb) => verb.run(&context),
            NetworkVerb::Resolve(verb) => verb.run(&context),
            NetworkVerb::Hosts(verb) => verb.run(&context),
            NetworkVerb::Leases(verb) => verb.run(&context),
            NetworkVerb::Collect => collect::run(&context),
            NetworkVerb::Reconcile(verb) => verb.run(&context),
            NetworkVerb::Host(verb) => verb.run(&context),
        }
    }
}
