/*
 * Recovery of networks: leases of containers that are gone are released, deleted interfaces are
 * created again, and addresses in use on the LAN are skipped and recorded.
 */

#include "lab_networks.h"

static lab l;

/* The default route leads through one network only, and never through an internal one. */
static void two_networks(macvlan_networks *networks)
{
    macvlan_network_config config = lab_config("inner", "10.7.0.2/32");
    macvlan_network *inner = NULL, *lan = NULL;
    macvlan_netns *container = NULL, *second = NULL;
    macvlan_connect_options options = lab_container_of("c2");
    macvlan_connection *connection = NULL;

    config.internal = true;
    MUST(macvlan_networks_create(networks, &config, &inner, &error));
    MUST(macvlan_networks_get(networks, "lan", &lan, &error));
    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_netns_anonymous(&second, &error));
    CHECK_TEXT(lab_join(inner, "c1", container), "10.7.0.2");
    lab_witness(container, "ip route show default | grep . || echo none", "none");
    CHECK_TEXT(lab_join(lan, "c1", container), "192.168.15.3");
    lab_witness(container, "ip route show default", "via 192.168.15.1 dev eth1");

    /* Its only address is leased. */
    REFUSED(macvlan_network_connect(inner, &options, second, &connection, &error), ENOSPC,
            MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED, "no address is left in 10.7.0.2/32");
    MUST(macvlan_network_disconnect_from(inner, "c1", container, NULL, &error));
    MUST(macvlan_network_disconnect_from(lan, "c1", container, NULL, &error));
    MUST(macvlan_network_remove(inner, &error));
    macvlan_network_free(inner);
    macvlan_network_free(lan);
    macvlan_netns_free(container);
    macvlan_netns_free(second);
}

/* A link deleted by hand is restored; the lease of a container that is gone is released. */
static void reconciles(macvlan_networks *networks, const macvlan_network *network)
{
    macvlan_netns *container = NULL;
    macvlan_reconciled_list *done = NULL;
    const macvlan_reconciled *one;
    pid_t pid = lab_start_container();
    macvlan_netns *dying = lab_container(pid);

    MUST(macvlan_netns_anonymous(&container, &error));
    CHECK_TEXT(lab_join(network, "c1", container), "192.168.15.3");
    CHECK_TEXT(lab_join(network, "c2", dying), "192.168.15.4");
    MUST(macvlan_networks_reconcile(networks, &done, &error));
    CHECK(macvlan_reconciled_list_count(done) == 0);
    macvlan_reconciled_list_free(done);

    lab_witness(container, "ip link delete eth0 && echo gone", "gone");
    macvlan_netns_free(dying);
    lab_stop_container(pid);
    MUST(macvlan_networks_reconcile(networks, &done, &error));
    CHECK(macvlan_reconciled_list_count(done) == 2);
    one = macvlan_reconciled_list_get(done, 0);
    puts(one->text);
    CHECK(one->kind == MACVLAN_RECONCILED_RELEASED);
    CHECK_TEXT(one->container, "c2");
    CHECK_TEXT(macvlan_lease_get(one->lease)->addresses[0], "192.168.15.4/24");
    one = macvlan_reconciled_list_get(done, 1);
    puts(one->text);
    CHECK(one->kind == MACVLAN_RECONCILED_REPAIRED);
    CHECK_TEXT(one->interface, "eth0");
    CHECK_TEXT(macvlan_lease_get(one->lease)->container, "c1");
    CHECK(one->expired == 0 && macvlan_reconciled_list_get(done, 2) == NULL);
    macvlan_reconciled_list_free(done);
    lab_witness(container, "ip -o address show dev eth0", "192.168.15.3/24");
    CHECK(lab_ping(container, "192.168.15.2"));

    MUST(macvlan_network_disconnect_from(network, "c1", container, NULL, &error));
    macvlan_netns_free(container);
}

static const macvlan_reconciled *find(const macvlan_reconciled_list *done, uint32_t kind)
{
    const macvlan_reconciled *one;
    size_t at;
    for (at = 0; (one = macvlan_reconciled_list_get(done, at)) != NULL; at++)
        if (one->kind == kind)
            return one;
    return NULL;
}

/* A store restored from a backup lacks a lease and a network that the kernel has, and keeps an
 * address for a container that has not returned. */
static void forgets(macvlan_networks *networks, const macvlan_network *network)
{
    macvlan_network_config config = lab_config("later", "10.8.0.0/24");
    macvlan_network *later = NULL, *keeping = NULL;
    macvlan_netns *known = NULL, *stray = NULL;
    macvlan_reconciled_list *done = NULL;
    const macvlan_reconciled *one;
    char path[256], command[512];

    MUST(macvlan_networks_create(networks, &config, &later, &error));
    config = lab_config("keeping", "10.9.0.0/24");
    config.reservation_ttl_s = 1;
    MUST(macvlan_networks_create(networks, &config, &keeping, &error));
    MUST(macvlan_netns_anonymous(&known, &error));
    MUST(macvlan_netns_anonymous(&stray, &error));
    CHECK_TEXT(lab_join(keeping, "c3", known), "10.9.0.2");
    MUST(macvlan_network_disconnect_from(keeping, "c3", known, NULL, &error));
    CHECK_TEXT(lab_join(network, "c1", known), "192.168.15.3");
    CHECK_TEXT(lab_join(later, "c2", stray), "10.8.0.2");
    lab_path(path, sizeof path, "networks.db");
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3; store = sqlite3.connect('%s'); "
             "store.execute('PRAGMA foreign_keys = on'); store.execute('DELETE FROM lease'); "
             "store.execute('DELETE FROM network WHERE name = \\'later\\''); store.commit()\"",
             path);
    lab_witness(known, command, "");

    sleep(2); /* longer than the address is kept */
    MUST(macvlan_networks_reconcile(networks, &done, &error));
    CHECK(macvlan_reconciled_list_count(done) == 3);
    one = find(done, MACVLAN_RECONCILED_ADOPTED);
    CHECK_TEXT(one->container, "c1");
    CHECK_TEXT(one->interface, "eth0");
    CHECK_TEXT(macvlan_lease_get(one->lease)->addresses[0], "192.168.15.3/24");
    one = find(done, MACVLAN_RECONCILED_REMOVED);
    CHECK_TEXT(one->container, "c2");
    CHECK_TEXT(one->interface, "eth0");
    CHECK(one->lease == NULL);
    one = find(done, MACVLAN_RECONCILED_EXPIRED);
    CHECK(one->expired == 1 && one->lease == NULL);
    CHECK_TEXT(one->container, NULL);
    CHECK(find(done, MACVLAN_RECONCILED_FAILED) == NULL);
    macvlan_reconciled_list_free(done);
    lab_witness(stray, "ip -o link show | wc -l", "1");

    MUST(macvlan_network_disconnect_from(network, "c1", known, NULL, &error));
    MUST(macvlan_network_remove(keeping, &error));
    macvlan_network_free(keeping);
    macvlan_network_free(later);
    macvlan_netns_free(known);
    macvlan_netns_free(stray);
}

/* A container that ends keeps its lease until it is collected, and its name until it returns. */
static void collects(macvlan_networks *networks, const macvlan_network *network)
{
    macvlan_collected *collected = NULL;
    pid_t pid = lab_start_container();
    macvlan_netns *dying = lab_container(pid), *returned = NULL;
    macvlan_connect_options options = lab_container_of("c1");
    macvlan_connection *connection = NULL;
    const macvlan_lease_info *lease = NULL;

    options.name = "web";
    MUST(macvlan_network_connect(network, &options, dying, &connection, &error));
    macvlan_connection_free(connection);
    MUST(macvlan_networks_collect(networks, &collected, &error));
    CHECK(macvlan_collected_get(collected)->lease_count == 0);
    macvlan_collected_free(collected);
    macvlan_netns_free(dying);
    lab_stop_container(pid);
    MUST(macvlan_networks_collect(networks, &collected, &error));
    CHECK(macvlan_collected_get(collected)->lease_count == 1);
    CHECK_TEXT(macvlan_lease_get(macvlan_collected_get(collected)->leases[0])->container, "c1");
    CHECK(macvlan_collected_get(collected)->expired == 0);
    macvlan_collected_free(collected);
    options.name = NULL;
    MUST(macvlan_netns_anonymous(&returned, &error));
    MUST(macvlan_network_connect(network, &options, returned, &connection, &error));
    lease = macvlan_lease_get(macvlan_connection_get(connection)->lease);
    CHECK_TEXT(lease->name, "web");
    CHECK_TEXT(lease->addresses[0], "192.168.15.3/24");
    macvlan_connection_free(connection);
    MUST(macvlan_network_disconnect_from(network, "c1", returned, NULL, &error));
    macvlan_netns_free(returned);
}

/* The other host has .2, and .3 is reported as taken too. */
static void foreigners(macvlan_networks *networks)
{
    const char *taken = "192.168.16.3";
    macvlan_network_config config = lab_config("wire", "192.168.16.0/24");
    macvlan_network *network = NULL;
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    macvlan_netns *container = NULL;
    macvlan_connect_options options = lab_container_of("c2");
    macvlan_connection *connection = NULL;
    macvlan_conflicting_address_list *foreign = NULL;
    bool was_known = false;

    MUST(macvlan_handle_add_address(l.ip_there, "ens33", "192.168.16.2/24", &error));
    config.probe = true;
    probe.quick = true;
    MACVLAN_SET(probe.deadline_ms, PATIENCE);
    MUST(macvlan_networks_set_probe(networks, &probe, &error));
    MUST(macvlan_networks_create(networks, &config, &network, &error));
    MUST(macvlan_network_add_conflicting_address(network, "192.168.16.3", &error));
    REFUSED(macvlan_network_add_conflicting_address(network, "10.9.9.9", &error), EADDRNOTAVAIL,
            MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE, "no subnet of the network contains");

    MUST(macvlan_netns_anonymous(&container, &error));
    options.addresses = &taken;
    options.address_count = 1;
    REFUSED(macvlan_network_connect(network, &options, container, &connection, &error), EADDRINUSE,
            MACVLAN_ERROR_NETWORK_ADDRESS_CONFLICT, "a host on the LAN that is not a container of this network has 192.168.16.3");
    CHECK_TEXT(lab_join(network, "c1", container), "192.168.16.4");

    MUST(macvlan_network_conflicting_addresses(network, &foreign, &error));
    CHECK(macvlan_conflicting_address_list_count(foreign) == 2);
    CHECK_TEXT(macvlan_conflicting_address_list_get(foreign, 0)->address, "192.168.16.2");
    CHECK(macvlan_conflicting_address_list_get(foreign, 0)->found > 1700000000);
    CHECK(macvlan_conflicting_address_list_get(foreign, 2) == NULL);
    macvlan_conflicting_address_list_free(foreign);
    MUST(macvlan_network_remove_conflicting_address(network, "192.168.16.3", &was_known, &error));
    CHECK(was_known);
    MUST(macvlan_network_remove_conflicting_address(network, "192.168.16.3", &was_known, &error));
    CHECK(!was_known);

    MUST(macvlan_network_disconnect_from(network, "c1", container, NULL, &error));
    MUST(macvlan_network_remove(network, &error));
    macvlan_network_free(network);
    macvlan_netns_free(container);
}

static void stores(void)
{
    macvlan_networks *networks = NULL;
    char path[256];
    FILE *file;

    REFUSED(macvlan_networks_open(l.host, "/no/such/directory/networks.db", &networks, &error),
            ENOENT, MACVLAN_ERROR_NETWORK_FILE, "/no/such/directory");
    REFUSED(macvlan_networks_open(l.host, "", &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "path of a file");
    lab_path(path, sizeof path, "letter");
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("This is a letter, and no store.", file) >= 0 && fclose(file) == 0);
    REFUSED(macvlan_networks_open(l.host, path, &networks, &error), EBADMSG,
            MACVLAN_ERROR_NETWORK_STORE_UNUSABLE, "letter");
    REFUSED(macvlan_networks_open_moved(l.host, path, &networks, &error), EBADMSG,
            MACVLAN_ERROR_NETWORK_STORE_UNUSABLE, "letter");
    CHECK(networks == NULL);
    lab_path(path, sizeof path, "moved.db");
    MUST(macvlan_networks_open_moved(l.host, path, &networks, &error));
    macvlan_networks_free(networks);
}

static void recovery(void)
{
    /* .2 is the other host's, and this network does not probe. */
    static const macvlan_pair reserved[] = { { "there", "192.168.15.2" } };
    macvlan_subnet subnet = lab_subnet("192.168.15.0/24");
    const macvlan_subnet *subnets[1];
    macvlan_network_config config;
    macvlan_networks *networks;
    macvlan_network *network = NULL;

    l = lab_open();
    networks = lab_networks(&l, "a");
    subnet.reserved = reserved;
    subnet.reserved_count = 1;
    subnets[0] = &subnet;
    config = lab_config_of("lan", subnets, 1);
    MUST(macvlan_networks_create(networks, &config, &network, &error));

    two_networks(networks);
    reconciles(networks, network);
    collects(networks, network);
    forgets(networks, network);
    foreigners(networks);
    stores();
    MUST(macvlan_network_remove(network, &error));
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    lab_close(&l);
}

int main(void)
{
    return lab_main(recovery);
}
