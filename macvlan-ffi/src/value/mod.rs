//! Plain values: what links, addresses, routes, rules and neighbours are or should be.

pub mod address;
pub mod change;
pub mod link_info;
pub mod neighbour;
pub mod options;
pub mod parent;
pub mod route;
pub mod rule;
pub mod vlan;
