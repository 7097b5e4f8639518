//! The command line: options for every verb, and the verbs.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::agent;
use crate::deferred::Deferred;
use crate::failure::Done;
use crate::session::{Common, Session};
use crate::verbs::{
    access, announce, attach, check, completions, detach, diagnose, docker, ensure, keep, man,
    netns, network, parents, probe, show, watch,
};

/// Shown after the help.
const AFTER_HELP: &str = "\
A CONTAINER is a pid, a name of `ip netns`, a path, or the name or id of a container of Docker,
Podman, containerd, systemd-nspawn or LXC. `docker:web` says which; also pid:, netns:, path:,
podman:, containerd:, machine: and lxc:.

Exit status:
  0    done
  1    refused by the kernel or the store, for another reason than those below
  2    an argument or a value is invalid
  3    an object that is needed does not exist
  4    an object that was to be created exists
  5    a capability or a permission is missing
  6    an address is in use on the network; a check or a diagnosis found a problem
  128+N  ended by signal N: before anything was done, with everything undone, or when all was done";

/// Connect containers, sandboxes and VMs directly to the LAN by macvlan and VLAN links
#[derive(Parser)]
#[command(
    name = "macvlan",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_help = AFTER_HELP,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Attach an interface to a container, all of it or nothing
    Attach(Deferred<attach::Attach>),
    /// Detach interfaces from a container
    Detach(Deferred<detach::Detach>),
    /// Attach an interface if it is missing, and repair differences
    Ensure(Deferred<ensure::Ensure>),
    /// Compare an interface with its description; exit status 6 if they differ
    Check(Deferred<check::Check>),
    /// Show the host's links, and the VLANs and macvlans on them in all namespaces
    Show(Deferred<show::Show>),
    /// Keep an interface attached while its parent disappears and returns, until a signal
    Keep(Deferred<keep::Keep>),
    /// Print the changes of links, addresses and routes
    Watch(Deferred<watch::Watch>),
    /// Probe whether addresses are in use on a network; exit status 6 if one is
    Probe(Deferred<probe::ProbeAddresses>),
    /// Announce the addresses of interfaces to the neighbours
    Announce(Deferred<announce::AnnounceAddresses>),
    /// Let the host and its containers reach each other, by a macvlan of the host
    Access(Deferred<access::Access>),
    /// Find out why a container does not reach a peer; exit status 6 if there is a problem
    Diagnose(Deferred<diagnose::Diagnose>),
    /// Manage networks, which lease addresses to containers
    Network(Deferred<network::Network>),
    /// Keep this host alive in etcd and repair its leases and interfaces, until a signal
    Agent(Deferred<agent::Agent>),
    /// Serve the Docker plugin, as a part of the agent
    Docker(Deferred<docker::Docker>),
    /// Manage parents that were created on demand
    Parents(Deferred<parents::Parents>),
    /// Manage network namespaces
    Netns(Deferred<netns::Netns>),
    /// Print the completions for a shell
    Completions(Deferred<completions::Completions>),
    /// Print the manual page of a verb, or write all pages into a directory
    Man(Deferred<man::Man>),
}

impl Cli {
    /// Runs the verb.
    pub(crate) fn run(self) -> Done {
        let session = Session::new(self.common);
        if !matches!(self.verb, Verb::Show(_)) {
            session.refuse_dot()?;
        }
        match self.verb {
            Verb::Attach(Deferred(verb)) => verb.run(&session),
            Verb::Detach(Deferred(verb)) => verb.run(&session),
            Verb::Ensure(Deferred(verb)) => verb.run(&session),
            Verb::Check(Deferred(verb)) => verb.run(&session),
            Verb::Show(Deferred(verb)) => verb.run(&session),
            Verb::Keep(Deferred(verb)) => verb.run(&session),
            Verb::Watch(Deferred(verb)) => verb.run(&session),
            Verb::Probe(Deferred(verb)) => verb.run(&session),
            Verb::Announce(Deferred(verb)) => verb.run(&session),
            Verb::Access(Deferred(verb)) => verb.run(&session),
            Verb::Diagnose(Deferred(verb)) => verb.run(&session),
            Verb::Network(Deferred(verb)) => verb.run(&session),
            Verb::Agent(Deferred(verb)) => verb.run(&session),
            Verb::Docker(Deferred(verb)) => verb.run(&session),
            Verb::Parents(Deferred(verb)) => verb.run(&session),
            Verb::Netns(Deferred(verb)) => verb.run(&session),
            Verb::Completions(Deferred(verb)) => verb.run(Self::command()),
            Verb::Man(Deferred(verb)) => verb.run(Self::command()),
        }
    }
}
