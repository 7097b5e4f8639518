//! Ensures that a network exists as configured.

use crate::config::NetworkConfig;
use crate::error::{ErrorKind, Result};
use crate::networks::Networks;
use crate::update::{TRIES, Updated};

impl Networks {
    /// Ensures that a network exists as configured: creates it, or changes the one of that name.
    ///
    /// A network that already has this configuration is left unchanged, and its containers are not
    /// checked. So programs can call this before each use, also concurrently. A configuration
    /// without subnets leaves an existing network its subnets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contended`] if other processes kept changing the network; otherwise as for
    /// [`Networks::create`] and [`Network::update`](crate::Network::update).
    pub fn ensure(&self, config: &NetworkConfig) -> Result<Updated> {
        let mut tries = 0;
        loop {
            let found = self.store().find_networks(config.get_name())?.into_iter();
            let found = found.map(|record| self.with_record(record));
            let result = match found.into_iter().find(|one| one.name() == config.get_name()) {
                Some(network) => network.bring_to(config, true),
                None => self.create(config).map(|network| Updated::alone(network, true)),
            };
            match result {
                // Another process has created, changed or deleted it in the meantime.
                Err(error)
                    if tries < TRIES
                        && matches!(
                            error.kind(),
                            ErrorKind::NetworkExists
                                | ErrorKind::NetworkNotFound
                                | ErrorKind::Contended
                        ) =>
                {
                    tries += 1;
                }
                result => return result,
            }
        }
    }
}
