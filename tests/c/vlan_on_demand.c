/*
 * A VLAN parent that does not exist is created for the first container and removed with the last.
 * The same with another name and the service tag, and with a VLAN as the container's own link.
 */

#include "lab.h"

static bool exists(const macvlan_handle *ip, const char *link)
{
    macvlan_error *error = NULL;
    macvlan_link *info = NULL;
    int result = macvlan_handle_link(ip, link, &info, &error);
    CHECK(result == 0 || macvlan_error_kind(error) == MACVLAN_ERROR_NOT_FOUND);
    macvlan_link_free(info);
    macvlan_error_free(error);
    return result == 0;
}

/* The other host gets the same VLAN, created by hand. */
static void vlan_there(lab *l)
{
    static const macvlan_vlan_qos egress[] = { { 0, 3 } }, ingress[] = { { 6, 5 } };
    macvlan_vlan_options tag = MACVLAN_INIT(macvlan_vlan_options);
    macvlan_link_options link = MACVLAN_INIT(macvlan_link_options);
    tag.id = 100;
    tag.egress_qos = egress;
    tag.egress_qos_count = 1;
    tag.ingress_qos = ingress;
    tag.ingress_qos_count = 1;
    link.kind = "vlan";
    link.name = "ens33.100";
    link.parent = "ens33";
    link.vlan = &tag;
    link.up = true;
    MUST(macvlan_handle_add_link(l->ip_there, &link, &error));
    MUST(macvlan_handle_add_address(l->ip_there, "ens33.100", "10.100.0.2/24", &error));
}

static void what_the_kernel_tells_of_a_vlan(lab *l)
{
    macvlan_link *info = NULL;
    macvlan_vlan_options change = MACVLAN_INIT(macvlan_vlan_options);
    const macvlan_vlan_options *vlan;

    change.id = 100;
    MACVLAN_SET(change.loose_binding, true);
    MUST(macvlan_handle_set_vlan(l->ip_there, "ens33.100", &change, &error));

    MUST(macvlan_handle_link(l->ip_there, "ens33.100", &info, &error));
    CHECK_TEXT(macvlan_link_get(info)->kind, "vlan");
    vlan = macvlan_link_get(info)->vlan;
    CHECK(vlan != NULL && macvlan_link_get(info)->options == NULL);
    CHECK(vlan->id == 100);
    CHECK(vlan->protocol == MACVLAN_VLAN_PROTOCOL_8021Q);
    CHECK(vlan->reorder_hdr.value == 1);
    CHECK(vlan->gvrp.value == 0);
    CHECK(vlan->mvrp.value == 0);
    CHECK(vlan->bridge_binding.value == 0);
    CHECK(vlan->loose_binding.value == 1);
    CHECK(vlan->egress_qos_count == 1);
    CHECK(vlan->egress_qos[0].priority == 0 && vlan->egress_qos[0].pcp == 3);
    CHECK(vlan->ingress_qos_count == 1);
    CHECK(vlan->ingress_qos[0].pcp == 5 && vlan->ingress_qos[0].priority == 6);
    macvlan_link_free(info);
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

    CHECK_TEXT(macvlan_attachment_get(one)->parent, "ens33.100");
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

static void by_struct(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_parent base = MACVLAN_INIT(macvlan_parent), service = base, customer = base;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_link *info = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    base.link = "ens33";
    service.base = &base;
    service.vlan_id = 20;
    service.protocol = MACVLAN_VLAN_PROTOCOL_8021AD;
    customer.base = &service;
    customer.vlan_id = 200;
    customer.name = "customer";
    MUST(macvlan_endpoint_new_on("eth0", &customer, &endpoint, &error));
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->parent, "customer");
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->parent_options->base->text, "ens33.20");

    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    lab_witness(l->here, "ip -d link show ens33.20", "vlan protocol 802.1ad id 20");
    lab_witness(l->here, "ip -d link show customer", "vlan protocol 802.1Q id 200");
    MUST(macvlan_handle_link(l->ip_here, "customer", &info, &error));
    CHECK(macvlan_link_get(info)->group == MACVLAN_ON_DEMAND_GROUP);
    macvlan_link_free(info);
    MUST(macvlan_host_detach(l->host, attachment, &error));
    CHECK(!exists(l->ip_here, "customer") && !exists(l->ip_here, "ens33.20"));

    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

static void as_the_container_s_own_link(lab *l)
{
    macvlan_netns *container = NULL;
    macvlan_vlan_options tag = MACVLAN_INIT(macvlan_vlan_options);
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    tag.id = 100;
    MUST(macvlan_endpoint_new_vlan("eth0", "ens33", &tag, &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "10.100.0.5/24", &error));
    MUST(macvlan_host_attach(l->host, endpoint, container, &attachment, &error));
    CHECK_TEXT(macvlan_attachment_get(attachment)->kind, "vlan");
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
    by_struct(&l);
    as_the_container_s_own_link(&l);
    lab_close(&l);
}

int main(void)
{
    return lab_main(vlan_on_demand);
}
