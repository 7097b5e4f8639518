//! Many at once, and `macvlan_detaching`: one that is not waited for.

use std::ffi::c_int;
use std::ptr::null_mut;

use macvlan_core::{Detached, Detaching};

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{array, exclusive, give, many, object, out, shared};
use crate::base::report::{Failure, Report, macvlan_error};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::endpoint::macvlan_endpoint;
use crate::handle::netns::macvlan_netns;
use crate::host::macvlan_host;

/// A detachment under way, given by macvlan_host_detach_later(). Freed with macvlan_detaching_free(),
/// which does not stop it.
///
/// Threads: any number may ask whether it is finished; macvlan_detaching_wait() needs it alone.
pub struct macvlan_detaching {
    _opaque: (),
}
// None when it has been waited for.
object!(macvlan_detaching, Option<Detaching>);

/// What became of each goes where it belongs; what became of all is the first failure.
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
                    give(place, report);
                }
            }
        }
    }
    first.map_or(Ok(()), |report| Err(Failure::Told(report)))
}

/// Where the error of each is to be put, if anybody wants to know.
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

/// Attaches many, one after the other; a failure does not stop the others.
///
/// The arrays have `count` places each: the endpoints, the namespaces that they go to, and what is
/// given: for each its attachment, or NULL and an error. `errors` can be NULL. All that is given is to
/// be freed. Returns 0 if all were attached, else what the first failure would return alone, which
/// `error` tells too.
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
        // SAFETY: the header requires that each array is NULL or has so many places.
        let (attachments, errors) =
            unsafe { (array(attachments, count, "attachments")?, places(errors, count)?) };
        attachments.fill(null_mut());
        // SAFETY: likewise.
        let (endpoints, namespaces) = unsafe {
            (many(endpoints, count, "endpoints")?, many(namespaces, count, "namespaces")?)
        };
        let items = endpoints.iter().zip(&namespaces);
        let items = items.map(|(endpoint, netns)| (&endpoint.endpoint, &netns.netns));
        let results = shared!(host).attach_all(items);
        tell("macvlan_host_attach_all", results, errors, |at, attachment| {
            if let Some(place) = attachments.get_mut(at) {
                give(place, Attached::new(attachment));
            }
        })?;
    })
}

/// Detaches many; a failure does not stop the others. `errors` is as in macvlan_host_attach_all(), and
/// so is what is returned. The attachments still have to be freed.
///
/// Deleting a link waits about 16 ms for the kernel without keeping others from it, so here the waits
/// overlap: those in one namespace are deleted by one request, and namespaces are dealt with by up to
/// 64 threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_all(
    host: *mut macvlan_host,
    attachments: *const *const macvlan_attachment,
    count: usize,
    errors: *mut *mut macvlan_error,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        // SAFETY: the header requires that each array is NULL or has so many places.
        let (errors, attachments) =
            unsafe { (places(errors, count)?, many(attachments, count, "attachments")?) };
        let attachments = attachments.iter().map(|attached| &attached.attachment);
        let results = shared!(host).detach_all(attachments);
        tell("macvlan_host_detach_all", results, errors, |_, _| {})?;
    })
}

/// Detaches without waiting: a thread does it, and macvlan_detaching_wait() tells how it went.
///
/// Returns in some ten microseconds. Where no thread can be made, it is done here and now. If the
/// process ends before the thread does, the interface may remain.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_detach_later(
    host: *mut macvlan_host,
    attachment: *const macvlan_attachment,
    detaching: *mut *mut macvlan_detaching,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let detaching = out!(detaching);
        let attachment = &shared!(attachment).attachment;
        give(detaching, Some(shared!(host).detach_later(attachment)));
    })
}

/// Returns whether it has ended, in whatever way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detaching_is_finished(
    detaching: *const macvlan_detaching,
) -> bool {
    answer(false, || Ok(shared!(detaching).as_ref().is_none_or(Detaching::is_finished)))
}

/// Waits for its end, once, and tells whether the interface was there, or gone already. `was_there`
/// can be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detaching_wait(
    detaching: *mut macvlan_detaching,
    was_there: *mut bool,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let under_way = exclusive!(detaching).take();
        let under_way =
            under_way.ok_or_else(|| Failure::misuse("detaching has been waited for already"))?;
        let detached = under_way.wait()?;
        if !was_there.is_null() {
            // SAFETY: it is not null, and the header requires that an answer can be put there.
            unsafe { was_there.write(detached == Detached::Removed) };
        }
    })
}

/// Frees a detachment, which goes on. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_detaching_free(detaching: *mut macvlan_detaching) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(detaching) }
}
