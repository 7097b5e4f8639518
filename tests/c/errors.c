/*
 * The information in an error: the number, the kind, and the parts of the message.
 */

#include "lab.h"

static macvlan_endpoint *endpoint(const char *name, const char *parent, const char *address)
{
    macvlan_endpoint *made = NULL;
    MUST(macvlan_endpoint_new(name, parent, &made, &error));
    MUST(macvlan_endpoint_add_address(made, address, &error));
    return made;
}

static void all_parts_of_an_error(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_attachment *attachment = (macvlan_attachment *)l; /* must be overwritten */
    macvlan_endpoint *eth0 = endpoint("eth0", "ens33", "192.168.15.3/24");
    macvlan_error *error = NULL;
    char expected[256];

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_set_mtu(eth0, 9000, &error));
    CHECK(macvlan_host_attach(l->host, eth0, container, &attachment, &error) == -EINVAL);
    CHECK(attachment == NULL);
    CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_MTU_TOO_LARGE);
    CHECK(macvlan_error_errno(error) == EINVAL);
    CHECK(!macvlan_error_get(error)->is_exists && !macvlan_error_get(error)->is_not_found);
    CHECK(!macvlan_error_get(error)->is_permission_denied);
    CHECK(!macvlan_error_get(error)->is_invalid_value);
    CHECK_TEXT(macvlan_error_get(error)->kind_name, "mtu-too-large");
    CHECK_TEXT(macvlan_error_get(error)->operation, "create macvlan");
    CHECK_TEXT(macvlan_error_get(error)->cause, "MTU 9000 is above the parent's 1500");
    CHECK_TEXT(macvlan_error_get(error)->link, "eth0");
    CHECK_TEXT(macvlan_error_get(error)->parent, "ens33");
    CHECK_TEXT(macvlan_error_get(error)->netns, macvlan_netns_text(container));
    CHECK_TEXT(macvlan_error_get(error)->hint, "lower it or raise the parent's");
    CHECK_TEXT(macvlan_error_get(error)->kernel_message, NULL);
    CHECK(macvlan_error_get(error)->leftover_count == 0);
    CHECK(macvlan_error_get(error)->leftovers == NULL);
    CHECK(macvlan_error_get(error)->kind == MACVLAN_ERROR_MTU_TOO_LARGE);
    CHECK(macvlan_error_get(error)->error_number == EINVAL);
    CHECK_TEXT(macvlan_error_get(error)->message, macvlan_error_message(error));
    snprintf(expected, sizeof expected,
             "\"eth0\" on parent \"ens33\" in %s: cannot create macvlan: MTU 9000 is above the "
             "parent's 1500; lower it or raise the parent's",
             macvlan_netns_text(container));
    CHECK_TEXT(macvlan_error_message(error), expected);
    printf("%s\n", macvlan_error_message(error));
    macvlan_error_free(error);

    /* Without an error argument, only the number is returned. */
    CHECK(macvlan_host_attach(l->host, eth0, container, &attachment, NULL) == -EINVAL);

    macvlan_endpoint_free(eth0);
    macvlan_netns_free(container);
}

static void kinds(lab *l)
{
    macvlan_netns *container = NULL, *other = NULL;
    macvlan_attachment *attachment = NULL, *none = NULL;
    macvlan_endpoint *eth0 = endpoint("eth0", "ens33", "192.168.15.3/24");
    macvlan_endpoint *astray = endpoint("eth0", "ens99", "192.168.15.3/24");
    macvlan_endpoint *far = endpoint("eth1", "ens33", "192.168.15.4/24");
    macvlan_endpoint *alone = endpoint("eth1", "ens33", "192.168.15.5/24");
    pid_t pid;

    MUST(macvlan_netns_anonymous(&container, &error));
    REFUSED(macvlan_host_attach(l->host, astray, container, &none, &error), ENODEV,
            MACVLAN_ERROR_PARENT_NOT_FOUND, "\"eth0\" on parent \"ens99\"");

    MUST(macvlan_host_attach(l->host, eth0, container, &attachment, &error));
    REFUSED(macvlan_host_attach(l->host, eth0, container, &none, &error), EEXIST,
            MACVLAN_ERROR_NAME_TAKEN, "eth0");

    MUST(macvlan_endpoint_add_gateway(far, "10.9.9.9", &error));
    REFUSED(macvlan_host_attach(l->host, far, container, &none, &error), ENETUNREACH,
            MACVLAN_ERROR_GATEWAY_UNREACHABLE, "10.9.9.9");

    lab_set_mode(alone, MACVLAN_MODE_PASSTHRU);
    REFUSED(macvlan_host_attach(l->host, alone, container, &none, &error), EINVAL,
            MACVLAN_ERROR_PASSTHRU_CONFLICT, "passthru");
    CHECK(none == NULL);

    pid = lab_start_container();
    lab_stop_container(pid);
    if (!lab_under_valgrind())
        REFUSED(macvlan_netns_from_pid(pid, &other, &error), ESRCH, MACVLAN_ERROR_NAMESPACE_GONE,
                "the process does not exist");
    REFUSED(macvlan_netns_from_name("no-such-namespace", &other, &error), ENOENT,
            MACVLAN_ERROR_NAMESPACE_GONE, "no-such-namespace");
    REFUSED(macvlan_netns_from_path("/dev/null", &other, &error), ENOTTY,
            MACVLAN_ERROR_NOT_A_NAMESPACE, "/dev/null");
    REFUSED(macvlan_handle_delete_link(l->ip_here, "ens99", &error), ENODEV,
            MACVLAN_ERROR_NOT_FOUND, "ens99");
    REFUSED(macvlan_handle_add_address(l->ip_there, "ens33", "192.168.15.2/24", &error), EEXIST,
            MACVLAN_ERROR_ADDRESS_TAKEN, "192.168.15.2/24");
    CHECK(other == NULL);

    /* Failures change nothing: the attachment still exists, and can be detached once. */
    CHECK(lab_ping(container, "192.168.15.2"));
    MUST(macvlan_host_detach(l->host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(eth0);
    macvlan_endpoint_free(astray);
    macvlan_endpoint_free(far);
    macvlan_endpoint_free(alone);
    macvlan_netns_free(container);
}

static void classes(lab *l)
{
    macvlan_error *error = NULL;
    CHECK(macvlan_handle_delete_link(l->ip_here, "ens99", &error) == -ENODEV);
    CHECK(macvlan_error_get(error)->is_not_found && !macvlan_error_get(error)->is_exists);
    macvlan_error_free(error);
    CHECK(macvlan_handle_add_address(l->ip_there, "ens33", "192.168.15.2/24", &error) == -EEXIST);
    CHECK(macvlan_error_get(error)->is_exists);
    macvlan_error_free(error);
    CHECK(macvlan_handle_add_address(l->ip_there, "ens33", "192.168.15.2", &error) == -EINVAL);
    CHECK(macvlan_error_get(error)->is_invalid_value);
    macvlan_error_free(error);
    CHECK(macvlan_handle_set_up(NULL, "ens33", &error) == -EINVAL);
    CHECK(macvlan_error_get(error)->is_invalid_value);
    macvlan_error_free(error);
}

static void no_error(void)
{
    CHECK_TEXT(macvlan_error_message(NULL), "no error");
    CHECK(macvlan_error_kind(NULL) == MACVLAN_ERROR_NONE);
    CHECK(macvlan_error_errno(NULL) == 0);
    CHECK(macvlan_error_get(NULL) == NULL);
    macvlan_error_free(NULL);
}

static void errors(void)
{
    lab l = lab_open();
    all_parts_of_an_error(&l);
    kinds(&l);
    classes(&l);
    no_error();
    lab_close(&l);
}

int main(void)
{
    return lab_main(errors);
}
