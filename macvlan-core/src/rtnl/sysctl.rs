//! A link's settings of IPv6, which only files below `/proc/sys` take; those of IPv4 are requests
//! (`encode/ipv4.rs`).

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::NetNs;
use crate::value::name::LinkName;

/// Sets `net.ipv6.conf.LINK.NAME` inside a namespace. Succeeds where the kernel has no IPv6: without
/// it there is nothing to set, and adding an address says so.
pub(crate) fn set_ipv6(netns: &NetNs, link: LinkName, name: &str, value: &str) -> Result<()> {
    // `/proc/sys/net` shows every thread its own namespace's.
    let path = format!("/proc/sys/net/ipv6/conf/{link}/{name}");
    let written = netns.visit(|| std::fs::write(&path, value))?;
    match written.map_err(|error| errno_of(&error)) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(Error::new(
            ErrorKind::System,
            format!("set {name} to {value}"),
            format!("{path} cannot be written: {errno:?}"),
        )
        .errno_is(errno)
        .with_hint("leave out what sets it, or make /proc/sys writable")
        .on_link(link.as_str())
        .in_netns(netns.in_words())),
    }
}
