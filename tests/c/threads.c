/*
 * Eight threads share one host, one handle and one endpoint: each attaches and detaches in its own
 * namespaces, and all read one attachment at once.
 */

#include "lab.h"

#include <pthread.h>

#define THREADS 8
#define ROUNDS 5

static lab shared;
static macvlan_endpoint *common;
static macvlan_attachment *seen_by_all;

static void look(void)
{
    uint8_t mac[6];
    CHECK_TEXT(macvlan_attachment_get(seen_by_all)->name, "eth0");
    CHECK_TEXT(macvlan_attachment_get(seen_by_all)->parent, "ens33");
    CHECK_TEXT(macvlan_attachment_get(seen_by_all)->addresses[0], "192.168.15.99/24");
    CHECK(macvlan_attachment_get(seen_by_all)->address_count == 1);
    memcpy(mac, macvlan_attachment_get(seen_by_all)->mac, 6);
    CHECK((mac[0] & 3) == 2);
}

static void *work(void *data)
{
    int number = *(int *)data, round;
    for (round = 0; round < ROUNDS; round++) {
        macvlan_netns *container = NULL;
        macvlan_endpoint *own = NULL;
        macvlan_attachment *first = NULL, *second = NULL, *none = NULL;
        macvlan_link_list *links = NULL;
        char address[32];

        look();
        MUST(macvlan_netns_anonymous(&container, &error));
        MUST(macvlan_host_attach(shared.host, common, container, &first, &error));
        MUST(macvlan_endpoint_clone(common, &own, &error));
        macvlan_endpoint_free(own);
        MUST(macvlan_endpoint_new("eth1", "ens33", &own, &error));
        snprintf(address, sizeof address, "10.%d.%d.1/24", number, round);
        MUST(macvlan_endpoint_add_address(own, address, &error));
        MUST(macvlan_host_attach(shared.host, own, container, &second, &error));
        CHECK_TEXT(macvlan_attachment_get(second)->addresses[0], address);

        /* An error in one thread does not affect the others. */
        REFUSED(macvlan_host_attach(shared.host, own, container, &none, &error), EEXIST,
                MACVLAN_ERROR_NAME_TAKEN, "eth1");
        CHECK(none == NULL);

        MUST(macvlan_handle_links(shared.ip_here, NULL, &links, &error));
        CHECK(macvlan_link_list_count(links) >= 2);
        macvlan_link_list_free(links);

        MUST(macvlan_host_detach(shared.host, first, &error));
        macvlan_attachment_free(first);
        macvlan_attachment_free(second);
        macvlan_endpoint_free(own);
        macvlan_netns_free(container); /* deletes eth1 too */
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[THREADS];
    int numbers[THREADS], at;
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = NULL;

    shared = lab_open();
    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_clone(endpoint, &common, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.99/24", &error));
    MUST(macvlan_host_attach(shared.host, endpoint, container, &seen_by_all, &error));

    for (at = 0; at < THREADS; at++) {
        numbers[at] = at;
        CHECK(pthread_create(&thread[at], NULL, work, &numbers[at]) == 0);
    }
    for (at = 0; at < THREADS; at++)
        CHECK(pthread_join(thread[at], NULL) == 0);

    MUST(macvlan_host_detach(shared.host, seen_by_all, &error));
    macvlan_attachment_free(seen_by_all);
    macvlan_endpoint_free(endpoint);
    macvlan_endpoint_free(common);
    macvlan_netns_free(container);
    lab_close(&shared);
}

int main(void)
{
    return lab_main(threads);
}
