/*
 * Use of freed objects is usually detected. Not for valgrind and AddressSanitizer, which rightly
 * report any read of freed memory.
 */

#include "lab.h"

static void freed(void)
{
    macvlan_endpoint *endpoint = NULL, *clone = NULL;
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    macvlan_endpoint_free(endpoint);
    macvlan_endpoint_free(endpoint);
    macvlan_endpoint_free(endpoint);
    REFUSED(macvlan_endpoint_clone(endpoint, &clone, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "endpoint ");
    CHECK(clone == NULL);
    CHECK(macvlan_endpoint_get(endpoint) == NULL);
}

int main(void)
{
    return lab_main(freed);
}
