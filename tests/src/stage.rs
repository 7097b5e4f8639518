//! A container on a host, for attaches that have to be refused without leaving traces.

use macvlan_core::{Endpoint, Error, ErrorKind, NetNs};

use crate::container::Container;
use crate::harness::Outcome;
use crate::ip::{ip_do, sysctl};
use crate::lab::Lab;
use crate::need::{Need, need};
use crate::snapshot::Snapshot;

/// A lab, and a container whose `lo` is down.
#[derive(Debug)]
pub struct Stage {
    /// The lab; host a is the one that attaches.
    pub lab: Lab,
    /// The container's namespace.
    pub inside: NetNs,
    /// The container.
    pub container: Container,
}

impl Stage {
    /// Creates [`Lab::new`]'s hosts, and a container without interfaces.
    pub fn set() -> Outcome<Self> {
        let (lab, container) = (Lab::new()?, Container::start()?);
        let inside = container.netns()?;
        if need(Need::Ipv6).is_ok() {
            // Otherwise a link's own address could change between two snapshots.
            sysctl(&inside, "ipv6/conf/default/accept_dad", "0");
        }
        Ok(Self { lab, inside, container })
    }

    /// Creates a container with an interface, `net0`, on the other host, and with the default
    /// routes that these words add.
    pub fn with_default_routes(routes: &[&str]) -> Outcome<Self> {
        let stage = Self::set()?;
        let first = Endpoint::new("net0", "ens33")?
            .address("192.168.15.20/24".parse()?)
            .address("fd15::20/64 nodad".parse()?)
            .lo_up(false);
        stage.lab.b.host.attach(&first, &stage.inside)?;
        for route in routes {
            ip_do(&stage.inside, &format!("route add {route}"));
        }
        Ok(stage)
    }

    /// Attaches an endpoint that the kernel has to refuse. Checks that the host's and the
    /// container's namespaces are as before, and that the error has this kind, names the link, its
    /// parent and the container's namespace, and contains these words.
    ///
    /// # Panics
    /// If one of the checks fails.
    #[track_caller]
    pub fn refuse(&self, endpoint: &Endpoint, kind: ErrorKind, words: &str) -> Error {
        let outside = Snapshot::of(&self.lab.a.netns);
        let inside = Snapshot::of(&self.inside);
        let error = self.lab.a.host.attach(endpoint, &self.inside).expect_err("it was not refused");
        outside.assert_same(&self.lab.a.netns);
        inside.assert_same(&self.inside);

        let message = error.to_string();
        assert_eq!(error.kind(), kind, "{message}");
        let name = endpoint.get_name().to_string();
        for part in [&name, &endpoint.get_parent().to_string(), &self.inside.to_string(), words] {
            assert!(message.contains(part), "no {part:?} in: {message}");
        }
        assert_eq!(error.link(), Some(name.as_str()), "{message}");
        assert_eq!(error.parent(), Some(endpoint.get_parent().to_string().as_str()), "{message}");
        assert!(error.leftovers().is_empty(), "{message}");
        error
    }
}
