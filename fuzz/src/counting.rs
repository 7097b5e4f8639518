//! An allocator that counts what the current thread has allocated.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

/// No thread frees more of what others have allocated.
const BEGIN: usize = usize::MAX / 2;

thread_local! {
    /// The bytes that this thread has allocated and not freed, more than [`BEGIN`].
    static NOW: Cell<usize> = const { Cell::new(BEGIN) };
    static MOST: Cell<usize> = const { Cell::new(BEGIN) };
}

// SAFETY: every call is forwarded unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        NOW.set(NOW.get() + layout.size());
        MOST.set(MOST.get().max(NOW.get()));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.set(NOW.get() - layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls a function. Returns its result, and the maximum number of bytes allocated during the call.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    MOST.set(before);
    let result = work();
    (result, MOST.get() - before)
}
