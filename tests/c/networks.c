/*
 * Networks as Docker has them: a network with two subnets leases addresses to containers, which
 * reach one another, are found by name and shown as JSON; invalid requests are refused with a
 * message.
 */

#include "lab_networks.h"

static lab l;

/* A network that leases from .64 on, without .65, and IPv6 addresses. */
static macvlan_network *create(macvlan_networks *networks)
{
    static const char *const ranges[] = { "192.168.15.64/26" };
    static const macvlan_pair reserved[] = { { "printer", "192.168.15.65" } };
    static const macvlan_pair labels[] = { { "seed", "of pears" } };
    macvlan_subnet v4 = lab_subnet("192.168.15.0/24"), v6 = lab_subnet("fd00:15::/64");
    const macvlan_subnet *both[2];
    macvlan_network_config config;
    macvlan_network *network = NULL, *other = NULL;

    v4.gateway = "192.168.15.2";
    v4.ranges = ranges;
    v4.range_count = 1;
    v4.reserved = reserved;
    v4.reserved_count = 1;
    both[0] = &v4;
    both[1] = &v6;
    config = lab_config_of("lan", both, 2);
    config.labels = labels;
    config.label_count = 1;
    MUST(macvlan_networks_create(networks, &config, &network, &error));
    CHECK_TEXT(macvlan_network_get(network)->name, "lan");
    CHECK_TEXT(macvlan_network_get(network)->parent, "ens33");
    CHECK(strlen(macvlan_network_get(network)->id) == 64);
    CHECK(strlen(macvlan_network_get(network)->created) == strlen("2024-05-01T12:00:00Z"));
    CHECK(macvlan_network_get(network)->config->subnet_count == 2);

    REFUSED(macvlan_networks_create(networks, &config, &other, &error), EEXIST,
            MACVLAN_ERROR_NETWORK_EXISTS, "network \"lan\": cannot create the network");
    config = lab_config("lan2", "192.168.0.0/16");
    REFUSED(macvlan_networks_create(networks, &config, &other, &error), EADDRINUSE,
            MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS, "overlaps 192.168.15.0/24 of network \"lan\"");
    config = lab_config("lan3", "10.3.0.0/24");
    config.mode = MACVLAN_MODE_PASSTHRU;
    REFUSED(macvlan_networks_create(networks, &config, &other, &error), EBUSY,
            MACVLAN_ERROR_NETWORK_PARENT_CLASH, "needs it exclusively");
    config.parent = "a name that is long";
    REFUSED(macvlan_networks_create(networks, &config, &other, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "a name that is long");
    config.parent = "ens33.4095";
    REFUSED(macvlan_networks_create(networks, &config, &other, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4095 is not an id from 1 to 4094");
    CHECK(other == NULL);
    return network;
}

static void found_again(macvlan_networks *networks, const macvlan_network *network)
{
    macvlan_network *found = NULL;
    macvlan_network_list *list = NULL;
    macvlan_host *host = NULL;
    macvlan_netns *netns = NULL;
    macvlan_text *lines = NULL;
    macvlan_error *error = NULL;

    MUST(macvlan_networks_get(networks, macvlan_network_get(network)->id, &found, &error));
    CHECK_TEXT(macvlan_network_get(found)->name, "lan");
    macvlan_network_free(found);
    CHECK(macvlan_networks_get(networks, "wan", &found, &error) == -ENOENT && found == NULL);
    CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_NETWORK_NOT_FOUND);
    CHECK_TEXT(macvlan_error_get(error)->kind_name, "network-not-found");
    CHECK(macvlan_error_get(error)->is_not_found && !macvlan_error_get(error)->is_exists);
    CHECK_TEXT(macvlan_error_get(error)->network, NULL);
    macvlan_error_free(error);
    MUST(macvlan_networks_list(networks, &list, &error));
    CHECK(macvlan_network_list_count(list) == 1 && macvlan_network_list_get(list, 1) == NULL);
    CHECK_TEXT(macvlan_network_get(macvlan_network_list_get(list, 0))->id, macvlan_network_get(network)->id);
    macvlan_network_list_free(list);
    MUST(macvlan_networks_unreadable(networks, &lines, &error));
    CHECK_TEXT(macvlan_text_get(lines), "");
    macvlan_text_free(lines);

    MUST(macvlan_networks_host(networks, &host, &error));
    MUST(macvlan_host_netns(host, &netns, &error));
    CHECK(macvlan_netns_same_as(netns, l.here));
    CHECK_TEXT(macvlan_networks_host_name(networks), "a");
    macvlan_netns_free(netns);
    macvlan_host_free(host);
}

/* Two containers: one with only a name, and one with all options. */
static macvlan_netns *c1, *c2;
static macvlan_connect_options one, two;

static void members(void)
{
    static const char *const addresses[] = { "192.168.15.77" }, *const aliases[] = { "web" },
                      *const link_local[] = { "169.254.9.9" };
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
    MUST(macvlan_netns_anonymous(&c1, &error));
    MUST(macvlan_netns_anonymous(&c2, &error));
    one = lab_container_of("c1");
    one.name = "test101";
    MACVLAN_SET(one.gw_priority, 3);
    one.replace_default_route = true;
    two = lab_container_of("c2");
    two.addresses = addresses;
    two.aliases = aliases;
    two.link_local = link_local;
    two.address_count = two.alias_count = two.link_local_count = 1;
    two.interface = "lan0";
    two.mac.is_set = true;
    memcpy(two.mac.value, mac, 6);
    MACVLAN_SET(two.default_route, false);
}

static void connects(const macvlan_network *network)
{
    macvlan_connection *first = lab_connect(network, &one, c1), *second, *again;
    const macvlan_lease *held = macvlan_connection_get(first)->lease;
    const macvlan_lease_info *lease = macvlan_lease_get(held);
    char text[18];
    bool is = false;

    CHECK_TEXT(macvlan_connection_get(first)->interface, "eth0");
    CHECK(macvlan_connection_get(first)->address_count == 2);
    CHECK_TEXT(macvlan_connection_get(first)->addresses[0], "192.168.15.64");
    CHECK_TEXT(macvlan_connection_get(first)->addresses[1], "fd00:15::2");
    MUST(macvlan_mac_format(macvlan_connection_get(first)->mac, text, &error));
    CHECK_TEXT(text, "02:42:c0:a8:0f:40");
    CHECK_TEXT(macvlan_attachment_get(macvlan_connection_get(first)->attachment)->addresses[0],
               "192.168.15.64/24");

    CHECK_TEXT(lease->network, macvlan_network_get(network)->id);
    CHECK_TEXT(lease->container, "c1");
    CHECK_TEXT(lease->name, "test101");
    CHECK_TEXT(lease->host, "a");
    CHECK_TEXT(lease->interface, "eth0");
    CHECK(strlen(lease->endpoint) == 64 && lease->default_route);
    CHECK(lease->gw_priority == 3 && lease->sequence == 0);
    CHECK(lease->alias_count == 0 && lease->link_local_count == 0);
    CHECK_TEXT(lease->netns_path, NULL);
    CHECK(lease->address_count == 2);
    CHECK_TEXT(lease->addresses[0], "192.168.15.64/24");
    CHECK(lab_is_mac(lease->mac, macvlan_connection_get(first)->mac));
    CHECK(strlen(lease->netns_boot) == 36 && lease->netns_inode != 0);
    CHECK(lease->netns_cookie != 0);
    MUST(macvlan_lease_is_of_this_boot(held, &is, &error));
    CHECK(is);
    MUST(macvlan_lease_is_of_netns(held, c1, &is, &error));
    CHECK(is);
    MUST(macvlan_lease_is_of_netns(held, c2, &is, &error));
    CHECK(!is);

    second = lab_connect(network, &two, c2);
    CHECK_TEXT(macvlan_connection_get(second)->addresses[0], "192.168.15.77");
    CHECK_TEXT(macvlan_lease_get(macvlan_connection_get(second)->lease)->name, NULL);
    CHECK(!macvlan_lease_get(macvlan_connection_get(second)->lease)->default_route);
    lease = macvlan_lease_get(macvlan_connection_get(second)->lease);
    CHECK(lease->alias_count == 1 && lease->link_local_count == 1);
    CHECK_TEXT(lease->aliases[0], "web");
    CHECK_TEXT(lease->link_local[0], "169.254.9.9");
    lab_witness(c2, "ip -o -4 address show dev lan0", "169.254.9.9/16");
    lab_witness(c1, "ip route", "default via 192.168.15.2 dev eth0 proto 109");
    lab_witness(c2, "ip route show default | grep . || echo none", "none");
    lab_witness(c2, "ip -o link show lan0", "02:00:00:00:00:07");
    lab_witness(c2, "ip -o -6 address show dev lan0", "fd00:15::3/64");
    CHECK(lab_ping(c1, "192.168.15.77") && lab_ping(c1, "192.168.15.2"));

    /* Connecting again changes nothing. */
    again = lab_connect(network, &one, c1);
    CHECK_TEXT(macvlan_lease_get(macvlan_connection_get(again)->lease)->endpoint, macvlan_lease_get(held)->endpoint);
    macvlan_connection_free(again);
    macvlan_connection_free(first);
    macvlan_connection_free(second);
}

static void names(const macvlan_network *network)
{
    macvlan_ip_list *addresses = NULL;
    macvlan_text *lines = NULL;
    char path[256], command[300];

    MUST(macvlan_network_resolve(network, "test101.lan", &addresses, &error));
    CHECK(macvlan_ip_list_count(addresses) == 2 && macvlan_ip_list_get(addresses, 2) == NULL);
    CHECK_TEXT(macvlan_ip_list_get(addresses, 0), "192.168.15.64");
    macvlan_ip_list_free(addresses);
    MUST(macvlan_network_resolve(network, "nobody", &addresses, &error));
    CHECK(macvlan_ip_list_count(addresses) == 0);
    macvlan_ip_list_free(addresses);

    MUST(macvlan_network_hosts(network, &lines, &error));
    CHECK_TEXT(macvlan_text_get(lines), "192.168.15.64\ttest101 test101.lan\n"
                                        "192.168.15.77\tweb web.lan\n"
                                        "fd00:15::2\ttest101 test101.lan\n"
                                        "fd00:15::3\tweb web.lan\n");
    macvlan_text_free(lines);
    lab_path(path, sizeof path, "hosts");
    MUST(macvlan_network_write_hosts(network, path, &error));
    snprintf(command, sizeof command, "cat %s", path);
    lab_witness(l.here, command, "fd00:15::2\ttest101 test101.lan\n");
    REFUSED(macvlan_network_write_hosts(network, "/no/such/file", &error), ENOENT,
            MACVLAN_ERROR_NETWORK_FILE, "/no/such/file");
}

/* The format of `docker network inspect`, parsed independently. */
static void inspects(const macvlan_network *network)
{
    macvlan_text *json = NULL;
    char path[256], command[512];
    FILE *file;

    MUST(macvlan_network_inspect(network, &json, &error));
    lab_path(path, sizeof path, "json");
    file = fopen(path, "w");
    CHECK(file != NULL && fputs(macvlan_text_get(json), file) >= 0 && fclose(file) == 0);
    macvlan_text_free(json);
    snprintf(command, sizeof command,
             "python3 -c 'import json; n = json.load(open(\"%s\")); c = n[\"IPAM\"][\"Config\"][0];"
             " print(n[\"Name\"], n[\"Containers\"][\"c1\"][\"IPv4Address\"], c[\"IPRange\"],"
             " c[\"Gateway\"], c[\"AuxiliaryAddresses\"][\"printer\"], n[\"Labels\"][\"seed\"],"
             " n[\"Options\"][\"parent\"])'",
             path);
    lab_witness(l.here, command,
                "lan 192.168.15.64/24 192.168.15.64/26 192.168.15.2 192.168.15.65 of pears ens33");
}

/* The list of `docker network ls`, and removal of networks without containers. */
static void pruned(macvlan_networks *networks)
{
    macvlan_network_config config = lab_config("unused", "192.168.99.0/24");
    macvlan_network *unused = NULL;
    macvlan_text *text = NULL;

    MUST(macvlan_networks_create(networks, &config, &unused, &error));
    macvlan_network_free(unused);
    MUST(macvlan_networks_summary(networks, &text, &error));
    CHECK(strstr(macvlan_text_get(text), "\"Name\":\"unused\"") != NULL);
    CHECK(strstr(macvlan_text_get(text), "\"Containers\":2") != NULL);
    macvlan_text_free(text);
    MUST(macvlan_networks_prune(networks, &text, &error));
    CHECK_TEXT(macvlan_text_get(text), "unused");
    macvlan_text_free(text);
}

static void leases(const macvlan_network *network)
{
    macvlan_lease_list *leases = NULL;
    macvlan_lease *lease = NULL;

    MUST(macvlan_network_leases(network, &leases, &error));
    CHECK(macvlan_lease_list_count(leases) == 2 && macvlan_lease_list_get(leases, 2) == NULL);
    CHECK(macvlan_lease_get(macvlan_lease_list_get(leases, 1))->container != NULL);
    macvlan_lease_list_free(leases);
    MUST(macvlan_network_lease(network, "c2", &lease, &error));
    CHECK_TEXT(macvlan_lease_get(lease)->addresses[0], "192.168.15.77/24");
    macvlan_lease_free(lease);
    MUST(macvlan_network_lease(network, "c3", &lease, &error));
    CHECK(lease == NULL);
}

/* A container c3 in the second one's namespace that requests this is refused. */
static void refused(const macvlan_network *network, const char *name, const char *address,
                    int number, int kind, const char *words)
{
    macvlan_connect_options options = lab_container_of("c3");
    macvlan_connection *connection = NULL;

    options.name = name;
    options.addresses = &address;
    options.address_count = address != NULL;
    REFUSED(macvlan_network_connect(network, &options, c2, &connection, &error), number, kind, words);
    CHECK(connection == NULL);
}

static void refusals(const macvlan_network *network)
{
    macvlan_connection *connection = NULL;
    macvlan_error *error = NULL;

    refused(network, "test101", NULL, EEXIST, MACVLAN_ERROR_NETWORK_NAME_TAKEN,
            "network \"lan\": cannot connect container \"c3\": container \"c1\" has the name \"test101\"");
    refused(network, NULL, "192.168.15.77", EADDRINUSE, MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN,
            "container \"c2\" has 192.168.15.77");
    refused(network, NULL, "192.168.15.65", EADDRNOTAVAIL, MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE,
            "192.168.15.65 is reserved for \"printer\"");
    refused(network, NULL, "10.9.9.9", EADDRNOTAVAIL, MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE,
            "no subnet of the network contains 10.9.9.9");
    refused(network, "a/b", NULL, EINVAL, MACVLAN_ERROR_INVALID_VALUE, "can only contain letters");
    REFUSED(macvlan_network_connect(network, &one, c2, &connection, &error), EISCONN,
            MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED, "already connected in another namespace");
    REFUSED(macvlan_network_remove(network, &error), EBUSY, MACVLAN_ERROR_NETWORK_IN_USE,
            "network \"lan\": cannot remove the network: container \"c");

    /* Errors of the kernel have the core's kind and parts, and the network's message. */
    MUST(macvlan_network_disconnect(network, "c2", NULL, &error));
    two.interface = "eth0";
    CHECK(macvlan_network_connect(network, &two, c1, &connection, &error) == -EEXIST);
    puts(macvlan_error_message(error));
    CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_NAME_TAKEN);
    CHECK_TEXT(macvlan_error_get(error)->kind_name, "name-taken");
    CHECK(macvlan_error_get(error)->is_exists && macvlan_error_errno(error) == EEXIST);
    CHECK_TEXT(macvlan_error_get(error)->network, "lan");
    CHECK_TEXT(macvlan_error_get(error)->operation, "connect container \"c2\"");
    CHECK_TEXT(macvlan_error_get(error)->link, "eth0");
    CHECK_TEXT(macvlan_error_get(error)->parent, "ens33");
    CHECK_TEXT(macvlan_error_get(error)->netns, macvlan_netns_text(c1));
    CHECK(strstr(macvlan_error_message(error),
                 "network \"lan\": cannot connect container \"c2\": \"eth0\" on parent \"ens33\"")
          != NULL);
    CHECK(strstr(macvlan_error_message(error), macvlan_error_get(error)->cause) != NULL);
    macvlan_error_free(error);
}

static void disconnects(const macvlan_network *network)
{
    macvlan_connection *back;
    bool was_there = false;

    MUST(macvlan_network_disconnect(network, "c1", &was_there, &error));
    CHECK(was_there);
    lab_witness(c1, "ip -o link show type macvlan | grep . || echo none", "none");
    REFUSED(macvlan_network_disconnect(network, "c1", NULL, &error), ENOTCONN,
            MACVLAN_ERROR_NETWORK_NOT_CONNECTED, "not connected");

    /* A container that returns, even in another namespace, gets its address again. */
    back = lab_connect(network, &one, c2);
    CHECK_TEXT(macvlan_connection_get(back)->addresses[0], "192.168.15.64");
    macvlan_connection_free(back);
    lab_witness(c2, "ip link delete eth0 && echo gone", "gone");
    MUST(macvlan_network_disconnect_from(network, "c1", c2, &was_there, &error));
    CHECK(!was_there);
}

static void networks(void)
{
    macvlan_networks *networks;
    macvlan_network *network;

    l = lab_open();
    networks = lab_networks(&l, "a");
    network = create(networks);
    found_again(networks, network);
    members();
    connects(network);
    names(network);
    pruned(networks);
    inspects(network);
    leases(network);
    refusals(network);
    disconnects(network);
    MUST(macvlan_network_remove(network, &error));
    REFUSED(macvlan_network_remove(network, &error), ENOENT, MACVLAN_ERROR_NETWORK_NOT_FOUND,
            "the network does not exist");
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    macvlan_netns_free(c1);
    macvlan_netns_free(c2);
    lab_close(&l);
}

int main(void)
{
    return lab_main(networks);
}
