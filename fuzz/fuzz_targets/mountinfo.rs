//! Any contents of `/proc/PID/mountinfo`: mount points are names that users choose.
#![no_main]

use libfuzzer_sys::fuzz_target;
use macvlan_core::internals::mountinfo;

fuzz_target!(|bytes: &[u8]| {
    let points = mountinfo(bytes);
    // At most one per line, and no longer than the line, because an escape becomes shorter.
    assert!(points.len() <= bytes.split(|byte| *byte == b'\n').count());
    assert!(points.iter().sum::<usize>() <= bytes.len());
});
