//! Values as Python's plain data: dicts, lists, text and numbers, in serde's form of the core.

use pyo3::prelude::*;
use pythonize::{Depythonizer, pythonize};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::error::invalid;

/// Adds `as_dict()` and `from_dict()`, and pickling by them, to classes around a value of the core.
macro_rules! data {
    ($($class:ident),+ $(,)?) => {$(
        #[pyo3::pymethods]
        impl $class {
            /// Returns the values as a dict of plain data: dict, list, str, int, float, bool and
            /// None. from_dict() makes an equal object from it.
            fn as_dict<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::base::data::to_data(py, &self.0)
            }

            /// Makes an object from a dict as as_dict() returns it. Optional values may be omitted.
            #[staticmethod]
            fn from_dict(values: &pyo3::Bound<'_, pyo3::PyAny>) -> pyo3::PyResult<Self> {
                $crate::base::data::from_data(stringify!($class), values).map(Self)
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

/// Makes a value; the error names the field.
pub(crate) fn from_data<T: DeserializeOwned>(class: &str, data: &Bound<'_, PyAny>) -> PyResult<T> {
    serde_path_to_error::deserialize(&mut Depythonizer::from_object(data)).map_err(|error| {
        let cause = error.inner().to_string();
        let path = error.path().to_string();
        // The path ends before a field that is missing or unknown.
        let field = ["missing field `", "unknown field `"]
            .iter()
            .find_map(|start| cause.strip_prefix(start)?.split('`').next());
        let argument = match (path.as_str(), field) {
            (".", Some(field)) => field.to_owned(),
            (".", None) => "values".to_owned(),
            (path, Some(field)) if !path.ends_with(field) => format!("{path}.{field}"),
            (path, _) => path.to_owned(),
        };
        invalid(data.py(), &argument, &format!("make a {class} from a dict"), &cause)
    })
}
