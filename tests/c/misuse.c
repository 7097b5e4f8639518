/*
 * Mistakes of a C program return an error instead of crashing. The program nulls, generated from
 * the header, does the same with every function; this one checks the messages.
 */

#include "lab.h"

static void arguments(void)
{
    macvlan_netns *netns = NULL;
    macvlan_endpoint *endpoint = NULL, *none = NULL;
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_error *error = NULL;

    REFUSED(macvlan_endpoint_new(NULL, "ens33", &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "cannot call macvlan_endpoint_new: name is NULL");
    REFUSED(macvlan_endpoint_new("eth0", NULL, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "cannot call macvlan_endpoint_new: parent is NULL");
    REFUSED(macvlan_endpoint_new("eth0", "ens33", NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "cannot call macvlan_endpoint_new: endpoint is NULL");
    REFUSED(macvlan_endpoint_new("eth0", "ens\xff", &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "parent is not UTF-8: \"ens\\xff\"");
    REFUSED(macvlan_endpoint_new("a name too long", "ens33", &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "cannot use \"a name too long\" as a link name");
    REFUSED(macvlan_netns_from_path("/tmp/\xff", &netns, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "path is not UTF-8");
    REFUSED(macvlan_netns_from_pid(-7, &netns, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "-7 is not a valid pid");
    REFUSED(macvlan_netns_from_pid(0, &netns, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE, "pid");
    REFUSED(macvlan_netns_from_fd(-1, &netns, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "-1 is not a valid file descriptor");
    REFUSED(macvlan_netns_from_fd(12345, &netns, &error), EBADF, MACVLAN_ERROR_SYSTEM,
            "file descriptor");
    CHECK(endpoint == NULL && netns == NULL);

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    options.mode = 3;
    REFUSED(macvlan_endpoint_set_options(endpoint, &options, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE,
            "cannot call macvlan_endpoint_set_options: 3 is not a valid enum macvlan_mode");
    REFUSED(macvlan_endpoint_set_mac(endpoint, NULL, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "mac is NULL");
    REFUSED(macvlan_netns_run((macvlan_netns *)endpoint, NULL, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "netns is not a macvlan_netns");

    /* Objects of another type, and memory that is not an object. */
    REFUSED(macvlan_host_attach((macvlan_host *)endpoint, endpoint, NULL, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "attachment is NULL");
    REFUSED(macvlan_endpoint_clone((macvlan_endpoint *)((char *)endpoint + 1), &none, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "endpoint is not a macvlan_endpoint");
    CHECK(macvlan_netns_fd((macvlan_netns *)endpoint) == -1);
    macvlan_netns_free((macvlan_netns *)endpoint); /* has no effect */
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->name, "eth0");

    /* An error of another type is refused too, and its output is set in any case. */
    none = endpoint;
    CHECK(macvlan_endpoint_new("", "ens33", &none, &error) == -EINVAL);
    CHECK(none == NULL && error != NULL);
    CHECK(macvlan_endpoint_get((macvlan_endpoint *)error) == NULL);
    CHECK_TEXT(macvlan_error_message((macvlan_error *)endpoint), "no error");
    macvlan_error_free(error);
    error = (macvlan_error *)endpoint;
    CHECK(macvlan_endpoint_set_mtu(endpoint, 1400, &error) == 0);
    CHECK(error == NULL);
    macvlan_endpoint_free(endpoint);
}

static void a_thousand_errors(void)
{
    int at;
    for (at = 0; at < 1000; at++) {
        macvlan_endpoint *endpoint = NULL;
        CHECK(macvlan_endpoint_new("a/b", "ens33", &endpoint, NULL) == -EINVAL);
        REFUSED(macvlan_endpoint_new("a/b", "ens33", &endpoint, &error), EINVAL,
                MACVLAN_ERROR_INVALID_VALUE, "a/b");
    }
}

static void misuse(void)
{
    arguments();
    a_thousand_errors();
}

int main(void)
{
    return lab_main(misuse);
}
