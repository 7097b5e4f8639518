//! `macvlan_probe`: probes of addresses before their use.

use std::ffi::c_int;
use std::time::Duration;

use macvlan_core::Probe;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::milliseconds;

/// The settings of probes of addresses on the network before they are used: a value, for
/// macvlan_endpoint_set_probe() and macvlan_host_probe_addresses(). Freed with
/// macvlan_probe_free().
///
/// IPv4 addresses are probed with ARP probes (RFC 5227), which do not change neighbour tables. IPv6
/// addresses are checked by the kernel's duplicate address detection, whose result is awaited.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_probe {
    _opaque: (),
}
object!(macvlan_probe, Probe);

/// Makes a probe as in RFC 5227: three requests, 4 to 7 seconds in total. The caller frees it with
/// macvlan_probe_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_rfc(
    probe: *mut *mut macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(probe), Probe::rfc());
    })
}

/// Makes a probe of three requests within a quarter of a second. On a LAN, hosts answer within a
/// few milliseconds. The caller frees it with macvlan_probe_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_quick(
    probe: *mut *mut macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        give(out!(probe), Probe::quick());
    })
}

/// Sets the number of requests for each address (PROBE_NUM), at least 1.
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

/// Sets the maximum random delay before the first request, in milliseconds (PROBE_WAIT).
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

/// Sets the minimum time between requests, in milliseconds (PROBE_MIN).
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

/// Sets the maximum random addition to that time, in milliseconds (PROBE_MAX less PROBE_MIN).
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

/// Sets how long to wait for an answer to the last request, in milliseconds (ANNOUNCE_WAIT).
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

/// Sets how long to wait for the kernel's duplicate address detection of IPv6 addresses, in
/// milliseconds. It usually takes one to two seconds. Defaults to 5000.
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

/// Returns the number of requests for each address; 0 if the probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_count(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(shared!(probe).get_count()))
}

/// Returns the maximum random delay before the first request, in milliseconds; 0 if the probe is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_start(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_start())))
}

/// Returns the minimum time between requests, in milliseconds; 0 if the probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_interval(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_interval())))
}

/// Returns the maximum random addition to that time, in milliseconds; 0 if the probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_jitter(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_jitter())))
}

/// Returns how long to wait for an answer to the last request, in milliseconds; 0 if the probe is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_wait(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_wait())))
}

/// Returns how long to wait for the kernel's duplicate address detection, in milliseconds; 0 if the
/// probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_deadline(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).get_deadline())))
}

/// Returns the maximum duration of a probe of IPv4 addresses without an answer, in milliseconds; 0
/// if the probe is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_longest(probe: *const macvlan_probe) -> u32 {
    answer(0, || Ok(milliseconds(shared!(probe).longest())))
}

/// Frees a probe. NULL is ignored. Endpoints that it was set on have a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_probe_free(probe: *mut macvlan_probe) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(probe) }
}
