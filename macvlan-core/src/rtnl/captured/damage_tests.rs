//! Damaged replies of the kernel cause neither panics nor endless loops.

use macvlan_tests::damaged;
use netlink_packet_route::RouteNetlinkMessage;

use super::{Captured, REPLIES};
use crate::netlink::{Batch, Request, ack};
use crate::rtnl::decode;

/// Counts the messages: each is at least a header long.
fn read_replies(bytes: &[u8]) {
    let most = bytes.len() / 16;
    let found = ack::replies(bytes)
        .take(most + 1)
        .inspect(|reply| {
            let _ = (reply.verdict(), reply.end_of_dump(), reply.dump_was_interrupted());
        })
        .count();
    assert!(found <= most, "{bytes:x?}");
}

fn read_payload(payload: &[u8]) {
    let _ = decode::link(payload);
    let _ = decode::address(payload);
    let _ = decode::route(payload);
    let _ = decode::neighbour(payload);
    let _ = decode::filtered_mac(payload, 2);
    let _ = decode::rule(payload);
    let _ = decode::netns_id(payload);
    if let Some(route) = decode::default_route(payload, &[true, false]) {
        Batch::new().push(Request::create(RouteNetlinkMessage::NewRoute(route)));
    }
}

#[test]
fn damage_does_no_harm() {
    for file in REPLIES {
        for (_, bytes) in Captured::read(file).take_all() {
            damaged(&bytes).for_each(|bytes| read_replies(&bytes));
            for reply in ack::replies(&bytes) {
                damaged(reply.payload).for_each(|payload| read_payload(&payload));
            }
        }
    }
}

#[test]
fn garbage_does_no_harm() {
    for length in 0..=64 {
        for byte in 0..=255 {
            let bytes = vec![byte; length];
            read_replies(&bytes);
            read_payload(&bytes);
        }
    }
    // Message lengths that are too small, up to the buffer's length, and absurd.
    for length in (0..40).chain([u32::MAX, u32::MAX - 3, 1 << 31]) {
        for kind in [2_u16, 3, 16] {
            for flags in [0_u16, 0x200, 0x300] {
                let mut bytes = [0xff; 36];
                bytes[..4].copy_from_slice(&length.to_ne_bytes());
                bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
                bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
                read_replies(&bytes);
            }
        }
    }
}
