//! The contents of a store, whatever happens to the processes that use it.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "etcd")]
mod away;
#[cfg(feature = "etcd")]
mod collect;
#[cfg(feature = "etcd")]
mod crowd;
#[cfg(feature = "etcd")]
mod descriptors;
#[cfg(feature = "etcd")]
mod ensure;
mod file;
#[cfg(feature = "etcd")]
mod fork;
#[cfg(feature = "etcd")]
mod hosts;
#[cfg(feature = "etcd")]
mod large;
#[cfg(feature = "etcd")]
mod large_changes;
#[cfg(feature = "etcd")]
mod leases;
#[cfg(feature = "etcd")]
mod life;
#[cfg(feature = "etcd")]
mod machine;
#[cfg(feature = "etcd")]
mod marks;
#[cfg(feature = "etcd")]
mod names;
#[cfg(feature = "etcd")]
mod pending;
mod ranges;
mod recovery;
#[cfg(feature = "etcd")]
mod retain;
#[cfg(feature = "etcd")]
mod returning;
#[cfg(feature = "etcd")]
mod round_trips;
#[cfg(feature = "etcd")]
mod samples;
#[cfg(feature = "etcd")]
mod secure;
#[cfg(feature = "etcd")]
mod seen;
#[cfg(feature = "etcd")]
mod several;
#[cfg(feature = "etcd")]
mod update;

macvlan_tests::main! {
    #[cfg(feature = "etcd")]
    away,
    #[cfg(feature = "etcd")]
    collect,
    #[cfg(feature = "etcd")]
    crowd,
    #[cfg(feature = "etcd")]
    descriptors,
    #[cfg(feature = "etcd")]
    ensure,
    file,
    #[cfg(feature = "etcd")]
    fork,
    #[cfg(feature = "etcd")]
    hosts,
    #[cfg(feature = "etcd")]
    large,
    #[cfg(feature = "etcd")]
    large_changes,
    #[cfg(feature = "etcd")]
    leases,
    #[cfg(feature = "etcd")]
    life,
    #[cfg(feature = "etcd")]
    machine,
    #[cfg(feature = "etcd")]
    marks,
    #[cfg(feature = "etcd")]
    names,
    #[cfg(feature = "etcd")]
    pending,
    ranges,
    recovery,
    #[cfg(feature = "etcd")]
    retain,
    #[cfg(feature = "etcd")]
    returning,
    #[cfg(feature = "etcd")]
    round_trips,
    #[cfg(feature = "etcd")]
    samples,
    #[cfg(feature = "etcd")]
    secure,
    #[cfg(feature = "etcd")]
    seen,
    #[cfg(feature = "etcd")]
    several,
    #[cfg(feature = "etcd")]
    update,
}
