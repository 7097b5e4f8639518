//! Finding containers by name: for programs, and as lines of a hosts file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use crate::error::Result;
use crate::hosts_file;
use crate::name::folded;
use crate::network::Network;

impl Network {
    /// Returns the addresses of the container that has this name, then of those that have it as an alias,
    /// on whatever host, by all its interfaces; those of the container with this id, if none has; empty if there
    /// is none. What is behind the network's name, as in `test101.vlan10`, is understood too. Names are compared
    /// as DNS does: case, and a dot at the end, mean nothing.
    pub fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        let plain = folded(name);
        let short = plain.strip_suffix(&folded(self.name()));
        let short = short.and_then(|short| short.strip_suffix('.')).filter(|one| !one.is_empty());
        let mut found = self.session.store.named(&self.record, &plain)?;
        // Ids, and names that an earlier version has stored, are as they are said.
        let said = short.map(|short| &name[..short.len()]);
        for other in [Some(name), short, said].into_iter().flatten() {
            if found.is_empty() && other != plain {
                found = self.session.store.named(&self.record, other)?;
            }
        }
        Ok(found.iter().flat_map(|lease| &lease.addresses).map(IpNet::addr).collect())
    }

    /// Returns lines for `/etc/hosts`, one for each address of a container that has a name or an alias: the
    /// address, and each name alone and with the network's behind a dot.
    pub fn hosts(&self) -> Result<String> {
        let mut lines = BTreeMap::new();
        let leases = self.leases()?;
        // The names of one interface of a container are those of all.
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

    /// Writes these lines into a hosts file, between two lines of comment that tell where they begin
    /// and end; the next time they are replaced. The rest of the file stays as it is, with its line ends.
    ///
    /// The file is written in place, so that it changes wherever it is mounted, and keeps its owner, mode
    /// and links. One process at a time writes it, by a lock on it (`flock(2)`). A file that cannot be
    /// written, as on a full disk, keeps its text. Where the line is lost that tells where they end, only
    /// lines are replaced that are as they are written here.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::File`](crate::ErrorKind::File): the file system refuses; [`Error::errno`] says why.
    /// - [`ErrorKind::Contended`](crate::ErrorKind::Contended): others have had it locked for 20 seconds.
    ///
    /// [`Error::errno`]: crate::Error::errno
    pub fn write_hosts(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        // Read when nobody else can write what was true before.
        hosts_file::change(path, |old| {
            Ok(hosts_file::replace_part(old, self.name(), &self.hosts()?))
        })
    }
}
