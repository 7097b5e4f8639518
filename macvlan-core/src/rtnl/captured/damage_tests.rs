//! Damaged replies of the kernel cause neither panics nor endless loops.

use netlink_packet_route::RouteNetlinkMessage;

use super::Captured;
use crate::netlink::{Batch, Request, ack};
use crate::rtnl::decode;

/// All captured replies.
const FILES: [&str; 11] = [
    include_str!("links.txt"),
    include_str!("vlans.txt"),
    include_str!("addresses.txt"),
    include_str!("routes-v4.txt"),
    include_str!("routes-v6.txt"),
    include_str!("neighbours.txt"),
    include_str!("rules.txt"),
    include_str!("netns-ids.txt"),
    include_str!("verdicts.txt"),
    include_str!("batches.txt"),
    include_str!("listings.txt"),
];

/// Returns each prefix, and the bytes with one of them changed in ways that are likely to do harm:
/// zero, one, all ones, each bit flipped.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let prefixes = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let changes = (0..bytes.len()).flat_map(|at| {
        let byte = bytes[at];
        let flipped = (0..8).map(move |bit| byte ^ 1 << bit);
        [0, 1, 0xff].into_iter().chain(flipped).map(move |to| (at, to))
    });
    prefixes.chain(changes.map(|(at, to)| {
        let mut copy = bytes.to_vec();
        copy[at] = to;
        copy
    }))
}

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
    for file in FILES {
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
