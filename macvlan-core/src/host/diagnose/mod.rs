//! Diagnoses why a container does not reach its network, with a remedy for each problem.

mod finding;
mod look;
mod sibling;
mod wire;

use std::net::IpAddr;

use crate::endpoint::Attachment;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::diagnose::look::Surroundings;
use crate::host::diagnose::sibling::Sibling;
use crate::host::diagnose::wire::Heard;
use crate::value::address::{Address, check_anothers};

pub use finding::{Diagnosis, Finding, FindingKind};

impl Host {
    /// Diagnoses why a container does not reach a peer on its network.
    ///
    /// Inspects the link, the parent and the addresses, sends requests for the peer (or the gateway
    /// to it) from the container, and listens on the parent. Takes a third of a second if the peer
    /// answers, otherwise up to two seconds. Changes nothing, except that the parent is promiscuous
    /// for a moment if there is no answer.
    ///
    /// ```no_run
    /// # use macvlan_core::{Attachment, Host};
    /// # fn example(host: &Host, attachment: &Attachment) -> macvlan_core::Result<()> {
    /// let diagnosis = host.diagnose(attachment, "192.168.15.1".parse()?)?;
    /// print!("{diagnosis}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) without `CAP_NET_RAW`
    /// and the other capabilities of [`Host`];
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the peer's address is the
    /// container's own, or cannot be that of another host, such as the subnet's broadcast address;
    /// [`ErrorKind::NamespaceGone`](crate::ErrorKind::NamespaceGone) if the container has ended.
    pub fn diagnose(&self, attachment: &Attachment, peer: IpAddr) -> Result<Diagnosis> {
        check_anothers("diagnose the peer", peer)?;
        let is_broadcast =
            |address: &&Address| address.broadcast().is_some_and(|ip| IpAddr::V4(ip) == peer);
        if let Some(address) = attachment.addresses().iter().find(is_broadcast) {
            let why = format!("{peer} is the broadcast address of {}", address.net().trunc());
            return Err(Error::invalid("diagnose the peer", why)
                .on_link(attachment.name().as_str())
                .with_hint("name another host's address"));
        }
        if attachment.addresses().iter().any(|address| address.ip() == peer) {
            let why = format!("{peer} is the container's own address");
            return Err(Error::invalid("diagnose the peer", why)
                .on_link(attachment.name().as_str())
                .with_hint("name another host's address"));
        }
        let mut diagnosis = Diagnosis { answered: false, findings: Vec::new(), facts: Vec::new() };
        let Some(around) = Surroundings::look(self.netns(), attachment, peer, &mut diagnosis)?
        else {
            return Ok(diagnosis);
        };
        if let Some((source, target)) = around.question() {
            let heard = Heard::ask(self.netns(), attachment, &around, source, target)?;
            let sibling = if heard.is_answered() {
                None
            } else {
                Sibling::find(self.netns(), &around, target)?
            };
            heard.tell(&around, target, sibling.as_ref(), &mut diagnosis);
        }
        around.tell_neighbours(&mut diagnosis)?;
        Ok(diagnosis)
    }
}
