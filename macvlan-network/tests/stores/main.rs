//! What a store holds, whatever happens to those who use it.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "etcd")]
mod crowd;
mod file;
#[cfg(feature = "etcd")]
mod fork;
#[cfg(feature = "etcd")]
mod hosts;
#[cfg(feature = "etcd")]
mod leases;
#[cfg(feature = "etcd")]
mod ranges;
mod recovery;
#[cfg(feature = "etcd")]
mod samples;
mod seen;
#[cfg(feature = "etcd")]
mod update;

macvlan_tests::main! {
    #[cfg(feature = "etcd")]
    crowd,
    file,
    #[cfg(feature = "etcd")]
    fork,
    #[cfg(feature = "etcd")]
    hosts,
    #[cfg(feature = "etcd")]
    leases,
    #[cfg(feature = "etcd")]
    ranges,
    recovery,
    #[cfg(feature = "etcd")]
    samples,
    seen,
    #[cfg(feature = "etcd")]
    update,
}
