//! `macvlan_pool`: namespaces with a link already inside.

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

/// Namespaces with a link already inside, for containers that cannot wait. Freed with
/// macvlan_pool_free(); namespaces that nobody has taken go with it.
///
/// Making the link is most of what attaching costs; here it is done beforehand. A container that
/// starts is given a namespace out of the pool, and its link then gets its name, addresses and
/// routes, in a fraction of the time. The container's process has to join that namespace, as
/// setns(2) and every runtime's "network namespace by path" does.
///
/// The pool does not fill itself: call macvlan_pool_fill() when there is time, from whatever
/// thread.
///
/// Threads: any number of threads may use it at once, until one frees it.
pub struct macvlan_pool {
    _opaque: (),
}
object!(macvlan_pool, Pool);

/// A pool of `size` namespaces, each with a macvlan in mode bridge on this parent, which is as in
/// macvlan_endpoint_new(); filled when this returns. It does not need the host any more.
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

/// A pool of links of any kind, with any options that are said when a link is made: the template's
/// kind, parent, MTU, queues, group, transmit queue length, promisc and lo.
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
        let template = shared!(template).endpoint.clone();
        give(pool, shared!(host).pool_of(template, size)?);
    })
}

/// Makes namespaces until the pool is full again, and tells how many; `made` can be NULL.
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

/// Takes a namespace out of the pool and makes its link this endpoint; from an empty pool, with one
/// made now. `netns` is a handle on the namespace, to be freed when the container's process has joined it;
/// the namespace ends with it otherwise.
///
/// The endpoint may differ from the template in name, MAC address, addresses, gateways, routes, rules,
/// alias, alternative names and address generation. If any of it is refused, the namespace is given
/// up.
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
        let (inside, attached) = shared!(pool).attach(&shared!(endpoint).endpoint)?;
        give(netns, Namespace::new(inside));
        give(attachment, Attached::new(attached));
    })
}

/// How many namespaces are ready.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_count(pool: *const macvlan_pool) -> usize {
    answer(0, || Ok(shared!(pool).len()))
}

/// Returns the namespaces that are ready, the one to be taken next first.
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

/// Frees a pool, with the namespaces that nobody has taken. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_pool_free(pool: *mut macvlan_pool) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(pool) }
}
