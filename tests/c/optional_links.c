/*
 * The kinds of link that some kernels lack: dummy and bridge.
 */

#include "lab.h"

static void optional_links(void)
{
    macvlan_netns *netns = NULL;
    macvlan_handle *ip = NULL;
    macvlan_link *link = NULL;
    macvlan_link_filter *ports = NULL;
    macvlan_link_list *list = NULL;

    MUST(macvlan_netns_anonymous(&netns, &error));
    MUST(macvlan_handle_open_in_netns(netns, &ip, &error));
    MUST(macvlan_link_new_bridge("br0", &link, &error));
    MUST(macvlan_handle_add_link(ip, link, &error));
    macvlan_link_free(link);
    MUST(macvlan_link_new_dummy("dummy0", &link, &error));
    MUST(macvlan_handle_add_link(ip, link, &error));
    macvlan_link_free(link);

    lab_witness(netns, "ip link set dummy0 master br0 && ip link show master br0", "dummy0");
    MUST(macvlan_link_filter_new(&ports, &error));
    MUST(macvlan_link_filter_set_controller(ports, "br0", &error));
    MUST(macvlan_handle_links(ip, ports, &list, &error));
    CHECK(macvlan_link_list_count(list) == 1);
    CHECK_TEXT(macvlan_link_info_name(macvlan_link_list_get(list, 0)), "dummy0");
    CHECK(macvlan_link_info_controller(macvlan_link_list_get(list, 0)) != 0);
    macvlan_link_list_free(list);
    macvlan_link_filter_free(ports);
    macvlan_handle_free(ip);
    macvlan_netns_free(netns);
}

int main(void)
{
    return lab_main(optional_links);
}
