//! Enumerations as arguments, and file descriptors.
//!
//! In Rust they are numbers: a C program may pass any, and a Rust enumeration with a value that is
//! not its own would be undefined behaviour. In the header they are enumerations, some of them the
//! kernel's (`tests/header.rs` has the names).

use std::ffi::{c_int, c_uint};
use std::os::fd::BorrowedFd;

use macvlan_core::{AcceptRa, AddrGenMode, Family, Mode, VlanProtocol};

use crate::base::misuse::Misuse;

/// `enum macvlan_mode` of `linux/if_link.h`.
pub(crate) type EnumMode = c_uint;
/// `enum macvlan_macaddr_mode` of `linux/if_link.h`.
pub(crate) type EnumMacaddrMode = c_uint;
/// `enum in6_addr_gen_mode` of `linux/if_link.h`.
pub(crate) type EnumAddrGenMode = c_uint;
/// `enum macvlan_protocol`.
pub(crate) type EnumProtocol = c_uint;
/// `enum macvlan_statistic`.
pub(crate) type EnumStatistic = c_uint;
/// `enum macvlan_offload`.
pub(crate) type EnumOffload = c_uint;
/// `enum macvlan_order`.
pub(crate) type EnumOrder = c_uint;
/// `enum macvlan_mac_from`.
pub(crate) type EnumMacFrom = c_uint;

/// Converts a kind's number for C. They are small; another one would be a bug.
pub(crate) fn number(kind: u32) -> c_int {
    c_int::try_from(kind).unwrap_or(c_int::MAX)
}

pub(crate) fn no(number: impl std::fmt::Display, what: &str) -> Misuse {
    Misuse::new(format!("{number} is not a valid {what}"))
}

pub(crate) fn mode(number: EnumMode) -> Result<Mode, Misuse> {
    Mode::from_kernel(number).ok_or_else(|| no(number, "enum macvlan_mode"))
}

pub(crate) fn addr_gen_mode(number: EnumAddrGenMode) -> Result<AddrGenMode, Misuse> {
    u8::try_from(number)
        .ok()
        .and_then(AddrGenMode::from_kernel)
        .ok_or_else(|| no(number, "enum in6_addr_gen_mode"))
}

pub(crate) fn accept_ra(number: c_int) -> Result<AcceptRa, Misuse> {
    u8::try_from(number)
        .ok()
        .and_then(AcceptRa::from_kernel)
        .ok_or_else(|| no(number, "value of accept_ra"))
}

pub(crate) fn vlan_protocol(number: EnumProtocol) -> Result<VlanProtocol, Misuse> {
    u16::try_from(number)
        .ok()
        .and_then(VlanProtocol::from_kernel)
        .ok_or_else(|| no(number, "enum macvlan_protocol"))
}

pub(crate) fn family(number: c_int) -> Result<Family, Misuse> {
    match number {
        libc::AF_INET => Ok(Family::V4),
        libc::AF_INET6 => Ok(Family::V6),
        _ => Err(no(number, "address family; use AF_INET or AF_INET6")),
    }
}

/// Borrows a descriptor, which stays the C program's.
pub(crate) fn fd<'a>(fd: c_int) -> Result<BorrowedFd<'a>, Misuse> {
    if fd < 0 {
        return Err(no(fd, "file descriptor"));
    }
    // SAFETY: it is not -1. The kernel reports at its use if it is not open; it stays open during
    // the call, as the header requires.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}
