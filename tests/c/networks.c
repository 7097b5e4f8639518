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
    macvlan_network_config *config = NULL;
    macvlan_subnet *v4 = lab_subnet("192.168.15.0/24"), *v6 = lab_subnet("fd00:15::/64");
    macvlan_network *network = NULL, *other = NULL;

    MUST(macvlan_network_config_new("lan", &config, &error));
    MUST(macvlan_network_config_set_parent(config, "ens33", &error));
    MUST(macvlan_subnet_set_gateway(v4, "192.168.15.2", &error));
    MUST(macvlan_subnet_set_range(v4, "192.168.15.64/26", &error));
    MUST(macvlan_subnet_add_reserved(v4, "printer", "192.168.15.65", &error));
    MUST(macvlan_network_config_add_subnet(config, v4, &error));
    MUST(macvlan_network_config_add_subnet(config, v6, &error));
    MUST(macvlan_network_config_add_label(config, "seed", "of pears", &error));
    MUST(macvlan_networks_create(networks, config, &network, &error));
    CHECK_TEXT(macvlan_network_get(network)->name, "lan");
    CHECK_TEXT(macvlan_network_get(network)->parent, "ens33");
    CHECK(strlen(macvlan_network_get(network)->id) == 64);
    CHECK(strlen(macvlan_network_get(network)->created) == strlen("2024-05-01T12:00:00Z"));
    CHECK(macvlan_network_config_subnet_count(macvlan_network_get(network)->config) == 2);

    REFUSED(macvlan_networks_create(networks, config, &other, &error), EEXIST,
            MACVLAN_ERROR_NETWORK_EXISTS, "network \"lan\": cannot create the network");
    macvlan_network_config_free(config);
    config = lab_config("lan2", "192.168.0.0/16");
    REFUSED(macvlan_networks_create(networks, config, &other, &error), EADDRINUSE,
            MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS, "overlaps 192.168.15.0/24 of network \"lan\"");
    macvlan_network_config_free(config);
    config = lab_config("lan3", "10.3.0.0/24");
    MUST(macvlan_network_config_set_mode(config, MACVLAN_MODE_PASSTHRU, &error));
    REFUSED(macvlan_networks_create(networks, config, &other, &error), EBUSY,
            MACVLAN_ERROR_NETWORK_PARENT_CLASH, "needs it for itself");
    REFUSED(macvlan_network_config_set_parent(config, "a name that is long", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "a name that is long");
    MUST(macvlan_network_config_set_parent(config, "ens33.4095", &error));
    REFUSED(macvlan_networks_create(networks, config, &other, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4095 is not an id from 1 to 4094");
    CHECK(other == NULL);
    macvlan_network_config_free(config);
    macvlan_subnet_free(v4);
    macvlan_subnet_free(v6);
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
static macvlan_member *one, *two;

static void members(void)
{
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
    MUST(macvlan_netns_anonymous(&c1, &error));
    MUST(macvlan_netns_anonymous(&c2, &error));
    MUST(macvlan_member_new("c1", &one, &error));
    MUST(macvlan_member_set_name(one, "test101", &error));
    MUST(macvlan_member_set_gw_priority(one, 3, &error));
    MUST(macvlan_member_set_replace_default_route(one, true, &error));
    MUST(macvlan_member_new("c2", &two, &error));
    MUST(macvlan_member_add_address(two, "192.168.15.77", &error));
    MUST(macvlan_member_set_interface(two, "lan0", &error));
    MUST(macvlan_member_set_mac(two, mac, &error));
    MUST(macvlan_member_set_default_route(two, false, &error));
    MUST(macvlan_member_add_alias(two, "web", &error));
    MUST(macvlan_member_add_link_local_address(two, "169.254.9.9", &error));
}

static void connects(const macvlan_network *network)
{
    macvlan_connection *first = lab_connect(network, one, c1), *second, *again;
    const macvlan_lease *held = macvlan_connection_get(first)->lease;
    uint8_t mac[6], leased[6];
    char text[18];
    bool is = false;

    CHECK_TEXT(macvlan_connection_get(first)->interface, "eth0");
    CHECK(macvlan_connection_get(first)->address_count == 2);
    CHECK_TEXT(macvlan_connection_get(first)->addresses[0], "192.168.15.64");
    CHECK_TEXT(macvlan_connection_get(first)->addresses[1], "fd00:15::2");
    CHECK(macvlan_connection_get(first)->addresses[2] == NULL);
    macvlan_connection_mac(first, mac);
    MUST(macvlan_mac_format(mac, text, &error));
    CHECK_TEXT(text, "02:42:c0:a8:0f:40");
    CHECK_TEXT(macvlan_attachment_get(macvlan_connection_get(first)->attachment)->addresses[0],
               "192.168.15.64/24");

    CHECK_TEXT(macvlan_lease_get(held)->network, macvlan_network_get(network)->id);
    CHECK_TEXT(macvlan_lease_get(held)->container, "c1");
    CHECK_TEXT(macvlan_lease_get(held)->name, "test101");
    CHECK_TEXT(macvlan_lease_get(held)->host, "a");
    CHECK_TEXT(macvlan_lease_get(held)->interface, "eth0");
    CHECK(strlen(macvlan_lease_get(held)->endpoint) == 64 && macvlan_lease_get(held)->default_route);
    CHECK(macvlan_lease_get(held)->gw_priority == 3 && macvlan_lease_get(held)->sequence == 0);
    CHECK(macvlan_lease_get(held)->alias_count == 0 && macvlan_lease_get(held)->link_local_count == 0);
    CHECK_TEXT(macvlan_lease_get(held)->netns_path, NULL);
    CHECK(macvlan_lease_get(held)->address_count == 2);
    CHECK_TEXT(macvlan_lease_get(held)->addresses[0], "192.168.15.64/24");
    CHECK(macvlan_lease_mac(held, leased) && memcmp(mac, leased, 6) == 0);
    CHECK(strlen(macvlan_lease_get(held)->netns_boot) == 36 && macvlan_lease_get(held)->netns_inode != 0);
    CHECK(macvlan_lease_get(held)->netns_cookie != 0);
    MUST(macvlan_lease_is_of_this_boot(held, &is, &error));
    CHECK(is);
    MUST(macvlan_lease_is_of_netns(held, c1, &is, &error));
    CHECK(is);
    MUST(macvlan_lease_is_of_netns(held, c2, &is, &error));
    CHECK(!is);

    second = lab_connect(network, two, c2);
    CHECK_TEXT(macvlan_connection_get(second)->addresses[0], "192.168.15.77");
    CHECK_TEXT(macvlan_lease_get(macvlan_connection_get(second)->lease)->name, NULL);
    CHECK(!macvlan_lease_get(macvlan_connection_get(second)->lease)->default_route);
    held = macvlan_connection_get(second)->lease;
    CHECK(macvlan_lease_get(held)->alias_count == 1 && macvlan_lease_get(held)->link_local_count == 1);
    CHECK_TEXT(macvlan_lease_get(held)->aliases[0], "web");
    CHECK_TEXT(macvlan_lease_get(held)->aliases[1], NULL);
    CHECK_TEXT(macvlan_lease_get(held)->link_local[0], "169.254.9.9");
    CHECK_TEXT(macvlan_lease_get(held)->link_local[1], NULL);
    lab_witness(c2, "ip -o -4 address show dev lan0", "169.254.9.9/16");
    held = macvlan_connection_get(first)->lease;
    lab_witness(c1, "ip route", "default via 192.168.15.2 dev eth0 proto 109");
    lab_witness(c2, "ip route show default | grep . || echo none", "none");
    lab_witness(c2, "ip -o link show lan0", "02:00:00:00:00:07");
    lab_witness(c2, "ip -o -6 address show dev lan0", "fd00:15::3/64");
    CHECK(lab_ping(c1, "192.168.15.77") && lab_ping(c1, "192.168.15.2"));

    /* Connecting again changes nothing. */
    again = lab_connect(network, one, c1);
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
    macvlan_network_config *config = lab_config("unused", "192.168.99.0/24");
    macvlan_network *unused = NULL;
    macvlan_text *text = NULL;

    MUST(macvlan_networks_create(networks, config, &unused, &error));
    macvlan_network_free(unused);
    macvlan_network_config_free(config);
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
    macvlan_member *member = NULL;
    macvlan_connection *connection = NULL;

    MUST(macvlan_member_new("c3", &member, &error));
    if (name != NULL)
        MUST(macvlan_member_set_name(member, name, &error));
    if (address != NULL)
        MUST(macvlan_member_add_address(member, address, &error));
    REFUSED(macvlan_network_connect(network, member, c2, &connection, &error), number, kind, words);
    CHECK(connection == NULL);
    macvlan_member_free(member);
}

static void refusals(const macvlan_network *network)
{
    macvlan_connection *connection = NULL;
    macvlan_error *error = NULL;

    refused(network, "test101", NULL, EEXIST, MACVLAN_ERROR_NETWORK_NAME_TAKEN,
            "network \"lan\": cannot connect container \"c3\": container \"c1\" is called \"test101\"");
    refused(network, NULL, "192.168.15.77", EADDRINUSE, MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN,
            "container \"c2\" has 192.168.15.77");
    refused(network, NULL, "192.168.15.65", EADDRNOTAVAIL, MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE,
            "192.168.15.65 is reserved for \"printer\"");
    refused(network, NULL, "10.9.9.9", EADDRNOTAVAIL, MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE,
            "10.9.9.9 is in no subnet of the network");
    refused(network, "a/b", NULL, EINVAL, MACVLAN_ERROR_INVALID_VALUE, "only letters");
    REFUSED(macvlan_network_connect(network, one, c2, &connection, &error), EISCONN,
            MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED, "it is connected in another namespace");
    REFUSED(macvlan_network_remove(network, &error), EBUSY, MACVLAN_ERROR_NETWORK_IN_USE,
            "network \"lan\": cannot remove the network: container \"c");

    /* Errors of the kernel have the core's kind and parts, and the network's message. */
    MUST(macvlan_network_disconnect(network, "c2", NULL, &error));
    MUST(macvlan_member_set_interface(two, "eth0", &error));
    CHECK(macvlan_network_connect(network, two, c1, &connection, &error) == -EEXIST);
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
            MACVLAN_ERROR_NETWORK_NOT_CONNECTED, "it is not connected");

    /* A container that returns, even in another namespace, gets its address again. */
    back = lab_connect(network, one, c2);
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
            "there is no such network");
    macvlan_network_free(network);
    macvlan_networks_free(networks);
    macvlan_member_free(one);
    macvlan_member_free(two);
    macvlan_netns_free(c1);
    macvlan_netns_free(c2);
    lab_close(&l);
}

int main(void)
{
    return lab_main(networks);
}
