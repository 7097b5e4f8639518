//! `macvlan_networks`: an open session that creates networks and finds them again.

use std::ffi::{c_char, c_int};
use std::ptr::null;
use std::time::Duration;

use ::macvlan_network::{Networks, SqliteStore};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{exclusive, give, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, c_string, text};
use crate::endpoint::probe::macvlan_probe;
use crate::host::macvlan_host;
use crate::network::config::macvlan_network_config;
use crate::network::etcd_options::macvlan_etcd_options;
use crate::network::names::macvlan_text;
use crate::network::reconciled::{self, macvlan_collected, macvlan_reconciled_list};
use crate::network::updated::macvlan_updated;
use crate::network::{Known, macvlan_network, macvlan_network_list};

/// An open session: a host, and a store that says which networks there are and who holds which address,
/// shared by many processes. What `docker network` does, without Docker. Open one and keep it. Freed
/// with macvlan_networks_free().
///
/// An address is in the store before it is in the kernel, and leaves the store after it has left the
/// kernel: whatever is killed in between, it is never given to a second container.
///
/// Threads: any number may use it at once, but macvlan_networks_set_host_name(), macvlan_networks_set_probe() and
/// macvlan_networks_set_pending_age() need it alone; it is freed when nobody uses it.
pub struct macvlan_networks {
    _opaque: (),
}
object!(macvlan_networks, Session);

pub(crate) struct Session {
    networks: Networks,
    host_name: Text,
}

impl From<Networks> for Session {
    fn from(networks: Networks) -> Self {
        Self { networks, host_name: Text::default() }
    }
}

/// With a store for one host: a SQLite file, which the first write makes if there is none, and which has
/// to lie on a file system of this machine. Many processes may use it at once; what was written survives the
/// process and a power loss. The host is called by its host name, see
/// macvlan_networks_set_host_name().
///
/// A file that another machine wrote last is refused: -EREMOTE and MACVLAN_ERROR_NETWORK_OTHER_MACHINE.
/// A path that is not UTF-8 is refused. The host is not needed any more.
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

/// As macvlan_networks_open(), also with a file that another machine wrote last, which the next write
/// makes this machine's: one that was moved here for good, or whose machine got another machine-id.
/// Containers of the other machine count as gone. No two machines may use one file.
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

/// With the store for many hosts, etcd; this host counts as alive as long as it is open. The socket
/// belongs to the namespace that the calling thread is in, and a thread of the library's keeps it.
///
/// Options that do not fit, such as no endpoint, or "https://" without a CA, are -EINVAL. An etcd that does
/// not accept the user, the password or the certificate, or whose certificate is not accepted, is -EACCES and
/// MACVLAN_ERROR_NETWORK_STORE_REFUSED; a machine whose host's name is that of another that lives -EREMOTE
/// and MACVLAN_ERROR_NETWORK_OTHER_MACHINE.
///
/// A library that was built without etcd refuses: -EOPNOTSUPP and MACVLAN_ERROR_UNSUPPORTED.
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
        give(networks, Networks::new(host, shared!(options).open()?)?.into());
    })
}

/// What this host is called in the store, if that was not told already by macvlan_etcd_options_new():
/// a name that stays the same for as long as it has containers. Networks that were given before keep
/// the old one.
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

/// How the wire is asked, for networks with macvlan_network_config_set_probe(), when it is to be
/// otherwise than macvlan_probe_quick(). It is copied. Networks that were given before keep the old
/// one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_set_probe(
    networks: *mut macvlan_networks,
    probe: *const macvlan_probe,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let (session, probe) = (exclusive!(networks), *shared!(probe));
        *session = session.networks.clone().with_probe(probe).into();
    })
}

/// Sets for how many milliseconds a lease may be pending before macvlan_networks_collect() and
/// macvlan_networks_reconcile() take it back. Defaults to ten minutes.
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

/// Returns the host that containers are connected on; to be freed by the caller.
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

/// What this host is called in the store. It belongs to the session. NULL if the session is
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

/// Creates a network. Without a subnet it gets one of Docker's default subnets that no network and no
/// link or route of this host has. `network`, which is given, can be freed at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_create(
    networks: *mut macvlan_networks,
    config: *const macvlan_network_config,
    network: *mut *mut macvlan_network,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let network = out!(network);
        let created = shared!(networks).networks.create(&shared!(config).config)?;
        give(network, created.into());
    })
}

/// Creates the network that a configuration describes, or changes the one of that name to it, whole or not at
/// all. A network that is so already is left as it is, so that programs may call it before each use, any number
/// at once. A configuration without subnets leaves a network that exists those that it has.
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
        give(updated, shared!(networks).networks.ensure(&shared!(config).config)?.into());
    })
}

/// Returns the network that has this name or this id, or whose id alone begins so.
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

/// Returns one line for each network and lease that is stored and cannot be read, which says why. Lists
/// leave them out, and what they hold is given to nobody else. The text is freed by the caller.
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

/// All networks that can be read, by name; macvlan_networks_unreadable() has the others.
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

/// Returns what `docker network ls` would list, as a JSON array of objects with Id, Name, Driver, Scope,
/// Parent, Internal, Subnets, and how many Containers are connected on all hosts. The text is freed by the
/// caller.
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

/// Removes the networks without containers, on whatever host, and the links that they made. Returns their
/// names, one a line, as a text that is freed by the caller. A container that is gone counts until it is
/// collected.
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

/// Takes back the leases of this host's containers whose namespace is gone, also by a reboot; of hosts
/// that the store says are dead; leases that were pending for too long, with the links that were created for
/// them; and addresses that were kept long enough.
///
/// A namespace is gone when no process is in it or has it open, and it is mounted nowhere, as far as
/// this process may look: let one with root's rights on the host call this, not one in a container.
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

/// Forgets a host that counts as alive without a process, see macvlan_etcd_options_set_persistent(), and is gone
/// for good: from now on others collect the leases of its containers, and another machine may have its name.
/// `was_known`, which can be NULL, tells whether there was such a host; in a file there is none.
///
/// The addresses of its containers are given to others then, so they may run no more. Refused with
/// MACVLAN_ERROR_NETWORK_HOST_ALIVE while a process of it has the store open, and where one was killed, for as
/// long as a host counts as alive.
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

/// Brings the kernel and the store together on this host, and says what it did; an empty list if all
/// was right. For a program that starts again, after whatever happened.
///
/// The store says who is connected, the kernel who exists: leases of namespaces that are gone are taken
/// back, interfaces that are missing or have changed are made as they should be, interfaces that the
/// store does not know get a lease if their network exists, and go if it does not.
///
/// An interface gets a lease for the addresses that nobody else has got since; others are removed from it,
/// and so is an interface that would have none, or whose container is connected elsewhere by now. An
/// interface is known by its alias, which only the store can have made for it; any other is reported as
/// failed and left as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_reconcile(
    networks: *mut macvlan_networks,
    done: *mut *mut macvlan_reconciled_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let done = out!(done);
        give(done, reconciled::list(shared!(networks).networks.reconcile()?));
    })
}

/// Closes a session; does nothing to NULL. Networks that were given go on, and so does what is
/// connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_networks_free(networks: *mut macvlan_networks) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(networks) }
}
