//! Options of a network's driver, `-o KEY=VALUE`, as Docker, Podman and the command have them.

use std::fmt::Display;
use std::str::FromStr;

use macvlan_core::{AcceptRa, Mode, Parent};
use macvlan_network::{MacFrom, NetworkConfig, Order};

use crate::failure::{Done, Failure};
use crate::value::duration;

/// Applies an option to a network's configuration; `None` if there is no option of this name.
///
/// The keys are Docker's and Podman's where these have one, and otherwise the names of the command's
/// own options, with underscores.
pub(crate) fn apply(config: &NetworkConfig, key: &str, value: &str) -> Done<Option<NetworkConfig>> {
    let (config, one) = (config.clone(), Value { key, value });
    Ok(Some(match key {
        "parent" => config.parent(one.parsed::<Parent>()?),
        "macvlan_mode" | "mode" => config.mode(one.parsed::<Mode>()?),
        "com.docker.network.driver.mtu" | "mtu" => config.mtu(one.number()?),
        "metric" => config.metric(one.number()?),
        "probe" => config.probe(one.switch()?),
        "order" => config.order(one.parsed::<Order>()?),
        "mac_from" => config.mac_from(one.parsed::<MacFrom>()?),
        "disable_ipv6" => config.disable_ipv6(one.switch()?),
        "accept_ra" => config.accept_ra(one.parsed::<AcceptRa>()?),
        "leave_ipv6" => config.leave_ipv6(one.switch()?),
        "allmulticast" => config.allmulticast(one.switch()?),
        "duplicate_detection" => config.duplicate_detection(one.switch()?),
        "block_size" => config.block_size(one.number()?),
        "reservation_ttl" => config.reservation_ttl(one.with(duration)?),
        _ => return Ok(None),
    }))
}

/// The value of an option.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

impl Value<'_> {
    /// Returns the error for a value that cannot be used.
    pub(crate) fn refused(self, why: impl Display) -> Failure {
        Failure::usage(format!("cannot use option {}={}: {why}", self.key, self.value))
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(self) -> Done<T> {
        self.with(str::parse)
    }

    /// Returns the value that a function parses.
    pub(crate) fn with<T, E: Display>(self, parse: impl FnOnce(&str) -> Result<T, E>) -> Done<T> {
        parse(self.value).map_err(|why| self.refused(why))
    }

    pub(crate) fn number(self) -> Done<u32> {
        self.value.parse().map_err(|_| self.refused("not a number"))
    }

    /// Returns the values of a list, which commas separate.
    pub(crate) fn list<T, E: Display>(self, parse: impl Fn(&str) -> Result<T, E>) -> Done<Vec<T>> {
        let parsed = self.value.split(',').map(|text| parse(text.trim()));
        parsed.collect::<Result<_, _>>().map_err(|why| self.refused(why))
    }

    /// Returns whether a switch is on: Podman writes `true` and `false`, the command `on` and `off`.
    pub(crate) fn switch(self) -> Done<bool> {
        match self.value {
            "on" | "true" | "1" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err(self.refused("not on or off")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn with(key: &str, value: &str) -> Done<Option<NetworkConfig>> {
        apply(&NetworkConfig::new("lan"), key, value)
    }

    #[test]
    fn options_have_dockers_podmans_or_the_commands_names() {
        let lan = || NetworkConfig::new("lan");
        for (key, value, expected) in [
            ("parent", "ens33.100", lan().parent("ens33.100")),
            ("macvlan_mode", "private", lan().mode(Mode::Private)),
            ("mode", "vepa", lan().mode(Mode::Vepa)),
            ("com.docker.network.driver.mtu", "1400", lan().mtu(1400)),
            ("mtu", "1400", lan().mtu(1400)),
            ("metric", "99", lan().metric(99)),
            ("probe", "true", lan().probe(true)),
            ("order", "random", lan().order(Order::Random)),
            ("mac_from", "container", lan().mac_from(MacFrom::Container)),
            ("disable_ipv6", "off", lan().disable_ipv6(false)),
            ("accept_ra", "always", lan().accept_ra(AcceptRa::Always)),
            ("leave_ipv6", "on", lan().leave_ipv6(true)),
            ("allmulticast", "1", lan().allmulticast(true)),
            ("duplicate_detection", "on", lan().duplicate_detection(true)),
            ("block_size", "16", lan().block_size(16)),
            ("reservation_ttl", "2h", lan().reservation_ttl(Duration::from_secs(7200))),
        ] {
            assert_eq!(with(key, value).unwrap(), Some(expected), "{key}");
        }
        assert_eq!(with("colour", "red").unwrap(), None);
    }

    #[test]
    fn a_refused_value_is_named_with_its_option() {
        for (key, value, words) in [
            ("mtu", "much", "cannot use option mtu=much: not a number"),
            ("mode", "ring", "cannot use option mode=ring: "),
            ("probe", "maybe", "cannot use option probe=maybe: not on or off"),
            ("reservation_ttl", "1y", "cannot use option reservation_ttl=1y: expected a unit"),
            ("parent", "", "cannot use option parent=: "),
        ] {
            let failure = with(key, value).unwrap_err();
            assert!(failure.first_message().starts_with(words), "{failure:?}");
        }
    }
}
