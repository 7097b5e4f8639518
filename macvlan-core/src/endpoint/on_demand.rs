//! VLANs that are made when the first endpoint needs them and removed when the last one leaves.
//!
//! No state is kept outside the kernel, so it does not matter which process makes and which one
//! removes, nor whether one of them is killed in between:
//!
//! - A VLAN is created in the link group [`Parent::ON_DEMAND_GROUP`], which marks it from its first
//!   moment.
//! - No query tells whether a macvlan in any namespace is still on a parent. But *creating* one in
//!   mode passthru fails if there is any, and while it stands nobody else can join: a probe.
//! - A VLAN that is about to be removed has an alternative name for this one attempt, and is deleted
//!   by that name alone. Whoever finds the probe in the way takes that name away, and the probe; the
//!   remover, still at work or killed long ago, can then delete nothing. All of this is serialized by
//!   the kernel's RTNL lock.
//!
//! Dummy links that somebody put into the group go in the same way when the last endpoint leaves.

use nix::errno::Errno;

use crate::endpoint::find_parent::{self, ByName, Found};
use crate::endpoint::parent::{Parent, VlanTag};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::{Batch, Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::encode::{self, LinkChange};
use crate::rtnl::{decode, may_be_elsewhere};
use crate::value::link::{Link, LinkInfo, Macvlan, Mode, Vlan};
use crate::value::name::{LinkId, LinkName};

/// How an alternative name begins that announces a removal.
const REMOVAL: &str = "macvlan-removal-";
/// How a probe's name begins.
const PROBE: &str = "mvp";
/// The kernel's name for dummy links.
const DUMMY: &str = "dummy";
/// How often something is tried again because another process was faster.
const ATTEMPTS: usize = 1000;

/// Finds a parent, or makes the VLAN that it is to be.
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
    let mut cause = "a link of that name exists and is another one".to_owned();
    if let Some((base, tag)) = parent.described() {
        // One that has the base's name and is another is no base that could be found later.
        let found = find_parent::find(host, base);
        match found.and_then(|found| Ok((found, find_parent::by_name(host, base)?))) {
            Ok((None, ByName::Missing)) => {
                let cause = format!("the base {base} of VLAN {parent} does not exist");
                return find_parent::missing(host, base).because(ErrorKind::ParentNotFound, cause);
            }
            Ok(_) => {}
            Err(error) => return error,
        }
        cause = format!("{parent} exists, and is not VLAN {} ({}) of {base}", tag.id, tag.protocol);
    }
    Error::new(ErrorKind::NameTaken, "use the parent", cause)
        .with_hint("give the VLAN another name")
        .on_link(parent.to_string())
        .in_netns(host.in_words())
}

/// Makes a VLAN; none if another process was faster in making or removing, and it is to be tried
/// again.
fn make(host: &NetNs, base: &Parent, tag: VlanTag, name: LinkName) -> Result<Option<Found>> {
    let connection = host.connection()?;
    let below = find_or_make(host, base)?;
    let link = Link::vlan(name, below.index, Vlan::of(tag.id).protocol(tag.protocol))?
        .up(true)
        .group(Parent::ON_DEMAND_GROUP);
    let made = match connection.submit_one(encode::create_link(&link, Some(below.index))) {
        Ok(()) => true,
        Err(Failure::Refused { errno: Errno::ENODEV, .. }) => return Ok(None),
        Err(failure) => {
            let taken = matches!(failure, Failure::Refused { errno: Errno::EEXIST, .. });
            let lost = matches!(failure, Failure::NoAnswer(_));
            match if taken || lost { connection.find_index(&name) } else { Ok(None) } {
                // Somebody else was faster; or it is made, and only the answer got lost.
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
    // A base that was about to be removed has not seen this VLAN: keep it from going.
    let settled = settle(host, below.index);
    // None where somebody else has removed it.
    let index = connection.find_index(&name).or_else(|_| connection.find_index(&name));
    let error = match (settled, index) {
        (Ok(_), Ok(index)) => return Ok(index.map(|index| Found::by_its_name(index, made))),
        (Ok(_), Err(errno)) => Error::system("find the VLAN", errno).on_link(name.as_str()),
        (Err(error), Ok(None)) => return Err(error),
        (Err(error), Ok(Some(index))) => match release(host, index) {
            // The base goes with it.
            Ok(()) => return Err(error),
            Err(_) => error,
        },
        (Err(error), Err(_)) => error,
    };
    let error = error.leaves(format!("perhaps VLAN {name} in {host}"));
    Err(if below.made { may_leave(error, host, base) } else { error })
}

/// Says of a parent that is made on demand that it may remain, and each VLAN that it is on.
pub(crate) fn may_leave(mut error: Error, host: &NetNs, mut parent: &Parent) -> Error {
    while let Some((base, _)) = parent.on_demand() {
        error = error.leaves(format!("perhaps VLAN {parent} in {host}"));
        parent = base;
    }
    error
}

/// Called off whatever removal of a parent is under way; whether something may have stood in the way
/// of its use, so that it is worth trying again.
pub(crate) fn settle(host: &NetNs, index: u32) -> Result<bool> {
    let connection = host.connection()?;
    match connection.find_link(index).map_err(|failure| failure.into_error("read the parent"))? {
        // Also one that was taken out of the group meanwhile: a remover looks there once only.
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

/// Takes the names away that removals go by, and then the probes.
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

/// Takes a VLAN out of our hands: it will not be removed any more, because something is about to use
/// it that the probe does not see. Returns whether it was in our hands.
pub(crate) fn keep(connection: &Connection, index: u32) -> Result<bool> {
    move_to_group(connection, index, Parent::ON_DEMAND_GROUP, 0)
}

/// Takes a VLAN back into our hands, after [`keep`] for something that then failed.
pub(crate) fn take_back(connection: &Connection, index: u32) -> Result<()> {
    move_to_group(connection, index, 0, Parent::ON_DEMAND_GROUP).map(drop)
}

/// Moves a link from one group to another, unless it is in a third, where somebody put it.
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

/// Removes a VLAN that was made on demand, if nobody uses it, and then its base likewise.
pub(crate) fn release(host: &NetNs, index: u32) -> Result<()> {
    // A socket of its own: deleting takes long, and others need the host's meanwhile.
    let open = || host.visit(Connection::open)?;
    let connection = open().or_else(|_| open())?;
    let mut next = Some(index);
    while let Some(index) = next.take() {
        let release = || release_one(host, &connection, index);
        next = release().or_else(|_| release())?;
    }
    Ok(())
}

/// As [`release`], for a parent of which it is not known whether it was made on demand. That is one
/// question to the kernel; most were not.
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

/// Removes all parents that were made on demand and that nobody uses.
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

/// The index of the base, if the VLAN is gone.
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
                    // Somebody called it off.
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
            // The probe of another remover, who may have been killed.
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

/// One attempt to remove a VLAN: its name and its probe.
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
        let link = Link::macvlan(probe, vlan, Macvlan::new(Mode::Passthru))?
            .group(Parent::ON_DEMAND_GROUP);
        let mut batch = Batch::new();
        batch.push(encode::set_link(vlan, &LinkChange::AddAltName(&name)));
        batch.push(encode::create_link(&link, Some(vlan)));
        let outcome = connection.submit(&mut batch);
        Ok((Self { connection, vlan, name, probe }, outcome))
    }

    /// Abandons it if the VLAN is used in a way that does not keep the probe away.
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

    /// Takes the name and the probe away, each whatever becomes of the other.
    fn abandon(&self) -> Result<()> {
        let delete_name = encode::set_link(self.vlan, &LinkChange::DeleteAltName(&self.name));
        let name = ignore_gone(self.connection.submit_one(delete_name));
        let probe = self.connection.find_index(&self.probe);
        let probe = match probe.map_err(|errno| Error::system("look for the probe", errno))? {
            Some(index) => ignore_gone(self.connection.submit_one(encode::delete_link(index))),
            None => Ok(()),
        };
        name.and(probe)
    }
}

/// A VLAN or dummy link that was made on demand and that nobody uses, as far as this namespace shows it.
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

/// A link; none if it is gone.
fn read(connection: &Connection, index: u32) -> Result<Option<LinkInfo>> {
    connection.find_link(index).map_err(|failure| failure.into_error("read the VLAN"))
}

fn not_listed(failure: Failure) -> Error {
    failure.into_error("list the links")
}

/// Lists the links of a namespace that are on a link of it.
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
        && link.macvlan.as_ref().map(Macvlan::mode) == Some(Mode::Passthru)
}

fn ignore_gone(result: std::result::Result<(), Failure>) -> Result<()> {
    match result {
        Err(failure) if !is_gone(&failure) => {
            Err(failure.into_error("tidy up after a VLAN's removal"))
        }
        _ => Ok(()),
    }
}

/// Whether there is no such link, or the link has no such name (ENOENT). A name that is another link's by
/// now (EINVAL) and a kernel that knows no such names (EOPNOTSUPP) are something else.
fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { errno: Errno::ENODEV | Errno::ENOENT, .. })
}

/// Whether the probe was refused because of what is on the VLAN: a macvlan in any namespace (EINVAL,
/// `macvlan_common_newlink` of the kernel's `drivers/net/macvlan.c`), or ipvlan, a bridge and the like
/// (EBUSY).
fn is_taken(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { errno: Errno::EINVAL | Errno::EBUSY, .. })
}

pub(crate) fn contended(parent: &Parent) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "use the parent",
        "other processes remove it as fast as it is made",
    )
    .on_link(parent.to_string())
}
