/*
 * Descriptions of networks and subnets: each value is stored with the network and read back, and
 * invalid ones are refused before anything is stored.
 */

#include "lab_networks.h"

static macvlan_networks *networks;

/* Creates a network, which is removed with the program. */
static macvlan_network *created(const macvlan_network_config *config)
{
    macvlan_network *network = NULL;
    MUST(macvlan_networks_create(networks, config, &network, &error));
    return network;
}

static void refused(const macvlan_network_config *config, const char *words)
{
    macvlan_network *network = NULL;
    REFUSED(macvlan_networks_create(networks, config, &network, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, words);
    CHECK(network == NULL);
}

static void subnets(void)
{
    static const char *const ranges[] = { "10.1.0.64/26", "10.1.0.200-10.1.0.220" };
    static const char *const excluded[] = { "10.1.0.96/28", "10.1.0.210" }, *const much[] = { "much" };
    static const macvlan_pair reserved[] = { { "printer", "10.1.0.64" } };
    macvlan_subnet v4 = lab_subnet("10.1.0.0/24"), v6 = lab_subnet("fd00:1::/64");
    const macvlan_subnet *both[2], *set;
    macvlan_network_config config;
    macvlan_network *network, *same;

    both[0] = &v4;
    both[1] = &v6;
    config = lab_config_of("subnets", both, 2);
    v4.gateway = "10.1.0.254";
    v4.ranges = ranges;
    v4.range_count = 2;
    v4.excluded = excluded;
    v4.excluded_count = 2;
    v4.reserved = reserved;
    v4.reserved_count = 1;
    v4.on_link_gateway = true;
    v6.no_gateway = true;
    network = created(&config);
    CHECK(macvlan_network_get(network)->config->subnet_count == 2);
    set = macvlan_network_get(network)->config->subnets[0];
    CHECK(set->size == sizeof *set && set->range_count == 2 && set->excluded_count == 2);
    CHECK_TEXT(set->net, "10.1.0.0/24");
    CHECK_TEXT(set->gateway, "10.1.0.254");
    CHECK_TEXT(set->ranges[1], "10.1.0.200-10.1.0.220");
    CHECK_TEXT(set->excluded[1], "10.1.0.210");
    CHECK(set->reserved_count == 1 && set->on_link_gateway && !set->no_gateway);
    CHECK_TEXT(set->reserved[0].key, "printer");
    CHECK_TEXT(set->reserved[0].value, "10.1.0.64");
    set = macvlan_network_get(network)->config->subnets[1];
    CHECK_TEXT(set->net, "fd00:1::/64");
    CHECK(set->gateway == NULL && set->no_gateway && set->ranges == NULL && set->reserved == NULL);
    MUST(macvlan_network_remove(network, &error));

    /* A configuration that was returned can be passed again. */
    same = created(macvlan_network_get(network)->config);
    CHECK_TEXT(macvlan_network_get(same)->config->subnets[0]->ranges[0], "10.1.0.64/26");
    MUST(macvlan_network_remove(same, &error));
    macvlan_network_free(same);
    macvlan_network_free(network);

    v4.ranges = much;
    v4.range_count = 1;
    refused(&config, "use \"much\" as a range of addresses");
    v4 = lab_subnet("10.1.0.1/24");
    refused(&config, "the subnet is 10.1.0.0/24");
    v4 = lab_subnet("127.0.0.0/8");
    refused(&config, "loopback");
    v4.size = 0;
    refused(&config, "the size of config.subnets[0] is 0; initialize it with "
                     "MACVLAN_INIT(macvlan_subnet)");
    both[1] = NULL;
    v4 = lab_subnet("10.1.0.0/24");
    refused(&config, "config.subnets[1] is NULL");
}

static void options(void)
{
    static const macvlan_pair option = { "a", "b" }, label = { "c", "d" }, half = { "e", NULL };
    static const char *const routes[] = { "10.9.0.0/16 via 10.1.0.9 metric 5", "somewhere" };
    macvlan_network_config config = lab_config("options", "10.1.0.0/24");
    macvlan_parent base = MACVLAN_INIT(macvlan_parent), vlan = base;
    const macvlan_network_config *set;
    macvlan_network *network = created(&config);

    set = macvlan_network_get(network)->config;
    CHECK(set->mode == MACVLAN_MODE_BRIDGE && set->order == MACVLAN_ORDER_FIRST);
    CHECK(set->mac_from == MACVLAN_MAC_FROM_ADDRESS && set->mtu == 0 && set->block_size == 0);
    CHECK(!set->metric.is_set && !set->disable_ipv6.is_set && !set->accept_ra.is_set);
    CHECK(!set->allmulticast.is_set && set->routes == NULL && !set->leave_ipv6 && !set->ipv6);
    CHECK(!set->without_addresses && !set->internal && !set->probe && set->labels == NULL);
    CHECK_TEXT(set->parent, "ens33");
    MUST(macvlan_network_remove(network, &error));
    macvlan_network_free(network);

    base.link = "ens33";
    vlan.base = &base;
    vlan.vlan_id = 20;
    vlan.protocol = MACVLAN_VLAN_PROTOCOL_8021AD;
    vlan.name = "service";
    config.parent_options = &vlan;
    config.mode = MACVLAN_MODE_PRIVATE;
    config.internal = config.probe = config.duplicate_detection = config.leave_ipv6 = true;
    config.mtu = 1400;
    config.order = MACVLAN_ORDER_NEXT;
    config.mac_from = MACVLAN_MAC_FROM_CONTAINER;
    config.block_size = 64;
    config.reservation_ttl_s = 3600;
    config.options = &option;
    config.labels = &label;
    config.routes = routes;
    config.option_count = config.label_count = config.route_count = 1;
    MACVLAN_SET(config.metric, 50);
    MACVLAN_SET(config.disable_ipv6, false);
    MACVLAN_SET(config.accept_ra, 2);
    MACVLAN_SET(config.allmulticast, true);
    network = created(&config);
    set = macvlan_network_get(network)->config;
    CHECK(set->mode == MACVLAN_MODE_PRIVATE && set->internal && set->probe);
    CHECK(set->duplicate_detection && set->leave_ipv6 && set->mtu == 1400);
    CHECK(set->order == MACVLAN_ORDER_NEXT && set->mac_from == MACVLAN_MAC_FROM_CONTAINER);
    CHECK(set->block_size == 64 && set->reservation_ttl_s == 3600);
    CHECK(set->option_count == 1 && set->label_count == 1 && set->route_count == 1);
    CHECK_TEXT(set->options[0].key, "a");
    CHECK_TEXT(set->options[0].value, "b");
    CHECK_TEXT(set->labels[0].key, "c");
    CHECK_TEXT(set->labels[0].value, "d");
    CHECK_TEXT(set->routes[0], routes[0]);
    CHECK(set->metric.is_set && set->metric.value == 50 && set->accept_ra.value == 2);
    CHECK(set->disable_ipv6.is_set && !set->disable_ipv6.value && set->allmulticast.value);
    CHECK_TEXT(set->parent, "service");
    CHECK(set->parent_options->vlan_id == 20);
    CHECK(set->parent_options->protocol == MACVLAN_VLAN_PROTOCOL_8021AD);
    MUST(macvlan_network_remove(network, &error));
    macvlan_network_free(network);

    config.order = 7;
    refused(&config, "7 is not a valid enum macvlan_order");
    config.order = 0;
    config.mac_from = 7;
    refused(&config, "7 is not a valid enum macvlan_mac_from");
    config.mac_from = 0;
    config.accept_ra.value = 3;
    refused(&config, "3 is not a valid value of accept_ra");
    config.accept_ra.value = 2;
    config.route_count = 2;
    refused(&config, "somewhere");
    config.route_count = 1;
    config.labels = &half;
    refused(&config, "config.labels[0].value is NULL");
    config.name = NULL;
    refused(&config, "config.name is NULL");
}

static void without_addresses(void)
{
    macvlan_network_config config = MACVLAN_INIT(macvlan_network_config);
    macvlan_network *network;

    config.name = "bare";
    config.parent = "ens33";
    config.without_addresses = config.ipv6 = true;
    refused(&config, "a network without addresses cannot have a subnet");
    config.ipv6 = false;
    network = created(&config);
    CHECK(macvlan_network_get(network)->config->without_addresses);
    CHECK(macvlan_network_get(network)->config->subnets == NULL);
    MUST(macvlan_network_remove(network, &error));
    macvlan_network_free(network);
}

static void all(void)
{
    lab l = lab_open();
    networks = lab_networks(&l, "a");
    subnets();
    options();
    without_addresses();
    macvlan_networks_free(networks);
    lab_close(&l);
}

int main(void)
{
    return lab_main(all);
}
