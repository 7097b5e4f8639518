//! The options of macvlans and VLANs.

use clap::Args;
use macvlan_core::{MacAddr, MacvlanOptions, Mode, VlanOptions, VlanProtocol};

use crate::failure::Done;
use crate::value::{self, set};

/// The modes of a macvlan.
pub(crate) const MODES: &[&str] = &["private", "vepa", "bridge", "passthru", "source"];

/// Options of a macvlan or macvtap.
#[derive(Args)]
#[command(next_help_heading = "Macvlan options")]
pub(super) struct MacvlanArgs {
    /// The mode [default: bridge]
    #[arg(short, long, value_parser = value::words::<Mode>(MODES))]
    pub(super) mode: Option<Mode>,
    /// Leave the parent's promiscuity alone in mode passthru
    #[arg(long)]
    nopromisc: bool,
    /// Compare only the source address in mode source
    #[arg(long)]
    nodst: bool,
    /// A permitted MAC address in mode source (repeatable)
    #[arg(long, value_name = "MAC")]
    source_mac: Vec<MacAddr>,
    /// The length of the queue for broadcast frames
    #[arg(long, alias = "bc-queue-len", value_name = "FRAMES")]
    bcqueuelen: Option<u32>,
    /// The parent's number of macvlans above which multicast frames are queued; -1 for never
    #[arg(long, alias = "bc-cutoff", value_name = "NUMBER", allow_negative_numbers = true)]
    bclim: Option<i32>,
}

impl MacvlanArgs {
    pub(super) fn is_set(&self) -> bool {
        let numbers = self.bcqueuelen.is_some() || self.bclim.is_some();
        self.nopromisc || self.nodst || !self.source_mac.is_empty() || numbers
    }

    pub(super) fn apply(&self, options: MacvlanOptions) -> MacvlanOptions {
        let mut options = options.nopromisc(self.nopromisc).nodst(self.nodst);
        set!(options, bc_queue_len = self.bcqueuelen, bc_cutoff = self.bclim);
        self.source_mac.iter().copied().fold(options, MacvlanOptions::source_mac)
    }
}

/// Options of a VLAN.
#[derive(Args)]
#[command(next_help_heading = "VLAN options (--kind vlan)")]
pub(super) struct VlanArgs {
    /// The VLAN's id
    #[arg(long, value_name = "ID")]
    vlan_id: Option<u16>,
    /// The protocol of the tag [default: 802.1Q]
    #[arg(long, value_name = "PROTOCOL", value_parser = value::words::<VlanProtocol>(&["802.1Q", "802.1ad"]))]
    vlan_protocol: Option<VlanProtocol>,
    /// Remove the tag from received frames
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    reorder_hdr: Option<bool>,
    /// Register the VLAN by GVRP
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    gvrp: Option<bool>,
    /// Register the VLAN by MVRP
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    mvrp: Option<bool>,
    /// Keep the state independent of the parent's
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    loose_binding: Option<bool>,
    /// Take the state from the bridge's ports in the VLAN
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    bridge_binding: Option<bool>,
    /// A received tag's priority and the packet's (repeatable)
    #[arg(long, value_name = "FROM:TO", value_parser = value::mapping::<u8, u32>)]
    ingress_qos_map: Vec<(u8, u32)>,
    /// A sent packet's priority and the tag's (repeatable)
    #[arg(long, value_name = "FROM:TO", value_parser = value::mapping::<u32, u8>)]
    egress_qos_map: Vec<(u32, u8)>,
}

impl VlanArgs {
    /// Returns the VLAN; `None` without an id.
    pub(super) fn options(&self) -> Done<Option<VlanOptions>> {
        let Some(id) = self.vlan_id else { return Ok(None) };
        let mut vlan = VlanOptions::new(id)?;
        set!(
            vlan,
            protocol = self.vlan_protocol,
            reorder_hdr = self.reorder_hdr,
            gvrp = self.gvrp,
            mvrp = self.mvrp,
            loose_binding = self.loose_binding,
            bridge_binding = self.bridge_binding,
        );
        for (tag, inside) in &self.ingress_qos_map {
            vlan = vlan.ingress_qos(*tag, *inside)?;
        }
        for (inside, tag) in &self.egress_qos_map {
            vlan = vlan.egress_qos(*inside, *tag)?;
        }
        Ok(Some(vlan))
    }
}
