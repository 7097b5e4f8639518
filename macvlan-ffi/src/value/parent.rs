//! `macvlan_parent`: the parent of an endpoint, with more options than text has.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkId, LinkName, Parent, VlanProtocol};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::{EnumProtocol, vlan_protocol};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, text};

/// The link on the host that an endpoint is on, with more options than text has: a VLAN on demand
/// with another name, or with the service tag 802.1ad. Freed with macvlan_parent_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_parent {
    _opaque: (),
}
object!(macvlan_parent, Described);

pub(crate) struct Described {
    pub(crate) parent: Parent,
    text: Text,
    name: Text,
    alternative: Text,
}

impl From<Parent> for Described {
    fn from(parent: Parent) -> Self {
        Self { parent, text: Text::default(), name: Text::default(), alternative: Text::default() }
    }
}

/// The protocol of a VLAN's tag: the EtherTypes ETH_P_8021Q and ETH_P_8021AD.
#[repr(C)]
pub enum macvlan_protocol {
    /// The customer tag.
    MACVLAN_VLAN_8021Q = 0x8100,
    /// The service tag of QinQ.
    MACVLAN_VLAN_8021AD = 0x88a8,
}

/// The group of VLANs that are made on demand (`ip link show group 1835098998`). A VLAN that was
/// removed from the group is never deleted.
pub const MACVLAN_ON_DEMAND_GROUP: u32 = 0x6d61_6376;

const _: () = assert!(
    MACVLAN_ON_DEMAND_GROUP == Parent::ON_DEMAND_GROUP
        && macvlan_protocol::MACVLAN_VLAN_8021Q as u16 == VlanProtocol::Dot1q as u16
        && macvlan_protocol::MACVLAN_VLAN_8021AD as u16 == VlanProtocol::Dot1ad as u16
);

/// Makes a parent from text, as in macvlan_endpoint_new(). Examples are "ens33", "#7" for the link
/// with index 7, "ens33.100" for VLAN 100 of ens33, created on demand, "ens33.20.200" for a VLAN of
/// a VLAN. A text of more than 15 bytes is an alternative name, of up to 127. The caller frees it
/// with macvlan_parent_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_new(
    text: *const c_char,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        give(parent, text!(text).parse::<Parent>()?.into());
    })
}

/// Makes a parent that is an existing link, even if its name, or its alternative name of up to 127
/// bytes, is in VLAN notation; "#7" for the link with index 7. The caller frees it with
/// macvlan_parent_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_new_link(
    link: *const c_char,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        let link = text!(link);
        let named = link.parse::<LinkId>().map(Parent::link);
        give(parent, named.or_else(|_| Parent::alternative_name(link))?.into());
    })
}

/// Makes a parent that is VLAN `id` (1 to 4094) of another parent, which is copied, with the
/// protocol 802.1Q and the name BASE.ID. It is created for the first endpoint and removed with the
/// last one. The caller frees it with macvlan_parent_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_new_vlan(
    base: *const macvlan_parent,
    id: u16,
    parent: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = out!(parent);
        give(parent, Parent::vlan(&shared!(base).parent, id)?.into());
    })
}

/// Sets the protocol of the VLAN's tag. Defaults to 802.1Q. Refused for a link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_set_protocol(
    parent: *mut macvlan_parent,
    protocol: EnumProtocol,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = exclusive!(parent);
        *parent = parent.parent.clone().protocol(vlan_protocol(protocol)?)?.into();
    })
}

/// Sets the name of the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_set_name(
    parent: *mut macvlan_parent,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let parent = exclusive!(parent);
        let name: LinkName = text!(name).parse()?;
        *parent = parent.parent.clone().name(name)?.into();
    })
}

/// Returns the parent as text: "ens33.100". It belongs to the parent, until that is changed or
/// freed. NULL if the parent is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_text(parent: *const macvlan_parent) -> *const c_char {
    answer(null(), || {
        let parent = shared!(parent);
        Ok(parent.text.of(&parent.parent))
    })
}

/// Returns the name that was set for a VLAN that is created on demand; NULL for BASE.ID, and for a
/// link that must exist. It belongs to the parent, until that is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_name(parent: *const macvlan_parent) -> *const c_char {
    answer(null(), || {
        let parent = shared!(parent);
        Ok(parent.name.of_some(parent.parent.get_name()))
    })
}

/// Returns the alternative name of more than 15 bytes, if the link is given by one; NULL otherwise.
/// It belongs to the parent, until that is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_alternative_name(
    parent: *const macvlan_parent,
) -> *const c_char {
    answer(null(), || {
        let parent = shared!(parent);
        Ok(parent.alternative.of_some(parent.parent.get_alternative_name()))
    })
}

/// Returns the id of a VLAN that is created on demand; 0 for a link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_vlan_id(parent: *const macvlan_parent) -> u16 {
    answer(0, || Ok(shared!(parent).parent.get_vlan_id().unwrap_or(0)))
}

/// Returns the protocol of a VLAN that is created on demand: one of enum macvlan_protocol; 0 for a
/// link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_protocol(parent: *const macvlan_parent) -> u16 {
    answer(0, || Ok(shared!(parent).parent.get_protocol().map_or(0, |protocol| protocol as u16)))
}

/// Makes a copy of the base of a VLAN that is created on demand, which the caller frees with
/// macvlan_parent_free(). NULL without an error for a link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_base(
    parent: *const macvlan_parent,
    base: *mut *mut macvlan_parent,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let base = out!(base);
        if let Some(own) = shared!(parent).parent.get_base() {
            give(base, own.clone().into());
        }
    })
}

/// Frees a parent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_free(parent: *mut macvlan_parent) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(parent) }
}
