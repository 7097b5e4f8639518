//! `macvlan_announcement`: announcements of an attachment's addresses.

use std::ffi::c_int;

use macvlan_core::Announcement;

use crate::base::boundary::{boundary, free};
use crate::base::input::input;
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::attachment::macvlan_attachment;

/// Announcements of an attachment's addresses, to be sent by the caller: none is sent before
/// macvlan_announcement_run() or macvlan_announcement_send(). Freed with
/// macvlan_announcement_free().
///
/// Threads: immutable, so any number of threads may use it at once, until one frees it.
pub struct macvlan_announcement {
    _opaque: (),
}
object!(macvlan_announcement, Announcement);

/// Makes announcements of an attachment's addresses. The caller frees them with
/// macvlan_announcement_free(). They do not refer to the attachment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_announce(
    attachment: *const macvlan_attachment,
    announce: *const macvlan_announce,
    announcement: *mut *mut macvlan_announcement,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announcement = out!(announcement);
        let attachment = &shared!(attachment).value;
        give(announcement, attachment.announce(input!(announce))?);
    })
}

/// Sends all announcements and returns after the last one. Ends early if the link no longer exists.
///
/// `frames`, which can be NULL, is set to the number of frames sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_run(
    announcement: *const macvlan_announcement,
    frames: *mut usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let sent = shared!(announcement).run()?;
        if !frames.is_null() {
            // SAFETY: it is not null, and the header requires that a number can be put there.
            unsafe { frames.write(sent) };
        }
    })
}

/// Announces each address once, now. Skips addresses that the link no longer has or that the kernel
/// is still checking.
///
/// `frames` is as in macvlan_announcement_run().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_send(
    announcement: *const macvlan_announcement,
    frames: *mut usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let sent = shared!(announcement).send()?;
        if !frames.is_null() {
            // SAFETY: it is not null, and the header requires that a number can be put there.
            unsafe { frames.write(sent) };
        }
    })
}

/// Frees it. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_free(announcement: *mut macvlan_announcement) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(announcement) }
}
