//! Plain values, requested or reported by the kernel.

pub(crate) mod address_info;
pub(crate) mod enumerations;
pub(crate) mod link_info;
pub(crate) mod macvlan;
pub(crate) mod neighbour_info;
pub(crate) mod options;
pub(crate) mod parent;
pub(crate) mod rate;
pub(crate) mod route;
pub(crate) mod route_info;
pub(crate) mod rule;
pub(crate) mod values;
pub(crate) mod vlan;
