//! The commands of `ip route` and `ip rule`.

use std::ffi::{c_char, c_int};

use macvlan_core::{Route, Rule};

use crate::base::boundary::boundary;
use crate::base::input::input_or_default;
use crate::base::object::{give, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::views;
use crate::handle::macvlan_handle;
use crate::value::route::{macvlan_route_filter, macvlan_route_list};
use crate::value::rule::macvlan_rule_list;

/// Adds a route, like `ip route add`: "default via 10.0.0.1", "10.1.0.0/16 via 10.0.0.2 dev eth0
/// metric 100 onlink", "blackhole fd00:1::/32 table 7".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_route(
    handle: *const macvlan_handle,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let route: Route = text!(route).parse()?;
        shared!(handle).add_route(&route)?;
    })
}

/// Adds a route, or replaces the one to the same destination with the same metric in the same
/// table, like `ip route replace`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_replace_route(
    handle: *const macvlan_handle,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let route: Route = text!(route).parse()?;
        shared!(handle).replace_route(&route)?;
    })
}

/// Deletes the first route that matches, like `ip route delete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_delete_route(
    handle: *const macvlan_handle,
    route: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let route: Route = text!(route).parse()?;
        shared!(handle).delete_route(&route)?;
    })
}

/// Lists routes, like `ip [-4|-6] route show [table TABLE] [dev LINK] [type TYPE] [proto
/// PROTOCOL]`; those of all tables if the filter is NULL. The local and broadcast routes that the
/// kernel adds for each address are left out. The caller frees the list with
/// macvlan_route_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_routes(
    handle: *const macvlan_handle,
    filter: *const macvlan_route_filter,
    routes: *mut *mut macvlan_route_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let routes = out!(routes);
        let found = shared!(handle).find_routes(&input_or_default!(filter))?;
        give(routes, views(found.into_iter().map(Into::into)));
    })
}

/// Adds a policy rule, like `ip rule add`: "from 10.0.0.2/32 table 100", "from all to fd00::/64
/// table 100 priority 500".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_rule(
    handle: *const macvlan_handle,
    rule: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let rule: Rule = text!(rule).parse()?;
        shared!(handle).add_rule(&rule)?;
    })
}

/// Deletes the first policy rule that matches, like `ip rule delete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_delete_rule(
    handle: *const macvlan_handle,
    rule: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let rule: Rule = text!(rule).parse()?;
        shared!(handle).delete_rule(&rule)?;
    })
}

/// Lists the policy rules of both families that select a table, like `ip rule show`. The caller
/// frees the list with macvlan_rule_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_rules(
    handle: *const macvlan_handle,
    rules: *mut *mut macvlan_rule_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let rules = out!(rules);
        give(rules, views(shared!(handle).rules()?));
    })
}
