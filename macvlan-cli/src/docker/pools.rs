//! Pools that Docker has requested for a network that it has not created yet.
//!
//! It requests the pools first, and then creates the network without saying which pools are its own.
//! They are recognized by their addresses, and from then on the network has their ids. Networks with
//! the same subnet are therefore created one after the other.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use macvlan_network::{AddressRange, Subnet};

use crate::docker::request::PoolData;
use crate::failure::{Done, Failure};

/// The number of pools that are remembered; Docker creates one network after the other.
const MOST: usize = 256;
/// The time after which a network is not created any more.
const AGE: Duration = Duration::from_secs(600);
/// The time in which Docker creates a network after it has requested a pool. An older pool is left
/// of a Docker that was ended, or of a network that is created very slowly.
const CREATION: Duration = Duration::from_secs(5);

/// A pool without a network.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub(super) id: String,
    pub(super) net: IpNet,
    pub(super) range: Option<AddressRange>,
    /// The gateway, and whether the user has named it.
    pub(super) gateway: Option<(IpAddr, bool)>,
    aux: Vec<IpAddr>,
    since: Instant,
}

/// The pools without a network. Requests come from several threads.
#[derive(Debug, Default)]
pub(super) struct Pools {
    waiting: Mutex<Waiting>,
    /// Signalled when there is one less.
    gone: Condvar,
}

impl Pools {
    /// Adds a pool and returns its id, as soon as no other network with this subnet is being created,
    /// from which it could not be told apart.
    pub(super) fn add(&self, net: IpNet, range: Option<AddressRange>) -> Done<String> {
        let started = Instant::now();
        let mut waiting = self.lock();
        while let Some(rest) = waiting.creation(net) {
            let Some(patience) = CREATION.checked_sub(started.elapsed()) else { break };
            let waited = self.gone.wait_timeout(waiting, rest.min(patience));
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.add(net, range)
    }

    /// Forgets a pool.
    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
        self.gone.notify_all();
    }

    /// Reserves an address of a pool, which is returned with its length; `None` if no pool has the
    /// id.
    pub(super) fn reserve(
        &self,
        id: &str,
        address: Option<IpAddr>,
        is_gateway: bool,
    ) -> Done<Option<IpNet>> {
        self.lock().reserve(id, address, is_gateway)
    }

    /// Takes the pool that Docker means by its addresses.
    pub(super) fn take(&self, data: &PoolData) -> Done<Pool> {
        let taken = self.lock().take(data);
        self.gone.notify_all();
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // None of the changes can be cut off.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Waiting(Vec<Pool>);

impl Waiting {
    /// Adds a pool and returns its id, which also says the family.
    fn add(&mut self, net: IpNet, range: Option<AddressRange>) -> Done<String> {
        self.0.retain(|pool| pool.since.elapsed() < AGE);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        let family = if net.addr().is_ipv6() { '6' } else { '4' };
        let id = format!("{family}-{}", random()?);
        let since = Instant::now();
        self.0.push(Pool { id: id.clone(), net, range, gateway: None, aux: Vec::new(), since });
        Ok(id)
    }

    /// Returns the longest time until a network with this subnet is created, if there is to be one.
    fn creation(&self, net: IpNet) -> Option<Duration> {
        let same = self.0.iter().filter(|pool| pool.net == net);
        same.filter_map(|pool| CREATION.checked_sub(pool.since.elapsed())).max()
    }

    fn remove(&mut self, id: &str) {
        self.0.retain(|pool| pool.id != id);
    }

    fn reserve(
        &mut self,
        id: &str,
        address: Option<IpAddr>,
        is_gateway: bool,
    ) -> Done<Option<IpNet>> {
        let Some(pool) = self.0.iter_mut().find(|pool| pool.id == id) else { return Ok(None) };
        let chosen = match address {
            Some(address) => address,
            None if is_gateway => Subnet::from(pool.net).get_gateway().ok_or_else(|| {
                Failure::usage(format!(
                    "cannot choose a gateway in {}: it has no host address; give one by --gateway",
                    pool.net
                ))
            })?,
            None => {
                let why = "its network was not created";
                return Err(Failure::usage(format!("cannot lease an address of {id}: {why}")));
            }
        };
        if !pool.net.contains(&chosen) {
            let why = "the subnet does not contain it";
            let net = pool.net;
            return Err(Failure::usage(format!("cannot use {chosen} in subnet {net}: {why}")));
        }
        if is_gateway {
            pool.gateway = Some((chosen, address.is_some()));
        } else {
            pool.aux.push(chosen);
        }
        let length = pool.net.prefix_len();
        Ok(Some(IpNet::new(chosen, length).map_err(|error| Failure::usage(error.to_string()))?))
    }

    /// The last one is meant, unless another network with the same addresses is being created.
    fn take(&mut self, data: &PoolData) -> Done<Pool> {
        let net = data.pool.map(|net| net.to_string()).unwrap_or_default();
        let same = self.0.iter().enumerate().rev().filter(|(_, pool)| pool.is(data));
        let same: Vec<(usize, Duration)> =
            same.map(|(at, one)| (at, one.since.elapsed())).collect();
        match same[..] {
            [] => Err(Failure::usage(format!(
                "cannot create the network: the plugin was started again after Docker had requested \
                 {net}; create it again"
            ))),
            [_, (_, age), ..] if age < CREATION => Err(Failure::usage(format!(
                "cannot create the network: {net} was requested for several networks at the same \
                 time; create it again"
            ))),
            [(last, _), ..] => Ok(self.0.remove(last)),
        }
    }
}

impl Pool {
    fn is(&self, data: &PoolData) -> bool {
        let aux: BTreeSet<IpAddr> = data.aux.values().map(IpNet::addr).collect();
        let ours: BTreeSet<IpAddr> = self.aux.iter().copied().collect();
        data.pool == Some(self.net)
            && data.gateway.map(|net| net.addr()) == self.gateway.map(|(gateway, _)| gateway)
            && aux == ours
    }
}

/// Returns whether the addresses of a pool, by its id, are of IPv6.
pub(super) fn is_v6(id: &str) -> bool {
    id.starts_with('6')
}

/// Returns a random number in hexadecimal digits.
fn random() -> Done<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::file("choose a random number", &io::Error::other(error)))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> PoolData {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_pool_is_known_by_its_addresses() {
        let mut pools = Waiting::default();
        let net: IpNet = "10.0.0.0/24".parse().unwrap();
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let first = pools.add(net, None).unwrap();
        let gateway = pools.reserve(&first, None, true).unwrap().unwrap();
        assert_eq!(gateway.to_string(), "10.0.0.1/24");
        pools.reserve(&first, ip("10.0.0.9"), false).unwrap();
        let text =
            r#"{"Pool":"10.0.0.0/24","Gateway":"10.0.0.1/24","AuxAddresses":{"x":"10.0.0.9/24"}}"#;
        let first_one = data(text);
        // Another one of the same subnet differs by its gateway, or not at all.
        let second = pools.add(net, None).unwrap();
        pools.reserve(&second, ip("10.0.0.2"), true).unwrap();
        assert_eq!(pools.take(&first_one).unwrap().id, first);
        assert!(pools.take(&first_one).unwrap_err().first_message().contains("started again"));
        let other = data(r#"{"Pool":"10.0.0.0/24","Gateway":"10.0.0.2/24","AuxAddresses":null}"#);
        let third = pools.add(net, None).unwrap();
        pools.reserve(&third, ip("10.0.0.2"), true).unwrap();
        assert!(pools.take(&other).unwrap_err().first_message().contains("several networks"));
        assert!(pools.creation(net).is_some());
        // One that was left does not keep others out.
        pools.0[0].since -= CREATION;
        assert_eq!(pools.take(&other).unwrap().id, third);
        assert_eq!(pools.creation(net), None);
        assert_eq!(pools.take(&other).unwrap().id, second);
    }

    #[test]
    fn pools_are_limited() {
        let mut pools = Waiting::default();
        for _ in 0..2 * MOST {
            pools.add("10.0.0.0/24".parse().unwrap(), None).unwrap();
        }
        assert_eq!(pools.0.len(), MOST);
        assert_eq!(pools.reserve("4-x", None, true).unwrap(), None);
        let (id, outside) = (pools.0[0].id.clone(), "10.0.1.1".parse().unwrap());
        assert!(pools.reserve(&id, Some(outside), false).is_err());
        assert!(pools.reserve(&id, None, false).is_err());
    }
}
