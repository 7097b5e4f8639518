//! Plain values: links, addresses, routes, rules and neighbours, as reported by the kernel or
//! requested.

pub mod address;
pub mod change;
pub mod link_info;
pub mod neighbour;
pub mod options;
pub mod parent;
pub mod route;
pub mod rule;
pub mod vlan;
