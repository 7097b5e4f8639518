//! `macvlan_parent`: what an endpoint hangs on, where a text cannot say it.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{LinkId, LinkName, Parent, VlanProtocol};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::{EnumProtocol, vlan_protocol};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, text};

/// The link on the host that an endpoint hangs on, where text does not do: a VLAN on demand under a
/// name of its own, or with the service tag 802.1ad. Freed with macvlan_parent_free().
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

/// The group of links that VLANs made on demand belong to (`ip link show group 1835098998`). One that
/// somebody took out of it is never removed.
pub const MACVLAN_ON_DEMAND_GROUP: u32 = 0x6d61_6376;

const _: () = assert!(
    MACVLAN_ON_DEMAND_GROUP == Parent::ON_DEMAND_GROUP
        && macvlan_protocol::MACVLAN_VLAN_8021Q as u16 == VlanProtocol::Dot1q as u16
        && macvlan_protocol::MACVLAN_VLAN_8021AD as u16 == VlanProtocol::Dot1ad as u16
);

/// What the text says, as in macvlan_endpoint_new(): "ens33", "#7" for the link of index 7,
/// "ens33.100" for VLAN 100 of ens33, made when it is needed, "ens33.20.200" for a VLAN of a VLAN. A text
/// of more than 15 bytes is an alternative name, of 127 at most.
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

/// A link that must exist, also if its name, or its alternative name of up to 127 bytes, looks like a
/// VLAN's; "#7" for the link of index 7.
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

/// VLAN `id` (1 to 4094) of another parent, which is copied; 802.1Q, and called BASE.ID, unless it is
/// told otherwise. It is made when the first endpoint needs it and removed when the last one leaves.
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

/// Another protocol of the VLAN's tag. Refused for a link that must exist.
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

/// Another name for the link.
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

/// Returns the name that was given to a VLAN that can be made on demand; NULL if it is called after
/// its base, and for a link that must exist. It belongs to the parent, until that is changed or
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_name(parent: *const macvlan_parent) -> *const c_char {
    answer(null(), || {
        let parent = shared!(parent);
        Ok(parent.name.of_some(parent.parent.get_name()))
    })
}

/// Returns the alternative name of more than 15 bytes that the link is asked for by; NULL if it is
/// asked for by another. It belongs to the parent, until that is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_alternative_name(
    parent: *const macvlan_parent,
) -> *const c_char {
    answer(null(), || {
        let parent = shared!(parent);
        Ok(parent.alternative.of_some(parent.parent.get_alternative_name()))
    })
}

/// Returns the id of a VLAN that can be made on demand; 0 for a link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_vlan_id(parent: *const macvlan_parent) -> u16 {
    answer(0, || Ok(shared!(parent).parent.get_vlan_id().unwrap_or(0)))
}

/// Returns the protocol of a VLAN that can be made on demand: one of enum macvlan_protocol; 0 for a
/// link that must exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_parent_protocol(parent: *const macvlan_parent) -> u16 {
    answer(0, || Ok(shared!(parent).parent.get_protocol().map_or(0, |protocol| protocol as u16)))
}

/// Makes a copy of what a VLAN that can be made on demand is on, to be freed with
/// macvlan_parent_free(); NULL for a link that must exist, which is no failure.
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
