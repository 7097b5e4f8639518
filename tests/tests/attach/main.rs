//! Attaching, detaching, checking and repairing endpoints, one and many.

mod at_once;
mod attach;
mod beside_others;
mod by_itself;
mod crowd;
mod ensure;
#[path = "../fault_injection/mod.rs"]
mod fault_injection;
mod limits;
mod many;
mod modes;
mod options;
mod order;
mod parents;
mod pool;
mod repair;
mod replace;
mod rootless;
mod routes;
mod seeds;
mod shared;
mod source_routing;
mod told_twice;
mod values;
mod weak;

macvlan_tests::main! {
    at_once,
    attach,
    beside_others,
    by_itself,
    crowd,
    ensure,
    limits,
    many,
    modes,
    options,
    order,
    parents,
    pool,
    repair,
    replace,
    rootless,
    routes,
    seeds,
    shared,
    source_routing,
    told_twice,
    values,
    weak,
}
