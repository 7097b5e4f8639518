//! Any data from a netlink socket: the decoder has to finish without a panic, with memory
//! proportional to the input.

use super::counting::counted;

pub fn check(bytes: &[u8]) {
    let (messages, most) = counted(|| macvlan_core::internals::netlink(bytes));
    assert!(messages <= bytes.len() / 16, "{messages} messages in {} bytes", bytes.len());
    // A next hop has 8 bytes in the kernel and 28 in the library, and a vector doubles as it grows.
    assert!(most <= 64 * bytes.len() + 4096, "{most} bytes for {} bytes", bytes.len());
}
