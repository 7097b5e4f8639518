//! Decodes neighbour entries, after their `struct ndmsg`.

use nix::libc::{AF_BRIDGE, NDA_DST, NDA_LLADDR, NTF_SELF};

use crate::netlink::attributes::{attributes, u16_of, u32_of};
use crate::rtnl::decode::{ip_of, mac_of};
use crate::value::mac::MacAddr;
use crate::value::neighbour::NeighbourInfo;

/// Decodes a neighbour entry, after its `struct ndmsg`; `None` for entries of bridges.
pub(crate) fn neighbour(payload: &[u8]) -> Option<NeighbourInfo> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let (mut ip, mut mac) = (None, None);
    for (kind, value) in attributes(rest) {
        match kind {
            NDA_DST => ip = ip_of(value),
            NDA_LLADDR => mac = mac_of(value),
            _ => {}
        }
    }
    let state = u16_of(&header[8..])?.into();
    Some(NeighbourInfo { ip: ip?, mac, link: u32_of(&header[4..])?, state })
}

/// Decodes a unicast address of a link's own filter list; `None` for entries of other links and of
/// bridges.
pub(crate) fn filtered_mac(payload: &[u8], link: u32) -> Option<MacAddr> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let is_its = i32::from(header[0]) == AF_BRIDGE
        && header[10] & NTF_SELF != 0
        && u32_of(&header[4..])? == link;
    let (_, value) = attributes(rest).find(|(kind, _)| is_its && *kind == NDA_LLADDR)?;
    mac_of(value)
}
