//! The boundary to C: converts results to errno values and stops panics.

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use crate::base::object::{Object, give, take};
use crate::base::report::{Failure, Report, macvlan_error};

#[cfg(panic = "abort")]
compile_error!("a panic must not end the C program: build with panic = \"unwind\"");

/// Makes the body of a function that returns 0 or a negative errno, with details in its last
/// argument.
macro_rules! boundary {
    ($error:ident, $body:block) => {{
        fn here() {}
        let here = || std::any::type_name_of_val(&here);
        let body = || {
            $body
            #[allow(unreachable_code)] // a body may end with an error
            Ok(())
        };
        // SAFETY: the header requires that `error` is NULL or that a pointer can be put there.
        unsafe { crate::base::boundary::run($error, here, body) }
    }};
}
pub(crate) use boundary;

/// Runs a function's body; `here` is a name inside the function.
///
/// # Safety
///
/// `error` is null, or a pointer can be put there.
pub(crate) unsafe fn run(
    error: *mut *mut macvlan_error,
    here: impl Fn() -> &'static str,
    body: impl FnOnce() -> Result<(), Failure>,
) -> c_int {
    if !error.is_null() {
        // SAFETY: guaranteed by the caller.
        unsafe { error.write(null_mut()) };
    }
    let Err(failure) = caught(body) else { return 0 };
    // Reporting a failure must not end the program either.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let report = Report::new(failure, function(here()));
        let errno = report.errno();
        if !error.is_null() {
            // SAFETY: guaranteed by the caller, and it holds a null pointer since the beginning.
            give(unsafe { &mut *error }, report.into());
        }
        -errno
    }));
    outcome.unwrap_or(-libc::ENOTRECOVERABLE)
}

/// Runs the body of a function that cannot report an error and returns a default value instead.
pub(crate) fn answer<T>(otherwise: T, body: impl FnOnce() -> Result<T, Failure>) -> T {
    caught(body).unwrap_or(otherwise)
}

/// Frees an object. Ignores null, freed objects, parts and objects of another type.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that is not used by others.
pub(crate) unsafe fn free<O: Object>(pointer: *mut O) {
    answer((), || {
        // SAFETY: guaranteed by the caller.
        unsafe { take(pointer)? };
        Ok(())
    });
}

fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // State that the body leaves incomplete is dropped with it or belongs to the C program, whose
    // objects are only replaced by whole values.
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|panic| Err(Failure::Bug(words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

/// Returns `macvlan_host_open` for `macvlan::host::macvlan_host_open::here`.
fn function(here: &'static str) -> &'static str {
    here.rsplit("::").nth(1).unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::base::error::{macvlan_error_free, macvlan_error_kind, macvlan_error_message};

    unsafe extern "C" fn macvlan_panics(error: *mut *mut macvlan_error) -> c_int {
        boundary!(error, {
            panic!("something");
        })
    }

    unsafe extern "C" fn macvlan_is_misused(error: *mut *mut macvlan_error) -> c_int {
        boundary!(error, {
            return Err(Failure::misuse("host is NULL"));
        })
    }

    fn outcome(
        function: unsafe extern "C" fn(*mut *mut macvlan_error) -> c_int,
    ) -> (c_int, c_int, String) {
        let mut error = null_mut();
        // SAFETY: the pointers are as the functions require.
        unsafe {
            assert_eq!(function(null_mut()), function(&raw mut error));
            macvlan_error_free(error);
            let result = function(&raw mut error);
            let message = CStr::from_ptr(macvlan_error_message(error)).to_str().unwrap().to_owned();
            let kind = macvlan_error_kind(error);
            macvlan_error_free(error);
            (result, kind, message)
        }
    }

    #[test]
    fn a_panic_is_an_error_like_others() {
        assert_eq!(
            outcome(macvlan_panics),
            (
                -libc::ENOTRECOVERABLE,
                macvlan_core::ErrorKind::Bug as c_int,
                "cannot call macvlan_panics: something; this is a bug in the library: please \
                 report it"
                    .to_owned()
            )
        );
    }

    #[test]
    fn misuse_names_the_function() {
        assert_eq!(
            outcome(macvlan_is_misused),
            (
                -libc::EINVAL,
                macvlan_core::ErrorKind::InvalidValue as c_int,
                "cannot call macvlan_is_misused: host is NULL".to_owned()
            )
        );
    }

    #[test]
    fn a_panic_in_a_getter_is_answered() {
        assert_eq!(answer(7, || panic!("{}", "formatted")), 7);
    }
}
