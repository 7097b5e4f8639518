//! `macvlan_route`: a route; lists and filters of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkId, NextHop, Route, RouteFilter, RouteInfo, RouteKind, Scope, parse_ip};

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::{Input, input};
use crate::base::kernel::{family, no};
use crate::base::object::{give, object, out, shared};
use crate::base::optional::{Bool, macvlan_opt_u32, nonzero};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::string::macvlan_text;
use crate::base::text::{c_string, field, text, text_at};
use crate::base::view::{Arena, Output, View, nth_record, views};

/// A next hop of a multipath route.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_next_hop {
    /// The size of the struct.
    pub size: usize,
    /// The gateway; NULL if there is none.
    pub gateway: *const c_char,
    /// The index of the link.
    pub link: u32,
    /// The weight, 1 to 256.
    pub weight: u32,
    /// The name of the link; NULL if it was not known.
    pub link_name: *const c_char,
}
record!(macvlan_next_hop);

/// A route. macvlan_route_format() reads all fields but the text, the
/// link's name and the next hops, and needs the destination only.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_route {
    /// The size of the struct.
    pub size: usize,
    /// The destination: "10.1.0.0/16". "default" is accepted for a route with a gateway, and for
    /// IPv4.
    pub destination: *const c_char,
    /// The gateway; NULL if there is none.
    pub gateway: *const c_char,
    /// The link, by name or "#" and index; NULL if there is none. A route that was read has the
    /// index.
    pub device: *const c_char,
    /// The preferred source address; NULL if there is none.
    pub source: *const c_char,
    /// The type: "unicast", "blackhole", "unreachable" or "prohibit". Defaults to "unicast".
    pub kind: *const c_char,
    /// The scope, IPv4 only: "global", "link", "host"; NULL for the kernel's default.
    pub scope: *const c_char,
    /// The metric; not set for the kernel's default.
    pub metric: macvlan_opt_u32,
    /// The table. Defaults to main.
    pub table: macvlan_opt_u32,
    /// The routing protocol, the route's origin: 2 kernel, 3 boot (and `ip`), 4 static; see
    /// rtnetlink(7).
    pub protocol: macvlan_opt_u32,
    /// The MTU of the path in bytes; 0 for the link's.
    pub mtu: u32,
    /// The segment size that is advertised to TCP peers; 0 for the kernel's choice.
    pub advmss: u32,
    /// True if the gateway is assumed to be on the link (onlink).
    pub on_link: Bool,
    /// The route as text, in the form of `ip route show table all`.
    pub text: *const c_char,
    /// The next hops of a multipath route that was read; other routes have none, since the fields
    /// above have the only one.
    pub next_hops: *const *const macvlan_next_hop,
    /// The number of these.
    pub next_hop_count: usize,
    /// The name of the link of a route that was read; NULL if it was not known, as in events.
    pub link_name: *const c_char,
}
record!(macvlan_route);

/// Routes, from macvlan_handle_routes() and macvlan_route_parse(). Freed with
/// macvlan_route_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_route_list {
    _opaque: (),
}
object!(macvlan_route_list, Vec<View<Reported>>);

/// A filter for routes, applied by the kernel. All zero: it accepts all.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_route_filter {
    /// The size of the struct.
    pub size: usize,
    /// The link through which the routes lead, by name or "#" and index.
    pub link: *const c_char,
    /// The type: "unicast", "blackhole", "unreachable" or "prohibit".
    pub kind: *const c_char,
    /// The family: AF_INET or AF_INET6; 0 for both.
    pub family: i32,
    /// The table.
    pub table: macvlan_opt_u32,
    /// The routing protocol (2 kernel, 3 boot, 4 static; rtnetlink(7)).
    pub protocol: macvlan_opt_u32,
}
record!(macvlan_route_filter);

/// A route, and what the kernel reported about it.
pub(crate) struct Reported {
    route: Route,
    info: Option<RouteInfo>,
}

impl From<RouteInfo> for Reported {
    fn from(info: RouteInfo) -> Self {
        Self { route: info.route, info: Some(info) }
    }
}

fn protocol(number: u32) -> Result<u8, Failure> {
    Ok(u8::try_from(number).map_err(|_| no(number, "routing protocol"))?)
}

impl Input for macvlan_route {
    type Value = Route;

    unsafe fn value(&self, argument: &str) -> Result<Route, Failure> {
        // SAFETY: guaranteed by the caller.
        let field = |text, name| unsafe { field(text, argument, name) };
        // SAFETY: guaranteed by the caller.
        let destination = unsafe { text_at(self.destination, &format!("{argument}.destination"))? };
        let gateway = field(self.gateway, "gateway")?.map(parse_ip).transpose()?;
        let mut route = Route::toward(destination, gateway)?.on_link(self.on_link != 0);
        if let Some(device) = field(self.device, "device")? {
            route = route.device(device.parse::<LinkId>()?);
        }
        if let Some(source) = field(self.source, "source")? {
            route = route.source(parse_ip(source)?);
        }
        if let Some(kind) = field(self.kind, "kind")? {
            route = route.kind(kind.parse::<RouteKind>()?);
        }
        if let Some(scope) = field(self.scope, "scope")? {
            route = route.scope(scope.parse::<Scope>()?);
        }
        if let Some(metric) = self.metric.get() {
            route = route.metric(metric);
        }
        if let Some(table) = self.table.get() {
            route = route.table(table);
        }
        if let Some(number) = self.protocol.get() {
            route = route.protocol(protocol(number)?);
        }
        if let Some(mtu) = nonzero(self.mtu) {
            route = route.mtu(mtu);
        }
        if let Some(advmss) = nonzero(self.advmss) {
            route = route.advmss(advmss);
        }
        route.check()?;
        Ok(route)
    }
}

impl Output for NextHop {
    type Record = macvlan_next_hop;

    fn record(&self, arena: &mut Arena) -> macvlan_next_hop {
        macvlan_next_hop {
            gateway: arena.text_of(self.gateway),
            link_name: arena.text_of(self.link_name),
            link: self.link,
            weight: self.weight.into(),
            ..macvlan_next_hop::new()
        }
    }
}

impl Output for Reported {
    type Record = macvlan_route;

    fn record(&self, arena: &mut Arena) -> macvlan_route {
        let (route, info) = (&self.route, self.info.as_ref());
        let protocol = info.map(|info| info.protocol).or_else(|| route.get_protocol());
        let (next_hops, next_hop_count) = arena.parts(info.iter().flat_map(|info| &info.next_hops));
        macvlan_route {
            destination: arena.text(route.get_destination()),
            gateway: arena.text_of(route.get_gateway()),
            device: arena.text_of(route.get_device()),
            link_name: arena.text_of(info.and_then(|info| info.link_name)),
            source: arena.text_of(route.get_source()),
            kind: arena.text(route.get_kind()),
            scope: arena.text_of(route.get_scope()),
            metric: route.get_metric().into(),
            table: Some(route.get_table()).into(),
            protocol: protocol.map(u32::from).into(),
            mtu: route.get_mtu().unwrap_or(0),
            advmss: route.get_advmss().unwrap_or(0),
            on_link: route.get_on_link().into(),
            text: match info {
                Some(info) => arena.text(info),
                None => arena.text(route),
            },
            next_hops,
            next_hop_count,
            ..macvlan_route::new()
        }
    }
}

impl Input for macvlan_route_filter {
    type Value = RouteFilter;

    unsafe fn value(&self, argument: &str) -> Result<RouteFilter, Failure> {
        // SAFETY: guaranteed by the caller.
        let field = |text, name| unsafe { field(text, argument, name) };
        let mut filter = RouteFilter::new();
        if let Some(family) = family(self.family)? {
            filter = filter.family(family);
        }
        if let Some(table) = self.table.get() {
            filter = filter.table(table);
        }
        if let Some(link) = field(self.link, "link")? {
            filter = filter.link(link.parse::<LinkId>()?);
        }
        if let Some(kind) = field(self.kind, "kind")? {
            filter = filter.kind(kind.parse::<RouteKind>()?);
        }
        if let Some(number) = self.protocol.get() {
            filter = filter.protocol(protocol(number)?);
        }
        Ok(filter)
    }
}

/// Parses a route in the format of macvlan_handle_add_route(): "10.1.0.0/16 via 10.0.0.2". The
/// result is a list of one route, which the caller frees with macvlan_route_list_free(). Returns 0
/// or a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_parse(
    text: *const c_char,
    list: *mut *mut macvlan_route_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        give(list, views([Reported { route: text!(text).parse()?, info: None }]));
    })
}

/// Writes a route as text, which the functions that take a route accept. The caller frees the text
/// with macvlan_text_free(). Returns 0 or a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_format(
    route: *const macvlan_route,
    text: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let text = out!(text);
        give(text, c_string(input!(route)));
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
) -> *const macvlan_route {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_route_list_free(list: *mut macvlan_route_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
