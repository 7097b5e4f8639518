//! The Ethernet header.

use crate::value::mac::MacAddr;

/// Length of an Ethernet header without a tag.
pub(super) const ETHERNET: usize = 14;

/// An Ethernet header.
pub(super) fn ethernet(to: [u8; 6], from: MacAddr, ethertype: u16) -> Vec<u8> {
    let mut frame = Vec::with_capacity(96);
    frame.extend(to);
    frame.extend(from.octets());
    frame.extend(ethertype.to_be_bytes());
    frame
}

/// What is behind the Ethernet header, if that has this type.
pub(super) fn behind_ethernet(frame: &[u8], ethertype: u16) -> Option<&[u8]> {
    let (header, rest) = frame.split_first_chunk::<ETHERNET>()?;
    (header[12..] == ethertype.to_be_bytes()).then_some(rest)
}
