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

        crate::value::text::serde_as_text!($type);
    };
}
pub(crate) use named;

/// Gives an enumeration of kinds a list of them and their names: `ALL`, `as_str` and `Display`.
macro_rules! kinds {
    ($type:ty, [$($variant:ident = $name:literal),+ $(,)?]) => {
        impl $type {
            /// All kinds, by their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns a stable name for logs and other languages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use kinds;

/// Implements serde's traits, with the feature `serde`, by `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($($type:ty),+) => {$(
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

#[cfg(test)]
mod kinds_tests {
    use crate::{DifferenceKind, EventKind, FindingKind, KeepEventKind};

    fn check(kinds: &[(u32, &str)]) {
        for (number, (found, name)) in (1..).zip(kinds) {
            assert_eq!(*found, number, "{name}");
            assert_eq!(kinds.iter().filter(|(_, other)| other == name).count(), 1, "{name}");
        }
    }

    #[test]
    fn kinds_have_names_and_numbers_of_their_own() {
        let entries = |kind: &DifferenceKind| (*kind as u32, kind.as_str());
        check(&DifferenceKind::ALL.iter().map(entries).collect::<Vec<_>>());
        let entries = |kind: &EventKind| (*kind as u32, kind.as_str());
        check(&EventKind::ALL.iter().map(entries).collect::<Vec<_>>());
        let entries = |kind: &FindingKind| (*kind as u32, kind.as_str());
        check(&FindingKind::ALL.iter().map(entries).collect::<Vec<_>>());
        let entries = |kind: &KeepEventKind| (*kind as u32, kind.as_str());
        check(&KeepEventKind::ALL.iter().map(entries).collect::<Vec<_>>());
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use std::fmt;

    use serde::de::value::{Error as ValueError, StrDeserializer};
    use serde::de::{Deserialize, IntoDeserializer};
    use serde::ser::Serialize;

    use crate::{Address, LinkId, LinkName, MacAddr, Route, Scope};

    /// What a text format would write: serde can write a single value into a formatter.
    struct Written<'a, T>(&'a T);

    impl<T: Serialize> fmt::Display for Written<'_, T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, ValueError> {
        let deserializer: StrDeserializer<'_, ValueError> = text.into_deserializer();
        T::deserialize(deserializer)
    }

    fn round_trip<T: Serialize + for<'de> Deserialize<'de>>(text: &str) {
        let value: T = read(text).unwrap();
        assert_eq!(Written(&value).to_string(), text);
    }

    #[test]
    fn serde_writes_and_reads_the_text_form() {
        round_trip::<MacAddr>("02:42:ac:10:d5:b4");
        round_trip::<LinkName>("ens33.100");
        round_trip::<LinkId>("ens33");
        round_trip::<Address>("172.16.213.180/16");
        round_trip::<Route>("default via 172.16.213.2");
        round_trip::<Scope>("link");
    }

    #[test]
    fn serde_refuses_what_from_str_refuses_and_says_why() {
        let refusal = read::<MacAddr>("01:00:5e:00:00:01").unwrap_err().to_string();
        assert_eq!(refusal, "01:00:5e:00:00:01".parse::<MacAddr>().unwrap_err().to_string());
    }
}
