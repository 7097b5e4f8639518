//! The plugin of Docker, called as its daemon calls it: HTTP on a Unix socket, with `ip` as the
//! witness. `tests/clients` calls it from the real daemon.

mod call;
mod faults;
mod hosts;
mod life;
mod options;

macvlan_tests::main! {
    faults,
    hosts,
    life,
    options,
}
