//! `macvlan_route_info`: a route as reported by the kernel; lists and filters.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkId, RouteFilter, RouteInfo, RouteKind};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{Tagged, exclusive, give, nth, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, text};

/// A route as reported by the kernel: a part of a macvlan_route_list or of a macvlan_event, with
/// which it is freed.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_route_info {
    _opaque: (),
}
object!(macvlan_route_info, Told);

/// The routes of a namespace, from macvlan_handle_routes(). Freed with macvlan_route_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_route_list {
    _opaque: (),
}
object!(macvlan_route_list, Vec<Tagged<Told>>);

/// A filter for routes, applied by the kernel; without settings it accepts all. Freed with
/// macvlan_route_filter_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_route_filter {
    _opaque: (),
}
object!(macvlan_route_filter, RouteFilter);

pub(crate) struct Told {
    info: RouteInfo,
    text: Text,
    gateways: Vec<Text>,
}

impl From<RouteInfo> for Told {
    fn from(info: RouteInfo) -> Self {
        let gateways = info.next_hops.iter().map(|_| Text::default()).collect();
        Self { info, text: Text::default(), gateways }
    }
}

/// Returns the route in the format of macvlan_handle_add_route(), with its link as "dev if7", where
/// 7 is the index. This and all other texts belong to the object. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_info_text(
    route: *const macvlan_route_info,
) -> *const c_char {
    answer(null(), || {
        let route = shared!(route);
        Ok(route.text.of(route.info.route))
    })
}

/// Returns the routing protocol, the route's origin: 2 kernel, 3 boot (and `ip`), 4 static; see
/// rtnetlink(7).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_info_protocol(route: *const macvlan_route_info) -> u8 {
    answer(0, || Ok(shared!(route).info.protocol))
}

/// Returns the number of next hops of a multipath route; 0 for other routes, whose text has the
/// only one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_info_next_hop_count(
    route: *const macvlan_route_info,
) -> usize {
    answer(0, || Ok(shared!(route).info.next_hops.len()))
}

/// Writes one of the next hops, counted from 0: the link's index, and the weight, 1 to 256. Returns
/// whether there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_info_next_hop(
    route: *const macvlan_route_info,
    index: usize,
    link: *mut u32,
    weight: *mut u16,
) -> bool {
    answer(false, || {
        let (link, weight) = (out!(link = 0), out!(weight = 0));
        let hop = shared!(route).info.next_hops.get(index);
        (*link, *weight) = hop.map_or((0, 0), |hop| (hop.link, hop.weight));
        Ok(hop.is_some())
    })
}

/// Returns the gateway of one of the next hops, counted from 0; NULL if it has none, and past the
/// end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_info_next_hop_gateway(
    route: *const macvlan_route_info,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let route = shared!(route);
        let hop = route.info.next_hops.get(index).zip(route.gateways.get(index));
        Ok(hop.map_or(null(), |(hop, text)| text.of_some(hop.gateway)))
    })
}

/// Returns the number of routes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_list_count(list: *const macvlan_route_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the routes, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_list_get(
    list: *const macvlan_route_list,
    index: usize,
) -> *const macvlan_route_info {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_list_free(list: *mut macvlan_route_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}

/// Makes a filter that accepts all routes. The caller frees it with macvlan_route_filter_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_new(
    filter: *mut *mut macvlan_route_filter,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = out!(filter);
        give(filter, RouteFilter::new());
    })
}

/// Restricts the filter to a family: AF_INET or AF_INET6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_set_family(
    filter: *mut macvlan_route_filter,
    family: c_int,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().family(crate::base::kernel::family(family)?);
    })
}

/// Restricts the filter to a table.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_set_table(
    filter: *mut macvlan_route_filter,
    table: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().table(table);
    })
}

/// Restricts the filter to routes through a link, by name or "#" and index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_set_link(
    filter: *mut macvlan_route_filter,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().link(text!(link).parse::<LinkId>()?);
    })
}

/// Restricts the filter to a type: "unicast", "blackhole", "unreachable" or "prohibit".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_set_kind(
    filter: *mut macvlan_route_filter,
    kind: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().kind(text!(kind).parse::<RouteKind>()?);
    })
}

/// Restricts the filter to a routing protocol (2 kernel, 3 boot, 4 static; rtnetlink(7)).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_set_protocol(
    filter: *mut macvlan_route_filter,
    protocol: u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let filter = exclusive!(filter);
        *filter = filter.clone().protocol(protocol);
    })
}

/// Frees a filter. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_filter_free(filter: *mut macvlan_route_filter) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(filter) }
}
