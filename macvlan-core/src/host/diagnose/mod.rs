//! Why a container's LAN stays dark, in plain words and with a remedy for each cause.

mod finding;
mod look;
mod wire;

use std::net::IpAddr;

use crate::endpoint::Attachment;
use crate::error::Result;
use crate::host::Host;
use crate::host::diagnose::look::Surroundings;
use crate::host::diagnose::wire::Heard;

pub use finding::{Diagnosis, Finding, FindingKind};

impl Host {
    /// Finds out why a container does not reach a peer on its network: looks at its link, its parent
    /// and its addresses, asks for the peer (or the gateway to it) from inside, and listens on the
    /// parent to what goes out and what comes in.
    ///
    /// Takes a third of a second where the peer answers, and up to two where it does not. Nothing is
    /// changed, but that the parent is promiscuous for a moment where nobody answers. Needs
    /// `CAP_NET_RAW` beside the others.
    pub fn diagnose(&self, attachment: &Attachment, peer: IpAddr) -> Result<Diagnosis> {
        let mut diagnosis = Diagnosis { answered: false, findings: Vec::new(), facts: Vec::new() };
        let Some(around) = Surroundings::look(self.netns(), attachment, peer, &mut diagnosis)?
        else {
            return Ok(diagnosis);
        };
        if let Some((source, target)) = around.question() {
            let heard = Heard::ask(self.netns(), attachment, &around, source, target)?;
            heard.tell(&around, target, &mut diagnosis);
        }
        around.tell_neighbours(&mut diagnosis)?;
        Ok(diagnosis)
    }
}
