//! The decoders of untrusted input for the fuzzers, and the encoder and a decoder for the
//! benchmarks. Only with `--cfg macvlan_internals`, which is not a feature, so that no other crate
//! can enable it, and in this crate's own tests.

use std::net::IpAddr;

use nix::libc::RTPROT_BOOT;

use crate::error::Result;
use crate::netlink::{Batch, ack};
use crate::netns::visible::mounted;
use crate::packet;
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::link::Link;
use crate::value::mac::MacAddr;
use crate::value::route::Route;

/// Decodes bytes received from a netlink socket, each message as every type; returns the number of
/// messages.
pub fn netlink(bytes: &[u8]) -> usize {
    let mut messages = 0;
    for reply in ack::replies(bytes) {
        messages += 1;
        let _ = (reply.verdict(), reply.end_of_dump(), reply.dump_was_interrupted());
        let payload = reply.payload;
        let _ = decode::link_index(payload);
        let _ = decode::link(payload);
        let _ = decode::address(payload);
        let _ = decode::raw_address(payload);
        let _ = decode::route(payload);
        let _ = decode::local_route(payload);
        let _ = decode::default_route(payload, &[true, false]);
        let _ = decode::rule(payload);
        let _ = decode::neighbour(payload);
        let _ = decode::filtered_mac(payload, 2);
        let _ = decode::netns_id(payload);
        let _ = decode::rate(payload);
        let _ = decode::event(reply.kind, payload);
    }
    messages
}

/// Decodes a frame received from a packet socket; returns the sender's addresses.
pub fn frame(bytes: &[u8]) -> Option<(IpAddr, MacAddr)> {
    packet::claim(bytes, MacAddr::as_is([2, 0, 0, 0, 0, 1]))
}

/// Parses `/proc/PID/mountinfo`; returns the length of each mount point of a network namespace.
pub fn mountinfo(bytes: &[u8]) -> Vec<usize> {
    mounted(bytes).map(|(_, point)| point.as_os_str().len()).collect()
}

/// Encodes the three batches of an attach (the link, its addresses and routes, `lo`); returns their
/// length in bytes.
///
/// # Errors
///
/// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if an IPv6 route has an IPv4
/// gateway.
pub fn encode_attach(link: &Link, addresses: &[Address], routes: &[Route]) -> Result<usize> {
    let (parent, index, loopback) = (2, 0x1_0000, 1);
    let (mut outside, mut inside, mut last) = (Batch::new(), Batch::new(), Batch::new());
    outside.push(encode::create_link(link, Some(parent)));
    for address in addresses {
        inside.push(encode::add_address(index, address));
    }
    for route in routes {
        inside.push(encode::add_route(route, Some(index), RTPROT_BOOT)?);
    }
    last.push(encode::set_link(loopback, &LinkChange::Up(true)));
    Ok([outside, inside, last].iter().map(|batch| batch.bytes().len()).sum())
}

/// Decodes bytes received from a netlink socket as a list of links; returns their number.
pub fn decode_links(bytes: &[u8]) -> usize {
    ack::replies(bytes).filter_map(|reply| decode::link(reply.payload)).count()
}
