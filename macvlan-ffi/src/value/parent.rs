//! `macvlan_parent`: the parent of an endpoint, with more options than text has.

use std::ffi::c_char;

use macvlan_core::{LinkId, LinkName, Parent};

use crate::base::input::{Input, input_at};
use crate::base::kernel::vlan_protocol;
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{field, text_at};
use crate::base::view::{Arena, Output};

/// The link on the host that an endpoint is on, with more options than text has: a VLAN on demand
/// with another name, or with the service tag 802.1ad.
///
/// One of base, link and text describes it; the first one that is not NULL counts.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_parent {
    /// The size of the struct.
    pub size: usize,
    /// The base of a VLAN that is created for the first endpoint and removed with the last one.
    pub base: *const macvlan_parent,
    /// An existing link, even if its name, or its alternative name of up to 127 bytes, is in VLAN
    /// notation; "#7" for the link with index 7.
    pub link: *const c_char,
    /// The parent as text, as in macvlan_endpoint_new(): "ens33", "#7", "ens33.100" for VLAN 100 of
    /// ens33, created on demand, "ens33.20.200" for a VLAN of a VLAN. A text of more than 15 bytes
    /// is an alternative name, of up to 127.
    pub text: *const c_char,
    /// The name of the VLAN. Defaults to BASE.ID.
    pub name: *const c_char,
    /// The id of the VLAN, 1 to 4094; 0 for a link that must exist.
    pub vlan_id: u16,
    /// The protocol of the VLAN's tag: one of enum macvlan_vlan_protocol; 0 for a link that must
    /// exist. Defaults to 802.1Q.
    pub protocol: u16,
}
record!(macvlan_parent);

/// The group of VLANs that are made on demand (`ip link show group 1835098998`). A VLAN that was
/// removed from the group is never deleted.
pub const MACVLAN_ON_DEMAND_GROUP: u32 = 0x6d61_6376;

const _: () = assert!(MACVLAN_ON_DEMAND_GROUP == Parent::ON_DEMAND_GROUP);

/// Reads the parent of a struct, which has it as text, or with more options.
///
/// # Safety
///
/// As for [`text_at`] and [`input_at`].
pub(crate) unsafe fn parent_at(
    text: *const c_char,
    options: *const macvlan_parent,
    argument: &str,
) -> Result<Option<Parent>, Failure> {
    if !options.is_null() {
        // SAFETY: guaranteed by the caller.
        return unsafe { input_at(options, &format!("{argument}.parent_options")).map(Some) };
    }
    // SAFETY: guaranteed by the caller.
    let text = unsafe { field(text, argument, "parent")? };
    Ok(text.map(str::parse).transpose()?)
}

impl Input for macvlan_parent {
    type Value = Parent;

    unsafe fn value(&self, argument: &str) -> Result<Parent, Failure> {
        // SAFETY: guaranteed by the caller.
        let text = |text, name| unsafe { text_at(text, &format!("{argument}.{name}")) };
        let mut parent = if !self.base.is_null() {
            // A ring would have no end; the kernel allows eight.
            if argument.matches(".base").count() > 8 {
                return Err(Failure::misuse(format!("{argument} is too far below")));
            }
            // SAFETY: guaranteed by the caller.
            let base = unsafe { input_at(self.base, &format!("{argument}.base"))? };
            Parent::vlan(&base, self.vlan_id)?
        } else if !self.link.is_null() {
            let link = text(self.link, "link")?;
            let named = link.parse::<LinkId>().map(Parent::link);
            named.or_else(|_| Parent::alternative_name(link))?
        } else {
            text(self.text, "text")?.parse()?
        };
        if self.protocol != 0 {
            parent = parent.protocol(vlan_protocol(self.protocol)?)?;
        }
        if !self.name.is_null() {
            parent = parent.name(text(self.name, "name")?.parse::<LinkName>()?)?;
        }
        Ok(parent)
    }
}

impl Output for Parent {
    type Record = macvlan_parent;

    fn record(&self, arena: &mut Arena) -> macvlan_parent {
        let text = arena.text(self);
        let existing = match self.get_alternative_name() {
            Some(name) => arena.text(name),
            None => text,
        };
        let base = self.get_base();
        macvlan_parent {
            base: arena.part_of(base),
            link: if base.is_none() { existing } else { std::ptr::null() },
            text,
            name: arena.text_of(self.get_name()),
            vlan_id: self.get_vlan_id().unwrap_or(0),
            protocol: self.get_protocol().map_or(0, |protocol| protocol as u16),
            ..macvlan_parent::new()
        }
    }
}
