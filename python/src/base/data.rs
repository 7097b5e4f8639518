//! Values as Python's plain data: dicts, lists, text and numbers, in serde's form of the core.

use std::fmt;

use pyo3::prelude::*;
use pythonize::{Depythonizer, pythonize};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use crate::base::error::invalid;

/// Adds `as_dict()` and `from_dict()`, and pickling by them, to classes around a value of the core
/// that serde writes as a map. `Class => function` validates values by the function.
macro_rules! data {
    ($($class:ident $(=> $check:expr)?),+ $(,)?) => {$(
        #[pyo3::pymethods]
        impl $class {
            /// Returns the values as a dict of plain data: dict, list, tuple, str, int, float, bool
            /// and None. from_dict() makes an equal object from it.
            fn as_dict<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::base::data::to_data(py, &self.0)
            }

            /// Makes an object from a dict as as_dict() returns it. Optional values may be omitted.
            #[staticmethod]
            fn from_dict(values: &pyo3::Bound<'_, pyo3::PyAny>) -> pyo3::PyResult<Self> {
                let value = $crate::base::data::from_data(stringify!($class), values)?;
                $($crate::base::error::OrRaise::or_raise($check(&value), values.py())?;)?
                Ok(Self(value))
            }

            /// Makes copies for pickle and copy.
            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<$crate::base::data::Call<'py>> {
                let class = pyo3::types::PyAnyMethods::get_type(&**slf);
                let make = pyo3::types::PyAnyMethods::getattr(&*class, "from_dict")?;
                Ok((make, (slf.get().as_dict(slf.py())?,)))
            }
        }
    )+};
}
pub(crate) use data;

/// A function and its argument.
pub(crate) type Call<'py> = (Bound<'py, PyAny>, (Bound<'py, PyAny>,));

pub(crate) fn to_data<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize(py, value)?)
}

/// Makes a value; the exception names the field that is refused.
pub(crate) fn from_data<T: DeserializeOwned>(class: &str, data: &Bound<'_, PyAny>) -> PyResult<T> {
    T::deserialize(Strict(&mut Depythonizer::from_object(data))).map_err(|error| {
        let message = error.to_string();
        let (field, cause) = split(&message);
        let argument = if field.is_empty() { "values" } else { &field };
        invalid(data.py(), argument, &format!("read {class} from a dict"), cause)
    })
}

/// Splits a message of serde into the field and the cause. An error in a field begins with its
/// name, and those of the documents around it.
fn split(message: &str) -> (String, &str) {
    let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let (mut field, mut cause) = (String::new(), message);
    while let Some((name, rest)) = cause.split_once(": ").filter(|(name, _)| is_name(name)) {
        field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        cause = rest;
    }
    // A field that is missing or unknown has no value to begin with.
    let last = ["missing field `", "unknown field `", "duplicate field `"];
    if let Some(name) = last.iter().find_map(|start| cause.strip_prefix(start)?.split('`').next()) {
        field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    }
    (field, cause)
}

/// Reads each value as its own type, in all documents. Without it, pythonize takes the truth of any
/// object as a bool, a bool as a number, and text as a sequence of characters.
struct Strict<T>(T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_str(value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Strict(value))
    }
}
