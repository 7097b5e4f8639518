//! Links, namespaces, and all operations of a handle.

#[path = "../fault_injection/mod.rs"]
mod fault_injection;
mod fork;
mod handle;
mod link_options;
mod listing;
mod macvtap;
mod netns;
mod on_demand;
mod on_demand_crowd;
mod promisc;
mod reading;
mod vlan;
mod watch;

macvlan_tests::main! {
    fork,
    handle,
    link_options,
    listing,
    macvtap,
    netns,
    on_demand,
    on_demand_crowd,
    promisc,
    reading,
    vlan,
    watch,
}
