//! The link through which addresses are probed.

use std::net::IpAddr;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Failure;
use crate::netns::NetNs;
use crate::packet;
use crate::rtnl::{decode, encode};
use crate::value::holder::Holder;
use crate::value::mac::MacAddr;
use crate::wait::Cancel;

pub(super) const OPERATION: &str = "probe the addresses";

/// The link through which addresses are probed, and its parent.
pub(crate) struct Asked<'a> {
    pub(crate) host: &'a NetNs,
    pub(crate) parent: u32,
    pub(crate) netns: &'a NetNs,
    pub(crate) link: &'a str,
    pub(crate) index: u32,
    pub(crate) mac: MacAddr,
    pub(crate) cancels: &'a [Cancel],
}

impl Asked<'_> {
    pub(super) fn fails(&self, errno: Errno) -> Error {
        self.here(packet::refused(OPERATION, errno))
    }

    pub(super) fn refuse(&self, kind: ErrorKind, cause: impl Into<String>) -> Error {
        self.here(Error::new(kind, OPERATION, cause.into()))
    }

    pub(crate) fn here(&self, error: Error) -> Error {
        error.on_link(self.link).in_netns(self.netns.describe())
    }

    /// Returns those addresses that the parent itself has, which does not receive probes of its
    /// macvlans.
    pub(crate) fn held_by_parent(&self, ips: &[IpAddr]) -> Result<Vec<Holder>> {
        let fails = |failure: Failure| failure.into_error("list the parent's addresses");
        let connection = self.host.connection()?;
        let of_parent = connection
            .dump(&encode::get_addresses(None, Some(self.parent)), decode::address)
            .map_err(fails)?;
        let held: Vec<IpAddr> = of_parent.iter().map(|info| info.address.ip()).collect();
        let held: Vec<IpAddr> = ips.iter().copied().filter(|ip| held.contains(ip)).collect();
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let parent = connection.link(self.parent).map_err(fails)?;
        Ok(held.into_iter().map(|address| Holder { address, mac: parent.mac }).collect())
    }
}
