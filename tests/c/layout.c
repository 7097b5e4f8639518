/*
 * The layout of the structs on machines of 64 bits. Programs that were built for an earlier version
 * rely on it: these lines stay as they are. A field that is added begins at or behind the size that
 * is written here, and gets a line below it.
 */

#include "lab.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

/* A struct that begins with its size may grow. */
#define SIZE(type, least) HOLDS(offsetof(type, size) == 0 && sizeof(type) >= (least))
#define AT(type, field, offset) HOLDS(offsetof(type, field) == (offset))

#if UINTPTR_MAX > 0xffffffff

HOLDS(sizeof(macvlan_opt_mac) == 7); AT(macvlan_opt_mac, is_set, 0); AT(macvlan_opt_mac, value, 1);

HOLDS(sizeof(macvlan_opt_bool) == 2); AT(macvlan_opt_bool, is_set, 0);
AT(macvlan_opt_bool, value, 1);

HOLDS(sizeof(macvlan_opt_u32) == 8); AT(macvlan_opt_u32, is_set, 0); AT(macvlan_opt_u32, value, 4);

HOLDS(sizeof(macvlan_opt_i32) == 8); AT(macvlan_opt_i32, is_set, 0); AT(macvlan_opt_i32, value, 4);

SIZE(macvlan_holder, 32); AT(macvlan_holder, address, 8); AT(macvlan_holder, text, 16);
AT(macvlan_holder, mac, 24);

SIZE(macvlan_error_info, 128); AT(macvlan_error_info, kind, 8);
AT(macvlan_error_info, error_number, 12); AT(macvlan_error_info, kind_name, 16);
AT(macvlan_error_info, message, 24); AT(macvlan_error_info, operation, 32);
AT(macvlan_error_info, cause, 40); AT(macvlan_error_info, hint, 48);
AT(macvlan_error_info, network, 56); AT(macvlan_error_info, link, 64);
AT(macvlan_error_info, parent, 72); AT(macvlan_error_info, netns, 80);
AT(macvlan_error_info, kernel_message, 88); AT(macvlan_error_info, holder, 96);
AT(macvlan_error_info, leftovers, 104); AT(macvlan_error_info, leftover_count, 112);
AT(macvlan_error_info, is_exists, 120); AT(macvlan_error_info, is_not_found, 121);
AT(macvlan_error_info, is_permission_denied, 122); AT(macvlan_error_info, is_invalid_value, 123);

SIZE(macvlan_options, 48); AT(macvlan_options, mode, 8); AT(macvlan_options, nopromisc, 12);
AT(macvlan_options, nodst, 13); AT(macvlan_options, source_macs, 16);
AT(macvlan_options, source_mac_count, 24); AT(macvlan_options, bc_queue_len, 32);
AT(macvlan_options, bc_cutoff, 40);

HOLDS(sizeof(macvlan_vlan_qos) == 8); AT(macvlan_vlan_qos, priority, 0);
AT(macvlan_vlan_qos, pcp, 4);

SIZE(macvlan_vlan_options, 56); AT(macvlan_vlan_options, id, 8);
AT(macvlan_vlan_options, protocol, 10); AT(macvlan_vlan_options, priority_tags, 12);
AT(macvlan_vlan_options, reorder_hdr, 13); AT(macvlan_vlan_options, gvrp, 15);
AT(macvlan_vlan_options, mvrp, 17); AT(macvlan_vlan_options, loose_binding, 19);
AT(macvlan_vlan_options, bridge_binding, 21); AT(macvlan_vlan_options, ingress_qos, 24);
AT(macvlan_vlan_options, ingress_qos_count, 32); AT(macvlan_vlan_options, egress_qos, 40);
AT(macvlan_vlan_options, egress_qos_count, 48);

SIZE(macvlan_change, 64); AT(macvlan_change, mode, 8); AT(macvlan_change, flags, 12);
AT(macvlan_change, bc_queue_len, 20); AT(macvlan_change, bc_cutoff, 28);
AT(macvlan_change, macaddr_mode, 36); AT(macvlan_change, source_macs, 48);
AT(macvlan_change, source_mac_count, 56);

SIZE(macvlan_parent, 48); AT(macvlan_parent, base, 8); AT(macvlan_parent, link, 16);
AT(macvlan_parent, text, 24); AT(macvlan_parent, name, 32); AT(macvlan_parent, vlan_id, 40);
AT(macvlan_parent, protocol, 42);

SIZE(macvlan_link_filter, 24); AT(macvlan_link_filter, kind, 8);
AT(macvlan_link_filter, controller, 16);

SIZE(macvlan_link_statistics, 88); AT(macvlan_link_statistics, rx_packets, 8);
AT(macvlan_link_statistics, tx_packets, 16); AT(macvlan_link_statistics, rx_bytes, 24);
AT(macvlan_link_statistics, tx_bytes, 32); AT(macvlan_link_statistics, rx_errors, 40);
AT(macvlan_link_statistics, tx_errors, 48); AT(macvlan_link_statistics, rx_dropped, 56);
AT(macvlan_link_statistics, tx_dropped, 64); AT(macvlan_link_statistics, multicast, 72);
AT(macvlan_link_statistics, collisions, 80);

SIZE(macvlan_offloads, 64); AT(macvlan_offloads, gso_max_size, 8);
AT(macvlan_offloads, gso_max_segs, 16); AT(macvlan_offloads, gso_ipv4_max_size, 24);
AT(macvlan_offloads, tso_max_size, 32); AT(macvlan_offloads, tso_max_segs, 40);
AT(macvlan_offloads, gro_max_size, 48); AT(macvlan_offloads, gro_ipv4_max_size, 56);

SIZE(macvlan_link_info, 200); AT(macvlan_link_info, name, 8); AT(macvlan_link_info, kind, 16);
AT(macvlan_link_info, options, 24); AT(macvlan_link_info, vlan, 32);
AT(macvlan_link_info, state, 40); AT(macvlan_link_info, alias, 48);
AT(macvlan_link_info, qdisc, 56); AT(macvlan_link_info, alternative_names, 64);
AT(macvlan_link_info, alternative_name_count, 72); AT(macvlan_link_info, statistics, 80);
AT(macvlan_link_info, offloads, 88); AT(macvlan_link_info, index, 96);
AT(macvlan_link_info, parent, 100); AT(macvlan_link_info, parent_netns, 104);
AT(macvlan_link_info, controller, 112); AT(macvlan_link_info, mtu, 116);
AT(macvlan_link_info, min_mtu, 120); AT(macvlan_link_info, max_mtu, 124);
AT(macvlan_link_info, flags, 128); AT(macvlan_link_info, promiscuity, 132);
AT(macvlan_link_info, allmulticast_count, 136); AT(macvlan_link_info, group, 144);
AT(macvlan_link_info, tx_queue_len, 148); AT(macvlan_link_info, tx_queues, 152);
AT(macvlan_link_info, rx_queues, 156); AT(macvlan_link_info, addr_gen_mode, 160);
AT(macvlan_link_info, accept_ra, 168); AT(macvlan_link_info, mac, 176);
AT(macvlan_link_info, autoconf, 183); AT(macvlan_link_info, disable_ipv6, 185);
AT(macvlan_link_info, carrier, 187); AT(macvlan_link_info, is_up, 189);
AT(macvlan_link_info, is_promisc, 190); AT(macvlan_link_info, is_allmulticast, 191);
AT(macvlan_link_info, is_loopback, 192);

SIZE(macvlan_address_filter, 24); AT(macvlan_address_filter, link, 8);
AT(macvlan_address_filter, family, 16);

SIZE(macvlan_address, 80); AT(macvlan_address, ip, 8); AT(macvlan_address, prefix_len, 16);
AT(macvlan_address, duplicate_detection, 20); AT(macvlan_address, text, 24);
AT(macvlan_address, scope, 32); AT(macvlan_address, label, 40); AT(macvlan_address, broadcast, 48);
AT(macvlan_address, link, 56); AT(macvlan_address, flags, 60); AT(macvlan_address, protocol, 64);
AT(macvlan_address, is_tentative, 72); AT(macvlan_address, is_duplicate, 73);

SIZE(macvlan_route_filter, 48); AT(macvlan_route_filter, link, 8);
AT(macvlan_route_filter, kind, 16); AT(macvlan_route_filter, family, 24);
AT(macvlan_route_filter, table, 28); AT(macvlan_route_filter, protocol, 36);

SIZE(macvlan_next_hop, 32); AT(macvlan_next_hop, gateway, 8); AT(macvlan_next_hop, link, 16);
AT(macvlan_next_hop, weight, 20); AT(macvlan_next_hop, link_name, 24);

SIZE(macvlan_route, 128); AT(macvlan_route, destination, 8); AT(macvlan_route, gateway, 16);
AT(macvlan_route, device, 24); AT(macvlan_route, source, 32); AT(macvlan_route, kind, 40);
AT(macvlan_route, scope, 48); AT(macvlan_route, metric, 56); AT(macvlan_route, table, 64);
AT(macvlan_route, protocol, 72); AT(macvlan_route, mtu, 80); AT(macvlan_route, advmss, 84);
AT(macvlan_route, on_link, 88); AT(macvlan_route, text, 96); AT(macvlan_route, next_hops, 104);
AT(macvlan_route, next_hop_count, 112); AT(macvlan_route, link_name, 120);

SIZE(macvlan_rule, 48); AT(macvlan_rule, from, 8); AT(macvlan_rule, to, 16);
AT(macvlan_rule, table, 24); AT(macvlan_rule, priority, 28); AT(macvlan_rule, is_ipv6, 36);
AT(macvlan_rule, text, 40);

SIZE(macvlan_neighbour_filter, 24); AT(macvlan_neighbour_filter, link, 8);
AT(macvlan_neighbour_filter, family, 16);

SIZE(macvlan_neighbour, 40); AT(macvlan_neighbour, ip, 8); AT(macvlan_neighbour, state, 16);
AT(macvlan_neighbour, link, 24); AT(macvlan_neighbour, mac, 28);

SIZE(macvlan_visible_netns, 72); AT(macvlan_visible_netns, device, 8);
AT(macvlan_visible_netns, inode, 16); AT(macvlan_visible_netns, names, 24);
AT(macvlan_visible_netns, name_count, 32); AT(macvlan_visible_netns, pids, 40);
AT(macvlan_visible_netns, pid_count, 48); AT(macvlan_visible_netns, paths, 56);
AT(macvlan_visible_netns, path_count, 64);

SIZE(macvlan_event_info, 40); AT(macvlan_event_info, kind, 8); AT(macvlan_event_info, link, 16);
AT(macvlan_event_info, address, 24); AT(macvlan_event_info, route, 32);

SIZE(macvlan_link_options, 112); AT(macvlan_link_options, kind, 8);
AT(macvlan_link_options, name, 16); AT(macvlan_link_options, parent, 24);
AT(macvlan_link_options, options, 32); AT(macvlan_link_options, vlan, 40);
AT(macvlan_link_options, peer, 48); AT(macvlan_link_options, peer_netns, 56);
AT(macvlan_link_options, netns, 64); AT(macvlan_link_options, index, 72);
AT(macvlan_link_options, mtu, 76); AT(macvlan_link_options, group, 80);
AT(macvlan_link_options, tx_queue_len, 84); AT(macvlan_link_options, tx_queues, 92);
AT(macvlan_link_options, rx_queues, 96); AT(macvlan_link_options, mac, 100);
AT(macvlan_link_options, up, 107); AT(macvlan_link_options, promisc, 108);

SIZE(macvlan_probe, 64); AT(macvlan_probe, count, 8); AT(macvlan_probe, start_ms, 16);
AT(macvlan_probe, interval_ms, 24); AT(macvlan_probe, jitter_ms, 32);
AT(macvlan_probe, wait_ms, 40); AT(macvlan_probe, deadline_ms, 48); AT(macvlan_probe, quick, 56);

SIZE(macvlan_announce, 32); AT(macvlan_announce, count, 8); AT(macvlan_announce, interval_ms, 16);
AT(macvlan_announce, blocking, 24);

SIZE(macvlan_endpoint_info, 248); AT(macvlan_endpoint_info, name, 8);
AT(macvlan_endpoint_info, kind, 16); AT(macvlan_endpoint_info, parent, 24);
AT(macvlan_endpoint_info, parent_options, 32); AT(macvlan_endpoint_info, options, 40);
AT(macvlan_endpoint_info, vlan, 48); AT(macvlan_endpoint_info, addresses, 56);
AT(macvlan_endpoint_info, address_count, 64); AT(macvlan_endpoint_info, gateways, 72);
AT(macvlan_endpoint_info, gateway_count, 80); AT(macvlan_endpoint_info, routes, 88);
AT(macvlan_endpoint_info, route_count, 96); AT(macvlan_endpoint_info, alternative_names, 104);
AT(macvlan_endpoint_info, alternative_name_count, 112); AT(macvlan_endpoint_info, alias, 120);
AT(macvlan_endpoint_info, rate, 128); AT(macvlan_endpoint_info, rate_bits, 136);
AT(macvlan_endpoint_info, probe, 144); AT(macvlan_endpoint_info, announce, 152);
AT(macvlan_endpoint_info, mtu, 160); AT(macvlan_endpoint_info, source_routing, 164);
AT(macvlan_endpoint_info, gateway_metric, 168); AT(macvlan_endpoint_info, group, 176);
AT(macvlan_endpoint_info, tx_queue_len, 184); AT(macvlan_endpoint_info, tx_queues, 192);
AT(macvlan_endpoint_info, rx_queues, 200); AT(macvlan_endpoint_info, addr_gen_mode, 208);
AT(macvlan_endpoint_info, accept_ra, 216); AT(macvlan_endpoint_info, mac_conflict_timeout_ms, 224);
AT(macvlan_endpoint_info, mac, 228); AT(macvlan_endpoint_info, autoconf, 235);
AT(macvlan_endpoint_info, disable_ipv6, 237); AT(macvlan_endpoint_info, allmulticast, 239);
AT(macvlan_endpoint_info, promisc, 241); AT(macvlan_endpoint_info, lo_up, 242);
AT(macvlan_endpoint_info, replace_default_route, 243);
AT(macvlan_endpoint_info, on_link_gateways, 244); AT(macvlan_endpoint_info, waits, 245);

SIZE(macvlan_attachment_info, 128); AT(macvlan_attachment_info, name, 8);
AT(macvlan_attachment_info, kind, 16); AT(macvlan_attachment_info, parent, 24);
AT(macvlan_attachment_info, tap_path, 32); AT(macvlan_attachment_info, addresses, 40);
AT(macvlan_attachment_info, address_count, 48); AT(macvlan_attachment_info, routes, 56);
AT(macvlan_attachment_info, route_count, 64); AT(macvlan_attachment_info, rules, 72);
AT(macvlan_attachment_info, rule_count, 80); AT(macvlan_attachment_info, netns_device, 88);
AT(macvlan_attachment_info, netns_inode, 96); AT(macvlan_attachment_info, index, 104);
AT(macvlan_attachment_info, parent_index, 108); AT(macvlan_attachment_info, mtu, 112);
AT(macvlan_attachment_info, mac, 116);

SIZE(macvlan_difference, 24); AT(macvlan_difference, text, 8); AT(macvlan_difference, kind, 16);
AT(macvlan_difference, needs_replacement, 20);

SIZE(macvlan_keep_event_info, 72); AT(macvlan_keep_event_info, kind, 8);
AT(macvlan_keep_event_info, text, 16); AT(macvlan_keep_event_info, name, 24);
AT(macvlan_keep_event_info, parent, 32); AT(macvlan_keep_event_info, attachment, 40);
AT(macvlan_keep_event_info, error, 48); AT(macvlan_keep_event_info, netns_device, 56);
AT(macvlan_keep_event_info, netns_inode, 64);

SIZE(macvlan_finding, 40); AT(macvlan_finding, kind, 8); AT(macvlan_finding, kind_name, 16);
AT(macvlan_finding, text, 24); AT(macvlan_finding, remedy, 32);

SIZE(macvlan_diagnosis_info, 56); AT(macvlan_diagnosis_info, findings, 8);
AT(macvlan_diagnosis_info, finding_count, 16); AT(macvlan_diagnosis_info, facts, 24);
AT(macvlan_diagnosis_info, fact_count, 32); AT(macvlan_diagnosis_info, text, 40);
AT(macvlan_diagnosis_info, answered, 48);

SIZE(macvlan_access_options, 72); AT(macvlan_access_options, parent, 8);
AT(macvlan_access_options, parent_options, 16); AT(macvlan_access_options, name, 24);
AT(macvlan_access_options, addresses, 32); AT(macvlan_access_options, address_count, 40);
AT(macvlan_access_options, routes, 48); AT(macvlan_access_options, route_count, 56);
AT(macvlan_access_options, keep, 64);

HOLDS(sizeof(macvlan_pair) == 16); AT(macvlan_pair, key, 0); AT(macvlan_pair, value, 8);

SIZE(macvlan_subnet, 80); AT(macvlan_subnet, net, 8); AT(macvlan_subnet, gateway, 16);
AT(macvlan_subnet, ranges, 24); AT(macvlan_subnet, range_count, 32);
AT(macvlan_subnet, excluded, 40); AT(macvlan_subnet, excluded_count, 48);
AT(macvlan_subnet, reserved, 56); AT(macvlan_subnet, reserved_count, 64);
AT(macvlan_subnet, no_gateway, 72); AT(macvlan_subnet, on_link_gateway, 73);

SIZE(macvlan_network_config, 152); AT(macvlan_network_config, name, 8);
AT(macvlan_network_config, parent, 16); AT(macvlan_network_config, parent_options, 24);
AT(macvlan_network_config, subnets, 32); AT(macvlan_network_config, subnet_count, 40);
AT(macvlan_network_config, routes, 48); AT(macvlan_network_config, route_count, 56);
AT(macvlan_network_config, options, 64); AT(macvlan_network_config, option_count, 72);
AT(macvlan_network_config, labels, 80); AT(macvlan_network_config, label_count, 88);
AT(macvlan_network_config, reservation_ttl_s, 96); AT(macvlan_network_config, mode, 104);
AT(macvlan_network_config, mtu, 108); AT(macvlan_network_config, order, 112);
AT(macvlan_network_config, mac_from, 116); AT(macvlan_network_config, block_size, 120);
AT(macvlan_network_config, metric, 124); AT(macvlan_network_config, accept_ra, 132);
AT(macvlan_network_config, disable_ipv6, 140); AT(macvlan_network_config, allmulticast, 142);
AT(macvlan_network_config, without_addresses, 144); AT(macvlan_network_config, ipv6, 145);
AT(macvlan_network_config, internal, 146); AT(macvlan_network_config, leave_ipv6, 147);
AT(macvlan_network_config, probe, 148); AT(macvlan_network_config, duplicate_detection, 149);

SIZE(macvlan_connect_options, 120); AT(macvlan_connect_options, container, 8);
AT(macvlan_connect_options, name, 16); AT(macvlan_connect_options, interface, 24);
AT(macvlan_connect_options, aliases, 32); AT(macvlan_connect_options, alias_count, 40);
AT(macvlan_connect_options, addresses, 48); AT(macvlan_connect_options, address_count, 56);
AT(macvlan_connect_options, link_local, 64); AT(macvlan_connect_options, link_local_count, 72);
AT(macvlan_connect_options, leases, 80); AT(macvlan_connect_options, lease_count, 88);
AT(macvlan_connect_options, mac, 96); AT(macvlan_connect_options, default_route, 103);
AT(macvlan_connect_options, replace_default_route, 105);
AT(macvlan_connect_options, gw_priority, 108);

SIZE(macvlan_lease_info, 176); AT(macvlan_lease_info, network, 8);
AT(macvlan_lease_info, container, 16); AT(macvlan_lease_info, name, 24);
AT(macvlan_lease_info, aliases, 32); AT(macvlan_lease_info, alias_count, 40);
AT(macvlan_lease_info, host, 48); AT(macvlan_lease_info, endpoint, 56);
AT(macvlan_lease_info, interface, 64); AT(macvlan_lease_info, addresses, 72);
AT(macvlan_lease_info, address_count, 80); AT(macvlan_lease_info, link_local, 88);
AT(macvlan_lease_info, link_local_count, 96); AT(macvlan_lease_info, netns_boot, 104);
AT(macvlan_lease_info, netns_path, 112); AT(macvlan_lease_info, link, 120);
AT(macvlan_lease_info, netns_inode, 128); AT(macvlan_lease_info, netns_cookie, 136);
AT(macvlan_lease_info, pending_since, 144); AT(macvlan_lease_info, gw_priority, 152);
AT(macvlan_lease_info, sequence, 156); AT(macvlan_lease_info, mac, 160);
AT(macvlan_lease_info, default_route, 167); AT(macvlan_lease_info, is_pending, 168);

SIZE(macvlan_connection_info, 56); AT(macvlan_connection_info, lease, 8);
AT(macvlan_connection_info, attachment, 16); AT(macvlan_connection_info, interface, 24);
AT(macvlan_connection_info, addresses, 32); AT(macvlan_connection_info, address_count, 40);
AT(macvlan_connection_info, mac, 48);

SIZE(macvlan_network_info, 64); AT(macvlan_network_info, id, 8); AT(macvlan_network_info, name, 16);
AT(macvlan_network_info, created, 24); AT(macvlan_network_info, parent, 32);
AT(macvlan_network_info, config, 40); AT(macvlan_network_info, warnings, 48);
AT(macvlan_network_info, warning_count, 56);

SIZE(macvlan_allocation, 40); AT(macvlan_allocation, addresses, 8);
AT(macvlan_allocation, address_count, 16); AT(macvlan_allocation, mac, 24);
AT(macvlan_allocation, ipv4, 31); AT(macvlan_allocation, ipv6, 33);

SIZE(macvlan_host_link_info, 72); AT(macvlan_host_link_info, lease, 8);
AT(macvlan_host_link_info, name, 16); AT(macvlan_host_link_info, gateways, 24);
AT(macvlan_host_link_info, gateway_count, 32); AT(macvlan_host_link_info, routes, 40);
AT(macvlan_host_link_info, route_count, 48); AT(macvlan_host_link_info, index, 56);
AT(macvlan_host_link_info, mac, 60);

SIZE(macvlan_updated_info, 56); AT(macvlan_updated_info, network, 8);
AT(macvlan_updated_info, outdated, 16); AT(macvlan_updated_info, outdated_count, 24);
AT(macvlan_updated_info, unaffected, 32); AT(macvlan_updated_info, unaffected_count, 40);
AT(macvlan_updated_info, created, 48);

SIZE(macvlan_retained_info, 48); AT(macvlan_retained_info, released, 8);
AT(macvlan_retained_info, released_count, 16); AT(macvlan_retained_info, failed, 24);
AT(macvlan_retained_info, errors, 32); AT(macvlan_retained_info, failed_count, 40);

SIZE(macvlan_conflicting_address, 24); AT(macvlan_conflicting_address, address, 8);
AT(macvlan_conflicting_address, found, 16);

SIZE(macvlan_etcd_options, 128); AT(macvlan_etcd_options, host, 8);
AT(macvlan_etcd_options, endpoints, 16); AT(macvlan_etcd_options, endpoint_count, 24);
AT(macvlan_etcd_options, prefix, 32); AT(macvlan_etcd_options, user, 40);
AT(macvlan_etcd_options, password, 48); AT(macvlan_etcd_options, ca, 56);
AT(macvlan_etcd_options, ca_file, 64); AT(macvlan_etcd_options, certificate, 72);
AT(macvlan_etcd_options, certificate_file, 80); AT(macvlan_etcd_options, key, 88);
AT(macvlan_etcd_options, key_file, 96); AT(macvlan_etcd_options, timeout_ms, 104);
AT(macvlan_etcd_options, ttl_ms, 112); AT(macvlan_etcd_options, life, 120);
AT(macvlan_etcd_options, agent, 124);

SIZE(macvlan_reconciled, 56); AT(macvlan_reconciled, text, 8); AT(macvlan_reconciled, lease, 16);
AT(macvlan_reconciled, interface, 24); AT(macvlan_reconciled, container, 32);
AT(macvlan_reconciled, expired, 40); AT(macvlan_reconciled, kind, 48);

SIZE(macvlan_collected_info, 32); AT(macvlan_collected_info, leases, 8);
AT(macvlan_collected_info, lease_count, 16); AT(macvlan_collected_info, expired, 24);

#endif

static void layout(void)
{
    CHECK(MACVLAN_VERSION_NUMBER <= macvlan_version_number());
}

int main(void)
{
    return lab_main(layout);
}
