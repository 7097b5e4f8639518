//! Any contents of `/proc/PID/mountinfo`: mount points are names that users choose.

use macvlan_core::internals::mountinfo;

pub fn check(bytes: &[u8]) {
    let points = mountinfo(bytes);
    // At most one per line, and no longer than the line, because an escape becomes shorter.
    assert!(points.len() <= bytes.split(|byte| *byte == b'\n').count());
    assert!(points.iter().sum::<usize>() <= bytes.len());
}
