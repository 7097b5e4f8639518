//! `macvlan_announce`: announcements of addresses.

use std::ffi::c_int;
use std::time::Duration;

use macvlan_core::Announce;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::milliseconds;

/// The settings of announcements of addresses to the neighbours: a value, for
/// macvlan_endpoint_set_announce() and macvlan_attachment_announce(). They are sent as gratuitous
/// ARP and unsolicited neighbour advertisements. Freed with macvlan_announce_free().
///
/// A neighbour that has an entry for a previous holder of the address then updates it at once,
/// instead of when it expires, which takes up to half an hour.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_announce {
    _opaque: (),
}
object!(macvlan_announce, Announce);

/// Makes announcements that are sent once, by the kernel when it starts to use the address. This is
/// enough on a LAN without frame loss. The caller frees it with macvlan_announce_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_once(
    announce: *mut *mut macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(announce), Announce::once());
    })
}

/// Makes announcements as in RFC 5227: two, two seconds apart. The caller frees it with
/// macvlan_announce_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_rfc(
    announce: *mut *mut macvlan_announce,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(announce), Announce::rfc());
    })
}

/// Sets the number of announcements (ANNOUNCE_NUM), at least 1.
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

/// Sets the time between announcements in milliseconds (ANNOUNCE_INTERVAL).
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

/// Sets whether attach waits until all announcements are sent. Defaults to false.
///
/// Attach then sends only the first one, and macvlan_announcement_run(), on a thread of the
/// caller's choice, sends the others: the library starts none.
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

/// Returns the number of announcements; 0 if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_count(announce: *const macvlan_announce) -> u32 {
    answer(0, || Ok(shared!(announce).get_count()))
}

/// Returns the time between announcements in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_interval(announce: *const macvlan_announce) -> u32 {
    answer(0, || Ok(milliseconds(shared!(announce).get_interval())))
}

/// Returns whether attach waits until all announcements are sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_is_blocking(announce: *const macvlan_announce) -> bool {
    answer(false, || Ok(shared!(announce).get_blocking()))
}

/// Frees it. NULL is ignored. Endpoints that it was set on have a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announce_free(announce: *mut macvlan_announce) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(announce) }
}
