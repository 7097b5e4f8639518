//! What an endpoint became in the kernel.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::endpoint::deletion::Deletion;
use crate::endpoint::find_parent::{is_macvlan, name_of, on_host, through_macvlan};
use crate::error::errno_of;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::lan::announce::{Announce, Announcement};
use crate::netlink::{Connection, Failure};
use crate::netns::{NetNs, NetNsId, WeakNetNs};
use crate::rtnl::{decode, encode};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::route::Route;
use crate::value::rule::Rule;

/// One container interface, as it was set up.
///
/// It tells what was set without asking the kernel again; [`Attachment::refresh`] asks. It does not hold
/// the container's namespace open, which ends with the container, and the link and its address on the LAN
/// with it. It finds the namespace by the [`NetNs`] that the endpoint was attached by, as long as somebody
/// has a clone of it, and then opens it again in the same way: by pid, pidfd, name or path. What it finds
/// there is the same namespace, or an error. Who opened it by a descriptor alone, or made it with
/// [`NetNs::anonymous`], keeps that handle, or gives another by [`Attachment::set_netns`].
#[derive(Debug, Clone)]
pub struct Attachment {
    pub(super) name: LinkName,
    pub(super) kind: &'static str,
    pub(super) index: u32,
    pub(super) mac: MacAddr,
    pub(super) mtu: Option<u32>,
    pub(super) parent: LinkId,
    pub(super) parent_index: u32,
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Vec<Route>,
    pub(super) rules: Vec<Rule>,
    /// What deletes the rules, and the routes that do not go with the link.
    pub(super) deletions: Vec<Deletion>,
    pub(super) netns: WeakNetNs,
}

impl Attachment {
    /// The link's name inside.
    pub fn name(&self) -> LinkName {
        self.name
    }

    /// The kernel's name for the link's kind: `"macvlan"`, `"macvtap"` or `"vlan"`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The link's index inside.
    #[doc(alias = "ifindex")]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The link's MAC address, also when nobody gave one.
    pub fn mac(&self) -> MacAddr {
        self.mac
    }

    /// The link's MTU in bytes; none before [`Attachment::refresh`] if the endpoint gave none, and
    /// the link has its parent's.
    pub fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// The parent on the host.
    pub fn parent(&self) -> LinkId {
        self.parent
    }

    /// The parent's index on the host.
    pub fn parent_index(&self) -> u32 {
        self.parent_index
    }

    /// Says which link its parent is now, and what that is called.
    pub(crate) fn is_on_parent(&mut self, index: u32, name: &str) {
        self.parent_index = index;
        self.parent = LinkId::named(name, index);
    }

    /// Returns a handle on the container's namespace, which is then held open by it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the way by which it was opened leads nowhere any more, or to another
    /// namespace; [`ErrorKind::InvalidValue`] if it was opened by a descriptor that is closed now.
    pub fn netns(&self) -> Result<NetNs> {
        self.netns.open()
    }

    pub(crate) fn weak_netns(&self) -> &WeakNetNs {
        &self.netns
    }

    /// Sets the handle by which the container's namespace is found.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if it is a handle on another namespace.
    pub fn set_netns(&mut self, netns: &NetNs) -> Result<()> {
        self.netns.lead_by(netns)
    }

    /// What identifies the container's namespace.
    pub fn netns_id(&self) -> NetNsId {
        self.netns.id()
    }

    /// The link's addresses.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The endpoint's routes: those through the link, and those that it brought along.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The policy rules that were set, of [`Endpoint::source_routing`](crate::Endpoint::source_routing).
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Where a VM monitor finds a macvtap's frames: `/dev/tapN`, N being the index. None for other
    /// kinds.
    ///
    /// The kernel makes the file in the host's devtmpfs. Two macvtaps of one index, in two
    /// namespaces, would share a name there; indices are chosen so that this does not happen.
    pub fn tap_path(&self) -> Option<PathBuf> {
        (self.kind == "macvtap").then(|| PathBuf::from(format!("/dev/tap{}", self.index)))
    }

    /// Opens a macvtap for a VM monitor, for reading and writing: the descriptor that QEMU takes as
    /// `-netdev tap,fd=`. Every opening adds a queue.
    pub fn open_tap(&self) -> Result<OwnedFd> {
        let operation = "open the macvtap's device";
        let Some(path) = self.tap_path() else {
            return Err(Error::invalid(operation, format!("a {} has none", self.kind))
                .on_link(self.name.as_str()));
        };
        OpenOptions::new().read(true).write(true).open(&path).map(File::into).map_err(|error| {
            let error = Error::system(operation, errno_of(&error)).on_link(self.name.as_str());
            if error.errno() == Some(nix::libc::ENOENT) {
                return error
                    .because(ErrorKind::NotFound, format!("there is no {}", path.display()))
                    .with_hint("the kernel makes it in a devtmpfs; is one mounted on /dev?");
            }
            error
        })
    }

    /// Reads back from the kernel what the link is now: name, MAC address, MTU, addresses, the
    /// routes through it in all tables, with those that the kernel made for the addresses, and the
    /// rules for packets from its addresses.
    pub fn refresh(&mut self) -> Result<()> {
        let attempt = Attempt::Other(LinkId::Name(self.name), "read the link".into());
        let netns = self.netns()?;
        let explain = |failure| attempt.explain(failure, &Place::host(&netns));
        let connection = netns.connection()?;
        let info = connection.link(self.index).map_err(explain)?;
        let found = read(connection, &info).map_err(explain)?;
        if let LinkId::Name(name) = LinkId::named(&info.name, info.index) {
            self.name = name;
        }
        self.mac = info.mac.unwrap_or(self.mac);
        self.mtu = Some(info.mtu);
        (self.addresses, self.routes, self.rules) = found;
        Ok(())
    }

    /// Announcements of its addresses, to be sent by [`Announcement::run`] or
    /// [`Announcement::send`].
    ///
    /// ```no_run
    /// # fn example(attachment: &macvlan_core::Attachment) -> macvlan_core::Result<()> {
    /// use macvlan_core::Announce;
    /// let announcement = attachment.announce(Announce::rfc())?;
    /// std::thread::spawn(move || announcement.run());
    /// # Ok(()) }
    /// ```
    pub fn announce(&self, announce: Announce) -> Result<Announcement> {
        let ips = self.addresses().iter().map(Address::ip).collect();
        Announcement::of(announce, &self.netns()?, self.name(), self.index(), ips)
    }
}

impl From<&Attachment> for LinkId {
    fn from(attachment: &Attachment) -> Self {
        Self::Index(attachment.index)
    }
}

type Found = (Vec<Address>, Vec<Route>, Vec<Rule>);

/// A link's addresses, routes, and the rules for packets from those addresses.
fn read(connection: &Connection, link: &LinkInfo) -> std::result::Result<Found, Failure> {
    let addresses: Vec<Address> = connection
        .dump(&encode::get_addresses(None, Some(link.index)), decode::address)?
        .into_iter()
        .map(|info| info.address)
        .collect();
    let routes = connection
        .dump(&encode::get_routes(&RouteFilter::new(), Some(link.index)), decode::route)?
        .into_iter()
        .map(|info| info.route)
        .collect();
    let rules = marked_rules(connection, &addresses)?;
    Ok((addresses, routes, rules))
}

/// Lists our rules for packets from these addresses.
pub(super) fn marked_rules(
    connection: &Connection,
    addresses: &[Address],
) -> std::result::Result<Vec<Rule>, Failure> {
    let from_here = |rule: &Rule| {
        rule.get_from().is_some_and(|from| {
            addresses.iter().any(|address| from == ipnet::IpNet::from(address.ip()))
        })
    };
    connection
        .dump(&encode::get_rules(None), |payload| decode::marked_rule(payload).filter(&from_here))
}

/// What hangs in a namespace on parents in the host's.
pub(crate) fn attachments(host: &NetNs, netns: &NetNs) -> Result<Vec<Attachment>> {
    let operation = "list the attachments";
    let fails = |failure: Failure| failure.into_error(operation).in_netns(netns.in_words());
    let inside = netns.connection()?;
    let is_on_host = on_host(host, netns, inside).map_err(fails)?;
    let links = inside.dump(&encode::get_links(None, None), decode::link).map_err(fails)?;
    let mut names: HashMap<u32, LinkId> = HashMap::new();
    let mut found = Vec::new();
    for link in links {
        let kind = match link.kind.as_deref() {
            Some("macvlan") => "macvlan",
            Some("macvtap") => "macvtap",
            Some("vlan") => "vlan",
            _ => continue,
        };
        let parent_index = match link.parent {
            Some(parent) if is_on_host(&link) => parent,
            Some(_) if is_macvlan(&link) && !netns.same_as(host) => {
                let outside = host.connection()?;
                match through_macvlan(outside, netns, &link).map_err(fails)? {
                    Some(parent) => parent.index,
                    None => continue,
                }
            }
            _ => continue,
        };
        let parent = match names.get(&parent_index) {
            Some(name) => *name,
            None => *names.entry(parent_index).or_insert(name_of(host, parent_index)?),
        };
        let (Ok(name), Some(mac)) = (LinkName::new(&link.name), link.mac) else { continue };
        let (addresses, routes, rules) = read(inside, &link).map_err(fails)?;
        let deletions = rules.iter().copied().map(Deletion::Rule).collect();
        found.push(Attachment {
            name,
            kind,
            index: link.index,
            mac,
            mtu: Some(link.mtu),
            parent,
            parent_index,
            addresses,
            routes,
            rules,
            deletions,
            netns: netns.downgrade(),
        });
    }
    // The kernel does not tell which of several attachments a marked route belongs to, nor a rule whose
    // address has gone.
    if let [only] = &mut found[..] {
        let through = Some(LinkId::Index(only.index));
        let rules = inside.dump(&encode::get_rules(None), decode::marked_rule);
        only.rules = rules.map_err(fails)?;
        only.deletions = only.rules.iter().copied().map(Deletion::Rule).collect();
        for info in inside.marked_routes().map_err(fails)? {
            // The kernel deletes it with the link.
            if info.route.get_device() == through {
                continue;
            }
            let deletion = Deletion::marked_route(info.route)?;
            only.routes.push(info.route);
            only.deletions.push(deletion);
        }
    }
    Ok(found)
}
