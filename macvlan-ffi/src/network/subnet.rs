//! `macvlan_subnet`: one subnet of a network.

use std::ffi::c_char;

use macvlan_core::parse_ip;
use macvlan_network::Subnet;

use crate::base::input::Input;
use crate::base::object::array;
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{field, text_at, texts_at};
use crate::base::view::{Arena, Output};

/// Two texts that belong together: a key and its value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_pair {
    /// The key.
    pub key: *const c_char,
    /// The value.
    pub value: *const c_char,
}

/// Reads an array of pairs.
///
/// # Safety
///
/// The array is null or has so many pairs, with texts as for [`text_at`].
pub(super) unsafe fn pairs_at<'a>(
    pairs: *const macvlan_pair,
    count: usize,
    argument: &str,
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    // SAFETY: guaranteed by the caller.
    let pairs = unsafe { array(pairs.cast_mut(), count, argument)? };
    // SAFETY: guaranteed by the caller.
    let text = |text, at, name| unsafe { text_at(text, &format!("{argument}[{at}].{name}")) };
    let pair = |(at, pair): (usize, &macvlan_pair)| {
        Ok((text(pair.key, at, "key")?, text(pair.value, at, "value")?))
    };
    pairs.iter().enumerate().map(pair).collect()
}

/// Keeps pairs of texts.
pub(super) fn pairs<K: std::fmt::Display, V: std::fmt::Display>(
    arena: &mut Arena,
    pairs: impl IntoIterator<Item = (K, V)>,
) -> (*const macvlan_pair, usize) {
    let pairs = pairs
        .into_iter()
        .map(|(key, value)| macvlan_pair { key: arena.text(key), value: arena.text(value) })
        .collect();
    arena.array(pairs)
}

/// A subnet from which a network assigns addresses. It is validated when the network is created.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_subnet {
    /// The size of the struct.
    pub size: usize,
    /// The subnet: "10.0.10.0/24" or "fd00:10::/64". Host bits are refused, because the intention
    /// would be unclear.
    pub net: *const c_char,
    /// The gateway: in the subnet, a link-local IPv6 address, or, with on_link_gateway, any
    /// address. Defaults to the first address of the subnet, like Docker's. NULL in a subnet that
    /// was read, if there is none.
    pub gateway: *const c_char,
    /// The ranges of the subnet from which addresses are assigned, "10.0.10.64/26" or
    /// "10.0.10.64-10.0.10.99". Defaults to the whole subnet. It is this host's part, if several
    /// hosts share the subnet and have a store each.
    pub ranges: *const *const c_char,
    /// The number of ranges.
    pub range_count: usize,
    /// Addresses that are never assigned to a container, such as those of a DHCP server:
    /// "10.0.10.64/26", "10.0.10.64-10.0.10.99" or "10.0.10.7".
    pub excluded: *const *const c_char,
    /// The number of these.
    pub excluded_count: usize,
    /// Addresses that are reserved for containers, by the container's name: "printer", "10.0.10.70".
    /// No other container gets the address.
    pub reserved: *const macvlan_pair,
    /// The number of these.
    pub reserved_count: usize,
    /// True if there is no gateway: no default route, and the first address may be assigned to a
    /// container.
    pub no_gateway: Bool,
    /// True if a gateway outside the subnet is assumed to be on the link (onlink). If not, such a
    /// gateway is refused when the network is created.
    pub on_link_gateway: Bool,
}
record!(macvlan_subnet);

impl Input for macvlan_subnet {
    type Value = Subnet;

    unsafe fn value(&self, argument: &str) -> Result<Subnet, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller.
        let (net, gateway, ranges, excluded, reserved) = unsafe {
            (
                text_at(self.net, &named("net"))?,
                field(self.gateway, argument, "gateway")?,
                texts_at(self.ranges, self.range_count, &named("ranges"))?,
                texts_at(self.excluded, self.excluded_count, &named("excluded"))?,
                pairs_at(self.reserved, self.reserved_count, &named("reserved"))?,
            )
        };
        let mut subnet = Subnet::new(net)?.on_link_gateway(self.on_link_gateway != 0);
        if let Some(gateway) = gateway {
            subnet = subnet.gateway(parse_ip(gateway)?);
        }
        if self.no_gateway != 0 {
            subnet = subnet.without_gateway();
        }
        for range in ranges {
            subnet = subnet.range(range.parse()?);
        }
        for range in excluded {
            subnet = subnet.exclude(range.parse()?);
        }
        for (name, address) in reserved {
            subnet = subnet.reserve(name, parse_ip(address)?);
        }
        Ok(subnet)
    }
}

impl Output for Subnet {
    type Record = macvlan_subnet;

    fn record(&self, arena: &mut Arena) -> macvlan_subnet {
        let (ranges, range_count) = arena.texts(self.get_ranges());
        let (excluded, excluded_count) = arena.texts(self.get_excluded());
        let (reserved, reserved_count) = pairs(arena, self.get_reserved());
        let gateway = self.get_gateway();
        macvlan_subnet {
            net: arena.text(self.get_net()),
            gateway: arena.text_of(gateway),
            ranges,
            range_count,
            excluded,
            excluded_count,
            reserved,
            reserved_count,
            no_gateway: gateway.is_none().into(),
            on_link_gateway: self.get_on_link_gateway().into(),
            ..macvlan_subnet::new()
        }
    }
}
