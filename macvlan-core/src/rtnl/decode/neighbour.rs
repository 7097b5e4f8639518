//! Decodes neighbour entries, after their `struct ndmsg`.

use nix::libc::{NDA_DST, NDA_LLADDR};

use crate::netlink::attributes::{attributes, u16_of, u32_of};
use crate::rtnl::decode::{ip_of, mac_of};
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
