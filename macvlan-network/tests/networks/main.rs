//! Containers in networks, on one host and on several.

#[path = "../common/mod.rs"]
mod common;

mod at_once;
mod connect;
#[cfg(feature = "etcd")]
mod default_routes;
mod ending;
mod gateways;
#[cfg(feature = "etcd")]
mod host_link;
mod hosts_file;
mod interfaces;
#[cfg(feature = "etcd")]
mod plugin;
#[cfg(feature = "etcd")]
mod scenes;
mod update;

macvlan_tests::main! {
    at_once,
    connect,
    #[cfg(feature = "etcd")]
    default_routes,
    ending,
    gateways,
    #[cfg(feature = "etcd")]
    host_link,
    hosts_file,
    interfaces,
    #[cfg(feature = "etcd")]
    plugin,
    #[cfg(feature = "etcd")]
    scenes,
    update,
}
