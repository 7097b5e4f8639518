/*
 * The events in a container's namespace while an interface is attached and detached.
 */

#include "lab.h"

#include <poll.h>

/* Reads events until one of a kind about an object of that name has come. */
static void await(macvlan_watch *watch, uint32_t kind, const char *what)
{
    for (;;) {
        macvlan_event *event = NULL;
        const macvlan_event_info *info;
        const char *about = NULL;
        bool found;
        MUST(macvlan_watch_next(watch, PATIENCE, &event, &error));
        CHECK(event != NULL); /* otherwise no event came */
        info = macvlan_event_get(event);
        if (info->link != NULL)
            about = info->link->name;
        if (info->address != NULL)
            about = info->address->text;
        if (info->route != NULL)
            about = info->route->text;
        CHECK(about != NULL);
        printf("%u %s\n", info->kind, about);
        found = info->kind == kind && strstr(about, what) == about;
        macvlan_event_free(event);
        if (found)
            return;
    }
}

static void watch(void)
{
    lab l = lab_open();
    macvlan_netns *container = NULL;
    macvlan_handle *inside = NULL;
    macvlan_watch *watch = NULL;
    macvlan_event *event = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    struct pollfd readable;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_handle_open_in_netns(container, &inside, &error));
    MUST(macvlan_handle_watch(inside, &watch, &error));
    readable.fd = macvlan_watch_fd(watch);
    readable.events = POLLIN;
    CHECK(poll(&readable, 1, 0) == 0);
    MUST(macvlan_watch_next(watch, 0, &event, &error));
    CHECK(event == NULL);

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.3/24", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "10.9.0.0/16 via 192.168.15.2", &error));
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    CHECK(poll(&readable, 1, PATIENCE) == 1);
    await(watch, MACVLAN_EVENT_NEW_LINK, "eth0");
    await(watch, MACVLAN_EVENT_NEW_ADDRESS, "192.168.15.3/24");
    await(watch, MACVLAN_EVENT_NEW_ROUTE, "10.9.0.0/16");
    MUST(macvlan_handle_delete_route(inside, "10.9.0.0/16", &error));
    await(watch, MACVLAN_EVENT_DEL_ROUTE, "10.9.0.0/16");
    MUST(macvlan_handle_delete_address(inside, "eth0", "192.168.15.3/24", &error));
    await(watch, MACVLAN_EVENT_DEL_ADDRESS, "192.168.15.3/24");
    MUST(macvlan_host_detach(l.host, attachment, &error));
    await(watch, MACVLAN_EVENT_DEL_LINK, "eth0");

    /* Waits without a time limit. */
    MUST(macvlan_handle_set_down(inside, "lo", &error));
    MUST(macvlan_handle_set_mtu(inside, "lo", 40000, &error));
    MUST(macvlan_watch_next(watch, -1, &event, &error));
    CHECK(macvlan_event_get(event)->kind != MACVLAN_EVENT_LOST);
    macvlan_event_free(event);

    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_watch_free(watch);
    macvlan_handle_free(inside);
    macvlan_netns_free(container);
    lab_close(&l);
}

int main(void)
{
    return lab_main(watch);
}
