//! Creates networks atomically, with any number of gaps.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::error::Result;
use crate::record::NetworkRecord;
use crate::store::format;

use super::change::{Change, retry};
use super::keys::EVERYBODY;
use super::making::{Gaps, Making, entry};
use super::store::EtcdStore;

impl EtcdStore {
    pub(super) fn create(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()> {
        self.sweep()?;
        let config = format::write(network)?;
        let pools = network.config.given().enumerate();
        let gaps: Gaps = pools
            .flat_map(|(pool, given)| given.gaps().into_iter().map(move |gap| (pool, gap)))
            .map(|(pool, gap)| entry(pool, EVERYBODY, gap))
            .collect();
        let mut making = Making::new(self, network.id.clone());
        let made = retry(|| {
            let (mut change, none) = (Change::default(), BTreeSet::new());
            change.when.push(self.guarded()?);
            self.check("create the network", network, alone, &none, &mut change.when)?;
            change.put(self.keys.guard(), network.id.clone());
            change.put(self.keys.network(&network.id), config.clone());
            change.put(self.keys.network_name(network.name()), network.id.clone());
            if !making.finish(&gaps, &mut change)? {
                return Ok(None);
            }
            Ok(change.commit(&self.wire)?.then_some(()))
        });
        making.end();
        made
    }
}
