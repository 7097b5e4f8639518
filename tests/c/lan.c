/*
 * On a real network: an address that somebody has is not used, the neighbours are told where one is
 * now, the host reaches its own container, what keeps a LAN dark is named, what a container sends is
 * limited, and a container is attached again when its parent comes back.
 */

#include "lab.h"

#include <poll.h>

static lab l;

/* A container's eth0 with one address of the LAN. */
static macvlan_endpoint *eth0(const char *address)
{
    macvlan_endpoint *endpoint = NULL;
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, address, &error));
    return endpoint;
}

/* What was said is what is told. */
static void values(void)
{
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_probe *probe = NULL;
    macvlan_announce *announce = NULL;

    MUST(macvlan_endpoint_probe(endpoint, &probe, &error));
    MUST(macvlan_endpoint_announce(endpoint, &announce, &error));
    CHECK(probe == NULL && announce == NULL);
    MUST(macvlan_probe_rfc(&probe, &error));
    CHECK(macvlan_probe_count(probe) == 3 && macvlan_probe_longest(probe) == 7000);
    MUST(macvlan_probe_set_count(probe, 2, &error));
    MUST(macvlan_probe_set_start(probe, 10, &error));
    MUST(macvlan_probe_set_interval(probe, 100, &error));
    MUST(macvlan_probe_set_jitter(probe, 20, &error));
    MUST(macvlan_probe_set_wait(probe, 200, &error));
    MUST(macvlan_probe_set_deadline(probe, 4000, &error));
    CHECK(macvlan_probe_count(probe) == 2 && macvlan_probe_longest(probe) == 10 + 120 + 200);
    MUST(macvlan_endpoint_set_probe(endpoint, probe, &error));
    macvlan_probe_free(probe);
    MUST(macvlan_endpoint_probe(endpoint, &probe, &error));
    CHECK(macvlan_probe_count(probe) == 2 && macvlan_probe_longest(probe) == 330);
    macvlan_probe_free(probe);

    MUST(macvlan_announce_once(&announce, &error));
    CHECK(macvlan_announce_count(announce) == 1 && !macvlan_announce_is_blocking(announce));
    MUST(macvlan_announce_set_count(announce, 3, &error));
    MUST(macvlan_announce_set_interval(announce, 10, &error));
    MUST(macvlan_announce_set_blocking(announce, true, &error));
    MUST(macvlan_endpoint_set_announce(endpoint, announce, &error));
    macvlan_announce_free(announce);
    MUST(macvlan_endpoint_announce(endpoint, &announce, &error));
    CHECK(macvlan_announce_count(announce) == 3 && macvlan_announce_interval(announce) == 10);
    CHECK(macvlan_announce_is_blocking(announce));
    macvlan_announce_free(announce);

    CHECK_TEXT(macvlan_endpoint_rate(endpoint), NULL);
    CHECK(macvlan_endpoint_rate_bits(endpoint) == 0);
    MUST(macvlan_endpoint_set_rate(endpoint, "10mbit", &error));
    CHECK(macvlan_endpoint_rate_bits(endpoint) == 10000000);
    MUST(macvlan_endpoint_set_rate_bits(endpoint, 512000, &error));
    CHECK_TEXT(macvlan_endpoint_rate(endpoint), "512kbit");
    REFUSED(macvlan_endpoint_set_rate(endpoint, "fast", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "it does not end in bit, kbit, mbit or gbit");
    REFUSED(macvlan_endpoint_set_rate_bits(endpoint, 7, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "less than a byte a second");
    CHECK_TEXT(macvlan_endpoint_rate(endpoint), "512kbit");
    macvlan_endpoint_free(endpoint);
}

/* An address that somebody on the network has is not used, and nobody's neighbour table changes. */
static void an_address_that_is_taken(void)
{
    static const char *const asked[] = { "192.168.15.2", "192.168.15.3", "192.168.15.1" };
    static const char *const wrong[] = { "192.168.15.2", "nobody" };
    static const char *const missing[] = { NULL };
    macvlan_netns *container = NULL;
    macvlan_link_info *theirs = NULL;
    macvlan_probe *probe = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.2/24");
    macvlan_attachment *attachment = NULL;
    macvlan_holder_list *holders = NULL;
    macvlan_error *error = NULL;
    const macvlan_holder *holder;
    uint8_t mac[6], expected[6];
    char text[18];

    MUST(macvlan_handle_link(l.ip_there, "ens33", &theirs, &error));
    CHECK(macvlan_link_info_mac(theirs, expected));
    MUST(macvlan_mac_format(expected, text, &error));
    macvlan_link_info_free(theirs);
    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_probe_quick(&probe, &error));
    MUST(macvlan_endpoint_set_probe(endpoint, probe, &error));

    CHECK(macvlan_host_attach(l.host, endpoint, container, &attachment, &error) == -EADDRINUSE);
    puts(macvlan_error_message(error));
    CHECK(attachment == NULL);
    CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_ADDRESS_IN_USE);
    CHECK_TEXT(macvlan_error_kind_name(error), "address-in-use");
    CHECK(strstr(macvlan_error_message(error), text) != NULL);
    holder = macvlan_error_holder(error);
    CHECK_TEXT(macvlan_holder_address(holder), "192.168.15.2");
    CHECK(macvlan_holder_mac(holder, mac) && memcmp(mac, expected, 6) == 0);
    macvlan_error_free(error);
    macvlan_endpoint_free(endpoint);
    lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    lab_witness(l.there, "ip -4 neigh show dev ens33 | grep . || echo none", "none");

    /* Many at once: the peer's, and the parent's own. */
    MUST(macvlan_host_probe_free(l.host, "ens33", asked, 3, probe, &holders, &error));
    CHECK(macvlan_holder_list_count(holders) == 2);
    CHECK_TEXT(macvlan_holder_address(macvlan_holder_list_get(holders, 0)), "192.168.15.1");
    CHECK(strstr(macvlan_holder_text(macvlan_holder_list_get(holders, 1)), text) != NULL);
    CHECK(macvlan_holder_list_get(holders, 2) == NULL);
    macvlan_holder_list_free(holders);
    MUST(macvlan_host_probe_free(l.host, "ens33", NULL, 0, probe, &holders, &error));
    CHECK(macvlan_holder_list_count(holders) == 0);
    macvlan_holder_list_free(holders);
    REFUSED(macvlan_host_probe_free(l.host, "ens33", wrong, 2, probe, &holders, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "\"nobody\" is no IP address");
    REFUSED(macvlan_host_probe_free(l.host, "ens33", missing, 1, probe, &holders, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "addresses[0] is NULL");
    CHECK(holders == NULL);

    /* One that is free. */
    endpoint = eth0("192.168.15.3/24");
    MUST(macvlan_endpoint_set_probe(endpoint, probe, &error));
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    CHECK(lab_ping(container, "192.168.15.2", 5));
    MUST(macvlan_host_detach(l.host, attachment, &error));
    CHECK(macvlan_error_holder(NULL) == NULL);
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_probe_free(probe);
    macvlan_netns_free(container);
}

/* The peer remembers somebody else for the address, and must then know better. */
static void forget(void)
{
    lab_witness(l.there,
                "ip neigh replace 192.168.15.3 lladdr 02:00:00:00:00:99 dev ens33 nud stale"
                " && ip neigh show 192.168.15.3",
                "02:00:00:00:00:99");
}

static void knows(const char *mac)
{
    lab_witness(l.there,
                "for try in 1 2 3 4 5 6 7 8 9 10; do"
                " ip neigh show 192.168.15.3 | grep -q 02:00:00:00:00:99 || break; sleep 0.1; done;"
                " ip neigh show 192.168.15.3",
                mac);
}

static void announces(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_announce *announce = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_announcement *announcement = NULL;
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 3 };
    size_t frames = 0;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_announce_rfc(&announce, &error));
    CHECK(macvlan_announce_count(announce) == 2 && macvlan_announce_interval(announce) == 2000);
    MUST(macvlan_announce_set_interval(announce, 10, &error));
    MUST(macvlan_endpoint_set_mac(endpoint, mac, &error));
    MUST(macvlan_endpoint_set_announce(endpoint, announce, &error));
    forget();
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    knows("02:00:00:00:00:03");

    MUST(macvlan_attachment_announce(attachment, announce, &announcement, &error));
    macvlan_announce_free(announce);
    forget();
    MUST(macvlan_announcement_send(announcement, &frames, &error));
    CHECK(frames == 1);
    knows("02:00:00:00:00:03");
    forget();
    MUST(macvlan_announcement_run(announcement, &frames, &error));
    CHECK(frames == 2);
    knows("02:00:00:00:00:03");
    MUST(macvlan_announcement_send(announcement, NULL, &error));
    MUST(macvlan_announcement_run(announcement, NULL, &error));

    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_announcement_free(announcement);
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* Whether the host has a way to this subnet. */
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
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_attachment *attachment = NULL;
    macvlan_access *access = NULL;
    char name[16] = "?";
    bool was_there = false;

    MUST(macvlan_netns_anonymous(&container, &error));
    REFUSED(macvlan_host_access(l.host, "ens99", &access, &error), ENODEV,
            MACVLAN_ERROR_PARENT_NOT_FOUND, "ens99");
    MUST(macvlan_host_access(l.host, "ens33", &access, &error));
    CHECK(macvlan_access_name(access, name));
    CHECK_TEXT(name, "ens33-host");
    CHECK(macvlan_access_index(access) > 0);
    CHECK(!leads_to(access, "192.168.15.3/32"));
    MUST(macvlan_access_attach(access, endpoint, container, &attachment, &error));
    CHECK(leads_to(access, "192.168.15.3/32"));
    CHECK(lab_ping(l.here, "192.168.15.3", 5));
    CHECK(lab_ping(container, "192.168.15.1", 5));

    /* Without its last container the link goes, and it comes back with the next. */
    MUST(macvlan_access_remove(access, attachment, &error));
    CHECK(!macvlan_access_name(access, name) && name[0] == 0);
    CHECK(macvlan_access_index(access) == 0);
    CHECK(!lab_ping(l.here, "192.168.15.3", 1));
    MUST(macvlan_access_add(access, attachment, &error));
    CHECK(lab_ping(l.here, "192.168.15.3", 5));
    MUST(macvlan_access_detach(access, attachment, &was_there, &error));
    CHECK(was_there && macvlan_access_index(access) == 0);
    MUST(macvlan_access_detach(access, attachment, NULL, &error)); /* gone already */

    MUST(macvlan_access_close(access, &error));
    REFUSED(macvlan_access_close(access, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "access has been closed already");
    REFUSED(macvlan_access_add(access, attachment, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "access has been closed");
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* With an address of the host's link, a prefix, and a link that stays. */
static void access_with_options(void)
{
    macvlan_access_options *options = NULL;
    macvlan_parent *parent = NULL;
    macvlan_access *access = NULL;
    char name[16];

    MUST(macvlan_parent_new("ens33", &parent, &error));
    MUST(macvlan_access_options_new_on(parent, &options, &error));
    macvlan_access_options_free(options);
    macvlan_parent_free(parent);
    MUST(macvlan_access_options_new("ens33", &options, &error));
    MUST(macvlan_access_options_set_name(options, "mine", &error));
    MUST(macvlan_access_options_add_address(options, "192.168.15.250", &error));
    MUST(macvlan_access_options_add_route(options, "192.168.15.128/25", &error));
    MUST(macvlan_access_options_set_keep(options, true, &error));
    REFUSED(macvlan_access_options_add_address(options, "192.168.15.250/24", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "is no IP address");
    REFUSED(macvlan_access_options_add_route(options, "192.168.15.128", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "is no subnet");
    MUST(macvlan_host_access_by(l.host, options, &access, &error));
    CHECK(macvlan_access_name(access, name));
    CHECK_TEXT(name, "mine");
    CHECK(leads_to(access, "192.168.15.128/25"));
    lab_witness(l.here, "ip -4 -o address show dev mine", "192.168.15.250/32");
    macvlan_access_free(access);
    lab_witness(l.here, "ip route show dev mine", "192.168.15.128/25"); /* it was to be kept */
    MUST(macvlan_access_options_set_keep(options, false, &error));
    MUST(macvlan_host_access_by(l.host, options, &access, &error));
    macvlan_access_options_free(options);
    MUST(macvlan_access_close(access, &error));
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
}

/* The parent's addresses move to the host's link, and back: told to, freed, or not confirmed in time. */
static void moves(void)
{
    static const char at_link[] = "ip -4 -o address show dev ens33-host";
    static const char at_parent[] = "ip -4 -o address show dev ens33";
    macvlan_access *access = NULL;
    macvlan_moving *moving = NULL;

    MUST(macvlan_host_access(l.host, "ens33", &access, &error));
    MUST(macvlan_access_move_addresses(access, 60000, &moving, &error));
    CHECK(macvlan_moving_is_pending(moving));
    lab_witness(l.here, at_link, "192.168.15.1/24");
    CHECK(lab_ping(l.here, "192.168.15.2", 5));
    MUST(macvlan_moving_confirm(moving, &error));
    CHECK(!macvlan_moving_is_pending(moving));
    REFUSED(macvlan_moving_undo(moving, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "moving has been confirmed or undone already");
    macvlan_moving_free(moving);
    lab_witness(l.here, at_link, "192.168.15.1/24");
    MUST(macvlan_access_move_back(access, &error));
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 60000, &moving, &error));
    MUST(macvlan_moving_undo(moving, &error));
    macvlan_moving_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 60000, &moving, &error));
    lab_witness(l.here, at_link, "192.168.15.1/24");
    macvlan_moving_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");

    MUST(macvlan_access_move_addresses(access, 50, &moving, &error));
    while (macvlan_moving_is_pending(moving))
        usleep(10000);
    REFUSED(macvlan_moving_confirm(moving, &error), ETIMEDOUT, MACVLAN_ERROR_TIMED_OUT,
            "they have been moved back");
    macvlan_moving_free(moving);
    lab_witness(l.here, at_parent, "192.168.15.1/24");
    CHECK(lab_ping(l.here, "192.168.15.2", 5));
    macvlan_access_free(access);
    lab_witness(l.here, "ip -o link show type macvlan | grep . || echo none", "none");
}

static void diagnoses(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_attachment *attachment = NULL;
    macvlan_diagnosis *diagnosis = NULL;
    const macvlan_finding *finding;
    size_t at;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    MUST(macvlan_host_diagnose(l.host, attachment, "192.168.15.2", &diagnosis, &error));
    printf("%s", macvlan_diagnosis_text(diagnosis));
    CHECK(macvlan_diagnosis_answered(diagnosis));
    CHECK(macvlan_diagnosis_finding_count(diagnosis) == 0);
    CHECK(macvlan_diagnosis_finding(diagnosis, 0) == NULL);
    CHECK(macvlan_diagnosis_fact_count(diagnosis) > 0);
    macvlan_diagnosis_free(diagnosis);

    MUST(macvlan_host_diagnose(l.host, attachment, "192.168.15.99", &diagnosis, &error));
    CHECK(!macvlan_diagnosis_answered(diagnosis));
    CHECK(macvlan_diagnosis_has(diagnosis, MACVLAN_FINDING_NO_ANSWER));
    CHECK(!macvlan_diagnosis_has(diagnosis, MACVLAN_FINDING_PARENT_DOWN));
    CHECK(macvlan_diagnosis_finding_count(diagnosis) == 1);
    finding = macvlan_diagnosis_finding(diagnosis, 0);
    CHECK(macvlan_finding_kind(finding) == MACVLAN_FINDING_NO_ANSWER);
    CHECK_TEXT(macvlan_finding_kind_name(finding), "no-answer");
    printf("%s: %s\n", macvlan_finding_text(finding), macvlan_finding_remedy(finding));
    CHECK(strstr(macvlan_diagnosis_text(diagnosis), macvlan_finding_text(finding)) != NULL);
    for (at = 0; at < macvlan_diagnosis_fact_count(diagnosis); at++)
        printf("  %s\n", macvlan_diagnosis_fact(diagnosis, at));
    CHECK(macvlan_diagnosis_fact(diagnosis, at) == NULL);
    CHECK(macvlan_finding_kind(NULL) == MACVLAN_FINDING_NONE);
    macvlan_diagnosis_free(diagnosis);
    REFUSED(macvlan_host_diagnose(l.host, attachment, "it", &diagnosis, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "peer \"it\" is no IP address");

    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* Limited by the kernel where it has tbf; else refused in words, and nothing remains. */
static void rates(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_attachment *attachment = NULL;
    macvlan_error *error = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_set_rate(endpoint, "10mbit", &error));
    if (macvlan_host_attach(l.host, endpoint, container, &attachment, &error) == 0) {
        lab_witness(container, "tc qdisc show dev eth0", "rate 10Mbit");
        CHECK(lab_ping(container, "192.168.15.2", 5));
        MUST(macvlan_host_detach(l.host, attachment, &error));
    } else {
        puts(macvlan_error_message(error));
        CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_UNSUPPORTED);
        CHECK(strstr(macvlan_error_cause(error), "no token bucket filter (tbf)") != NULL);
        CHECK(strstr(macvlan_error_hint(error), "modprobe sch_tbf") != NULL);
        CHECK(attachment == NULL);
        lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    }
    macvlan_error_free(error);
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* The next event, which has to be of this kind and about eth0 in this container; by poll(2). */
static macvlan_keep_event *await(macvlan_keeper *keeper, int kind, const macvlan_netns *container)
{
    macvlan_keep_event *event = NULL;
    struct pollfd readable;
    int tries;
    readable.fd = macvlan_keeper_fd(keeper);
    readable.events = POLLIN;
    for (tries = 0; tries < 100 && event == NULL; tries++) {
        int patience = macvlan_keeper_patience(keeper);
        CHECK(poll(&readable, 1, patience < 0 || patience > 1000 ? 1000 : patience) >= 0);
        MUST(macvlan_keeper_next(keeper, 0, &event, &error));
    }
    CHECK(event != NULL); /* else it never came */
    puts(macvlan_keep_event_text(event));
    CHECK(macvlan_keep_event_kind(event) == kind);
    CHECK_TEXT(macvlan_keep_event_name(event), "eth0");
    CHECK(macvlan_netns_same_as(macvlan_keep_event_netns(event), container));
    return event;
}

/* A cable with this MTU. */
static void plug(uint32_t mtu)
{
    macvlan_link *cable = NULL;
    MUST(macvlan_link_new_veth("ens33", "ens33", l.there, &cable, &error));
    MUST(macvlan_link_set_mtu(cable, mtu, &error));
    MUST(macvlan_link_set_up(cable, true, &error));
    MUST(macvlan_handle_add_link(l.ip_here, cable, &error));
    macvlan_link_free(cable);
    MUST(macvlan_handle_set_up(l.ip_there, "ens33", &error));
    MUST(macvlan_handle_add_address(l.ip_there, "ens33", "192.168.15.2/24", &error));
}

static void keeps(void)
{
    macvlan_netns *containers[2] = { NULL, NULL };
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24"), *other = eth0("192.168.15.4/24");
    const macvlan_endpoint *of_these[1];
    const macvlan_netns *to_those[1];
    macvlan_keeper *keeper = NULL;
    macvlan_keep_event *event = NULL;
    macvlan_attachment_list *attached = NULL;
    macvlan_attachment *attachment = NULL;
    uint8_t mac[6], again[6];

    MUST(macvlan_netns_anonymous(&containers[0], &error));
    MUST(macvlan_netns_anonymous(&containers[1], &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    of_these[0] = endpoint;
    to_those[0] = containers[0];
    MUST(macvlan_host_keep(l.host, of_these, to_those, 1, &keeper, &error));
    MUST(macvlan_keeper_add(keeper, other, containers[1], &error));
    macvlan_endpoint_free(endpoint);
    macvlan_endpoint_free(other);
    MUST(macvlan_keeper_attachments(keeper, &attached, &error));
    CHECK(macvlan_attachment_list_count(attached) == 2);
    macvlan_attachment_mac(macvlan_attachment_list_get(attached, 0), mac);
    macvlan_attachment_list_free(attached);
    CHECK(macvlan_keeper_patience(keeper) == -1);

    /* Not kept any more, but there. */
    MUST(macvlan_keeper_release(keeper, "eth1", containers[1], &attachment, &error));
    CHECK(attachment == NULL);
    MUST(macvlan_keeper_release(keeper, "eth0", containers[1], &attachment, &error));
    CHECK_TEXT(macvlan_attachment_address(attachment, 0), "192.168.15.4/24");
    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);

    MUST(macvlan_handle_set_down(l.ip_here, "ens33", &error));
    MUST(macvlan_handle_rename(l.ip_here, "ens33", "lan7", &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_RENAMED, containers[0]);
    CHECK_TEXT(macvlan_keep_event_parent(event), "lan7");
    CHECK(macvlan_keep_event_attachment(event) != NULL && macvlan_keep_event_error(event) == NULL);
    macvlan_keep_event_free(event);

    MUST(macvlan_handle_delete_link(l.ip_here, "lan7", &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_GONE, containers[0]);
    CHECK_TEXT(macvlan_keep_event_parent(event), NULL);
    macvlan_keep_event_free(event);
    MUST(macvlan_keeper_next(keeper, 0, &event, &error));
    CHECK(event == NULL);

    /* It comes back with an MTU that is too small at first. */
    plug(1300);
    event = await(keeper, MACVLAN_KEEP_EVENT_FAILED, containers[0]);
    CHECK(macvlan_keep_event_attachment(event) == NULL);
    CHECK(macvlan_error_kind(macvlan_keep_event_error(event)) == MACVLAN_ERROR_MTU_TOO_LARGE);
    macvlan_keep_event_free(event);
    CHECK(macvlan_keeper_patience(keeper) >= 0);
    MUST(macvlan_handle_set_mtu(l.ip_here, "ens33", 1500, &error));
    event = await(keeper, MACVLAN_KEEP_EVENT_ATTACHED, containers[0]);
    macvlan_attachment_mac(macvlan_keep_event_attachment(event), again);
    CHECK(memcmp(mac, again, 6) == 0);
    macvlan_keep_event_free(event);
    CHECK(lab_ping(containers[0], "192.168.15.2", 5));

    /* Waited for as long as it takes. */
    MUST(macvlan_handle_delete_link(l.ip_here, "ens33", &error));
    MUST(macvlan_keeper_next(keeper, -1, &event, &error));
    CHECK(macvlan_keep_event_kind(event) == MACVLAN_KEEP_EVENT_GONE);
    macvlan_keep_event_free(event);
    macvlan_keeper_free(keeper);
    macvlan_netns_free(containers[0]);
    macvlan_netns_free(containers[1]);
}

static void lan(void)
{
    l = lab_open();
    MUST(macvlan_handle_add_address(l.ip_here, "ens33", "192.168.15.1/24", &error));
    values();
    an_address_that_is_taken();
    announces();
    host_and_container();
    access_with_options();
    moves();
    diagnoses();
    rates();
    keeps();
    lab_close(&l);
}

int main(void)
{
    return lab_main(lan);
}
