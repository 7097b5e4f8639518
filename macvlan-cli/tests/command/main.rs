//! The command, run as a program in the lab: its effects, its output and its exit statuses.

mod access;
#[cfg(feature = "etcd")]
mod agent;
mod attach;
mod common;
#[cfg(feature = "etcd")]
mod dns;
mod endpoint_options;
mod keep;
mod lan;
mod mistakes;
mod names;
mod network;
mod network_options;
mod output;
#[cfg(feature = "etcd")]
mod shared;
mod show;
mod terminal;

macvlan_tests::main! {
    access,
    #[cfg(feature = "etcd")]
    agent,
    attach,
    #[cfg(feature = "etcd")]
    dns,
    endpoint_options,
    keep,
    lan,
    mistakes,
    names,
    network,
    network_options,
    output,
    #[cfg(feature = "etcd")]
    shared,
    show,
    terminal,
}
