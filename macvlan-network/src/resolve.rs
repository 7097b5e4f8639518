//! Finding containers by name: for programs, and as lines of a hosts file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::network::Network;
use crate::random;

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
                    let line = format!("{}\t{name} {name}.{}\n", address.addr(), self.name());
                    lines.insert(address.addr(), line);
                }
            }
        }
        Ok(lines.into_values().collect())
    }

    /// Writes these lines into a hosts file, between two lines of comment that tell where they begin
    /// and end; the next time they are replaced. The rest of the file stays as it is, and nobody ever
    /// sees half of it.
    ///
    /// A file that is mounted into a container cannot be replaced by another; it is written in place.
    pub fn write_hosts(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let fails = |error| Error::file(format!("write {}", path.display()), error);
        let old = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fails(error)),
        };
        let text = replace_part(&old, self.name(), &self.hosts()?);
        if text == old {
            return Ok(());
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", &random::id()[..8]));
        let aside = path.with_file_name(name);
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create_new(&aside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            if let Ok(before) = fs::metadata(path) {
                file.set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
            }
            fs::rename(&aside, path)
        };
        write().or_else(|_| {
            // Whether it was ever made is not known.
            let _ = fs::remove_file(&aside);
            fs::write(path, &text).map_err(fails)
        })
    }
}

/// A text with the part of a network replaced, or added at its end.
fn replace_part(text: &str, network: &str, lines: &str) -> String {
    let begin = format!("# macvlan-network {network}: begin");
    let end = format!("# macvlan-network {network}: end");
    let mut made = String::new();
    let mut within = false;
    for line in text.lines() {
        if line == begin {
            within = true;
        } else if line == end {
            within = false;
        } else if !within {
            made.push_str(line);
            made.push('\n');
        }
    }
    if !lines.is_empty() {
        // Writing into a string does not fail.
        let _ = write!(made, "{begin}\n{lines}{end}\n");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::replace_part;

    #[test]
    fn only_the_networks_own_part_changes() {
        let hosts = "127.0.0.1\tlocalhost\n";
        let once = replace_part(hosts, "lan", "10.0.0.2\ta a.lan\n");
        assert_eq!(
            once,
            "127.0.0.1\tlocalhost\n# macvlan-network lan: begin\n10.0.0.2\ta a.lan\n\
             # macvlan-network lan: end\n"
        );
        let both = replace_part(&once, "lan2", "10.1.0.2\tb b.lan2\n");
        assert_eq!(replace_part(&both, "lan2", ""), once);
        assert_eq!(replace_part(&once, "lan", ""), hosts);
    }
}
