//! `macvlan_link_info`: a link as the kernel describes it; and lists of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkFilter, LinkId, LinkInfo, Macvlan, Vlan};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::{EnumOffload, EnumStatistic};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, part, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{Text, Texts, text};
use crate::value::options::macvlan_options;
use crate::value::vlan::macvlan_vlan;

/// A link as the kernel describes it. Freed with macvlan_link_info_free(), unless it is a part of a
/// list or of an event.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link_info {
    _opaque: (),
}
object!(macvlan_link_info, Told);

/// The links of a namespace, given by macvlan_handle_links(). Freed with macvlan_link_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link_list {
    _opaque: (),
}
object!(macvlan_link_list, Vec<Tagged<Told>>);

/// Which links are wanted; all, as long as nothing is set. Freed with macvlan_link_filter_free().
/// The kernel leaves out the others.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_link_filter {
    _opaque: (),
}
object!(macvlan_link_filter, LinkFilter);

/// What has come and gone since a link was made (struct rtnl_link_stats64).
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
    /// Packets that could not be sent.
    MACVLAN_TX_ERRORS = 5,
    /// Packets received and dropped.
    MACVLAN_RX_DROPPED = 6,
    /// Packets dropped instead of sent.
    MACVLAN_TX_DROPPED = 7,
    /// Multicast packets received.
    MACVLAN_MULTICAST = 8,
    /// Collisions.
    MACVLAN_COLLISIONS = 9,
}

/// What a link can send and receive in one piece.
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

/// What the kernel told, and its texts and parts as C takes them.
pub(crate) struct Told {
    info: LinkInfo,
    name: Text,
    kind: Text,
    state: Text,
    alias: Text,
    qdisc: Text,
    alternative_names: Texts,
    options: Option<Tagged<Macvlan>>,
    vlan: Option<Tagged<Vlan>>,
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

/// Returns its index in its namespace; 0 if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_index(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.index))
}

/// Returns its name, with bytes that are no UTF-8 replaced. This and all other texts belong to the
/// object. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_name(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.name.of(&link.info.name))
    })
}

/// Returns the kernel's name for its kind: "macvlan", "vlan", "veth"; NULL for hardware and lo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_kind(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.kind.of_some(link.info.kind.as_ref()))
    })
}

/// What a macvlan or macvtap was told; it belongs to the object. NULL for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_options(
    link: *const macvlan_link_info,
) -> *const macvlan_options {
    answer(null(), || Ok(shared!(link).options.as_ref().map_or(null(), Tagged::pointer)))
}

/// What a VLAN was told, with every flag; it belongs to the object. NULL for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_vlan(
    link: *const macvlan_link_info,
) -> *const macvlan_vlan {
    answer(null(), || Ok(shared!(link).vlan.as_ref().map_or(null(), Tagged::pointer)))
}

/// Returns the index of the link below: a macvlan's or VLAN's parent, a veth's other end; 0 if
/// there is none. It counts in another namespace if macvlan_link_info_parent_netns() gives one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_parent(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.parent.unwrap_or(0)))
}

/// Where the link below is, as this namespace numbers other namespaces; -1 if it is here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_parent_netns(link: *const macvlan_link_info) -> i32 {
    answer(-1, || Ok(shared!(link).info.parent_netns.unwrap_or(-1)))
}

/// Returns the index of the bridge, bond or VRF that it is a port of; 0 if it is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_controller(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.controller.unwrap_or(0)))
}

/// Returns its MAC address. Whether it has one: lo, for example, has none, and gives zeroes.
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

/// Returns whether it is set up (administratively; macvlan_link_info_state() tells whether it
/// works).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_up(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_up()))
}

/// Returns whether its promisc flag is set. It may be promiscuous without, for others' reasons.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_promisc(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_promisc()))
}

/// Returns whether it takes all multicast frames.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_allmulticast(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_allmulticast()))
}

/// Returns whether it is lo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_is_loopback(link: *const macvlan_link_info) -> bool {
    answer(false, || Ok(shared!(link).info.is_loopback()))
}

/// Returns whether it works (RFC 2863), as `ip link` shows it: "UP", "DOWN", "LOWERLAYERDOWN",
/// "UNKNOWN", "NOTPRESENT", "TESTING", "DORMANT". The kernel works it out apart from what changes
/// it, so it may be a moment behind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_state(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.state.of(link.info.state))
    })
}

/// Returns the number of reasons to be promiscuous; 0 is not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_promiscuity(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.promiscuity))
}

/// Returns the number of reasons to take all multicast frames; -1 before Linux 6.0, which does not
/// tell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_allmulticast_count(
    link: *const macvlan_link_info,
) -> i64 {
    answer(-1, || Ok(shared!(link).info.allmulticast_count.map_or(-1, i64::from)))
}

/// Returns the number of further names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_alternative_name_count(
    link: *const macvlan_link_info,
) -> usize {
    answer(0, || Ok(shared!(link).info.alternative_names.len()))
}

/// Returns one of its further names, counted from 0; NULL past the end.
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

/// What somebody wrote about it; NULL if nobody did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_alias(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.alias.of_some(link.info.alias.as_ref()))
    })
}

/// Returns its group.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_group(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.group))
}

/// Returns its transmit queue's length in packets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_tx_queue_len(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.tx_queue_len))
}

/// Returns its number of transmit queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_tx_queues(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.tx_queues))
}

/// Returns its number of receive queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_rx_queues(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.rx_queues))
}

/// Returns the smallest MTU in bytes that it takes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_min_mtu(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.min_mtu))
}

/// Returns the largest MTU in bytes that its driver takes, 0 for any; a macvlan's is also limited
/// by its parent's present MTU.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_max_mtu(link: *const macvlan_link_info) -> u32 {
    answer(0, || Ok(shared!(link).info.max_mtu))
}

/// Returns the queueing discipline at its root; NULL if the kernel tells none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_qdisc(link: *const macvlan_link_info) -> *const c_char {
    answer(null(), || {
        let link = shared!(link);
        Ok(link.qdisc.of_some(link.info.qdisc.as_ref()))
    })
}

/// Returns whether there is a carrier: 1 or 0, or -1 where the kernel does not tell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_carrier(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.carrier.map_or(-1, c_int::from)))
}

/// How its IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 where there is no IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_addr_gen_mode(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.addr_gen_mode.map_or(-1, |mode| mode as c_int)))
}

/// Returns whether it accepts router advertisements, a value of the sysctl accept_ra; -1 where there is no
/// IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_accept_ra(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.accept_ra.map_or(-1, |accept| accept as c_int)))
}

/// Returns whether the kernel adds addresses of advertised prefixes, 0 or 1; -1 where there is no IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_autoconf(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.autoconf.map_or(-1, c_int::from)))
}

/// Returns whether its IPv6 is disabled, 0 or 1; -1 where the kernel has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_info_disable_ipv6(link: *const macvlan_link_info) -> c_int {
    answer(-1, || Ok(shared!(link).info.disable_ipv6.map_or(-1, c_int::from)))
}

/// What it can send and receive in one piece; 0 where the kernel does not tell.
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

/// What has come and gone since it was made.
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

/// Which of so many, by an enumerator's number.
fn place(number: u32, count: usize) -> Result<usize, Failure> {
    usize::try_from(number)
        .ok()
        .filter(|place| *place < count)
        .ok_or_else(|| Failure::misuse(format!("there is no number {number}")))
}

/// Frees what was told of a link; does nothing to NULL, or to a part of a list or event. The link
/// stays.
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

/// All links.
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

/// Those of a kind: "macvlan", "vlan". A kind that the kernel has never heard of (its module is not
/// loaded) filters nothing.
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

/// Sets the ports of a bridge, bond or VRF, which is named by its name or "#" and its index.
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
