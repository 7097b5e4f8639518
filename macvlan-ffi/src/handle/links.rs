//! The verbs of `ip link`.

use std::ffi::{c_char, c_int};

use macvlan_core::LinkFilter;

use crate::base::boundary::boundary;
use crate::base::kernel::{EnumAddrGenMode, addr_gen_mode};
use crate::base::mac::mac;
use crate::base::object::{give, optional, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{optional_text, text};
use crate::handle::link::macvlan_link;
use crate::handle::macvlan_handle;
use crate::handle::netns::macvlan_netns;
use crate::value::change::macvlan_change;
use crate::value::link_info::{macvlan_link_filter, macvlan_link_info, macvlan_link_list};
use crate::value::vlan::macvlan_vlan;

/// `ip link add`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_link(
    handle: *const macvlan_handle,
    link: *const macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).add_link(shared!(link))?;
    })
}

/// `ip link delete`. Waits until the kernel has finished, about 16 ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_delete_link(
    handle: *const macvlan_handle,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).delete_link(text!(link))?;
    })
}

/// `ip -d link show dev LINK`. Freed with macvlan_link_info_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_link(
    handle: *const macvlan_handle,
    link: *const c_char,
    info: *mut *mut macvlan_link_info,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let info = out!(info);
        give(info, shared!(handle).link(text!(link))?.into());
    })
}

/// `ip -d link show [type KIND] [master LINK]`. All links if the filter is NULL. Freed with
/// macvlan_link_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_links(
    handle: *const macvlan_handle,
    filter: *const macvlan_link_filter,
    links: *mut *mut macvlan_link_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let links = out!(links);
        let all = LinkFilter::new();
        let filter = optional!(filter).unwrap_or(&all);
        let found = shared!(handle).find_links(filter)?;
        give(links, parts::<macvlan_link_info>(found.into_iter().map(Into::into)));
    })
}

/// `ip link set dev LINK up`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_up(
    handle: *const macvlan_handle,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_up(text!(link))?;
    })
}

/// `ip link set dev LINK down`. The kernel takes about 14 ms for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_down(
    handle: *const macvlan_handle,
    link: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_down(text!(link))?;
    })
}

/// `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the link is up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_rename(
    handle: *const macvlan_handle,
    link: *const c_char,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).rename(text!(link), text!(name).parse()?)?;
    })
}

/// `ip link set dev LINK address MAC`.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_mac(
    handle: *const macvlan_handle,
    link: *const c_char,
    mac: *const u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_mac(text!(link), mac!(mac))?;
    })
}

/// `ip link set dev LINK mtu BYTES`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_mtu(
    handle: *const macvlan_handle,
    link: *const c_char,
    mtu: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_mtu(text!(link), mtu)?;
    })
}

/// `ip link set dev LINK promisc on|off`: the flag, which knows no owners; see
/// macvlan_handle_hold_promisc().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_promisc(
    handle: *const macvlan_handle,
    link: *const c_char,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_promisc(text!(link), on)?;
    })
}

/// `ip link set dev LINK allmulticast on|off`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_allmulticast(
    handle: *const macvlan_handle,
    link: *const c_char,
    on: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_allmulticast(text!(link), on)?;
    })
}

/// `ip link set dev LINK alias TEXT`; an empty text takes it away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_alias(
    handle: *const macvlan_handle,
    link: *const c_char,
    alias: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_alias(text!(link), text!(alias))?;
    })
}

/// `ip link set dev LINK group NUMBER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_group(
    handle: *const macvlan_handle,
    link: *const c_char,
    group: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_group(text!(link), group)?;
    })
}

/// `ip link set dev LINK txqueuelen PACKETS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_tx_queue_len(
    handle: *const macvlan_handle,
    link: *const c_char,
    packets: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_tx_queue_len(text!(link), packets)?;
    })
}

/// `ip link set dev LINK addrgenmode MODE`. It counts when the link comes up next; an address that was
/// made already stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_addr_gen_mode(
    handle: *const macvlan_handle,
    link: *const c_char,
    mode: EnumAddrGenMode,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_addr_gen_mode(text!(link), addr_gen_mode(mode)?)?;
    })
}

/// `ip link property add dev LINK altname NAME`: one more name, up to 127 bytes long (Linux 5.5 and
/// later).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_alternative_name(
    handle: *const macvlan_handle,
    link: *const c_char,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).add_alternative_name(text!(link), text!(name))?;
    })
}

/// `ip link property delete dev LINK altname NAME`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_delete_alternative_name(
    handle: *const macvlan_handle,
    link: *const c_char,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).delete_alternative_name(text!(link), text!(name))?;
    })
}

/// `ip link set dev LINK type macvlan ...`, or macvtap: mode, flags, queue, list of source MAC
/// addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_macvlan(
    handle: *const macvlan_handle,
    link: *const c_char,
    change: *const macvlan_change,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_macvlan(text!(link), shared!(change))?;
    })
}

/// `ip link set dev LINK type vlan ...`: the flags and QoS mappings that are set; id and protocol cannot
/// be changed and are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_vlan(
    handle: *const macvlan_handle,
    link: *const c_char,
    vlan: *const macvlan_vlan,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_vlan(text!(link), shared!(vlan))?;
    })
}

/// `ip link set dev LINK netns ... [name NAME]`: moves a link to another namespace. `name` can be NULL:
/// it then keeps its name.
///
/// Its addresses and routes are lost, it arrives down, and the kernel takes about 16 ms for it;
/// creating it there (macvlan_link_set_netns()) takes a hundredth of that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_move_link(
    handle: *const macvlan_handle,
    link: *const c_char,
    netns: *const macvlan_netns,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let name = optional_text!(name).map(str::parse).transpose()?;
        shared!(handle).move_link(text!(link), &shared!(netns).netns, name)?;
    })
}
