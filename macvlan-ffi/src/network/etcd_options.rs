//! `macvlan_etcd_options`: how to reach the store for many hosts.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use crate::base::boundary::{boundary, free};
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::text;

/// How to reach etcd, and who this is: a value, for macvlan_networks_open_etcd(). Freed with
/// macvlan_etcd_options_free().
///
/// Threads: any number may look at it at once; whoever changes it needs it alone.
pub struct macvlan_etcd_options {
    _opaque: (),
}
object!(macvlan_etcd_options, Described);

/// (The network crate's own are there only where the library is built with etcd.)
#[derive(Clone, Default)]
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "nothing is opened with them"))]
pub(crate) struct Described {
    host: String,
    endpoints: Vec<String>,
    prefix: Option<String>,
    timeout: Option<Duration>,
    ttl: Option<Duration>,
}

#[cfg(feature = "etcd")]
pub(crate) type Store = macvlan_network::EtcdStore;
/// What there is none of.
#[cfg(not(feature = "etcd"))]
pub(crate) type Store = macvlan_network::SqliteStore;

impl Described {
    #[cfg(feature = "etcd")]
    pub(crate) fn open(&self) -> Result<Store, Failure> {
        let mut options = macvlan_network::EtcdOptions::new(&self.host, self.endpoints.clone());
        if let Some(prefix) = &self.prefix {
            options = options.prefix(prefix);
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(timeout);
        }
        if let Some(ttl) = self.ttl {
            options = options.ttl(ttl);
        }
        Ok(Store::open(&options)?)
    }

    #[cfg(not(feature = "etcd"))]
    #[allow(clippy::unused_self, reason = "as with etcd")]
    pub(crate) fn open(&self) -> Result<Store, Failure> {
        let hint = "build it with: make -C macvlan-ffi FEATURES=etcd";
        Err(Failure::Lacking("this library was built without etcd", hint))
    }
}

/// Of this host, by a name that no other has, and that stays the same for as long as it has containers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_new(
    host: *const c_char,
    options: *mut *mut macvlan_etcd_options,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = out!(options);
        give(options, Described { host: text!(host).to_owned(), ..Described::default() });
    })
}

/// One more endpoint of etcd: "http://10.0.0.7:2379". It takes one at least.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_add_endpoint(
    options: *mut macvlan_etcd_options,
    endpoint: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).endpoints.push(text!(endpoint).to_owned());
    })
}

/// What all keys begin with; "/macvlan/" when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_prefix(
    options: *mut macvlan_etcd_options,
    prefix: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).prefix = Some(text!(prefix).to_owned());
    })
}

/// How many milliseconds to wait for an answer; 5000 when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_timeout(
    options: *mut macvlan_etcd_options,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).timeout = Some(Duration::from_millis(milliseconds.into()));
    })
}

/// For how many milliseconds this host counts as alive after its last process with an open store has
/// ended, or can reach etcd no more; 60000 when not set. Then others may collect its containers'
/// leases.
///
/// On a host without a process that stays, such as an agent, let it be longer than containers are left
/// alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_ttl(
    options: *mut macvlan_etcd_options,
    milliseconds: u32,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).ttl = Some(Duration::from_millis(milliseconds.into()));
    })
}

/// Frees options; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_free(options: *mut macvlan_etcd_options) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(options) }
}
