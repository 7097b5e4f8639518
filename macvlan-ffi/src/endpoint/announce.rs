//! `macvlan_announce`: announcements of addresses.

use std::time::Duration;

use macvlan_core::Announce;

use crate::base::input::Input;
use crate::base::optional::{Bool, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::milliseconds;
use crate::base::view::{Arena, Output};

/// The settings of announcements of addresses to the neighbours, for
/// macvlan_endpoint_set_announce() and macvlan_attachment_announce(). They are sent as gratuitous
/// ARP and unsolicited neighbour advertisements. All zero: as in RFC 5227, two, two seconds apart.
///
/// A neighbour that has an entry for a previous holder of the address then updates it at once,
/// instead of when it expires, which takes up to half an hour.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_announce {
    /// The size of the struct.
    pub size: usize,
    /// The number of announcements (ANNOUNCE_NUM), at least 1. One is sent by the kernel when it
    /// starts to use the address, which is enough on a LAN without frame loss.
    pub count: macvlan_opt_u32,
    /// The time between announcements in milliseconds (ANNOUNCE_INTERVAL).
    pub interval_ms: macvlan_opt_u32,
    /// True if attach waits until all announcements are sent. If not, attach sends only the first
    /// one, and macvlan_announcement_run(), on a thread of the caller's choice, sends the others:
    /// the library starts none.
    pub blocking: Bool,
}
record!(macvlan_announce);

impl Input for macvlan_announce {
    type Value = Announce;

    unsafe fn value(&self, _: &str) -> Result<Announce, Failure> {
        let mut announce = Announce::rfc().blocking(self.blocking != 0);
        if let Some(count) = self.count.get() {
            announce = announce.count(count)?;
        }
        if let Some(milliseconds) = self.interval_ms.get() {
            announce = announce.interval(Duration::from_millis(milliseconds.into()));
        }
        Ok(announce)
    }
}

impl Output for Announce {
    type Record = macvlan_announce;

    fn record(&self, _: &mut Arena) -> macvlan_announce {
        macvlan_announce {
            count: Some(self.get_count()).into(),
            interval_ms: Some(milliseconds(self.get_interval())).into(),
            blocking: self.get_blocking().into(),
            ..macvlan_announce::new()
        }
    }
}
