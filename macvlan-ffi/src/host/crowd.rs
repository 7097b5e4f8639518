//! Operations on several endpoints, and `macvlan_detach_handle`, a detach in the background.

use std::ffi::c_int;
use std::ptr::null_mut;

use macvlan_core::{DetachHandle, Detached};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{array, exclusive, give, many, object, out, shared};
use crate::base::report::{Failure, Report, macvlan_error};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::macvlan_host;

/// A detach in the background, from macvlan_host_detach_later(). Freed with
/// macvlan_detach_handle_free(), which does not stop it.
///
/// Threads: macvlan_detach_handle_is_finished() may be called by any number of threads at once;
/// macvlan_detach_handle_wait() needs exclusive access.
pub struct macvlan_detach_handle {
    _opaque: (),
}
// `None` after it was waited for.
object!(macvlan_detach_handle, Option<DetachHandle>);

/// Writes each result to its place, and returns the first failure.
fn tell<T>(
    function: &str,
    results: impl IntoIterator<Item = macvlan_core::Result<T>>,
    errors: Option<&mut [*mut macvlan_error]>,
    mut done: impl FnMut(usize, T),
) -> Result<(), Failure> {
    let mut first = None;
    let mut errors = errors;
    for (at, result) in results.into_iter().enumerate() {
        match result {
            Ok(value) => done(at, value),
            Err(error) => {
                let report = Report::new(error.into(), function);
                first.get_or_insert_with(|| Box::new(report.clone()));
                if let Some(place) = errors.as_mut().and_then(|errors| errors.get_mut(at)) {
                    give(place, report.into());
                }
            }
        }
    }
    first.map_or(Ok(()), |report| Err(Failure::Told(report)))
}

/// Borrows the places for the errors, if the caller wants them.
///
/// # Safety
///
/// The array is null or has so many places.
unsafe fn places<'a>(
    errors: *mut *mut macvlan_error,
    count: usize,
) -> Result<Option<&'a mut [*mut macvlan_error]>, Failure> {
    if errors.is_null() {
        return Ok(None);
    }
    // SAFETY: guaranteed by the caller.
    let places = unsafe { array(errors, count, "errors")? };
    places.fill(null_mut());
    Ok(Some(places))
}

/// Attaches several endpoints one after the other. A failure does not stop the others.
///
/// The arrays have `count` elements each: the endpoints, their namespaces, and the results, which
/// are an attachment, or NULL and an error. `errors` can be NULL. The caller frees all attachments
/// and errors.
///
/// Returns 0 if all were attached, otherwise the error number of the first failure, which `error`
/// describes as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_attach_all(
    host: *mut macvlan_host,
    endpoints: *const *const macvlan_endpoint,
    namespaces: *const *const macvlan_netns,
    count: usize,
    attachments: *mut *mut macvlan_attachment,
    errors: *mut *mut macvlan_error,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        // SAFETY: the header requires that each array is NULL or has so many elements.
        let (attachments, errors) =
            unsafe { (array(attachments, count, "attachments")?, places(errors, count)?) };
        attachments.fill(null_mut());
        // SAFETY: likewise.
        let (endpoints, namespaces) = unsafe {
            (many(endpoints, count, "endpoints")?, many(namespaces, count, "namespaces")?)
        };
        let items = endpoints.iter().zip(&namespaces);
        let items = items.map(|(endpoint, netns)| (&endpoint.value, &netns.netns));
        let results = shared!(host).attach_all(items);
        tell("macvlan_host_attach_all", results, errors, |at, attachment| {
            if let Some(place) = attachments.get_mut(at) {
                give(place, Attached::from(attachment));
            }
        })?;
    })
}

/// Detaches several attachments. A failure does not stop the others. `errors` and the return value
/// are as in macvlan_host_attach_all(). The attachments still have to be freed.
///
/// A deletion waits about 16 ms for the kernel without blocking others, so the waits overlap here:
/// links in one namespace are deleted by one request, and up to 64 threads work on different
/// namespaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_all(
    host: *mut macvlan_host,
    attachments: *const *const macvlan_attachment,
    count: usize,
    errors: *mut *mut macvlan_error,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        // SAFETY: the header requires that each array is NULL or has so many elements.
        let (errors, attachments) =
            unsafe { (places(errors, count)?, many(attachments, count, "attachments")?) };
        let attachments = attachments.iter().map(|attached| &attached.value);
        let results = shared!(host).detach_all(attachments);
        tell("macvlan_host_detach_all", results, errors, |_, _| {})?;
    })
}

/// Starts a detach in a thread of its own. macvlan_detach_handle_wait() returns its result. The caller
/// frees the macvlan_detach_handle with macvlan_detach_handle_free().
///
/// Returns after about ten microseconds. If no thread can be started, the detach is done before it
/// returns. If the process ends before the thread does, the interface may remain.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_later(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    detach: *mut *mut macvlan_detach_handle,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let detach = out!(detach);
        let attachment = &shared!(attachment).value;
        give(detach, Some(shared!(host).detach_later(attachment)));
    })
}

/// Returns whether the detach has finished, successfully or not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detach_handle_is_finished(
    detach: *const macvlan_detach_handle,
) -> bool {
    answer(false, || Ok(shared!(detach).as_ref().is_none_or(DetachHandle::is_finished)))
}

/// Waits for the end of the detach, once, and returns its result. `was_there`, which can be NULL,
/// is set to whether the interface still existed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detach_handle_wait(
    detach: *mut macvlan_detach_handle,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let under_way = exclusive!(detach).take();
        let under_way =
            under_way.ok_or_else(|| Failure::misuse("the detach has already been waited for"))?;
        let detached = under_way.wait()?;
        if !was_there.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_there.write(detached == Detached::Removed) };
        }
    })
}

/// Frees the object; the detach continues. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detach_handle_free(detach: *mut macvlan_detach_handle) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(detach) }
}
