//! Documents: how serde reads and writes the inputs (`docs/formats.md`).

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// Defines the form of a document with its fields, all of which have a default.
///
/// These rules hold for every document, so that no field needs attributes of its own: a field at its
/// default is left out, an unknown or repeated field is refused, and an error in a field begins with
/// its name.
#[doc(hidden)] // for the crate of networks
#[macro_export]
macro_rules! document {
    ($form:ident, $what:literal, { $($field:ident: $type:ty),+ $(,)? }) => {
        #[derive(Debug, Default, PartialEq)]
        pub(crate) struct $form {
            $(pub(crate) $field: $type),+
        }

        impl serde::Serialize for $form {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $(if self.$field != <$type>::default() {
                    map.serialize_entry(stringify!($field), &self.$field)?;
                })+
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $form {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $form;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> std::result::Result<$form, A::Error> {
                        use serde::de::Error as _;
                        const FIELDS: &[&str] = &[$(stringify!($field)),+];
                        let mut form = $form::default();
                        let mut seen = [false; FIELDS.len()];
                        while let Some(key) = map.next_key::<String>()? {
                            let Some(at) = FIELDS.iter().position(|field| *field == key) else {
                                return Err(A::Error::unknown_field(&key, FIELDS));
                            };
                            if std::mem::replace(&mut seen[at], true) {
                                return Err(A::Error::duplicate_field(FIELDS[at]));
                            }
                            let read = match FIELDS[at] {
                                $(stringify!($field) => {
                                    map.next_value().map(|value| form.$field = value)
                                })+
                                _ => Ok(()),
                            };
                            read.map_err(|error| {
                                A::Error::custom(format_args!("{}: {error}", FIELDS[at]))
                            })?;
                        }
                        Ok(form)
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}

pub use document;

/// A form of `T`, by which serde writes and reads it.
pub trait Form<T>: Sized {
    /// Returns the form of a value.
    ///
    /// # Errors
    ///
    /// The field that cannot be written, and why.
    fn of(value: &T) -> Result<Self, String>;

    /// Returns the value, made by the setters.
    ///
    /// # Errors
    ///
    /// The field that is missing or invalid, and the setter's message.
    fn read(self) -> Result<T, String>;
}

/// Implements serde's traits for a type by its form.
#[doc(hidden)] // for the crate of networks
#[macro_export]
macro_rules! serde_as {
    ($type:ty, $form:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                let form = <$form as $crate::document::Form<Self>>::of(self);
                form.map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let form = <$form as serde::Deserialize>::deserialize(deserializer)?;
                $crate::document::Form::<Self>::read(form).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub use serde_as;

/// Puts the name of a field before the setter's message.
///
/// # Errors
///
/// That of the result.
pub fn in_field<T, E: Display>(field: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{field}: {error}"))
}

/// Returns the value of a field that has no default.
///
/// # Errors
///
/// If it is missing.
pub fn required<T>(field: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("missing field `{field}`"))
}

/// A value that is text in a document, as its parser takes it.
pub trait FromText: Display + Sized {
    /// Parses the text.
    ///
    /// # Errors
    ///
    /// The parser's message.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// A value as text, for types whose own serde format is another or has no helpful errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromText> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_text(&String::deserialize(deserializer)?).map(Text).map_err(D::Error::custom)
    }
}

/// Returns values as text.
pub fn texts<T>(values: impl IntoIterator<Item = T>) -> Vec<Text<T>> {
    values.into_iter().map(Text).collect()
}

/// A value that is text where that says everything, and a document otherwise.
#[derive(Debug, PartialEq)]
pub enum TextOr<F> {
    /// The text.
    Text(String),
    /// The document.
    Form(F),
}

impl<F: Serialize> Serialize for TextOr<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Form(form) => form.serialize(serializer),
        }
    }
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for TextOr<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<F>(PhantomData<F>);

        impl<'de, F: Deserialize<'de>> Visitor<'de> for Either<F> {
            type Value = TextOr<F>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a map")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextOr<F>, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOr<F>, A::Error> {
                F::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Form)
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A duration, in a document a number of seconds: `2`, `0.25`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seconds(pub Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds, at least 0")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(Duration::from_secs(seconds)))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                let refuse = |_| E::invalid_value(Unexpected::Signed(seconds), &self);
                u64::try_from(seconds).map_err(refuse).and_then(|seconds| self.visit_u64(seconds))
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                let refuse = |_| E::invalid_value(Unexpected::Float(seconds), &self);
                Duration::try_from_secs_f64(seconds).map(Seconds).map_err(refuse)
            }
        }

        deserializer.deserialize_any(Number)
    }
}
