//! The macvlan of another container on the same parent.

use std::net::IpAddr;

use crate::endpoint::{self, Attachment, lowest_seen};
use crate::error::Result;
use crate::host::diagnose::finding::{Diagnosis, FindingKind};
use crate::host::diagnose::look::Surroundings;
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::link::{LinkInfo, MacvlanOptions, Mode};

/// A macvlan beside the container's.
pub(super) struct Sibling {
    /// Its name and its namespace.
    words: String,
    mode: Mode,
}

impl Sibling {
    /// Finds the one that has an address, in all namespaces that are visible and can be entered.
    pub(super) fn find(host: &NetNs, around: &Surroundings, ip: IpAddr) -> Result<Option<Self>> {
        let lowest = lowest_seen(host, around.parent.index)?;
        for place in NetNs::visible().namespaces {
            // It has ended, or may not be entered; then nothing is known of it.
            let Ok(netns) = place.open() else { continue };
            let Ok(mut attachments) = endpoint::attachments(host, &netns) else { continue };
            if netns.same_as(host) {
                // The link of a host access is not among them.
                attachments.extend(access_links(host)?);
            }
            for one in attachments {
                if !one.addresses().iter().any(|address| address.ip() == ip)
                    || lowest_seen(host, one.parent_index())? != lowest
                {
                    continue;
                }
                let Ok(link) = netns.connection()?.link(one.index()) else { continue };
                if let Some(mode) = mode(&link) {
                    let place =
                        if netns.same_as(host) { "of the host" } else { &format!("in {netns}") };
                    return Ok(Some(Self { words: format!("{} {place}", one.name()), mode }));
                }
            }
        }
        Ok(None)
    }

    /// Finds out whether the modes keep the two from reaching each other: the kernel passes frames
    /// only from one macvlan in mode bridge to another.
    pub(super) fn tell(&self, around: &Surroundings, ip: IpAddr, found: &mut Diagnosis) -> bool {
        let Some(own) = mode(&around.link).filter(|own| (*own, self.mode) != BOTH) else {
            return false;
        };
        let (link, parent) = (&around.link.name, &around.parent.name);
        found.find(
            FindingKind::SiblingMode,
            format!(
                "{ip} is on {parent} too: {link} is in mode {own}, and {} in mode {}; only macvlans in \
                 mode bridge reach each other",
                self.words, self.mode
            ),
            "set the mode of both to bridge",
        );
        true
    }
}

fn access_links(host: &NetNs) -> Result<Vec<Attachment>> {
    let links = host.connection()?.dump(&encode::get_links(None, None), decode::link);
    let links = links.map_err(|failure| failure.into_error("list the links"))?;
    let ours = links.iter().filter(|link| endpoint::is_access_link(link));
    ours.filter_map(|link| endpoint::access_link(host, link.index).transpose()).collect()
}

const BOTH: (Mode, Mode) = (Mode::Bridge, Mode::Bridge);

fn mode(link: &LinkInfo) -> Option<Mode> {
    link.macvlan.as_ref().map(MacvlanOptions::get_mode)
}
