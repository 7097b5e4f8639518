//! Finding containers by name: for programs, and as lines of a hosts file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use crate::error::Result;
use crate::hosts_file;
use crate::network::Network;

impl Network {
    /// The addresses of the container that has this name or id, on whatever host; empty if none has.
    /// What is behind the network's name, as in `test101.vlan10`, is understood too.
    pub fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        let short = name.strip_suffix(self.name()).and_then(|name| name.strip_suffix('.'));
        let called = |wanted: &str| [Some(name), short].contains(&Some(wanted));
        let leases = self.leases()?;
        let found = leases
            .iter()
            .find(|lease| lease.name.as_deref().is_some_and(called))
            .or_else(|| leases.iter().find(|lease| called(&lease.container)));
        Ok(found.map(|lease| lease.addresses.iter().map(IpNet::addr).collect()).unwrap_or_default())
    }

    /// Lines for `/etc/hosts`, one for each address of a container that has a name: the address, the
    /// name, and the name with the network's behind a dot.
    pub fn hosts(&self) -> Result<String> {
        let mut lines = BTreeMap::new();
        for lease in self.leases()? {
            for address in &lease.addresses {
                if let Some(name) = &lease.name {
                    let line = hosts_file::line(address.addr(), name, self.name());
                    lines.insert(address.addr(), line);
                }
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
