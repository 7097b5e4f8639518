//! Having a network as a configuration says, whether or not it exists.

use crate::config::NetworkConfig;
use crate::error::{ErrorKind, Result};
use crate::networks::Networks;
use crate::update::{TRIES, Updated};

impl Networks {
    /// Creates the network that a configuration describes, or changes the one of that name to it, whole or not at
    /// all. A network that is so already is left as it is, and its containers are not looked at, so that programs
    /// may call it before each use, any number at once.
    ///
    /// A configuration without subnets leaves a network that exists those that it has.
    ///
    /// # Errors
    ///
    /// - As of [`Networks::create`] and [`Network::update`](crate::Network::update).
    /// - [`ErrorKind::Contended`]: others kept changing the network.
    pub fn ensure(&self, config: &NetworkConfig) -> Result<Updated> {
        let mut tries = 0;
        loop {
            let found = self.store().find_networks(config.name())?.into_iter();
            let found = found.map(|record| self.with_record(record));
            let result = match found.into_iter().find(|one| one.name() == config.name()) {
                Some(network) => network.bring_to(config, true),
                None => self.create(config).map(|network| Updated::alone(network, true)),
            };
            match result {
                // Others created, changed or removed it since it was looked for.
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
