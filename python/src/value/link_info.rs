//! `macvlan.LinkInfo`: what the kernel says that a link is.

use macvlan_core::{
    LinkInfo as Core, LinkName, LinkStatistics as CoreStatistics, Offloads as CoreOffloads,
};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::argument::{Refusal, Take, parse};
use crate::base::output::{Enumeration, attributes_text, mac};
use crate::value::macvlan::Macvlan;
use crate::value::vlan::Vlan;

/// A link as the kernel describes it.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct LinkInfo(pub(crate) Core);

#[pymethods]
impl LinkInfo {
    /// Its index in its namespace.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The kernel's name for its kind: "macvlan", "vlan", "veth"; None for hardware and lo.
    #[getter]
    fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// What a macvlan or macvtap was told.
    #[getter]
    fn macvlan(&self) -> Option<Macvlan> {
        self.0.macvlan.clone().map(Macvlan)
    }

    /// What a VLAN was told, with every flag.
    #[getter]
    fn vlan(&self) -> Option<Vlan> {
        self.0.vlan.clone().map(Vlan)
    }

    /// The index of the link below: a macvlan's or VLAN's parent, a veth's other end. It counts in
    /// another namespace when parent_netns is given.
    #[getter]
    fn parent(&self) -> Option<u32> {
        self.0.parent
    }

    /// Where the link below is, as this namespace numbers other namespaces; None if it is here.
    #[getter]
    fn parent_netns(&self) -> Option<i32> {
        self.0.parent_netns
    }

    /// The index of the bridge, bond or VRF that it is a port of.
    #[getter]
    fn controller(&self) -> Option<u32> {
        self.0.controller
    }

    /// Its MAC address; None for what has none, such as lo.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// Its MTU in bytes.
    #[getter]
    fn mtu(&self) -> u32 {
        self.0.mtu
    }

    /// The smallest MTU in bytes that it takes.
    #[getter]
    fn min_mtu(&self) -> u32 {
        self.0.min_mtu
    }

    /// The largest MTU in bytes that its driver takes, 0 for any.
    #[getter]
    fn max_mtu(&self) -> u32 {
        self.0.max_mtu
    }

    /// Its flags, the kernel's IFF_… bits.
    #[getter]
    fn flags(&self) -> u32 {
        self.0.flags
    }

    /// Whether it is set up; state tells whether it works.
    #[getter]
    fn is_up(&self) -> bool {
        self.0.is_up()
    }

    /// Whether its promisc flag is set. It may be promiscuous without, for others' reasons.
    #[getter]
    fn is_promisc(&self) -> bool {
        self.0.is_promisc()
    }

    /// Whether it takes all multicast frames.
    #[getter]
    fn is_allmulticast(&self) -> bool {
        self.0.is_allmulticast()
    }

    /// Whether it is lo.
    #[getter]
    fn is_loopback(&self) -> bool {
        self.0.is_loopback()
    }

    /// Its operational state (RFC 2863), which may be a moment behind what changes it.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.state.to_member(py)
    }

    /// Whether there is a carrier.
    #[getter]
    fn carrier(&self) -> Option<bool> {
        self.0.carrier
    }

    /// How many reasons it has to be promiscuous; 0 is not.
    #[getter]
    fn promiscuity(&self) -> u32 {
        self.0.promiscuity
    }

    /// How many reasons it has to take all multicast frames; None before Linux 6.0.
    #[getter]
    fn allmulticast_count(&self) -> Option<u32> {
        self.0.allmulticast_count
    }

    /// Its further names.
    #[getter]
    fn alternative_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.alternative_names)
    }

    /// What somebody wrote about it.
    #[getter]
    fn alias(&self) -> Option<&str> {
        self.0.alias.as_deref()
    }

    /// Its group.
    #[getter]
    fn group(&self) -> u32 {
        self.0.group
    }

    /// Its transmit queue's length in packets.
    #[getter]
    fn tx_queue_len(&self) -> u32 {
        self.0.tx_queue_len
    }

    /// Its numbers of transmit and receive queues.
    #[getter]
    fn queues(&self) -> (u32, u32) {
        (self.0.tx_queues, self.0.rx_queues)
    }

    /// The queueing discipline at its root.
    #[getter]
    fn qdisc(&self) -> Option<&str> {
        self.0.qdisc.as_deref()
    }

    /// How its IPv6 link-local address is made; None where there is no IPv6.
    #[getter]
    fn addr_gen_mode<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.addr_gen_mode.map(|mode| mode.to_member(py)).transpose()
    }

    /// Whether it accepts router advertisements; None where there is no IPv6.
    #[getter]
    fn accept_ra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.accept_ra.map(|accept| accept.to_member(py)).transpose()
    }

    /// Whether the kernel adds addresses of advertised prefixes; None where there is no IPv6.
    #[getter]
    fn autoconf(&self) -> Option<bool> {
        self.0.autoconf
    }

    /// Whether its IPv6 is disabled; None where the kernel has none.
    #[getter]
    fn disable_ipv6(&self) -> Option<bool> {
        self.0.disable_ipv6
    }

    /// What it can send and receive in one piece.
    #[getter]
    fn offloads(&self) -> Offloads {
        Offloads(self.0.offloads)
    }

    /// What has come and gone.
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

/// What a link can send and receive in one piece, in bytes and segments; None where the kernel does
/// not tell.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Offloads(CoreOffloads);

/// What has come and gone since a link was made.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct LinkStatistics(CoreStatistics);

/// A class of numbers, each under the kernel's name for it.
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
        gso_max_size = "Generic segmentation: the largest packet in bytes.",
        gso_max_segs = "Generic segmentation: the most segments.",
        gso_ipv4_max_size = "Generic segmentation: the largest IPv4 packet in bytes (Linux 6.3).",
        tso_max_size = "Segmentation in hardware: the largest packet in bytes (Linux 5.19).",
        tso_max_segs = "Segmentation in hardware: the most segments (Linux 5.19).",
        gro_max_size = "Generic receive: the largest packet in bytes (Linux 5.19).",
        gro_ipv4_max_size = "Generic receive: the largest IPv4 packet in bytes (Linux 6.3).",
    ]
);

numbers!(
    LinkStatistics: u64,
    [
        rx_packets = "Packets received.",
        tx_packets = "Packets sent.",
        rx_bytes = "Bytes received.",
        tx_bytes = "Bytes sent.",
        rx_errors = "Packets received that were bad.",
        tx_errors = "Packets that could not be sent.",
        rx_dropped = "Packets received that nobody took.",
        tx_dropped = "Packets to be sent that were dropped.",
        multicast = "Multicast packets received.",
        collisions = "Collisions.",
    ]
);

impl Take for LinkName {
    const EXPECTED: &'static str = "a link's name as str";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        parse(value)
    }
}
