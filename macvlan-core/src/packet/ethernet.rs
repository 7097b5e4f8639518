//! The Ethernet header.

use crate::value::mac::MacAddr;

/// The length of an Ethernet header without a VLAN tag.
pub(super) const ETHERNET: usize = 14;

/// Makes an Ethernet header.
pub(super) fn ethernet(to: [u8; 6], from: MacAddr, ethertype: u16) -> Vec<u8> {
    let mut frame = Vec::with_capacity(96);
    frame.extend(to);
    frame.extend(from.octets());
    frame.extend(ethertype.to_be_bytes());
    frame
}

/// Returns the payload of a frame with this EtherType.
pub(super) fn behind_ethernet(frame: &[u8], ethertype: u16) -> Option<&[u8]> {
    let (header, rest) = frame.split_first_chunk::<ETHERNET>()?;
    (header[12..] == ethertype.to_be_bytes()).then_some(rest)
}
