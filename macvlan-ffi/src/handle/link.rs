//! `macvlan_link_options`: a link to be created.

use std::ffi::c_char;

use macvlan_core::{Link, LinkId, MacvlanOptions};

use crate::base::input::{Input, input_at};
use crate::base::object::shared_at;
use crate::base::optional::{Bool, macvlan_opt_mac, macvlan_opt_u32, nonzero};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{c_string, text_at};
use crate::handle::netns::macvlan_netns;
use crate::value::options::macvlan_options;
use crate::value::vlan::macvlan_vlan_options;

/// The description of a link, for macvlan_handle_add_link(): `ip link add`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_link_options {
    /// The size of the struct.
    pub size: usize,
    /// The kind: "macvlan", "macvtap", "vlan", "veth", "dummy" or "bridge".
    pub kind: *const c_char,
    /// The name.
    pub name: *const c_char,
    /// The parent of a macvlan, macvtap or VLAN, by name or "#" and index.
    pub parent: *const c_char,
    /// The options of a macvlan or macvtap; NULL for the kernel's defaults, in mode bridge.
    pub options: *const macvlan_options,
    /// The options of a VLAN.
    pub vlan: *const macvlan_vlan_options,
    /// The name of the peer of a veth.
    pub peer: *const c_char,
    /// The namespace of the peer; NULL for the link's.
    pub peer_netns: *const macvlan_netns,
    /// The namespace in which the link is created; NULL for the handle's.
    pub netns: *const macvlan_netns,
    /// The index; 0 for the kernel's choice.
    pub index: u32,
    /// The MTU in bytes; 0 for the parent's.
    pub mtu: u32,
    /// The link group.
    pub group: u32,
    /// The length of the transmit queue in packets. Defaults to that of the kind.
    pub tx_queue_len: macvlan_opt_u32,
    /// The number of transmit queues; 0 for the default of the kind (the parent's for macvlan).
    pub tx_queues: u32,
    /// The number of receive queues; set both or none.
    pub rx_queues: u32,
    /// The MAC address. By default the kernel chooses it: random, or the parent's for passthru and
    /// VLANs.
    pub mac: macvlan_opt_mac,
    /// True if the link is created up.
    pub up: Bool,
    /// True if the link is created promiscuous.
    pub promisc: Bool,
}
record!(macvlan_link_options);

impl Input for macvlan_link_options {
    type Value = Link;

    unsafe fn value(&self, argument: &str) -> Result<Link, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller, as of the other closures.
        let text = |text, name| unsafe { text_at(text, &named(name)) };
        let netns = |netns: *const macvlan_netns, name| {
            if netns.is_null() {
                return Ok(None);
            }
            // SAFETY: see above.
            unsafe { shared_at(netns, &named(name)).map(|netns| Some(&netns.netns)) }
        };
        let options = || {
            if self.options.is_null() {
                return Ok(MacvlanOptions::default());
            }
            // SAFETY: see above.
            unsafe { input_at(self.options, &named("options")) }
        };
        // SAFETY: see above.
        let vlan = || unsafe { input_at(self.vlan, &named("vlan")) };
        let (kind, name) = (text(self.kind, "kind")?, text(self.name, "name")?);
        let parent = || text(self.parent, "parent");
        let mut link = match kind {
            "macvlan" => Link::macvlan(name, parent()?, options()?)?,
            "macvtap" => Link::macvtap(name, parent()?, options()?)?,
            "vlan" => Link::vlan(name, parent()?, vlan()?)?,
            "veth" => {
                Link::veth(name, text(self.peer, "peer")?, netns(self.peer_netns, "peer_netns")?)?
            }
            "dummy" => Link::dummy(name)?,
            "bridge" => Link::bridge(name)?,
            other => {
                let kinds = "macvlan, macvtap, vlan, veth, dummy or bridge";
                return Err(Failure::misuse(format!(
                    "{argument}.kind is \"{other}\", not {kinds}"
                )));
            }
        };
        link = link.up(self.up != 0).promisc(self.promisc != 0);
        if let Some(index) = nonzero(self.index) {
            link = link.index(index);
        }
        if let Some(group) = nonzero(self.group) {
            link = link.group(group);
        }
        if let Some(mtu) = nonzero(self.mtu) {
            link = link.mtu(mtu);
        }
        if let Some(packets) = self.tx_queue_len.get() {
            link = link.tx_queue_len(packets);
        }
        if self.tx_queues != 0 || self.rx_queues != 0 {
            link = link.queues(self.tx_queues, self.rx_queues);
        }
        if let Some(mac) = self.mac.get()? {
            link = link.mac(mac);
        }
        if let Some(netns) = netns(self.netns, "netns")? {
            link = link.netns(netns);
        }
        Ok(link)
    }
}

/// Writes the text for a link's index: "#7", up to 11 characters and a zero byte. Every argument
/// for a link's name accepts it. Returns the text, or NULL if that is NULL.
/// cbindgen:ptrs-as-arrays=[[text;16]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_link_text(index: u32, text: *mut c_char) -> *const c_char {
    crate::base::boundary::answer(std::ptr::null(), || {
        if text.is_null() {
            return Err(Failure::misuse("text is NULL"));
        }
        let written = c_string(LinkId::Index(index));
        let bytes = written.as_bytes_with_nul();
        // SAFETY: the header requires 16 bytes, and the text of the largest index needs 12.
        unsafe { text.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len()) };
        Ok(text.cast_const())
    })
}
