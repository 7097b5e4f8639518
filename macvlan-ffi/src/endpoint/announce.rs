//! `macvlan_announce`: how the neighbours are told of addresses.

use std::ffi::c_int;
use std::time::Duration;

use macvlan_core::Announce;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::milliseconds;

/// How the neighbours are told of addresses, by gratuitous ARP and unsolicited neighbour
/// advertisements: a value, for macvlan_endpoint_set_announce() and macvlan_attachment_announce().
/// Freed with macvlan_announce_free().
///
/// Whoever has talked to the address before, when it was somebody else's, learns its MAC address at
/// once and not when its own entry has grown old, which takes up to half an hour.
///
/// Threads: any number may look at it at once; whoever changes it needs it alone.
pub struct macvlan_announce {
    _opaque: (),
}
object!(macvlan_announce, Announce);

/// Once, by the kernel when it takes the address into use. On a LAN that loses no frames it is enough.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_once(
    announce: *mut *mut macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(announce), Announce::once());
    })
}

/// As RFC 5227 has it: twice, two seconds apart.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_rfc(
    announce: *mut *mut macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(announce), Announce::rfc());
    })
}

/// How many times (ANNOUNCE_NUM); 0 is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_set_count(
    announce: *mut macvlan_announce,
    count: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announce = exclusive!(announce);
        *announce = announce.count(count)?;
    })
}

/// How many milliseconds from one to the next (ANNOUNCE_INTERVAL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_set_interval(
    announce: *mut macvlan_announce,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announce = exclusive!(announce);
        *announce = announce.interval(Duration::from_millis(milliseconds.into()));
    })
}

/// Whether attaching is to take as long as all of them; no when not set. Attaching then sends the first
/// alone, and the others are sent by whoever calls macvlan_announcement_run(), on a thread of its
/// choice: the library starts none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_set_blocking(
    announce: *mut macvlan_announce,
    blocking: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announce = exclusive!(announce);
        *announce = announce.blocking(blocking);
    })
}

/// How many times; 0 if the object is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_count(announce: *const macvlan_announce) -> u32 {
    answer(0, || Ok(shared!(announce).get_count()))
}

/// How many milliseconds from one to the next.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_interval(announce: *const macvlan_announce) -> u32 {
    answer(0, || Ok(milliseconds(shared!(announce).get_interval())))
}

/// Whether attaching takes as long as all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_is_blocking(announce: *const macvlan_announce) -> bool {
    answer(false, || Ok(shared!(announce).is_blocking()))
}

/// Frees it; does nothing to NULL. What it was given to has a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_free(announce: *mut macvlan_announce) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(announce) }
}
