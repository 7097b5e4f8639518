//! Containers in networks, on one host and on several.

#[path = "../common/mod.rs"]
mod common;

mod at_once;
mod connect;
#[cfg(feature = "etcd")]
mod default_routes;
mod hosts_file;
#[cfg(feature = "etcd")]
mod scenes;

macvlan_tests::main! {
    at_once,
    connect,
    #[cfg(feature = "etcd")]
    default_routes,
    hosts_file,
    #[cfg(feature = "etcd")]
    scenes,
}
