//! `macvlan_netns`: a handle on a network namespace.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::null;

use libc::pid_t;
use macvlan_core::{NetNs, NetNsId};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::fd;
use crate::base::object::{Tagged, give, nth, object, out, shared};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{Text, text};

/// A handle on a network namespace, such as a container's or the host's. Freed with
/// macvlan_netns_free().
///
/// It keeps the namespace in existence, even if no process is in it.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_netns {
    _opaque: (),
}
object!(macvlan_netns, Namespace);

/// Network namespaces, from macvlan_pool_namespaces(). Freed with macvlan_netns_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_netns_list {
    _opaque: (),
}
object!(macvlan_netns_list, Vec<Tagged<Namespace>>);

pub(crate) struct Namespace {
    pub(crate) netns: NetNs,
    words: Text,
}

impl Namespace {
    pub(crate) fn new(netns: NetNs) -> Self {
        Self { netns, words: Text::default() }
    }
}

/// Opens the network namespace of a process. The caller frees the handle with macvlan_netns_free().
///
/// The process is pinned by a pidfd first, so a reused pid cannot lead to the wrong namespace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_pid(
    pid: pid_t,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        let pid =
            u32::try_from(pid).map_err(|_| Failure::misuse(format!("{pid} is not a valid pid")))?;
        give(netns, Namespace::new(NetNs::from_pid(pid)?));
    })
}

/// Opens the network namespace of a pidfd's process. The pidfd stays the caller's. The caller frees
/// the handle with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_pidfd(
    pidfd: c_int,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::from_pidfd(fd(pidfd)?)?));
    })
}

/// Opens a named namespace, created by macvlan_netns_create() or `ip netns add`. The caller frees
/// the handle with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_name(
    name: *const c_char,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::from_name(text!(name))?));
    })
}

/// Opens a namespace by a path, such as /var/run/docker/netns/... or /proc/2084/ns/net. A path that
/// is not UTF-8 is refused: open it, and use macvlan_netns_from_fd(). The caller frees the handle
/// with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_path(
    path: *const c_char,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::from_path(text!(path))?));
    })
}

/// Makes a handle from an open file descriptor, which stays the caller's and can be closed
/// afterwards. The caller frees the handle with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_fd(
    fd: c_int,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::from_fd(crate::base::kernel::fd(fd)?)?));
    })
}

/// Opens the calling thread's network namespace. The caller frees the handle with
/// macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_current(
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::current()?));
    })
}

/// Creates a namespace without a name, which exists as long as the handle and the processes in it.
/// Needs CAP_SYS_ADMIN. It has only lo, which is down. The caller frees the handle with
/// macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_anonymous(
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::anonymous()?));
    })
}

/// Creates a named namespace, like `ip netns add NAME`. The caller frees the handle with
/// macvlan_netns_free().
///
/// It exists until it is deleted with macvlan_netns_delete() or `ip netns delete`, also without a
/// handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_create(
    name: *const c_char,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        give(netns, Namespace::new(NetNs::create(text!(name))?));
    })
}

/// Deletes a namespace's name, like `ip netns delete NAME`.
///
/// The namespace itself exists as long as a process or a handle is in it. The remains of an
/// interrupted creation are removed as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_delete(
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        NetNs::delete(text!(name))?;
    })
}

/// Makes another handle on the same namespace, which the caller frees with macvlan_netns_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_clone(
    netns: *const macvlan_netns,
    clone: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let clone = out!(clone);
        give(clone, Namespace::new(shared!(netns).netns.clone()));
    })
}

/// Returns the file descriptor, as for setns(2). It stays the handle's, which closes it when it is
/// freed. -1 if the handle is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_fd(netns: *const macvlan_netns) -> c_int {
    answer(-1, || Ok(shared!(netns).netns.as_fd().as_raw_fd()))
}

/// Writes the identity of the namespace, which no other namespace has at the same time: the device
/// and inode number of its descriptor, as from fstat(2). Both pointers can be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_id(
    netns: *const macvlan_netns,
    device: *mut u64,
    inode: *mut u64,
) {
    answer((), || {
        put_id(shared!(netns).netns.id(), device, inode);
        Ok(())
    });
}

pub(crate) fn put_id(id: NetNsId, device: *mut u64, inode: *mut u64) {
    for (to, number) in [(device, id.device), (inode, id.inode)] {
        if !to.is_null() {
            // SAFETY: it is not null, and the header requires that a number can be put there.
            unsafe { to.write(number) };
        }
    }
}

/// Returns whether both are handles on the same namespace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_same_as(
    netns: *const macvlan_netns,
    other: *const macvlan_netns,
) -> bool {
    answer(false, || Ok(shared!(netns).netns.same_as(&shared!(other).netns)))
}

/// Returns a description of the namespace, as in errors: "the network namespace of pid 2084". The
/// text belongs to the handle. NULL if the handle is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_text(netns: *const macvlan_netns) -> *const c_char {
    answer(null(), || {
        let netns = shared!(netns);
        Ok(netns.words.of(&netns.netns))
    })
}

/// The caller's data, for another thread.
struct Data(*mut c_void);

// SAFETY: the calling thread waits for the other one, so only one of them uses it at a time.
unsafe impl Send for Data {}

impl Data {
    /// Returns the pointer; moves the whole value into a closure, since the pointer alone may not
    /// cross threads.
    fn take(self) -> *mut c_void {
        self.0
    }
}

/// Calls a function in the namespace, on a new thread that ends afterwards, and waits for it.
///
/// Sockets opened by it stay in the namespace, and processes started by it begin there. /sys is not
/// remounted, unlike with `ip netns exec`. The function has to return: it must not end its thread,
/// call longjmp, or throw a C++ exception.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_run(
    netns: *const macvlan_netns,
    function: Option<unsafe extern "C" fn(data: *mut c_void)>,
    data: *mut c_void,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = shared!(netns);
        let function = function.ok_or_else(|| Failure::misuse("function is NULL"))?;
        let data = Data(data);
        netns.netns.run(move || {
            // SAFETY: the header has the requirements for the function.
            unsafe { function(data.take()) }
        })?;
    })
}

/// Frees a handle. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_free(netns: *mut macvlan_netns) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(netns) }
}

/// Returns the number of namespaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_list_count(list: *const macvlan_netns_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the namespaces, counted from 0. It belongs to the list; macvlan_netns_clone()
/// makes a handle of the caller's. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_list_get(
    list: *const macvlan_netns_list,
    index: usize,
) -> *const macvlan_netns {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_list_free(list: *mut macvlan_netns_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
