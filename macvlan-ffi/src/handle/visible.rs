//! `macvlan_visible_namespaces`: the network namespaces that exist, and the ways to open them.

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

/// The network namespaces that exist, from macvlan_netns_visible(). Freed with
/// macvlan_visible_namespaces_free(), with all its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_visible_namespaces {
    _opaque: (),
}
object!(macvlan_visible_namespaces, Visible);

/// A network namespace and the ways to open it: a part of a macvlan_visible_namespaces, with which
/// it is freed.
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

/// Converts paths unchanged; they need not be UTF-8, and have no zero byte.
fn c_paths(paths: &[PathBuf]) -> Vec<CString> {
    let path = |path: &PathBuf| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    paths.iter().map(path).collect()
}

/// Lists the network namespaces that have a name, a thread, an open descriptor or a mount. The
/// caller frees the list with macvlan_visible_namespaces_free().
///
/// Files that cannot be read are skipped and reported by macvlan_visible_namespaces_unseen().
/// Processes that /proc does not show, such as those of other PID namespaces, are not reported at
/// all; nor are descriptors that are in transit through a socket.
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

/// Returns the number of namespaces.
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

/// Returns the number of files and directories that could not be read. They may lead to further
/// namespaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_unseen_count(
    visible: *const macvlan_visible_namespaces,
) -> usize {
    answer(0, || Ok(shared!(visible).unseen.len()))
}

/// Returns the path of one of these files, counted from 0, such as "/proc/2084" for a process of
/// another user. NULL past the end.
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

/// Writes the identity of the namespace, as macvlan_netns_id(). Both pointers can be NULL.
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

/// Returns one of the processes whose main thread is in the namespace, counted from 0. 0 past the
/// end.
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

/// Returns one of the other files that lead to the namespace, counted from 0. NULL past the end.
///
/// These are those of threads in another namespace than their main thread
/// ("/proc/2084/task/2085/ns/net"), open descriptors ("/proc/2084/fd/7"), and mount points, which
/// begin with "/proc/2084/root" if they are in another mount namespace, and need not be UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_netns_path(
    netns: *const macvlan_visible_netns,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(text_at(&shared!(netns).paths, index)))
}

/// Opens the namespace in the first way that still leads to it; fails with -ENOENT if none does.
/// The caller frees the handle with macvlan_netns_free().
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
