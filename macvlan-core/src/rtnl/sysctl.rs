//! A link's settings of IPv6, which only files below `/proc/sys` take; those of IPv4 are requests
//! (`encode/ipv4.rs`).

use std::path::{Path, PathBuf};

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

/// Where the kernel shows a link's own sysctls.
const OF_A_LINK: [&str; 4] = ["ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"];

/// All sysctls of a link and their values.
pub(crate) struct Sysctls(Vec<(PathBuf, String)>);

impl Sysctls {
    /// Reads those that the kernel shows; one that has no value is left out.
    pub(crate) fn read(netns: &NetNs, link: &str) -> Result<Self> {
        let read_all = || {
            let mut found = Vec::new();
            for folder in OF_A_LINK {
                let folder = format!("/proc/sys/net/{folder}/{link}");
                let files = match std::fs::read_dir(folder).map_err(|error| errno_of(&error)) {
                    Ok(files) => files,
                    // The kernel has no IPv6, or no sysctls.
                    Err(Errno::ENOENT) => continue,
                    Err(errno) => return Err(errno),
                };
                for file in files {
                    let path = file.map_err(|error| errno_of(&error))?.path();
                    match std::fs::read_to_string(&path).map_err(|error| errno_of(&error)) {
                        Ok(value) => found.push((path, value)),
                        // A secret that was not set, or what may be written only.
                        Err(Errno::EIO | Errno::EACCES | Errno::ENOENT) => {}
                        Err(errno) => return Err(errno),
                    }
                }
            }
            Ok(found)
        };
        let found = netns.visit(read_all)?.map_err(|errno| {
            Error::system("read the link's sysctls", errno).on_link(link).in_netns(netns.in_words())
        });
        found.map(Self)
    }

    /// Writes those that have another value now. Returns which were refused.
    pub(crate) fn write_back(&self, netns: &NetNs) -> Result<Vec<String>> {
        let write = |path: &Path, value: &String| match std::fs::read_to_string(path) {
            Ok(now) if now == *value => Ok(()),
            _ => std::fs::write(path, value),
        };
        netns.visit(|| {
            let refused = self.0.iter().filter_map(|(path, value)| match write(path, value) {
                Ok(()) => None,
                Err(_) => Some(format!("{} not {}", path.display(), value.trim())),
            });
            refused.collect()
        })
    }
}

/// Returns the multicast addresses that somebody has added to a link by `ip maddress`, as the kernel writes
/// them.
pub(crate) fn static_multicast(netns: &NetNs, link: u32) -> Result<Vec<String>> {
    let read = || std::fs::read_to_string("/proc/thread-self/net/dev_mcast");
    let text = match netns.visit(read)?.map_err(|error| errno_of(&error)) {
        Ok(text) => text,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(errno) => return Err(Error::system("read the multicast addresses", errno)),
    };
    // Index, name, users, whether it was added by hand, address.
    let found = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [index, _, _, by_hand, address] = words[..] else { return None };
        (index == link.to_string() && by_hand != "0").then(|| address.to_owned())
    });
    Ok(found.collect())
}
