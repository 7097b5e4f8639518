//! The setters of `macvlan_endpoint`. One that fails leaves the endpoint as it was.

use std::ffi::{c_char, c_int};
use std::net::IpAddr;
use std::time::Duration;

use macvlan_core::{Address, Assignment, Endpoint, Rate, Route, parse_ip};

use crate::base::boundary::boundary;
use crate::base::kernel::{EnumAddrGenMode, EnumMode, accept_ra, addr_gen_mode};
use crate::base::mac::mac;
use crate::base::object::{exclusive, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::macvlan_endpoint;
use crate::endpoint::probe::macvlan_probe;
use crate::value::options::macvlan_options;

/// Who it may talk to; MACVLAN_MODE_BRIDGE when not set. The other options stay. For macvlan and macvtap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mode(
    endpoint: *mut macvlan_endpoint,
    mode: EnumMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().mode(crate::base::kernel::mode(mode)?)?;
    })
}

/// All options of a macvlan or macvtap at once: mode, flags, source MAC addresses, broadcast queue.
/// They are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_options(
    endpoint: *mut macvlan_endpoint,
    options: *const macvlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let options = shared!(options).clone();
        *endpoint = endpoint.clone().options(options)?;
    })
}

/// In mode passthru, leaves the parent as promiscuous as it was; see macvlan_options_set_nopromisc().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_nopromisc(
    endpoint: *mut macvlan_endpoint,
    nopromisc: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().change_options(|options| options.nopromisc(nopromisc))?;
    })
}

/// In mode source, looks at source addresses alone; see macvlan_options_set_nodst().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_nodst(
    endpoint: *mut macvlan_endpoint,
    nodst: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().change_options(|options| options.nodst(nodst))?;
    })
}

/// In mode source, one more MAC address that frames may come from.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_source_mac(
    endpoint: *mut macvlan_endpoint,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let mac = mac!(mac);
        *endpoint = endpoint.clone().change_options(|options| options.source_mac(mac))?;
    })
}

/// The broadcast queue's length in frames; see macvlan_options_set_bc_queue_len().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_bc_queue_len(
    endpoint: *mut macvlan_endpoint,
    frames: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().change_options(|options| options.bc_queue_len(frames))?;
    })
}

/// The broadcast cutoff, for all on the parent; see macvlan_options_set_bc_cutoff().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_bc_cutoff(
    endpoint: *mut macvlan_endpoint,
    siblings: i32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().change_options(|options| options.bc_cutoff(siblings))?;
    })
}

/// Its MAC address. When not set, a random one, locally administered; in mode passthru, the parent's.
///
/// In mode passthru a MAC address given here becomes the parent's as long as the link exists.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mac(
    endpoint: *mut macvlan_endpoint,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().mac(mac!(mac));
    })
}

/// Its MTU in bytes, at most the parent's; the parent's when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_mtu(
    endpoint: *mut macvlan_endpoint,
    mtu: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().mtu(mtu);
    })
}

/// One more address with its prefix length, as `ip address add` takes it: "172.16.213.180/16",
/// "fd00::2/64 nodad", "fd00::2/64 optimistic". An IPv4 address brings its broadcast address along.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_address(
    endpoint: *mut macvlan_endpoint,
    address: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let address: Address = text!(address).parse()?;
        *endpoint = endpoint.clone().address(address);
    })
}

/// An address and, if it has one, its gateway, in pipework's notation
/// "172.16.104.10/24@172.16.104.1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_assignment(
    endpoint: *mut macvlan_endpoint,
    assignment: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let assignment: Assignment = text!(assignment).parse()?;
        *endpoint = endpoint.clone().assignment(assignment);
    })
}

/// The gateway of the default route of its family, "172.16.213.2"; one a family.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_gateway(
    endpoint: *mut macvlan_endpoint,
    gateway: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let gateway: IpAddr = parse_ip(text!(gateway))?;
        *endpoint = endpoint.clone().gateway(gateway);
    })
}

/// Whether gateways that lie outside the subnet of every address are taken to be directly on the link
/// (onlink); no when not set, and then the kernel refuses them unless a route says where they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_on_link_gateways(
    endpoint: *mut macvlan_endpoint,
    on_link: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().on_link_gateways(on_link);
    })
}

/// One more route, as `ip route add` takes it: "10.1.0.0/16 via 10.0.0.2 metric 100", "blackhole
/// fd00:1::/32". It is added after the addresses and the gateways' default routes, through this link
/// unless it names another. What leads elsewhere goes, too, when the interface is detached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_route(
    endpoint: *mut macvlan_endpoint,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let route: Route = text!(route).parse()?;
        *endpoint = endpoint.clone().route(route);
    })
}

/// Lets packets from its addresses leave by it, whatever the other routes say: the gateways' default
/// routes go into this table instead of main, with a route to each subnet, and for each address a
/// rule sends to it.
///
/// So a container in two networks answers on the interface that was asked. Give each network that is
/// not to have the default route a table of its own, 1 to 252 or above 255.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_source_routing(
    endpoint: *mut macvlan_endpoint,
    table: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().source_routing(table);
    })
}

/// Sets the metric of the gateways' default routes. Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_gateway_metric(
    endpoint: *mut macvlan_endpoint,
    metric: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().gateway_metric(metric);
    })
}

/// Sets whether the link takes all multicast frames, which makes the parent take them too while it is up.
/// Defaults to those of the groups that are joined on it; then what somebody sets inside stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_allmulticast(
    endpoint: *mut macvlan_endpoint,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().allmulticast(on);
    })
}

/// Whether the link is promiscuous, which makes the parent promiscuous too while it is up; no when not
/// set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_promisc(
    endpoint: *mut macvlan_endpoint,
    promisc: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().promisc(promisc);
    })
}

/// Whether the container's lo is set up as well, as a new namespace's is not; yes when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_lo_up(
    endpoint: *mut macvlan_endpoint,
    lo_up: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().lo_up(lo_up);
    })
}

/// Whether the default routes that the container already has in table main, of the gateways' families,
/// go (as pipework has it); no when not set, and then one with the same metric is in the way. If
/// attaching fails, they are as they were.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_replace_default_route(
    endpoint: *mut macvlan_endpoint,
    replace: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().replace_default_route(replace);
    })
}

/// What `ip link` shows as its alias, up to 255 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_alias(
    endpoint: *mut macvlan_endpoint,
    alias: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().alias(text!(alias));
    })
}

/// One more name, up to 127 bytes (Linux 5.5 and later).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_add_alternative_name(
    endpoint: *mut macvlan_endpoint,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().alternative_name(text!(name));
    })
}

/// The link group; 0 when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_group(
    endpoint: *mut macvlan_endpoint,
    group: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().group(group);
    })
}

/// The transmit queue's length in packets; the kernel's choice when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_tx_queue_len(
    endpoint: *mut macvlan_endpoint,
    packets: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().tx_queue_len(packets);
    })
}

/// The number of transmit and receive queues; the kernel's choice when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_queues(
    endpoint: *mut macvlan_endpoint,
    transmit: u32,
    receive: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().queues(transmit, receive);
    })
}

/// How its IPv6 link-local address is made; IN6_ADDR_GEN_MODE_NONE for no fe80:: address. The
/// namespace's default when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_addr_gen_mode(
    endpoint: *mut macvlan_endpoint,
    mode: EnumAddrGenMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().addr_gen_mode(addr_gen_mode(mode)?);
    })
}

/// The protocol number of the endpoint's policy rules, and of those of its routes that the kernel does not
/// delete with the link (RTA_PROTOCOL, FRA_PROTOCOL).
pub const MACVLAN_ENDPOINT_PROTOCOL: u8 = 109;

/// The priority of the rules of macvlan_endpoint_set_source_routing().
pub const MACVLAN_ENDPOINT_RULE_PRIORITY: u32 = 30_000;

// The header needs literals.
const _: () = assert!(
    MACVLAN_ENDPOINT_PROTOCOL == Endpoint::PROTOCOL
        && MACVLAN_ENDPOINT_RULE_PRIORITY == Endpoint::RULE_PRIORITY
);

/// Sets whether router advertisements are accepted on the link: the values of the sysctl accept_ra, 0 for
/// never, 1 unless the link forwards, 2 always. The container's default when not set. With 0 the container
/// has the addresses and routes of the endpoint and no others, but for the link-local address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_accept_ra(
    endpoint: *mut macvlan_endpoint,
    accept: c_int,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().accept_ra(accept_ra(accept)?);
    })
}

/// Sets whether the kernel adds addresses of the prefixes that routers advertise. The container's default
/// when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_autoconf(
    endpoint: *mut macvlan_endpoint,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().autoconf(on);
    })
}

/// Sets whether the link is without IPv6. The container's default when not set; false gives the link IPv6
/// where the container has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_disable_ipv6(
    endpoint: *mut macvlan_endpoint,
    disable: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().disable_ipv6(disable);
    })
}

/// How long to try again, in milliseconds, while somebody else on the parent has the MAC address:
/// often a container that is just dying, whose namespace takes some tens of milliseconds for it. Not
/// at all when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_wait_for_mac(
    endpoint: *mut macvlan_endpoint,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        let at_most = Duration::from_millis(milliseconds.into());
        *endpoint = endpoint.clone().wait_for_mac(at_most);
    })
}

/// Has every address asked for on the network before it is used; not asked for when not set. The probe
/// is copied.
///
/// The link is made and set up, all addresses are asked for at the same time, and only then are they
/// added, and the routes. When somebody else has one, everything is as before, and the error is
/// MACVLAN_ERROR_ADDRESS_IN_USE and names the holder. The parent's own addresses count too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_probe(
    endpoint: *mut macvlan_endpoint,
    probe: *const macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().probe(*shared!(probe));
    })
}

/// Has the neighbours told where its addresses are now, as soon as each can be used; they are not told
/// when not set. How is copied.
///
/// The kernel does it by itself, by arp_notify and ndisc_notify, which stay set: it does so again
/// whenever the link comes up or gets another MAC address. What it leaves out is announced by a frame
/// of the library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_announce(
    endpoint: *mut macvlan_endpoint,
    announce: *const macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().announce(*shared!(announce));
    })
}

/// How fast it may send at most, as tc writes it: "10mbit", "512kbit", "1gbit", "9600bit"; as fast as
/// its parent when not set.
///
/// By the kernel's token bucket filter (tbf); a kernel without it refuses the attaching with
/// MACVLAN_ERROR_UNSUPPORTED, and nothing remains. What it receives is the senders' business.
/// macvlan_host_check() does not look at it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_rate(
    endpoint: *mut macvlan_endpoint,
    rate: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().rate(text!(rate).parse()?);
    })
}

/// The same in bits a second, 8 at least.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_endpoint_set_rate_bits(
    endpoint: *mut macvlan_endpoint,
    bits_per_second: u64,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let endpoint = exclusive!(endpoint).changing();
        *endpoint = endpoint.clone().rate(Rate::bits_per_second(bits_per_second)?);
    })
}
