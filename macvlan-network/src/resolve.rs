//! Resolves containers' names, for programs and in hosts files.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use crate::error::Result;
use crate::hosts_file;
use crate::name::folded;
use crate::network::Network;

impl Network {
    /// Returns the addresses of the container with this name, followed by those with this alias.
    ///
    /// All interfaces of a container on any host count. If no container has the name or alias, the
    /// one with this id is used. The result is empty if there is none. The network's name may
    /// follow, as in `test101.vlan10`. Names are compared as in DNS, without regard to case and a
    /// final dot.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        let plain = folded(name);
        let short = plain.strip_suffix(&folded(self.name()));
        let short = short.and_then(|short| short.strip_suffix('.')).filter(|one| !one.is_empty());
        let mut found = self.session.store.named(&self.record, &plain)?;
        // Ids, and names that an earlier version has stored, are not in lower case.
        let said = short.map(|short| &name[..short.len()]);
        for other in [Some(name), short, said].into_iter().flatten() {
            if found.is_empty() && other != plain {
                found = self.session.store.named(&self.record, other)?;
            }
        }
        Ok(found.iter().flat_map(|lease| &lease.addresses).map(IpNet::addr).collect())
    }

    /// Returns lines for `/etc/hosts`, one for each address of a container with a name or an alias.
    ///
    /// Each line has the address, and every name with and without the network's name.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn hosts(&self) -> Result<String> {
        let mut lines = BTreeMap::new();
        let leases = self.leases()?;
        // A container's names are valid for all of its interfaces.
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for lease in &leases {
            let names = all.entry(&lease.container).or_default();
            for name in lease.name.iter().chain(&lease.aliases) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        for lease in &leases {
            let names = all.get(lease.container.as_str()).map(Vec::as_slice).unwrap_or_default();
            if names.is_empty() {
                continue;
            }
            for address in &lease.addresses {
                let line = hosts_file::line(address.addr(), names, self.name());
                lines.insert(address.addr(), line);
            }
        }
        Ok(lines.into_values().collect())
    }

    /// Writes the lines of [`Network::hosts`] to a hosts file, between two comment lines.
    ///
    /// The next call replaces them. The rest of the file stays unchanged, and line ends are kept.
    /// If the second comment line was removed, only lines in exactly this form are replaced.
    ///
    /// The file is written in place, so that it also changes where it is mounted, and keeps its
    /// owner, mode and hard links. If it cannot be written, as on a full disk, it keeps its text. A
    /// lock on the file (`flock(2)`) lets only one process write at a time.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::File`](crate::ErrorKind::File): the file system refuses; [`Error::errno`]
    ///   returns the cause.
    /// - [`ErrorKind::Contended`](crate::ErrorKind::Contended): the file was locked for 20 seconds.
    /// - Otherwise as for [`Network::hosts`].
    ///
    /// [`Error::errno`]: crate::Error::errno
    pub fn write_hosts(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        // Read under the lock, so that no other process writes older lines afterwards.
        hosts_file::change(path, |old| {
            Ok(hosts_file::replace_part(old, self.name(), &self.hosts()?))
        })
    }
}
