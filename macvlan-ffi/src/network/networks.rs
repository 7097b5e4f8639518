//! `macvlan_networks`: a session that creates and finds networks.

use std::ffi::{c_char, c_int};
use std::ptr::null;
use std::time::Duration;

use ::macvlan_network::{Networks, SqliteStore};

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::input;
use crate::base::object::{exclusive, give, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::string::macvlan_text;
use crate::base::text::{Text, c_string, text};
use crate::base::view::views;
use crate::endpoint::probe::macvlan_probe;
use crate::host::macvlan_host;
use crate::network::config::macvlan_network_config;
use crate::network::etcd_options::macvlan_etcd_options;
use crate::network::reconciled::{macvlan_collected, macvlan_reconciled_list};
use crate::network::updated::macvlan_updated;
use crate::network::{Known, macvlan_network, macvlan_network_list};

/// A session that creates and finds networks. It has a host, and a store of networks and leases
/// that many processes share; it offers the operations of `docker network` without Docker. Open one
/// and keep it. Freed with macvlan_networks_free().
///
/// An address is stored before it is added in the kernel, and deleted from the store after it was
/// deleted in the kernel, so that it is never leased to a second container, even if a process is
/// killed in between.
///
/// Threads: any number of threads may use it at once, until one frees it;
/// macvlan_networks_set_host_name(), macvlan_networks_set_probe() and
/// macvlan_networks_set_pending_age() need exclusive access.
pub struct macvlan_networks {
    _opaque: (),
}
object!(macvlan_networks, Session);

pub(crate) struct Session {
    pub(super) networks: Networks,
    host_name: Text,
}

impl From<Networks> for Session {
    fn from(networks: Networks) -> Self {
        Self { networks, host_name: Text::default() }
    }
}

/// Opens a session with a store for one host: a SQLite file on a local file system, which the first
/// write creates. The caller frees it with macvlan_networks_free().
///
/// Many processes may use the file at once; written data survives the process and a power loss. The
/// host is identified by its host name, see macvlan_networks_set_host_name().
///
/// Fails with -EREMOTE and MACVLAN_ERROR_NETWORK_OTHER_MACHINE for a file that another machine
/// wrote last. A path that is not UTF-8 is refused. The session does not refer to the host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_open(
    host: *const macvlan_host,
    path: *const c_char,
    networks: *mut *mut macvlan_networks,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let networks = out!(networks);
        let host = shared!(host).clone();
        give(networks, Networks::new(host, SqliteStore::open(text!(path))?)?.into());
    })
}

/// Opens a session like macvlan_networks_open(), also with a file that another machine wrote last.
/// Such a file was moved here permanently, or its machine got another machine-id; it becomes this
/// machine's at the next write. Containers of the other machine count as ended. Two machines must
/// not use one file. The caller frees the session with macvlan_networks_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_open_moved(
    host: *const macvlan_host,
    path: *const c_char,
    networks: *mut *mut macvlan_networks,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let networks = out!(networks);
        let host = shared!(host).clone();
        give(networks, Networks::new(host, SqliteStore::open_moved(text!(path))?)?.into());
    })
}

/// Opens a session with a store for several hosts, in etcd; this host counts as alive while it is
/// open. The socket belongs to the calling thread's network namespace, and a thread of the library
/// keeps it. The caller frees the session with macvlan_networks_free().
///
/// Fails with -EINVAL for invalid options, such as no endpoint, or "https://" without a CA; with
/// -EACCES and MACVLAN_ERROR_NETWORK_STORE_REFUSED if etcd refuses the user, the password or the
/// certificate, or if its certificate is refused; with -EREMOTE and
/// MACVLAN_ERROR_NETWORK_OTHER_MACHINE if the host's name is that of another machine that is alive;
/// with -EOPNOTSUPP and MACVLAN_ERROR_UNSUPPORTED if the library was built without etcd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_open_etcd(
    host: *const macvlan_host,
    options: *const macvlan_etcd_options,
    networks: *mut *mut macvlan_networks,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let networks = out!(networks);
        let host = shared!(host).clone();
        give(networks, Networks::new(host, input!(options).open()?)?.into());
    })
}

/// Sets this host's name in the store, unless macvlan_etcd_options has set it. It must not
/// change while the host has containers. Existing macvlan_network objects keep the old one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_set_host_name(
    networks: *mut macvlan_networks,
    name: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let session = exclusive!(networks);
        *session = session.networks.clone().with_host_name(text!(name))?.into();
    })
}

/// Sets how addresses are probed for networks with the probe of macvlan_network_config. Defaults
/// to a quick one. Existing macvlan_network objects keep the old one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_set_probe(
    networks: *mut macvlan_networks,
    probe: *const macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (session, probe) = (exclusive!(networks), input!(probe));
        *session = session.networks.clone().with_probe(probe).into();
    })
}

/// Sets for how many milliseconds a lease may be pending before macvlan_networks_collect() and
/// macvlan_networks_reconcile() release it. Defaults to ten minutes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_set_pending_age(
    networks: *mut macvlan_networks,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let session = exclusive!(networks);
        let age = Duration::from_millis(milliseconds.into());
        *session = session.networks.clone().with_pending_age(age).into();
    })
}

/// Sets whether the leases of hosts that the store considers dead are released, by
/// macvlan_networks_collect(), macvlan_networks_reconcile(), and for an address or a name that
/// another container requests. Defaults to true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_set_dead_hosts(
    networks: *mut macvlan_networks,
    dead_hosts: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let session = exclusive!(networks);
        *session = session.networks.clone().with_dead_hosts(dead_hosts).into();
    })
}

/// Makes a host on the namespace in which containers are connected, which the caller frees with
/// macvlan_host_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_host(
    networks: *const macvlan_networks,
    host: *mut *mut macvlan_host,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let host = out!(host);
        give(host, shared!(networks).networks.host().clone());
    })
}

/// Returns this host's name in the store. It belongs to the session. NULL if the session is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_host_name(
    networks: *const macvlan_networks,
) -> *const c_char {
    answer(null(), || {
        let session = shared!(networks);
        Ok(session.host_name.of(session.networks.host_name()))
    })
}

/// Creates a network. Without a subnet it gets one of Docker's default subnets that is not used by
/// another network or by a link or route of this host. The caller frees `network` with
/// macvlan_network_free(), at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_create(
    networks: *mut macvlan_networks,
    config: *const macvlan_network_config,
    network: *mut *mut macvlan_network,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let network = out!(network);
        let created = shared!(networks).networks.create(&input!(config))?;
        give(network, created.into());
    })
}

/// Ensures that a network is as configured: creates it, or changes the existing one with this name,
/// or changes nothing. Only reads if there are no differences, so programs may call it before each
/// use, and at the same time. A configuration without subnets keeps the existing ones. The caller
/// frees the result with macvlan_updated_free().
///
/// Refused as by macvlan_networks_create() and macvlan_network_update().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_ensure(
    networks: *mut macvlan_networks,
    config: *const macvlan_network_config,
    updated: *mut *mut macvlan_updated,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let updated = out!(updated);
        give(updated, shared!(networks).networks.ensure(&input!(config))?.into());
    })
}

/// Finds a network by its name, its id or a unique prefix of the id. The caller frees it with
/// macvlan_network_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_get(
    networks: *const macvlan_networks,
    name_or_id: *const c_char,
    network: *mut *mut macvlan_network,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let network = out!(network);
        give(network, shared!(networks).networks.network(text!(name_or_id))?.into());
    })
}

/// Lists the stored networks and leases that cannot be read, one on each line with the reason.
/// Other lists do not have them, and their addresses are not leased. The caller frees the text with
/// macvlan_text_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_unreadable(
    networks: *const macvlan_networks,
    lines: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lines = out!(lines);
        let all = shared!(networks).networks.unreadable()?;
        let all: Vec<String> = all.iter().map(|one| one.error.to_string()).collect();
        give(lines, c_string(all.join("\n")));
    })
}

/// Lists the networks that can be read, ordered by name; see also macvlan_networks_unreadable().
/// The caller frees the list with macvlan_network_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_list(
    networks: *const macvlan_networks,
    list: *mut *mut macvlan_network_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        let all = shared!(networks).networks.list()?;
        give(list, parts::<macvlan_network>(all.into_iter().map(Known::from)));
    })
}

/// Makes a summary like `docker network ls`, as JSON. It is an array of objects with Id, Name,
/// Driver, Scope, Parent, Internal, Subnets, and the number of connected Containers on all hosts.
/// The caller frees the text with macvlan_text_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_summary(
    networks: *const macvlan_networks,
    json: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let json = out!(json);
        give(json, c_string(shared!(networks).networks.summary()?.to_string()));
    })
}

/// Removes the networks that have no containers on any host, and their dummy links. Gives their
/// names, one on each line, as a text that the caller frees with macvlan_text_free(). A container
/// that has ended counts until its lease is collected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_prune(
    networks: *mut macvlan_networks,
    names: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let names = out!(names);
        give(names, c_string(shared!(networks).networks.prune()?.join("\n")));
    })
}

/// Releases leases that are no longer used. The caller frees the result with
/// macvlan_collected_free().
///
/// - those of this host's containers whose namespace no longer exists, also after a reboot;
/// - those of hosts that the store considers dead;
/// - those that were pending for too long, with the links that were created for them;
/// - addresses that were reserved long enough.
///
/// Since Linux 6.18 the kernel says whether a namespace exists. On earlier kernels, all processes
/// and mounts are searched for it, which needs root on the host, not in a container. If that does
/// not show whether it exists, the function fails, and no such lease is released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_collect(
    networks: *mut macvlan_networks,
    collected: *mut *mut macvlan_collected,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let collected = out!(collected);
        give(collected, shared!(networks).networks.collect()?.into());
    })
}

/// Declares that a host is alive, whether or not one of its processes is, also across reboots: until
/// macvlan_networks_forget_host(), only the host itself releases the leases of its containers.
/// `is_new`, which can be NULL, is set to false if it was declared already.
///
/// A host that is not alive yet can be declared ahead: the first machine that uses the name gets
/// it. A file serves one machine, and is refused with MACVLAN_ERROR_INVALID_VALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_declare_host(
    networks: *mut macvlan_networks,
    name: *const c_char,
    is_new: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let new = shared!(networks).networks.declare_host(text!(name))?;
        if !is_new.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { is_new.write(new) };
        }
    })
}

/// Ends the declaration of a host. `was_known`, which can be NULL, is set to whether it was
/// declared; in a file no host is.
///
/// On another host this is for one that has permanently ended. Others then collect the leases of
/// its containers, which may be leased again, so these must not run any more; and another machine
/// may have its name. Refused with MACVLAN_ERROR_NETWORK_HOST_ALIVE while a process of it has the
/// store open, and after one was killed, for as long as a host counts as alive; and on the host
/// itself, while it has leases and no agent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_forget_host(
    networks: *mut macvlan_networks,
    name: *const c_char,
    was_known: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let known = shared!(networks).networks.forget_host(text!(name))?;
        if !was_known.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_known.write(known) };
        }
    })
}

/// Checks that leases outlive this process, if the store was opened for that: see life in
/// macvlan_etcd_options. If they do not, the error is MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE, which
/// connecting returns as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_check_life(
    networks: *mut macvlan_networks,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(networks).networks.check_life()?;
    })
}

/// Reconciles the kernel with the store on this host, and lists the changes; the list is empty if
/// there were none. For a program that starts again after a failure. The caller frees the list with
/// macvlan_reconciled_list_free().
///
/// Leases of namespaces that no longer exist are released. Interfaces that are missing or changed
/// are repaired. Interfaces that are not stored get a lease if their network exists, and are
/// deleted if it does not.
///
/// An interface gets a lease for those of its addresses that were not leased to another container;
/// the others are deleted from it. It is deleted if none would remain, or if its container is now
/// connected elsewhere. An interface is identified by its alias, if only the store can have made
/// it; any other is reported as failed and left unchanged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_reconcile(
    networks: *mut macvlan_networks,
    done: *mut *mut macvlan_reconciled_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let done = out!(done);
        give(done, views(shared!(networks).networks.reconcile()?));
    })
}

/// Frees a session. NULL is ignored. Existing macvlan_network objects remain usable, and containers
/// stay connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_free(networks: *mut macvlan_networks) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(networks) }
}
