/*
 * A bug in the library does not end the program. The bug is made here: a clock that fails, which
 * Rust's standard library does not expect. The library has no code for it.
 */

#include "lab.h"

#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>

static bool broken;

#ifdef __cplusplus
#define NOTHROW noexcept
#else
#define NOTHROW
#endif

/* In place of the C library's. */
#ifdef __cplusplus
extern "C"
#endif
int clock_gettime(clockid_t clock, struct timespec *time) NOTHROW
{
    if (broken) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}

static void panics(void)
{
    macvlan_handle *handle = NULL;
    macvlan_watch *watch = NULL;
    macvlan_event *event = NULL;
    int at;
    MUST(macvlan_handle_open(&handle, &error));
    MUST(macvlan_handle_watch(handle, &watch, &error));
    for (at = 0; at < 3; at++) {
        broken = true;
        REFUSED(macvlan_watch_next(watch, 1, &event, &error), ENOTRECOVERABLE, MACVLAN_ERROR_BUG,
                "cannot call macvlan_watch_next: called `Result::unwrap()`");
        CHECK(macvlan_watch_next(watch, 1, &event, NULL) == -ENOTRECOVERABLE);
        broken = false;
        MUST(macvlan_watch_next(watch, 1, &event, &error));
        macvlan_event_free(event);
    }
    macvlan_watch_free(watch);
    macvlan_handle_free(handle);
}

int main(void)
{
    return lab_main(panics);
}
