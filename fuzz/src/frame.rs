//! Any frame from a packet socket: ARP and neighbour discovery are read without a panic and without
//! an allocation that grows with the frame, and report only a MAC address that is in the frame.

use super::counting::counted;

/// The positions of an IPv6 packet, its `ICMPv6` message, and the message's checksum in a frame.
const IPV6: usize = 14;
const ICMPV6: usize = IPV6 + 40;
const CHECKSUM: usize = ICMPV6 + 2;

/// Sets the right checksum of an `ICMPv6` message, which mutation would not find.
fn correct_checksum(frame: &mut [u8]) {
    if frame.len() < CHECKSUM + 2 {
        return;
    }
    let length = usize::from(u16::from_be_bytes([frame[IPV6 + 4], frame[IPV6 + 5]]));
    let Some(message) = frame.get_mut(ICMPV6..ICMPV6 + length).filter(|all| all.len() >= 4) else {
        return;
    };
    message[2..4].fill(0);
    let addressed = &frame[IPV6 + 8..ICMPV6 + length];
    let words = addressed
        .chunks(2)
        .map(|two| u64::from(two[0]) << 8 | two.get(1).map_or(0, |low| u64::from(*low)));
    // 58 is the protocol's number.
    let mut sum = words.sum::<u64>() + length as u64 + 58;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let sum = u16::try_from(sum).expect("the carries are added");
    frame[CHECKSUM..CHECKSUM + 2].copy_from_slice(&(!sum).to_be_bytes());
}

pub fn check(bytes: &[u8]) {
    let mut frame = bytes.to_vec();
    correct_checksum(&mut frame);
    for frame in [bytes, &frame] {
        let (claim, most) = counted(|| macvlan_core::internals::frame(frame));
        if let Some((_, mac)) = claim {
            assert!(frame.windows(6).any(|six| six == mac.octets()), "{mac} is not in the frame");
        }
        assert!(most <= 1024, "{most} bytes for {} bytes", frame.len());
    }
}
