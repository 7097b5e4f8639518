//! `macvlan_subnet`: one subnet of a network.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_network::Subnet;

use macvlan_core::parse_ip;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{self, text};

/// A subnet that a network gives addresses from: a value, for macvlan_network_config_add_subnet(),
/// and checked when the network is created. Freed with macvlan_subnet_free(), unless it is a part
/// of a macvlan_network_config.
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
    /// The subnet, to be changed; texts that were given of it are not valid any more.
    fn changing(&mut self) -> &mut Subnet {
        self.texts = Texts::default();
        &mut self.subnet
    }
}

/// A subnet, "10.0.10.0/24" or "fd00:10::/64"; host bits are refused, since it could not be told what
/// was meant. Its router is its first address, as Docker has it.
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

/// Sets its router. Defaults to the first address of the subnet. It is in the subnet, a link-local
/// IPv6 address, or, with macvlan_subnet_set_on_link_gateway(), anywhere.
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

/// Sets whether a gateway outside the subnet is taken to be on the link (onlink). Defaults to false, and
/// then such a gateway is refused when the network is created.
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

/// No router: no default route, and the first address can be given to a container.
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

/// Sets the only part of the subnet that addresses are given from, "10.0.10.64/26" or
/// "10.0.10.64-10.0.10.99": this host's share, where several hosts have one subnet and a store each. Defaults
/// to all of it.
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

/// Adds a part of the subnet that addresses are given from.
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

/// Adds addresses that are never given to a container, such as those that a DHCP server gives:
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

/// Adds a further address that is given to no other container than the one of this name, which gets
/// it: "printer", "10.0.10.70".
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
        Ok(described.texts.net.of(described.subnet.net()))
    })
}

/// Returns its router's address; NULL if it has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_gateway(subnet: *const macvlan_subnet) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.gateway.of_some(described.subnet.get_gateway()))
    })
}

/// Returns whether a gateway outside the subnet is taken to be on the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_is_on_link_gateway(subnet: *const macvlan_subnet) -> bool {
    answer(false, || Ok(shared!(subnet).subnet.is_on_link_gateway()))
}

/// Returns the first part that addresses are given from; NULL if it is all of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_range(subnet: *const macvlan_subnet) -> *const c_char {
    answer(null(), || {
        let described = shared!(subnet);
        Ok(described.texts.range.of_some(described.subnet.get_ranges().first()))
    })
}

/// Returns how many parts addresses are given from; 0 if it is all of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_range_count(subnet: *const macvlan_subnet) -> usize {
    answer(0, || Ok(shared!(subnet).subnet.get_ranges().len()))
}

/// Returns one of the parts that addresses are given from, counted from 0. NULL past the end.
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

/// Returns how many ranges are excluded.
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

/// How many addresses are reserved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_subnet_reserved_count(subnet: *const macvlan_subnet) -> usize {
    answer(0, || Ok(shared!(subnet).subnet.get_reserved().len()))
}

/// For whom one of them is reserved, counted from 0, by name. NULL past the end.
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

/// Returns the address that is reserved for it. NULL past the end.
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
