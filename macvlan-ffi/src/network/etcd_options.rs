//! `macvlan_etcd_options`: options of the store for several hosts.

use std::ffi::{c_char, c_int};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::boundary::{boundary, free};
use crate::base::object::{exclusive, give, object, out};
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::text;

/// The options of a store in etcd, with this host's name: a value, for
/// macvlan_networks_open_etcd(). Freed with macvlan_etcd_options_free().
///
/// Threads: concurrent reads are safe; a change needs exclusive access.
pub struct macvlan_etcd_options {
    _opaque: (),
}
object!(macvlan_etcd_options, Described);

/// (The network crate's own exist only if the library is built with etcd.)
#[derive(Clone, Default)]
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "nothing is opened with them"))]
pub(crate) struct Described {
    host: String,
    endpoints: Vec<String>,
    prefix: Option<String>,
    timeout: Option<Duration>,
    ttl: Option<Duration>,
    persistent: bool,
    user: Option<(String, String)>,
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

#[derive(Clone)]
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "nothing is opened with it"))]
enum Pem {
    File(PathBuf),
    Text(Vec<u8>),
}

#[cfg(feature = "etcd")]
impl From<Pem> for macvlan_network::Pem {
    fn from(pem: Pem) -> Self {
        match pem {
            Pem::File(path) => Self::File(path),
            Pem::Text(text) => Self::Text(text),
        }
    }
}

#[cfg(feature = "etcd")]
pub(crate) type Store = macvlan_network::EtcdStore;
/// The store of a library without etcd.
#[cfg(not(feature = "etcd"))]
pub(crate) type Store = macvlan_network::SqliteStore;

impl Described {
    #[cfg(feature = "etcd")]
    pub(crate) fn open(&self) -> Result<Store, Failure> {
        let mut options = macvlan_network::EtcdOptions::new(&self.host, self.endpoints.clone())
            .persistent(self.persistent);
        if let Some(prefix) = &self.prefix {
            options = options.prefix(prefix);
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(timeout);
        }
        if let Some(ttl) = self.ttl {
            options = options.ttl(ttl);
        }
        if let Some((name, password)) = &self.user {
            options = options.user(name, password);
        }
        if let Some(ca) = &self.ca {
            options = options.ca(ca.clone());
        }
        if let Some(certificate) = &self.certificate {
            options = options.certificate(certificate.clone());
        }
        if let Some(key) = &self.key {
            options = options.key(key.clone());
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

/// Makes options for this host, with a unique name that does not change while it has containers.
/// The caller frees them with macvlan_etcd_options_free().
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

/// Adds an endpoint of etcd: "http://10.0.0.7:2379", or "https://10.0.0.7:2379", which needs a CA.
/// At least one is needed.
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

/// Sets the prefix of all keys. Defaults to "/macvlan/".
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

/// Sets the timeout of requests in milliseconds. Defaults to 5000.
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

/// Sets for how many milliseconds this host counts as alive after its last process with an open
/// store has ended or lost etcd. Defaults to 60000. Afterwards others may collect its containers'
/// leases.
///
/// For a host without a permanent process, such as an agent, see
/// macvlan_etcd_options_set_persistent().
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

/// Sets whether this host counts as alive also without a process that has the store open, across
/// reboots, until macvlan_networks_forget_host() is called on another host. Defaults to false. For
/// processes that end at once, such as a CNI plugin: only this host collects the leases of its
/// containers.
///
/// The first process that sets it decides, whatever later ones set. A host that breaks down keeps
/// its addresses and its name until it is forgotten.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_persistent(
    options: *mut macvlan_etcd_options,
    persistent: bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).persistent = persistent;
    })
}

/// Sets the user and the password for an etcd with authentication. The user's role has to have read
/// and write permission for all keys with the prefix.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_user(
    options: *mut macvlan_etcd_options,
    name: *const c_char,
    password: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let options = exclusive!(options);
        options.user = Some((text!(name).to_owned(), text!(password).to_owned()));
    })
}

/// Sets the certificates of the authorities that may sign etcd's certificate, as PEM text, for
/// endpoints with "https://". Those of the system are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_ca(
    options: *mut macvlan_etcd_options,
    pem: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).ca = Some(Pem::Text(text!(pem).into()));
    })
}

/// Sets the file with the certificates of macvlan_etcd_options_set_ca(), which is read when the
/// store is opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_ca_file(
    options: *mut macvlan_etcd_options,
    path: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).ca = Some(Pem::File(text!(path).into()));
    })
}

/// Sets the certificate of this host for etcd, with its chain, as PEM text. It needs a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_certificate(
    options: *mut macvlan_etcd_options,
    pem: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).certificate = Some(Pem::Text(text!(pem).into()));
    })
}

/// Sets the file with the certificate of macvlan_etcd_options_set_certificate(), which is read when
/// the store is opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_certificate_file(
    options: *mut macvlan_etcd_options,
    path: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).certificate = Some(Pem::File(text!(path).into()));
    })
}

/// Sets the key of the certificate, as PEM text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_key(
    options: *mut macvlan_etcd_options,
    pem: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).key = Some(Pem::Text(text!(pem).into()));
    })
}

/// Sets the file with the key of the certificate, which is read when the store is opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_set_key_file(
    options: *mut macvlan_etcd_options,
    path: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        exclusive!(options).key = Some(Pem::File(text!(path).into()));
    })
}

/// Frees options. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_etcd_options_free(options: *mut macvlan_etcd_options) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(options) }
}
