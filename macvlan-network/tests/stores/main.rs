//! What a store holds, whatever happens to those who use it.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "etcd")]
mod crowd;
#[cfg(feature = "etcd")]
mod hosts;
#[cfg(feature = "etcd")]
mod leases;
mod recovery;

macvlan_tests::main! {
    #[cfg(feature = "etcd")]
    crowd,
    #[cfg(feature = "etcd")]
    hosts,
    #[cfg(feature = "etcd")]
    leases,
    recovery,
}
