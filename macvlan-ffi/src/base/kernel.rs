//! Enumerations as arguments, and file descriptors.
//!
//! In Rust they are numbers: a C program may pass any, and a Rust enumeration with a value that is
//! not its own would be undefined behaviour. In the header they are enumerations, some of them the
//! kernel's (`tests/header.rs` has the names).

use std::ffi::{c_int, c_uint};
use std::os::fd::BorrowedFd;

use macvlan_core::{AcceptRa, AddrGenMode, Family, Mode, VlanProtocol};

use crate::base::misuse::Misuse;

/// `enum in6_addr_gen_mode` of `linux/if_link.h`.
pub(crate) type EnumAddrGenMode = c_uint;

/// Converts a kind's number for C. They are small; another one would be a bug.
pub(crate) fn number(kind: u32) -> c_int {
    c_int::try_from(kind).unwrap_or(c_int::MAX)
}

pub(crate) fn no(number: impl std::fmt::Display, what: &str) -> Misuse {
    Misuse::new(format!("{number} is not a valid {what}"))
}

/// Converts a mode; 0 is the default.
pub(crate) fn mode(number: u32) -> Result<Mode, Misuse> {
    if number == 0 {
        return Ok(Mode::Bridge);
    }
    Mode::from_kernel(number).ok_or_else(|| no(number, "enum macvlan_mode"))
}

pub(crate) fn addr_gen_mode(number: EnumAddrGenMode) -> Result<AddrGenMode, Misuse> {
    u8::try_from(number)
        .ok()
        .and_then(AddrGenMode::from_kernel)
        .ok_or_else(|| no(number, "enum in6_addr_gen_mode"))
}

pub(crate) fn accept_ra(number: u32) -> Result<AcceptRa, Misuse> {
    u8::try_from(number)
        .ok()
        .and_then(AcceptRa::from_kernel)
        .ok_or_else(|| no(number, "value of accept_ra"))
}

/// Converts a protocol; 0 is the default.
pub(crate) fn vlan_protocol(number: u16) -> Result<VlanProtocol, Misuse> {
    if number == 0 {
        return Ok(VlanProtocol::Dot1q);
    }
    VlanProtocol::from_kernel(number).ok_or_else(|| no(number, "enum macvlan_vlan_protocol"))
}

/// Converts an address family; 0 (AF_UNSPEC) is none.
pub(crate) fn family(number: i32) -> Result<Option<Family>, Misuse> {
    match number {
        libc::AF_UNSPEC => Ok(None),
        libc::AF_INET => Ok(Some(Family::V4)),
        libc::AF_INET6 => Ok(Some(Family::V6)),
        _ => Err(no(number, "address family: AF_INET or AF_INET6")),
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
