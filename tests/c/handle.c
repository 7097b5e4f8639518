/*
 * The verbs of `ip` from C: each link, address, route and rule that is set is read back, and
 * checked with `ip`.
 */

#include "lab.h"

static macvlan_netns *netns;
static macvlan_handle *ip;

static macvlan_link_info *look(const char *link)
{
    macvlan_link_info *info = NULL;
    MUST(macvlan_handle_link(ip, link, &info, &error));
    return info;
}

/* The kernel reports that a link works a moment after it is up. */
static bool works(const char *link)
{
    macvlan_link_info *info = look(link);
    bool is_so = strcmp(macvlan_link_info_state(info), "UP") == 0;
    macvlan_link_info_free(info);
    return is_so;
}

static macvlan_link_info *look_when_it_works(const char *link)
{
    EVENTUALLY(works(link));
    return look(link);
}

static void add(macvlan_link *link)
{
    MUST(macvlan_handle_add_link(ip, link, &error));
    macvlan_link_free(link);
}

static void links(void)
{
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, other[6] = { 2, 0, 0, 0, 0, 2 };
    macvlan_link *link = NULL;
    macvlan_link_info *info;
    macvlan_options *options = NULL;
    uint8_t found[6];
    uint32_t receive;
    char by_index[16];

    MUST(macvlan_link_new_veth("v0", "v1", NULL, &link, &error));
    MUST(macvlan_link_set_index(link, 77, &error));
    MUST(macvlan_link_set_mac(link, mac, &error));
    MUST(macvlan_link_set_mtu(link, 1450, &error));
    MUST(macvlan_link_set_group(link, 5, &error));
    MUST(macvlan_link_set_tx_queue_len(link, 300, &error));
    MUST(macvlan_link_set_queues(link, 2, 3, &error));
    MUST(macvlan_link_set_promisc(link, true, &error));
    MUST(macvlan_link_set_up(link, true, &error));
    add(link);
    MUST(macvlan_handle_set_up(ip, "v1", &error));

    info = look_when_it_works(macvlan_link_text(77, by_index));
    CHECK(macvlan_link_info_index(info) == 77);
    CHECK_TEXT(macvlan_link_info_name(info), "v0");
    CHECK_TEXT(macvlan_link_info_kind(info), "veth");
    CHECK(macvlan_link_info_mac(info, found) && memcmp(found, mac, 6) == 0);
    CHECK(macvlan_link_info_mtu(info) == 1450);
    CHECK(macvlan_link_info_min_mtu(info) == 68);
    CHECK(macvlan_link_info_max_mtu(info) == 65535);
    CHECK(macvlan_link_info_group(info) == 5);
    CHECK(macvlan_link_info_tx_queue_len(info) == 300);
    CHECK(macvlan_link_info_tx_queues(info) == 2);
    receive = macvlan_link_info_rx_queues(info);
    CHECK(receive == 3 || receive == 0 /* a kernel without CONFIG_RPS does not count them */);
    CHECK(macvlan_link_info_is_up(info) && macvlan_link_info_is_promisc(info));
    CHECK(!macvlan_link_info_is_allmulticast(info) && !macvlan_link_info_is_loopback(info));
    CHECK(macvlan_link_info_flags(info) & 1 /* IFF_UP */);
    CHECK(macvlan_link_info_promiscuity(info) == 1);
    CHECK(macvlan_link_info_carrier(info) == 1);
    CHECK_TEXT(macvlan_link_info_state(info), "UP");
    CHECK(macvlan_link_info_parent(info) != 0 && macvlan_link_info_parent_netns(info) == -1);
    CHECK(macvlan_link_info_controller(info) == 0);
    CHECK(macvlan_link_info_qdisc(info) != NULL);
    CHECK(macvlan_link_info_options(info) == NULL && macvlan_link_info_vlan(info) == NULL);
    CHECK(macvlan_link_info_offload(info, MACVLAN_GSO_MAX_SIZE) >= 65535);
    CHECK(macvlan_link_info_offload(info, MACVLAN_GSO_MAX_SEGS) == 65535);
    CHECK(macvlan_link_info_offload(info, (enum macvlan_offload)7) == 0);
    macvlan_link_info_free(info);
    lab_witness(netns, "ip -d link show v0", "qlen 300");
    lab_witness(netns, "ip -d link show v0",
                receive == 3 ? "numtxqueues 2 numrxqueues 3" : "numtxqueues 2 gso");

    MUST(macvlan_handle_set_mac(ip, "v0", other, &error));
    MUST(macvlan_handle_set_mtu(ip, "v0", 1400, &error));
    MUST(macvlan_handle_set_promisc(ip, "v0", false, &error));
    MUST(macvlan_handle_set_allmulticast(ip, "v0", true, &error));
    MUST(macvlan_handle_set_alias(ip, "v0", "left end", &error));
    MUST(macvlan_handle_set_group(ip, "v0", 6, &error));
    MUST(macvlan_handle_set_tx_queue_len(ip, "v0", 400, &error));
    MUST(macvlan_handle_set_addr_gen_mode(ip, "v0", IN6_ADDR_GEN_MODE_NONE, &error));
    MUST(macvlan_handle_add_alternative_name(ip, "v0", "a-longer-name-than-15-bytes", &error));
    info = look("v0");
    CHECK(macvlan_link_info_mac(info, found) && memcmp(found, other, 6) == 0);
    CHECK(macvlan_link_info_mtu(info) == 1400 && macvlan_link_info_group(info) == 6);
    CHECK(macvlan_link_info_is_allmulticast(info) && !macvlan_link_info_is_promisc(info));
    CHECK(macvlan_link_info_allmulticast_count(info) == 1
          || macvlan_link_info_allmulticast_count(info) == -1);
    CHECK_TEXT(macvlan_link_info_alias(info), "left end");
    CHECK(macvlan_link_info_tx_queue_len(info) == 400);
    CHECK(macvlan_link_info_addr_gen_mode(info) == IN6_ADDR_GEN_MODE_NONE);
    CHECK(macvlan_link_info_accept_ra(info) == 1 && macvlan_link_info_autoconf(info) == 1);
    CHECK(macvlan_link_info_disable_ipv6(info) == 0);
    CHECK(macvlan_link_info_alternative_name_count(info) == 1);
    CHECK_TEXT(macvlan_link_info_alternative_name(info, 0), "a-longer-name-than-15-bytes");
    CHECK_TEXT(macvlan_link_info_alternative_name(info, 1), NULL);
    macvlan_link_info_free(info);
    lab_witness(netns, "ip -d link show v0", "alias left end");
    MUST(macvlan_handle_delete_alternative_name(ip, "v0", "a-longer-name-than-15-bytes", &error));
    MUST(macvlan_handle_set_alias(ip, "v0", "", &error));
    MUST(macvlan_handle_set_down(ip, "v0", &error));
    MUST(macvlan_handle_rename(ip, "v0", "left", &error));
    info = look("left");
    CHECK(!macvlan_link_info_is_up(info) && macvlan_link_info_alternative_name_count(info) == 0);
    CHECK_TEXT(macvlan_link_info_alias(info), NULL);
    macvlan_link_info_free(info);
    MUST(macvlan_handle_set_up(ip, "left", &error));

    info = look("lo");
    CHECK(macvlan_link_info_is_loopback(info) && !macvlan_link_info_mac(info, found));
    CHECK_TEXT(macvlan_link_info_kind(info), NULL);
    macvlan_link_info_free(info);

    MUST(macvlan_options_new(MACVLAN_MODE_BRIDGE, &options, &error));
    MUST(macvlan_link_new_macvlan("mv0", "left", options, &link, &error));
    macvlan_options_free(options);
    add(link);
    MUST(macvlan_handle_delete_link(ip, "mv0", &error));
    REFUSED(macvlan_handle_link(ip, "mv0", &info, &error), ENODEV, MACVLAN_ERROR_NOT_FOUND, "mv0");
    CHECK(info == NULL);
}

static void macvlans(void)
{
    const uint8_t three[18] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3 };
    macvlan_options *options = NULL;
    macvlan_change *change = NULL;
    macvlan_link *link = NULL;
    macvlan_link_info *info;
    const macvlan_options *told;
    uint32_t frames;

    MUST(macvlan_options_new(MACVLAN_MODE_SOURCE, &options, &error));
    MUST(macvlan_options_add_source_mac(options, three, &error));
    MUST(macvlan_link_new_macvlan("mv0", "left", options, &link, &error));
    add(link);
    info = look("mv0");
    told = macvlan_link_info_options(info);
    CHECK(macvlan_options_mode(told) == MACVLAN_MODE_SOURCE);
    CHECK(macvlan_options_source_mac_count(told) == 1);
    /* A part of another object: read-only. */
    REFUSED(macvlan_options_set_nodst((macvlan_options *)told, true, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "a part of another object");
    macvlan_options_free((macvlan_options *)told);
    CHECK(macvlan_options_mode(told) == MACVLAN_MODE_SOURCE);
    macvlan_link_info_free(info);

    MUST(macvlan_change_new(&change, &error));
    MUST(macvlan_change_set_source_macs(change, MACVLAN_MACADDR_SET, three, 3, &error));
    MUST(macvlan_change_set_flags(change, false, true, &error));
    MUST(macvlan_change_set_bc_queue_len(change, 3000, &error));
    MUST(macvlan_handle_set_macvlan(ip, "mv0", change, &error));
    info = look("mv0");
    told = macvlan_link_info_options(info);
    CHECK(macvlan_options_source_mac_count(told) == 3 && macvlan_options_is_nodst(told));
    CHECK(macvlan_options_bc_queue_len(told, &frames) && frames == 3000);
    macvlan_link_info_free(info);
    macvlan_change_free(change);

    MUST(macvlan_change_new(&change, &error));
    MUST(macvlan_change_set_source_macs(change, MACVLAN_MACADDR_DEL, three + 6, 1, &error));
    MUST(macvlan_handle_set_macvlan(ip, "mv0", change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (2)");
    MUST(macvlan_change_set_source_macs(change, MACVLAN_MACADDR_ADD, three + 6, 1, &error));
    MUST(macvlan_handle_set_macvlan(ip, "mv0", change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (3)");
    MUST(macvlan_change_set_source_macs(change, MACVLAN_MACADDR_FLUSH, NULL, 0, &error));
    MUST(macvlan_handle_set_macvlan(ip, "mv0", change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (0)");
    REFUSED(macvlan_change_set_source_macs(change, MACVLAN_MACADDR_ADD, three, 2, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "mode 0 does not take 2 MAC addresses");
    REFUSED(macvlan_change_set_source_macs(change, (enum macvlan_macaddr_mode)4, three, 1, &error),
            EINVAL, MACVLAN_ERROR_INVALID_VALUE, "4 is not in enum macvlan_macaddr_mode");
    macvlan_change_free(change);
    MUST(macvlan_change_new(&change, &error));
    MUST(macvlan_change_set_mode(change, MACVLAN_MODE_PRIVATE, &error));
    MUST(macvlan_change_set_bc_cutoff(change, 2, &error));
    MUST(macvlan_handle_set_macvlan(ip, "mv0", change, &error));
    lab_witness(netns, "ip -d link show mv0", "macvlan mode private");
    REFUSED(macvlan_handle_set_macvlan(ip, "left", change, &error), EOPNOTSUPP,
            MACVLAN_ERROR_INVALID_VALUE, "neither a macvlan nor a macvtap");
    macvlan_change_free(change);

    macvlan_options_free(options);
    MUST(macvlan_handle_delete_link(ip, "mv0", &error));
}

static void lists_and_moves(void)
{
    macvlan_netns *other = NULL;
    macvlan_handle *there = NULL;
    macvlan_options *options = NULL;
    macvlan_link *link = NULL;
    macvlan_link_filter *filter = NULL;
    macvlan_link_list *list = NULL;
    macvlan_link_info *info = NULL;

    MUST(macvlan_netns_anonymous(&other, &error));
    MUST(macvlan_handle_open_in_netns(other, &there, &error));
    MUST(macvlan_options_new(MACVLAN_MODE_BRIDGE, &options, &error));
    MUST(macvlan_link_new_macvlan("mv0", "left", options, &link, &error));
    MUST(macvlan_link_set_netns(link, other, &error));
    add(link);
    MUST(macvlan_handle_link(there, "mv0", &info, &error));
    CHECK(macvlan_link_info_parent_netns(info) >= 0);
    macvlan_link_info_free(info);
    MUST(macvlan_link_new_macvlan("mv1", "left", options, &link, &error));
    add(link);
    MUST(macvlan_handle_move_link(ip, "mv1", other, "mv2", &error));
    MUST(macvlan_link_new_macvlan("mv3", "left", options, &link, &error));
    add(link);
    MUST(macvlan_handle_move_link(ip, "mv3", other, NULL, &error));
    macvlan_options_free(options);

    MUST(macvlan_link_filter_new(&filter, &error));
    MUST(macvlan_link_filter_set_kind(filter, "macvlan", &error));
    MUST(macvlan_handle_links(there, filter, &list, &error));
    CHECK(macvlan_link_list_count(list) == 3);
    CHECK(macvlan_link_list_get(list, 3) == NULL);
    macvlan_link_list_free(list);
    MUST(macvlan_handle_links(ip, filter, &list, &error));
    CHECK(macvlan_link_list_count(list) == 0);
    macvlan_link_list_free(list);
    MUST(macvlan_link_filter_set_controller(filter, "no-such-link", &error));
    REFUSED(macvlan_handle_links(ip, filter, &list, &error), ENODEV, MACVLAN_ERROR_NOT_FOUND,
            "no-such-link");
    macvlan_link_filter_free(filter);
    macvlan_handle_free(there);
    macvlan_netns_free(other);
}

static void addresses(void)
{
    macvlan_address_filter *filter = NULL;
    macvlan_address_list *list = NULL;
    const macvlan_address_info *address;
    bool is = false;

    MUST(macvlan_handle_add_address(ip, "left", "10.0.0.1/24", &error));
    MUST(macvlan_handle_replace_address(ip, "left", "10.0.0.1/24", &error));
    MUST(macvlan_handle_add_address(ip, "left", "10.0.1.1/24", &error));
    MUST(macvlan_handle_is_local(ip, "10.0.0.1", &is, &error));
    CHECK(is);
    MUST(macvlan_handle_is_local(ip, "192.0.2.1", &is, &error));
    CHECK(!is);
    MUST(macvlan_handle_delete_address(ip, "left", "10.0.1.1/24", &error));
    MUST(macvlan_handle_add_address(ip, "left", "fd00::1/64 nodad", &error));

    MUST(macvlan_address_filter_new(&filter, &error));
    MUST(macvlan_address_filter_set_link(filter, "left", &error));
    MUST(macvlan_address_filter_set_family(filter, AF_INET, &error));
    MUST(macvlan_handle_addresses(ip, filter, &list, &error));
    CHECK(macvlan_address_list_count(list) == 1);
    CHECK(macvlan_address_list_get(list, 1) == NULL);
    address = macvlan_address_list_get(list, 0);
    CHECK_TEXT(macvlan_address_info_text(address), "10.0.0.1/24");
    CHECK(macvlan_address_info_link(address) == 77);
    CHECK_TEXT(macvlan_address_info_scope(address), "global");
    CHECK_TEXT(macvlan_address_info_label(address), "left");
    CHECK_TEXT(macvlan_address_info_broadcast(address), "10.0.0.255");
    CHECK(macvlan_address_info_flags(address) & 0x80 /* IFA_F_PERMANENT */);
    CHECK(!macvlan_address_info_is_tentative(address) && !macvlan_address_info_is_duplicate(address));
    macvlan_address_list_free(list);

    MUST(macvlan_address_filter_set_family(filter, AF_INET6, &error));
    MUST(macvlan_handle_addresses(ip, filter, &list, &error));
    CHECK(macvlan_address_list_count(list) == 1);
    address = macvlan_address_list_get(list, 0);
    CHECK_TEXT(macvlan_address_info_text(address), "fd00::1/64 nodad");
    CHECK_TEXT(macvlan_address_info_label(address), NULL);
    CHECK_TEXT(macvlan_address_info_broadcast(address), NULL);
    macvlan_address_list_free(list);
    REFUSED(macvlan_address_filter_set_family(filter, AF_UNIX, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "1 is not a valid address family");
    macvlan_address_filter_free(filter);
    MUST(macvlan_handle_addresses(ip, NULL, &list, &error));
    CHECK(macvlan_address_list_count(list) >= 2);
    macvlan_address_list_free(list);
    lab_witness(netns, "ip address show dev left", "inet 10.0.0.1/24 brd 10.0.0.255");
}

static size_t count_routes(const macvlan_route_filter *filter)
{
    macvlan_route_list *list = NULL;
    size_t count;
    MUST(macvlan_handle_routes(ip, filter, &list, &error));
    count = macvlan_route_list_count(list);
    macvlan_route_list_free(list);
    return count;
}

static void routes(void)
{
    macvlan_route_filter *filter = NULL;
    macvlan_route_list *list = NULL;
    const macvlan_route_info *route;
    uint32_t link;
    uint16_t weight;

    MUST(macvlan_handle_add_route(ip, "default via 10.0.0.254", &error));
    MUST(macvlan_handle_add_route(ip, "10.5.0.0/16 via 10.0.0.5 metric 100", &error));
    MUST(macvlan_handle_replace_route(ip, "10.5.0.0/16 via 10.0.0.6 metric 100", &error));
    MUST(macvlan_handle_add_route(ip, "blackhole 10.6.0.0/16 table 77", &error));
    MUST(macvlan_handle_add_route(ip, "10.7.0.0/16 via 10.0.0.7", &error));
    MUST(macvlan_handle_delete_route(ip, "10.7.0.0/16", &error));
    lab_witness(netns, "ip route", "10.5.0.0/16 via 10.0.0.6 dev left metric 100");
    lab_witness(netns, "ip route add 10.8.0.0/16 proto 99 nexthop via 10.0.0.8 weight 3 nexthop via 10.0.0.9 "
                       "&& ip route", "nexthop via 10.0.0.8 dev left weight 3");

    MUST(macvlan_route_filter_new(&filter, &error));
    MUST(macvlan_route_filter_set_table(filter, 77, &error));
    MUST(macvlan_route_filter_set_kind(filter, "blackhole", &error));
    MUST(macvlan_route_filter_set_family(filter, AF_INET, &error));
    MUST(macvlan_handle_routes(ip, filter, &list, &error));
    CHECK(macvlan_route_list_count(list) == 1);
    route = macvlan_route_list_get(list, 0);
    CHECK_TEXT(macvlan_route_info_text(route), "blackhole 10.6.0.0/16 table 77 scope global");
    CHECK(macvlan_route_info_protocol(route) == 3);
    CHECK(macvlan_route_info_next_hop_count(route) == 0);
    macvlan_route_list_free(list);
    macvlan_route_filter_free(filter);

    MUST(macvlan_route_filter_new(&filter, &error));
    MUST(macvlan_route_filter_set_protocol(filter, 99, &error));
    MUST(macvlan_handle_routes(ip, filter, &list, &error));
    CHECK(macvlan_route_list_count(list) == 1);
    route = macvlan_route_list_get(list, 0);
    CHECK(macvlan_route_info_protocol(route) == 99);
    CHECK(macvlan_route_info_next_hop_count(route) == 2);
    CHECK(macvlan_route_info_next_hop(route, 0, &link, &weight) && link == 77 && weight == 3);
    CHECK_TEXT(macvlan_route_info_next_hop_gateway(route, 1), "10.0.0.9");
    CHECK(!macvlan_route_info_next_hop(route, 2, &link, &weight) && link == 0 && weight == 0);
    CHECK_TEXT(macvlan_route_info_next_hop_gateway(route, 2), NULL);
    macvlan_route_list_free(list);
    macvlan_route_filter_free(filter);

    MUST(macvlan_route_filter_new(&filter, &error));
    MUST(macvlan_route_filter_set_link(filter, "#77", &error));
    CHECK(count_routes(filter) >= 3 && count_routes(filter) < count_routes(NULL));
    REFUSED(macvlan_route_filter_set_kind(filter, "greyhole", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "greyhole");
    macvlan_route_filter_free(filter);
}

static void rules(void)
{
    macvlan_rule_list *list = NULL;
    size_t at;
    bool found = false;

    MUST(macvlan_handle_add_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error));
    MUST(macvlan_handle_rules(ip, &list, &error));
    for (at = 0; at < macvlan_rule_list_count(list); at++)
        found |= strcmp(macvlan_rule_list_get(list, at), "from 10.0.0.1/32 table 77 priority 500") == 0;
    CHECK(found && macvlan_rule_list_get(list, at) == NULL);
    macvlan_rule_list_free(list);
    lab_witness(netns, "ip rule", "500:\tfrom 10.0.0.1 lookup 77");
    MUST(macvlan_handle_delete_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error));
    REFUSED(macvlan_handle_delete_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error), ENOENT,
            MACVLAN_ERROR_NOT_FOUND, "table 77");
}

static void neighbours(void)
{
    macvlan_neighbour_filter *filter = NULL;
    macvlan_neighbour_list *list = NULL;
    const macvlan_neighbour_info *neighbour;
    const uint8_t expected[6] = { 2, 0, 0, 0, 0, 9 };
    uint8_t mac[6];

    lab_witness(netns, "ip neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev left && ip neighbour",
                "10.0.0.9 dev left lladdr 02:00:00:00:00:09 PERMANENT");
    MUST(macvlan_neighbour_filter_new(&filter, &error));
    MUST(macvlan_neighbour_filter_set_link(filter, "left", &error));
    MUST(macvlan_neighbour_filter_set_family(filter, AF_INET, &error));
    MUST(macvlan_handle_neighbours(ip, filter, &list, &error));
    CHECK(macvlan_neighbour_list_count(list) == 1);
    neighbour = macvlan_neighbour_list_get(list, 0);
    CHECK_TEXT(macvlan_neighbour_info_ip(neighbour), "10.0.0.9");
    CHECK(macvlan_neighbour_info_mac(neighbour, mac) && memcmp(mac, expected, 6) == 0);
    CHECK(macvlan_neighbour_info_link(neighbour) == 77);
    CHECK_TEXT(macvlan_neighbour_info_state(neighbour), "PERMANENT");
    macvlan_neighbour_list_free(list);
    macvlan_neighbour_filter_free(filter);
}

static void promiscuous(void)
{
    macvlan_promisc *first = NULL, *second = NULL;
    macvlan_link_info *info;

    MUST(macvlan_handle_hold_promisc(ip, "left", &first, &error));
    MUST(macvlan_handle_hold_promisc(ip, "left", &second, &error));
    CHECK(macvlan_promisc_fd(first) >= 0 && macvlan_promisc_fd(first) != macvlan_promisc_fd(second));
    info = look("left");
    CHECK(macvlan_link_info_promiscuity(info) == 2);
    macvlan_link_info_free(info);
    macvlan_promisc_free(first);
    macvlan_promisc_free(second);
    info = look("left");
    CHECK(macvlan_link_info_promiscuity(info) == 0);
    macvlan_link_info_free(info);
}

/* Compares the traffic counters with `ip -s`. */
static void statistics(void)
{
    macvlan_link_info *info;
    char expected[64];
    uint64_t received;

    MUST(macvlan_handle_set_up(ip, "lo", &error));
    CHECK(lab_ping(netns, "127.0.0.1"));
    info = look("lo");
    received = macvlan_link_info_statistic(info, MACVLAN_RX_PACKETS);
    CHECK(received >= 2 && received == macvlan_link_info_statistic(info, MACVLAN_TX_PACKETS));
    CHECK(macvlan_link_info_statistic(info, MACVLAN_RX_BYTES) > received);
    CHECK(macvlan_link_info_statistic(info, MACVLAN_TX_BYTES)
          == macvlan_link_info_statistic(info, MACVLAN_RX_BYTES));
    CHECK(macvlan_link_info_statistic(info, MACVLAN_COLLISIONS) == 0);
    CHECK(macvlan_link_info_statistic(info, (enum macvlan_statistic)10) == 0);
    snprintf(expected, sizeof expected, "%llu",
             (unsigned long long)macvlan_link_info_statistic(info, MACVLAN_RX_BYTES));
    lab_witness(netns, "ip -s link show lo", expected);
    macvlan_link_info_free(info);
}

static void handles(void)
{
    MUST(macvlan_netns_anonymous(&netns, &error));
    MUST(macvlan_handle_open_in_netns(netns, &ip, &error));
    links();
    macvlans();
    lists_and_moves();
    addresses();
    routes();
    rules();
    neighbours();
    promiscuous();
    statistics();
    macvlan_handle_free(ip);
    macvlan_netns_free(netns);
}

int main(void)
{
    return lab_main(handles);
}
