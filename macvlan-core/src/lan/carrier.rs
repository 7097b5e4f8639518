//! Checks that probes can reach the network. Silence proves nothing without a carrier, so it is
//! checked before the first probe, while waiting for answers, and at the end.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::lan::asked::{Asked, OPERATION};
use crate::netlink::{Failure, Listener};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::event::Event;
use crate::value::link::LinkInfo;
use crate::wait;

/// The links from the probing one to the network, watched since they were found to have a carrier.
pub(crate) struct Carrier<'a> {
    pub(super) asked: &'a Asked<'a>,
    inside: Listener,
    outside: Listener,
    way: Vec<Step>,
}

/// A link on the way, the probing one last: its index, and how often it has lost its carrier.
type Step = (u32, Option<u32>);

impl<'a> Carrier<'a> {
    /// Starts watching; fails without a carrier.
    pub(crate) fn watch(asked: &'a Asked<'a>) -> Result<Self> {
        let listen = |netns: &NetNs| {
            netns.visit(Listener::open_for_links)?.map_err(|errno| asked.fails(errno))
        };
        let (inside, outside) = (listen(asked.netns)?, listen(asked.host)?);
        let mut carrier = Self { asked, inside, outside, way: Vec::new() };
        carrier.way = carrier.look()?;
        Ok(carrier)
    }

    /// Waits until a descriptor is readable; returns false at the deadline. Fails if the carrier is
    /// lost.
    pub(super) fn wait(&mut self, ears: &[BorrowedFd<'_>], until: Option<Instant>) -> Result<bool> {
        let all = [ears, &[self.inside.as_fd(), self.outside.as_fd()]].concat();
        let came = wait::readable(&all, until, self.asked.cancels);
        let came = came.map_err(|errno| self.asked.fails(errno))?;
        self.hear()?;
        Ok(came)
    }

    /// Fails if the carrier is missing or was lost since watching began.
    pub(super) fn confirm(&self) -> Result<()> {
        if self.look()? == self.way { Ok(()) } else { Err(self.was_lost()) }
    }

    /// Makes the error for a socket that failed, which the loss of the link may explain.
    pub(super) fn explain(&self, errno: Errno) -> Error {
        self.confirm().err().unwrap_or_else(|| self.asked.fails(errno))
    }

    /// Processes the events of the links.
    fn hear(&mut self) -> Result<()> {
        let (mut lost, mut missed) = (false, false);
        for (listener, is_inside) in [(&mut self.inside, true), (&mut self.outside, false)] {
            let (own, way) = (self.asked.index, &self.way);
            let is_on_way = |index| way.iter().any(|(step, _)| *step == index);
            let concerns = |index| if is_inside { index == own } else { is_on_way(index) };
            loop {
                let heard = listener.receive(Some(Duration::ZERO), &[], |kind, payload| {
                    lost |= match decode::event(kind, payload) {
                        Some(Event::DelLink(link)) => concerns(link.index),
                        Some(Event::NewLink(link)) => {
                            concerns(link.index) && obstacle(&link).is_some()
                        }
                        _ => false,
                    };
                });
                match heard {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(Errno::ENOBUFS) => missed = true,
                    Err(errno) => return Err(self.asked.fails(errno)),
                }
            }
        }
        if lost || missed {
            self.confirm()?;
        }
        if lost { Err(self.was_lost()) } else { Ok(()) }
    }

    /// Inspects the link, its parent and the links below. All of them, because the kernel reports
    /// the loss of a lower link's carrier up to a second later on an upper one
    /// (`net/core/link_watch.c`).
    fn look(&self) -> Result<Vec<Step>> {
        let asked = self.asked;
        let mut way = Vec::new();
        let mut next = Some(asked.parent);
        while let Some(index) = next {
            let gone = "the parent was deleted or moved to another network namespace";
            let (link, losses) = self.link(asked.host, index, ErrorKind::ParentNotFound, gone)?;
            if let Some(obstacle) = obstacle(&link) {
                let cause = format!("{:?} {obstacle}", link.name);
                return Err(asked
                    .refuse(ErrorKind::ParentDown, cause)
                    .with_hint("set it up and check its cable, or attach without a probe"));
            }
            way.push((index, losses));
            // The lower link of a veth is its peer.
            let is_on = link.macvlan.is_some() || link.vlan.is_some();
            next = link.parent.filter(|_| is_on && link.parent_netns.is_none());
        }
        let gone = "the link was deleted or moved to another network namespace";
        let (link, losses) = self.link(asked.netns, asked.index, ErrorKind::NotFound, gone)?;
        if let Some(obstacle) = obstacle(&link) {
            let cause = format!("the link {obstacle}");
            let error = asked.refuse(ErrorKind::System, cause).errno_is(Errno::ENETDOWN);
            return Err(error.with_hint("set the link up first, or attach without a probe"));
        }
        way.push((link.index, losses));
        Ok(way)
    }

    fn link(
        &self,
        netns: &NetNs,
        index: u32,
        kind: ErrorKind,
        gone: &'static str,
    ) -> Result<(LinkInfo, Option<u32>)> {
        let found = netns.connection()?.get(encode::get_link(index.into()), |payload| {
            Some((decode::link(payload)?, decode::carrier_losses(payload)))
        });
        found.map_err(|failure| match failure {
            Failure::Refused { errno: Errno::ENODEV, .. } => self.asked.refuse(kind, gone),
            failure => self.asked.here(failure.into_error(OPERATION)),
        })
    }

    fn was_lost(&self) -> Error {
        let cause = "the carrier was lost for a moment, so an answer may have been missed";
        self.asked.refuse(ErrorKind::ParentDown, cause).with_hint("probe again")
    }
}

/// Returns why a link cannot be used.
fn obstacle(link: &LinkInfo) -> Option<&'static str> {
    match (link.is_up(), link.carrier) {
        (false, _) => Some("is down"),
        (true, Some(false)) => Some("has no carrier"),
        (true, _) => None,
    }
}
