//! `macvlan_subnet`: one subnet of a network.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_network::Subnet;

use macvlan_core::parse_ip;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{self, text};

/// A subnet from which a network assigns addresses: a value, for
/// macvlan_network_config_add_subnet(). It is validated when the network is created. Freed with
/// macvlan_subnet_free(), unless it is a part of a macvlan_network_config.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_subnet {
    _opaque: (),
}
object!(macvlan_subnet, Described);

pub(crate) struct Described {
    pub(crate) subnet: Subnet,
    texts: Texts,
}

/// Made at the first request.
#[derive(Default)]
struct Texts {
    net: text::Text,
    gateway: text::Text,
    range: text::Text,
    ranges: text::Texts,
    excluded: text::Texts,
    names: text::Texts,
    addresses: text::Texts,
}

impl From<Subnet> for Described {
    fn from(subnet: Subnet) -> Self {
        Self { subnet, texts: Texts::default() }
    }
}

impl Described {
    /// Returns the subnet for a change, and drops the texts.
    fn changing(&mut self) -> &mut Subnet {
        self.texts = Texts::default();
        &mut self.subnet
    }
}

/// Makes a subnet, "10.0.10.0/24" or "fd00:10::/64". Host bits are refused, because the intention
/// would be unclear. Its gateway is its first address, like Docker's. The caller frees it with
/// macvlan_subnet_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_new(
    net: *const c_char,
    subnet: *mut *mut macvlan_subnet,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = out!(subnet);
        give(subnet, Subnet::new(text!(net))?.into());
    })
}

/// Sets the gateway: in the subnet, a link-local IPv6 address, or, with
/// macvlan_subnet_set_on_link_gateway(), any address. Defaults to the first address of the subnet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_set_gateway(
    subnet: *mut macvlan_subnet,
    gateway: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().gateway(parse_ip(text!(gateway))?);
    })
}

/// Sets whether a gateway outside the subnet is assumed to be on the link (onlink). Defaults to
/// false: such a gateway is then refused when the network is created.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_set_on_link_gateway(
    subnet: *mut macvlan_subnet,
    on_link: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().on_link_gateway(on_link);
    })
}

/// Sets that there is no gateway: no default route, and the first address may be assigned to a
/// container.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_set_no_gateway(
    subnet: *mut macvlan_subnet,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().without_gateway();
    })
}

/// Sets the only range of the subnet from which addresses are assigned, "10.0.10.64/26" or
/// "10.0.10.64-10.0.10.99". Defaults to the whole subnet.
///
/// It is this host's part, if several hosts share the subnet and have a store each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_set_range(
    subnet: *mut macvlan_subnet,
    range: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().without_ranges().range(text!(range).parse()?);
    })
}

/// Adds a range of the subnet from which addresses are assigned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_add_range(
    subnet: *mut macvlan_subnet,
    range: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().range(text!(range).parse()?);
    })
}

/// Adds addresses that are never assigned to a container, such as those of a DHCP server:
/// "10.0.10.64/26", "10.0.10.64-10.0.10.99" or "10.0.10.7".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_add_excluded(
    subnet: *mut macvlan_subnet,
    excluded: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().exclude(text!(excluded).parse()?);
    })
}

/// Reserves an address for the container with this name, "printer", "10.0.10.70": it gets the
/// address, and no other container does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_add_reserved(
    subnet: *mut macvlan_subnet,
    name: *const c_char,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let subnet = exclusive!(subnet).changing();
        *subnet = subnet.clone().reserve(text!(name), parse_ip(text!(address))?);
    })
}

/// Returns the subnet as text. This and all other texts belong to the object, until it is changed
/// or freed. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_net(subnet: *const macvlan_subnet) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.net.of(described.subnet.get_net()))
    })
}

/// Returns the gateway's address; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_gateway(subnet: *const macvlan_subnet) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.gateway.of_some(described.subnet.get_gateway()))
    })
}

/// Returns whether a gateway outside the subnet is assumed to be on the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_is_on_link_gateway(subnet: *const macvlan_subnet) -> bool {
    answer(false, || Ok(shared!(subnet).subnet.get_on_link_gateway()))
}

/// Returns the first range from which addresses are assigned; NULL for the whole subnet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_range(subnet: *const macvlan_subnet) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.range.of_some(described.subnet.get_ranges().first()))
    })
}

/// Returns the number of ranges from which addresses are assigned; 0 for the whole subnet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_range_count(subnet: *const macvlan_subnet) -> usize {
    answer(0, || Ok(shared!(subnet).subnet.get_ranges().len()))
}

/// Returns one of the ranges from which addresses are assigned, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_range_at(
    subnet: *const macvlan_subnet,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.ranges.of_each(described.subnet.get_ranges(), index))
    })
}

/// Returns the number of excluded ranges.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_excluded_count(subnet: *const macvlan_subnet) -> usize {
    answer(0, || Ok(shared!(subnet).subnet.get_excluded().len()))
}

/// Returns one of the excluded ranges, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_excluded_at(
    subnet: *const macvlan_subnet,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.excluded.of_each(described.subnet.get_excluded(), index))
    })
}

/// Returns the number of reserved addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_reserved_count(subnet: *const macvlan_subnet) -> usize {
    answer(0, || Ok(shared!(subnet).subnet.get_reserved().len()))
}

/// Returns the container's name of one of the reservations, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_reserved_name(
    subnet: *const macvlan_subnet,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.names.of_each(described.subnet.get_reserved().keys(), index))
    })
}

/// Returns the address of one of the reservations, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_reserved_address(
    subnet: *const macvlan_subnet,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.addresses.of_each(described.subnet.get_reserved().values(), index))
    })
}

/// Frees a subnet. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_free(subnet: *mut macvlan_subnet) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(subnet) }
}
