//! The fuzzers of this crate without libFuzzer: they decode their seeds, and damaged ones.

use macvlan_tests::damaged;

use crate::netlink::ack;
use crate::rtnl::captured::{Captured, REPLIES};

#[path = "../../fuzz/src/counting.rs"]
mod counting;
#[allow(unreachable_pub)]
#[path = "../../fuzz/src/frame.rs"]
mod frame;
#[allow(unreachable_pub)]
#[path = "../../fuzz/src/mountinfo.rs"]
mod mountinfo;
#[allow(unreachable_pub)]
#[path = "../../fuzz/src/netlink.rs"]
mod netlink;

/// Each captured reply, as it is, and with every seventh of the damages: all positions, and some of
/// the changes of each. The messages of a long one are damaged one by one.
#[test]
fn netlink() {
    let mut inputs = 0;
    for file in REPLIES {
        for (_, bytes) in Captured::read(file).take_all() {
            netlink::check(&bytes);
            let mut rest = &bytes[..];
            while let Some(length) = rest.first_chunk().map(|length| u32::from_ne_bytes(*length)) {
                let (message, following) = rest.split_at((length as usize).next_multiple_of(4));
                assert_eq!(ack::replies(message).count(), 1);
                for damaged in damaged(message).step_by(7) {
                    netlink::check(&damaged);
                    inputs += 1;
                }
                rest = following;
            }
        }
    }
    assert!(inputs > 5000, "{inputs}");
}

#[test]
fn frame() {
    let mut claims = 0;
    for (_, bytes) in Captured::read(include_str!("../../fuzz/seeds/frame.txt")).take_all() {
        claims += usize::from(crate::internals::frame(&bytes).is_some());
        frame::check(&bytes);
        damaged(&bytes).for_each(|bytes| frame::check(&bytes));
    }
    assert_eq!(claims, 8, "all but the neighbour solicitation");
}

#[test]
fn mountinfo() {
    let seed = include_bytes!("../../fuzz/seeds/mountinfo.txt");
    assert_eq!(crate::internals::mountinfo(seed).len(), 2);
    mountinfo::check(seed);
    damaged(seed).for_each(|bytes| mountinfo::check(&bytes));
}
