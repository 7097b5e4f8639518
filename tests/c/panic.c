/*
 * A bug in the library does not end the program. The function is in a library built only for this
 * test.
 */

#include "lab.h"

#ifdef __cplusplus
extern "C"
#endif
int macvlan_panic_for_tests(macvlan_error **error);

static void panics(void)
{
    int at;
    for (at = 0; at < 3; at++) {
        REFUSED(macvlan_panic_for_tests(&error), ENOTRECOVERABLE, MACVLAN_ERROR_BUG,
                "cannot call macvlan_panic_for_tests: asked for by a test; this is a bug");
        CHECK(macvlan_panic_for_tests(NULL) == -ENOTRECOVERABLE);
    }
}

int main(void)
{
    return lab_main(panics);
}
