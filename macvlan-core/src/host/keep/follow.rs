//! Follows an endpoint's parent across renames and moves.
//!
//! The keeper follows the *card*: the parent itself, or the lowest link if the parent is a VLAN
//! that can be made on demand. While it is in the host's namespace, it is identified by its index.
//! After it is gone, a new link is the card if
//!
//! 1. it has the same index, kind and MAC address: it was in another namespace; or
//! 2. it has the same kind and the same MAC address, of its own as hardware has: it was plugged in
//!    again; or
//! 3. it has the last or the requested name of the card and is not another card: not a link that
//!    existed when the card was removed, nor one with the MAC address of such a link. Thus a card
//!    that was exchanged and a link that was created again count as the card, and another link that
//!    was only renamed does not.

use std::collections::{HashMap, HashSet};

use crate::endpoint::Parent;
use crate::error::Result;
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;
use crate::value::mac::MacAddr;

/// The links of the host at one time, with their MAC addresses.
pub(in crate::host) struct Links(HashMap<u32, Option<MacAddr>>);

impl Links {
    pub(in crate::host) fn of(links: &[LinkInfo]) -> Self {
        Self(links.iter().map(|link| (link.index, own_mac(link))).collect())
    }

    /// Iterates over the indexes that are not among the others.
    pub(super) fn without(&self, others: &Self) -> impl Iterator<Item = u32> {
        self.0.keys().copied().filter(|index| !others.0.contains_key(index))
    }

    pub(super) fn has_come(&mut self, link: &LinkInfo) {
        self.0.insert(link.index, own_mac(link));
    }

    pub(super) fn is_gone(&mut self, index: u32) {
        self.0.remove(&index);
    }
}

/// The parent of an endpoint.
pub(in crate::host) struct Followed {
    card: Option<Card>,
}

struct Card {
    index: u32,
    kind: Option<String>,
    mac: Option<MacAddr>,
    own_mac: Option<MacAddr>,
    /// The last name of the card.
    name: String,
    /// True if the parent is the card, not a VLAN on it.
    is_parent: bool,
    /// The links that existed when the card was removed; `None` while it exists.
    others: Option<Others>,
}

#[derive(Default)]
struct Others {
    indexes: HashSet<u32>,
    macs: HashSet<MacAddr>,
}

impl Followed {
    pub(in crate::host) fn new() -> Self {
        Self { card: None }
    }

    /// Records the parent to which an endpoint is attached.
    pub(in crate::host) fn know(
        &mut self,
        host: &NetNs,
        wanted: &Parent,
        parent: &LinkInfo,
    ) -> Result<()> {
        let mut card = parent.clone();
        let mut vlan = wanted.on_demand();
        while let Some((base, tag)) = vlan {
            let is_it = card.vlan.as_ref().is_some_and(|vlan| tag.is_of(vlan));
            let below = card.parent.filter(|_| is_it && card.parent_netns.is_none());
            let below = below.map(|index| host.connection()?.find_link(index).map_err(fails));
            match below.transpose()?.flatten() {
                Some(below) => card = below,
                // The link has the name of a VLAN but is not one.
                None => break,
            }
            vlan = base.on_demand();
        }
        let is_parent = vlan.is_some() || wanted.on_demand().is_none();
        if is_parent {
            card = parent.clone();
        }
        self.card = Some(Card::of(&card, is_parent));
        Ok(())
    }

    /// Handles a change of a link: the card may have been renamed.
    pub(super) fn has_changed(&mut self, link: &LinkInfo) {
        if let Some(card) = self.card.as_mut().filter(|card| card.index == link.index) {
            if card.is(link) {
                *card = Card::of(link, card.is_parent);
            }
        }
    }

    /// Handles the removal of a link, with the remaining links.
    pub(super) fn is_gone(&mut self, index: u32, links: &Links) {
        let Some(card) = &mut self.card else { return };
        match &mut card.others {
            Some(others) => drop(others.indexes.remove(&index)),
            None if card.index == index => {
                let beside = links.0.iter().filter(|(other, _)| **other != index);
                let mac_of = |mac: &Option<MacAddr>| mac.filter(|mac| Some(*mac) != card.own_mac);
                card.others = Some(Others {
                    indexes: beside.clone().map(|(index, _)| *index).collect(),
                    macs: beside.filter_map(|(_, mac)| mac_of(mac)).collect(),
                });
            }
            None => {}
        }
    }

    /// Returns whether the card is known to exist.
    pub(super) fn is_there(&self) -> bool {
        self.card.as_ref().is_some_and(|card| card.others.is_none())
    }

    /// Returns the current index of the original parent; `None` if it is gone, was replaced, or is
    /// a VLAN on the card.
    pub(super) fn itself(&self, host: &NetNs) -> Result<Option<u32>> {
        let Some(card) = self.card.as_ref().filter(|card| card.is_parent) else { return Ok(None) };
        if card.others.is_none() {
            return Ok(Some(card.index));
        }
        let links = all(host.connection()?).map_err(fails)?;
        Ok(links.iter().find(|link| card.is(link)).map(|link| link.index))
    }

    /// Returns whether a link is the card, or replaces it.
    pub(super) fn is_card(&self, wanted: &Parent, link: &LinkInfo) -> bool {
        match &self.card {
            // The card has never existed, so it is the link with the name of the parent or of a
            // base.
            None => is_called_as(wanted, link),
            Some(card) => card.is(link) || card.is_replaced_by(wanted, link),
        }
    }

    /// Returns the current parent, by its card's index, and its name; `None` if the card does not
    /// exist.
    pub(super) fn find(&self, host: &NetNs, wanted: &Parent) -> Result<Option<(Parent, String)>> {
        let links = all(host.connection()?).map_err(fails)?;
        let Some(known) = &self.card else {
            let is_there = links.iter().any(|link| self.is_card(wanted, link));
            return Ok(is_there.then(|| (wanted.clone(), wanted.to_string())));
        };
        let itself = links.iter().find(|link| known.is(link));
        let found = itself.or_else(|| links.iter().find(|link| known.is_replaced_by(wanted, link)));
        Ok(found.map(|card| known.parent(wanted, card)))
    }

    /// As [`Followed::find`], without events: if the card turns out to be gone, these links are
    /// those that remained.
    pub(in crate::host) fn look(
        &mut self,
        host: &NetNs,
        wanted: &Parent,
        links: &Links,
    ) -> Result<Option<Parent>> {
        if let Some(card) = self.card.as_ref().filter(|card| card.others.is_none()) {
            match host.connection()?.find_link(card.index).map_err(fails)? {
                Some(link) => return Ok(Some(card.parent(wanted, &link).0)),
                None => self.is_gone(card.index, links),
            }
        }
        Ok(self.find(host, wanted)?.map(|(parent, _)| parent))
    }
}

impl Card {
    fn of(link: &LinkInfo, is_parent: bool) -> Self {
        Self {
            index: link.index,
            kind: link.kind.clone(),
            mac: link.mac,
            own_mac: own_mac(link),
            name: link.name.clone(),
            is_parent,
            others: None,
        }
    }

    /// Returns the requested parent on this card.
    fn parent(&self, wanted: &Parent, card: &LinkInfo) -> (Parent, String) {
        let wanted = if self.is_parent { &Parent::link(card.index) } else { wanted };
        wanted.on_bottom(card.index, &card.name)
    }

    /// Returns whether a link is the card: the same one, or one that was plugged in again.
    fn is(&self, link: &LinkInfo) -> bool {
        let same = self.index == link.index;
        let Some(others) = &self.others else { return same };
        let known_by_mac = self.own_mac.is_some() && !others.indexes.contains(&link.index);
        self.kind == link.kind && self.mac == link.mac && (same || known_by_mac)
    }

    /// Returns whether the card is gone and a link with its name, which is not another card,
    /// replaces it.
    fn is_replaced_by(&self, wanted: &Parent, link: &LinkInfo) -> bool {
        let Some(others) = &self.others else { return false };
        (has_name(link, &self.name) || is_called_as(wanted.bottom(), link))
            && !others.indexes.contains(&link.index)
            && !own_mac(link).is_some_and(|mac| others.macs.contains(&mac))
    }
}

/// Returns a MAC address that identifies a link; links on others may share theirs.
fn own_mac(link: &LinkInfo) -> Option<MacAddr> {
    let kind = link.kind.as_deref();
    link.mac.filter(|_| !matches!(kind, Some("macvlan" | "macvtap" | "vlan" | "bridge")))
}

/// Returns whether a link has the name of a parent, or of the base of its VLANs.
fn is_called_as(parent: &Parent, link: &LinkInfo) -> bool {
    let mut next = Some(parent);
    while let Some(parent) = next {
        if has_name(link, &parent.to_string()) {
            return true;
        }
        next = parent.get_base();
    }
    false
}

fn has_name(link: &LinkInfo, name: &str) -> bool {
    link.name == name || link.alternative_names.iter().any(|other| other == name)
}

/// Lists the links of the host.
pub(in crate::host) fn list(host: &NetNs) -> Result<Vec<LinkInfo>> {
    all(host.connection()?)
        .map_err(|failure| failure.into_error("list the links").in_netns(host.describe()))
}

fn all(connection: &Connection) -> std::result::Result<Vec<LinkInfo>, Failure> {
    connection.dump(&encode::get_links(None, None), decode::link)
}

fn fails(failure: Failure) -> crate::error::Error {
    failure.into_error("find the parent")
}
