//! Creates the link in the container's namespace.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::endpoint::attach::index::{above_all, choose_index};
use crate::endpoint::attach::work::{Work, random_mac};
use crate::endpoint::change::Change;
use crate::endpoint::endpoint::EndpointKind;
use crate::endpoint::find_parent::Found;
use crate::endpoint::on_demand;
use crate::error::Result;
use crate::explain::Attempt;
use crate::netlink::Failure;
use crate::rtnl::{decode, encode};
use crate::value::link::Link;
use crate::value::mac::MacAddr;
use crate::wait;

/// The number of attempts with another index or MAC address when the chosen one is in use.
const INDEX_ATTEMPTS: usize = 8;

/// The number of refusals that are attributed to a removal that has already ended.
const IN_VAIN: usize = 20;

/// The number of attempts to find a parent that is being removed.
const PARENT_ATTEMPTS: usize = 1000;

impl Work<'_> {
    /// Creates the link directly in the container's namespace, up.
    ///
    /// Its index is chosen here, so it does not have to be read. It also makes kernels before 6.2
    /// ignore the name, which they would look up in the host's namespace instead of the container's
    /// (`__rtnl_newlink` in their `net/core/rtnetlink.c`).
    pub(super) fn create(&mut self, mut link: Link) -> Result<()> {
        link.netns = Some(self.netns.clone());
        if !self.inherits_mac() {
            link.mac = Some(self.mac);
        }
        // The remover of a parent does not see a VLAN inside.
        let unseen = matches!(self.endpoint.kind, EndpointKind::Vlan(_))
            && self.endpoint.parent.on_demand().is_some();
        let started = Instant::now();
        let mut in_vain = 0;
        for attempt in 1.. {
            if unseen {
                self.kept |= on_demand::keep(self.outside, self.parent.index)?;
            }
            link.index = Some(self.index);
            let request = encode::create_link(&link, Some(self.parent.index));
            let Err(failure) = self.outside.submit_one(request) else {
                self.created = true;
                // A removal that has already begun does not see this link either: call it off.
                if !unseen || !on_demand::settle(self.host, self.parent.index)? {
                    break;
                }
                self.delete_link()
                    .map_err(|failure| self.explain_other("delete the link", failure))?;
                self.created = false;
                self.find_parent_again()?;
                continue;
            };
            self.created = matches!(failure, Failure::NoAnswer(_)) && self.may_exist();
            let (Failure::Refused { errno, .. }, true) = (&failure, attempt < PARENT_ATTEMPTS)
            else {
                return Err(self.explain(&Attempt::CreateLink(&link), failure));
            };
            match errno {
                Errno::EEXIST | Errno::EBUSY
                    if attempt < INDEX_ATTEMPTS && self.choose_other_index()? => {}
                // A random MAC address.
                Errno::EADDRINUSE if self.endpoint.mac.is_none() && attempt < INDEX_ATTEMPTS => {
                    self.mac = random_mac()?;
                    link.mac = Some(self.mac);
                }
                Errno::EADDRINUSE if self.waits_for_mac(started)? => {}
                // Another process may be removing a parent that was made on demand.
                Errno::ENODEV | Errno::EINVAL | Errno::EBUSY
                    if self.endpoint.parent.on_demand().is_some()
                        && self.was_in_the_way(&mut in_vain)? =>
                {
                    self.find_parent_again()?;
                }
                // The same for a dummy link that is removed with its last endpoint.
                Errno::EINVAL | Errno::EBUSY
                    if self.endpoint.parent.on_demand().is_none()
                        && on_demand::settle(self.host, self.parent.index)? =>
                {
                    self.find_parent_again()?;
                }
                _ => return Err(self.explain(&Attempt::CreateLink(&link), failure)),
            }
        }
        if self.inherits_mac() {
            self.mac = self.read_mac()?;
        }
        Ok(())
    }

    /// Returns whether the link may exist although the reply was lost.
    fn may_exist(&self) -> bool {
        match self.inside.find_index(&self.endpoint.name) {
            Ok(found) => found == Some(self.index),
            Err(_unknown) => true,
        }
    }

    /// Waits for a MAC address that a namespace in destruction may have; returns false after the
    /// time limit.
    fn waits_for_mac(&self, started: Instant) -> Result<bool> {
        let waited = started.elapsed();
        let may = waited < self.endpoint.mac_conflict_timeout;
        if may {
            let pause = wait::pause(self.pause(waited), self.cancels);
            pause.map_err(|errno| {
                self.explain_other("wait for the MAC address", Failure::NotSent(errno))
            })?;
        }
        Ok(may)
    }

    /// Sets the link up once its MAC address is free; for a link that was created down, the kernel
    /// only checks this now.
    pub(super) fn set_up_when_mac_is_free(&self, mut failure: Failure) -> Result<()> {
        let started = Instant::now();
        while is_mac_taken(&failure) && self.waits_for_mac(started)? {
            match self.inside.submit_one(self.request(&Change::SetUp)?) {
                Ok(()) => return Ok(()),
                Err(next) => failure = next,
            }
        }
        Err(self.explain_change(&Change::SetUp, failure))
    }

    /// Returns a pause: destroying a namespace takes some tens of milliseconds. The hash of the
    /// index spreads concurrent waiters.
    fn pause(&self, waited: Duration) -> Duration {
        let jitter = Duration::from_micros(u64::from(self.index.wrapping_mul(0x9e37_79b9) >> 20));
        (Duration::from_millis(4) + jitter)
            .min(self.endpoint.mac_conflict_timeout.saturating_sub(waited))
    }

    /// Returns whether the kernel may have refused the link because of a removal of the parent. A
    /// removal that is not found may have just ended, so this is assumed a limited number of times.
    fn was_in_the_way(&self, in_vain: &mut usize) -> Result<bool> {
        *in_vain += 1;
        Ok(on_demand::settle(self.host, self.parent.index)? || *in_vain <= IN_VAIN)
    }

    fn find_parent_again(&mut self) -> Result<()> {
        let found = on_demand::find_or_make(self.host, &self.endpoint.parent)?;
        self.parent = Found { made: self.parent.made || found.made, ..found };
        self.kept = false;
        Ok(())
    }

    /// Chooses an index above all others if the current one is in use, and returns whether it is.
    /// Kernels before 6.2 compare it with the host's links, later ones with the container's. A name
    /// in use is another case, without a retry.
    fn choose_other_index(&mut self) -> Result<bool> {
        let fails = |failure| self.explain_other("choose an index", failure);
        let name = self.inside.find_index(&self.endpoint.name).map_err(Failure::refused);
        if name.map_err(fails)?.is_some() {
            return Ok(false);
        }
        for side in [self.inside, self.outside] {
            if side.find_link(self.index).map_err(fails)?.is_some() {
                let links = encode::get_links(None, None);
                let all = side.dump(&links, decode::link_index).map_err(fails)?;
                self.index = choose_index(above_all(self.index, &all))?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the MAC address that a passthru link, or a VLAN without one, shares with the parent.
    fn read_mac(&self) -> Result<MacAddr> {
        let operation = "read its MAC address";
        let info = self.inside.link(self.index);
        let mac = info.map_err(|failure| self.explain_other(operation, failure))?.mac;
        mac.ok_or_else(|| self.explain_other(operation, Failure::NoAnswer(Errno::ENODATA)))
    }
}

fn is_mac_taken(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { errno: Errno::EADDRINUSE, .. })
}
