//! `macvlan_connect_options`: the options of a connection of a container to a network.

use std::ffi::c_char;

use macvlan_core::parse_ip;
use macvlan_network::ConnectOptions;

use crate::base::input::Input;
use crate::base::optional::{Bool, macvlan_opt_bool, macvlan_opt_i32, macvlan_opt_mac};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{field, text_at, texts_at};

/// The options of a connection of a container to a network, for macvlan_network_connect(). All zero
/// but the container: addresses are chosen.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_connect_options {
    /// The size of the struct.
    pub size: usize,
    /// The id of the container, which does not change: when it returns, it gets its addresses
    /// again.
    pub container: *const c_char,
    /// The name by which others find the container, which is unique in the network; NULL for none.
    /// Names are compared like DNS names, and stored in lower case.
    pub name: *const c_char,
    /// The interface's name in the container, which identifies it among the container's interfaces
    /// in the network. A new name stands for a further interface, with addresses of its own. By
    /// default the existing interface is meant, or, if there is none, a new one with the first free
    /// "ethN".
    pub interface: *const c_char,
    /// Further names by which others find the container. Several containers may share one: it
    /// resolves to the addresses of all of them.
    pub aliases: *const *const c_char,
    /// The number of aliases.
    pub alias_count: usize,
    /// Requested addresses, "10.0.10.7". One is chosen of each family without a requested one.
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// Link-local addresses, in 169.254.0.0/16 or fe80::/10. The network does not check that they
    /// are unique.
    pub link_local: *const *const c_char,
    /// The number of link-local addresses.
    pub link_local_count: usize,
    /// Pending leases, by their ids, whose addresses and MAC address the container takes: see
    /// macvlan_network_allocate(). Then no address is chosen.
    pub leases: *const *const c_char,
    /// The number of leases.
    pub lease_count: usize,
    /// The interface's MAC address. Defaults to a derived one, see the mac_from of
    /// macvlan_network_config.
    pub mac: macvlan_opt_mac,
    /// True if the container's default routes lead through this network. They never do, if false;
    /// if true, they do before all other networks of the container, with a priority that is one
    /// above theirs. By default gw_priority decides.
    ///
    /// Default routes do not lead through a network that is internal or has no gateway of the
    /// family. When their network is disconnected, the next one replaces it.
    pub default_route: macvlan_opt_bool,
    /// True if other default routes of the container, which this library did not add, are replaced.
    /// If not, they stay, and none of their family is added. They are not restored when the
    /// container is disconnected.
    pub replace_default_route: Bool,
    /// The network's priority for the container's default routes. The network with the highest one
    /// gets them, among equal ones the first that was connected. Defaults to 0. Not together with
    /// default_route.
    pub gw_priority: macvlan_opt_i32,
}
record!(macvlan_connect_options);

impl Input for macvlan_connect_options {
    type Value = ConnectOptions;

    unsafe fn value(&self, argument: &str) -> Result<ConnectOptions, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller.
        let texts = |texts, count, name| unsafe { texts_at(texts, count, &named(name)) };
        // SAFETY: guaranteed by the caller.
        let field = |text, name| unsafe { field(text, argument, name) };
        // SAFETY: guaranteed by the caller.
        let container = unsafe { text_at(self.container, &named("container"))? };
        let mut options =
            ConnectOptions::new(container).replace_default_route(self.replace_default_route != 0);
        if let Some(name) = field(self.name, "name")? {
            options = options.name(name);
        }
        if let Some(interface) = field(self.interface, "interface")? {
            options = options.interface(interface);
        }
        for alias in texts(self.aliases, self.alias_count, "aliases")? {
            options = options.alias(alias);
        }
        for address in texts(self.addresses, self.address_count, "addresses")? {
            options = options.address(parse_ip(address)?);
        }
        for address in texts(self.link_local, self.link_local_count, "link_local")? {
            options = options.link_local_address(parse_ip(address)?);
        }
        for id in texts(self.leases, self.lease_count, "leases")? {
            options = options.take(id);
        }
        if let Some(mac) = self.mac.get()? {
            options = options.mac(mac);
        }
        if let Some(priority) = self.gw_priority.get() {
            options = options.gw_priority(priority);
        }
        if let Some(default_route) = self.default_route.get() {
            options = options.default_route(default_route);
        }
        Ok(options)
    }
}
