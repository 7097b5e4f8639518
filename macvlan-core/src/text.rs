//! What all types with a text form share: enumerations by a table of names, and serde by text.

/// Implements `Display` and `FromStr` of an enumeration by a table of its names.
macro_rules! named {
    ($type:ty, $what:literal, [$($variant:ident = $name:literal),+ $(,)?]) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self { $(Self::$variant => $name),+ })
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::error::Error;
            fn from_str(text: &str) -> crate::error::Result<Self> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(crate::error::Error::invalid(
                        format!(concat!("parse ", $what, " {:?}"), text),
                        format!("it is none of {}", [$($name),+].join(", ")),
                    )),
                }
            }
        }

        crate::text::serde_as_text!($type);
    };
}
pub(crate) use named;

/// Implements serde's traits, with the feature `serde`, by `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($($type:ty),+) => {$(
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;
