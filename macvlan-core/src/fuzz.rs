//! The decoders of untrusted input, exposed to the fuzzers by the feature `fault-injection`.

use std::net::IpAddr;

use crate::netlink::ack;
use crate::netns::visible::mounted;
use crate::packet;
use crate::rtnl::decode;
use crate::value::mac::MacAddr;

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
