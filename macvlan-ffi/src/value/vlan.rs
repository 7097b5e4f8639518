//! `macvlan_vlan`: the options of a VLAN link.

use std::ffi::c_int;

use macvlan_core::VlanOptions;

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::{EnumProtocol, vlan_protocol};
use crate::base::object::{exclusive, give, object, out, shared};
use crate::base::report::macvlan_error;

/// The options of a VLAN link: its tag and flags. From macvlan_vlan_new() and freed with
/// macvlan_vlan_free(), or a part of a macvlan_link_info.
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_vlan {
    _opaque: (),
}
object!(macvlan_vlan, VlanOptions);

/// Makes the options of a VLAN by its id, 1 to 4094, with the protocol 802.1Q and otherwise the
/// kernel's defaults. The caller frees them with macvlan_vlan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_new(
    id: u16,
    vlan: *mut *mut macvlan_vlan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = out!(vlan);
        give(vlan, VlanOptions::new(id)?);
    })
}

/// Makes the options of a VLAN with id 0, for frames with a priority but no VLAN (priority tags).
/// The caller frees them with macvlan_vlan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_new_priority_tags(
    vlan: *mut *mut macvlan_vlan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = out!(vlan);
        give(vlan, VlanOptions::priority_tags());
    })
}

/// Sets the tag's protocol. Defaults to 802.1Q.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_protocol(
    vlan: *mut macvlan_vlan,
    protocol: EnumProtocol,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().protocol(vlan_protocol(protocol)?);
    })
}

/// Sets whether the tag is removed from received frames (REORDER_HDR). Defaults to true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_reorder_hdr(
    vlan: *mut macvlan_vlan,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().reorder_hdr(on);
    })
}

/// Sets whether the VLAN is registered with the switch by GVRP. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_gvrp(
    vlan: *mut macvlan_vlan,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().gvrp(on);
    })
}

/// Sets whether the VLAN is registered with the switch by MVRP. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_mvrp(
    vlan: *mut macvlan_vlan,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().mvrp(on);
    })
}

/// Sets whether the link stays up when its parent goes down (loose binding). Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_loose_binding(
    vlan: *mut macvlan_vlan,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().loose_binding(on);
    })
}

/// Sets whether the link's state follows the bridge ports in this VLAN (bridge binding); the parent
/// is then a bridge. Defaults to false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_set_bridge_binding(
    vlan: *mut macvlan_vlan,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().bridge_binding(on);
    })
}

/// Maps a received tag's priority, 0 to 7, to a priority in the kernel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_add_ingress_qos(
    vlan: *mut macvlan_vlan,
    tag: u8,
    inside: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().ingress_qos(tag, inside)?;
    })
}

/// Maps a priority in the kernel to a sent tag's priority, 0 to 7.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_add_egress_qos(
    vlan: *mut macvlan_vlan,
    inside: u32,
    tag: u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let vlan = exclusive!(vlan);
        *vlan = vlan.clone().egress_qos(inside, tag)?;
    })
}

/// Returns the id; 0 for priority tags, and if the options are invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_id(vlan: *const macvlan_vlan) -> u16 {
    answer(0, || Ok(shared!(vlan).get_id()))
}

/// Returns the protocol: one of enum macvlan_protocol; 0 if the options are invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_protocol(vlan: *const macvlan_vlan) -> u16 {
    answer(0, || Ok(shared!(vlan).get_protocol() as u16))
}

/// Returns whether the tag is removed from received frames: 1 or 0, or -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_reorder_hdr(vlan: *const macvlan_vlan) -> c_int {
    answer(-1, || Ok(shared!(vlan).get_reorder_hdr().map_or(-1, c_int::from)))
}

/// Returns whether the VLAN is registered by GVRP: 1 or 0, or -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_gvrp(vlan: *const macvlan_vlan) -> c_int {
    answer(-1, || Ok(shared!(vlan).get_gvrp().map_or(-1, c_int::from)))
}

/// Returns whether the VLAN is registered by MVRP: 1 or 0, or -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_mvrp(vlan: *const macvlan_vlan) -> c_int {
    answer(-1, || Ok(shared!(vlan).get_mvrp().map_or(-1, c_int::from)))
}

/// Returns whether the link stays up when its parent goes down: 1 or 0, or -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_loose_binding(vlan: *const macvlan_vlan) -> c_int {
    answer(-1, || Ok(shared!(vlan).get_loose_binding().map_or(-1, c_int::from)))
}

/// Returns whether the link's state follows the bridge ports: 1 or 0, or -1 if it was not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_bridge_binding(vlan: *const macvlan_vlan) -> c_int {
    answer(-1, || Ok(shared!(vlan).get_bridge_binding().map_or(-1, c_int::from)))
}

/// Returns the number of entries of the ingress map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_ingress_qos_count(vlan: *const macvlan_vlan) -> usize {
    answer(0, || Ok(shared!(vlan).get_ingress_qos().len()))
}

/// Writes one entry of the ingress map, counted from 0: a tag's priority, and the priority in the
/// kernel. Returns whether there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_ingress_qos(
    vlan: *const macvlan_vlan,
    index: usize,
    tag: *mut u8,
    inside: *mut u32,
) -> bool {
    answer(false, || {
        let (tag, inside) = (out!(tag = 0), out!(inside = 0));
        let entry = shared!(vlan).get_ingress_qos().get(index);
        (*tag, *inside) = entry.copied().unwrap_or_default();
        Ok(entry.is_some())
    })
}

/// Returns the number of entries of the egress map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_egress_qos_count(vlan: *const macvlan_vlan) -> usize {
    answer(0, || Ok(shared!(vlan).get_egress_qos().len()))
}

/// Writes one entry of the egress map, counted from 0: the priority in the kernel, and the tag's.
/// Returns whether there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_egress_qos(
    vlan: *const macvlan_vlan,
    index: usize,
    inside: *mut u32,
    tag: *mut u8,
) -> bool {
    answer(false, || {
        let (inside, tag) = (out!(inside = 0), out!(tag = 0));
        let entry = shared!(vlan).get_egress_qos().get(index);
        (*inside, *tag) = entry.copied().unwrap_or_default();
        Ok(entry.is_some())
    })
}

/// Frees options. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_vlan_free(vlan: *mut macvlan_vlan) {
    // SAFETY: the header requires that no other thread uses them.
    unsafe { free(vlan) }
}
