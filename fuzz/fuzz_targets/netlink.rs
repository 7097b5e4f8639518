//! Whatever a netlink socket may give: the decoder has to come to an end, without a panic, and with
//! no more memory than the input's order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use macvlan_fuzz::counted;

fuzz_target!(|bytes: &[u8]| {
    let (messages, most) = counted(|| macvlan_core::fuzz::netlink(bytes));
    assert!(messages <= bytes.len() / 16, "{messages} messages in {} bytes", bytes.len());
    // A next hop is 8 bytes for the kernel and 28 for us, and a vector doubles as it grows.
    assert!(most <= 64 * bytes.len() + 4096, "{most} bytes for {} bytes", bytes.len());
});
