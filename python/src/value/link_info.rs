//! `macvlan.LinkInfo`: a link as reported by the kernel.

use macvlan_core::{
    LinkInfo as Core, LinkName, LinkStatistics as CoreStatistics, Offloads as CoreOffloads,
};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::argument::{Refusal, Take, parse};
use crate::base::output::{Enumeration, attributes_text, mac};
use crate::value::macvlan::MacvlanOptions;
use crate::value::vlan::VlanOptions;

/// A link as reported by the kernel.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct LinkInfo(pub(crate) Core);

#[pymethods]
impl LinkInfo {
    /// Returns the index in the link's namespace.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index
    }

    /// Returns the name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the kernel's name for the kind of link, such as "vlan"; None for hardware and lo.
    #[getter]
    fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Returns the options of a macvlan or macvtap; None for other kinds.
    #[getter]
    fn macvlan(&self) -> Option<MacvlanOptions> {
        self.0.macvlan.clone().map(MacvlanOptions)
    }

    /// Returns the options of a VLAN, with every flag; None for other kinds.
    #[getter]
    fn vlan(&self) -> Option<VlanOptions> {
        self.0.vlan.clone().map(VlanOptions)
    }

    /// Returns the index of the link below. It is the parent of a macvlan or VLAN, or the peer of a
    /// veth. It is an index in another namespace if parent_netns is given.
    #[getter]
    fn parent(&self) -> Option<u32> {
        self.0.parent
    }

    /// Returns the id of the namespace of the link below; None if it is the same. The id is the
    /// number that this namespace has for it.
    #[getter]
    fn parent_netns(&self) -> Option<i32> {
        self.0.parent_netns
    }

    /// Returns the index of the bridge, bond or VRF of which it is a port.
    #[getter]
    fn controller(&self) -> Option<u32> {
        self.0.controller
    }

    /// Returns the MAC address; None if there is none, as for lo.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// Returns the MTU in bytes.
    #[getter]
    fn mtu(&self) -> u32 {
        self.0.mtu
    }

    /// Returns the minimum MTU in bytes.
    #[getter]
    fn min_mtu(&self) -> u32 {
        self.0.min_mtu
    }

    /// Returns the driver's maximum MTU in bytes, 0 for none.
    #[getter]
    fn max_mtu(&self) -> u32 {
        self.0.max_mtu
    }

    /// Returns the flags, the kernel's IFF_… bits.
    #[getter]
    fn flags(&self) -> u32 {
        self.0.flags
    }

    /// Returns whether the link is set up (administratively; see also state).
    #[getter]
    fn is_up(&self) -> bool {
        self.0.is_up()
    }

    /// Returns whether the promisc flag is set. A link can be promiscuous without it.
    #[getter]
    fn is_promisc(&self) -> bool {
        self.0.is_promisc()
    }

    /// Returns whether the allmulti flag is set.
    #[getter]
    fn is_allmulticast(&self) -> bool {
        self.0.is_allmulticast()
    }

    /// Returns whether the link is lo.
    #[getter]
    fn is_loopback(&self) -> bool {
        self.0.is_loopback()
    }

    /// Returns the operational state (RFC 2863), which the kernel updates asynchronously.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.state.to_member(py)
    }

    /// Returns whether there is a carrier; None if the kernel does not report it.
    #[getter]
    fn carrier(&self) -> Option<bool> {
        self.0.carrier
    }

    /// Returns the promiscuity reference count; 0 if the link is not promiscuous.
    #[getter]
    fn promiscuity(&self) -> u32 {
        self.0.promiscuity
    }

    /// Returns the allmulticast reference count; None before Linux 6.0.
    #[getter]
    fn allmulticast_count(&self) -> Option<u32> {
        self.0.allmulticast_count
    }

    /// Returns the alternative names.
    #[getter]
    fn alternative_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.alternative_names)
    }

    /// Returns the alias, if there is one.
    #[getter]
    fn alias(&self) -> Option<&str> {
        self.0.alias.as_deref()
    }

    /// Returns the link group.
    #[getter]
    fn group(&self) -> u32 {
        self.0.group
    }

    /// Returns the length of the transmit queue in packets.
    #[getter]
    fn tx_queue_len(&self) -> u32 {
        self.0.tx_queue_len
    }

    /// Returns the number of transmit and receive queues.
    #[getter]
    fn queues(&self) -> (u32, u32) {
        (self.0.tx_queues, self.0.rx_queues)
    }

    /// Returns the root queueing discipline.
    #[getter]
    fn qdisc(&self) -> Option<&str> {
        self.0.qdisc.as_deref()
    }

    /// Returns how the IPv6 link-local address is made; None without IPv6.
    #[getter]
    fn addr_gen_mode<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.addr_gen_mode.map(|mode| mode.to_member(py)).transpose()
    }

    /// Returns whether router advertisements are accepted; None without IPv6.
    #[getter]
    fn accept_ra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.accept_ra.map(|accept| accept.to_member(py)).transpose()
    }

    /// Returns whether addresses are configured from advertised prefixes; None without IPv6.
    #[getter]
    fn autoconf(&self) -> Option<bool> {
        self.0.autoconf
    }

    /// Returns whether IPv6 is disabled on the link; None if the kernel has no IPv6.
    #[getter]
    fn disable_ipv6(&self) -> Option<bool> {
        self.0.disable_ipv6
    }

    /// Returns the limits of segmentation and receive offloads.
    #[getter]
    fn offloads(&self) -> Offloads {
        Offloads(self.0.offloads)
    }

    /// Returns the traffic counters.
    #[getter]
    fn statistics(&self) -> LinkStatistics {
        LinkStatistics(self.0.statistics)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        const SHOWN: [&str; 9] =
            ["index", "name", "kind", "macvlan", "vlan", "parent", "mac", "mtu", "state"];
        attributes_text(slf, &SHOWN)
    }
}

/// Limits of segmentation and receive offloads of a link, in bytes and segments. They are None if
/// the kernel does not report them.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Offloads(CoreOffloads);

/// Traffic counters of a link since its creation.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct LinkStatistics(CoreStatistics);

/// Declares a class of numbers, each with the kernel's name for it.
macro_rules! numbers {
    ($class:ident: $number:ty, [$($name:ident = $what:literal),+ $(,)?]) => {
        #[pymethods]
        impl $class {
            $(
                #[doc = $what]
                #[getter]
                fn $name(&self) -> $number {
                    self.0.$name
                }
            )+

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                attributes_text(slf, &[$(stringify!($name)),+])
            }
        }
    };
}

numbers!(
    Offloads: Option<u32>,
    [
        gso_max_size = "Returns the generic segmentation limit of a packet in bytes.",
        gso_max_segs = "Returns the generic segmentation limit in segments.",
        gso_ipv4_max_size = "Returns the IPv4 generic segmentation limit in bytes (Linux 6.3).",
        tso_max_size = "Returns the hardware segmentation limit of a packet in bytes (Linux 5.19).",
        tso_max_segs = "Returns the hardware segmentation limit in segments (Linux 5.19).",
        gro_max_size = "Returns the generic receive limit of a packet in bytes (Linux 5.19).",
        gro_ipv4_max_size = "Returns the IPv4 generic receive limit in bytes (Linux 6.3).",
    ]
);

numbers!(
    LinkStatistics: u64,
    [
        rx_packets = "Returns the number of packets received.",
        tx_packets = "Returns the number of packets sent.",
        rx_bytes = "Returns the number of bytes received.",
        tx_bytes = "Returns the number of bytes sent.",
        rx_errors = "Returns the number of bad packets received.",
        tx_errors = "Returns the number of packets that could not be sent.",
        rx_dropped = "Returns the number of packets received and dropped.",
        tx_dropped = "Returns the number of packets dropped while sending.",
        multicast = "Returns the number of multicast packets received.",
        collisions = "Returns the number of collisions.",
    ]
);

impl Take for LinkName {
    const EXPECTED: &'static str = "a link's name as str";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        parse(value)
    }
}
