//! `macvlan_address`: an address of a link; lists and filters of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{Address, AddressFilter, AddressInfo, DuplicateDetection, LinkId, parse_net};

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::{Input, input};
use crate::base::kernel::{family, no};
use crate::base::object::{give, object, out, shared};
use crate::base::optional::{Bool, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::string::macvlan_text;
use crate::base::text::{c_string, field, text, text_at};
use crate::base::view::{Arena, Output, View, nth_record, views};

/// Duplicate detection of an IPv6 address by the kernel.
#[repr(C)]
pub enum macvlan_duplicate_detection {
    /// As the link's sysctl accept_dad says; the address is tentative for a second or two.
    MACVLAN_DUPLICATE_DETECTION_KERNEL = 0,
    /// No detection ("nodad"): the address is usable at once.
    MACVLAN_DUPLICATE_DETECTION_SKIP = 1,
    /// Optimistic detection (RFC 4429): the address is usable during the detection.
    MACVLAN_DUPLICATE_DETECTION_OPTIMISTIC = 2,
}

const DETECTIONS: [DuplicateDetection; 3] =
    [DuplicateDetection::Kernel, DuplicateDetection::Skip, DuplicateDetection::Optimistic];

/// An address of a link. macvlan_address_format() reads the first fields; the others are only set
/// in an address that the kernel reported.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_address {
    /// The size of the struct.
    pub size: usize,
    /// The address without its prefix length: "10.0.0.2".
    pub ip: *const c_char,
    /// The prefix length: 24.
    pub prefix_len: u32,
    /// The detection of duplicates: one of enum macvlan_duplicate_detection.
    pub duplicate_detection: u32,
    /// The address as text: "10.0.0.2/24", "fd00::2/64 nodad".
    pub text: *const c_char,
    /// The scope: "global", "link", "host".
    pub scope: *const c_char,
    /// The label, IPv4 only: the link's name by default. NULL for IPv6.
    pub label: *const c_char,
    /// The broadcast address, IPv4 only; NULL if there is none.
    pub broadcast: *const c_char,
    /// The index of the link.
    pub link: u32,
    /// The kernel's IFA_F_... bits.
    pub flags: u32,
    /// The protocol of the address (IFA_PROTO); not set before Linux 5.18.
    pub protocol: macvlan_opt_u32,
    /// True if the kernel is still checking the address for duplicates (tentative).
    pub is_tentative: Bool,
    /// True if the kernel has found that another host has the address.
    pub is_duplicate: Bool,
}
record!(macvlan_address);

/// Addresses, from macvlan_handle_addresses() and macvlan_address_parse(). Freed with
/// macvlan_address_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_address_list {
    _opaque: (),
}
object!(macvlan_address_list, Vec<View<Reported>>);

/// A filter for addresses, applied by the kernel. All zero: it accepts all.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_address_filter {
    /// The size of the struct.
    pub size: usize,
    /// The link, by name or "#" and index.
    pub link: *const c_char,
    /// The family: AF_INET or AF_INET6; 0 for both.
    pub family: i32,
}
record!(macvlan_address_filter);

/// An address, and what the kernel reported about it.
pub(crate) struct Reported {
    address: Address,
    info: Option<AddressInfo>,
}

impl From<AddressInfo> for Reported {
    fn from(info: AddressInfo) -> Self {
        Self { address: info.address, info: Some(info) }
    }
}

impl Input for macvlan_address {
    type Value = Address;

    unsafe fn value(&self, argument: &str) -> Result<Address, Failure> {
        // SAFETY: guaranteed by the caller.
        let ip = unsafe { text_at(self.ip, &format!("{argument}.ip"))? };
        let net = parse_net(&format!("{ip}/{}", self.prefix_len))?;
        let which = usize::try_from(self.duplicate_detection).unwrap_or(usize::MAX);
        let detection = *DETECTIONS
            .get(which)
            .ok_or_else(|| no(self.duplicate_detection, "enum macvlan_duplicate_detection"))?;
        Ok(Address::new(net)?.with_duplicate_detection(detection)?)
    }
}

impl Output for Reported {
    type Record = macvlan_address;

    fn record(&self, arena: &mut Arena) -> macvlan_address {
        let detection = self.address.duplicate_detection();
        let detection = DETECTIONS.iter().position(|one| *one == detection).unwrap_or(0);
        let mut record = macvlan_address {
            ip: arena.text(self.address.ip()),
            prefix_len: self.address.prefix_len().into(),
            duplicate_detection: detection.try_into().unwrap_or(0),
            text: arena.text(self.address),
            ..macvlan_address::new()
        };
        if let Some(info) = &self.info {
            record.scope = arena.text(info.scope);
            record.label = arena.text_of(info.label.as_ref());
            record.broadcast = arena.text_of(info.broadcast);
            record.link = info.link;
            record.flags = info.flags;
            record.protocol = info.protocol.map(u32::from).into();
            record.is_tentative = info.is_tentative().into();
            record.is_duplicate = info.is_duplicate().into();
        }
        record
    }
}

impl Input for macvlan_address_filter {
    type Value = AddressFilter;

    unsafe fn value(&self, argument: &str) -> Result<AddressFilter, Failure> {
        let mut filter = AddressFilter::new();
        if let Some(family) = family(self.family)? {
            filter = filter.family(family);
        }
        // SAFETY: guaranteed by the caller.
        if let Some(link) = unsafe { field(self.link, argument, "link")? } {
            filter = filter.link(link.parse::<LinkId>()?);
        }
        Ok(filter)
    }
}

/// Parses an address in the format of macvlan_endpoint_add_address(): "10.0.0.2/24". The result is a
/// list of one address, which the caller frees with macvlan_address_list_free(). Returns 0 or a
/// negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_parse(
    text: *const c_char,
    list: *mut *mut macvlan_address_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        give(list, views([Reported { address: text!(text).parse()?, info: None }]));
    })
}

/// Writes an address as text, which the functions that take an address accept. The caller frees the
/// text with macvlan_text_free(). Returns 0 or a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_format(
    address: *const macvlan_address,
    text: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let text = out!(text);
        give(text, c_string(input!(address)));
    })
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_count(list: *const macvlan_address_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_get(
    list: *const macvlan_address_list,
    index: usize,
) -> *const macvlan_address {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_address_list_free(list: *mut macvlan_address_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
