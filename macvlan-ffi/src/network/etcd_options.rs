//! `macvlan_etcd_options`: options of the store for several hosts.

use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

use macvlan_network::Life;

use crate::base::input::Input;
use crate::base::kernel::no;
use crate::base::optional::{Bool, macvlan_opt_u32, nonzero};
use crate::base::record::record;
use crate::base::report::Failure;
use crate::base::text::{field, text_at, texts_at};

/// By what a host counts as alive in etcd, so that other hosts leave its leases alone.
#[repr(C)]
pub enum macvlan_life {
    /// By each process that has the store open, and for a while after it.
    MACVLAN_LIFE_PROCESS = 1,
    /// By an agent, or by a declaration. For processes that end at once, such as a CNI plugin.
    MACVLAN_LIFE_AGENT = 2,
    /// By a declaration, see macvlan_networks_declare_host().
    MACVLAN_LIFE_DECLARED = 3,
}

/// The options of a store in etcd, for macvlan_networks_open_etcd(). This host's name and at least
/// one endpoint are needed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_etcd_options {
    /// The size of the struct.
    pub size: usize,
    /// This host's name: unique, and not changed while the host has containers.
    pub host: *const c_char,
    /// The endpoints of etcd: "http://10.0.0.7:2379", or "https://10.0.0.7:2379", which needs a CA.
    pub endpoints: *const *const c_char,
    /// The number of endpoints.
    pub endpoint_count: usize,
    /// The prefix of all keys. Defaults to "/macvlan/".
    pub prefix: *const c_char,
    /// The user for an etcd with authentication. The user's role has to have read and write
    /// permission for all keys with the prefix.
    pub user: *const c_char,
    /// The user's password.
    pub password: *const c_char,
    /// The certificates of the authorities that may sign etcd's certificate, as PEM text, for
    /// endpoints with "https://". Those of the system are not used.
    pub ca: *const c_char,
    /// The file with these certificates, which is read when the store is opened; instead of ca.
    pub ca_file: *const c_char,
    /// The certificate of this host for etcd, with its chain, as PEM text. It needs a key.
    pub certificate: *const c_char,
    /// The file with the certificate; instead of certificate.
    pub certificate_file: *const c_char,
    /// The key of the certificate, as PEM text.
    pub key: *const c_char,
    /// The file with the key; instead of key.
    pub key_file: *const c_char,
    /// The timeout of requests in milliseconds. Defaults to 5000.
    pub timeout_ms: macvlan_opt_u32,
    /// For how many milliseconds this host counts as alive after its last process with an open
    /// store has ended or lost etcd. Defaults to 60000. Afterwards others may collect its
    /// containers' leases. If processes end at once, see life.
    pub ttl_ms: macvlan_opt_u32,
    /// By what this host counts as alive when this process has ended: one of enum macvlan_life.
    /// Defaults to MACVLAN_LIFE_PROCESS. With another one, a process gets leases only while an
    /// agent runs on this host or the host is declared; otherwise the error is
    /// MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE.
    pub life: u32,
    /// True if this process is an agent, which keeps this host alive for processes with
    /// MACVLAN_LIFE_AGENT. The command "macvlan agent" is one.
    pub agent: Bool,
}
record!(macvlan_etcd_options);

/// (The network crate's own exist only if the library is built with etcd.)
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "nothing is opened with them"))]
pub(crate) struct Described {
    host: String,
    endpoints: Vec<String>,
    prefix: Option<String>,
    timeout: Option<Duration>,
    ttl: Option<Duration>,
    life: Life,
    agent: bool,
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
            .life(self.life)
            .agent(self.agent);
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

impl Input for macvlan_etcd_options {
    type Value = Described;

    unsafe fn value(&self, argument: &str) -> Result<Described, Failure> {
        let named = |name: &str| format!("{argument}.{name}");
        // SAFETY: guaranteed by the caller.
        let field = |text, name: &str| unsafe { field(text, argument, name) };
        let pem = |text, file, [text_name, file_name]: [&str; 2]| -> Result<_, Failure> {
            let file = field(file, file_name)?.map(|path| Pem::File(path.into()));
            Ok(file.or(field(text, text_name)?.map(|text| Pem::Text(text.into()))))
        };
        // SAFETY: guaranteed by the caller.
        let (host, endpoints) = unsafe {
            (
                text_at(self.host, &named("host"))?,
                texts_at(self.endpoints, self.endpoint_count, &named("endpoints"))?,
            )
        };
        let user = field(self.user, "user")?.map(str::to_owned);
        let password = field(self.password, "password")?.unwrap_or_default();
        let time = |time: macvlan_opt_u32| {
            time.get().map(|milliseconds| Duration::from_millis(milliseconds.into()))
        };
        let life = match nonzero(self.life) {
            None => Life::default(),
            Some(number) => {
                let life = Life::ALL.iter().find(|one| **one as u32 == number);
                *life.ok_or_else(|| no(number, "enum macvlan_life"))?
            }
        };
        Ok(Described {
            host: host.to_owned(),
            endpoints: endpoints.into_iter().map(str::to_owned).collect(),
            prefix: field(self.prefix, "prefix")?.map(str::to_owned),
            timeout: time(self.timeout_ms),
            ttl: time(self.ttl_ms),
            life,
            agent: self.agent != 0,
            user: user.map(|user| (user, password.to_owned())),
            ca: pem(self.ca, self.ca_file, ["ca", "ca_file"])?,
            certificate: pem(
                self.certificate,
                self.certificate_file,
                ["certificate", "certificate_file"],
            )?,
            key: pem(self.key, self.key_file, ["key", "key_file"])?,
        })
    }
}
