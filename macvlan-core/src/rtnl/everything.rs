//! The decoder laid open for the fuzzer, with the feature `fault-injection`.

use crate::netlink::ack;
use crate::rtnl::decode;

/// Reads bytes as what a netlink socket has received, every message as everything that it might be;
/// how many messages there were.
pub fn decode_everything(bytes: &[u8]) -> usize {
    let mut messages = 0;
    for reply in ack::replies(bytes) {
        messages += 1;
        let _ = (reply.verdict(), reply.end_of_dump(), reply.dump_was_interrupted());
        let payload = reply.payload;
        let _ = decode::link(payload);
        let _ = decode::address(payload);
        let _ = decode::route(payload);
        let _ = decode::default_route(payload, &[true, false]);
        let _ = decode::rule(payload);
        let _ = decode::neighbour(payload);
        let _ = decode::netns_id(payload);
        let _ = decode::rate(payload);
        let _ = decode::event(reply.kind, payload);
    }
    messages
}
