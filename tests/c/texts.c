/*
 * Addresses, routes and rules as text and as structs. Needs no privileges.
 */

#include "lab.h"

static void texts(void)
{
    macvlan_address address = MACVLAN_INIT(macvlan_address);
    macvlan_route route = MACVLAN_INIT(macvlan_route);
    macvlan_rule rule = MACVLAN_INIT(macvlan_rule);
    macvlan_address_list *addresses = NULL;
    macvlan_route_list *routes = NULL;
    macvlan_rule_list *rules = NULL;
    const macvlan_route *parsed;
    macvlan_text *text = NULL;

    MUST(macvlan_address_parse("fd00::2/64 nodad", &addresses, &error));
    CHECK_TEXT(macvlan_address_list_get(addresses, 0)->ip, "fd00::2");
    CHECK(macvlan_address_list_get(addresses, 0)->prefix_len == 64);
    MUST(macvlan_address_format(macvlan_address_list_get(addresses, 0), &text, &error));
    CHECK_TEXT(macvlan_text_get(text), "fd00::2/64 nodad");
    macvlan_text_free(text);
    macvlan_address_list_free(addresses);
    address.ip = "10.0.0.2";
    address.prefix_len = 33;
    REFUSED(macvlan_address_format(&address, &text, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "10.0.0.2/33");
    address.prefix_len = 24;
    address.duplicate_detection = 3;
    REFUSED(macvlan_address_format(&address, &text, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "3 is not a valid enum macvlan_duplicate_detection");

    MUST(macvlan_route_parse("10.1.0.0/16 via 10.0.0.2 dev eth1 metric 100 table 7 mtu 1400 onlink",
                             &routes, &error));
    parsed = macvlan_route_list_get(routes, 0);
    CHECK(macvlan_route_list_count(routes) == 1 && parsed->size == sizeof *parsed);
    CHECK_TEXT(parsed->destination, "10.1.0.0/16");
    CHECK_TEXT(parsed->gateway, "10.0.0.2");
    CHECK_TEXT(parsed->device, "eth1");
    CHECK(parsed->source == NULL && parsed->scope == NULL && !parsed->protocol.is_set);
    CHECK(parsed->metric.value == 100 && parsed->table.value == 7 && parsed->mtu == 1400);
    CHECK(parsed->on_link && parsed->advmss == 0 && parsed->next_hops == NULL);
    MUST(macvlan_route_format(parsed, &text, &error));
    CHECK_TEXT(macvlan_text_get(text), parsed->text);
    macvlan_text_free(text);
    macvlan_route_list_free(routes);
    route.destination = "default";
    route.gateway = "fd00::1";
    MUST(macvlan_route_format(&route, &text, &error));
    CHECK_TEXT(macvlan_text_get(text), "default via fd00::1");
    macvlan_text_free(text);
    route.kind = "blackhole";
    REFUSED(macvlan_route_format(&route, &text, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "blackhole");

    MUST(macvlan_rule_parse("from 10.0.0.2/32 table 100 priority 0", &rules, &error));
    CHECK_TEXT(macvlan_rule_list_get(rules, 0)->from, "10.0.0.2/32");
    CHECK(macvlan_rule_list_get(rules, 0)->to == NULL);
    CHECK(macvlan_rule_list_get(rules, 0)->table == 100);
    CHECK(macvlan_rule_list_get(rules, 0)->priority.is_set);
    MUST(macvlan_rule_format(macvlan_rule_list_get(rules, 0), &text, &error));
    CHECK_TEXT(macvlan_text_get(text), macvlan_rule_list_get(rules, 0)->text);
    macvlan_text_free(text);
    macvlan_rule_list_free(rules);
    rule.table = 100;
    rule.is_ipv6 = true;
    rule.to = "10.0.0.0/8";
    MUST(macvlan_rule_format(&rule, &text, &error));
    CHECK(strstr(macvlan_text_get(text), "to 10.0.0.0/8 table 100") != NULL);
    macvlan_text_free(text);
}

int main(void)
{
    return lab_main(texts);
}
