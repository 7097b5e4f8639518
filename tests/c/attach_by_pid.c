/*
 * The work of a container runtime: an existing container, known by its pid, gets an interface on
 * the real network with an address and a default route. Then the interface is removed.
 */

#include "lab.h"

static void attach_by_pid(void)
{
    lab l = lab_open();
    pid_t pid = lab_start_container();

    macvlan_netns *container = lab_container(pid); /* macvlan_netns_from_pid(pid, ...) */
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    const macvlan_attachment_info *eth0;
    uint8_t mac[6];
    char text[18];

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.3/24", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "192.168.15.2", &error));
    MUST(macvlan_mac_from_ipv4("192.168.15.3", mac, &error));
    MUST(macvlan_endpoint_set_mac(endpoint, mac, &error));

    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));

    eth0 = macvlan_attachment_get(attachment);
    CHECK(memcmp(eth0->mac, mac, 6) == 0);
    MUST(macvlan_mac_format(eth0->mac, text, &error));
    CHECK_TEXT(text, "02:42:c0:a8:0f:03");
    CHECK_TEXT(eth0->name, "eth0");
    CHECK_TEXT(eth0->addresses[0], "192.168.15.3/24");
    CHECK_TEXT(eth0->routes[0], "default via 192.168.15.2");
    CHECK(eth0->index > 0);
    printf("%s, index %u, %s, %s, on %s\n", eth0->name, eth0->index, text, eth0->addresses[0],
           eth0->parent);

    lab_witness(container, "ip -d link show eth0", "link/ether 02:42:c0:a8:0f:03");
    lab_witness(container, "ip -d link show eth0", "macvlan mode bridge");
    lab_witness(container, "ip link show lo", "LOOPBACK,UP");
    lab_witness(container, "ip route", "default via 192.168.15.2 dev eth0");

    /* The other host answers. Its own host cannot be reached, as usual with macvlan. */
    CHECK(lab_ping(container, "192.168.15.2"));
    MUST(macvlan_handle_add_address(l.ip_here, "ens33", "192.168.15.1/24", &error));
    CHECK(lab_silent(container, "192.168.15.1"));
    CHECK(lab_ping(l.here, "192.168.15.2"));

    MUST(macvlan_host_detach(l.host, attachment, &error));
    CHECK(lab_silent(container, "192.168.15.2"));

    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
    lab_stop_container(pid);
    lab_close(&l);
}

int main(void)
{
    return lab_main(attach_by_pid);
}
