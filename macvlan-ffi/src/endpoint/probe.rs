//! `macvlan_probe`: probes of addresses before their use.

use std::time::Duration;

use macvlan_core::Probe;

use crate::base::boundary::answer;
use crate::base::input::{Input, input};
use crate::base::optional::{Bool, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::milliseconds;
use crate::base::view::{Arena, Output};

/// The settings of probes of addresses on the network before they are used, for
/// macvlan_endpoint_set_probe() and macvlan_host_probe_addresses(). All zero: as in RFC 5227, three
/// requests, 4 to 7 seconds in total. Times are in milliseconds.
///
/// IPv4 addresses are probed with ARP probes (RFC 5227), which do not change neighbour tables. IPv6
/// addresses are checked by the kernel's duplicate address detection, whose result is awaited.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_probe {
    /// The size of the struct.
    pub size: usize,
    /// The number of requests for each address (PROBE_NUM), at least 1.
    pub count: macvlan_opt_u32,
    /// The maximum random delay before the first request (PROBE_WAIT).
    pub start_ms: macvlan_opt_u32,
    /// The minimum time between requests (PROBE_MIN).
    pub interval_ms: macvlan_opt_u32,
    /// The maximum random addition to that time (PROBE_MAX less PROBE_MIN).
    pub jitter_ms: macvlan_opt_u32,
    /// The time to wait for an answer to the last request (ANNOUNCE_WAIT).
    pub wait_ms: macvlan_opt_u32,
    /// The time to wait for the kernel's duplicate address detection of IPv6 addresses. It usually
    /// takes one to two seconds. Defaults to 5000.
    pub deadline_ms: macvlan_opt_u32,
    /// True if the defaults are three requests within a quarter of a second. On a LAN, hosts answer
    /// within a few milliseconds.
    pub quick: Bool,
}
record!(macvlan_probe);

impl Input for macvlan_probe {
    type Value = Probe;

    unsafe fn value(&self, _: &str) -> Result<Probe, Failure> {
        let mut probe = if self.quick != 0 { Probe::quick() } else { Probe::rfc() };
        if let Some(count) = self.count.get() {
            probe = probe.count(count)?;
        }
        let mut set = |time: macvlan_opt_u32, setter: fn(Probe, Duration) -> Probe| {
            if let Some(milliseconds) = time.get() {
                probe = setter(probe, Duration::from_millis(milliseconds.into()));
            }
        };
        set(self.start_ms, Probe::start);
        set(self.interval_ms, Probe::interval);
        set(self.jitter_ms, Probe::jitter);
        set(self.wait_ms, Probe::wait);
        set(self.deadline_ms, Probe::deadline);
        Ok(probe)
    }
}

impl Output for Probe {
    type Record = macvlan_probe;

    fn record(&self, _: &mut Arena) -> macvlan_probe {
        let time = |time| Some(milliseconds(time)).into();
        macvlan_probe {
            count: Some(self.get_count()).into(),
            start_ms: time(self.get_start()),
            interval_ms: time(self.get_interval()),
            jitter_ms: time(self.get_jitter()),
            wait_ms: time(self.get_wait()),
            deadline_ms: time(self.get_deadline()),
            ..macvlan_probe::new()
        }
    }
}

/// Returns the maximum duration of a probe of IPv4 addresses without an answer, in milliseconds; 0
/// if the probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_longest(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(input!(probe).longest())))
}
