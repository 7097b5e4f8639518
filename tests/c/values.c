/*
 * Values, which do not use the kernel: MAC addresses, options, VLANs, parents, endpoints and their
 * plans. Needs no privileges.
 */

#include "lab.h"

static void versions(void)
{
    CHECK_TEXT(macvlan_version(), MACVLAN_VERSION);
    CHECK(MACVLAN_VERSION_AT_LEAST(MACVLAN_VERSION_MAJOR, MACVLAN_VERSION_MINOR,
                                   MACVLAN_VERSION_PATCH));
    CHECK(MACVLAN_VERSION_AT_LEAST(0, 0, 99));
    CHECK(!MACVLAN_VERSION_AT_LEAST(MACVLAN_VERSION_MAJOR, MACVLAN_VERSION_MINOR,
                                    MACVLAN_VERSION_PATCH + 1));
    CHECK(!MACVLAN_VERSION_AT_LEAST(MACVLAN_VERSION_MAJOR + 1, 0, 0));
}

static void mac_addresses(void)
{
    const uint8_t zero[6] = { 0 }, multicast[6] = { 1, 0, 0x5e, 0, 0, 1 };
    const uint8_t docker[6] = { 2, 0x42, 172, 16, 213, 180 };
    uint8_t mac[6];
    char text[18];

    MUST(macvlan_mac_from_ipv4("172.16.213.180", mac, &error));
    CHECK(memcmp(mac, docker, 6) == 0);
    MUST(macvlan_mac_format(mac, text, &error));
    CHECK_TEXT(text, "02:42:ac:10:d5:b4");
    memset(mac, 0, 6);
    MUST(macvlan_mac_parse("02:42:AC:10:D5:B4", mac, &error));
    CHECK(memcmp(mac, docker, 6) == 0);

    REFUSED(macvlan_mac_parse("02:42", mac, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "cannot parse MAC address \"02:42\"");
    REFUSED(macvlan_mac_format(zero, text, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE, "zero");
    REFUSED(macvlan_mac_format(multicast, text, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "multicast");
    REFUSED(macvlan_mac_from_ipv4("fd00::1", mac, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "\"fd00::1\": invalid IPv4 address syntax");
    CHECK(memcmp(mac, docker, 6) == 0);
}

static void options(void)
{
    const uint8_t first[6] = { 2, 0, 0, 0, 0, 1 }, second[6] = { 2, 0, 0, 0, 0, 2 };
    macvlan_options *options = NULL;
    uint8_t mac[6];
    uint32_t frames = 7;
    int32_t siblings = 7;

    MUST(macvlan_options_new(MACVLAN_MODE_SOURCE, &options, &error));
    CHECK(!macvlan_options_bc_queue_len(options, &frames) && frames == 0);
    CHECK(!macvlan_options_bc_cutoff(options, &siblings) && siblings == 0);
    MUST(macvlan_options_set_nodst(options, true, &error));
    MUST(macvlan_options_set_nopromisc(options, true, &error));
    MUST(macvlan_options_add_source_mac(options, first, &error));
    MUST(macvlan_options_add_source_mac(options, second, &error));
    MUST(macvlan_options_set_bc_queue_len(options, 2000, &error));
    MUST(macvlan_options_set_bc_cutoff(options, -1, &error));

    CHECK(macvlan_options_mode(options) == MACVLAN_MODE_SOURCE);
    CHECK(macvlan_options_is_nodst(options) && macvlan_options_is_nopromisc(options));
    CHECK(macvlan_options_source_mac_count(options) == 2);
    CHECK(macvlan_options_source_mac(options, 1, mac) && memcmp(mac, second, 6) == 0);
    CHECK(!macvlan_options_source_mac(options, 2, mac));
    CHECK(macvlan_options_bc_queue_len(options, &frames) && frames == 2000);
    CHECK(macvlan_options_bc_cutoff(options, &siblings) && siblings == -1);
    REFUSED(macvlan_options_check(options, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "nopromisc");
    MUST(macvlan_options_set_nopromisc(options, false, &error));
    MUST(macvlan_options_check(options, &error));
    macvlan_options_free(options);

    REFUSED(macvlan_options_new((enum macvlan_mode)3, &options, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "3 is no enum macvlan_mode");
    CHECK(options == NULL);
}

static void vlans(void)
{
    macvlan_vlan *vlan = NULL;
    uint32_t inside;
    uint8_t tag;

    MUST(macvlan_vlan_new(200, &vlan, &error));
    CHECK(macvlan_vlan_gvrp(vlan) == -1);
    MUST(macvlan_vlan_set_protocol(vlan, MACVLAN_VLAN_8021AD, &error));
    MUST(macvlan_vlan_set_gvrp(vlan, true, &error));
    MUST(macvlan_vlan_set_mvrp(vlan, false, &error));
    MUST(macvlan_vlan_set_reorder_hdr(vlan, false, &error));
    MUST(macvlan_vlan_set_loose_binding(vlan, true, &error));
    MUST(macvlan_vlan_set_bridge_binding(vlan, true, &error));
    MUST(macvlan_vlan_add_egress_qos(vlan, 10, 7, &error));
    MUST(macvlan_vlan_add_ingress_qos(vlan, 1, 11, &error));
    CHECK(macvlan_vlan_id(vlan) == 200);
    CHECK(macvlan_vlan_protocol(vlan) == 0x88a8);
    CHECK(macvlan_vlan_gvrp(vlan) == 1 && macvlan_vlan_mvrp(vlan) == 0);
    CHECK(macvlan_vlan_reorder_hdr(vlan) == 0 && macvlan_vlan_loose_binding(vlan) == 1);
    CHECK(macvlan_vlan_bridge_binding(vlan) == 1);
    CHECK(macvlan_vlan_egress_qos(vlan, 0, &inside, &tag) && inside == 10 && tag == 7);
    CHECK(macvlan_vlan_ingress_qos(vlan, 0, &tag, &inside) && tag == 1 && inside == 11);
    CHECK(!macvlan_vlan_ingress_qos(vlan, 1, &tag, &inside) && tag == 0 && inside == 0);
    CHECK(macvlan_vlan_egress_qos_count(vlan) == 1 && macvlan_vlan_ingress_qos_count(vlan) == 1);
    REFUSED(macvlan_vlan_add_egress_qos(vlan, 0, 8, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "0 to 7");
    REFUSED(macvlan_vlan_set_protocol(vlan, (enum macvlan_protocol)0x800, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "2048 is no enum macvlan_protocol");
    macvlan_vlan_free(vlan);

    MUST(macvlan_vlan_new_priority_tags(&vlan, &error));
    CHECK(macvlan_vlan_id(vlan) == 0 && macvlan_vlan_protocol(vlan) == MACVLAN_VLAN_8021Q);
    macvlan_vlan_free(vlan);
    REFUSED(macvlan_vlan_new(4095, &vlan, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE, "4094");
}

static void parents(void)
{
    macvlan_parent *parent = NULL, *vlan = NULL, *base = NULL;
    macvlan_endpoint *endpoint = NULL;
    char text[16];

    CHECK_TEXT(macvlan_link_text(7, text), "#7");
    CHECK_TEXT(macvlan_link_text(4294967295u, text), "#4294967295");
    MUST(macvlan_parent_new("eth0.20.200", &parent, &error));
    CHECK_TEXT(macvlan_parent_text(parent), "eth0.20.200");
    REFUSED(macvlan_parent_new_vlan(parent, 4095, &vlan, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4095");
    MUST(macvlan_parent_new_vlan(parent, 2, &vlan, &error));
    CHECK_TEXT(macvlan_parent_text(vlan), "eth0.20.200.2");
    REFUSED(macvlan_parent_set_name(vlan, "a/b", &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "a/b");
    CHECK_TEXT(macvlan_parent_text(vlan), "eth0.20.200.2");
    CHECK_TEXT(macvlan_parent_name(vlan), NULL);
    MUST(macvlan_parent_set_name(vlan, "lan", &error));
    CHECK_TEXT(macvlan_parent_name(vlan), "lan");
    CHECK(macvlan_parent_vlan_id(vlan) == 2);
    CHECK(macvlan_parent_protocol(vlan) == MACVLAN_VLAN_8021Q);
    MUST(macvlan_parent_base(vlan, &base, &error));
    CHECK_TEXT(macvlan_parent_text(base), "eth0.20.200");
    macvlan_parent_free(base);
    MUST(macvlan_endpoint_new_on("eth0", vlan, &endpoint, &error));
    macvlan_parent_free(parent);
    macvlan_parent_free(vlan);
    MUST(macvlan_endpoint_parent_object(endpoint, &vlan, &error));
    CHECK(macvlan_parent_vlan_id(vlan) == 2);
    macvlan_parent_free(vlan);
    macvlan_endpoint_free(endpoint);
    MUST(macvlan_parent_new_link("an-alternative-name.100", &parent, &error));
    CHECK_TEXT(macvlan_parent_alternative_name(parent), "an-alternative-name.100");
    CHECK(macvlan_parent_vlan_id(parent) == 0);
    macvlan_parent_free(parent);
    MUST(macvlan_parent_new_link("#7", &parent, &error));
    CHECK_TEXT(macvlan_parent_alternative_name(parent), NULL);
    CHECK_TEXT(macvlan_parent_text(parent), "#7");
    CHECK(macvlan_parent_vlan_id(parent) == 0 && macvlan_parent_protocol(parent) == 0);
    REFUSED(macvlan_parent_set_protocol(parent, MACVLAN_VLAN_8021AD, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "#7 is not described as a VLAN");
    MUST(macvlan_parent_base(parent, &base, &error));
    CHECK(base == NULL);
    macvlan_parent_free(parent);
}

/* The options of an endpoint, read back. */
static void told(macvlan_endpoint *endpoint)
{
    const uint8_t expected[6] = { 2, 0x42, 10, 0, 0, 2 };
    macvlan_endpoint *bare = NULL;
    uint8_t mac[6];
    uint32_t number = 9, other = 9;

    CHECK(macvlan_endpoint_mac(endpoint, mac) && memcmp(mac, expected, 6) == 0);
    CHECK(macvlan_endpoint_mtu(endpoint) == 1400);
    CHECK(macvlan_endpoint_address_count(endpoint) == 3);
    CHECK_TEXT(macvlan_endpoint_address(endpoint, 1), "fd00::2/64 nodad");
    CHECK_TEXT(macvlan_endpoint_address(endpoint, 3), NULL);
    CHECK(macvlan_endpoint_gateway_count(endpoint) == 2);
    CHECK_TEXT(macvlan_endpoint_gateway(endpoint, 0), "10.1.0.1");
    CHECK(macvlan_endpoint_route_count(endpoint) == 1);
    CHECK_TEXT(macvlan_endpoint_route(endpoint, 0), "10.9.0.0/16 via 10.0.0.9 metric 50");
    CHECK(macvlan_endpoint_alternative_name_count(endpoint) == 1);
    CHECK_TEXT(macvlan_endpoint_alternative_name(endpoint, 0), "web");
    CHECK_TEXT(macvlan_endpoint_alias(endpoint), "a web server");
    CHECK(macvlan_endpoint_is_promisc(endpoint) && macvlan_endpoint_is_lo_up(endpoint));
    CHECK(!macvlan_endpoint_is_on_link_gateways(endpoint));
    CHECK(!macvlan_endpoint_gateway_metric(endpoint, &number) && number == 0);
    CHECK(macvlan_endpoint_allmulticast(endpoint) == -1);
    CHECK(!macvlan_endpoint_is_replace_default_route(endpoint));
    CHECK(macvlan_endpoint_group(endpoint, &number) && number == 7);
    CHECK(macvlan_endpoint_tx_queue_len(endpoint, &number) && number == 500);
    CHECK(macvlan_endpoint_queues(endpoint, &number, &other) && number == 2 && other == 2);
    CHECK(macvlan_endpoint_addr_gen_mode(endpoint) == -1);
    CHECK(macvlan_endpoint_accept_ra(endpoint) == -1 && macvlan_endpoint_autoconf(endpoint) == -1);
    CHECK(macvlan_endpoint_disable_ipv6(endpoint) == -1);
    CHECK(MACVLAN_ENDPOINT_PROTOCOL == 109 && MACVLAN_ENDPOINT_RULE_PRIORITY == 30000);
    CHECK(macvlan_endpoint_mac_conflict_timeout(endpoint) == 0);
    CHECK(macvlan_endpoint_source_routing(endpoint) == 0);

    MUST(macvlan_endpoint_new("eth0", "ens33", &bare, &error));
    CHECK(!macvlan_endpoint_mac(bare, mac) && mac[0] == 0 && macvlan_endpoint_mtu(bare) == 0);
    CHECK(!macvlan_endpoint_group(bare, &number) && number == 0);
    CHECK(!macvlan_endpoint_queues(bare, &number, &other) && other == 0);
    CHECK_TEXT(macvlan_endpoint_alias(bare), NULL);
    MUST(macvlan_endpoint_set_alias(bare, "first", &error));
    CHECK_TEXT(macvlan_endpoint_alias(bare), "first");
    MUST(macvlan_endpoint_set_alias(bare, "second", &error));
    CHECK_TEXT(macvlan_endpoint_alias(bare), "second");
    MUST(macvlan_endpoint_set_mac_conflict_timeout(bare, 250, &error));
    CHECK(macvlan_endpoint_mac_conflict_timeout(bare) == 250);
    MUST(macvlan_endpoint_set_source_routing(bare, 77, &error));
    CHECK(macvlan_endpoint_source_routing(bare) == 77);
    macvlan_endpoint_free(bare);
}

static const char expected_plan[] =
    "host:   ip link add link ens33 name eth0 address 02:42:0a:00:00:02 mtu 1400 group 7 "
    "txqueuelen 500 numtxqueues 2 numrxqueues 2 up promisc on netns CONTAINER type macvlan mode "
    "private bcqueuelen 2000 bclim 3\n"
    "inside: ip link set eth0 alias \"a web server\"\n"
    "inside: ip link property add dev eth0 altname web\n"
    "inside: ip address add 10.0.0.2/24 broadcast + dev eth0\n"
    "inside: ip address add fd00::2/64 nodad dev eth0\n"
    "inside: ip address add 10.1.0.2/24 broadcast + dev eth0\n"
    "inside: ip route add default via 10.1.0.1 dev eth0\n"
    "inside: ip route add default via fd00::1 dev eth0\n"
    "inside: ip route add 10.9.0.0/16 via 10.0.0.9 dev eth0 metric 50\n"
    "inside: ip link set lo up\n";

/* All options of an endpoint appear in its plan. */
static void plans(void)
{
    const uint8_t mac[6] = { 2, 0x42, 10, 0, 0, 2 };
    macvlan_endpoint *endpoint = NULL, *clone = NULL;
    macvlan_plan *plan = NULL;
    uint32_t metric = 0;

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_set_mode(endpoint, MACVLAN_MODE_PRIVATE, &error));
    MUST(macvlan_endpoint_set_mac(endpoint, mac, &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.0.0.2/24", &error));
    MUST(macvlan_endpoint_add_address(endpoint, "fd00::2/64 nodad", &error));
    MUST(macvlan_endpoint_add_assignment(endpoint, "10.1.0.2/24@10.1.0.1", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "fd00::1", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "10.9.0.0/16 via 10.0.0.9 metric 50", &error));
    MUST(macvlan_endpoint_set_bc_queue_len(endpoint, 2000, &error));
    MUST(macvlan_endpoint_set_bc_cutoff(endpoint, 3, &error));
    MUST(macvlan_endpoint_set_promisc(endpoint, true, &error));
    MUST(macvlan_endpoint_set_alias(endpoint, "a web server", &error));
    MUST(macvlan_endpoint_add_alternative_name(endpoint, "web", &error));
    MUST(macvlan_endpoint_set_group(endpoint, 7, &error));
    MUST(macvlan_endpoint_set_tx_queue_len(endpoint, 500, &error));
    MUST(macvlan_endpoint_set_queues(endpoint, 2, 2, &error));

    CHECK_TEXT(macvlan_endpoint_name(endpoint), "eth0");
    CHECK_TEXT(macvlan_endpoint_parent(endpoint), "ens33");
    CHECK_TEXT(macvlan_endpoint_kind(endpoint), "macvlan");
    MUST(macvlan_endpoint_plan(endpoint, &plan, &error));
    CHECK_TEXT(macvlan_plan_text(plan), expected_plan);
    macvlan_plan_free(plan);

    told(endpoint);

    /* A setter that fails changes nothing, and changes of a clone do not affect the original. */
    MUST(macvlan_endpoint_clone(endpoint, &clone, &error));
    REFUSED(macvlan_endpoint_add_address(clone, "10.0.0.2", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the prefix length is missing");
    REFUSED(macvlan_endpoint_add_gateway(clone, "10.0.0.1/24", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "\"10.0.0.1/24\": invalid IP address syntax");
    REFUSED(macvlan_endpoint_add_route(clone, "default over there", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "default over there");
    REFUSED(macvlan_endpoint_set_addr_gen_mode(clone, (enum in6_addr_gen_mode)4, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4 is no enum in6_addr_gen_mode");
    REFUSED(macvlan_endpoint_set_accept_ra(clone, 3, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "3 is no value of accept_ra");
    MUST(macvlan_endpoint_plan(clone, &plan, &error));
    CHECK_TEXT(macvlan_plan_text(plan), expected_plan);
    macvlan_plan_free(plan);
    MUST(macvlan_endpoint_set_mac_conflict_timeout(clone, 100, &error));
    CHECK(macvlan_endpoint_waits(clone));
    MUST(macvlan_endpoint_set_lo_up(clone, false, &error));
    MUST(macvlan_endpoint_set_addr_gen_mode(clone, IN6_ADDR_GEN_MODE_NONE, &error));
    MUST(macvlan_endpoint_set_accept_ra(clone, 0, &error));
    MUST(macvlan_endpoint_set_autoconf(clone, false, &error));
    MUST(macvlan_endpoint_set_disable_ipv6(clone, false, &error));
    CHECK(macvlan_endpoint_accept_ra(clone) == 0 && macvlan_endpoint_autoconf(clone) == 0);
    CHECK(macvlan_endpoint_disable_ipv6(clone) == 0);
    MUST(macvlan_endpoint_set_gateway_metric(clone, 50, &error));
    CHECK(macvlan_endpoint_gateway_metric(clone, &metric) && metric == 50);
    MUST(macvlan_endpoint_set_allmulticast(clone, true, &error));
    CHECK(macvlan_endpoint_allmulticast(clone) == 1);
    MUST(macvlan_endpoint_set_on_link_gateways(clone, true, &error));
    MUST(macvlan_endpoint_set_replace_default_route(clone, true, &error));
    MUST(macvlan_endpoint_plan(clone, &plan, &error));
    CHECK(strstr(macvlan_plan_text(plan), "lo up") == NULL);
    CHECK(strstr(macvlan_plan_text(plan), "addrgenmode none") != NULL);
    CHECK(strstr(macvlan_plan_text(plan), "allmulticast on") != NULL);
    CHECK(strstr(macvlan_plan_text(plan), "conf/eth0/accept_ra=0") != NULL);
    macvlan_plan_free(plan);
    MUST(macvlan_endpoint_plan(endpoint, &plan, &error));
    CHECK_TEXT(macvlan_plan_text(plan), expected_plan);
    macvlan_plan_free(plan);
    macvlan_endpoint_free(clone);
    macvlan_endpoint_free(endpoint);
}

/* The three kinds, on a parent as text and as an object, and their options read back. */
static void kinds(void)
{
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    macvlan_parent *parent = NULL;
    macvlan_vlan *vlan = NULL, *vlan_back = NULL;
    macvlan_options *options = NULL, *back = NULL;
    macvlan_endpoint *endpoint = NULL;

    MUST(macvlan_parent_new("ens33", &parent, &error));
    MUST(macvlan_vlan_new(5, &vlan, &error));
    MUST(macvlan_options_new(MACVLAN_MODE_SOURCE, &options, &error));

    MUST(macvlan_endpoint_new_macvtap("tap0", "ens33", &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_kind(endpoint), "macvtap");
    macvlan_endpoint_free(endpoint);
    MUST(macvlan_endpoint_new_macvtap_on("tap0", parent, &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_parent(endpoint), "ens33");
    MUST(macvlan_endpoint_set_options(endpoint, options, &error));
    MUST(macvlan_endpoint_add_source_mac(endpoint, mac, &error));
    MUST(macvlan_endpoint_set_nodst(endpoint, true, &error));
    MUST(macvlan_endpoint_options(endpoint, &back, &error));
    CHECK(macvlan_options_mode(back) == MACVLAN_MODE_SOURCE && macvlan_options_is_nodst(back));
    CHECK(macvlan_options_source_mac_count(back) == 1);
    macvlan_options_free(back);
    REFUSED(macvlan_endpoint_vlan(endpoint, &vlan_back, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "of kind macvtap");
    macvlan_endpoint_free(endpoint);

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_set_nopromisc(endpoint, true, &error));
    MUST(macvlan_endpoint_set_mode(endpoint, MACVLAN_MODE_PASSTHRU, &error));
    MUST(macvlan_endpoint_options(endpoint, &back, &error));
    CHECK(macvlan_options_is_nopromisc(back));
    CHECK(macvlan_options_mode(back) == MACVLAN_MODE_PASSTHRU);
    macvlan_options_free(back);
    macvlan_endpoint_free(endpoint);

    MUST(macvlan_endpoint_new_vlan_on("eth0", parent, vlan, &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_kind(endpoint), "vlan");
    MUST(macvlan_endpoint_vlan(endpoint, &vlan_back, &error));
    CHECK(macvlan_vlan_id(vlan_back) == 5);
    macvlan_vlan_free(vlan_back);
    REFUSED(macvlan_endpoint_options(endpoint, &back, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "of kind vlan");
    REFUSED(macvlan_endpoint_set_mode(endpoint, MACVLAN_MODE_BRIDGE, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "an endpoint of kind vlan has none");
    REFUSED(macvlan_endpoint_set_nopromisc(endpoint, true, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "an endpoint of kind vlan has none");
    macvlan_endpoint_free(endpoint);

    macvlan_parent_free(parent);
    macvlan_vlan_free(vlan);
    macvlan_options_free(options);
}

static void values(void)
{
    versions();
    mac_addresses();
    options();
    vlans();
    parents();
    plans();
    kinds();
}

int main(void)
{
    return lab_main(values);
}
