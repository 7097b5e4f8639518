//! `macvlan_link_info`: a link as reported by the kernel; lists and filters of them.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_core::{LinkFilter, LinkId, LinkInfo, LinkStatistics, Offloads};

use crate::base::boundary::{answer, free};
use crate::base::input::Input;
use crate::base::object::{object, shared};
use crate::base::optional::{
    Bool, macvlan_opt_bool, macvlan_opt_i32, macvlan_opt_mac, macvlan_opt_u32,
};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::field;
use crate::base::view::{Arena, Output, View, nth_record};
use crate::value::options::macvlan_options;
use crate::value::vlan::macvlan_vlan_options;

/// Traffic counters of a link since its creation (struct rtnl_link_stats64).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_link_statistics {
    /// The size of the struct.
    pub size: usize,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Bad packets received.
    pub rx_errors: u64,
    /// Errors while sending packets.
    pub tx_errors: u64,
    /// Packets received and dropped.
    pub rx_dropped: u64,
    /// Packets dropped while sending.
    pub tx_dropped: u64,
    /// Multicast packets received.
    pub multicast: u64,
    /// Collisions.
    pub collisions: u64,
}
record!(macvlan_link_statistics);

/// Limits of segmentation and receive offloads of a link; not set if the kernel does not report
/// them.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_offloads {
    /// The size of the struct.
    pub size: usize,
    /// Generic segmentation: the largest packet in bytes.
    pub gso_max_size: macvlan_opt_u32,
    /// Generic segmentation: the most segments.
    pub gso_max_segs: macvlan_opt_u32,
    /// Generic segmentation: the largest IPv4 packet in bytes (Linux 6.3 and later).
    pub gso_ipv4_max_size: macvlan_opt_u32,
    /// Segmentation in hardware: the largest packet in bytes (Linux 5.19 and later).
    pub tso_max_size: macvlan_opt_u32,
    /// Segmentation in hardware: the most segments (Linux 5.19 and later).
    pub tso_max_segs: macvlan_opt_u32,
    /// Generic receive: the largest packet in bytes (Linux 5.19 and later).
    pub gro_max_size: macvlan_opt_u32,
    /// Generic receive: the largest IPv4 packet in bytes (Linux 6.3 and later).
    pub gro_ipv4_max_size: macvlan_opt_u32,
}
record!(macvlan_offloads);

/// A link as reported by the kernel.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_link_info {
    /// The size of the struct.
    pub size: usize,
    /// The name, with bytes that are not UTF-8 replaced.
    pub name: *const c_char,
    /// The kernel's name for the kind of link: "macvlan", "vlan", "veth"; NULL for hardware and lo.
    pub kind: *const c_char,
    /// The options of a macvlan or macvtap; NULL for other kinds.
    pub options: *const macvlan_options,
    /// The options of a VLAN, with every flag; NULL for other kinds.
    pub vlan: *const macvlan_vlan_options,
    /// The operational state (RFC 2863), as in `ip link`: "UP", "DOWN", "LOWERLAYERDOWN",
    /// "UNKNOWN", "NOTPRESENT", "TESTING", "DORMANT". The kernel updates it asynchronously, so it
    /// may be slightly late.
    pub state: *const c_char,
    /// The alias; NULL if there is none.
    pub alias: *const c_char,
    /// The root queueing discipline; NULL if the kernel reports none.
    pub qdisc: *const c_char,
    /// The alternative names.
    pub alternative_names: *const *const c_char,
    /// The number of these.
    pub alternative_name_count: usize,
    /// The traffic counters.
    pub statistics: *const macvlan_link_statistics,
    /// The limits of offloads.
    pub offloads: *const macvlan_offloads,
    /// The index in the link's namespace.
    pub index: u32,
    /// The index of the link below: the parent of a macvlan or VLAN, the peer of a veth; 0 if there
    /// is none. It is an index in another namespace if parent_netns is set.
    pub parent: u32,
    /// The id of the namespace of the link below, as numbered by this namespace; not set if it is
    /// in the same one.
    pub parent_netns: macvlan_opt_i32,
    /// The index of the bridge, bond or VRF of which it is a port; 0 if there is none.
    pub controller: u32,
    /// The MTU in bytes.
    pub mtu: u32,
    /// The minimum MTU in bytes.
    pub min_mtu: u32,
    /// The driver's maximum MTU in bytes, 0 for none; a macvlan's is also limited by its parent's
    /// current MTU.
    pub max_mtu: u32,
    /// The flags, the kernel's IFF_... bits.
    pub flags: u32,
    /// The promiscuity reference count; 0 if the link is not promiscuous.
    pub promiscuity: u32,
    /// The allmulticast reference count (Linux 6.0 and later).
    pub allmulticast_count: macvlan_opt_u32,
    /// The link group.
    pub group: u32,
    /// The length of the transmit queue in packets.
    pub tx_queue_len: u32,
    /// The number of transmit queues.
    pub tx_queues: u32,
    /// The number of receive queues.
    pub rx_queues: u32,
    /// Generation of the IPv6 link-local address: one of enum in6_addr_gen_mode; not set without
    /// IPv6.
    pub addr_gen_mode: macvlan_opt_u32,
    /// Acceptance of router advertisements: a value of the sysctl accept_ra; not set without
    /// IPv6.
    pub accept_ra: macvlan_opt_u32,
    /// The MAC address; not set if there is none, as for lo.
    pub mac: macvlan_opt_mac,
    /// True if addresses are configured from advertised prefixes; not set without IPv6.
    pub autoconf: macvlan_opt_bool,
    /// True if IPv6 is disabled on the link; not set if the kernel has no IPv6.
    pub disable_ipv6: macvlan_opt_bool,
    /// True if there is a carrier; not set if the kernel does not report it.
    pub carrier: macvlan_opt_bool,
    /// True if the link is set up (administratively; see also the state).
    pub is_up: Bool,
    /// True if the promisc flag is set. A link can be promiscuous without it.
    pub is_promisc: Bool,
    /// True if the allmulti flag is set.
    pub is_allmulticast: Bool,
    /// True if the link is lo.
    pub is_loopback: Bool,
}
record!(macvlan_link_info);

/// A filter for links, applied by the kernel. All zero: it accepts all.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_link_filter {
    /// The size of the struct.
    pub size: usize,
    /// The kind: "macvlan", "vlan". The filter accepts all links if the kernel does not know the
    /// kind, because its module is not loaded.
    pub kind: *const c_char,
    /// The bridge, bond or VRF whose ports are accepted, by name or "#" and index.
    pub controller: *const c_char,
}
record!(macvlan_link_filter);

/// A link as reported by the kernel, from macvlan_handle_link(). Freed with macvlan_link_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link {
    _opaque: (),
}
object!(macvlan_link, View<LinkInfo>);

/// The links of a namespace, from macvlan_handle_links(). Freed with macvlan_link_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_link_list {
    _opaque: (),
}
object!(macvlan_link_list, Vec<View<LinkInfo>>);

impl Output for LinkStatistics {
    type Record = macvlan_link_statistics;

    fn record(&self, _: &mut Arena) -> macvlan_link_statistics {
        macvlan_link_statistics {
            rx_packets: self.rx_packets,
            tx_packets: self.tx_packets,
            rx_bytes: self.rx_bytes,
            tx_bytes: self.tx_bytes,
            rx_errors: self.rx_errors,
            tx_errors: self.tx_errors,
            rx_dropped: self.rx_dropped,
            tx_dropped: self.tx_dropped,
            multicast: self.multicast,
            collisions: self.collisions,
            ..macvlan_link_statistics::new()
        }
    }
}

impl Output for Offloads {
    type Record = macvlan_offloads;

    fn record(&self, _: &mut Arena) -> macvlan_offloads {
        macvlan_offloads {
            gso_max_size: self.gso_max_size.into(),
            gso_max_segs: self.gso_max_segs.into(),
            gso_ipv4_max_size: self.gso_ipv4_max_size.into(),
            tso_max_size: self.tso_max_size.into(),
            tso_max_segs: self.tso_max_segs.into(),
            gro_max_size: self.gro_max_size.into(),
            gro_ipv4_max_size: self.gro_ipv4_max_size.into(),
            ..macvlan_offloads::new()
        }
    }
}

impl Output for LinkInfo {
    type Record = macvlan_link_info;

    fn record(&self, arena: &mut Arena) -> macvlan_link_info {
        let (alternative_names, alternative_name_count) = arena.texts(&self.alternative_names);
        macvlan_link_info {
            name: arena.text(&self.name),
            kind: arena.text_of(self.kind.as_ref()),
            options: arena.part_of(self.macvlan.as_ref()),
            vlan: arena.part_of(self.vlan.as_ref()),
            state: arena.text(self.state),
            alias: arena.text_of(self.alias.as_ref()),
            qdisc: arena.text_of(self.qdisc.as_ref()),
            alternative_names,
            alternative_name_count,
            statistics: arena.part(&self.statistics),
            offloads: arena.part(&self.offloads),
            index: self.index,
            parent: self.parent.unwrap_or(0),
            parent_netns: self.parent_netns.into(),
            controller: self.controller.unwrap_or(0),
            mtu: self.mtu,
            min_mtu: self.min_mtu,
            max_mtu: self.max_mtu,
            flags: self.flags,
            promiscuity: self.promiscuity,
            allmulticast_count: self.allmulticast_count.into(),
            group: self.group,
            tx_queue_len: self.tx_queue_len,
            tx_queues: self.tx_queues,
            rx_queues: self.rx_queues,
            addr_gen_mode: self.addr_gen_mode.map(|mode| mode as u32).into(),
            accept_ra: self.accept_ra.map(|accept| accept as u32).into(),
            mac: self.mac.into(),
            autoconf: self.autoconf.into(),
            disable_ipv6: self.disable_ipv6.into(),
            carrier: self.carrier.into(),
            is_up: self.is_up().into(),
            is_promisc: self.is_promisc().into(),
            is_allmulticast: self.is_allmulticast().into(),
            is_loopback: self.is_loopback().into(),
            ..macvlan_link_info::new()
        }
    }
}

impl Input for macvlan_link_filter {
    type Value = LinkFilter;

    unsafe fn value(&self, argument: &str) -> Result<LinkFilter, Failure> {
        let mut filter = LinkFilter::new();
        // SAFETY: guaranteed by the caller.
        let (kind, controller) = unsafe {
            (field(self.kind, argument, "kind")?, field(self.controller, argument, "controller")?)
        };
        if let Some(kind) = kind {
            filter = filter.kind(kind);
        }
        if let Some(controller) = controller {
            filter = filter.controller(controller.parse::<LinkId>()?);
        }
        Ok(filter)
    }
}

/// Returns the link's description. It belongs to the link. NULL if the link is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_get(link: *const macvlan_link) -> *const macvlan_link_info {
    answer(null(), || Ok(shared!(link).record()))
}

/// Frees a link's description. NULL is ignored. The link stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_free(link: *mut macvlan_link) {
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
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_list_free(list: *mut macvlan_link_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
