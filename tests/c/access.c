/*
 * A host reaches its own container through its own link beside it, and moves its addresses to that
 * link; the move is undone unless confirmed in time.
 */

#include "lab.h"

static lab l;

/* Returns true if the host has a route to this subnet. */
static bool leads_to(const macvlan_access *access, const char *prefix)
{
    macvlan_prefix_list *list = NULL;
    size_t at;
    bool found = false;
    MUST(macvlan_access_routes(access, &list, &error));
    for (at = 0; at < macvlan_prefix_list_count(list); at++)
        found |= strcmp(macvlan_prefix_list_get(list, at), prefix) == 0;
    CHECK(macvlan_prefix_list_get(list, at) == NULL);
    macvlan_prefix_list_free(list);
    return found;
}

static void host_and_container(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_access *access = NULL;
    char name[16] = "?";
    bool was_there = false;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.3/24", &error));
    REFUSED(macvlan_host_access(l.host, "ens99", &access, &error), ENODEV,
            MACVLAN_ERROR_PARENT_NOT_FOUND, "ens99");
    MUST(macvlan_host_access(l.host, "ens33", &access, &error));
    CHECK(macvlan_access_name(access, name));
    CHECK_TEXT(name, "ens33-host");
    CHECK(macvlan_access_index(access) > 0);
    CHECK(!leads_to(access, "192.168.15.3/32"));
    MUST(macvlan_access_attach(access, endpoint, container, &attachment, &error));
    CHECK(leads_to(access, "192.168.15.3/32"));
    CHECK(lab_ping(l.here, "192.168.15.3"));
    CHECK(lab_ping(container, "192.168.15.1"));

    /* The link is deleted by others. */
    MUST(macvlan_handle_delete_link(l.ip_here, "ens33-host", &error));
    MUST(macvlan_access_refresh(access, &error));
    CHECK(lab_ping(l.here, "192.168.15.3"));

    /* The link is deleted with its last container, and created again for the next. */
    MUST(macvlan_access_remove(access, attachment, &error));
    CHECK(!macvlan_access_name(access, name) && name[0] == 0);
    CHECK(macvlan_access_index(access) == 0);
    CHECK(lab_silent(l.here, "192.168.15.3"));
    MUST(macvlan_access_add(access, attachment, &error));
    CHECK(lab_ping(l.here, "192.168.15.3"));
    MUST(macvlan_access_detach(access, attachment, &was_there, &error));
    CHECK(was_there && macvlan_access_index(access) == 0);
    MUST(macvlan_access_detach(access, attachment, NULL, &error)); /* already detached */

    MUST(macvlan_access_close(access, &error));
    REFUSED(macvlan_access_close(access, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "access has already been closed");
    REFUSED(macvlan_access_add(access, attachment, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "access has been closed");
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* With an address of its own, a prefix, and a link that is kept. */
static void access_with_options(void)
{
    static const char *const addresses[] = { "192.168.15.250", "192.168.15.251/24" };
    static const char *const routes[] = { "192.168.15.128/25", "192.168.15.128" };
    macvlan_access_options options = MACVLAN_INIT(macvlan_access_options);
    macvlan_parent parent = MACVLAN_INIT(macvlan_parent);
    macvlan_access *access = NULL;
    char name[16];

    REFUSED(macvlan_host_access_by(l.host, &options, &access, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "options.parent is NULL");
    parent.text = "ens33";
    options.parent_options = &parent;
    options.name = "mine";
    options.addresses = addresses;
    options.address_count = 2;
    REFUSED(macvlan_host_access_by(l.host, &options, &access, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "invalid IP address syntax");
    options.address_count = 1;
    options.routes = routes;
    options.route_count = 2;
    REFUSED(macvlan_host_access_by(l.host, &options, &access, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the prefix length is missing");
    options.route_count = 1;
    options.keep = true;
    MUST(macvlan_host_access_by(l.host, &options, &access, &error));
    CHECK(macvlan_access_name(access, name));
    CHECK_TEXT(name, "mine");
    CHECK(leads_to(access, "192.168.15.128/25"));
    lab_witness(l.here, "ip -4 -o address show dev mine", "192.168.15.250/32");
    macvlan_access_free(access);
    lab_witness(l.here, "ip route show dev mine", "192.168.15.128/25"); /* it was to be kept */
    options.keep = false;
    options.parent_options = NULL;
    options.parent = "ens33";
    MUST(macvlan_host_access_by(l.host, &options, &access, &error));
    MUST(macvlan_access_close(access, &error));
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
}

/* The parent's addresses move to the host's link, and back: by a call, when freed, or if not
 * confirmed. */
static void moves(void)
{
    static const char at_link[] = "ip -4 -o address show dev ens33-host";
    static const char at_parent[] = "ip -4 -o address show dev ens33";
    macvlan_access *access = NULL;
    macvlan_pending_move *moving = NULL;

    MUST(macvlan_host_access(l.host, "ens33", &access, &error));
    MUST(macvlan_access_move_addresses(access, 10 * PATIENCE, &moving, &error));
    CHECK(macvlan_pending_move_is_pending(moving));
    lab_witness(l.here, at_link, "192.168.15.1/24");
    CHECK(lab_ping(l.here, "192.168.15.2"));
    MUST(macvlan_pending_move_confirm(moving, &error));
    CHECK(!macvlan_pending_move_is_pending(moving));
    REFUSED(macvlan_pending_move_undo(moving, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "move has already been confirmed or undone");
    macvlan_pending_move_free(moving);
    lab_witness(l.here, at_link, "192.168.15.1/24");
    MUST(macvlan_access_move_back(access, &error));
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 10 * PATIENCE, &moving, &error));
    MUST(macvlan_pending_move_undo(moving, &error));
    macvlan_pending_move_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 10 * PATIENCE, &moving, &error));
    lab_witness(l.here, at_link, "192.168.15.1/24");
    macvlan_pending_move_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 50, &moving, &error));
    EVENTUALLY(!macvlan_pending_move_is_pending(moving));
    REFUSED(macvlan_pending_move_confirm(moving, &error), ETIMEDOUT, MACVLAN_ERROR_TIMED_OUT,
            "the addresses were moved back");
    macvlan_pending_move_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");
    CHECK(lab_ping(l.here, "192.168.15.2"));
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
}

static void accesses(void)
{
    l = lab_open();
    MUST(macvlan_handle_add_address(l.ip_here, "ens33", "192.168.15.1/24", &error));
    host_and_container();
    access_with_options();
    moves();
    lab_close(&l);
}

int main(void)
{
    return lab_main(accesses);
}
