//! Values that may be missing, and truth values, in structs.

use macvlan_core::MacAddr;

use crate::base::report::Failure;

/// `bool`. A Rust `bool` must not have another byte than 0 and 1, which a C program may write.
pub(crate) type Bool = u8;

/// A truth value that may be missing. In an initializer: { true, false }.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct macvlan_opt_bool {
    /// True if there is a value; if not, it is false.
    pub is_set: Bool,
    /// The value.
    pub value: Bool,
}

/// A number that may be missing. In an initializer: { true, 100 }.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct macvlan_opt_u32 {
    /// True if there is a value; if not, it is 0.
    pub is_set: Bool,
    /// The value.
    pub value: u32,
}

/// A number that may be negative or missing. In an initializer: { true, -1 }.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct macvlan_opt_i32 {
    /// True if there is a value; if not, it is 0.
    pub is_set: Bool,
    /// The value.
    pub value: i32,
}

/// A MAC address that may be missing. In an initializer: { true, { 2, 0, 0, 0, 0, 1 } }.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct macvlan_opt_mac {
    /// True if there is a value; if not, it is zero.
    pub is_set: Bool,
    /// The value.
    pub value: [u8; 6],
}

macro_rules! numbers {
    ($($type:ident: $number:ty),*) => {$(
        impl From<Option<$number>> for $type {
            fn from(value: Option<$number>) -> Self {
                Self { is_set: value.is_some().into(), value: value.unwrap_or_default() }
            }
        }
        impl $type {
            pub(crate) fn get(self) -> Option<$number> {
                (self.is_set != 0).then_some(self.value)
            }
        }
    )*};
}
numbers!(macvlan_opt_u32: u32, macvlan_opt_i32: i32);

impl From<Option<bool>> for macvlan_opt_bool {
    fn from(value: Option<bool>) -> Self {
        Self { is_set: value.is_some().into(), value: value.unwrap_or_default().into() }
    }
}

impl macvlan_opt_bool {
    pub(crate) fn get(self) -> Option<bool> {
        (self.is_set != 0).then_some(self.value != 0)
    }
}

impl From<Option<MacAddr>> for macvlan_opt_mac {
    fn from(value: Option<MacAddr>) -> Self {
        let bytes = value.map_or([0; 6], MacAddr::octets);
        Self { is_set: value.is_some().into(), value: bytes }
    }
}

impl macvlan_opt_mac {
    pub(crate) fn get(self) -> Result<Option<MacAddr>, Failure> {
        Ok((self.is_set != 0).then(|| MacAddr::new(self.value)).transpose()?)
    }
}

/// 0 for a missing value, where the kernel has no 0.
pub(crate) fn nonzero(number: u32) -> Option<u32> {
    (number != 0).then_some(number)
}
