//! `macvlan_announcement`: an attachment's addresses, to be announced.

use std::ffi::c_int;

use macvlan_core::Announcement;

use crate::base::boundary::{boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::endpoint::announce::macvlan_announce;
use crate::endpoint::attachment::macvlan_attachment;

/// Announcements of an attachment's addresses, to be sent by whoever has the time: nothing is sent
/// before macvlan_announcement_run() or macvlan_announcement_send(). Freed with
/// macvlan_announcement_free().
///
/// Threads: it never changes, so any number may use it at once; it is freed when nobody does.
pub struct macvlan_announcement {
    _opaque: (),
}
object!(macvlan_announcement, Announcement);

/// Announcements of an attachment's addresses. They do not need the attachment any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_attachment_announce(
    attachment: *const macvlan_attachment,
    announce: *const macvlan_announce,
    announcement: *mut *mut macvlan_announcement,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let announcement = out!(announcement);
        let attachment = &shared!(attachment).attachment;
        give(announcement, attachment.announce(*shared!(announce))?);
    })
}

/// Sends all of them, and takes as long as that; `frames`, which can be NULL, tells how many frames
/// were sent. Ends early when the link is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_run(
    announcement: *const macvlan_announcement,
    frames: *mut usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let sent = shared!(announcement).run()?;
        if !frames.is_null() {
            // SAFETY: it is not null, and the header says that a number can be put there.
            unsafe { frames.write(sent) };
        }
    })
}

/// Announces each address once, now; `frames` is as in macvlan_announcement_run(). What the link does
/// not have any more, or the kernel is still checking, is left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_send(
    announcement: *const macvlan_announcement,
    frames: *mut usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let sent = shared!(announcement).send()?;
        if !frames.is_null() {
            // SAFETY: it is not null, and the header says that a number can be put there.
            unsafe { frames.write(sent) };
        }
    })
}

/// Frees it; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_announcement_free(announcement: *mut macvlan_announcement) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(announcement) }
}
