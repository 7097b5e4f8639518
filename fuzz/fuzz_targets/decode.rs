//! Whatever a netlink socket may give: the decoder has to come to an end, without a panic, and with
//! no more memory than the input's order.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use libfuzzer_sys::fuzz_target;

/// Counts what is allocated now, and the most that was.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
        // SAFETY: as of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as of this call.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|bytes: &[u8]| {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let messages = macvlan_core::decode_everything(bytes);
    let most = MOST.load(Relaxed) - before;
    assert!(messages <= bytes.len() / 16, "{messages} messages in {} bytes", bytes.len());
    // A next hop is 8 bytes for the kernel and 28 for us, and a vector doubles as it grows.
    assert!(most <= 64 * bytes.len() + 4096, "{most} bytes for {} bytes", bytes.len());
});
