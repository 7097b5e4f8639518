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
mod recovery;
#[cfg(feature = "etcd")]
mod round_trips;
#[cfg(feature = "etcd")]
mod samples;
mod seen;

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
    recovery,
    #[cfg(feature = "etcd")]
    round_trips,
    #[cfg(feature = "etcd")]
    samples,
    seen,
}
