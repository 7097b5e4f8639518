//! `macvlan_link_info`: a link as reported by the kernel; and lists of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkFilter, LinkId, LinkInfo, MacvlanOptions, VlanOptions};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::{EnumOffload, EnumStatistic};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, part, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{Text, Texts, text};
use crate::value::options::macvlan_options;
use crate::value::vlan::macvlan_vlan;

/// A link as reported by the kernel. Freed with macvlan_link_info_free(), unless it is a part of a
/// list or of an event.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link_info {
    _opaque: (),
}
object!(macvlan_link_info, Told);

/// The links of a namespace, from macvlan_handle_links(). Freed with macvlan_link_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link_list {
    _opaque: (),
}
object!(macvlan_link_list, Vec<Tagged<Told>>);

/// A filter for links, applied by the kernel; without settings it accepts all. Freed with
/// macvlan_link_filter_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_link_filter {
    _opaque: (),
}
object!(macvlan_link_filter, LinkFilter);

/// Traffic counters of a link since its creation (struct rtnl_link_stats64).
#[repr(C)]
pub enum macvlan_statistic {
    /// Packets received.
    MACVLAN_RX_PACKETS = 0,
    /// Packets sent.
    MACVLAN_TX_PACKETS = 1,
    /// Bytes received.
    MACVLAN_RX_BYTES = 2,
    /// Bytes sent.
    MACVLAN_TX_BYTES = 3,
    /// Bad packets received.
    MACVLAN_RX_ERRORS = 4,
    /// Errors while sending packets.
    MACVLAN_TX_ERRORS = 5,
    /// Packets received and dropped.
    MACVLAN_RX_DROPPED = 6,
    /// Packets dropped while sending.
    MACVLAN_TX_DROPPED = 7,
    /// Multicast packets received.
    MACVLAN_MULTICAST = 8,
    /// Collisions.
    MACVLAN_COLLISIONS = 9,
}

/// Limits of segmentation and receive offloads of a link.
#[repr(C)]
pub enum macvlan_offload {
    /// Generic segmentation: the largest packet in bytes.
    MACVLAN_GSO_MAX_SIZE = 0,
    /// Generic segmentation: the most segments.
    MACVLAN_GSO_MAX_SEGS = 1,
    /// Generic segmentation: the largest IPv4 packet in bytes (Linux 6.3 and later).
    MACVLAN_GSO_IPV4_MAX_SIZE = 2,
    /// Segmentation in hardware: the largest packet in bytes (Linux 5.19 and later).
    MACVLAN_TSO_MAX_SIZE = 3,
    /// Segmentation in hardware: the most segments (Linux 5.19 and later).
    MACVLAN_TSO_MAX_SEGS = 4,
    /// Generic receive: the largest packet in bytes (Linux 5.19 and later).
    MACVLAN_GRO_MAX_SIZE = 5,
    /// Generic receive: the largest IPv4 packet in bytes (Linux 6.3 and later).
    MACVLAN_GRO_IPV4_MAX_SIZE = 6,
}

/// A link as reported by the kernel, with its texts and parts for C.
pub(crate) struct Told {
    info: LinkInfo,
    name: Text,
    kind: Text,
    state: Text,
    alias: Text,
    qdisc: Text,
    alternative_names: Texts,
    options: Option<Tagged<MacvlanOptions>>,
    vlan: Option<Tagged<VlanOptions>>,
}

impl From<LinkInfo> for Told {
    fn from(info: LinkInfo) -> Self {
        Self {
            options: info.macvlan.clone().map(part::<macvlan_options>),
            vlan: info.vlan.clone().map(part::<macvlan_vlan>),
            info,
            name: Text::default(),
            kind: Text::default(),
            state: Text::default(),
            alias: Text::default(),
            qdisc: Text::default(),
            alternative_names: Texts::default(),
        }
    }
}

/// Returns the index in the link's namespace; 0 if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_index(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.index))
}

/// Returns the name, with bytes that are not UTF-8 replaced. This and all other texts belong to the
/// object. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_name(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.name.of(&link.info.name))
    })
}

/// Returns the kernel's name for the kind of link: "macvlan", "vlan", "veth"; NULL for hardware and
/// lo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_kind(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.kind.of_some(link.info.kind.as_ref()))
    })
}

/// Returns the options of a macvlan or macvtap, which belong to the object. NULL for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_options(
    link: *const macvlan_link_info,
) -> *const macvlan_options {
    answer(null(), || Ok(shared!(link).options.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the options of a VLAN, with every flag, which belong to the object. NULL for other
/// kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_vlan(
    link: *const macvlan_link_info,
) -> *const macvlan_vlan {
    answer(null(), || Ok(shared!(link).vlan.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the index of the link below: the parent of a macvlan or VLAN, the peer of a veth; 0 if
/// there is none. It is an index in another namespace if macvlan_link_info_parent_netns() is not
/// -1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_parent(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.parent.unwrap_or(0)))
}

/// Returns the id of the namespace of the link below, as numbered by this namespace; -1 if it is in
/// the same one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_parent_netns(link: *const macvlan_link_info) -> i32 {
    answer(-1, || Ok(shared!(link).info.parent_netns.unwrap_or(-1)))
}

/// Returns the index of the bridge, bond or VRF of which it is a port; 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_controller(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.controller.unwrap_or(0)))
}

/// Writes the MAC address, and returns whether there is one; zeroes if not, as for lo.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_mac(
    link: *const macvlan_link_info,
    mac: *mut u8,
) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let own = shared!(link).info.mac;
        if let Some(own) = own {
            put(own, mac);
        }
        Ok(own.is_some())
    })
}

/// Returns its MTU in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_mtu(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.mtu))
}

/// Returns its flags, the kernel's IFF_... bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_flags(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.flags))
}

/// Returns whether the link is set up (administratively; see also macvlan_link_info_state()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_up(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_up()))
}

/// Returns whether the promisc flag is set. A link can be promiscuous without it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_promisc(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_promisc()))
}

/// Returns whether the allmulti flag is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_allmulticast(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_allmulticast()))
}

/// Returns whether the link is lo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_loopback(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_loopback()))
}

/// Returns the operational state (RFC 2863), as in `ip link`: "UP", "DOWN", "LOWERLAYERDOWN",
/// "UNKNOWN", "NOTPRESENT", "TESTING", "DORMANT". The kernel updates it asynchronously, so it may
/// be slightly late.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_state(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.state.of(link.info.state))
    })
}

/// Returns the promiscuity reference count; 0 if the link is not promiscuous.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_promiscuity(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.promiscuity))
}

/// Returns the allmulticast reference count; -1 before Linux 6.0, which does not report it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_allmulticast_count(
    link: *const macvlan_link_info,
) -> i64 {
    answer(-1, || Ok(shared!(link).info.allmulticast_count.map_or(-1, i64::from)))
}

/// Returns the number of alternative names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_alternative_name_count(
    link: *const macvlan_link_info,
) -> usize {
    answer(0, || Ok(shared!(link).info.alternative_names.len()))
}

/// Returns one of the alternative names, counted from 0; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_alternative_name(
    link: *const macvlan_link_info,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.alternative_names.of(&link.info.alternative_names, index))
    })
}

/// Returns the alias; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_alias(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.alias.of_some(link.info.alias.as_ref()))
    })
}

/// Returns the link group.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_group(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.group))
}

/// Returns the length of the transmit queue in packets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_tx_queue_len(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.tx_queue_len))
}

/// Returns the number of transmit queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_tx_queues(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.tx_queues))
}

/// Returns the number of receive queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_rx_queues(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.rx_queues))
}

/// Returns the minimum MTU in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_min_mtu(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.min_mtu))
}

/// Returns the driver's maximum MTU in bytes, 0 for none; a macvlan's is also limited by its
/// parent's current MTU.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_max_mtu(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.max_mtu))
}

/// Returns the root queueing discipline; NULL if the kernel reports none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_qdisc(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.qdisc.of_some(link.info.qdisc.as_ref()))
    })
}

/// Returns whether there is a carrier: 1 or 0, or -1 if the kernel does not report it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_carrier(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.carrier.map_or(-1, c_int::from)))
}

/// Returns how the IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 without
/// IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_addr_gen_mode(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.addr_gen_mode.map_or(-1, |mode| mode as c_int)))
}

/// Returns whether router advertisements are accepted, a value of the sysctl accept_ra; -1 without
/// IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_accept_ra(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.accept_ra.map_or(-1, |accept| accept as c_int)))
}

/// Returns whether addresses are configured from advertised prefixes, 0 or 1; -1 without IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_autoconf(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.autoconf.map_or(-1, c_int::from)))
}

/// Returns whether IPv6 is disabled on the link, 0 or 1; -1 if the kernel has no IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_disable_ipv6(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.disable_ipv6.map_or(-1, c_int::from)))
}

/// Returns a limit of an offload; 0 if the kernel does not report it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_offload(
    link: *const macvlan_link_info,
    which: EnumOffload,
) -> u32 {
    answer(0, || {
        let offloads = shared!(link).info.offloads;
        let all = [
            offloads.gso_max_size,
            offloads.gso_max_segs,
            offloads.gso_ipv4_max_size,
            offloads.tso_max_size,
            offloads.tso_max_segs,
            offloads.gro_max_size,
            offloads.gro_ipv4_max_size,
        ];
        Ok(all[place(which, all.len())?].unwrap_or(0))
    })
}

/// Returns a traffic counter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_statistic(
    link: *const macvlan_link_info,
    which: EnumStatistic,
) -> u64 {
    answer(0, || {
        let statistics = shared!(link).info.statistics;
        let all = [
            statistics.rx_packets,
            statistics.tx_packets,
            statistics.rx_bytes,
            statistics.tx_bytes,
            statistics.rx_errors,
            statistics.tx_errors,
            statistics.rx_dropped,
            statistics.tx_dropped,
            statistics.multicast,
            statistics.collisions,
        ];
        Ok(all[place(which, all.len())?])
    })
}

/// Checks an enumerator's number and returns its place.
fn place(number: u32, count: usize) -> Result<usize, Failure> {
    usize::try_from(number)
        .ok()
        .filter(|place| *place < count)
        .ok_or_else(|| Failure::misuse(format!("there is no number {number}")))
}

/// Frees a link's description. NULL and parts of lists or events are ignored. The link stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_free(link: *mut macvlan_link_info) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(link) }
}

/// Returns the number of links.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_list_count(list: *const macvlan_link_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the links, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_list_get(
    list: *const macvlan_link_list,
    index: usize,
) -> *const macvlan_link_info {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_list_free(list: *mut macvlan_link_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Makes a filter that accepts all links. The caller frees it with macvlan_link_filter_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_filter_new(
    filter: *mut *mut macvlan_link_filter,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = out!(filter);
        give(filter, LinkFilter::new());
    })
}

/// Restricts the filter to a kind: "macvlan", "vlan". It accepts all links if the kernel does not
/// know the kind, because its module is not loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_filter_set_kind(
    filter: *mut macvlan_link_filter,
    kind: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().kind(text!(kind));
    })
}

/// Restricts the filter to the ports of a bridge, bond or VRF, by name or "#" and index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_filter_set_controller(
    filter: *mut macvlan_link_filter,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().controller(text!(link).parse::<LinkId>()?);
    })
}

/// Frees a filter. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_filter_free(filter: *mut macvlan_link_filter) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(filter) }
}
