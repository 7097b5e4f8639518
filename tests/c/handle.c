/*
 * The verbs of `ip` from C: each link, address, route and rule that is set is read back, and
 * checked with `ip`.
 */

#include "lab.h"

static macvlan_netns *netns;
static macvlan_handle *ip;

static macvlan_link *look(const char *link)
{
    macvlan_link *info = NULL;
    MUST(macvlan_handle_link(ip, link, &info, &error));
    return info;
}

/* The kernel reports that a link works a moment after it is up. */
static bool works(const char *link)
{
    macvlan_link *info = look(link);
    bool is_so = strcmp(macvlan_link_get(info)->state, "UP") == 0;
    macvlan_link_free(info);
    return is_so;
}

static macvlan_link *look_when_it_works(const char *link)
{
    EVENTUALLY(works(link));
    return look(link);
}

static void add(const macvlan_link_options *link)
{
    MUST(macvlan_handle_add_link(ip, link, &error));
}

static macvlan_link_options macvlan_of(const char *name, const macvlan_options *options)
{
    macvlan_link_options link = MACVLAN_INIT(macvlan_link_options);
    link.kind = "macvlan";
    link.name = name;
    link.parent = "left";
    link.options = options;
    return link;
}

static void links(void)
{
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, other[6] = { 2, 0, 0, 0, 0, 2 };
    macvlan_link_options link = MACVLAN_INIT(macvlan_link_options);
    macvlan_link *info;
    const macvlan_link_info *left;
    uint32_t receive;
    char by_index[16];

    link.kind = "veth";
    link.name = "v0";
    link.peer = "v1";
    link.index = 77;
    link.mac.is_set = true;
    memcpy(link.mac.value, mac, 6);
    link.mtu = 1450;
    link.group = 5;
    MACVLAN_SET(link.tx_queue_len, 300);
    link.tx_queues = 2;
    link.rx_queues = 3;
    link.promisc = link.up = true;
    add(&link);
    MUST(macvlan_handle_set_up(ip, "v1", &error));

    info = look_when_it_works(macvlan_link_text(77, by_index));
    left = macvlan_link_get(info);
    CHECK(left->size == sizeof(macvlan_link_info));
    CHECK(left->index == 77);
    CHECK_TEXT(left->name, "v0");
    CHECK_TEXT(left->kind, "veth");
    CHECK(lab_is_mac(left->mac, mac));
    CHECK(left->mtu == 1450);
    CHECK(left->min_mtu == 68);
    CHECK(left->max_mtu == 65535);
    CHECK(left->group == 5);
    CHECK(left->tx_queue_len == 300);
    CHECK(left->tx_queues == 2);
    receive = left->rx_queues;
    CHECK(receive == 3 || receive == 0 /* a kernel without CONFIG_RPS does not count them */);
    CHECK(left->is_up && left->is_promisc);
    CHECK(!left->is_allmulticast && !left->is_loopback);
    CHECK(left->flags & 1 /* IFF_UP */);
    CHECK(left->promiscuity == 1);
    CHECK(left->carrier.value == 1);
    CHECK_TEXT(left->state, "UP");
    CHECK(left->parent != 0 && !left->parent_netns.is_set);
    CHECK(left->controller == 0);
    CHECK(left->qdisc != NULL);
    CHECK(left->options == NULL && left->vlan == NULL);
    CHECK(left->offloads->gso_max_size.value >= 65535);
    CHECK(left->offloads->gso_max_segs.value == 65535);
    macvlan_link_free(info);
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
    left = macvlan_link_get(info);
    CHECK(lab_is_mac(left->mac, other));
    CHECK(left->mtu == 1400 && left->group == 6);
    CHECK(left->is_allmulticast && !left->is_promisc);
    CHECK(left->allmulticast_count.value == 1 || !left->allmulticast_count.is_set);
    CHECK_TEXT(left->alias, "left end");
    CHECK(left->tx_queue_len == 400);
    CHECK(left->addr_gen_mode.value == IN6_ADDR_GEN_MODE_NONE);
    CHECK(left->accept_ra.value == 1 && left->autoconf.value == 1);
    CHECK(left->disable_ipv6.is_set && !left->disable_ipv6.value);
    CHECK(left->alternative_name_count == 1);
    CHECK_TEXT(left->alternative_names[0], "a-longer-name-than-15-bytes");
    macvlan_link_free(info);
    lab_witness(netns, "ip -d link show v0", "alias left end");
    MUST(macvlan_handle_delete_alternative_name(ip, "v0", "a-longer-name-than-15-bytes", &error));
    MUST(macvlan_handle_set_alias(ip, "v0", "", &error));
    MUST(macvlan_handle_set_down(ip, "v0", &error));
    MUST(macvlan_handle_rename(ip, "v0", "left", &error));
    info = look("left");
    CHECK(!macvlan_link_get(info)->is_up && macvlan_link_get(info)->alternative_name_count == 0);
    CHECK_TEXT(macvlan_link_get(info)->alias, NULL);
    macvlan_link_free(info);
    MUST(macvlan_handle_set_up(ip, "left", &error));

    info = look("lo");
    CHECK(macvlan_link_get(info)->is_loopback && !macvlan_link_get(info)->mac.is_set);
    CHECK_TEXT(macvlan_link_get(info)->kind, NULL);
    macvlan_link_free(info);

    link = macvlan_of("mv0", NULL);
    add(&link);
    MUST(macvlan_handle_delete_link(ip, "mv0", &error));
    link.kind = "wlan";
    REFUSED(macvlan_handle_add_link(ip, &link, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "link.kind is \"wlan\"");
    REFUSED(macvlan_handle_link(ip, "mv0", &info, &error), ENODEV, MACVLAN_ERROR_NOT_FOUND, "mv0");
    CHECK(info == NULL);
}

static void macvlans(void)
{
    const uint8_t three[18] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3 };
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_change change = MACVLAN_INIT(macvlan_change);
    macvlan_link_options link = macvlan_of("mv0", &options);
    macvlan_link *info;
    const macvlan_options *found;

    options.mode = MACVLAN_MODE_SOURCE;
    options.source_macs = three;
    options.source_mac_count = 1;
    add(&link);
    info = look("mv0");
    found = macvlan_link_get(info)->options;
    CHECK(found->mode == MACVLAN_MODE_SOURCE && found->source_mac_count == 1);
    CHECK(memcmp(found->source_macs, three, 6) == 0);
    macvlan_link_free(info);

    MACVLAN_SET(change.macaddr_mode, MACVLAN_MACADDR_SET);
    change.source_macs = three;
    change.source_mac_count = 3;
    MACVLAN_SET(change.flags, MACVLAN_FLAG_NODST);
    MACVLAN_SET(change.bc_queue_len, 3000);
    MUST(macvlan_handle_set_macvlan(ip, "mv0", &change, &error));
    info = look("mv0");
    found = macvlan_link_get(info)->options;
    CHECK(found->source_mac_count == 3 && found->nodst && !found->nopromisc);
    CHECK(found->bc_queue_len.is_set && found->bc_queue_len.value == 3000);
    macvlan_link_free(info);
    change.flags.value = 4;
    REFUSED(macvlan_handle_set_macvlan(ip, "mv0", &change, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "change.flags has flags other than MACVLAN_FLAG_...");

    change = MACVLAN_INIT(macvlan_change);
    MACVLAN_SET(change.macaddr_mode, MACVLAN_MACADDR_DEL);
    change.source_macs = three + 6;
    change.source_mac_count = 1;
    MUST(macvlan_handle_set_macvlan(ip, "mv0", &change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (2)");
    change.macaddr_mode.value = MACVLAN_MACADDR_ADD;
    MUST(macvlan_handle_set_macvlan(ip, "mv0", &change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (3)");
    change.macaddr_mode.value = MACVLAN_MACADDR_FLUSH;
    change.source_mac_count = 0;
    MUST(macvlan_handle_set_macvlan(ip, "mv0", &change, &error));
    lab_witness(netns, "ip -d link show mv0", "remotes (0)");
    change.macaddr_mode.value = MACVLAN_MACADDR_ADD;
    change.source_macs = three;
    change.source_mac_count = 2;
    REFUSED(macvlan_handle_set_macvlan(ip, "mv0", &change, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "mode 0 does not take 2 MAC addresses");
    change.macaddr_mode.value = 4;
    REFUSED(macvlan_handle_set_macvlan(ip, "mv0", &change, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4 is not in enum macvlan_macaddr_mode");

    change = MACVLAN_INIT(macvlan_change);
    change.mode = MACVLAN_MODE_PRIVATE;
    MACVLAN_SET(change.bc_cutoff, 2);
    MUST(macvlan_handle_set_macvlan(ip, "mv0", &change, &error));
    lab_witness(netns, "ip -d link show mv0", "macvlan mode private");
    REFUSED(macvlan_handle_set_macvlan(ip, "left", &change, &error), EOPNOTSUPP,
            MACVLAN_ERROR_INVALID_VALUE, "neither a macvlan nor a macvtap");
    MUST(macvlan_handle_delete_link(ip, "mv0", &error));
}

static void lists_and_moves(void)
{
    macvlan_netns *other = NULL;
    macvlan_handle *there = NULL;
    macvlan_link_options link = macvlan_of("mv0", NULL);
    macvlan_link_filter filter = MACVLAN_INIT(macvlan_link_filter);
    macvlan_link_list *list = NULL;
    macvlan_link *info = NULL;

    MUST(macvlan_netns_anonymous(&other, &error));
    MUST(macvlan_handle_open_in_netns(other, &there, &error));
    link.netns = other;
    add(&link);
    MUST(macvlan_handle_link(there, "mv0", &info, &error));
    CHECK(macvlan_link_get(info)->parent_netns.is_set);
    macvlan_link_free(info);
    link = macvlan_of("mv1", NULL);
    add(&link);
    MUST(macvlan_handle_move_link(ip, "mv1", other, "mv2", &error));
    link.name = "mv3";
    add(&link);
    MUST(macvlan_handle_move_link(ip, "mv3", other, NULL, &error));

    filter.kind = "macvlan";
    MUST(macvlan_handle_links(there, &filter, &list, &error));
    CHECK(macvlan_link_list_count(list) == 3);
    CHECK(macvlan_link_list_get(list, 3) == NULL);
    macvlan_link_list_free(list);
    MUST(macvlan_handle_links(ip, &filter, &list, &error));
    CHECK(macvlan_link_list_count(list) == 0);
    macvlan_link_list_free(list);
    filter.controller = "no-such-link";
    REFUSED(macvlan_handle_links(ip, &filter, &list, &error), ENODEV, MACVLAN_ERROR_NOT_FOUND,
            "no-such-link");
    macvlan_handle_free(there);
    macvlan_netns_free(other);
}

static void addresses(void)
{
    macvlan_address_filter filter = MACVLAN_INIT(macvlan_address_filter);
    macvlan_address_list *list = NULL;
    const macvlan_address *address;
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

    filter.link = "left";
    filter.family = AF_INET;
    MUST(macvlan_handle_addresses(ip, &filter, &list, &error));
    CHECK(macvlan_address_list_count(list) == 1);
    CHECK(macvlan_address_list_get(list, 1) == NULL);
    address = macvlan_address_list_get(list, 0);
    CHECK_TEXT(address->text, "10.0.0.1/24");
    CHECK_TEXT(address->ip, "10.0.0.1");
    CHECK(address->prefix_len == 24);
    CHECK(address->link == 77);
    CHECK_TEXT(address->scope, "global");
    CHECK_TEXT(address->label, "left");
    CHECK_TEXT(address->broadcast, "10.0.0.255");
    CHECK(address->flags & 0x80 /* IFA_F_PERMANENT */);
    CHECK(!address->is_tentative && !address->is_duplicate);
    macvlan_address_list_free(list);

    filter.family = AF_INET6;
    MUST(macvlan_handle_addresses(ip, &filter, &list, &error));
    CHECK(macvlan_address_list_count(list) == 1);
    address = macvlan_address_list_get(list, 0);
    CHECK_TEXT(address->text, "fd00::1/64 nodad");
    CHECK(address->duplicate_detection == MACVLAN_DUPLICATE_DETECTION_SKIP);
    CHECK_TEXT(address->label, NULL);
    CHECK_TEXT(address->broadcast, NULL);
    macvlan_address_list_free(list);
    filter.family = AF_UNIX;
    REFUSED(macvlan_handle_addresses(ip, &filter, &list, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "1 is not a valid address family");
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
    macvlan_route_filter filter = MACVLAN_INIT(macvlan_route_filter);
    macvlan_route_list *list = NULL;
    const macvlan_route *route;

    MUST(macvlan_handle_add_route(ip, "default via 10.0.0.254", &error));
    MUST(macvlan_handle_add_route(ip, "10.5.0.0/16 via 10.0.0.5 metric 100", &error));
    MUST(macvlan_handle_replace_route(ip, "10.5.0.0/16 via 10.0.0.6 metric 100", &error));
    MUST(macvlan_handle_add_route(ip, "blackhole 10.6.0.0/16 table 77", &error));
    MUST(macvlan_handle_add_route(ip, "10.7.0.0/16 via 10.0.0.7", &error));
    MUST(macvlan_handle_delete_route(ip, "10.7.0.0/16", &error));
    lab_witness(netns, "ip route", "10.5.0.0/16 via 10.0.0.6 dev left metric 100");
    lab_witness(netns, "ip route add 10.8.0.0/16 proto 99 nexthop via 10.0.0.8 weight 3 nexthop via 10.0.0.9 "
                       "&& ip route", "nexthop via 10.0.0.8 dev left weight 3");

    MACVLAN_SET(filter.table, 77);
    filter.kind = "blackhole";
    filter.family = AF_INET;
    MUST(macvlan_handle_routes(ip, &filter, &list, &error));
    CHECK(macvlan_route_list_count(list) == 1);
    route = macvlan_route_list_get(list, 0);
    CHECK_TEXT(route->text, "blackhole 10.6.0.0/16 table 77");
    CHECK_TEXT(route->destination, "10.6.0.0/16");
    CHECK_TEXT(route->kind, "blackhole");
    CHECK(route->table.is_set && route->table.value == 77);
    CHECK(route->protocol.value == 3 && route->next_hop_count == 0);
    macvlan_route_list_free(list);

    filter = MACVLAN_INIT(macvlan_route_filter);
    MACVLAN_SET(filter.protocol, 99);
    MUST(macvlan_handle_routes(ip, &filter, &list, &error));
    CHECK(macvlan_route_list_count(list) == 1);
    route = macvlan_route_list_get(list, 0);
    CHECK(route->protocol.value == 99 && route->next_hop_count == 2);
    CHECK(route->next_hops[0]->link == 77 && route->next_hops[0]->weight == 3);
    CHECK_TEXT(route->next_hops[0]->link_name, "left");
    CHECK_TEXT(route->next_hops[1]->gateway, "10.0.0.9");
    CHECK_TEXT(route->text, "10.8.0.0/16 proto openr nexthop via 10.0.0.8 dev left weight 3 "
                            "nexthop via 10.0.0.9 dev left weight 1");
    macvlan_route_list_free(list);
    filter.protocol.value = 256;
    REFUSED(macvlan_handle_routes(ip, &filter, &list, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "256 is not a valid routing protocol");

    filter = MACVLAN_INIT(macvlan_route_filter);
    filter.link = "#77";
    CHECK(count_routes(&filter) >= 3 && count_routes(&filter) < count_routes(NULL));
    filter.kind = "greyhole";
    REFUSED(macvlan_handle_routes(ip, &filter, &list, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "greyhole");
}

static void rules(void)
{
    macvlan_rule_list *list = NULL;
    size_t at;
    bool found = false;

    MUST(macvlan_handle_add_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error));
    MUST(macvlan_handle_rules(ip, &list, &error));
    for (at = 0; at < macvlan_rule_list_count(list); at++)
        found |= strcmp(macvlan_rule_list_get(list, at)->text,
                        "from 10.0.0.1/32 table 77 priority 500") == 0;
    CHECK(found && macvlan_rule_list_get(list, at) == NULL);
    macvlan_rule_list_free(list);
    lab_witness(netns, "ip rule", "500:\tfrom 10.0.0.1 lookup 77");
    MUST(macvlan_handle_delete_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error));
    REFUSED(macvlan_handle_delete_rule(ip, "from 10.0.0.1/32 table 77 priority 500", &error), ENOENT,
            MACVLAN_ERROR_NOT_FOUND, "table 77");
}

static void neighbours(void)
{
    macvlan_neighbour_filter filter = MACVLAN_INIT(macvlan_neighbour_filter);
    macvlan_neighbour_list *list = NULL;
    const macvlan_neighbour *neighbour;
    const uint8_t expected[6] = { 2, 0, 0, 0, 0, 9 };

    lab_witness(netns, "ip neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev left && ip neighbour",
                "10.0.0.9 dev left lladdr 02:00:00:00:00:09 PERMANENT");
    filter.link = "left";
    filter.family = AF_INET;
    MUST(macvlan_handle_neighbours(ip, &filter, &list, &error));
    CHECK(macvlan_neighbour_list_count(list) == 1);
    neighbour = macvlan_neighbour_list_get(list, 0);
    CHECK_TEXT(neighbour->ip, "10.0.0.9");
    CHECK(lab_is_mac(neighbour->mac, expected));
    CHECK(neighbour->link == 77);
    CHECK_TEXT(neighbour->state, "PERMANENT");
    macvlan_neighbour_list_free(list);
}

static void promiscuous(void)
{
    macvlan_promisc *first = NULL, *second = NULL;
    macvlan_link *info;

    MUST(macvlan_handle_hold_promisc(ip, "left", &first, &error));
    MUST(macvlan_handle_hold_promisc(ip, "left", &second, &error));
    CHECK(macvlan_promisc_fd(first) >= 0 && macvlan_promisc_fd(first) != macvlan_promisc_fd(second));
    info = look("left");
    CHECK(macvlan_link_get(info)->promiscuity == 2);
    macvlan_link_free(info);
    macvlan_promisc_free(first);
    macvlan_promisc_free(second);
    info = look("left");
    CHECK(macvlan_link_get(info)->promiscuity == 0);
    macvlan_link_free(info);
}

/* Compares the traffic counters with `ip -s`. */
static void statistics(void)
{
    macvlan_link *info;
    const macvlan_link_statistics *all;
    char expected[64];

    MUST(macvlan_handle_set_up(ip, "lo", &error));
    CHECK(lab_ping(netns, "127.0.0.1"));
    info = look("lo");
    all = macvlan_link_get(info)->statistics;
    CHECK(all->rx_packets >= 2 && all->rx_packets == all->tx_packets);
    CHECK(all->rx_bytes > all->rx_packets && all->tx_bytes == all->rx_bytes);
    CHECK(all->collisions == 0);
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)all->rx_bytes);
    lab_witness(netns, "ip -s link show lo", expected);
    macvlan_link_free(info);
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
