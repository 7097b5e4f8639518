/*
 * Addresses before there is a container, links that others move, and several interfaces of one
 * container in a network.
 */

#include "lab_networks.h"

static macvlan_lease *lease_of(const macvlan_network *network, const char *container)
{
    macvlan_lease *lease = NULL;
    MUST(macvlan_network_lease(network, container, &lease, &error));
    return lease;
}

/* An allocation becomes the container's that takes it. */
static void allocated(const macvlan_network *network, const macvlan_netns *inside)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
    macvlan_allocation allocation = MACVLAN_INIT(macvlan_allocation);
    macvlan_lease *lease = NULL, *other = NULL;
    macvlan_connect_options options = lab_container_of("c1");
    macvlan_connection *connection;
    char id[65];
    const char *leases[] = { id }, *address = "10.1.0.50";
    uint64_t age = 7;
    bool is = true;

    MACVLAN_SET(allocation.ipv6, false);
    allocation.mac.is_set = true;
    memcpy(allocation.mac.value, mac, 6);
    MUST(macvlan_network_allocate(network, &allocation, &lease, &error));
    CHECK_TEXT(macvlan_lease_get(lease)->addresses[0], "10.1.0.2/24");
    CHECK(macvlan_lease_get(lease)->is_pending && macvlan_lease_get(lease)->pending_since > 1700000000);
    MUST(macvlan_lease_pending_age(lease, &age, &error));
    CHECK(age < 600);
    CHECK_TEXT(macvlan_lease_get(lease)->container, macvlan_lease_get(lease)->endpoint);
    CHECK(macvlan_lease_get(lease)->netns_inode == 0 && macvlan_lease_get(lease)->netns_path == NULL);
    CHECK(strlen(macvlan_lease_get(lease)->netns_boot) == 36);
    MUST(macvlan_lease_is_of_this_boot(lease, &is, &error));
    CHECK(!is && macvlan_lease_get(lease)->link == NULL);
    snprintf(id, sizeof id, "%s", macvlan_lease_get(lease)->endpoint);
    macvlan_lease_free(lease);

    options.leases = leases;
    options.lease_count = 1;
    connection = lab_connect(network, &options, inside);
    CHECK_TEXT(macvlan_connection_get(connection)->addresses[0], "10.1.0.2");
    CHECK(!macvlan_lease_get(macvlan_connection_get(connection)->lease)->is_pending);
    macvlan_connection_free(connection);

    options.container = "c2";
    REFUSED(macvlan_network_connect(network, &options, inside, &connection, &error), ESTALE,
            MACVLAN_ERROR_NETWORK_LEASE_LOST, "is not pending");

    allocation.addresses = &address;
    allocation.address_count = 1;
    MUST(macvlan_network_allocate(network, &allocation, &other, &error));
    CHECK_TEXT(macvlan_lease_get(other)->addresses[0], "10.1.0.50/24");
    MUST(macvlan_network_disconnect(network, macvlan_lease_get(other)->endpoint, &is, &error));
    macvlan_lease_free(other);
}

/* The same container again, and each interface by itself. */
static void several(const macvlan_network *network, const macvlan_netns *inside)
{
    macvlan_connect_options options = lab_container_of("c1");
    macvlan_lease_list *leases = NULL;
    macvlan_lease *lease;
    bool was_there = false;

    options.interface = "net1";
    macvlan_connection_free(lab_connect(network, &options, inside));
    MUST(macvlan_network_leases_of(network, "c1", &leases, &error));
    CHECK(macvlan_lease_list_count(leases) == 2);
    CHECK_TEXT(macvlan_lease_get(macvlan_lease_list_get(leases, 1))->interface, "net1");
    macvlan_lease_list_free(leases);
    lease = lease_of(network, "c1/net1");
    CHECK_TEXT(macvlan_lease_get(lease)->addresses[0], "10.1.0.3/24");
    macvlan_lease_free(lease);
    MUST(macvlan_network_disconnect(network, "c1/net1", &was_there, &error));
    CHECK(was_there && lease_of(network, "c1/net1") == NULL);
    lease = lease_of(network, "c1");
    CHECK_TEXT(macvlan_lease_get(lease)->interface, "eth0");
    macvlan_lease_free(lease);
}

/* A link is created on the host, moved, found, and removed. */
static void moved(const lab *l, macvlan_networks *networks, const macvlan_network *network,
                  const macvlan_netns *inside)
{
    macvlan_connect_options options = lab_container_of("c3");
    macvlan_host_link *link = NULL, *none = NULL;
    macvlan_collected *collected = NULL;
    macvlan_lease *lease = NULL;
    const macvlan_host_link_info *info;
    bool was_there = false;

    MUST(macvlan_network_create_link(network, &options, &link, &error));
    info = macvlan_host_link_get(link);
    CHECK(strncmp(info->name, "mv-", 3) == 0 && info->index > 0);
    CHECK(info->mac[0] == 2 && info->mac[1] == 0x42);
    CHECK(info->gateway_count == 1 && info->route_count == 1);
    CHECK_TEXT(info->gateways[0], "10.1.0.1");
    CHECK_TEXT(info->routes[0], "10.9.0.0/16 via 10.1.0.254");
    CHECK_TEXT(macvlan_lease_get(info->lease)->link, info->name);
    REFUSED(macvlan_network_create_link(network, &options, &none, &error), EISCONN,
            MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED, "has not been moved");
    REFUSED(macvlan_network_bind(network, "c3", inside, &lease, &error), ENOTCONN,
            MACVLAN_ERROR_NETWORK_NOT_CONNECTED, "has not been moved");

    MUST(macvlan_handle_move_link(l->ip_here, info->name, inside, "eth5", &error));
    MUST(macvlan_network_bind(network, "c3", inside, &lease, &error));
    CHECK_TEXT(macvlan_lease_get(lease)->interface, "eth5");
    CHECK(!macvlan_lease_get(lease)->is_pending && macvlan_lease_get(lease)->pending_since == 0);
    macvlan_lease_free(lease);
    macvlan_host_link_free(link);
    MUST(macvlan_network_disconnect(network, "c3", &was_there, &error));
    CHECK(was_there);

    MUST(macvlan_network_create_link(network, &options, &link, &error));
    macvlan_host_link_free(link);
    MUST(macvlan_networks_collect(networks, &collected, &error));
    CHECK(macvlan_collected_get(collected)->lease_count == 1);
    macvlan_collected_free(collected);
}

static void pending(void)
{
    static const char *const routes[] = { "10.9.0.0/16 via 10.1.0.254" };
    lab l = lab_open();
    macvlan_networks *networks = lab_networks(&l, "a");
    macvlan_network_config config = lab_config("lan", "10.1.0.0/24");
    macvlan_network *network = NULL;
    macvlan_netns *inside = NULL;

    config.routes = routes;
    config.route_count = 1;
    MUST(macvlan_networks_create(networks, &config, &network, &error));
    MUST(macvlan_netns_anonymous(&inside, &error));
    allocated(network, inside);
    several(network, inside);
    /* A network keeps the settings of its session at the time it was returned. */
    MUST(macvlan_networks_set_pending_age(networks, 0, &error));
    moved(&l, networks, network, inside);
    macvlan_netns_free(inside);
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    lab_close(&l);
}

int main(void)
{
    return lab_main(pending);
}
