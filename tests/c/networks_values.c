/*
 * Descriptions of networks, subnets and containers, which use neither the kernel nor a store. Needs
 * no privileges.
 */

#include "lab_networks.h"

/* Getters return the values that were set. */
static void values(void)
{
    macvlan_subnet *v4 = lab_subnet("10.1.0.0/24"), *v6 = lab_subnet("fd00:1::/64"), *wrong = NULL;
    macvlan_network_config *config = NULL, *copy = NULL;
    const macvlan_subnet *own;

    CHECK_TEXT(macvlan_subnet_net(v4), "10.1.0.0/24");
    CHECK_TEXT(macvlan_subnet_gateway(v4), "10.1.0.1");
    CHECK_TEXT(macvlan_subnet_range(v4), NULL);
    CHECK(macvlan_subnet_reserved_count(v4) == 0);
    MUST(macvlan_subnet_set_range(v4, "10.1.0.64/26", &error));
    MUST(macvlan_subnet_set_gateway(v4, "10.1.0.254", &error));
    MUST(macvlan_subnet_add_reserved(v4, "printer", "10.1.0.64", &error));
    MUST(macvlan_subnet_set_no_gateway(v6, &error));
    CHECK_TEXT(macvlan_subnet_range(v4), "10.1.0.64/26");
    CHECK_TEXT(macvlan_subnet_gateway(v4), "10.1.0.254");
    CHECK_TEXT(macvlan_subnet_gateway(v6), NULL);
    CHECK(macvlan_subnet_reserved_count(v4) == 1);
    CHECK_TEXT(macvlan_subnet_reserved_name(v4, 0), "printer");
    CHECK_TEXT(macvlan_subnet_reserved_address(v4, 0), "10.1.0.64");
    CHECK(macvlan_subnet_reserved_name(v4, 1) == NULL);
    REFUSED(macvlan_subnet_new("10.1.0.1/24", &wrong, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "the subnet is 10.1.0.0/24");
    REFUSED(macvlan_subnet_set_range(v4, "much", &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "use \"much\" as a range of addresses");
    REFUSED(macvlan_subnet_new("127.0.0.0/8", &wrong, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "loopback");
    CHECK(wrong == NULL);
    MUST(macvlan_subnet_add_range(v4, "10.1.0.200-10.1.0.220", &error));
    MUST(macvlan_subnet_add_excluded(v4, "10.1.0.96/28", &error));
    MUST(macvlan_subnet_add_excluded(v4, "10.1.0.210", &error));
    CHECK_TEXT(macvlan_subnet_range(v4), "10.1.0.64/26");
    CHECK(macvlan_subnet_range_count(v4) == 2 && macvlan_subnet_range_count(v6) == 0);
    CHECK_TEXT(macvlan_subnet_range_at(v4, 1), "10.1.0.200-10.1.0.220");
    CHECK(macvlan_subnet_range_at(v4, 2) == NULL);
    CHECK(macvlan_subnet_excluded_count(v4) == 2);
    CHECK_TEXT(macvlan_subnet_excluded_at(v4, 1), "10.1.0.210");
    CHECK(macvlan_subnet_excluded_at(v4, 2) == NULL);
    MUST(macvlan_subnet_set_range(v4, "10.1.0.64/26", &error));
    CHECK(macvlan_subnet_range_count(v4) == 1);
    CHECK(!macvlan_subnet_is_on_link_gateway(v4));
    MUST(macvlan_subnet_set_on_link_gateway(v4, true, &error));
    CHECK(macvlan_subnet_is_on_link_gateway(v4));

    MUST(macvlan_network_config_new("values", &config, &error));
    CHECK(macvlan_network_config_mode(config) == MACVLAN_MODE_BRIDGE);
    CHECK(macvlan_network_config_order(config) == MACVLAN_ORDER_FIRST);
    CHECK(macvlan_network_config_mac_from(config) == MACVLAN_MAC_FROM_ADDRESS);
    CHECK_TEXT(macvlan_network_config_parent(config), NULL);
    MUST(macvlan_network_config_set_parent(config, "ens33.10", &error));
    MUST(macvlan_network_config_set_mode(config, MACVLAN_MODE_PRIVATE, &error));
    MUST(macvlan_network_config_add_subnet(config, v4, &error));
    MUST(macvlan_network_config_add_subnet(config, v6, &error));
    MUST(macvlan_network_config_set_internal(config, true, &error));
    MUST(macvlan_network_config_set_mtu(config, 1400, &error));
    MUST(macvlan_network_config_set_order(config, MACVLAN_ORDER_NEXT, &error));
    MUST(macvlan_network_config_set_mac_from(config, MACVLAN_MAC_FROM_CONTAINER, &error));
    MUST(macvlan_network_config_set_probe(config, true, &error));
    MUST(macvlan_network_config_set_duplicate_detection(config, true, &error));
    MUST(macvlan_network_config_set_share(config, 64, &error));
    MUST(macvlan_network_config_set_keep(config, 3600, &error));
    MUST(macvlan_network_config_add_option(config, "a", "b", &error));
    MUST(macvlan_network_config_add_label(config, "c", "d", &error));
    REFUSED(macvlan_network_config_set_order(config, (enum macvlan_order)7, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "7 is no enum macvlan_order");
    REFUSED(macvlan_network_config_set_mac_from(config, (enum macvlan_mac_from)7, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "7 is no enum macvlan_mac_from");
    macvlan_subnet_free(v4);
    macvlan_subnet_free(v6);

    MUST(macvlan_network_config_clone(config, &copy, &error));
    macvlan_network_config_free(config);
    CHECK_TEXT(macvlan_network_config_name(copy), "values");
    CHECK_TEXT(macvlan_network_config_parent(copy), "ens33.10");
    CHECK(macvlan_network_config_mode(copy) == MACVLAN_MODE_PRIVATE);
    CHECK(macvlan_network_config_subnet_count(copy) == 2);
    own = macvlan_network_config_subnet(copy, 1);
    CHECK_TEXT(macvlan_subnet_net(own), "fd00:1::/64");
    CHECK(macvlan_network_config_subnet(copy, 2) == NULL);
    REFUSED(macvlan_subnet_set_no_gateway((macvlan_subnet *)own, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "subnet is a part of another object");
    CHECK(macvlan_network_config_is_internal(copy) && macvlan_network_config_is_probe(copy));
    CHECK(macvlan_network_config_is_duplicate_detection(copy));
    CHECK(macvlan_network_config_mtu(copy) == 1400 && macvlan_network_config_share(copy) == 64);
    CHECK(macvlan_network_config_order(copy) == MACVLAN_ORDER_NEXT);
    CHECK(macvlan_network_config_mac_from(copy) == MACVLAN_MAC_FROM_CONTAINER);
    CHECK(macvlan_network_config_keep(copy) == 3600);
    CHECK(macvlan_network_config_option_count(copy) == 1);
    CHECK_TEXT(macvlan_network_config_option_key(copy, 0), "a");
    CHECK_TEXT(macvlan_network_config_option_value(copy, 0), "b");
    CHECK(macvlan_network_config_label_count(copy) == 1);
    CHECK_TEXT(macvlan_network_config_label_key(copy, 0), "c");
    CHECK_TEXT(macvlan_network_config_label_value(copy, 0), "d");
    CHECK(macvlan_network_config_label_key(copy, 1) == NULL);
    macvlan_network_config_free(copy);
}

/* Options of containers' interfaces, and parents that have no text form. */
static void interfaces(void)
{
    macvlan_network_config *config = NULL;
    macvlan_parent *base = NULL, *vlan = NULL, *own = NULL;
    uint32_t metric = 7;

    MUST(macvlan_network_config_new("values", &config, &error));
    CHECK(!macvlan_network_config_metric(config, &metric) && metric == 0);
    CHECK(macvlan_network_config_disable_ipv6(config) == -1);
    CHECK(macvlan_network_config_accept_ra(config) == -1);
    CHECK(macvlan_network_config_allmulticast(config) == -1);
    CHECK(macvlan_network_config_route_count(config) == 0);
    CHECK(!macvlan_network_config_is_leave_ipv6(config) && !macvlan_network_config_is_ipv6(config));
    CHECK(!macvlan_network_config_is_without_addresses(config));
    MUST(macvlan_network_config_parent_object(config, &own, &error));
    CHECK(own == NULL);
    MUST(macvlan_network_config_add_route(config, "10.9.0.0/16 via 10.1.0.9 metric 5", &error));
    MUST(macvlan_network_config_set_metric(config, 50, &error));
    MUST(macvlan_network_config_set_disable_ipv6(config, false, &error));
    MUST(macvlan_network_config_set_accept_ra(config, 2, &error));
    MUST(macvlan_network_config_set_leave_ipv6(config, true, &error));
    MUST(macvlan_network_config_set_allmulticast(config, true, &error));
    MUST(macvlan_network_config_set_ipv6(config, true, &error));
    MUST(macvlan_network_config_set_without_addresses(config, &error));
    REFUSED(macvlan_network_config_add_route(config, "somewhere", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "somewhere");
    REFUSED(macvlan_network_config_set_accept_ra(config, 3, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "3 is no value of accept_ra");
    CHECK(macvlan_network_config_route_count(config) == 1);
    CHECK_TEXT(macvlan_network_config_route(config, 0), "10.9.0.0/16 via 10.1.0.9 metric 5");
    CHECK(macvlan_network_config_route(config, 1) == NULL);
    CHECK(macvlan_network_config_metric(config, &metric) && metric == 50);
    CHECK(macvlan_network_config_disable_ipv6(config) == 0);
    CHECK(macvlan_network_config_accept_ra(config) == 2);
    CHECK(macvlan_network_config_allmulticast(config) == 1);
    CHECK(macvlan_network_config_is_leave_ipv6(config) && macvlan_network_config_is_ipv6(config));
    CHECK(macvlan_network_config_is_without_addresses(config));

    MUST(macvlan_parent_new("ens33", &base, &error));
    MUST(macvlan_parent_new_vlan(base, 20, &vlan, &error));
    MUST(macvlan_parent_set_protocol(vlan, MACVLAN_VLAN_PROTOCOL_8021AD, &error));
    MUST(macvlan_parent_set_name(vlan, "service", &error));
    MUST(macvlan_network_config_set_parent_object(config, vlan, &error));
    CHECK_TEXT(macvlan_network_config_parent(config), "service");
    MUST(macvlan_network_config_parent_object(config, &own, &error));
    CHECK(macvlan_parent_protocol(own) == MACVLAN_VLAN_PROTOCOL_8021AD && macvlan_parent_vlan_id(own) == 20);
    macvlan_parent_free(own);
    macvlan_parent_free(vlan);
    macvlan_parent_free(base);
    macvlan_network_config_free(config);
}

static void all(void)
{
    values();
    interfaces();
}

int main(void)
{
    return lab_main(all);
}
