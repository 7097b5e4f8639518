//! `macvlan_access_options`: options of the host's access to the containers on a parent.

use std::ffi::c_char;

use macvlan_core::{Access, parse_ip, parse_net};

use crate::base::input::Input;
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{field, texts_at};
use crate::value::parent::{macvlan_parent, parent_at};

/// The options of the host's access to the containers on a parent, for macvlan_host_access_by().
/// All zero but the parent: the parent's addresses, borrowed, and a route to each container.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_access_options {
    /// The size of the struct.
    pub size: usize,
    /// The parent, as in macvlan_endpoint_new().
    pub parent: *const c_char,
    /// The parent with more options, instead of the text.
    pub parent_options: *const macvlan_parent,
    /// The name of the host's link if it has to be created. Defaults to the parent's name and
    /// "-host", or, if that is too long or the name of such a link on another parent, to "mvh" and
    /// the parent's index.
    pub name: *const c_char,
    /// The link's own addresses, "192.168.15.250", which replace the borrowed addresses of the
    /// parent. They are added with the full prefix length, /32 or /128, and must not be used by
    /// another host.
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// Subnets of containers only, "192.168.15.128/25": one route leads to all of each, instead of
    /// one to each container in it.
    pub routes: *const *const c_char,
    /// The number of routes.
    pub route_count: usize,
    /// True if the link and its routes are kept when the last container is detached and when the
    /// access is closed or freed. macvlan_host_access() finds a link that was kept.
    pub keep: Bool,
}
record!(macvlan_access_options);

impl Input for macvlan_access_options {
    type Value = Access;

    unsafe fn value(&self, argument: &str) -> Result<Access, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller.
        let (parent, name, addresses, routes) = unsafe {
            (
                parent_at(self.parent, self.parent_options, argument)?,
                field(self.name, argument, "name")?,
                texts_at(self.addresses, self.address_count, &named("addresses"))?,
                texts_at(self.routes, self.route_count, &named("routes"))?,
            )
        };
        let parent = parent.ok_or_else(|| Failure::misuse(format!("{argument}.parent is NULL")))?;
        let mut access = Access::on(parent)?.keep(self.keep != 0);
        if let Some(name) = name {
            access = access.name(name.parse()?);
        }
        for address in addresses {
            access = access.address(parse_ip(address)?);
        }
        for route in routes {
            access = access.route(parse_net(route)?);
        }
        Ok(access)
    }
}
