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

/// A handle on a network namespace: a container's, a sandbox's, the host's. Freed with
/// macvlan_netns_free().
///
/// It holds the namespace open: as long as a handle lives, so does the namespace with everything in
/// it, even when no process is left inside.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_netns {
    _opaque: (),
}
object!(macvlan_netns, Namespace);

/// Namespaces, given by macvlan_pool_namespaces(). Freed with macvlan_netns_list_free().
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

/// Returns the namespace of a process.
///
/// The process is pinned by a pidfd before its namespace is looked up, so that a pid that is given
/// to another process in between cannot lead to the wrong namespace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_from_pid(
    pid: pid_t,
    netns: *mut *mut macvlan_netns,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let netns = out!(netns);
        let pid = u32::try_from(pid).map_err(|_| Failure::misuse(format!("{pid} is no pid")))?;
        give(netns, Namespace::new(NetNs::from_pid(pid)?));
    })
}

/// Returns the namespace of the process that a pidfd stands for; the pidfd stays the caller's.
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

/// A namespace that has a name: made by macvlan_netns_create() or `ip netns add`.
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

/// A namespace by a path, such as a container runtime's /var/run/docker/netns/... or
/// /proc/2084/ns/net. A path that is not UTF-8 is refused: open it, and use macvlan_netns_from_fd().
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

/// A namespace by an open file descriptor, which stays the caller's and can be closed afterwards.
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

/// Returns the namespace that the calling thread is in.
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

/// A new namespace without a name, which lives as long as the handle and whoever is inside. Needs
/// CAP_SYS_ADMIN. Its lo is down, and nothing else is in it.
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

/// A new namespace with a name, as `ip netns add NAME` makes it; `ip netns` sees it.
///
/// It lives until it is deleted, by macvlan_netns_delete() or `ip netns delete`, also without a
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

/// Takes a namespace's name away, as `ip netns delete NAME` does.
///
/// The namespace itself lives on while a process or a handle is in it. What an interrupted creation
/// left behind is removed too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_delete(
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        NetNs::delete(text!(name))?;
    })
}

/// Adds a further handle on the same namespace.
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

/// Returns the open file descriptor, for setns(2) and the like; it stays the handle's, which closes
/// it when it is freed. -1 if the handle is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_fd(netns: *const macvlan_netns) -> c_int {
    answer(-1, || Ok(shared!(netns).netns.as_fd().as_raw_fd()))
}

/// What tells it from all other namespaces that exist at the same time: the device and inode number
/// that fstat(2) gives for its descriptor. Both can be NULL.
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

/// Returns whether both are handles on one namespace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_same_as(
    netns: *const macvlan_netns,
    other: *const macvlan_netns,
) -> bool {
    answer(false, || Ok(shared!(netns).netns.same_as(&shared!(other).netns)))
}

/// Returns the namespace in words, as errors name it: "the network namespace of pid 2084". The text
/// belongs to the handle. NULL if the handle is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_netns_text(netns: *const macvlan_netns) -> *const c_char {
    answer(null(), || {
        let netns = shared!(netns);
        Ok(netns.words.of(&netns.netns))
    })
}

/// The caller's data, on its way to another thread.
struct Data(*mut c_void);

// SAFETY: the calling thread waits while the other has it, so only one of them uses it at a time.
unsafe impl Send for Data {}

impl Data {
    /// Takes the whole value into a closure, and not the pointer alone, which may not cross threads.
    fn take(self) -> *mut c_void {
        self.0
    }
}

/// Calls a function inside the namespace, on a thread of its own that ends with it, and waits for it.
///
/// Sockets opened inside stay inside, and processes started inside begin there. /sys is not
/// remounted, as `ip netns exec` would. The function has to return: it must not end its thread, leave
/// by longjmp, or let a C++ exception out.
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
            // SAFETY: the header says what is asked of the function.
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
/// gives one that does not. NULL past the end.
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
