/*
 * The properties of an attachment: the requested ones, the kernel's after a refresh, and the
 * attachments found on the host; two networks with source routing.
 */

#include "lab.h"

static macvlan_netns *container;

static macvlan_attachment *attach_much(lab *l)
{
    macvlan_endpoint *endpoint = NULL;
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_attachment *attachment = NULL;
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_assignment(endpoint, "192.168.15.3/24@192.168.15.2", &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.7.0.3/24", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "10.9.0.0/16 via 192.168.15.9 metric 50", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "blackhole 10.66.0.0/16", &error));
    MUST(macvlan_endpoint_set_alias(endpoint, "a web server", &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    MACVLAN_SET(options.bc_queue_len, 2000);
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    macvlan_endpoint_free(endpoint);
    return attachment;
}

static bool has_route(const macvlan_attachment *attachment, const char *route)
{
    size_t at;
    for (at = 0; at < macvlan_attachment_get(attachment)->route_count; at++)
        if (strcmp(macvlan_attachment_get(attachment)->routes[at], route) == 0)
            return true;
    return false;
}

static void getters(lab *l, macvlan_attachment *attachment)
{
    macvlan_netns *netns = NULL;
    macvlan_link *parent = NULL;
    uint64_t device, inode;
    int fd = 7;

    CHECK_TEXT(macvlan_attachment_get(attachment)->name, "eth0");
    CHECK_TEXT(macvlan_attachment_get(attachment)->kind, "macvlan");
    CHECK_TEXT(macvlan_attachment_get(attachment)->parent, "ens33");
    CHECK(macvlan_attachment_get(attachment)->mtu == 1400);
    MUST(macvlan_handle_link(l->ip_here, "ens33", &parent, &error));
    CHECK(macvlan_attachment_get(attachment)->parent_index == macvlan_link_get(parent)->index);
    macvlan_link_free(parent);

    CHECK(macvlan_attachment_get(attachment)->address_count == 2);
    CHECK_TEXT(macvlan_attachment_get(attachment)->addresses[1], "10.7.0.3/24");
    CHECK(has_route(attachment, "default via 192.168.15.2"));
    CHECK(has_route(attachment, "10.9.0.0/16 via 192.168.15.9 metric 50"));
    CHECK(has_route(attachment, "blackhole 10.66.0.0/16"));
    CHECK(macvlan_attachment_get(attachment)->rule_count == 0);
    CHECK(macvlan_attachment_get(attachment)->rules == NULL);

    MUST(macvlan_attachment_netns(attachment, &netns, &error));
    CHECK(macvlan_netns_same_as(netns, container));
    macvlan_netns_id(netns, &device, &inode);
    CHECK(macvlan_attachment_get(attachment)->netns_device == device);
    CHECK(macvlan_attachment_get(attachment)->netns_inode == inode && inode != 0);
    macvlan_netns_free(netns);
    MUST(macvlan_netns_anonymous(&netns, &error));
    REFUSED(macvlan_attachment_set_netns(attachment, netns, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "another network namespace");
    macvlan_netns_free(netns);
    MUST(macvlan_attachment_set_netns(attachment, container, &error));

    CHECK_TEXT(macvlan_attachment_get(attachment)->tap_path, NULL);
    REFUSED(macvlan_attachment_open_tap(attachment, &fd, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "macvlan");
    CHECK(fd == -1);
}

static void refresh(macvlan_attachment *attachment)
{
    macvlan_handle *inside = NULL;
    MUST(macvlan_handle_open_in_netns(container, &inside, &error));
    MUST(macvlan_handle_set_mtu(inside, "eth0", 1300, &error));
    MUST(macvlan_handle_add_address(inside, "eth0", "10.8.0.3/24", &error));
    CHECK(macvlan_attachment_get(attachment)->mtu == 1400);
    MUST(macvlan_attachment_refresh(attachment, &error));
    CHECK(macvlan_attachment_get(attachment)->mtu == 1300);
    CHECK_TEXT(macvlan_attachment_get(attachment)->addresses[2], "10.8.0.3/24");
    CHECK_TEXT(macvlan_attachment_get(attachment)->name, "eth0");
    CHECK(macvlan_attachment_get(attachment)->route_count >= 5);
    macvlan_handle_free(inside);
}

static void listed(lab *l, const macvlan_attachment *attachment)
{
    macvlan_attachment_list *list = NULL;
    macvlan_attachment *kept = NULL;
    const macvlan_attachment *found;

    MUST(macvlan_host_attachments(l->host, container, &list, &error));
    CHECK(macvlan_attachment_list_count(list) == 1);
    CHECK(macvlan_attachment_list_get(list, 1) == NULL);
    found = macvlan_attachment_list_get(list, 0);
    CHECK(macvlan_attachment_get(found)->index == macvlan_attachment_get(attachment)->index);

    /* A part of a list can be read, but not changed or freed; a clone belongs to the caller. */
    REFUSED(macvlan_attachment_refresh((macvlan_attachment *)found, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "attachment is a part of another object");
    macvlan_attachment_free((macvlan_attachment *)found);
    CHECK_TEXT(macvlan_attachment_get(found)->name, "eth0");
    MUST(macvlan_attachment_clone(found, &kept, &error));
    macvlan_attachment_list_free(list);
    MUST(macvlan_attachment_refresh(kept, &error));
    CHECK_TEXT(macvlan_attachment_get(kept)->name, "eth0");
    macvlan_attachment_free(kept);
}

static void two_networks(lab *l)
{
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    MUST(macvlan_endpoint_new("eth1", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_assignment(endpoint, "10.20.0.3/24@10.20.0.1", &error));
    MUST(macvlan_endpoint_set_source_routing(endpoint, 100, &error));
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    CHECK(macvlan_attachment_get(attachment)->rule_count == 1);
    CHECK_TEXT(macvlan_attachment_get(attachment)->rules[0], "from 10.20.0.3/32 table 100 priority 30000");
    lab_witness(container, "ip route show table 100", "default via 10.20.0.1 dev eth1");
    lab_witness(container, "ip rule", "from 10.20.0.3 lookup 100");
    MUST(macvlan_host_detach(l->host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
}

static void attachments(void)
{
    lab l = lab_open();
    macvlan_attachment *attachment;
    macvlan_netns *netns = NULL;
    macvlan_handle *handle = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    attachment = attach_much(&l);
    lab_witness(container, "ip -d link show eth0", "mtu 1400");
    lab_witness(container, "ip -d link show eth0", "alias a web server");
    lab_witness(container, "ip route", "blackhole 10.66.0.0/16");
    getters(&l, attachment);
    listed(&l, attachment);
    two_networks(&l);
    refresh(attachment);
    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);

    MUST(macvlan_host_netns(l.host, &netns, &error));
    CHECK(macvlan_netns_same_as(netns, l.here) && !macvlan_netns_same_as(netns, l.there));
    macvlan_netns_free(netns);
    MUST(macvlan_host_handle(l.host, &handle, &error));
    MUST(macvlan_handle_netns(handle, &netns, &error));
    CHECK(macvlan_netns_same_as(netns, l.here));
    macvlan_handle_free(handle);
    macvlan_netns_free(netns);

    macvlan_netns_free(container);
    lab_close(&l);
}

int main(void)
{
    return lab_main(attachments);
}
