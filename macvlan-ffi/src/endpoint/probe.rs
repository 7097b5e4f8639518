//! `macvlan_probe`: how addresses are asked for before they are used.

use std::ffi::c_int;
use std::time::Duration;

use macvlan_core::Probe;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::milliseconds;

/// How addresses are asked for on the network before they are used: a value, for
/// macvlan_endpoint_set_probe() and macvlan_host_probe_free(). Freed with macvlan_probe_free().
///
/// IPv4 addresses are asked for by ARP probes (RFC 5227), which change nobody's neighbour table. IPv6
/// addresses are checked by the kernel's own duplicate detection, whose verdict is waited for.
///
/// Threads: any number may look at it at once; whoever changes it needs it alone.
pub struct macvlan_probe {
    _opaque: (),
}
object!(macvlan_probe, Probe);

/// As RFC 5227 has it: three probes, 4 to 7 seconds in all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_rfc(
    probe: *mut *mut macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(probe), Probe::rfc());
    })
}

/// Three probes within a quarter of a second. On a LAN whoever is awake answers within a few
/// milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_quick(
    probe: *mut *mut macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(probe), Probe::quick());
    })
}

/// How many times each address is asked for (PROBE_NUM); 0 is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_count(
    probe: *mut macvlan_probe,
    count: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.count(count)?;
    })
}

/// Up to how many milliseconds, chosen at random, until it is asked first (PROBE_WAIT).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_start(
    probe: *mut macvlan_probe,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.start(Duration::from_millis(milliseconds.into()));
    })
}

/// How many milliseconds at least until it is asked again (PROBE_MIN).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_interval(
    probe: *mut macvlan_probe,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.interval(Duration::from_millis(milliseconds.into()));
    })
}

/// Up to how many milliseconds more, chosen at random each time (PROBE_MAX less PROBE_MIN).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_jitter(
    probe: *mut macvlan_probe,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.jitter(Duration::from_millis(milliseconds.into()));
    })
}

/// How many milliseconds the last answer is waited for (ANNOUNCE_WAIT).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_wait(
    probe: *mut macvlan_probe,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.wait(Duration::from_millis(milliseconds.into()));
    })
}

/// How many milliseconds the kernel may take for its duplicate detection of IPv6 addresses, which
/// takes one to two seconds; 5000 when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_set_deadline(
    probe: *mut macvlan_probe,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let probe = exclusive!(probe);
        *probe = probe.deadline(Duration::from_millis(milliseconds.into()));
    })
}

/// How many times each address is asked for; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_count(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(shared!(probe).get_count()))
}

/// Up to how many milliseconds pass until it is asked first; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_start(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_start())))
}

/// How many milliseconds at least pass until it is asked again; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_interval(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_interval())))
}

/// Up to how many milliseconds more, chosen at random; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_jitter(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_jitter())))
}

/// How many milliseconds the last answer is waited for; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_wait(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_wait())))
}

/// How many milliseconds the kernel may take for IPv6 addresses; 0 if the probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_deadline(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_deadline())))
}

/// The longest that asking for IPv4 addresses takes when nobody answers, in milliseconds; 0 if the
/// probe is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_longest(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).longest())))
}

/// Frees a probe; does nothing to NULL. What it was given to has a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_free(probe: *mut macvlan_probe) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(probe) }
}
