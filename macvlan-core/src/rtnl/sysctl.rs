//! A link's settings of IPv6, which only files below `/proc/sys` take; those of IPv4 are requests
//! (`encode/ipv4.rs`).

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::NetNs;
use crate::value::link::Ipv6Sysctl;
use crate::value::name::LinkName;

/// Sets sysctls of a link inside a namespace, in order, until one is refused. Succeeds where the kernel or
/// the link has no IPv6: without it there is nothing to set, and adding an address says so.
pub(crate) fn set_ipv6(netns: &NetNs, link: LinkName, sysctls: &[Ipv6Sysctl]) -> Result<()> {
    // `/proc/sys/net` shows every thread its own namespace's.
    let path = |sysctl: Ipv6Sysctl| format!("/proc/sys/net/ipv6/conf/{link}/{}", sysctl.name());
    let write = |sysctl: Ipv6Sysctl| std::fs::write(path(sysctl), sysctl.value().to_string());
    let refused = netns.visit(|| {
        sysctls.iter().find_map(|sysctl| match write(*sysctl).map_err(|error| errno_of(&error)) {
            Ok(()) => None,
            // Where `/proc/sys` itself is not there, that tells nothing of IPv6.
            Err(Errno::ENOENT) => match std::fs::metadata("/proc/sys/net/core") {
                Ok(_) => None,
                Err(_) => Some((*sysctl, Errno::ENOENT)),
            },
            Err(errno) => Some((*sysctl, errno)),
        })
    })?;
    refused.map_or(Ok(()), |(sysctl, errno)| {
        Err(Error::new(
            ErrorKind::System,
            format!("set {sysctl}"),
            format!("{} cannot be written: {errno:?}", path(sysctl)),
        )
        .errno_is(errno)
        .with_hint("leave out what sets it, or make /proc/sys writable")
        .on_link(link.as_str())
        .in_netns(netns.in_words()))
    })
}
