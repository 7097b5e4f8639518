//! `macvlan_visible_namespaces`: which network namespaces exist, and the ways to each.

use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::ptr::null;

use libc::pid_t;
use macvlan_core::{NetNs, VisibleNetNs};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, give, nth, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::c_string;
use crate::handle::netns::{Namespace, macvlan_netns, put_id};

/// The network namespaces that exist, given by macvlan_netns_visible(). Freed with
/// macvlan_visible_namespaces_free(); all that it has belongs to it.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_visible_namespaces {
    _opaque: (),
}
object!(macvlan_visible_namespaces, Visible);

/// A network namespace and the ways that lead to it: a part of a macvlan_visible_namespaces, which
/// it is freed with.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_visible_netns {
    _opaque: (),
}
object!(macvlan_visible_netns, Found);

pub(crate) struct Visible {
    namespaces: Vec<Tagged<Found>>,
    unseen: Vec<CString>,
}

pub(crate) struct Found {
    netns: VisibleNetNs,
    names: Vec<CString>,
    paths: Vec<CString>,
}

impl From<VisibleNetNs> for Found {
    fn from(netns: VisibleNetNs) -> Self {
        let names = netns.names.iter().map(c_string).collect();
        let paths = c_paths(&netns.paths);
        Self { netns, names, paths }
    }
}

/// Paths as they are, which need not be UTF-8. None has a zero byte.
fn c_paths(paths: &[PathBuf]) -> Vec<CString> {
    let path = |path: &PathBuf| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    paths.iter().map(path).collect()
}

/// Lists the network namespaces that have a name, a thread inside, an open descriptor or a mount.
///
/// What cannot be read is left out, and macvlan_visible_namespaces_unseen() gives it. Processes that
/// /proc does not show, those of other PID namespaces above all, are not even there; nor is a
/// descriptor on its way through a socket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_visible(
    visible: *mut *mut macvlan_visible_namespaces,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let visible = out!(visible);
        let found = NetNs::visible();
        let namespaces =
            parts::<macvlan_visible_netns>(found.namespaces.into_iter().map(Found::from));
        give(visible, Visible { namespaces, unseen: c_paths(&found.unseen) });
    })
}

/// Returns how many namespaces there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_count(
    visible: *const macvlan_visible_namespaces,
) -> usize {
    answer(0, || Ok(shared!(visible).namespaces.len()))
}

/// Returns one of the namespaces, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_get(
    visible: *const macvlan_visible_namespaces,
    index: usize,
) -> *const macvlan_visible_netns {
    answer(null(), || Ok(nth(&shared!(visible).namespaces, index)))
}

/// Returns how many files and directories could not be looked at. There may be further namespaces
/// behind them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_unseen_count(
    visible: *const macvlan_visible_namespaces,
) -> usize {
    answer(0, || Ok(shared!(visible).unseen.len()))
}

/// Returns the path of one of them, counted from 0, such as "/proc/2084" for a process of another user.
/// NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_unseen(
    visible: *const macvlan_visible_namespaces,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(text_at(&shared!(visible).unseen, index)))
}

fn text_at(texts: &[CString], index: usize) -> *const c_char {
    texts.get(index).map_or(null(), |text| text.as_ptr())
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_free(visible: *mut macvlan_visible_namespaces) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(visible) }
}

/// Gives what identifies the namespace, as macvlan_netns_id() does. Both can be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_id(
    netns: *const macvlan_visible_netns,
    device: *mut u64,
    inode: *mut u64,
) {
    answer((), || {
        put_id(shared!(netns).netns.id, device, inode);
        Ok(())
    });
}

/// Returns one of its names, as `ip netns` lists them, counted from 0. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_name(
    netns: *const macvlan_visible_netns,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(text_at(&shared!(netns).names, index)))
}

/// Returns one of the processes whose main thread is in it, counted from 0. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_pid(
    netns: *const macvlan_visible_netns,
    index: usize,
) -> pid_t {
    answer(0, || {
        let pid = shared!(netns).netns.pids.get(index);
        Ok(pid.and_then(|pid| pid_t::try_from(*pid).ok()).unwrap_or(0))
    })
}

/// Returns one of the files that lead to it besides those, counted from 0: threads in another namespace
/// than their main thread ("/proc/2084/task/2085/ns/net"), open descriptors ("/proc/2084/fd/7"), and
/// mount points, which begin with "/proc/2084/root" if another mount namespace has them and need not
/// be UTF-8. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_path(
    netns: *const macvlan_visible_netns,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(text_at(&shared!(netns).paths, index)))
}

/// Opens the namespace by the first way that still leads to it; -ENOENT if none does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_open(
    netns: *const macvlan_visible_netns,
    handle: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let handle = out!(handle);
        give(handle, Namespace::new(shared!(netns).netns.open()?));
    })
}
