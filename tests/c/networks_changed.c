/*
 * An existing network is changed, and given another parent; its containers are connected again.
 * Networks are ensured as a configuration says, and containers that are no longer valid are
 * disconnected.
 */

#include "lab_networks.h"

/* Returns the container of the only lease in a list. */
static const char *only(size_t count, const macvlan_lease *const *leases)
{
    CHECK(count == 1);
    return macvlan_lease_get(leases[0])->container;
}

/* The network matches the configuration, whether or not it existed before. */
static void ensured(macvlan_networks *networks)
{
    macvlan_network_config config = lab_config("ensured", "10.3.0.0/24");
    macvlan_updated *updated = NULL;

    MUST(macvlan_networks_ensure(networks, &config, &updated, &error));
    CHECK(macvlan_updated_get(updated)->created);
    macvlan_updated_free(updated);
    config.mtu = 1400;
    MUST(macvlan_networks_ensure(networks, &config, &updated, &error));
    CHECK(!macvlan_updated_get(updated)->created);
    CHECK_TEXT(macvlan_network_get(macvlan_updated_get(updated)->network)->name, "ensured");
    macvlan_updated_free(updated);
}

/* Valid containers stay, the others are disconnected. */
static void retained(const macvlan_network *network)
{
    const char *valid[] = { "c1", "c2" };
    macvlan_retained *retained = NULL;

    MUST(macvlan_network_retain(network, valid, 2, &retained, &error));
    CHECK(macvlan_retained_get(retained)->released_count == 0);
    macvlan_retained_free(retained);
    REFUSED(macvlan_network_retain(network, NULL, 2, &retained, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "valid is NULL");
    MUST(macvlan_network_retain(network, NULL, 0, &retained, &error));
    CHECK_TEXT(only(macvlan_retained_get(retained)->released_count, macvlan_retained_get(retained)->released),
               "c1");
    CHECK(macvlan_retained_get(retained)->failed_count == 0);
    CHECK(macvlan_retained_get(retained)->failed == NULL);
    CHECK(macvlan_retained_get(retained)->errors == NULL);
    macvlan_retained_free(retained);
}

static void changed(void)
{
    static const char *const routes[] = { "10.9.0.0/16 via 10.1.0.254" };
    lab l = lab_open();
    macvlan_networks *networks = lab_networks(&l, "a");
    macvlan_network_config config = lab_config("lan", "10.1.0.0/24");
    macvlan_network *network = NULL;
    macvlan_updated *updated = NULL, *other = NULL;
    macvlan_netns *c1 = NULL;
    macvlan_parent parent = MACVLAN_INIT(macvlan_parent);
    const macvlan_network *now;

    MUST(macvlan_netns_anonymous(&c1, &error));
    MUST(macvlan_networks_create(networks, &config, &network, &error));
    CHECK(macvlan_network_get(network)->warning_count == 0);
    CHECK(macvlan_network_get(network)->warnings == NULL);
    CHECK_TEXT(lab_join(network, "c1", c1), "10.1.0.2");

    config.mtu = 1400;
    config.routes = routes;
    config.route_count = 1;
    MACVLAN_SET(config.metric, 50);
    MACVLAN_SET(config.allmulticast, true);
    MUST(macvlan_network_update(network, &config, &updated, &error));
    CHECK_TEXT(only(macvlan_updated_get(updated)->outdated_count, macvlan_updated_get(updated)->outdated),
               "c1");
    CHECK(macvlan_updated_get(updated)->unaffected_count == 0);
    CHECK(macvlan_updated_get(updated)->unaffected == NULL);
    CHECK_TEXT(lab_join(network, "c1", c1), "10.1.0.2");
    lab_witness(c1, "ip link show eth0", "mtu 1400");
    lab_witness(c1, "ip link show eth0", "ALLMULTI");
    lab_witness(c1, "ip route show default", "default via 10.1.0.1 dev eth0 proto 109 metric 50");
    lab_witness(c1, "ip route show 10.9.0.0/16", "via 10.1.0.254 dev eth0");
    REFUSED(macvlan_network_update(network, &config, &other, &error), EAGAIN,
            MACVLAN_ERROR_NETWORK_CONTENDED, "the network was changed");
    CHECK(other == NULL);

    /* A missing parent causes a warning, and only connecting is refused. */
    MUST(macvlan_network_set_parent(network, "ens77", &other, &error));
    now = macvlan_updated_get(other)->network;
    CHECK_TEXT(macvlan_network_get(now)->parent, "ens77");
    CHECK(macvlan_network_get(now)->warning_count == 1);
    CHECK(strstr(macvlan_network_get(now)->warnings[0], "ens77 does not exist") != NULL);
    macvlan_updated_free(other);
    parent.text = "ens33";
    MUST(macvlan_network_set_parent_options(network, &parent, &other, &error));
    CHECK_TEXT(macvlan_network_get(macvlan_updated_get(other)->network)->parent, "ens33");
    CHECK(macvlan_network_get(macvlan_updated_get(other)->network)->warning_count == 0);
    macvlan_updated_free(other);

    /* An address of a container cannot be removed. */
    config = lab_config("lan", "10.2.0.0/24");
    macvlan_network_free(network);
    MUST(macvlan_networks_get(networks, "lan", &network, &error));
    REFUSED(macvlan_network_update(network, &config, &other, &error), EBUSY,
            MACVLAN_ERROR_NETWORK_IN_USE, "container \"c1\" has 10.1.0.2/24");
    ensured(networks);
    retained(network);
    macvlan_updated_free(updated);
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    macvlan_netns_free(c1);
    lab_close(&l);
}

int main(void)
{
    return lab_main(changed);
}
