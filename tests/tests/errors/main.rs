//! What is refused or fails: nothing remains, and the error says why.

mod broken_off;
mod causes;
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
