//! `macvlan network`.

mod clear;
mod collect;
mod conflicts;
mod connect;
mod connected;
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

use crate::deferred::Deferred;
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
    Create(Deferred<create::Create>),
    /// Create a network, or change it to match
    Ensure(Deferred<create::Ensure>),
    /// List the networks
    #[command(visible_alias = "ls")]
    List,
    /// Print networks as `docker network inspect` does
    Inspect(Deferred<inspect::Inspect>),
    /// Change a network; its containers stay connected
    Update(Deferred<update::Update>),
    /// Delete networks without containers
    #[command(visible_alias = "rm")]
    Remove(Deferred<remove::Remove>),
    /// Delete all networks without containers
    Prune,
    /// Lease addresses for a container and attach its interface
    Connect(Deferred<connect::Connect>),
    /// Detach a container's interfaces and release their addresses
    Disconnect(Deferred<disconnect::Disconnect>),
    /// Lease addresses for a container that does not exist yet
    Reserve(Deferred<reserve::Reserve>),
    /// Print the addresses of a container by its name
    Resolve(Deferred<resolve::Resolve>),
    /// Print lines for /etc/hosts, or write them into a file
    Hosts(Deferred<hosts::Hosts>),
    /// List the leases
    Leases(Deferred<leases::Leases>),
    /// List the addresses that other hosts on the LAN have, or delete their records
    Conflicts(Deferred<conflicts::Conflicts>),
    /// Release the leases of containers that have ended
    Collect,
    /// Make the kernel and the store agree, and print the changes
    Reconcile(Deferred<reconcile::Reconcile>),
    /// Manage the hosts of a store in etcd
    Host(Deferred<host::Host>),
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
            NetworkVerb::Create(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Ensure(Deferred(verb)) => verb.run(&context),
            NetworkVerb::List => list::run(&context),
            NetworkVerb::Inspect(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Update(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Remove(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Prune => remove::prune(&context),
            NetworkVerb::Connect(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Disconnect(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Reserve(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Resolve(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Hosts(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Leases(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Conflicts(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Collect => collect::run(&context),
            NetworkVerb::Reconcile(Deferred(verb)) => verb.run(&context),
            NetworkVerb::Host(Deferred(verb)) => verb.run(&context),
        }
    }
}
