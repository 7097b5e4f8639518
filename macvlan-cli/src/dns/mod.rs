//! Answers queries of DNS for the names of containers, and forwards all others.

mod forward;
mod names;
mod options;
mod query;
mod server;
mod source;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use macvlan_core::Host;
use macvlan_network::Networks;
use tokio::sync::watch;
use tracing::warn;

pub(crate) use crate::dns::options::{Configured, DnsOptions};

use crate::dns::forward::Forward;
use crate::dns::options::{Listen, PORT};
use crate::dns::server::Server;
use crate::dns::source::Source;
use crate::failure::{Done, Failure};

/// A running responder, which ends when it is dropped.
pub(crate) struct Dns {
    listen: Vec<Listen>,
    /// Where the server listens; it ends without this.
    addresses: Option<watch::Sender<Vec<SocketAddr>>>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    /// Starts a responder in the host's namespace, if the options say where to listen.
    ///
    /// Until the networks are set, when the store is open, it knows no names.
    pub(crate) fn start(
        options: DnsOptions,
        configured: &Configured,
        host: &Host,
        networks: Arc<OnceLock<Networks>>,
    ) -> Done<Option<Self>> {
        let chosen = options.or(configured)?;
        if chosen.listen.is_empty() {
            return Ok(None);
        }
        let (addresses, wanted) = watch::channel(Vec::new());
        let source = Source::start(networks, chosen.networks)?;
        let server = Arc::new(Server::new(source, Forward(chosen.forward), wanted));
        let fails = |error| Failure::file("start the responder of DNS", &error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(fails)?;
        let netns = host.netns().clone();
        // A thread is in the namespace until it ends, and so are all sockets that it opens.
        let serve = move || {
            if let Err(error) = netns.run(|| runtime.block_on(server.run())) {
                warn!("{error}");
            }
        };
        let thread = thread::Builder::new().name("macvlan-dns".to_owned()).spawn(serve);
        let (addresses, thread) = (Some(addresses), Some(thread.map_err(fails)?));
        let dns = Self { listen: chosen.listen, addresses, thread };
        dns.set_access(&[]);
        Ok(Some(dns))
    }

    /// Sets the host's addresses on the parents with access.
    pub(crate) fn set_access(&self, access: &[IpAddr]) {
        let mut all = Vec::new();
        for one in &self.listen {
            match one {
                Listen::At(address) => all.push(*address),
                Listen::Access => all.extend(access.iter().map(|ip| SocketAddr::new(*ip, PORT))),
            }
        }
        if let Some(addresses) = &self.addresses {
            addresses.send_if_modified(|now| std::mem::replace(now, all.clone()) != all);
        }
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        drop(self.addresses.take());
        // A panic of the thread has no effect here.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
