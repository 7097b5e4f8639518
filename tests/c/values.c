/*
 * Values, which do not use the kernel: MAC addresses, options, VLANs, parents, endpoints and their
 * plans. Needs no privileges.
 */

#include "lab.h"

static void versions(void)
{
    CHECK_TEXT(macvlan_version(), MACVLAN_VERSION);
    CHECK(macvlan_version_number() == MACVLAN_VERSION_NUMBER);
    CHECK(MACVLAN_VERSION_NUMBER == (MACVLAN_VERSION_MAJOR << 16 | MACVLAN_VERSION_MINOR << 8
                                     | MACVLAN_VERSION_PATCH));
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
    const uint8_t two[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_endpoint *endpoint = NULL;
    const macvlan_options *set;

    options.mode = MACVLAN_MODE_SOURCE;
    options.nodst = options.nopromisc = true;
    options.source_macs = two;
    options.source_mac_count = 2;
    MACVLAN_SET(options.bc_queue_len, 2000);
    MACVLAN_SET(options.bc_cutoff, -1);
    REFUSED(macvlan_options_check(&options, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "nopromisc");
    options.nopromisc = false;
    MUST(macvlan_options_check(&options, &error));

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    set = macvlan_endpoint_get(endpoint)->options;
    CHECK(set->mode == MACVLAN_MODE_BRIDGE && set->source_macs == NULL);
    CHECK(!set->bc_queue_len.is_set && !set->bc_cutoff.is_set && set->bc_cutoff.value == 0);
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    set = macvlan_endpoint_get(endpoint)->options;
    CHECK(set->size == sizeof *set && set->mode == MACVLAN_MODE_SOURCE);
    CHECK(set->nodst && !set->nopromisc && set->source_mac_count == 2);
    CHECK(memcmp(set->source_macs, two, 12) == 0);
    CHECK(set->bc_queue_len.is_set && set->bc_queue_len.value == 2000);
    CHECK(set->bc_cutoff.is_set && set->bc_cutoff.value == -1);
    MUST(macvlan_options_check(set, &error));

    options.mode = 3;
    REFUSED(macvlan_options_check(&options, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "3 is not a valid enum macvlan_mode");
    options.mode = 0;
    options.source_macs = NULL;
    REFUSED(macvlan_options_check(&options, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "options.source_macs is NULL");
    macvlan_endpoint_free(endpoint);
}

/* Returns the refusal of a VLAN's options. */
static void refused_vlan(const macvlan_vlan_options *vlan, const char *words)
{
    macvlan_endpoint *endpoint = NULL;
    REFUSED(macvlan_endpoint_new_vlan("eth0", "ens33", vlan, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, words);
    CHECK(endpoint == NULL);
}

static void vlans(void)
{
    static const macvlan_vlan_qos out = { 10, 7 }, in = { 11, 1 }, wrong = { 0, 8 };
    macvlan_vlan_options vlan = MACVLAN_INIT(macvlan_vlan_options);
    macvlan_endpoint *endpoint = NULL;
    const macvlan_vlan_options *set;

    vlan.id = 200;
    vlan.protocol = MACVLAN_VLAN_PROTOCOL_8021AD;
    MACVLAN_SET(vlan.gvrp, true);
    MACVLAN_SET(vlan.reorder_hdr, false);
    MACVLAN_SET(vlan.loose_binding, true);
    MACVLAN_SET(vlan.bridge_binding, true);
    vlan.egress_qos = &out;
    vlan.ingress_qos = &in;
    vlan.egress_qos_count = vlan.ingress_qos_count = 1;
    MUST(macvlan_endpoint_new_vlan("eth0", "ens33", &vlan, &endpoint, &error));
    set = macvlan_endpoint_get(endpoint)->vlan;
    CHECK(set->id == 200 && set->protocol == 0x88a8 && !set->priority_tags);
    CHECK(set->gvrp.is_set && set->gvrp.value && !set->mvrp.is_set);
    CHECK(set->reorder_hdr.is_set && !set->reorder_hdr.value);
    CHECK(set->loose_binding.value && set->bridge_binding.value);
    CHECK(set->egress_qos_count == 1 && set->ingress_qos_count == 1);
    CHECK(set->egress_qos->priority == 10 && set->egress_qos->pcp == 7);
    CHECK(set->ingress_qos->priority == 11 && set->ingress_qos->pcp == 1);
    macvlan_endpoint_free(endpoint);

    vlan.egress_qos = &wrong;
    refused_vlan(&vlan, "0 to 7");
    vlan = MACVLAN_INIT(macvlan_vlan_options);
    refused_vlan(&vlan, "4094");
    vlan.id = 4095;
    refused_vlan(&vlan, "4094");
    vlan.id = 200;
    vlan.protocol = 0x800;
    refused_vlan(&vlan, "2048 is not a valid enum macvlan_vlan_protocol");

    vlan = MACVLAN_INIT(macvlan_vlan_options);
    vlan.priority_tags = true;
    MUST(macvlan_endpoint_new_vlan("eth0", "ens33", &vlan, &endpoint, &error));
    set = macvlan_endpoint_get(endpoint)->vlan;
    CHECK(set->id == 0 && set->priority_tags && set->protocol == MACVLAN_VLAN_PROTOCOL_8021Q);
    macvlan_endpoint_free(endpoint);
}

/* Returns an endpoint on a parent. */
static macvlan_endpoint *on(const macvlan_parent *parent)
{
    macvlan_endpoint *endpoint = NULL;
    MUST(macvlan_endpoint_new_on("eth0", parent, &endpoint, &error));
    return endpoint;
}

static void parents(void)
{
    macvlan_parent base = MACVLAN_INIT(macvlan_parent), vlan = base;
    macvlan_endpoint *endpoint = NULL, *same;
    const macvlan_parent *set;
    char text[16];

    CHECK_TEXT(macvlan_link_text(7, text), "#7");
    CHECK_TEXT(macvlan_link_text(4294967295u, text), "#4294967295");
    base.text = "eth0.20.200";
    vlan.base = &base;
    vlan.vlan_id = 4095;
    REFUSED(macvlan_endpoint_new_on("eth0", &vlan, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4095");
    vlan.vlan_id = 2;
    vlan.base = &vlan;
    REFUSED(macvlan_endpoint_new_on("eth0", &vlan, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "parent.base.base");
    vlan.base = &base;
    vlan.name = "a/b";
    REFUSED(macvlan_endpoint_new_on("eth0", &vlan, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "a/b");
    vlan.name = NULL;
    endpoint = on(&vlan);
    set = macvlan_endpoint_get(endpoint)->parent_options;
    CHECK_TEXT(set->text, "eth0.20.200.2");
    CHECK(set->name == NULL && set->link == NULL);
    macvlan_endpoint_free(endpoint);
    vlan.name = "lan";
    endpoint = on(&vlan);
    set = macvlan_endpoint_get(endpoint)->parent_options;
    CHECK_TEXT(set->name, "lan");
    CHECK(set->vlan_id == 2 && set->protocol == MACVLAN_VLAN_PROTOCOL_8021Q);
    CHECK_TEXT(set->base->text, "eth0.20.200");
    /* A struct that was returned can be passed again. */
    same = on(set);
    CHECK_TEXT(macvlan_endpoint_get(same)->parent, macvlan_endpoint_get(endpoint)->parent);
    macvlan_endpoint_free(same);
    macvlan_endpoint_free(endpoint);

    base = MACVLAN_INIT(macvlan_parent);
    REFUSED(macvlan_endpoint_new_on("eth0", &base, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "parent.text is NULL");
    base.link = "an-alternative-name.100";
    endpoint = on(&base);
    set = macvlan_endpoint_get(endpoint)->parent_options;
    CHECK_TEXT(set->link, "an-alternative-name.100");
    CHECK(set->vlan_id == 0 && set->base == NULL);
    macvlan_endpoint_free(endpoint);
    base.link = "#7";
    endpoint = on(&base);
    set = macvlan_endpoint_get(endpoint)->parent_options;
    CHECK_TEXT(set->text, "#7");
    CHECK_TEXT(set->link, "#7");
    CHECK(set->vlan_id == 0 && set->protocol == 0);
    macvlan_endpoint_free(endpoint);
    base.protocol = MACVLAN_VLAN_PROTOCOL_8021AD;
    REFUSED(macvlan_endpoint_new_on("eth0", &base, &endpoint, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "#7 is not described as a VLAN");
}

/* The options of an endpoint, read back. */
static void read_back(macvlan_endpoint *endpoint)
{
    const uint8_t expected[6] = { 2, 0x42, 10, 0, 0, 2 };
    const macvlan_endpoint_info *info = macvlan_endpoint_get(endpoint);
    macvlan_endpoint *bare = NULL;

    CHECK_TEXT(info->name, "eth0");
    CHECK_TEXT(info->parent, "ens33");
    CHECK_TEXT(info->kind, "macvlan");
    CHECK(lab_is_mac(info->mac, expected) && info->mtu == 1400 && info->address_count == 3);
    CHECK_TEXT(info->addresses[1], "fd00::2/64 nodad");
    CHECK(info->gateway_count == 2 && info->route_count == 1);
    CHECK_TEXT(info->gateways[0], "10.1.0.1");
    CHECK_TEXT(info->routes[0], "10.9.0.0/16 via 10.0.0.9 metric 50");
    CHECK(info->alternative_name_count == 1);
    CHECK_TEXT(info->alternative_names[0], "web");
    CHECK_TEXT(info->alias, "a web server");
    CHECK(info->promisc && info->lo_up && !info->on_link_gateways);
    CHECK(!info->gateway_metric.is_set && !info->allmulticast.is_set);
    CHECK(!info->replace_default_route && info->group.value == 7);
    CHECK(info->tx_queue_len.value == 500 && info->tx_queues.value == 2);
    CHECK(info->rx_queues.value == 2 && !info->addr_gen_mode.is_set);
    CHECK(!info->accept_ra.is_set && !info->autoconf.is_set && !info->disable_ipv6.is_set);
    CHECK(MACVLAN_ENDPOINT_PROTOCOL == 109 && MACVLAN_ENDPOINT_RULE_PRIORITY == 30000);
    CHECK(info->mac_conflict_timeout_ms == 0 && info->source_routing == 0);
    CHECK(info->options->mode == MACVLAN_MODE_PRIVATE && info->vlan == NULL);

    MUST(macvlan_endpoint_new("eth0", "ens33", &bare, &error));
    info = macvlan_endpoint_get(bare);
    CHECK(!info->mac.is_set && info->mac.value[0] == 0 && info->mtu == 0);
    CHECK(!info->group.is_set && !info->tx_queues.is_set && info->addresses == NULL);
    CHECK_TEXT(info->alias, NULL);
    MUST(macvlan_endpoint_set_alias(bare, "first", &error));
    CHECK_TEXT(macvlan_endpoint_get(bare)->alias, "first");
    MUST(macvlan_endpoint_set_alias(bare, "second", &error));
    CHECK_TEXT(macvlan_endpoint_get(bare)->alias, "second");
    MUST(macvlan_endpoint_set_mac_conflict_timeout(bare, 250, &error));
    CHECK(macvlan_endpoint_get(bare)->mac_conflict_timeout_ms == 250);
    MUST(macvlan_endpoint_set_source_routing(bare, 77, &error));
    CHECK(macvlan_endpoint_get(bare)->source_routing == 77);
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
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    const macvlan_endpoint_info *info;

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    options.mode = MACVLAN_MODE_PRIVATE;
    MACVLAN_SET(options.bc_queue_len, 2000);
    MACVLAN_SET(options.bc_cutoff, 3);
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    MUST(macvlan_endpoint_set_mac(endpoint, mac, &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.0.0.2/24", &error));
    MUST(macvlan_endpoint_add_address(endpoint, "fd00::2/64 nodad", &error));
    MUST(macvlan_endpoint_add_assignment(endpoint, "10.1.0.2/24@10.1.0.1", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "fd00::1", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "10.9.0.0/16 via 10.0.0.9 metric 50", &error));
    MUST(macvlan_endpoint_set_promisc(endpoint, true, &error));
    MUST(macvlan_endpoint_set_alias(endpoint, "a web server", &error));
    MUST(macvlan_endpoint_add_alternative_name(endpoint, "web", &error));
    MUST(macvlan_endpoint_set_group(endpoint, 7, &error));
    MUST(macvlan_endpoint_set_tx_queue_len(endpoint, 500, &error));
    MUST(macvlan_endpoint_set_queues(endpoint, 2, 2, &error));

    MUST(macvlan_endpoint_plan(endpoint, &plan, &error));
    CHECK_TEXT(macvlan_plan_text(plan), expected_plan);
    macvlan_plan_free(plan);

    read_back(endpoint);

    /* A setter that fails changes nothing, and changes of a clone do not affect the original. */
    MUST(macvlan_endpoint_clone(endpoint, &clone, &error));
    REFUSED(macvlan_endpoint_add_address(clone, "10.0.0.2", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the prefix length is missing");
    REFUSED(macvlan_endpoint_add_gateway(clone, "10.0.0.1/24", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "\"10.0.0.1/24\": invalid IP address syntax");
    REFUSED(macvlan_endpoint_add_route(clone, "default over there", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "default over there");
    REFUSED(macvlan_endpoint_set_addr_gen_mode(clone, (enum in6_addr_gen_mode)4, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "4 is not a valid enum in6_addr_gen_mode");
    REFUSED(macvlan_endpoint_set_accept_ra(clone, 3, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "3 is not a valid value of accept_ra");
    MUST(macvlan_endpoint_plan(clone, &plan, &error));
    CHECK_TEXT(macvlan_plan_text(plan), expected_plan);
    macvlan_plan_free(plan);
    MUST(macvlan_endpoint_set_mac_conflict_timeout(clone, 100, &error));
    CHECK(macvlan_endpoint_get(clone)->waits);
    MUST(macvlan_endpoint_set_lo_up(clone, false, &error));
    MUST(macvlan_endpoint_set_addr_gen_mode(clone, IN6_ADDR_GEN_MODE_NONE, &error));
    MUST(macvlan_endpoint_set_accept_ra(clone, 0, &error));
    MUST(macvlan_endpoint_set_autoconf(clone, false, &error));
    MUST(macvlan_endpoint_set_disable_ipv6(clone, false, &error));
    info = macvlan_endpoint_get(clone);
    CHECK(info->accept_ra.is_set && info->accept_ra.value == 0);
    CHECK(info->autoconf.is_set && !info->autoconf.value);
    CHECK(info->disable_ipv6.is_set && !info->disable_ipv6.value);
    MUST(macvlan_endpoint_set_gateway_metric(clone, 50, &error));
    CHECK(macvlan_endpoint_get(clone)->gateway_metric.value == 50);
    MUST(macvlan_endpoint_set_allmulticast(clone, true, &error));
    CHECK(macvlan_endpoint_get(clone)->allmulticast.value);
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

/* The three kinds, on a parent as text and as a struct, and their options read back. */
static void kinds(void)
{
    macvlan_parent parent = MACVLAN_INIT(macvlan_parent);
    macvlan_vlan_options vlan = MACVLAN_INIT(macvlan_vlan_options);
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_endpoint *endpoint = NULL;

    parent.text = "ens33";
    vlan.id = 5;
    options.mode = MACVLAN_MODE_SOURCE;
    MUST(macvlan_endpoint_new_macvtap("tap0", "ens33", &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->kind, "macvtap");
    macvlan_endpoint_free(endpoint);
    MUST(macvlan_endpoint_new_macvtap_on("tap0", &parent, &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->parent, "ens33");
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    CHECK(macvlan_endpoint_get(endpoint)->options->mode == MACVLAN_MODE_SOURCE);
    CHECK(macvlan_endpoint_get(endpoint)->vlan == NULL);
    macvlan_endpoint_free(endpoint);

    MUST(macvlan_endpoint_new_vlan_on("eth0", &parent, &vlan, &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->kind, "vlan");
    CHECK(macvlan_endpoint_get(endpoint)->vlan->id == 5);
    CHECK(macvlan_endpoint_get(endpoint)->options == NULL);
    REFUSED(macvlan_endpoint_set_options(endpoint, &options, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "an endpoint of kind vlan has none");
    macvlan_endpoint_free(endpoint);
}

/* Returns the contents of the endpoint, all of whose parts can be read. */
static const macvlan_endpoint_info *contents(const macvlan_endpoint *endpoint)
{
    const macvlan_endpoint_info *info = macvlan_endpoint_get(endpoint);
    CHECK_TEXT(info->alias, "web");
    CHECK_TEXT(info->addresses[0], "10.0.0.2/24");
    CHECK(info->options->source_macs[5] == 1 && info->probe->count.value == 2);
    return info;
}

/* A setter may be given parts of the endpoint itself, and a refused one leaves them. */
static void own_values(void)
{
    const uint8_t source[6] = { 2, 0, 0, 0, 0, 1 }, multicast[6] = { 1, 0, 0x5e, 0, 0, 1 };
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    macvlan_announce announce = MACVLAN_INIT(macvlan_announce);
    macvlan_endpoint *endpoint = NULL;
    const macvlan_endpoint_info *info;

    options.mode = MACVLAN_MODE_SOURCE;
    options.source_macs = source;
    options.source_mac_count = 1;
    MACVLAN_SET(probe.count, 2);
    MACVLAN_SET(announce.count, 2);
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    MUST(macvlan_endpoint_set_mac(endpoint, source, &error));
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    MUST(macvlan_endpoint_set_announce(endpoint, &announce, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.0.0.2/24", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "10.0.0.1", &error));
    MUST(macvlan_endpoint_add_route(endpoint, "10.9.0.0/16 via 10.0.0.9", &error));
    MUST(macvlan_endpoint_set_alias(endpoint, "web", &error));
    MUST(macvlan_endpoint_add_alternative_name(endpoint, "wan", &error));
    MUST(macvlan_endpoint_set_rate(endpoint, "10mbit", &error));

    info = contents(endpoint);
    MUST(macvlan_endpoint_set_options(endpoint, info->options, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_set_mac(endpoint, info->mac.value, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_set_probe(endpoint, info->probe, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_set_announce(endpoint, info->announce, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_set_alias(endpoint, info->alias, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_set_rate(endpoint, info->rate, &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_add_address(endpoint, info->addresses[0], &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_add_assignment(endpoint, info->addresses[0], &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_add_gateway(endpoint, info->gateways[0], &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_add_route(endpoint, info->routes[0], &error));
    info = contents(endpoint);
    MUST(macvlan_endpoint_add_alternative_name(endpoint, info->alternative_names[0], &error));

    info = contents(endpoint);
    CHECK(info->address_count == 3 && info->gateway_count == 2 && info->route_count == 2);
    REFUSED(macvlan_endpoint_add_address(endpoint, "bad", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "bad");
    REFUSED(macvlan_endpoint_add_assignment(endpoint, "bad", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "bad");
    REFUSED(macvlan_endpoint_add_gateway(endpoint, "bad", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "bad");
    REFUSED(macvlan_endpoint_add_route(endpoint, "bad", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "bad");
    REFUSED(macvlan_endpoint_set_rate(endpoint, "bad", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "bad");
    REFUSED(macvlan_endpoint_set_alias(endpoint, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "alias");
    REFUSED(macvlan_endpoint_set_mac(endpoint, multicast, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "multicast");
    REFUSED(macvlan_endpoint_set_options(endpoint, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "options");
    REFUSED(macvlan_endpoint_set_probe(endpoint, NULL, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "probe");
    REFUSED(macvlan_endpoint_set_accept_ra(endpoint, 7, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "7");
    /* The struct from before the refusals. */
    CHECK_TEXT(info->addresses[2], "10.0.0.2/24");
    CHECK_TEXT(info->alternative_names[0], "wan");
    CHECK_TEXT(info->rate, "10mbit");
    CHECK(info == contents(endpoint));
    macvlan_endpoint_free(endpoint);
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
    own_values();
}

int main(void)
{
    return lab_main(values);
}
