//! Networks that come: whole, with however many gaps.
//!
//! One transaction of etcd's has room for so many operations. Where a network has more gaps, they are written
//! first, and the network is visible with the last transaction; until then there is a key that says who
//! makes it. If that one is gone, whoever comes next deletes what it has left.

use std::collections::BTreeSet;

use etcd_client::{DeleteOptions, TxnOp};
use ipnet::IpNet;

use crate::error::Result;
use crate::record::NetworkRecord;
use crate::store::format;

use super::change::insist;
use super::keys::{EVERYBODY, end_of};
use super::store::EtcdStore;
use super::wire::{Get, OPERATIONS, absent, exists, unchanged};

impl EtcdStore {
    pub(super) fn create(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()> {
        self.sweep()?;
        let config = format::write(network)?;
        let subnets = network.config.get_subnets().iter().enumerate();
        let gaps: Vec<TxnOp> = subnets
            .flat_map(|(pool, subnet)| subnet.gaps().into_iter().map(move |gap| (pool, gap)))
            .map(|(pool, gap)| {
                let key = self.keys.gap(&network.id, pool, EVERYBODY, gap.first);
                TxnOp::put(key, format!("{:032x}", gap.last), None)
            })
            .collect();
        let making = self.keys.making(&network.id);
        let is_large = gaps.len() > OPERATIONS;
        let made = insist(|| {
            let mut when = vec![self.guarded()?];
            let none = BTreeSet::new();
            self.check("create the network", network, alone, &none, &mut when)?;
            let mut then = vec![
                TxnOp::put(self.keys.guard(), network.id.clone(), None),
                TxnOp::put(self.keys.network(&network.id), config.clone(), None),
                TxnOp::put(self.keys.network_name(network.name()), network.id.clone(), None),
            ];
            if is_large {
                if !self.prepare(&making, &gaps)? {
                    return Ok(None);
                }
                when.push(exists(making.clone()));
                then.push(TxnOp::delete(making.clone(), None));
            } else {
                then.extend(gaps.iter().cloned());
            }
            Ok(self.wire.commit(when, then)?.then_some(()))
        });
        if made.is_err() && is_large {
            // If it cannot be done now, it is done by others when this process has ended.
            let _ = self.abandon(&network.id, vec![exists(making)]);
        }
        made
    }

    /// Writes gaps of a network that nobody can see yet, unless that has been done; false if others have deleted
    /// some, since this host counted as dead.
    fn prepare(&self, making: &str, gaps: &[TxnOp]) -> Result<bool> {
        if !self.wire.get(Get::Key(making.to_owned()))?.is_empty() {
            return Ok(true);
        }
        let maker = self.registration.key.clone();
        let begin = TxnOp::put(making, maker.clone(), None);
        if !self.wire.commit(vec![exists(maker)], vec![begin])? {
            self.register()?;
            return Ok(false);
        }
        for some in gaps.chunks(OPERATIONS) {
            if !self.wire.commit(vec![exists(making)], some.to_vec())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes what is left of networks whose makers are gone.
    pub(super) fn sweep(&self) -> Result<()> {
        for left in self.wire.all(&self.keys.makings())? {
            let is_left = vec![unchanged(left.key.clone(), left.changed), absent(left.value)];
            self.abandon(end_of(&left.key), is_left)?;
        }
        Ok(())
    }

    fn abandon(&self, id: &str, when: Vec<etcd_client::Compare>) -> Result<bool> {
        let with_prefix = Some(DeleteOptions::new().with_prefix());
        let then = vec![
            TxnOp::delete(self.keys.all_gaps(id), with_prefix),
            TxnOp::delete(self.keys.making(id), None),
        ];
        Ok(self.wire.commit(when, then)?)
    }
}
