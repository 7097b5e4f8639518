//! The plugin of netavark, called as netavark calls it: requests and answers as JSON, with `ip` as
//! the witness. `tests/clients` calls it from Podman.

mod call;
mod collect;
mod create;
mod life;
mod options;
mod refused;
mod several;

macvlan_tests::main! {
    collect,
    create,
    life,
    options,
    refused,
    several,
}
