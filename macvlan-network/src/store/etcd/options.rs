//! How to reach etcd.

use std::time::Duration;

/// How to reach etcd, and who this is.
#[derive(Debug, Clone)]
#[must_use]
pub struct EtcdOptions {
    pub(super) endpoints: Vec<String>,
    pub(super) host: String,
    pub(super) prefix: String,
    pub(super) timeout: Duration,
    pub(super) ttl: Duration,
}

impl EtcdOptions {
    /// Of this host, by a name that no other has, at these endpoints: `http://10.0.0.7:2379`.
    pub fn new<E: Into<String>>(
        host: impl Into<String>,
        endpoints: impl IntoIterator<Item = E>,
    ) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            host: host.into(),
            prefix: "/macvlan/".to_owned(),
            timeout: Duration::from_secs(5),
            ttl: Duration::from_secs(60),
        }
    }

    /// What all keys begin with; `/macvlan/` when not given.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        if !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }

    /// How long to wait for an answer; 5 s when not given.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For how long this host counts as alive after its last process with an open store has ended, or
    /// can reach etcd no more; 60 s when not given. Then others may collect its containers' leases.
    ///
    /// On a host without a process that stays, such as an agent, let it be longer than containers
    /// are left alone.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}
