/*
 * A VLAN parent that does not exist is created for the first container and removed with the last.
 * The same with another name and the service tag, and with a VLAN as the container's own link.
 */

#include "lab.h"

static bool exists(const macvlan_handle *ip, const char *link)
{
    macvlan_error *error = NULL;
    macvlan_link_info *info = NULL;
    int result = macvlan_handle_link(ip, link, &info, &error);
    CHECK(result == 0 || macvlan_error_kind(error) == MACVLAN_ERROR_NOT_FOUND);
    macvlan_link_info_free(info);
    macvlan_error_free(error);
    return result == 0;
}

/* The other host gets the same VLAN, created by hand. */
static void vlan_there(lab *l)
{
    macvlan_vlan *tag = NULL;
    macvlan_link *link = NULL;
    MUST(macvlan_vlan_new(100, &tag, &error));
    MUST(macvlan_vlan_add_egress_qos(tag, 0, 3, &error));
    MUST(macvlan_vlan_add_ingress_qos(tag, 5, 6, &error));
    MUST(macvlan_link_new_vlan("ens33.100", "ens33", tag, &link, &error));
    MUST(macvlan_link_set_up(link, true, &error));
    MUST(macvlan_handle_add_link(l->ip_there, link, &error));
    MUST(macvlan_handle_add_address(l->ip_there, "ens33.100", "10.100.0.2/24", &error));
    macvlan_link_free(link);
    macvlan_vlan_free(tag);
}

static void what_the_kernel_tells_of_a_vlan(lab *l)
{
    macvlan_link_info *info = NULL;
    macvlan_vlan *change = NULL;
    const macvlan_vlan *vlan;
    uint32_t inside;
    uint8_t tag;

    MUST(macvlan_vlan_new(100, &change, &error));
    MUST(macvlan_vlan_set_loose_binding(change, true, &error));
    MUST(macvlan_handle_set_vlan(l->ip_there, "ens33.100", change, &error));
    macvlan_vlan_free(change);

    MUST(macvlan_handle_link(l->ip_there, "ens33.100", &info, &error));
    CHECK_TEXT(macvlan_link_info_kind(info), "vlan");
    vlan = macvlan_link_info_vlan(info);
    CHECK(vlan != NULL && macvlan_link_info_options(info) == NULL);
    CHECK(macvlan_vlan_id(vlan) == 100);
    CHECK(macvlan_vlan_protocol(vlan) == MACVLAN_VLAN_8021Q);
    CHECK(macvlan_vlan_reorder_hdr(vlan) == 1);
    CHECK(macvlan_vlan_gvrp(vlan) == 0);
    CHECK(macvlan_vlan_mvrp(vlan) == 0);
    CHECK(macvlan_vlan_bridge_binding(vlan) == 0);
    CHECK(macvlan_vlan_loose_binding(vlan) == 1);
    CHECK(macvlan_vlan_egress_qos_count(vlan) == 1);
    CHECK(macvlan_vlan_egress_qos(vlan, 0, &inside, &tag) && inside == 0 && tag == 3);
    CHECK(macvlan_vlan_ingress_qos_count(vlan) == 1);
    CHECK(macvlan_vlan_ingress_qos(vlan, 0, &tag, &inside) && tag == 5 && inside == 6);
    macvlan_link_info_free(info);
}

static void by_notation(lab *l)
{
    macvlan_netns *first = NULL, *second = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *one = NULL, *other = NULL;

    MUST(macvlan_netns_anonymous(&first, &error));
    MUST(macvlan_netns_anonymous(&second, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33.100", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.100.0.3/24", &error));
    MUST(macvlan_host_attach(l->host, endpoint, first, &one, &error));
    macvlan_endpoint_free(endpoint);
    MUST(macvlan_endpoint_new("eth0", "ens33.100", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.100.0.4/24", &error));
    MUST(macvlan_host_attach(l->host, endpoint, second, &other, &error));
    macvlan_endpoint_free(endpoint);

    CHECK_TEXT(macvlan_attachment_parent(one), "ens33.100");
    lab_witness(l->here, "ip -d link show ens33.100", "vlan protocol 802.1Q id 100");
    CHECK(lab_ping(first, "10.100.0.2"));
    CHECK(lab_ping(first, "10.100.0.4"));
    CHECK(lab_silent(first, "192.168.15.2"));

    MUST(macvlan_host_detach(l->host, one, &error));
    CHECK(exists(l->ip_here, "ens33.100"));
    MUST(macvlan_host_detach(l->host, other, &error));
    CHECK(!exists(l->ip_here, "ens33.100"));

    macvlan_attachment_free(one);
    macvlan_attachment_free(other);
    macvlan_netns_free(first);
    macvlan_netns_free(second);
}

static void by_object(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_parent *base = NULL, *service = NULL, *customer = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_link_info *info = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_parent_new_link("ens33", &base, &error));
    MUST(macvlan_parent_new_vlan(base, 20, &service, &error));
    MUST(macvlan_parent_set_protocol(service, MACVLAN_VLAN_8021AD, &error));
    MUST(macvlan_parent_new_vlan(service, 200, &customer, &error));
    MUST(macvlan_parent_set_name(customer, "customer", &error));
    CHECK_TEXT(macvlan_parent_text(service), "ens33.20");
    CHECK_TEXT(macvlan_parent_text(customer), "customer");
    MUST(macvlan_endpoint_new_on("eth0", customer, &endpoint, &error));
    macvlan_parent_free(base);
    macvlan_parent_free(service);
    macvlan_parent_free(customer);

    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    lab_witness(l->here, "ip -d link show ens33.20", "vlan protocol 802.1ad id 20");
    lab_witness(l->here, "ip -d link show customer", "vlan protocol 802.1Q id 200");
    MUST(macvlan_handle_link(l->ip_here, "customer", &info, &error));
    CHECK(macvlan_link_info_group(info) == MACVLAN_ON_DEMAND_GROUP);
    macvlan_link_info_free(info);
    MUST(macvlan_host_detach(l->host, attachment, &error));
    CHECK(!exists(l->ip_here, "customer") && !exists(l->ip_here, "ens33.20"));

    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

static void as_the_container_s_own_link(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_vlan *tag = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_vlan_new(100, &tag, &error));
    MUST(macvlan_endpoint_new_vlan("eth0", "ens33", tag, &endpoint, &error));
    macvlan_vlan_free(tag);
    MUST(macvlan_endpoint_add_address(endpoint, "10.100.0.5/24", &error));
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    CHECK_TEXT(macvlan_attachment_kind(attachment), "vlan");
    CHECK(lab_ping(container, "10.100.0.2"));
    MUST(macvlan_host_detach(l->host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

static void vlan_on_demand(void)
{
    lab l = lab_open();
    vlan_there(&l);
    what_the_kernel_tells_of_a_vlan(&l);
    by_notation(&l);
    by_object(&l);
    as_the_container_s_own_link(&l);
    lab_close(&l);
}

int main(void)
{
    return lab_main(vlan_on_demand);
}
