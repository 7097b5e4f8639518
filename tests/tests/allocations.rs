//! The allocations of an attach, which do not grow with the number of links. Alone in its process,
//! so that only these allocations are counted.
#![deny(dead_code)]
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Lab, Outcome};

/// The system's allocator, which counts.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static BLOCKS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn count(bytes: usize) {
    BLOCKS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

fn counted() -> (u64, u64) {
    (BLOCKS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

// SAFETY: each function is the system's, and counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// More than the actual number, and less than a mistake would cause.
const AT_MOST: u64 = 120;

/// Returns the number of blocks and bytes of an attach, from opening the namespace on.
fn of_an_attach(lab: &Lab, netns: &NetNs) -> Outcome<(u64, u64)> {
    let endpoint = Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.1".parse()?);
    let before = counted();
    let attachment = lab.a.host.attach(&endpoint, &NetNs::from_fd(netns)?)?;
    let after = counted();
    drop(attachment);
    Ok((after.0 - before.0, after.1 - before.1))
}

fn an_attach_allocates_the_same_however_many_links_there_are() -> Outcome {
    let lab = Lab::new()?;
    of_an_attach(&lab, &NetNs::anonymous()?)?;
    let alone = of_an_attach(&lab, &NetNs::anonymous()?)?;
    assert!(alone.0 > 0 && alone.0 <= AT_MOST, "{alone:?}");

    let (crowd, full) = (NetNs::anonymous()?, NetNs::anonymous()?);
    for number in 0..200 {
        let link = Endpoint::new(format!("mv{number}"), "ens33")?.lo_up(false);
        lab.a.host.attach(&link, &crowd)?;
        if number < 50 {
            lab.a.host.attach(&link, &full)?;
        }
    }
    assert_eq!(of_an_attach(&lab, &NetNs::anonymous()?)?, alone, "with siblings on the parent");
    assert_eq!(of_an_attach(&lab, &full)?, alone, "with other links in the container");
    Ok(())
}

macvlan_tests::tests! { same_on_every_kernel: an_attach_allocates_the_same_however_many_links_there_are }
macvlan_tests::main! {}
