/*
 * A network without a parent: its containers reach only one another, on the network's own dummy
 * link. Its subnet is chosen by default. Some kernels lack dummy links.
 */

#include "lab_networks.h"

/* Skipped if the kernel lacks them, before a store is open. */
static void needs_dummies(const lab *l)
{
    macvlan_link_options dummy = MACVLAN_INIT(macvlan_link_options);
    dummy.kind = "dummy";
    dummy.name = "dummy0";
    MUST(macvlan_handle_add_link(l->ip_there, &dummy, &error));
}

static void isolated(void)
{
    lab l = lab_open();
    macvlan_networks *networks;
    macvlan_network_config config = MACVLAN_INIT(macvlan_network_config);
    macvlan_network *network = NULL;
    macvlan_netns *c1 = NULL, *c2 = NULL;
    const macvlan_network_config *created;
    char command[128];

    needs_dummies(&l);
    networks = lab_networks(&l, "a");
    MUST(macvlan_netns_anonymous(&c1, &error));
    MUST(macvlan_netns_anonymous(&c2, &error));
    config.name = "alone";
    MUST(macvlan_networks_create(networks, &config, &network, &error));
    created = macvlan_network_get(network)->config;
    CHECK_TEXT(created->parent, NULL);
    CHECK(created->subnet_count == 1);
    CHECK_TEXT(created->subnets[0]->net, "172.17.0.0/16");
    snprintf(command, sizeof command, "ip -d link show %s", macvlan_network_get(network)->parent);
    lab_witness(l.here, command, "dummy");

    CHECK_TEXT(lab_join(network, "c1", c1), "172.17.0.2");
    CHECK_TEXT(lab_join(network, "c2", c2), "172.17.0.3");
    CHECK(lab_ping(c1, "172.17.0.3"));
    MUST(macvlan_handle_add_address(l.ip_there, "ens33", "172.17.0.99/16", &error));
    CHECK(lab_silent(c1, "172.17.0.99"));

    MUST(macvlan_network_disconnect_from(network, "c1", c1, NULL, &error));
    MUST(macvlan_network_disconnect_from(network, "c2", c2, NULL, &error));
    MUST(macvlan_network_remove(network, &error));
    lab_witness(l.here, "ip -o link show type dummy | grep . || echo none", "none");
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    macvlan_netns_free(c1);
    macvlan_netns_free(c2);
    lab_close(&l);
}

int main(void)
{
    return lab_main(isolated);
}
