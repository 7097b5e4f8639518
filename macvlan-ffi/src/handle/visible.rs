//! `macvlan_visible_namespaces`: the network namespaces that exist, and the ways to open them.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use libc::pid_t;
use macvlan_core::{NetNs, VisibleNetNs};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::c_path;
use crate::base::view::{Arena, Output, View, nth_record, views};
use crate::handle::netns::{Namespace, macvlan_netns};

/// The network namespaces that exist, from macvlan_netns_visible(). Freed with
/// macvlan_visible_namespaces_free(), with all its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_visible_namespaces {
    _opaque: (),
}
object!(macvlan_visible_namespaces, Visible);

/// A network namespace and the ways to open it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_visible_netns {
    /// The size of the struct.
    pub size: usize,
    /// The identity of the namespace, as from macvlan_netns_id().
    pub device: u64,
    /// The other half of it.
    pub inode: u64,
    /// Its names, as `ip netns` lists them.
    pub names: *const *const c_char,
    /// The number of these.
    pub name_count: usize,
    /// The processes whose main thread is in the namespace.
    pub pids: *const pid_t,
    /// The number of these.
    pub pid_count: usize,
    /// The other files that lead to the namespace. They are of threads in another namespace than
    /// their main thread ("/proc/2084/task/2085/ns/net"), open descriptors
    /// ("/proc/2084/fd/7"), and mount points, which begin with "/proc/2084/root" if they are in
    /// another mount namespace, and need not be UTF-8.
    pub paths: *const *const c_char,
    /// The number of these.
    pub path_count: usize,
}
record!(macvlan_visible_netns);

pub(crate) struct Visible {
    namespaces: Vec<View<VisibleNetNs>>,
    unseen: Vec<CString>,
}

impl Output for VisibleNetNs {
    type Record = macvlan_visible_netns;

    fn record(&self, arena: &mut Arena) -> macvlan_visible_netns {
        let pids = self.pids.iter().filter_map(|pid| pid_t::try_from(*pid).ok()).collect();
        let (names, name_count) = arena.texts(&self.names);
        let (pids, pid_count) = arena.array(pids);
        let (paths, path_count) = arena.paths(&self.paths);
        macvlan_visible_netns {
            device: self.id.device,
            inode: self.id.inode,
            names,
            name_count,
            pids,
            pid_count,
            paths,
            path_count,
            ..macvlan_visible_netns::new()
        }
    }
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
        let unseen = found.unseen.iter().map(|path| c_path(path)).collect();
        give(visible, Visible { namespaces: views(found.namespaces), unseen });
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
    answer(null(), || Ok(nth_record(&shared!(visible).namespaces, index)))
}

/// Returns the path of one of the files and directories that could not be read and may lead to
/// further namespaces, counted from 0, such as "/proc/2084" for a process of another user. NULL past
/// the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_unseen(
    visible: *const macvlan_visible_namespaces,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let path = shared!(visible).unseen.get(index);
        Ok(path.map_or(null(), |path| path.as_ptr()))
    })
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_free(visible: *mut macvlan_visible_namespaces) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(visible) }
}

/// Opens one of the namespaces, counted from 0, in the first way that still leads to it; fails with -ENOENT if none does.
/// The caller frees the handle with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_visible_namespaces_open(
    visible: *const macvlan_visible_namespaces,
    index: usize,
    handle: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let handle = out!(handle);
        let namespaces = &shared!(visible).namespaces;
        let found = namespaces.get(index).ok_or_else(|| {
            Failure::misuse(format!("there are only {} namespaces", namespaces.len()))
        })?;
        give(handle, Namespace::new(found.value.open()?));
    })
}
