//! VLANs that are created when the first endpoint needs them and removed with the last one.
//!
//! No state is kept outside the kernel, so different processes can create and remove a VLAN, and
//! any of them can be killed:
//!
//! - A VLAN is created in the link group [`Parent::ON_DEMAND_GROUP`], which marks it from the
//!   beginning.
//! - No query shows whether a macvlan in any namespace is on a parent. But *creating* one in mode
//!   passthru fails if there is another, and while it exists no other can be created. Such a link
//!   is called a probe here.
//! - A VLAN that is about to be removed has an alternative name for this attempt, and is deleted by
//!   this name. A process that finds the probe in its way deletes the name and the probe; the
//!   remover, whether still running or killed, then cannot delete the VLAN. The kernel's RTNL lock
//!   serializes all of this.
//!
//! A dummy link that an administrator puts into the group is removed in the same way.

use nix::errno::Errno;

use crate::endpoint::find_parent::{self, ByName, Found};
use crate::endpoint::parent::{Parent, VlanTag};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::{Batch, Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::encode::{self, LinkChange};
use crate::rtnl::{decode, may_be_elsewhere};
use crate::value::link::{Link, LinkInfo, LinkKind, MacvlanOptions, Mode, VlanOptions};
use crate::value::name::{LinkId, LinkName};

/// The prefix of the alternative name that announces a removal.
const REMOVAL: &str = "macvlan-removal-";
/// The prefix of a probe's name.
const PROBE: &str = "mvp";
/// The kernel's name for dummy links.
const DUMMY: &str = "dummy";
/// The maximum number of attempts when other processes interfere.
const ATTEMPTS: usize = 1000;

/// Finds a parent, or creates the VLAN that it describes.
pub(crate) fn find_or_make(host: &NetNs, parent: &Parent) -> Result<Found> {
    for _ in 0..ATTEMPTS {
        match find_parent::by_name(host, parent)? {
            ByName::There(found) => return Ok(found),
            ByName::Other => return Err(not_that_vlan(host, parent)),
            ByName::Missing => {}
        }
        let Some((base, tag)) = parent.on_demand() else {
            return Err(find_parent::missing(host, parent));
        };
        let LinkId::Name(name) = parent.id()? else {
            return Err(find_parent::missing(host, parent));
        };
        if let Some(found) = make(host, base, tag, name)? {
            return Ok(found);
        }
    }
    Err(contended(parent))
}

fn not_that_vlan(host: &NetNs, parent: &Parent) -> Error {
    let mut cause = "another link with this name exists".to_owned();
    if let Some((base, tag)) = parent.described() {
        // A link that has the base's name but does not match its description could not be found
        // later.
        let found = find_parent::find(host, base);
        match found.and_then(|found| Ok((found, find_parent::by_name(host, base)?))) {
            Ok((None, ByName::Missing)) => {
                let cause = format!("the base {base} of VLAN {parent} does not exist");
                return find_parent::missing(host, base).because(ErrorKind::ParentNotFound, cause);
            }
            Ok(_) => {}
            Err(error) => return error,
        }
        cause = format!("{parent} exists and is not VLAN {} ({}) of {base}", tag.id, tag.protocol);
    }
    Error::new(ErrorKind::NameTaken, "use the parent", cause)
        .with_hint("give the VLAN another name")
        .on_link(parent.to_string())
        .in_netns(host.describe())
}

/// Returns the link of a VLAN, without its base.
pub(super) fn link(name: LinkName, tag: VlanTag) -> Link {
    let vlan = VlanOptions::of(tag.id).protocol(tag.protocol);
    Link::bare(name, None, LinkKind::Vlan(vlan)).up(true).group(Parent::ON_DEMAND_GROUP)
}

/// Creates a VLAN; returns `None` if another process interfered and it has to be retried.
fn make(host: &NetNs, base: &Parent, tag: VlanTag, name: LinkName) -> Result<Option<Found>> {
    let connection = host.connection()?;
    let below = find_or_make(host, base)?;
    let link = link(name, tag);
    let made = match connection.submit_one(encode::create_link(&link, Some(below.index))) {
        Ok(()) => true,
        Err(Failure::Refused { errno: Errno::ENODEV, .. }) => return Ok(None),
        Err(failure) => {
            let taken = matches!(failure, Failure::Refused { errno: Errno::EEXIST, .. });
            let lost = matches!(failure, Failure::NoAnswer(_));
            match if taken || lost { connection.find_index(&name) } else { Ok(None) } {
                // Another process was faster, or the VLAN was created and only the reply was lost.
                Ok(Some(_)) => false,
                there => {
                    if taken {
                        if let Some(found) = find_parent::by_tag(host, below.index, tag)? {
                            return Ok(Some(found));
                        }
                    }
                    let place = Place { parent: Some(below.index), ..Place::host(host) };
                    let error = Attempt::CreateLink(&link).explain(failure, &place);
                    let mut error = error.on_parent(base.to_string());
                    if let (true, Err(_unknown)) = (lost, there) {
                        error = error.leaves(format!("perhaps VLAN {name} in {host}"));
                    }
                    if below.made {
                        error = match release(host, below.index) {
                            Ok(()) => error,
                            Err(_) => may_leave(error, host, base),
                        };
                    }
                    return Err(error);
                }
            }
        }
    };
    // A base that is about to be removed was checked before this VLAN existed: call off its
    // removal.
    let settled = settle(host, below.index);
    // `None` if another process has removed it.
    let index = connection.find_index(&name).or_else(|_| connection.find_index(&name));
    let error = match (settled, index) {
        (Ok(_), Ok(index)) => return Ok(index.map(|index| Found::by_its_name(index, made))),
        (Ok(_), Err(errno)) => Error::system("find the VLAN", errno).on_link(name.as_str()),
        (Err(error), Ok(None)) => return Err(error),
        (Err(error), Ok(Some(index))) => match release(host, index) {
            // The base is deleted with it.
            Ok(()) => return Err(error),
            Err(_) => error,
        },
        (Err(error), Err(_)) => error,
    };
    let error = error.leaves(format!("perhaps VLAN {name} in {host}"));
    Err(if below.made { may_leave(error, host, base) } else { error })
}

/// Adds to an error that a parent made on demand may remain, and each VLAN below it.
pub(crate) fn may_leave(mut error: Error, host: &NetNs, mut parent: &Parent) -> Error {
    while let Some((base, _)) = parent.on_demand() {
        error = error.leaves(format!("perhaps VLAN {parent} in {host}"));
        parent = base;
    }
    error
}

/// Calls off removals of a parent that are in progress. Returns whether one may have prevented its
/// use, so that a retry makes sense.
pub(crate) fn settle(host: &NetNs, index: u32) -> Result<bool> {
    let connection = host.connection()?;
    match connection.find_link(index).map_err(|failure| failure.into_error("read the parent"))? {
        // Also a link that has left the group since: a remover checks the group only once.
        Some(link) if link.group == Parent::ON_DEMAND_GROUP || is_being_removed(&link) => {
            call_off(connection, &link)
        }
        Some(_) => Ok(false),
        None => Ok(true),
    }
}

fn is_being_removed(vlan: &LinkInfo) -> bool {
    removals(vlan).next().is_some()
}

fn removals(vlan: &LinkInfo) -> impl Iterator<Item = &String> {
    vlan.alternative_names.iter().filter(|name| name.starts_with(REMOVAL))
}

/// Deletes the names of removals, and then their probes.
fn call_off(connection: &Connection, vlan: &LinkInfo) -> Result<bool> {
    let mut found = false;
    for name in removals(vlan) {
        found = true;
        ignore_gone(
            connection.submit_one(encode::set_link(vlan.index, &LinkChange::DeleteAltName(name))),
        )?;
    }
    for probe in
        links_on(connection, vlan.index).map_err(not_listed)?.iter().filter(|link| is_probe(link))
    {
        found = true;
        ignore_gone(connection.submit_one(encode::delete_link(probe.index)))?;
    }
    Ok(found)
}

/// Exempts a VLAN from removal, because it is about to be used in a way that a probe does not
/// detect. Returns whether it was subject to removal.
pub(crate) fn keep(connection: &Connection, index: u32) -> Result<bool> {
    move_to_group(connection, index, Parent::ON_DEMAND_GROUP, 0)
}

/// Makes a VLAN subject to removal again, after a [`keep`] for an operation that failed.
pub(crate) fn take_back(connection: &Connection, index: u32) -> Result<()> {
    move_to_group(connection, index, 0, Parent::ON_DEMAND_GROUP).map(drop)
}

/// Moves a link from one group to another, unless an administrator put it into a third.
fn move_to_group(connection: &Connection, index: u32, from: u32, to: u32) -> Result<bool> {
    let is_in_it = read(connection, index)?.is_some_and(|link| link.group == from);
    if is_in_it {
        set_group(connection, index, to)?;
    }
    Ok(is_in_it)
}

fn set_group(connection: &Connection, index: u32, group: u32) -> Result<()> {
    ignore_gone(connection.submit_one(encode::set_link(index, &LinkChange::Group(group))))
}

/// Removes an unused VLAN that was made on demand, and then its base in the same way.
pub(crate) fn release(host: &NetNs, index: u32) -> Result<()> {
    // Deleting takes long, so it uses a socket of its own and leaves the host's to others.
    let open = || host.visit(Connection::open)?;
    let connection = open().or_else(|_| open())?;
    let mut next = Some(index);
    while let Some(index) = next.take() {
        let release = || release_one(host, &connection, index);
        next = release().or_else(|_| release())?;
    }
    Ok(())
}

/// As [`release`], for a parent that may not have been made on demand, which takes one request to
/// find out.
pub(crate) fn release_if_marked(host: &NetNs, index: u32) -> Result<()> {
    let ask = || {
        let parent = host.connection()?.find_link(index);
        parent.map_err(|failure| failure.into_error("read the parent"))
    };
    match ask().or_else(|_| ask())? {
        Some(parent) if parent.group == Parent::ON_DEMAND_GROUP => release(host, index),
        _ => Ok(()),
    }
}

/// Removes all unused parents that were made on demand.
pub(crate) fn remove_unused_parents(host: &NetNs) -> Result<()> {
    let connection = host.connection()?;
    for kind in ["vlan", DUMMY] {
        let marked = connection
            .dump(&encode::get_links(Some(kind), None), decode::link)
            .map_err(|failure| failure.into_error("list the parents"))?;
        for parent in marked.iter().filter(|parent| parent.group == Parent::ON_DEMAND_GROUP) {
            release(host, parent.index)?;
        }
    }
    Ok(())
}

/// Removes one VLAN; returns the index of its base if it was removed.
fn release_one(host: &NetNs, connection: &Connection, index: u32) -> Result<Option<u32>> {
    for _ in 0..ATTEMPTS {
        let Some(vlan) = unused(connection, index)? else { return Ok(None) };
        let (attempt, outcome) = Removal::begin(connection, index)?;
        match outcome {
            Ok(()) if attempt.is_in_vain(host)? => return Ok(None),
            Ok(()) => {
                return match connection.submit_one(encode::delete_link_by_altname(&attempt.name)) {
                    Ok(()) => Ok(vlan.parent),
                    Err(Failure::NoAnswer(_)) if read(connection, index)?.is_none() => {
                        Ok(vlan.parent)
                    }
                    // Another process called it off.
                    Err(Failure::Refused { errno: Errno::ENODEV, .. }) => {
                        attempt.abandon()?;
                        Ok(None)
                    }
                    Err(failure) => {
                        attempt.abandon()?;
                        Err(failure.into_error("delete the VLAN").on_link(vlan.name))
                    }
                };
            }
            // A probe of another remover, which may have been killed.
            Err(failure) if is_taken(&failure) => {
                attempt.abandon()?;
                let Some(vlan) = read(connection, index)? else { return Ok(None) };
                if !call_off(connection, &vlan)? {
                    return Ok(None);
                }
            }
            Err(failure) => {
                attempt.abandon()?;
                if is_gone(&failure) {
                    return Ok(None);
                }
                return Err(failure.into_error("remove the VLAN").on_link(vlan.name));
            }
        }
    }
    Ok(None)
}

/// One attempt to remove a VLAN, with its name and its probe.
struct Removal<'a> {
    connection: &'a Connection,
    vlan: u32,
    name: String,
    probe: LinkName,
}

impl<'a> Removal<'a> {
    fn begin(
        connection: &'a Connection,
        vlan: u32,
    ) -> Result<(Self, std::result::Result<(), Failure>)> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)
            .map_err(|_| Error::system("choose a name at random", Errno::EIO))?;
        let hex = random.map(|byte| format!("{byte:02x}")).concat();
        let name = format!("{REMOVAL}{hex}");
        let probe = LinkName::new(&format!("{PROBE}{}", &hex[..12]))?;
        let link = Link::macvlan(probe, vlan, MacvlanOptions::new(Mode::Passthru))?
            .group(Parent::ON_DEMAND_GROUP);
        let mut batch = Batch::new();
        batch.push(encode::set_link(vlan, &LinkChange::AddAltName(&name)));
        batch.push(encode::create_link(&link, Some(vlan)));
        let outcome = connection.submit(&mut batch);
        Ok((Self { connection, vlan, name, probe }, outcome))
    }

    /// Returns whether the VLAN is used in a way that a probe does not detect.
    fn is_in_vain(&self, host: &NetNs) -> Result<bool> {
        let in_use = match unused(self.connection, self.vlan) {
            Ok(None) => Ok(true),
            Ok(Some(_)) => may_be_elsewhere(host, self.vlan, is_vlan),
            Err(error) => Err(error),
        };
        match in_use {
            Ok(false) => Ok(false),
            in_use => {
                self.abandon()?;
                in_use
            }
        }
    }

    /// Deletes the name and the probe, even if one of these fails.
    fn abandon(&self) -> Result<()> {
        let delete_name = encode::set_link(self.vlan, &LinkChange::DeleteAltName(&self.name));
        let name = ignore_gone(self.connection.submit_one(delete_name));
        let probe = self.connection.find_index(&self.probe);
        let probe = match probe.map_err(|errno| Error::system("search for the probe", errno))? {
            Some(index) => ignore_gone(self.connection.submit_one(encode::delete_link(index))),
            None => Ok(()),
        };
        name.and(probe)
    }
}

/// Returns a VLAN or dummy link that was made on demand and is unused, as far as this namespace
/// shows.
fn unused(connection: &Connection, index: u32) -> Result<Option<LinkInfo>> {
    let Some(vlan) = read(connection, index)? else { return Ok(None) };
    let can_be_made = vlan.vlan.is_some() || vlan.kind.as_deref() == Some(DUMMY);
    let ours = vlan.group == Parent::ON_DEMAND_GROUP && can_be_made;
    if !ours || vlan.controller.is_some() {
        return Ok(None);
    }
    let addresses = connection
        .dump(&encode::get_addresses(None, Some(index)), decode::address)
        .map_err(|failure| failure.into_error("list the VLAN's addresses"))?;
    if addresses.iter().any(|address| !address.came_by_itself()) {
        return Ok(None);
    }
    let carries =
        links_on(connection, index).map_err(not_listed)?.iter().any(|link| !is_probe(link));
    Ok((!carries).then_some(vlan))
}

/// Returns a link; `None` if it no longer exists.
fn read(connection: &Connection, index: u32) -> Result<Option<LinkInfo>> {
    connection.find_link(index).map_err(|failure| failure.into_error("read the VLAN"))
}

fn not_listed(failure: Failure) -> Error {
    failure.into_error("list the links")
}

/// Lists the links of a namespace that are on one of its links.
pub(super) fn links_on(
    connection: &Connection,
    index: u32,
) -> std::result::Result<Vec<LinkInfo>, Failure> {
    let on_it = |link: &LinkInfo| link.parent == Some(index) && link.parent_netns.is_none();
    connection.dump(&encode::get_links(None, None), |payload| decode::link(payload).filter(on_it))
}

fn is_vlan(link: &LinkInfo) -> bool {
    link.vlan.is_some()
}

fn is_probe(link: &LinkInfo) -> bool {
    link.name.starts_with(PROBE)
        && link.group == Parent::ON_DEMAND_GROUP
        && link.macvlan.as_ref().map(MacvlanOptions::get_mode) == Some(Mode::Passthru)
}

fn ignore_gone(result: std::result::Result<(), Failure>) -> Result<()> {
    match result {
        Err(failure) if !is_gone(&failure) => {
            Err(failure.into_error("clean up after the removal of a VLAN"))
        }
        _ => Ok(()),
    }
}

/// Returns whether the link does not exist or does not have the name (ENOENT). A name that another
/// link has (EINVAL) and a kernel without alternative names (EOPNOTSUPP) are other cases.
fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { errno: Errno::ENODEV | Errno::ENOENT, .. })
}

/// Returns whether a probe was refused because of another link on the VLAN: a macvlan in any
/// namespace (EINVAL, `macvlan_common_newlink` in the kernel's `drivers/net/macvlan.c`), or ipvlan,
/// a bridge and the like (EBUSY).
fn is_taken(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { errno: Errno::EINVAL | Errno::EBUSY, .. })
}

pub(crate) fn contended(parent: &Parent) -> Error {
    Error::new(ErrorKind::Interrupted, "use the parent", "other processes keep removing it")
        .on_link(parent.to_string())
}
