//! The setters of `macvlan_endpoint`. A failed one leaves the endpoint unchanged.

use std::ffi::{c_char, c_int};
use std::net::IpAddr;
use std::time::Duration;

use macvlan_core::{Address, Assignment, Endpoint, Route, parse_ip};

use crate::base::boundary::boundary;
use crate::base::change::change;
use crate::base::input::input;
use crate::base::kernel::{EnumAddrGenMode, accept_ra, addr_gen_mode};
use crate::base::mac::mac;
use crate::base::object::exclusive;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::macvlan_endpoint;
use crate::endpoint::probe::macvlan_probe;
use crate::value::options::macvlan_options;

/// Sets the options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue.
/// Defaults to mode bridge. Refused for a VLAN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_options(
    endpoint: *mut macvlan_endpoint,
    options: *const macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.options(input!(options))?))?;
    })
}

/// Sets the MAC address.
///
/// Defaults to the parent's in mode passthru and for a VLAN, otherwise to a random one. In mode
/// passthru, a MAC address set here becomes the parent's while the link exists.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mac(
    endpoint: *mut macvlan_endpoint,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.mac(mac!(mac))))?;
    })
}

/// Sets the MTU in bytes, at most the parent's. Defaults to the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mtu(
    endpoint: *mut macvlan_endpoint,
    mtu: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.mtu(mtu)))?;
    })
}

/// Adds an address with its prefix length, in the format of `ip address add`: "172.16.213.180/16",
/// "fd00::2/64 nodad", "fd00::2/64 optimistic". An IPv4 address gets its broadcast address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_address(
    endpoint: *mut macvlan_endpoint,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| {
            let address: Address = text!(address).parse()?;
            Ok(endpoint.address(address))
        })?;
    })
}

/// Adds an address and its gateway, if it has one, in pipework's notation:
/// "172.16.104.10/24@172.16.104.1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_assignment(
    endpoint: *mut macvlan_endpoint,
    assignment: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| {
            let assignment: Assignment = text!(assignment).parse()?;
            Ok(endpoint.assignment(assignment))
        })?;
    })
}

/// Adds a default route via a gateway, "172.16.213.2"; at most one per address family.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_gateway(
    endpoint: *mut macvlan_endpoint,
    gateway: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| {
            let gateway: IpAddr = parse_ip(text!(gateway))?;
            Ok(endpoint.gateway(gateway))
        })?;
    })
}

/// Sets whether gateways outside all subnets are assumed to be on the link (onlink). Defaults to
/// false: the kernel then refuses them unless a route leads to them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_on_link_gateways(
    endpoint: *mut macvlan_endpoint,
    on_link: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.on_link_gateways(on_link)))?;
    })
}

/// Adds a route, in the format of `ip route add`: "10.1.0.0/16 via 10.0.0.2 metric 100", "blackhole
/// fd00:1::/32". It is added after the addresses and the gateways' default routes, and leads
/// through the endpoint's link unless it names another one. Detach deletes it in either case.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_route(
    endpoint: *mut macvlan_endpoint,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| {
            let route: Route = text!(route).parse()?;
            Ok(endpoint.route(route))
        })?;
    })
}

/// Sets a routing table for packets from the endpoint's addresses, which leave through the
/// endpoint, whatever the other routes are.
///
/// The gateways' default routes are added to this table instead of main, with a route to each
/// subnet, and for each address a rule selects the table. A container in two networks thus answers
/// through the interface on which it was asked. Use a separate table for each network without the
/// default route, 1 to 252 except 109, or above 255.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_source_routing(
    endpoint: *mut macvlan_endpoint,
    table: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.source_routing(table)))?;
    })
}

/// Sets the metric of the gateways' default routes; routes with a lower one are preferred. Defaults
/// to the kernel's, 0 for IPv4 and 1024 for IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_gateway_metric(
    endpoint: *mut macvlan_endpoint,
    metric: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.gateway_metric(metric)))?;
    })
}

/// Sets whether the link receives all multicast frames. The parent then receives them as well while
/// the link is up.
///
/// By default it receives those of the groups that are joined on it, and a flag that is set in the
/// container is kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_allmulticast(
    endpoint: *mut macvlan_endpoint,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.allmulticast(on)))?;
    })
}

/// Sets whether the link is promiscuous. The parent is then promiscuous as well while the link is
/// up. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_promisc(
    endpoint: *mut macvlan_endpoint,
    promisc: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.promisc(promisc)))?;
    })
}

/// Sets whether the container's lo is set up, which is down in a new namespace. Defaults to true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_lo_up(
    endpoint: *mut macvlan_endpoint,
    lo_up: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.lo_up(lo_up)))?;
    })
}

/// Sets whether the container's default routes of the gateways' families in table main are
/// replaced, as with pipework. Defaults to false: attach then fails if one has the same metric. If
/// attach fails, they are restored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_replace_default_route(
    endpoint: *mut macvlan_endpoint,
    replace: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.replace_default_route(replace)))?;
    })
}

/// Sets the alias that `ip link` shows, up to 255 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_alias(
    endpoint: *mut macvlan_endpoint,
    alias: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.alias(text!(alias))))?;
    })
}

/// Adds an alternative name of up to 127 bytes (Linux 5.5 and later).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_alternative_name(
    endpoint: *mut macvlan_endpoint,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.alternative_name(text!(name))))?;
    })
}

/// Sets the link group. Defaults to 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_group(
    endpoint: *mut macvlan_endpoint,
    group: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.group(group)))?;
    })
}

/// Sets the length of the transmit queue in packets. By default the kernel chooses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_tx_queue_len(
    endpoint: *mut macvlan_endpoint,
    packets: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.tx_queue_len(packets)))?;
    })
}

/// Sets the number of transmit and receive queues. By default the kernel chooses them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_queues(
    endpoint: *mut macvlan_endpoint,
    transmit: u32,
    receive: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.queues(transmit, receive)))?;
    })
}

/// Sets how the IPv6 link-local address is made; IN6_ADDR_GEN_MODE_NONE for no address. Defaults to
/// the namespace's default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_addr_gen_mode(
    endpoint: *mut macvlan_endpoint,
    mode: EnumAddrGenMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.addr_gen_mode(addr_gen_mode(mode)?)))?;
    })
}

/// The protocol number of the endpoint's policy rules, and of those routes that the kernel does not
/// delete with the link (RTA_PROTOCOL, FRA_PROTOCOL).
pub const MACVLAN_ENDPOINT_PROTOCOL: u8 = 109;

/// The priority of the rules of macvlan_endpoint_set_source_routing().
pub const MACVLAN_ENDPOINT_RULE_PRIORITY: u32 = 30_000;

// The header needs literals.
const _: () = assert!(
    MACVLAN_ENDPOINT_PROTOCOL == Endpoint::PROTOCOL
        && MACVLAN_ENDPOINT_RULE_PRIORITY == Endpoint::RULE_PRIORITY
);

/// Sets whether router advertisements are accepted on the link: the values of the sysctl accept_ra,
/// 0 never, 1 unless the link forwards, 2 always. Defaults to the container's default.
///
/// With 0 the container has only the endpoint's addresses and routes, apart from the link-local
/// address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_accept_ra(
    endpoint: *mut macvlan_endpoint,
    accept: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.accept_ra(accept_ra(accept)?)))?;
    })
}

/// Sets whether addresses are configured from advertised prefixes (RFC 4862). Defaults to the
/// container's default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_autoconf(
    endpoint: *mut macvlan_endpoint,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.autoconf(on)))?;
    })
}

/// Sets whether IPv6 is disabled on the link. Defaults to the container's default; false enables
/// IPv6 even if the container has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_disable_ipv6(
    endpoint: *mut macvlan_endpoint,
    disable: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.disable_ipv6(disable)))?;
    })
}

/// Sets how long to retry while another link on the parent has the MAC address, in milliseconds.
/// Defaults to 0.
///
/// That link is often one of a container that is being removed, which takes the kernel some tens
/// of milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mac_conflict_timeout(
    endpoint: *mut macvlan_endpoint,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| {
            let at_most = Duration::from_millis(milliseconds.into());
            Ok(endpoint.mac_conflict_timeout(at_most))
        })?;
    })
}

/// Sets how the addresses are probed on the network before they are used. By default they are not.
///
/// The link is created and set up, all addresses are probed at the same time, and only then they
/// are added with the routes. If another host has one, everything is undone, and attach fails with
/// MACVLAN_ERROR_ADDRESS_IN_USE and the holder. The parent's own addresses count as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_probe(
    endpoint: *mut macvlan_endpoint,
    probe: *const macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.probe(input!(probe))))?;
    })
}

/// Sets how the addresses are announced to the neighbours when they become usable. By default they
/// are not.
///
/// The kernel sends the first announcement (sysctls arp_notify and ndisc_notify), and again
/// whenever the link comes up or its MAC address changes. This library sends those that the kernel
/// leaves out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_announce(
    endpoint: *mut macvlan_endpoint,
    announce: *const macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.announce(input!(announce))))?;
    })
}

/// Sets the rate limit for sent packets, in the format of tc: "10mbit", "512kbit", "1gbit",
/// "9600bit". By default there is none.
///
/// Enforced by the kernel's token bucket filter (tbf); a kernel without it refuses the attach with
/// MACVLAN_ERROR_UNSUPPORTED. Received packets are not limited.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_rate(
    endpoint: *mut macvlan_endpoint,
    rate: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        change(exclusive!(endpoint), |endpoint| Ok(endpoint.rate(text!(rate).parse()?)))?;
    })
}
