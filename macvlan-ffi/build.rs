//! Gives the shared library its soname, and its symbols a version, so that a program can load it
//! together with a library that uses one with another soname.
//!
//! The major number is that of the crate's version. The version of all symbols is the soname
//! (`--default-symver`), because rustc's own list of exported symbols rules out a version script
//! with other names. Of the usual linkers, GNU ld has this option.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    let soname = format!("-Wl,-soname,libmacvlan.so.{major}");
    for argument in [&*soname, "-fuse-ld=bfd", "-Wl,--default-symver"] {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
