//! The options of an endpoint's link.

use std::time::Duration;

use clap::Args;
use macvlan_core::{Endpoint, EndpointType, MacAddr, Rate};

use crate::value::{self, set};

/// Options of the link.
#[derive(Args)]
#[command(next_help_heading = "Link options")]
pub(super) struct LinkOptions {
    /// The kind of link [default: macvlan]
    #[arg(short, long, value_parser = value::words::<EndpointType>(&["macvlan", "macvtap", "vlan"]))]
    pub(super) kind: Option<EndpointType>,
    /// The MAC address [default: a random one]
    #[arg(long, visible_alias = "mac-address")]
    mac: Option<MacAddr>,
    /// Retry for this time while another link has the MAC address
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    mac_conflict_timeout: Option<Duration>,
    /// The MTU, at most the parent's [default: the parent's]
    #[arg(long, value_name = "BYTES")]
    mtu: Option<u32>,
    /// Receive the frames of all hosts
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    promisc: Option<bool>,
    /// Receive all multicast frames
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    allmulticast: Option<bool>,
    /// The alias that `ip link` shows
    #[arg(long, value_name = "TEXT")]
    alias: Option<String>,
    /// A further name (repeatable)
    #[arg(long, visible_alias = "altname", value_name = "NAME")]
    alternative_name: Vec<String>,
    /// The link group
    #[arg(long, value_name = "NUMBER")]
    group: Option<u32>,
    /// The length of the transmit queue
    #[arg(long, alias = "tx-queue-len", value_name = "PACKETS")]
    txqueuelen: Option<u32>,
    /// The number of transmit queues
    #[arg(long, value_name = "NUMBER")]
    numtxqueues: Option<u32>,
    /// The number of receive queues
    #[arg(long, value_name = "NUMBER")]
    numrxqueues: Option<u32>,
    /// The rate limit for sent packets, as for `tc`: 10mbit
    #[arg(long)]
    rate: Option<Rate>,
    /// Set lo up [default: on]
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    lo_up: Option<bool>,
}

impl LinkOptions {
    pub(super) fn apply(&self, mut endpoint: Endpoint) -> Endpoint {
        let queues = (self.numtxqueues.is_some() || self.numrxqueues.is_some())
            .then(|| (self.numtxqueues.unwrap_or(1), self.numrxqueues.unwrap_or(1)));
        set!(
            endpoint,
            mac = self.mac,
            mac_conflict_timeout = self.mac_conflict_timeout,
            mtu = self.mtu,
            promisc = self.promisc,
            allmulticast = self.allmulticast,
            alias = self.alias.clone(),
            group = self.group,
            tx_queue_len = self.txqueuelen,
            rate = self.rate,
            lo_up = self.lo_up,
        );
        if let Some((transmit, receive)) = queues {
            endpoint = endpoint.queues(transmit, receive);
        }
        self.alternative_name.iter().fold(endpoint, Endpoint::alternative_name)
    }
}
