//! The fields of an object of the configuration.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cni::error::{Error, Result};

/// A procedure that can be switched on and off.
#[derive(Clone, Copy)]
pub(super) enum Switch<T> {
    Unset,
    Off,
    On(T),
}

impl<T> Switch<T> {
    /// Returns the procedure, if it is switched on.
    pub(super) fn on(self) -> Option<T> {
        match self {
            Self::On(procedure) => Some(procedure),
            Self::Off | Self::Unset => None,
        }
    }

    /// Returns the procedure, or this one unless it is switched off.
    pub(super) fn or(self, default: T) -> Option<T> {
        match self {
            Self::Unset => Some(default),
            set => set.on(),
        }
    }
}

/// The fields of an object. Unknown ones are ignored, as runtimes and users may add some.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    json: &'a Map<String, Value>,
    /// The name of the object.
    within: &'static str,
}

impl<'a> Fields<'a> {
    /// Returns the fields of an object that is not within another.
    pub(super) fn of(json: &'a Map<String, Value>) -> Self {
        Self { json, within: "" }
    }

    /// Returns the value of a field, `None` if it is missing or null.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let Some(value) = self.json.get(key).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        T::deserialize(value).map(Some).map_err(|error| {
            let within = self.within;
            let place = if within.is_empty() { String::new() } else { format!("{within}.") };
            Error::config(format!("cannot use {place}{key} {value}: {error}"))
        })
    }

    /// Returns a text; an empty one counts as missing, as in Go.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>> {
        Ok(self.get::<String>(key)?.filter(|text| !text.is_empty()))
    }

    /// Returns a procedure, which can also be `true` for the default one or `false` for none.
    pub(super) fn switch<T: DeserializeOwned>(
        &self,
        key: &str,
        default: fn() -> T,
    ) -> Result<Switch<T>> {
        Ok(match self.json.get(key) {
            Some(Value::Bool(false)) => Switch::Off,
            Some(Value::Bool(true)) => Switch::On(default()),
            _ => self.get(key)?.map_or(Switch::Unset, Switch::On),
        })
    }

    /// Returns the fields of an object within.
    pub(super) fn within(&self, key: &'static str) -> Result<Option<Fields<'a>>> {
        match self.json.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(json)) => Ok(Some(Fields { json, within: key })),
            Some(other) => Err(Error::config(format!("cannot use {key} {other}: not an object"))),
        }
    }
}
