//! Which link an endpoint's parent is, whatever it is called and wherever it has been.
//!
//! What is followed is the *card*: the parent itself, or, where the parent is a VLAN that can be made on
//! demand, the link below its VLANs. As long as it is in the host's namespace, it is its index. When it
//! has gone, a link that comes is the card again if
//!
//! 1. it has its index, kind and MAC address: it was in another namespace; or
//! 2. it has its kind and its MAC address, one of its own as hardware has: it was plugged in again; or
//! 3. it has the name that the card had last, or that was asked for, and is no other card: not one that was
//!    there beside it when it went, nor one with such a one's MAC address. So a card that was replaced, and
//!    a link that somebody has made again, are taken for what they replace; one that was only given the
//!    name is not.

use std::collections::{HashMap, HashSet};

use crate::endpoint::Parent;
use crate::error::Result;
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;
use crate::value::mac::MacAddr;

/// The links of the host at one moment, and their MAC addresses.
pub(in crate::host) struct Links(HashMap<u32, Option<MacAddr>>);

impl Links {
    pub(in crate::host) fn of(links: &[LinkInfo]) -> Self {
        Self(links.iter().map(|link| (link.index, own_mac(link))).collect())
    }

    /// Returns the indexes of those that are not among these.
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

/// The parent of one endpoint.
pub(in crate::host) struct Followed {
    card: Option<Card>,
}

struct Card {
    index: u32,
    kind: Option<String>,
    mac: Option<MacAddr>,
    own_mac: Option<MacAddr>,
    /// What it was called last.
    name: String,
    /// Whether the parent is it, and no VLAN on it.
    is_parent: bool,
    /// The links that were there beside it when it went; none while it is there.
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

    /// Takes note of what the parent is that an endpoint is attached to.
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
                // A link that has the name of a VLAN, and is none.
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

    /// A link has changed: the card may have another name.
    pub(super) fn has_changed(&mut self, link: &LinkInfo) {
        if let Some(card) = self.card.as_mut().filter(|card| card.index == link.index) {
            if card.is(link) {
                *card = Card::of(link, card.is_parent);
            }
        }
    }

    /// A link is gone, beside which there were these.
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

    /// Whether the card is there, as far as is known.
    pub(super) fn is_there(&self) -> bool {
        self.card.as_ref().is_some_and(|card| card.others.is_none())
    }

    /// Returns the index that the parent has now, and not what replaces it; none if it is not there, or is
    /// a VLAN on the card.
    pub(super) fn itself(&self, host: &NetNs) -> Result<Option<u32>> {
        let Some(card) = self.card.as_ref().filter(|card| card.is_parent) else { return Ok(None) };
        if card.others.is_none() {
            return Ok(Some(card.index));
        }
        let links = all(host.connection()?).map_err(fails)?;
        Ok(links.iter().find(|link| card.is(link)).map(|link| link.index))
    }

    /// Whether this link is the card, or takes its place.
    pub(super) fn is_card(&self, wanted: &Parent, link: &LinkInfo) -> bool {
        match &self.card {
            // It has never been there, and is what has its name, or that of a VLAN on it.
            None => is_called_as(wanted, link),
            Some(card) => card.is(link) || card.is_replaced_by(wanted, link),
        }
    }

    /// Returns the parent as it is now, by its card's index, and what it is called; none if the card is not
    /// there.
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

    /// Returns the parent as [`Followed::find`] does, for one that hears of no events: when the card is found
    /// to have gone, these links were beside it.
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

    /// Returns the parent that was wanted, where this link is the card.
    fn parent(&self, wanted: &Parent, card: &LinkInfo) -> (Parent, String) {
        let wanted = if self.is_parent { &Parent::link(card.index) } else { wanted };
        wanted.on_bottom(card.index, &card.name)
    }

    /// Whether it is this link: the same that it was, or one that came as it had gone.
    fn is(&self, link: &LinkInfo) -> bool {
        let same = self.index == link.index;
        let Some(others) = &self.others else { return same };
        let known_by_mac = self.own_mac.is_some() && !others.indexes.contains(&link.index);
        self.kind == link.kind && self.mac == link.mac && (same || known_by_mac)
    }

    /// Whether it has gone, and this link has its name and is no other card.
    fn is_replaced_by(&self, wanted: &Parent, link: &LinkInfo) -> bool {
        let Some(others) = &self.others else { return false };
        (has_name(link, &self.name) || is_called_as(wanted.bottom(), link))
            && !others.indexes.contains(&link.index)
            && !own_mac(link).is_some_and(|mac| others.macs.contains(&mac))
    }
}

/// A MAC address that a link has to be known by: others have that of what they are on.
fn own_mac(link: &LinkInfo) -> Option<MacAddr> {
    let kind = link.kind.as_deref();
    link.mac.filter(|_| !matches!(kind, Some("macvlan" | "macvtap" | "vlan" | "bridge")))
}

/// Whether a link has a name of a parent's, or of what its VLANs are on.
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
        .map_err(|failure| failure.into_error("list the links").in_netns(host.in_words()))
}

fn all(connection: &Connection) -> std::result::Result<Vec<LinkInfo>, Failure> {
    connection.dump(&encode::get_links(None, None), decode::link)
}

fn fails(failure: Failure) -> crate::error::Error {
    failure.into_error("look for the parent")
}
