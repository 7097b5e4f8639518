//! That a host is alive: a key that etcd drops when nobody says so any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use etcd_client::{Client, PutOptions};

/// How soon to try again when etcd could not be reached.
const SOON: Duration = Duration::from_secs(1);

/// This process's word for its host.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) key: String,
    ttl: Duration,
    /// etcd's lease; 0 if there is none.
    lease: AtomicI64,
}

impl Registration {
    pub(super) fn new(key: String, ttl: Duration) -> Self {
        Self { key, ttl: ttl.max(Duration::from_secs(1)), lease: AtomicI64::new(0) }
    }

    /// Says it anew.
    pub(super) async fn register(
        self: Arc<Self>,
        mut client: Client,
    ) -> std::result::Result<(), etcd_client::Error> {
        let seconds = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let lease = client.lease_grant(seconds, None).await?.id();
        let options = PutOptions::new().with_lease(lease);
        client.put(self.key.clone(), "", Some(options)).await?;
        self.lease.store(lease, Ordering::Release);
        Ok(())
    }

    /// Says it again and again, as long as the store is open.
    pub(super) async fn stay(self: Arc<Self>, mut client: Client) {
        loop {
            tokio::time::sleep(if self.lease.load(Ordering::Acquire) == 0 {
                SOON.min(self.ttl / 3)
            } else {
                self.ttl / 3
            })
            .await;
            let lease = self.lease.load(Ordering::Acquire);
            let attempt = async {
                if lease == 0 {
                    return Arc::clone(&self).register(client.clone()).await;
                }
                client.lease_keep_alive(lease).await.map(drop)
            };
            match tokio::time::timeout(self.ttl / 2, attempt).await {
                Ok(Ok(())) => {}
                // It ran out, or etcd cannot be reached; a new one can do no harm in either case.
                _ => self.forget(lease),
            }
        }
    }

    /// Another may have been made meanwhile.
    fn forget(&self, lease: i64) {
        let _ = self.lease.compare_exchange(lease, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}
