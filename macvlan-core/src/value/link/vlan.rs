//! The options of a VLAN link.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::value::net::parse_number;
use crate::value::text::named;

/// The options of a VLAN link: an id, the protocol of the tag, flags and priority maps.
///
/// ```
/// use macvlan_core::{VlanOptions, VlanProtocol};
/// let vlan = VlanOptions::new(200)?.protocol(VlanProtocol::Dot1ad).egress_qos(0, 3)?;
/// assert!(VlanOptions::new(4095).is_err());
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct VlanOptions {
    id: u16,
    protocol: VlanProtocol,
    reorder_hdr: Option<bool>,
    gvrp: Option<bool>,
    loose_binding: Option<bool>,
    mvrp: Option<bool>,
    bridge_binding: Option<bool>,
    ingress_qos: Vec<(u8, u32)>,
    egress_qos: Vec<(u32, u8)>,
}

/// The protocol (EtherType) of a VLAN tag.
///
/// The numbers are the kernel's (`linux/if_ether.h`).
#[doc(alias = "IFLA_VLAN_PROTOCOL")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u16)]
pub enum VlanProtocol {
    /// 802.1Q, the customer tag (`0x8100`).
    #[default]
    #[doc(alias = "ETH_P_8021Q")]
    Dot1q = 0x8100,
    /// 802.1ad, the service tag of QinQ (`0x88a8`).
    #[doc(alias = "ETH_P_8021AD")]
    Dot1ad = 0x88a8,
}

named!(VlanProtocol, "VLAN protocol", [Dot1q = "802.1Q", Dot1ad = "802.1ad"]);

impl VlanProtocol {
    /// Returns the protocol for one of the kernel's numbers.
    pub fn from_kernel(number: u16) -> Option<Self> {
        [Self::Dot1q, Self::Dot1ad].into_iter().find(|protocol| *protocol as u16 == number)
    }
}

impl TryFrom<u16> for VlanOptions {
    type Error = Error;
    fn try_from(id: u16) -> Result<Self> {
        Self::new(id)
    }
}

impl FromStr for VlanOptions {
    type Err = Error;
    /// Parses an id, such as `100`, or [`VlanOptions::PRIORITY_TAGS`].
    fn from_str(id: &str) -> Result<Self> {
        let refuse = || {
            let why = format!("expected a number or {}", Self::PRIORITY_TAGS);
            Error::invalid(format!("use {id:?} as a VLAN id"), why)
        };
        match id {
            Self::PRIORITY_TAGS => Ok(Self::priority_tags()),
            _ => Self::new(parse_number(id).ok_or_else(refuse)?),
        }
    }
}

impl VlanOptions {
    /// The text form of the id 0; see [`VlanOptions::priority_tags`].
    pub const PRIORITY_TAGS: &str = "priority-tags";

    /// The maximum id; 4095 is reserved by the standard.
    pub const MAX_ID: u16 = 4094;

    /// Makes options with an id, 1 to 4094.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for any other id.
    #[doc(alias = "IFLA_VLAN_ID")]
    pub fn new(id: u16) -> Result<Self> {
        let refuse = |why| Err(Error::invalid(format!("use {id} as a VLAN id"), why));
        match id {
            0 => refuse("the id must be from 1 to 4094; the id 0 has the name priority-tags"),
            1..=Self::MAX_ID => Ok(Self::of(id)),
            _ => refuse("the id must be from 1 to 4094"),
        }
    }

    /// Makes options for frames with a priority and without a VLAN (id 0).
    pub fn priority_tags() -> Self {
        Self::of(0)
    }

    pub(crate) fn of(id: u16) -> Self {
        Self {
            id,
            protocol: VlanProtocol::Dot1q,
            reorder_hdr: None,
            gvrp: None,
            loose_binding: None,
            mvrp: None,
            bridge_binding: None,
            ingress_qos: Vec::new(),
            egress_qos: Vec::new(),
        }
    }

    /// Sets the protocol of the tag. Defaults to [`VlanProtocol::Dot1q`].
    #[doc(alias = "IFLA_VLAN_PROTOCOL")]
    pub fn protocol(mut self, protocol: VlanProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets whether the kernel removes the tag from frames it delivers. Defaults to true.
    #[doc(alias = "VLAN_FLAG_REORDER_HDR")]
    pub fn reorder_hdr(mut self, on: bool) -> Self {
        self.reorder_hdr = Some(on);
        self
    }

    /// Sets whether the VLAN is registered at the switch by GVRP. Defaults to false.
    #[doc(alias = "VLAN_FLAG_GVRP")]
    pub fn gvrp(mut self, on: bool) -> Self {
        self.gvrp = Some(on);
        self
    }

    /// Sets whether the VLAN is registered at the switch by MVRP. Defaults to false.
    #[doc(alias = "VLAN_FLAG_MVRP")]
    pub fn mvrp(mut self, on: bool) -> Self {
        self.mvrp = Some(on);
        self
    }

    /// Sets whether the link stays up when its parent goes down. Defaults to false.
    #[doc(alias = "VLAN_FLAG_LOOSE_BINDING")]
    pub fn loose_binding(mut self, on: bool) -> Self {
        self.loose_binding = Some(on);
        self
    }

    /// Sets whether the link's state follows that of the bridge ports in this VLAN.
    ///
    /// The parent must be a bridge.
    ///
    /// Defaults to false.
    #[doc(alias = "VLAN_FLAG_BRIDGE_BINDING")]
    pub fn bridge_binding(mut self, on: bool) -> Self {
        self.bridge_binding = Some(on);
        self
    }

    /// Maps the priority of a received tag, 0 to 7, to a packet priority.
    ///
    /// A later call for the same tag replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the tag's priority is above
    /// 7.
    #[doc(alias = "IFLA_VLAN_INGRESS_QOS")]
    #[doc(alias = "ingress-qos-map")]
    pub fn ingress_qos(mut self, tag: u8, inside: u32) -> Result<Self> {
        let tag = tag_priority(tag)?;
        self.ingress_qos.retain(|(other, _)| *other != tag);
        self.ingress_qos.push((tag, inside));
        Ok(self)
    }

    /// Maps a packet priority to the priority of a sent tag, 0 to 7.
    ///
    /// A later call for the same packet priority replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the tag's priority is above
    /// 7.
    #[doc(alias = "IFLA_VLAN_EGRESS_QOS")]
    #[doc(alias = "egress-qos-map")]
    pub fn egress_qos(mut self, inside: u32, tag: u8) -> Result<Self> {
        let tag = tag_priority(tag)?;
        self.egress_qos.retain(|(other, _)| *other != inside);
        self.egress_qos.push((inside, tag));
        Ok(self)
    }

    /// Returns the id.
    #[doc(alias = "IFLA_VLAN_ID")]
    pub fn get_id(&self) -> u16 {
        self.id
    }

    /// Returns the protocol of the tag.
    #[doc(alias = "IFLA_VLAN_PROTOCOL")]
    pub fn get_protocol(&self) -> VlanProtocol {
        self.protocol
    }

    /// Returns whether the kernel removes the tag from frames it delivers, if it was set.
    #[doc(alias = "VLAN_FLAG_REORDER_HDR")]
    pub fn get_reorder_hdr(&self) -> Option<bool> {
        self.reorder_hdr
    }

    /// Returns whether the VLAN is registered by GVRP, if it was set.
    #[doc(alias = "VLAN_FLAG_GVRP")]
    pub fn get_gvrp(&self) -> Option<bool> {
        self.gvrp
    }

    /// Returns whether the VLAN is registered by MVRP, if it was set.
    #[doc(alias = "VLAN_FLAG_MVRP")]
    pub fn get_mvrp(&self) -> Option<bool> {
        self.mvrp
    }

    /// Returns whether the link stays up when its parent goes down, if it was set.
    #[doc(alias = "VLAN_FLAG_LOOSE_BINDING")]
    pub fn get_loose_binding(&self) -> Option<bool> {
        self.loose_binding
    }

    /// Returns whether the link's state follows that of bridge ports, if it was set.
    #[doc(alias = "VLAN_FLAG_BRIDGE_BINDING")]
    pub fn get_bridge_binding(&self) -> Option<bool> {
        self.bridge_binding
    }

    /// Returns the ingress map: the priority of the tag and of the packet.
    #[doc(alias = "IFLA_VLAN_INGRESS_QOS")]
    pub fn get_ingress_qos(&self) -> &[(u8, u32)] {
        &self.ingress_qos
    }

    /// Returns the egress map: the priority of the packet and of the tag.
    #[doc(alias = "IFLA_VLAN_EGRESS_QOS")]
    pub fn get_egress_qos(&self) -> &[(u32, u8)] {
        &self.egress_qos
    }

    /// Formats the options as `ip link add … type vlan` takes them.
    pub(crate) fn describe(&self) -> String {
        let mut words = format!(" protocol {} id {}", self.protocol, self.id);
        let flags = [
            ("reorder_hdr", self.reorder_hdr),
            ("gvrp", self.gvrp),
            ("mvrp", self.mvrp),
            ("loose_binding", self.loose_binding),
            ("bridge_binding", self.bridge_binding),
        ];
        for (name, said) in flags {
            words.extend(said.map(|on| format!(" {name} {}", if on { "on" } else { "off" })));
        }
        if !self.ingress_qos.is_empty() {
            words.push_str(" ingress-qos-map");
            words.extend(self.ingress_qos.iter().map(|(from, to)| format!(" {from}:{to}")));
        }
        if !self.egress_qos.is_empty() {
            words.push_str(" egress-qos-map");
            words.extend(self.egress_qos.iter().map(|(from, to)| format!(" {from}:{to}")));
        }
        words
    }

    /// Returns the flags that are set, and a mask of these (`struct ifla_vlan_flags`).
    pub(crate) fn flags(&self) -> (u32, u32) {
        let said =
            [self.reorder_hdr, self.gvrp, self.loose_binding, self.mvrp, self.bridge_binding];
        said.iter().enumerate().fold((0, 0), |(flags, mask), (bit, said)| match said {
            None => (flags, mask),
            Some(on) => (flags | u32::from(*on) << bit, mask | 1 << bit),
        })
    }

    /// Sets every flag as the kernel reports it.
    pub(crate) fn with_flags(mut self, flags: u32) -> Self {
        let bit = |bit: u32| Some(flags >> bit & 1 == 1);
        self.reorder_hdr = bit(0);
        self.gvrp = bit(1);
        self.loose_binding = bit(2);
        self.mvrp = bit(3);
        self.bridge_binding = bit(4);
        self
    }

    pub(crate) fn with_qos(mut self, ingress: Vec<(u8, u32)>, egress: Vec<(u32, u8)>) -> Self {
        self.ingress_qos = ingress;
        self.egress_qos = egress;
        self
    }
}

fn tag_priority(priority: u8) -> Result<u8> {
    if priority > 7 {
        return Err(Error::invalid(
            format!("use {priority} as the priority of a tag"),
            "the priority must be from 0 to 7",
        ));
    }
    Ok(priority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_priorities_have_their_limits() {
        for id in [1, 2, 4094] {
            assert_eq!(VlanOptions::new(id).unwrap().get_id(), id);
        }
        for id in [0, 4095, 4096, u16::MAX] {
            assert!(VlanOptions::new(id).is_err());
        }
        assert_eq!(VlanOptions::priority_tags().get_id(), 0);
        assert_eq!("priority-tags".parse::<VlanOptions>().unwrap(), VlanOptions::priority_tags());
        assert_eq!("100".parse::<VlanOptions>().unwrap(), VlanOptions::of(100));
        for id in ["0", "4095", "0100", "", "65536", "Priority-tags"] {
            assert!(id.parse::<VlanOptions>().is_err(), "{id:?} was taken");
        }
        assert!(VlanOptions::of(1).ingress_qos(7, 0).is_ok());
        assert!(VlanOptions::of(1).ingress_qos(8, 0).is_err());
        assert!(VlanOptions::of(1).egress_qos(0, 8).is_err());
    }

    #[test]
    fn the_last_mapping_of_a_priority_counts() {
        let vlan = VlanOptions::of(1).ingress_qos(2, 3).unwrap().ingress_qos(2, 4).unwrap();
        let vlan = vlan.egress_qos(9, 1).unwrap().egress_qos(9, 0).unwrap();
        assert_eq!((vlan.get_ingress_qos(), vlan.get_egress_qos()), (&[(2, 4)][..], &[(9, 0)][..]));
    }

    #[test]
    fn the_mask_has_only_the_set_flags() {
        assert_eq!(VlanOptions::of(1).flags(), (0, 0));
        assert_eq!(VlanOptions::of(1).reorder_hdr(false).mvrp(true).flags(), (8, 9));
        assert_eq!(VlanOptions::of(1).with_flags(0b10110).flags(), (0b10110, 0b11111));
    }

    #[test]
    fn protocols_round_trip() {
        for (text, number) in [("802.1Q", 0x8100), ("802.1ad", 0x88a8)] {
            let protocol: VlanProtocol = text.parse().unwrap();
            assert_eq!(protocol.to_string(), text);
            assert_eq!(VlanProtocol::from_kernel(number), Some(protocol));
        }
    }
}
