//! An attached endpoint.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::endpoint::access_link::is_access_link;
use crate::endpoint::deletion::Deletion;
use crate::endpoint::find_parent::{is_macvlan, name_of, on_host, through_macvlan};
use crate::endpoint::shared::may_be_endpoint;
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

/// An attached endpoint: a container interface as it was set up.
///
/// Its getters return the values that were set, without asking the kernel; [`Attachment::refresh`]
/// reads the current ones. It does not keep the container's namespace in existence, so link and
/// address disappear with the container.
///
/// To detach, it finds the namespace by the [`NetNs`] that was used to attach, as long as a clone
/// of that exists, and then opens it again by pid, pidfd, name or path. It is always the same
/// namespace, or an error. A namespace that was opened by a descriptor or created with
/// [`NetNs::anonymous`] cannot be opened again: keep its handle, or set another one with
/// [`Attachment::set_netns`].
///
/// ```no_run
/// use macvlan_core::{Endpoint, Host, NetNs};
/// let host = Host::open()?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.5/24".parse()?);
/// let attachment = host.attach(&endpoint, &NetNs::from_pid(2084)?)?;
/// println!("{} has {} and {}", attachment.name(), attachment.mac(), attachment.addresses()[0]);
/// host.detach(&attachment)?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
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
    /// Deletions of the rules, and of the routes that the kernel does not delete with the link.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) deletions: Vec<Deletion>,
    #[cfg_attr(feature = "serde", serde(rename = "netns_id"))]
    pub(super) netns: WeakNetNs,
}

impl Attachment {
    /// Returns the link's name in the container.
    pub fn name(&self) -> LinkName {
        self.name
    }

    /// Returns the kernel's name for the kind of link: `"macvlan"`, `"macvtap"` or `"vlan"`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the link's index in the container.
    #[doc(alias = "ifindex")]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Returns the link's MAC address, including one that was chosen at random.
    pub fn mac(&self) -> MacAddr {
        self.mac
    }

    /// Returns the link's MTU in bytes.
    ///
    /// `None` if it was not set and there was no [`Attachment::refresh`].
    pub fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the parent on the host.
    pub fn parent(&self) -> LinkId {
        self.parent
    }

    /// Returns the parent's index on the host.
    pub fn parent_index(&self) -> u32 {
        self.parent_index
    }

    /// Sets the parent's current index and name.
    pub(crate) fn is_on_parent(&mut self, index: u32, name: &str) {
        self.parent_index = index;
        self.parent = LinkId::named(name, index);
    }

    /// Opens a handle on the container's namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the pid, name or path no longer leads to the namespace;
    /// [`ErrorKind::InvalidValue`] if it was opened by a descriptor and the last handle was
    /// dropped.
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

    /// Returns the identity of the container's namespace.
    pub fn netns_id(&self) -> NetNsId {
        self.netns.id()
    }

    /// Returns the link's addresses.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the endpoint's routes, including those that lead through other links.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Returns the policy rules of [`Endpoint::source_routing`](crate::Endpoint::source_routing).
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the device file of a macvtap, `/dev/tapN` with the link's index; `None` for other
    /// kinds.
    ///
    /// The kernel creates it in the host's devtmpfs. Macvtaps in different namespaces with the same
    /// index would share it; attach chooses indexes so that this does not happen.
    pub fn tap_path(&self) -> Option<PathBuf> {
        (self.kind == "macvtap").then(|| PathBuf::from(format!("/dev/tap{}", self.index)))
    }

    /// Opens the device file of a macvtap for reading and writing, as for QEMU's `-netdev tap,fd=`.
    ///
    /// Each call adds a queue.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] for other kinds; [`ErrorKind::NotFound`] if the file does not
    /// exist; [`ErrorKind::PermissionDenied`] if it may not be opened.
    pub fn open_tap(&self) -> Result<OwnedFd> {
        let operation = "open the macvtap's device";
        let Some(path) = self.tap_path() else {
            return Err(Error::invalid(operation, format!("a {} has no device file", self.kind))
                .on_link(self.name.as_str()));
        };
        OpenOptions::new().read(true).write(true).open(&path).map(File::into).map_err(|error| {
            let error = Error::system(operation, errno_of(&error)).on_link(self.name.as_str());
            if error.errno() == Some(nix::libc::ENOENT) {
                return error
                    .because(ErrorKind::NotFound, format!("{} does not exist", path.display()))
                    .with_hint("mount a devtmpfs on /dev, in which the kernel creates it");
            }
            error
        })
    }

    /// Reads the current state from the kernel.
    ///
    /// This includes the name, the MAC address, the MTU, the addresses, the routes through the link
    /// in all tables, including the connected ones, and the rules for packets from its addresses.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; as for [`Attachment::netns`] if the
    /// namespace is not found.
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

    /// Makes announcements of the addresses, to be sent by the caller.
    ///
    /// ```no_run
    /// # fn example(attachment: &macvlan_core::Attachment) -> macvlan_core::Result<()> {
    /// use macvlan_core::Announce;
    /// let announcement = attachment.announce(Announce::rfc())?;
    /// std::thread::spawn(move || announcement.run());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Attachment::netns`] if the namespace is not found; [`ErrorKind::PermissionDenied`]
    /// without `CAP_NET_RAW`.
    pub fn announce(&self, announce: Announce) -> Result<Announcement> {
        let ips = self.addresses().iter().map(Address::ip).collect();
        Announcement::of(announce, &self.netns()?, self.name(), self.index(), ips)
    }
}

/// Compares all values, and the identities of the namespaces instead of the handles on them.
impl PartialEq for Attachment {
    fn eq(&self, other: &Self) -> bool {
        let values = |of: &Self| (of.netns_id(), of.index, of.name, of.kind, of.mac, of.mtu);
        values(self) == values(other)
            && (self.parent, self.parent_index) == (other.parent, other.parent_index)
            && (&self.addresses, &self.routes) == (&other.addresses, &other.routes)
            && self.rules == other.rules
    }
}

impl Eq for Attachment {}

/// Hashes what identifies the interface, which [`Attachment::refresh`] does not change.
impl Hash for Attachment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.netns_id(), self.index).hash(state);
    }
}

impl From<&Attachment> for LinkId {
    fn from(attachment: &Attachment) -> Self {
        Self::Index(attachment.index)
    }
}

type Found = (Vec<Address>, Vec<Route>, Vec<Rule>);

/// Reads a link's addresses and routes, and the rules for packets from these addresses.
fn read(connection: &Connection, link: &LinkInfo) -> std::result::Result<Found, Failure> {
    let addresses: Vec<Address> = connection
        .dump(&encode::get_addresses(None, Some(link.index)), decode::address)?
        .into_iter()
        .map(|info| info.address)
        .collect();
    let routes = connection
        .dump(&encode::get_routes(&RouteFilter::new(), Some(link.index)), decode::route)?
        .into_iter()
        .map(|info| with_name(info.route, std::slice::from_ref(link)))
        .collect();
    let rules = marked_rules(connection, &addresses)?;
    Ok((addresses, routes, rules))
}

/// Returns a route with the name of its link instead of the index.
fn with_name(route: Route, links: &[LinkInfo]) -> Route {
    let is_device = |link: &&LinkInfo| route.get_device() == Some(LinkId::Index(link.index));
    let device = links.iter().find(is_device);
    device.map_or(route, |link| route.device(LinkId::named(&link.name, link.index)))
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

/// Returns the kind of a link that can be an attachment.
fn kind_of(link: &LinkInfo) -> Option<&'static str> {
    let kinds = ["macvlan", "macvtap", "vlan"];
    kinds.into_iter().find(|kind| link.kind.as_deref() == Some(kind))
}

fn cannot_list(netns: &NetNs) -> impl Fn(Failure) -> Error + Copy + '_ {
    |failure| failure.into_error("list the attachments").in_netns(netns.describe())
}

fn links_in(netns: &NetNs) -> Result<Vec<LinkInfo>> {
    let links = netns.connection()?.dump(&encode::get_links(None, None), decode::link);
    links.map_err(cannot_list(netns))
}

/// Returns the links that are on parents of the host, with the parents' indexes.
fn on_parents<'a>(
    host: &NetNs,
    netns: &NetNs,
    links: &'a [LinkInfo],
) -> Result<Vec<(u32, &'a LinkInfo)>> {
    let fails = cannot_list(netns);
    let is_on_host = on_host(host, netns, netns.connection()?).map_err(fails)?;
    let mut found = Vec::new();
    // A container may say this of any link.
    let is_other = |link: &&LinkInfo| netns.same_as(host) && is_access_link(link);
    let is_kind = |link: &&LinkInfo| kind_of(link).is_some() && !is_other(link);
    for link in links.iter().filter(is_kind) {
        let parent_index = match link.parent {
            Some(parent) if is_on_host(link) => parent,
            Some(_) if is_macvlan(link) && !netns.same_as(host) => {
                let outside = host.connection()?;
                match through_macvlan(outside, netns, link).map_err(fails)? {
                    Some(parent) => parent.index,
                    None => continue,
                }
            }
            _ => continue,
        };
        found.push((parent_index, link));
    }
    Ok(found)
}

/// Finds the links in a namespace that are on parents of the host, with the parents' indexes.
pub(crate) fn interfaces(host: &NetNs, netns: &NetNs) -> Result<Vec<(u32, LinkInfo)>> {
    let links = links_in(netns)?;
    let found = on_parents(host, netns, &links)?.into_iter();
    Ok(found.map(|(parent, link)| (parent, link.clone())).collect())
}

/// Finds the links in a namespace that are on parents of the host, with their addresses, routes and
/// rules.
pub(crate) fn attachments(host: &NetNs, netns: &NetNs) -> Result<Vec<Attachment>> {
    let fails = cannot_list(netns);
    let inside = netns.connection()?;
    let links = links_in(netns)?;
    let mut names: HashMap<u32, LinkId> = HashMap::new();
    let mut found = Vec::new();
    for (parent_index, link) in on_parents(host, netns, &links)? {
        let parent = match names.get(&parent_index) {
            Some(name) => *name,
            None => *names.entry(parent_index).or_insert(name_of(host, parent_index)?),
        };
        found.extend(of_link(netns, link, (parent_index, parent))?);
    }
    // The kernel does not show to which of several attachments a marked route belongs, nor a rule
    // whose address is gone.
    if let [only] = &mut found[..] {
        if links.iter().any(|link| link.index != only.index && may_be_endpoint(link)) {
            return Ok(found);
        }
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
            only.routes.push(with_name(info.route, &links));
            only.deletions.push(deletion);
        }
    }
    Ok(found)
}

/// Returns the host's link of a host access; `None` if it no longer exists.
pub(crate) fn access_link(host: &NetNs, index: u32) -> Result<Option<Attachment>> {
    let link = host.connection()?.find_link(index);
    let link = link.map_err(|failure| failure.into_error("read the host's link"))?;
    match link.as_ref().and_then(|link| Some((link, link.parent?))) {
        Some((link, parent)) => {
            let found = of_link(host, link, (parent, name_of(host, parent)?))?;
            // It borrows the parent's addresses; rules for these are the parent's.
            let without_rules =
                |found| Attachment { rules: Vec::new(), deletions: Vec::new(), ..found };
            Ok(found.map(without_rules))
        }
        None => Ok(None),
    }
}

/// Reads the attachment of a link on this parent; `None` if it no longer exists.
fn of_link(
    netns: &NetNs,
    link: &LinkInfo,
    (parent_index, parent): (u32, LinkId),
) -> Result<Option<Attachment>> {
    let (Ok(name), Some(mac)) = (LinkName::new(&link.name), link.mac) else { return Ok(None) };
    let Some(kind) = kind_of(link) else { return Ok(None) };
    let (addresses, routes, rules) = match read(netns.connection()?, link) {
        // It was deleted after it was listed.
        Err(Failure::Refused { errno: Errno::ENODEV, .. }) => return Ok(None),
        found => found.map_err(cannot_list(netns))?,
    };
    let deletions = rules.iter().copied().map(Deletion::Rule).collect();
    Ok(Some(Attachment {
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
    }))
}
