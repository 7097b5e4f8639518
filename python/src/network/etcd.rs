//! `macvlan.EtcdStore`: the store of networks of several hosts. It is in every build; one without
//! the feature `etcd` raises an exception when it is used.

#[cfg(feature = "etcd")]
use std::path::PathBuf;
#[cfg(feature = "etcd")]
use std::time::Duration;

#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, Life, Pem};
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

/// A store of networks and leases in etcd, which several hosts use at once. Networks() connects to
/// it.
///
/// host: this host's name in the store, which is unique.
/// endpoints: the endpoints of etcd, such as http://10.0.0.7:2379; at least one.
/// prefix: the prefix of all keys. Defaults to "/macvlan/".
/// timeout: the timeout of requests, in seconds or as a timedelta. Defaults to 5 seconds.
/// ttl: how long this host counts as alive after its last process with open Networks has ended or
///     lost etcd, in seconds or as a timedelta. Defaults to 60 seconds. Afterwards others may
///     collect its containers' leases.
/// life: by what this host counts as alive when this process has ended. Defaults to "process".
///     With "agent" or "declared", a process gets leases only while "macvlan agent" runs on this
///     host or the host is declared (Networks.declare_host()). For processes that end at once.
/// agent: whether this process is an agent, which keeps this host alive for those with
///     life="agent". Defaults to False.
/// user, password: the user and the password for an etcd with authentication. The user's role has
///     to have read and write permission for all keys with the prefix.
/// ca: the certificates of the authorities that may sign etcd's certificate, for endpoints with
///     https://: the path of a PEM file, or its bytes. Those of the system are not used.
/// cert, key: the certificate of this host for etcd, with its chain, and its key, in the same
///     formats.
///
/// Needs a build with etcd: pip install ./python --config-settings=build-args="--features etcd"
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
        [prefix, timeout, ttl, life, agent]: [Arg<'_, '_>; 5],
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
        if let Some(life) = life.get::<Life>("life")? {
            options = options.life(life);
        }
        if let Some(agent) = agent.get("agent")? {
            options = options.agent(agent);
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
        _: [Arg<'_, '_>; 5],
        _: [Maybe<'_, '_>; 5],
    ) -> PyResult<Self> {
        Err(unsupported(
            host.py(),
            "keep networks in etcd",
            "this build of the package is without etcd",
            "install protobuf-compiler, and build it with: \
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
            life=Arg::Missing, agent=Arg::Missing, user=None, password=None, ca=None, cert=None,
            key=None
        ),
        text_signature = "(host, endpoints, *, prefix='/macvlan/', timeout=5.0, ttl=60.0, \
                          life='process', agent=False, user=None, password=None, ca=None, \
                          cert=None, key=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords
    fn new(
        host: &Bound<'_, PyAny>,
        endpoints: &Bound<'_, PyAny>,
        prefix: Arg<'_, '_>,
        timeout: Arg<'_, '_>,
        ttl: Arg<'_, '_>,
        life: Arg<'_, '_>,
        agent: Arg<'_, '_>,
        user: Maybe<'_, '_>,
        password: Maybe<'_, '_>,
        ca: Maybe<'_, '_>,
        cert: Maybe<'_, '_>,
        key: Maybe<'_, '_>,
    ) -> PyResult<Self> {
        Self::make(
            host,
            endpoints,
            [prefix, timeout, ttl, life, agent],
            [user, password, ca, cert, key],
        )
    }

    /// Returns this host's name in the store.
    #[getter]
    fn host(&self) -> &str {
        &self.host
    }

    /// Returns the endpoints of etcd.
    #[getter]
    fn endpoints<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.endpoints)
    }

    fn __repr__(&self) -> String {
        format!("<EtcdStore of host {:?} at {}>", self.host, self.endpoints.join(", "))
    }
}
