//! Addresses, behind their `struct ifaddrmsg`.

use std::net::IpAddr;

use ipnet::IpNet;
use nix::libc::{IFA_ADDRESS, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_LABEL, IFA_LOCAL};

use crate::netlink::attributes::{attributes, text_of, u32_of};
use crate::rtnl::decode::ip_of;
use crate::rtnl::uapi::IFA_PROTO;
use crate::value::address::{Address, AddressInfo, DuplicateDetection};
use crate::value::scope::Scope;

/// Returns the time at which an address was added, after its `struct ifaddrmsg`: in hundredths of a
/// second of the kernel's monotonic clock, wrapping.
pub(crate) fn address_added(payload: &[u8]) -> Option<u32> {
    let (_, value) = attributes(payload.get(8..)?).find(|(kind, _)| *kind == IFA_CACHEINFO)?;
    // struct ifa_cacheinfo: preferred, valid, created, updated.
    u32_of(value.get(8..)?)
}

/// Decodes an address, after its `struct ifaddrmsg`.
pub(crate) fn address(payload: &[u8]) -> Option<AddressInfo> {
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let prefix_len = header[1];
    let mut flags = u32::from(header[2]);
    let (mut local, mut peer, mut label, mut broadcast) = (None, None, None, None);
    let mut protocol = None;
    for (kind, value) in attributes(rest) {
        match kind {
            IFA_LOCAL => local = ip_of(value),
            IFA_ADDRESS => peer = ip_of(value),
            IFA_LABEL => label = Some(text_of(value)),
            IFA_BROADCAST => broadcast = ip_of(value),
            IFA_FLAGS => flags = u32_of(value).unwrap_or(flags),
            IFA_PROTO => protocol = value.first().copied(),
            _ => {}
        }
    }
    // IPv6 omits IFA_LOCAL unless there is a peer.
    let net = IpNet::new(local.or(peer)?, prefix_len).ok()?;
    let mut address = Address::from_kernel(net);
    if flags & nix::libc::IFA_F_OPTIMISTIC != 0 {
        address = address.with_detection(DuplicateDetection::Optimistic);
    } else if flags & nix::libc::IFA_F_NODAD != 0 {
        address = address.with_detection(DuplicateDetection::Skip);
    }
    Some(AddressInfo {
        address,
        link: u32_of(&header[4..])?,
        scope: Scope::from(header[3]),
        label,
        broadcast: match broadcast {
            Some(IpAddr::V4(ip)) => Some(ip),
            _ => None,
        },
        flags,
        protocol,
    })
}
