//! The IPv6 settings of a link, which exist only as files in `/proc/sys`. Those of IPv4 are set by
//! requests (`encode/ipv4.rs`).

use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result, errno_of};
use crate::netns::NetNs;
use crate::value::link::Ipv6Sysctl;
use crate::value::name::LinkName;

/// Sets sysctls of a link in a namespace, in order, up to the first failure.
///
/// Succeeds if the kernel or the link has no IPv6: there is nothing to set, and adding an address
/// fails.
pub(crate) fn set_ipv6(netns: &NetNs, link: LinkName, sysctls: &[Ipv6Sysctl]) -> Result<()> {
    // `/proc/sys/net` shows the namespace of the reading thread.
    let path = |sysctl: Ipv6Sysctl| format!("/proc/sys/net/ipv6/conf/{link}/{}", sysctl.name());
    let write = |sysctl: Ipv6Sysctl| std::fs::write(path(sysctl), sysctl.value().to_string());
    let refused = netns.visit(|| {
        sysctls.iter().find_map(|sysctl| match write(*sysctl).map_err(|error| errno_of(&error)) {
            Ok(()) => None,
            // A missing `/proc/sys` says nothing about IPv6.
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
            format!("{} is not writable: {errno:?}", path(sysctl)),
        )
        .errno_is(errno)
        .with_hint("make /proc/sys writable, or leave out the option that needs it")
        .on_link(link.as_str())
        .in_netns(netns.describe()))
    })
}

/// The directories with a link's own sysctls.
const OF_A_LINK: [&str; 4] = ["ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"];

/// All sysctls of a link with their values.
pub(crate) struct Sysctls(Vec<(PathBuf, String)>);

impl Sysctls {
    /// Reads the sysctls that the kernel shows; leaves out those without a value.
    pub(crate) fn read(netns: &NetNs, link: &str) -> Result<Self> {
        let read_all = || {
            let mut found = Vec::new();
            for folder in OF_A_LINK {
                let folder = format!("/proc/sys/net/{folder}/{link}");
                let files = match std::fs::read_dir(folder).map_err(|error| errno_of(&error)) {
                    Ok(files) => files,
                    // The kernel has no IPv6 or no sysctls.
                    Err(Errno::ENOENT) => continue,
                    Err(errno) => return Err(errno),
                };
                for file in files {
                    let path = file.map_err(|error| errno_of(&error))?.path();
                    match std::fs::read_to_string(&path).map_err(|error| errno_of(&error)) {
                        Ok(value) => found.push((path, value)),
                        // A secret that is not set, or a write-only file.
                        Err(Errno::EIO | Errno::EACCES | Errno::ENOENT) => {}
                        Err(errno) => return Err(errno),
                    }
                }
            }
            Ok(found)
        };
        let found = netns.visit(read_all)?.map_err(|errno| {
            Error::system("read the link's sysctls", errno).on_link(link).in_netns(netns.describe())
        });
        found.map(Self)
    }

    /// Writes the sysctls whose values have changed. Returns those that were refused.
    pub(crate) fn write_back(&self, netns: &NetNs) -> Result<Vec<String>> {
        let write = |path: &Path, value: &String| match std::fs::read_to_string(path) {
            Ok(now) if now == *value => Ok(()),
            _ => std::fs::write(path, value),
        };
        netns.visit(|| {
            let refused = self.0.iter().filter_map(|(path, value)| match write(path, value) {
                Ok(()) => None,
                Err(_) => Some(format!("the value {} of {}", value.trim(), path.display())),
            });
            refused.collect()
        })
    }
}

/// Returns the multicast addresses of a link that were added by `ip maddress`, as the kernel
/// formats them.
pub(crate) fn static_multicast(netns: &NetNs, link: u32) -> Result<Vec<String>> {
    let read = || std::fs::read_to_string("/proc/thread-self/net/dev_mcast");
    let text = match netns.visit(read)?.map_err(|error| errno_of(&error)) {
        Ok(text) => text,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(errno) => return Err(Error::system("read the multicast addresses", errno)),
    };
    // Index, name, users, static flag, address.
    let found = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [index, _, _, by_hand, address] = words[..] else { return None };
        (index == link.to_string() && by_hand != "0").then(|| address.to_owned())
    });
    Ok(found.collect())
}
