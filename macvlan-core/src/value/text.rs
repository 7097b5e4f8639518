//! Macros for types with a text form: enumerations by a table of names, and serde by text.

/// Implements `Display` and `FromStr` for an enumeration from a table of names.
macro_rules! named {
    ($type:ty, $what:literal, [$($variant:ident = $name:literal),+ $(,)?]) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self { $(Self::$variant => $name),+ })
            }
        }

        crate::value::text::from_name!($type, $what, [$($variant = $name),+]);
        crate::value::text::serde_as_text!($type);
    };
}
pub(crate) use named;

/// Implements `FromStr` for an enumeration from a table of names.
macro_rules! from_name {
    ($type:ty, $what:literal, [$($variant:ident = $name:literal),+]) => {
        impl std::str::FromStr for $type {
            type Err = crate::error::Error;
            fn from_str(text: &str) -> crate::error::Result<Self> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(crate::error::Error::invalid(
                        format!(concat!("parse ", $what, " {:?}"), text),
                        format!("expected one of {}", [$($name),+].join(", ")),
                    )),
                }
            }
        }
    };
}
pub(crate) use from_name;

/// Implements `ALL`, `as_str`, `Display` and `FromStr` for an enumeration of kinds, from a table of
/// names.
macro_rules! kinds {
    ($type:ty, $what:literal, [$($variant:ident = $name:literal),+ $(,)?]) => {
        impl $type {
            /// All kinds, ordered by number.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the kind's stable name for logs and other languages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        crate::value::text::from_name!($type, $what, [$($variant = $name),+]);
        crate::value::text::serde_as_text!($type);
    };
}
pub(crate) use kinds;

/// Implements serde's traits by `Display` and `FromStr`, with the feature `serde`.
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

serde_as_text!(crate::error::ErrorKind);

#[cfg(test)]
mod kinds_tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use crate::{
        DifferenceKind, EndpointType, Error, EventKind, FindingKind, KeepEventKind, LinkType,
    };

    /// Checks that names are unique: each parses as the kind that it is the name of.
    fn check<T: Copy + Debug + Display + FromStr<Err = Error> + PartialEq>(
        kinds: &[T],
        number: impl Fn(T) -> u32,
    ) {
        for (at, kind) in (1..).zip(kinds) {
            assert_eq!((number(*kind), kind.to_string().parse::<T>().unwrap()), (at, *kind));
        }
        assert!("other".parse::<T>().unwrap_err().is_invalid_value());
    }

    #[test]
    fn kinds_have_names_and_numbers_of_their_own() {
        check(DifferenceKind::ALL, |kind| kind as u32);
        check(EventKind::ALL, |kind| kind as u32);
        check(FindingKind::ALL, |kind| kind as u32);
        check(KeepEventKind::ALL, |kind| kind as u32);
        check(EndpointType::ALL, |kind| kind as u32 + 1);
        check(LinkType::ALL, |kind| kind as u32 + 1);
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use std::fmt;

    use serde::de::value::{Error as ValueError, StrDeserializer};
    use serde::de::{Deserialize, IntoDeserializer};
    use serde::ser::Serialize;

    use crate::{Address, LinkId, LinkName, MacAddr, Route, Scope};

    /// A buffer for a text format: serde can write a single value into a formatter.
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
    fn serde_refuses_invalid_text_with_the_cause() {
        let refusal = read::<MacAddr>("01:00:5e:00:00:01").unwrap_err().to_string();
        assert_eq!(refusal, "01:00:5e:00:00:01".parse::<MacAddr>().unwrap_err().to_string());
    }
}
