//! `macvlan_vlan_options`: the options of a VLAN.

use macvlan_core::{VlanOptions, VlanProtocol};

use crate::base::input::Input;
use crate::base::kernel::vlan_protocol;
use crate::base::object::array;
use crate::base::optional::{Bool, macvlan_opt_bool};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::view::{Arena, Output};

/// The protocol of a VLAN's tag: the EtherTypes ETH_P_8021Q and ETH_P_8021AD.
#[repr(C)]
pub enum macvlan_vlan_protocol {
    /// The customer tag.
    MACVLAN_VLAN_PROTOCOL_8021Q = 0x8100,
    /// The service tag of QinQ.
    MACVLAN_VLAN_PROTOCOL_8021AD = 0x88a8,
}

const _: () = assert!(
    macvlan_vlan_protocol::MACVLAN_VLAN_PROTOCOL_8021Q as u16 == VlanProtocol::Dot1q as u16
        && macvlan_vlan_protocol::MACVLAN_VLAN_PROTOCOL_8021AD as u16
            == VlanProtocol::Dot1ad as u16
);

/// An entry of a VLAN's priority maps.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_vlan_qos {
    /// The priority in the kernel (skb->priority).
    pub priority: u32,
    /// The priority in the tag, 0 to 7 (PCP).
    pub pcp: u32,
}

/// The options of a VLAN. A flag that is not set has the kernel's default, or stays as it is if a
/// VLAN is changed; the flags of a link that was read are all set.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_vlan_options {
    /// The size of the struct.
    pub size: usize,
    /// The id, 1 to 4094; 0 with priority_tags.
    pub id: u16,
    /// The protocol of the tag: one of enum macvlan_vlan_protocol. Defaults to 802.1Q.
    pub protocol: u16,
    /// True if the frames have a priority and no VLAN (id 0).
    pub priority_tags: Bool,
    /// True if the tag is removed from received frames (REORDER_HDR). Defaults to true.
    pub reorder_hdr: macvlan_opt_bool,
    /// True if the VLAN is registered with the switch by GVRP. Defaults to false.
    pub gvrp: macvlan_opt_bool,
    /// True if the VLAN is registered with the switch by MVRP. Defaults to false.
    pub mvrp: macvlan_opt_bool,
    /// True if the link stays up when its parent goes down (loose binding). Defaults to false.
    pub loose_binding: macvlan_opt_bool,
    /// True if the link's state follows the bridge ports in this VLAN (bridge binding); the parent
    /// is then a bridge. Defaults to false.
    pub bridge_binding: macvlan_opt_bool,
    /// The map for received frames, from the tag's priority to the kernel's.
    pub ingress_qos: *const macvlan_vlan_qos,
    /// The number of its entries.
    pub ingress_qos_count: usize,
    /// The map for sent frames, from the kernel's priority to the tag's.
    pub egress_qos: *const macvlan_vlan_qos,
    /// The number of its entries.
    pub egress_qos_count: usize,
}
record!(macvlan_vlan_options);

/// A tag's priority; one that is too large for a byte is refused like 255.
fn pcp(entry: macvlan_vlan_qos) -> u8 {
    u8::try_from(entry.pcp).unwrap_or(u8::MAX)
}

impl Input for macvlan_vlan_options {
    type Value = VlanOptions;

    unsafe fn value(&self, argument: &str) -> Result<VlanOptions, Failure> {
        let vlan = if self.priority_tags != 0 && self.id == 0 {
            VlanOptions::priority_tags()
        } else {
            VlanOptions::new(self.id)?
        };
        let mut vlan = vlan.protocol(vlan_protocol(self.protocol)?);
        let mut set = |flag: macvlan_opt_bool, setter: fn(VlanOptions, bool) -> VlanOptions| {
            if let Some(on) = flag.get() {
                vlan = setter(vlan.clone(), on);
            }
        };
        set(self.reorder_hdr, VlanOptions::reorder_hdr);
        set(self.gvrp, VlanOptions::gvrp);
        set(self.mvrp, VlanOptions::mvrp);
        set(self.loose_binding, VlanOptions::loose_binding);
        set(self.bridge_binding, VlanOptions::bridge_binding);
        let entries = |map: *const macvlan_vlan_qos, count, name| {
            // SAFETY: guaranteed by the caller.
            unsafe { array(map.cast_mut(), count, &format!("{argument}.{name}")) }
        };
        for entry in entries(self.ingress_qos, self.ingress_qos_count, "ingress_qos")? {
            vlan = vlan.ingress_qos(pcp(*entry), entry.priority)?;
        }
        for entry in entries(self.egress_qos, self.egress_qos_count, "egress_qos")? {
            vlan = vlan.egress_qos(entry.priority, pcp(*entry))?;
        }
        Ok(vlan)
    }
}

impl Output for VlanOptions {
    type Record = macvlan_vlan_options;

    fn record(&self, arena: &mut Arena) -> macvlan_vlan_options {
        let entry = |priority, pcp: u8| macvlan_vlan_qos { priority, pcp: pcp.into() };
        let ingress = self.get_ingress_qos().iter().map(|(pcp, inside)| entry(*inside, *pcp));
        let egress = self.get_egress_qos().iter().map(|(inside, pcp)| entry(*inside, *pcp));
        let (ingress_qos, ingress_qos_count) = arena.array(ingress.collect());
        let (egress_qos, egress_qos_count) = arena.array(egress.collect());
        macvlan_vlan_options {
            id: self.get_id(),
            protocol: self.get_protocol() as u16,
            priority_tags: (self.get_id() == 0).into(),
            reorder_hdr: self.get_reorder_hdr().into(),
            gvrp: self.get_gvrp().into(),
            mvrp: self.get_mvrp().into(),
            loose_binding: self.get_loose_binding().into(),
            bridge_binding: self.get_bridge_binding().into(),
            ingress_qos,
            ingress_qos_count,
            egress_qos,
            egress_qos_count,
            ..macvlan_vlan_options::new()
        }
    }
}
