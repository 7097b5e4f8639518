//! The program as a CNI plugin, called as a runtime calls it, in the lab.
#![deny(dead_code)]

mod addresses;
mod common;
mod crowd;
mod errors;
mod foreign;
mod killed;
mod leases;
mod options;
mod others;
mod page;
mod ranges;
mod status;
mod strict;
mod versions;
mod vlan;

macvlan_tests::main! {
    addresses,
    crowd,
    errors,
    foreign,
    killed,
    leases,
    options,
    others,
    page,
    ranges,
    status,
    versions,
    vlan,
}
