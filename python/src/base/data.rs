//! Values as Python's plain data: dicts, lists, text and numbers, in serde's form of the core.

use pyo3::prelude::*;
use pythonize::{Depythonizer, pythonize};
use serde::Serialize;
use serde::de::DeserializeOwned;

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
    T::deserialize(&mut Depythonizer::from_object(data)).map_err(|error| {
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
