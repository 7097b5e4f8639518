//! `macvlan probe`.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::{Parent, Probe, parse_ip};
use serde_json::json;

use crate::failure::{Done, Failure, status};
use crate::output::{counted, lines};
use crate::progress::Progress;
use crate::session::Session;
use crate::signal::Signals;
use crate::value;

/// Probe whether addresses are in use on a network, unnoticed by others.
#[derive(Args)]
pub(crate) struct ProbeAddresses {
    /// A link of the host; ens33.100 is VLAN 100 of ens33
    parent: Parent,
    /// The addresses
    #[arg(required = true, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    addresses: Vec<IpAddr>,
    /// Take the 4 to 7 seconds of RFC 5227
    #[arg(long, conflicts_with = "probe")]
    rfc: bool,
    /// The procedure: quick or rfc[,count=N][,wait=TIME]... [default: quick]
    #[arg(long, value_parser = value::probe)]
    probe: Option<Probe>,
}

impl ProbeAddresses {
    pub(crate) fn run(self, session: &Session) -> Done {
        let probe = if self.rfc { Probe::rfc() } else { self.probe.unwrap_or_else(Probe::quick) };
        let host = session.host()?;
        let signals = Signals::catch()?;
        let host = host.cancelled_by(signals.cancel());
        let addresses = counted(self.addresses.len(), "address", "addresses");
        let progress = Progress::start(format!("probing {addresses}"));
        let taken = host.probe_addresses(&self.parent, &self.addresses, &probe)?;
        drop(progress);
        session.print(
            || lines(&taken),
            || {
                let described = taken.iter().map(
                |one| json!({ "address": one.address, "mac": one.mac.map(|mac| mac.to_string()) }),
            );
                described.collect()
            },
        )?;
        if taken.is_empty() { Ok(()) } else { Err(Failure::status(status::NOT_AS_WANTED)) }
    }
}
