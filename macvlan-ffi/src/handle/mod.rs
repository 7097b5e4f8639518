//! `macvlan_handle`: the commands of `ip` in one namespace.

pub mod addresses;
pub mod link;
pub mod links;
pub mod netns;
pub mod promisc;
pub mod routes;
pub mod visible;
pub mod watch;

use std::ffi::{c_char, c_int};

use macvlan_core::Handle;

use crate::base::boundary::{boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::handle::netns::{Namespace, macvlan_netns};
use crate::handle::promisc::macvlan_promisc;
use crate::handle::watch::{Watching, macvlan_watch};

/// The links, addresses and routes of one network namespace. Each function corresponds to a command
/// of `ip`, which its comment names. Freed with macvlan_handle_free().
///
/// Links are given by name ("eth0"), by alternative name, or by "#" and the index, which
/// macvlan_link_text() writes.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_handle {
    _opaque: (),
}
object!(macvlan_handle, Handle);

/// Opens a handle on the calling thread's network namespace. The caller frees it with
/// macvlan_handle_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_open(
    handle: *mut *mut macvlan_handle,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let handle = out!(handle);
        give(handle, Handle::open()?);
    })
}

/// Opens a handle on a namespace. The caller frees it with macvlan_handle_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_open_in_netns(
    netns: *const macvlan_netns,
    handle: *mut *mut macvlan_handle,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let handle = out!(handle);
        give(handle, Handle::in_netns(&shared!(netns).netns)?);
    })
}

/// Makes a handle on the namespace itself, which the caller frees with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_netns(
    handle: *const macvlan_handle,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(shared!(handle).netns().clone()));
    })
}

/// Holds a link promiscuous until the caller frees the guard with macvlan_promisc_free(), or the
/// process ends. The kernel counts the holders, so others are not affected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_hold_promisc(
    handle: *const macvlan_handle,
    link: *const c_char,
    promisc: *mut *mut macvlan_promisc,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let promisc = out!(promisc);
        give(promisc, shared!(handle).hold_promisc(text!(link))?);
    })
}

/// Watches links, addresses and routes from now on, like `ip monitor link address route`. The
/// caller frees the watch with macvlan_watch_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_watch(
    handle: *const macvlan_handle,
    watch: *mut *mut macvlan_watch,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let watch = out!(watch);
        give(watch, Watching(shared!(handle).watch()?));
    })
}

/// Frees a handle. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_free(handle: *mut macvlan_handle) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(handle) }
}
