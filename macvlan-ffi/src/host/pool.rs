//! `macvlan_pool`: namespaces that already have a link.

use std::ffi::{c_char, c_int};

use macvlan_core::Pool;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::{Namespace, macvlan_netns, macvlan_netns_list};
use crate::host::macvlan_host;

/// Namespaces that already have a link, for containers that have to start quickly. Freed with
/// macvlan_pool_free(), with the unused namespaces.
///
/// The creation of the link is most of the cost of an attach; here it is done in advance. A new
/// container gets a namespace from the pool, whose link then gets its name, addresses and routes in
/// a fraction of the time. The container's process has to join that namespace, by setns(2) or a
/// runtime's network namespace path.
///
/// The pool is not filled automatically: call macvlan_pool_fill() at a suitable time, in any
/// thread.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_pool {
    _opaque: (),
}
object!(macvlan_pool, Pool);

/// Makes a pool of `size` namespaces, each with a macvlan in mode bridge on this parent, which is
/// as in macvlan_endpoint_new(), and fills it. It does not refer to the host. The caller frees it
/// with macvlan_pool_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_pool(
    host: *const macvlan_host,
    parent: *const c_char,
    size: usize,
    pool: *mut *mut macvlan_pool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let pool = out!(pool);
        give(pool, shared!(host).pool(text!(parent), size)?);
    })
}

/// Makes a pool of links like the template: with its kind, parent, MTU, queues, group, transmit
/// queue length, promisc and lo. Otherwise like macvlan_host_pool(): the caller frees it with
/// macvlan_pool_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_pool_of(
    host: *const macvlan_host,
    template: *const macvlan_endpoint,
    size: usize,
    pool: *mut *mut macvlan_pool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let pool = out!(pool);
        let template = shared!(template).value.clone();
        give(pool, shared!(host).pool_of(template, size)?);
    })
}

/// Creates namespaces until the pool is full. `made`, which can be NULL, is set to their number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_fill(
    pool: *mut macvlan_pool,
    made: *mut usize,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let number = shared!(pool).fill()?;
        if !made.is_null() {
            // SAFETY: it is not null, and the header requires that a number can be put there.
            unsafe { made.write(number) };
        }
    })
}

/// Takes a namespace from the pool and attaches an endpoint in it; creates one if the pool is
/// empty.
///
/// The caller frees `netns`, a handle on the namespace, after the container's process has joined
/// it; otherwise the namespace ends with it.
///
/// The endpoint may differ from the template in name, MAC address, addresses, gateways, routes,
/// rules, alias, alternative names and address generation. On a failure the namespace is discarded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_attach(
    pool: *mut macvlan_pool,
    endpoint: *const macvlan_endpoint,
    netns: *mut *mut macvlan_netns,
    attachment: *mut *mut macvlan_attachment,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (netns, attachment) = (out!(netns), out!(attachment));
        let (inside, attached) = shared!(pool).attach(&shared!(endpoint).value)?;
        give(netns, Namespace::new(inside));
        give(attachment, Attached::from(attached));
    })
}

/// Returns the number of namespaces that are ready.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_count(pool: *const macvlan_pool) -> usize {
    answer(0, || Ok(shared!(pool).len()))
}

/// Lists the namespaces that are ready, in the order in which they will be used. The caller frees
/// the list with macvlan_netns_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_namespaces(
    pool: *const macvlan_pool,
    namespaces: *mut *mut macvlan_netns_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let namespaces = out!(namespaces);
        let ready = shared!(pool).namespaces().into_iter().map(Namespace::new);
        give(namespaces, parts::<macvlan_netns>(ready));
    })
}

/// Frees a pool, with its unused namespaces. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_free(pool: *mut macvlan_pool) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(pool) }
}
