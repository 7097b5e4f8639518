//! The commands of `ip link`.

use std::ffi::{c_char, c_int};

use crate::base::boundary::boundary;
use crate::base::input::{input, input_or_default};
use crate::base::kernel::{EnumAddrGenMode, addr_gen_mode};
use crate::base::mac::mac;
use crate::base::object::{give, out, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{optional_text, text};
use crate::base::view::views;
use crate::handle::link::macvlan_link_options;
use crate::handle::macvlan_handle;
use crate::handle::netns::macvlan_netns;
use crate::value::change::macvlan_change;
use crate::value::link_info::{macvlan_link, macvlan_link_filter, macvlan_link_list};
use crate::value::vlan::macvlan_vlan_options;

/// Creates a link, like `ip link add`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_add_link(
    handle: *const macvlan_handle,
    link: *const macvlan_link_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).add_link(&input!(link))?;
    })
}

/// Deletes a link, like `ip link delete`. Returns when the kernel has finished, after about 16 ms.
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

/// Reads a link, like `ip -d link show dev LINK`. The caller frees it with
/// macvlan_link_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_link(
    handle: *const macvlan_handle,
    link: *const c_char,
    found: *mut *mut macvlan_link,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let found = out!(found);
        give(found, shared!(handle).link(text!(link))?.into());
    })
}

/// Lists links, like `ip -d link show [type KIND] [master LINK]`; all if the filter is NULL. The
/// caller frees the list with macvlan_link_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_links(
    handle: *const macvlan_handle,
    filter: *const macvlan_link_filter,
    links: *mut *mut macvlan_link_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let links = out!(links);
        give(links, views(shared!(handle).find_links(&input_or_default!(filter))?));
    })
}

/// Sets a link up, like `ip link set dev LINK up`.
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

/// Sets a link down, like `ip link set dev LINK down`. The kernel takes about 14 ms for it.
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

/// Renames a link, like `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the
/// link is up.
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

/// Sets a link's MAC address, like `ip link set dev LINK address MAC`.
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

/// Sets a link's MTU in bytes, like `ip link set dev LINK mtu BYTES`.
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

/// Sets a link's promisc flag, like `ip link set dev LINK promisc on|off`. The flag has no owners;
/// see macvlan_handle_hold_promisc().
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

/// Sets a link's allmulti flag, like `ip link set dev LINK allmulticast on|off`.
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

/// Sets a link's alias, like `ip link set dev LINK alias TEXT`. An empty text removes it.
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

/// Sets a link's group, like `ip link set dev LINK group NUMBER`.
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

/// Sets the length of a link's transmit queue in packets, like `ip link set dev LINK txqueuelen
/// PACKETS`.
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

/// Sets how a link's IPv6 link-local address is made, like `ip link set dev LINK addrgenmode MODE`.
/// It applies when the link next comes up; an existing address stays.
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

/// Adds an alternative name of up to 127 bytes to a link, like `ip link property add dev LINK
/// altname NAME` (Linux 5.5 and later).
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

/// Deletes an alternative name of a link, like `ip link property delete dev LINK altname NAME`.
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

/// Changes a macvlan or macvtap, like `ip link set dev LINK type macvlan ...`: mode, flags, queue,
/// list of source MAC addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_macvlan(
    handle: *const macvlan_handle,
    link: *const c_char,
    change: *const macvlan_change,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_macvlan(text!(link), &input!(change))?;
    })
}

/// Changes a VLAN, like `ip link set dev LINK type vlan ...`: the flags and QoS mappings that are
/// set. The id has to be valid; id and protocol cannot be changed and are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_handle_set_vlan(
    handle: *const macvlan_handle,
    link: *const c_char,
    vlan: *const macvlan_vlan_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(handle).set_vlan(text!(link), &input!(vlan))?;
    })
}

/// Moves a link to another namespace, like `ip link set dev LINK netns ... [name NAME]`. It keeps
/// its name if `name` is NULL.
///
/// It loses its addresses and routes and is down afterwards, and the kernel takes about 16 ms for
/// it; creating it there (the netns of macvlan_link_options) takes a hundredth of that.
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
