//! What is refused or fails: nothing remains, and the error says why.

mod causes;
mod faults;
mod refused;
mod undo;
mod undo_routes;

macvlan_tests::main! {
    causes,
    faults,
    refused,
    undo,
    undo_routes,
}
