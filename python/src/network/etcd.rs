//! `macvlan.EtcdStore`: where networks of many hosts are kept. In every build; one without the feature
//! `etcd` says so when it is wanted.

#[cfg(feature = "etcd")]
use std::path::PathBuf;
#[cfg(feature = "etcd")]
use std::time::Duration;

#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, Pem};
use pyo3::prelude::*;
#[cfg(feature = "etcd")]
use pyo3::types::PyBytes;
use pyo3::types::PyTuple;

use crate::base::argument::Arg;
#[cfg(feature = "etcd")]
use crate::base::argument::{Refusal, Take, many, maybe, take};
#[cfg(feature = "etcd")]
use crate::base::error::OrRaise;
#[cfg(not(feature = "etcd"))]
use crate::base::error::unsupported;

/// An argument that may be `None`.
type Maybe<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

#[cfg(feature = "etcd")]
impl Take for Pem {
    const EXPECTED: &'static str = "a path as str or os.PathLike, or PEM as bytes";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        match value.cast::<PyBytes>() {
            Ok(text) => Ok(Self::Text(text.as_bytes().to_owned())),
            Err(_) => PathBuf::take(value).map(Self::File),
        }
    }
}

/// Networks and leases in etcd, which many hosts use at once: who this is, and where etcd is. Networks()
/// connects to it.
///
/// host: what this host is called, by a name that no other has.
/// endpoints: where etcd answers, such as http://10.0.0.7:2379; one of them is enough.
/// prefix: what all keys begin with.
/// timeout: how long to wait for an answer, in seconds or as a timedelta.
/// ttl: for how long this host counts as alive after its last process with open Networks has ended, or
///     can reach etcd no more. Then others may collect its containers' leases.
/// persistent: whether this host counts as alive also when no process of it has Networks open, across
///     reboots, until Networks.forget_host() is called on another host. For processes that end at once, such as
///     a CNI plugin's. The first process that says so makes it so, whatever later ones say.
/// user, password: how this host logs in, where etcd has authentication enabled. The user's role has to read
///     and write all keys with the prefix.
/// ca: the certificates of the authorities that sign etcd's, for endpoints with https://: the path of a file in
///     PEM, or its bytes. Those of the system are none of them.
/// cert, key: the certificate that this host shows to etcd, with those that lead to its authority, and its
///     key, in the same way.
///
/// It takes a build with etcd: pip install ./python --config-settings=build-args="--features etcd"
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct EtcdStore {
    host: String,
    endpoints: Vec<String>,
    #[cfg(feature = "etcd")]
    options: EtcdOptions,
}

#[cfg(feature = "etcd")]
impl EtcdStore {
    pub(crate) fn options(&self) -> EtcdOptions {
        self.options.clone()
    }

    fn make(
        host: &Bound<'_, PyAny>,
        endpoints: &Bound<'_, PyAny>,
        [prefix, timeout, ttl, persistent]: [Arg<'_, '_>; 4],
        [user, password, ca, cert, key]: [Maybe<'_, '_>; 5],
    ) -> PyResult<Self> {
        let py = host.py();
        let host: String = take("host", host)?;
        let endpoints: Vec<String> = many("endpoints", endpoints)?;
        let mut options = EtcdOptions::new(host.clone(), endpoints.clone());
        if let Some(prefix) = prefix.get::<String>("prefix")? {
            options = options.prefix(prefix);
        }
        if let Some(timeout) = timeout.get::<Duration>("timeout")? {
            options = options.timeout(timeout);
        }
        if let Some(ttl) = ttl.get::<Duration>("ttl")? {
            options = options.ttl(ttl);
        }
        if let Some(persistent) = persistent.get("persistent")? {
            options = options.persistent(persistent);
        }
        let user = (maybe::<String>("user", user)?, maybe::<String>("password", password)?);
        if let (Some(_), _) | (_, Some(_)) = &user {
            options = options.user(user.0.unwrap_or_default(), user.1.unwrap_or_default());
        }
        if let Some(ca) = maybe::<Pem>("ca", ca)? {
            options = options.ca(ca);
        }
        if let Some(cert) = maybe::<Pem>("cert", cert)? {
            options = options.certificate(cert);
        }
        if let Some(key) = maybe::<Pem>("key", key)? {
            options = options.key(key);
        }
        options.check().or_raise(py)?;
        Ok(Self { host, endpoints, options })
    }
}

#[cfg(not(feature = "etcd"))]
impl EtcdStore {
    fn make(
        host: &Bound<'_, PyAny>,
        _: &Bound<'_, PyAny>,
        _: [Arg<'_, '_>; 4],
        _: [Maybe<'_, '_>; 5],
    ) -> PyResult<Self> {
        Err(unsupported(
            host.py(),
            "keep networks in etcd",
            "this build of the package is without etcd",
            "build one with it, which takes protobuf-compiler: \
             pip install ./python --config-settings=build-args=\"--features etcd\"",
        ))
    }
}

#[pymethods]
impl EtcdStore {
    #[new]
    #[pyo3(
        signature = (
            host, endpoints, *, prefix=Arg::Missing, timeout=Arg::Missing, ttl=Arg::Missing,
            persistent=Arg::Missing, user=None, password=None, ca=None, cert=None, key=None
        ),
        text_signature = "(host, endpoints, *, prefix='/macvlan/', timeout=5.0, ttl=60.0, \
                          persistent=False, user=None, password=None, ca=None, cert=None, key=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords
    fn new(
        host: &Bound<'_, PyAny>,
        endpoints: &Bound<'_, PyAny>,
        prefix: Arg<'_, '_>,
        timeout: Arg<'_, '_>,
        ttl: Arg<'_, '_>,
        persistent: Arg<'_, '_>,
        user: Maybe<'_, '_>,
        password: Maybe<'_, '_>,
        ca: Maybe<'_, '_>,
        cert: Maybe<'_, '_>,
        key: Maybe<'_, '_>,
    ) -> PyResult<Self> {
        Self::make(
            host,
            endpoints,
            [prefix, timeout, ttl, persistent],
            [user, password, ca, cert, key],
        )
    }

    /// What this host is called.
    #[getter]
    fn host(&self) -> &str {
        &self.host
    }

    /// Where etcd answers.
    #[getter]
    fn endpoints<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.endpoints)
    }

    fn __repr__(&self) -> String {
        format!("<EtcdStore of host {:?} at {}>", self.host, self.endpoints.join(", "))
    }
}
