//! A store's secret, which proves that the store has made an alias.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::random;

/// The length of a seal in bytes, which is enough against guessing when each guess is tested.
const SHOWN: usize = 12;

/// A store's secret: random hexadecimal digits, which are stored and never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    pub(crate) fn new() -> Self {
        Self(random::id())
    }

    /// Returns the seal of a text: a shortened HMAC-SHA256.
    #[allow(clippy::expect_used, reason = "a key of any length will do")]
    pub(crate) fn seal(&self, text: &str) -> String {
        let mut hmac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        hmac.update(text.as_bytes());
        random::hex(&hmac.finalize().into_bytes()[..SHOWN])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let secret = Secret("Jefe".to_owned());
        assert_eq!(secret.seal("what do ya want for nothing?"), "5bdcc146bf60754e6a042426");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_ne!(Secret::new().seal("a"), Secret::new().seal("a"));
    }
}
