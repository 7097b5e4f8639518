/*
 * Many containers at once: one result each, and a failure does not stop the others. Then all are
 * detached, some in the background, and the pool is freed.
 */

#include "lab.h"

#define MANY 10

static void all_at_once(lab *l)
{
    macvlan_netns *containers[MANY];
    macvlan_endpoint *endpoints[MANY];
    const macvlan_endpoint *of_these[MANY];
    const macvlan_netns *to_those[MANY];
    const macvlan_attachment *away[MANY];
    macvlan_attachment *attachments[MANY], *none = (macvlan_attachment *)l;
    macvlan_error *errors[MANY], *first = NULL;
    int at;

    for (at = 0; at < MANY; at++) {
        char address[32];
        MUST(macvlan_netns_anonymous(&containers[at], &error));
        MUST(macvlan_endpoint_new("eth0", at == 3 ? "ens99" : "ens33", &endpoints[at], &error));
        snprintf(address, sizeof address, "192.168.15.%d/24", 10 + at);
        MUST(macvlan_endpoint_add_address(endpoints[at], address, &error));
        of_these[at] = endpoints[at];
        to_those[at] = containers[at];
        attachments[at] = (macvlan_attachment *)l; /* must be overwritten */
        errors[at] = (macvlan_error *)l;
    }
    CHECK(macvlan_host_attach_all(l->host, of_these, to_those, MANY, attachments, errors, &first)
          == -ENODEV);
    CHECK(macvlan_error_kind(first) == MACVLAN_ERROR_PARENT_NOT_FOUND);
    CHECK_TEXT(macvlan_error_message(first), macvlan_error_message(errors[3]));
    macvlan_error_free(first);
    for (at = 0; at < MANY; at++) {
        CHECK((attachments[at] == NULL) == (at == 3));
        CHECK((errors[at] != NULL) == (at == 3));
        macvlan_error_free(errors[at]);
        macvlan_endpoint_free(endpoints[at]);
    }
    CHECK(lab_ping(containers[9], "192.168.15.2"));
    CHECK(lab_ping(containers[9], "192.168.15.10"));

    /* The errors, or the first one, can be omitted. */
    CHECK(macvlan_host_attach_all(l->host, of_these + 3, to_those, 0, NULL, NULL, NULL) == 0);
    REFUSED(macvlan_host_attach_all(l->host, NULL, to_those, 1, &none, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "endpoints is NULL");
    CHECK(none == NULL); /* set in any case */
    of_these[0] = NULL;
    REFUSED(macvlan_host_attach_all(l->host, of_these, to_those, 1, &none, NULL, &error),
            EINVAL, MACVLAN_ERROR_INVALID_VALUE, "endpoints[0] is NULL");

    for (at = 0; at < MANY; at++)
        away[at] = attachments[at == 3 ? 1 : at];
    MUST(macvlan_host_detach_all(l->host, away, MANY, NULL, &error));
    CHECK(lab_silent(containers[9], "192.168.15.2"));
    for (at = 0; at < MANY; at++) {
        macvlan_attachment_free(attachments[at]);
        macvlan_netns_free(containers[at]);
    }
}

static void one_by_one(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_detach_handle *detaching = NULL;
    bool was_there = false;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    MUST(macvlan_host_detach_later(l->host, attachment, &detaching, &error));
    MUST(macvlan_detach_handle_wait(detaching, &was_there, &error));
    CHECK(was_there && macvlan_detach_handle_is_finished(detaching));
    REFUSED(macvlan_detach_handle_wait(detaching, &was_there, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "already been waited for");
    macvlan_detach_handle_free(detaching);

    /* Detaching an attachment that is already gone succeeds. */
    MUST(macvlan_host_detach(l->host, attachment, &error));
    MUST(macvlan_host_detach_and_tell(l->host, attachment, &was_there, &error));
    CHECK(!was_there);
    macvlan_attachment_free(attachment);
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    MUST(macvlan_host_detach_and_tell(l->host, attachment, &was_there, &error));
    CHECK(was_there);
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
    MUST(macvlan_host_remove_unused_parents(l->host, &error));
}

static void pools(lab *l)
{
    macvlan_pool *pool = NULL, *other = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_netns *container = NULL;
    macvlan_netns_list *ready = NULL;
    macvlan_error *error = NULL;
    size_t made = 0;

    MUST(macvlan_host_pool(l->host, "ens33", 2, &pool, &error));
    CHECK(macvlan_pool_count(pool) == 2);
    MUST(macvlan_pool_namespaces(pool, &ready, &error));
    CHECK(macvlan_netns_list_count(ready) == 2 && macvlan_netns_list_get(ready, 2) == NULL);
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.50/24", &error));
    MUST(macvlan_pool_attach(pool, endpoint, &container, &attachment, &error));
    CHECK(macvlan_pool_count(pool) == 1);
    CHECK_TEXT(macvlan_attachment_get(attachment)->name, "eth0");
    CHECK(macvlan_netns_same_as(container, macvlan_netns_list_get(ready, 0)));
    macvlan_netns_list_free(ready);
    CHECK(lab_ping(container, "192.168.15.2"));
    MUST(macvlan_pool_fill(pool, &made, &error));
    CHECK(made == 1 && macvlan_pool_count(pool) == 2);
    MUST(macvlan_pool_fill(pool, NULL, &error));
    macvlan_attachment_free(attachment);
    macvlan_pool_free(pool);

    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    MUST(macvlan_host_pool_of(l->host, endpoint, 1, &other, &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1300, &error));
    macvlan_netns_free(container);
    CHECK(macvlan_pool_attach(other, endpoint, &container, &attachment, &error) == -EINVAL);
    CHECK(attachment == NULL && container == NULL && macvlan_error_get(error)->is_invalid_value);
    macvlan_error_free(error);
    macvlan_pool_free(other);
    macvlan_endpoint_free(endpoint);
}

static void crowd(void)
{
    lab l = lab_open();
    all_at_once(&l);
    one_by_one(&l);
    pools(&l);
    lab_close(&l);
}

int main(void)
{
    return lab_main(crowd);
}
