/*
 * The kinds of link that some kernels lack: dummy and bridge.
 */

#include "lab.h"

static void optional_links(void)
{
    macvlan_netns *netns = NULL;
    macvlan_handle *ip = NULL;
    macvlan_link_options link = MACVLAN_INIT(macvlan_link_options);
    macvlan_link_filter ports = MACVLAN_INIT(macvlan_link_filter);
    macvlan_link_list *list = NULL;

    MUST(macvlan_netns_anonymous(&netns, &error));
    MUST(macvlan_handle_open_in_netns(netns, &ip, &error));
    link.kind = "bridge";
    link.name = "br0";
    MUST(macvlan_handle_add_link(ip, &link, &error));
    link.kind = "dummy";
    link.name = "dummy0";
    MUST(macvlan_handle_add_link(ip, &link, &error));

    lab_witness(netns, "ip link set dummy0 master br0 && ip link show master br0", "dummy0");
    ports.controller = "br0";
    MUST(macvlan_handle_links(ip, &ports, &list, &error));
    CHECK(macvlan_link_list_count(list) == 1);
    CHECK_TEXT(macvlan_link_list_get(list, 0)->name, "dummy0");
    CHECK(macvlan_link_list_get(list, 0)->controller != 0);
    macvlan_link_list_free(list);
    macvlan_handle_free(ip);
    macvlan_netns_free(netns);
}

int main(void)
{
    return lab_main(optional_links);
}
