//! Addresses on the LAN: conflicts, announcements and reachability.

mod access;
mod access_parent;
mod announce;
mod cancel;
mod carrier;
mod diagnose;
#[path = "../fault_injection/mod.rs"]
mod fault_injection;
mod keep;
mod keep_lost;
mod keep_parent;
mod probe;
mod rate;

macvlan_tests::main! {
    access,
    access_parent,
    announce,
    cancel,
    carrier,
    diagnose,
    keep,
    keep_lost,
    keep_parent,
    probe,
    rate,
}
