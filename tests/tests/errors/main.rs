//! Refused and failed operations: no changes remain, and the error names the cause.

mod broken_off;
mod causes;
#[path = "../fault_injection/mod.rs"]
mod fault_injection;
mod faults;
mod refused;
mod undo;
mod undo_routes;

macvlan_tests::main! {
    broken_off,
    causes,
    faults,
    refused,
    undo,
    undo_routes,
}
