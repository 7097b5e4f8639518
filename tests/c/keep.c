/*
 * A container is attached again when its parent comes back, in a loop over descriptors.
 */

#include "lab.h"

#include <poll.h>

static lab l;

/* Returns a container's eth0 with one address of the LAN. */
static macvlan_endpoint *eth0(const char *address)
{
    macvlan_endpoint *endpoint = NULL;
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, address, &error));
    return endpoint;
}

/* Returns the next event, by poll(2), which must be of this kind and about eth0 in this
 * container. */
static macvlan_keep_event *await(macvlan_keeper *keeper, uint32_t kind, const macvlan_netns *container)
{
    macvlan_keep_event *event = NULL;
    macvlan_netns *netns = NULL;
    uint64_t device, inode;
    struct pollfd readable;
    int tries;
    readable.fd = macvlan_keeper_fd(keeper);
    readable.events = POLLIN;
    for (tries = 0; tries < 100 && event == NULL; tries++) {
        int patience = macvlan_keeper_patience(keeper);
        CHECK(poll(&readable, 1, patience < 0 || patience > 1000 ? 1000 : patience) >= 0);
        MUST(macvlan_keeper_next(keeper, 0, &event, &error));
    }
    CHECK(event != NULL); /* otherwise no event came */
    puts(macvlan_keep_event_get(event)->text);
    CHECK(macvlan_keep_event_get(event)->kind == kind);
    CHECK_TEXT(macvlan_keep_event_get(event)->name, "eth0");
    MUST(macvlan_keep_event_netns(event, &netns, &error));
    CHECK(macvlan_netns_same_as(netns, container));
    macvlan_netns_id(netns, &device, &inode);
    CHECK(macvlan_keep_event_get(event)->netns_device == device);
    CHECK(macvlan_keep_event_get(event)->netns_inode == inode);
    macvlan_netns_free(netns);
    return event;
}

/* Creates a cable with this MTU. */
static void plug(uint32_t mtu)
{
    macvlan_link_options cable = MACVLAN_INIT(macvlan_link_options);
    cable.kind = "veth";
    cable.name = cable.peer = "ens33";
    cable.peer_netns = l.there;
    cable.mtu = mtu;
    cable.up = true;
    MUST(macvlan_handle_add_link(l.ip_here, &cable, &error));
    MUST(macvlan_handle_set_up(l.ip_there, "ens33", &error));
    MUST(macvlan_handle_add_address(l.ip_there, "ens33", "192.168.15.2/24", &error));
}

static void keeps(void)
{
    macvlan_netns *containers[2] = { NULL, NULL };
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24"), *other = eth0("192.168.15.4/24");
    const macvlan_endpoint *of_these[1];
    const macvlan_netns *to_those[1];
    macvlan_keeper *keeper = NULL;
    macvlan_keep_event *event = NULL;
    macvlan_attachment_list *attached = NULL;
    macvlan_attachment *attachment = NULL;
    const macvlan_attachment *again;
    uint8_t mac[6];

    l = lab_open();
    MUST(macvlan_netns_anonymous(&containers[0], &error));
    MUST(macvlan_netns_anonymous(&containers[1], &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    of_these[0] = endpoint;
    to_those[0] = containers[0];
    MUST(macvlan_host_keep(l.host, of_these, to_those, 1, &keeper, &error));
    MUST(macvlan_keeper_add(keeper, other, containers[1], &error));
    macvlan_endpoint_free(endpoint);
    macvlan_endpoint_free(other);
    MUST(macvlan_keeper_attachments(keeper, &attached, &error));
    CHECK(macvlan_attachment_list_count(attached) == 2);
    memcpy(mac, macvlan_attachment_get(macvlan_attachment_list_get(attached, 0))->mac, 6);
    macvlan_attachment_list_free(attached);
    CHECK(macvlan_keeper_patience(keeper) == -1);

    /* No longer kept, but still attached. */
    MUST(macvlan_keeper_release(keeper, "eth1", containers[1], &attachment, &error));
    CHECK(attachment == NULL);
    MUST(macvlan_keeper_release(keeper, "eth0", containers[1], &attachment, &error));
    CHECK_TEXT(macvlan_attachment_get(attachment)->addresses[0], "192.168.15.4/24");
    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);

    MUST(macvlan_handle_set_down(l.ip_here, "ens33", &error));
    MUST(macvlan_handle_rename(l.ip_here, "ens33", "lan7", &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_RENAMED, containers[0]);
    CHECK_TEXT(macvlan_keep_event_get(event)->parent, "lan7");
    CHECK(macvlan_keep_event_get(event)->attachment != NULL);
    CHECK(macvlan_keep_event_get(event)->error == NULL);
    macvlan_keep_event_free(event);

    MUST(macvlan_handle_delete_link(l.ip_here, "lan7", &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_GONE, containers[0]);
    CHECK_TEXT(macvlan_keep_event_get(event)->parent, NULL);
    macvlan_keep_event_free(event);
    MUST(macvlan_keeper_next(keeper, 0, &event, &error));
    CHECK(event == NULL);

    /* It comes back with an MTU that is too small at first. */
    plug(1300);
    event = await(keeper, MACVLAN_KEEP_EVENT_FAILED, containers[0]);
    CHECK(macvlan_keep_event_get(event)->attachment == NULL);
    CHECK(macvlan_error_kind(macvlan_keep_event_get(event)->error) == MACVLAN_ERROR_MTU_TOO_LARGE);
    macvlan_keep_event_free(event);
    CHECK(macvlan_keeper_patience(keeper) >= 0);
    MUST(macvlan_handle_set_mtu(l.ip_here, "ens33", 1500, &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_ATTACHED, containers[0]);
    again = macvlan_keep_event_get(event)->attachment;
    CHECK(memcmp(mac, macvlan_attachment_get(again)->mac, 6) == 0);
    macvlan_keep_event_free(event);
    CHECK(lab_ping(containers[0], "192.168.15.2"));

    /* Waits without a time limit. */
    MUST(macvlan_handle_delete_link(l.ip_here, "ens33", &error));
    MUST(macvlan_keeper_next(keeper, -1, &event, &error));
    CHECK(macvlan_keep_event_get(event)->kind == MACVLAN_KEEP_EVENT_GONE);
    macvlan_keep_event_free(event);

    /* A container that ends is released: its namespace is not held open. */
    macvlan_netns_free(containers[0]);
    MUST(macvlan_keeper_next(keeper, -1, &event, &error));
    CHECK(macvlan_keep_event_get(event)->kind == MACVLAN_KEEP_EVENT_ENDED);
    CHECK(macvlan_error_kind(macvlan_keep_event_get(event)->error) == MACVLAN_ERROR_NAMESPACE_GONE);
    REFUSED(macvlan_keep_event_netns(event, &containers[0], &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "again");
    CHECK(containers[0] == NULL);
    macvlan_keep_event_free(event);
    macvlan_keeper_free(keeper);
    macvlan_netns_free(containers[1]);
    lab_close(&l);
}

int main(void)
{
    return lab_main(keeps);
}
