//! Addresses on the LAN: who has them, who learns of them, and who reaches them.

mod access;
mod announce;
mod diagnose;
mod keep;
mod keep_parent;
mod probe;
mod rate;

macvlan_tests::main! {
    access,
    announce,
    diagnose,
    keep,
    keep_parent,
    probe,
    rate,
}
