/*
 * On a real network: addresses in use are refused, addresses are announced to neighbours, the
 * causes of a LAN that does not answer are named, and a container's egress rate is limited.
 */

#include "lab.h"

static lab l;

/* Returns a container's eth0 with one address of the LAN. */
static macvlan_endpoint *eth0(const char *address)
{
    macvlan_endpoint *endpoint = NULL;
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, address, &error));
    return endpoint;
}

/* Getters return the values that were set. */
static void values(void)
{
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    macvlan_announce announce = MACVLAN_INIT(macvlan_announce);
    const macvlan_probe *set;

    CHECK(macvlan_endpoint_get(endpoint)->probe == NULL);
    CHECK(macvlan_endpoint_get(endpoint)->announce == NULL);
    CHECK(macvlan_probe_longest(&probe) == 7000);
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    set = macvlan_endpoint_get(endpoint)->probe;
    CHECK(set->count.value == 3 && set->start_ms.value == 1000 && set->interval_ms.value == 1000);
    CHECK(set->jitter_ms.value == 1000 && set->wait_ms.value == 2000);
    CHECK(set->deadline_ms.value == 5000 && macvlan_probe_longest(set) == 7000);
    MACVLAN_SET(probe.count, 0);
    REFUSED(macvlan_endpoint_set_probe(endpoint, &probe, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the minimum is 1");
    MACVLAN_SET(probe.count, 2);
    MACVLAN_SET(probe.start_ms, 10);
    MACVLAN_SET(probe.interval_ms, 100);
    MACVLAN_SET(probe.jitter_ms, 20);
    MACVLAN_SET(probe.wait_ms, 200);
    CHECK(macvlan_probe_longest(&probe) == 10 + 120 + 200);
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    set = macvlan_endpoint_get(endpoint)->probe;
    CHECK(set->count.value == 2 && macvlan_probe_longest(set) == 330);

    MACVLAN_SET(announce.count, 0);
    REFUSED(macvlan_endpoint_set_announce(endpoint, &announce, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the minimum is 1");
    MACVLAN_SET(announce.count, 3);
    MACVLAN_SET(announce.interval_ms, 10);
    announce.blocking = true;
    MUST(macvlan_endpoint_set_announce(endpoint, &announce, &error));
    CHECK(macvlan_endpoint_get(endpoint)->announce->count.value == 3);
    CHECK(macvlan_endpoint_get(endpoint)->announce->interval_ms.value == 10);
    CHECK(macvlan_endpoint_get(endpoint)->announce->blocking);

    CHECK_TEXT(macvlan_endpoint_get(endpoint)->rate, NULL);
    CHECK(macvlan_endpoint_get(endpoint)->rate_bits == 0);
    MUST(macvlan_endpoint_set_rate(endpoint, "10mbit", &error));
    CHECK(macvlan_endpoint_get(endpoint)->rate_bits == 10000000);
    MUST(macvlan_endpoint_set_rate(endpoint, "512000bit", &error));
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->rate, "512kbit");
    REFUSED(macvlan_endpoint_set_rate(endpoint, "fast", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the unit must be bit, kbit, mbit or gbit");
    REFUSED(macvlan_endpoint_set_rate(endpoint, "7bit", &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the minimum is 8 bits per second");
    CHECK_TEXT(macvlan_endpoint_get(endpoint)->rate, "512kbit");
    macvlan_endpoint_free(endpoint);
}

/* An address in use on the network is refused, and the neighbour tables stay as they are. */
static void an_address_that_is_taken(void)
{
    static const char *const asked[] = { "192.168.15.2", "192.168.15.3", "192.168.15.1" };
    static const char *const wrong[] = { "192.168.15.2", "nobody" };
    static const char *const missing[] = { NULL };
    macvlan_netns *container = NULL;
    macvlan_link *theirs = NULL;
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    macvlan_endpoint *endpoint = eth0("192.168.15.2/24");
    macvlan_attachment *attachment = NULL;
    macvlan_holder_list *holders = NULL;
    macvlan_error *error = NULL;
    const macvlan_holder *holder;
    uint8_t expected[6];
    char text[18];

    MUST(macvlan_handle_link(l.ip_there, "ens33", &theirs, &error));
    CHECK(macvlan_link_get(theirs)->mac.is_set);
    memcpy(expected, macvlan_link_get(theirs)->mac.value, 6);
    MUST(macvlan_mac_format(expected, text, &error));
    macvlan_link_free(theirs);
    MUST(macvlan_netns_anonymous(&container, &error));
    probe.quick = true;
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));

    CHECK(macvlan_host_attach(l.host, endpoint, container, &attachment, &error) == -EADDRINUSE);
    puts(macvlan_error_message(error));
    CHECK(attachment == NULL);
    CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_ADDRESS_IN_USE);
    CHECK_TEXT(macvlan_error_get(error)->kind_name, "address-in-use");
    CHECK(strstr(macvlan_error_message(error), text) != NULL);
    holder = macvlan_error_get(error)->holder;
    CHECK_TEXT(holder->address, "192.168.15.2");
    CHECK(lab_is_mac(holder->mac, expected));
    macvlan_error_free(error);
    macvlan_endpoint_free(endpoint);
    lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    lab_witness(l.there, "ip -4 neigh show dev ens33 | grep . || echo none", "none");

    /* Many at once: the peer's, and the parent's own. */
    MUST(macvlan_host_probe_addresses(l.host, "ens33", asked, 3, &probe, &holders, &error));
    CHECK(macvlan_holder_list_count(holders) == 2);
    CHECK_TEXT(macvlan_holder_list_get(holders, 0)->address, "192.168.15.1");
    CHECK(strstr(macvlan_holder_list_get(holders, 1)->text, text) != NULL);
    CHECK(macvlan_holder_list_get(holders, 2) == NULL);
    macvlan_holder_list_free(holders);
    MUST(macvlan_host_probe_addresses(l.host, "ens33", NULL, 0, &probe, &holders, &error));
    CHECK(macvlan_holder_list_count(holders) == 0);
    macvlan_holder_list_free(holders);
    REFUSED(macvlan_host_probe_addresses(l.host, "ens33", wrong, 2, &probe, &holders, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "\"nobody\": invalid IP address syntax");
    REFUSED(macvlan_host_probe_addresses(l.host, "ens33", missing, 1, &probe, &holders, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "addresses[0] is NULL");
    CHECK(holders == NULL);

    /* A free address. */
    endpoint = eth0("192.168.15.3/24");
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    CHECK(lab_ping(container, "192.168.15.2"));
    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* The peer has another MAC address for this address, and must learn the new one. */
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
                "for try in $(seq 600); do"
                " ip neigh show 192.168.15.3 | grep -q 02:00:00:00:00:99 || break; sleep 0.1; done;"
                " ip neigh show 192.168.15.3",
                mac);
}

static void announces(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_announce announce = MACVLAN_INIT(macvlan_announce);
    macvlan_attachment *attachment = NULL;
    macvlan_announcement *announcement = NULL;
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 3 };
    size_t frames = 0;

    MUST(macvlan_netns_anonymous(&container, &error));
    MACVLAN_SET(announce.interval_ms, 10);
    MUST(macvlan_endpoint_set_mac(endpoint, mac, &error));
    MUST(macvlan_endpoint_set_announce(endpoint, &announce, &error));
    forget();
    MUST(macvlan_host_attach(l.host, endpoint, container, &attachment, &error));
    knows("02:00:00:00:00:03");

    MUST(macvlan_attachment_announce(attachment, &announce, &announcement, &error));
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

/* Returns true if a diagnosis gets an answer within a fifth of a second. */
static bool answers(macvlan_attachment *attachment, const char *peer, macvlan_diagnosis **diagnosis)
{
    macvlan_diagnosis_free(*diagnosis);
    *diagnosis = NULL;
    MUST(macvlan_host_diagnose(l.host, attachment, peer, diagnosis, &error));
    return macvlan_diagnosis_get(*diagnosis)->answered;
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
    EVENTUALLY(answers(attachment, "192.168.15.2", &diagnosis));
    printf("%s", macvlan_diagnosis_get(diagnosis)->text);
    CHECK(macvlan_diagnosis_get(diagnosis)->finding_count == 0);
    CHECK(macvlan_diagnosis_get(diagnosis)->findings == NULL);
    CHECK(macvlan_diagnosis_get(diagnosis)->fact_count > 0);
    macvlan_diagnosis_free(diagnosis);

    MUST(macvlan_host_diagnose(l.host, attachment, "192.168.15.99", &diagnosis, &error));
    CHECK(!macvlan_diagnosis_get(diagnosis)->answered);
    CHECK(macvlan_diagnosis_has(diagnosis, MACVLAN_FINDING_NO_ANSWER));
    CHECK(!macvlan_diagnosis_has(diagnosis, MACVLAN_FINDING_PARENT_DOWN));
    CHECK(macvlan_diagnosis_get(diagnosis)->finding_count == 1);
    finding = macvlan_diagnosis_get(diagnosis)->findings[0];
    CHECK(finding->kind == MACVLAN_FINDING_NO_ANSWER);
    CHECK_TEXT(finding->kind_name, "no-answer");
    printf("%s: %s\n", finding->text, finding->remedy);
    CHECK(strstr(macvlan_diagnosis_get(diagnosis)->text, finding->text) != NULL);
    for (at = 0; at < macvlan_diagnosis_get(diagnosis)->fact_count; at++)
        printf("  %s\n", macvlan_diagnosis_get(diagnosis)->facts[at]);
    macvlan_diagnosis_free(diagnosis);
    REFUSED(macvlan_host_diagnose(l.host, attachment, "it", &diagnosis, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "\"it\": invalid IP address syntax");

    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

/* Limited by the kernel if it has tbf; otherwise refused with a message, without traces. */
static void rates(void)
{
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = eth0("192.168.15.3/24");
    macvlan_attachment *attachment = NULL;
    macvlan_difference_list *differences = NULL;
    macvlan_error *error = NULL;

    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_set_rate(endpoint, "10mbit", &error));
    if (macvlan_host_attach(l.host, endpoint, container, &attachment, &error) == 0) {
        lab_witness(container, "tc qdisc show dev eth0", "rate 10Mbit");
        CHECK(lab_ping(container, "192.168.15.2"));
        lab_witness(container, "tc qdisc delete dev eth0 root && echo gone", "gone");
        MUST(macvlan_host_check(l.host, endpoint, container, &differences, &error));
        CHECK(macvlan_difference_list_count(differences) == 1);
        const macvlan_difference *one = macvlan_difference_list_get(differences, 0);
        CHECK(one->kind == MACVLAN_DIFFERENCE_RATE);
        CHECK_TEXT(one->text, "the rate is not limited to 10mbit");
        macvlan_difference_list_free(differences);
        MUST(macvlan_host_detach(l.host, attachment, &error));
    } else {
        puts(macvlan_error_message(error));
        CHECK(macvlan_error_kind(error) == MACVLAN_ERROR_UNSUPPORTED);
        CHECK(strstr(macvlan_error_get(error)->cause, "token bucket filters (tbf)") != NULL);
        CHECK(strstr(macvlan_error_get(error)->hint, "modprobe sch_tbf") != NULL);
        CHECK(attachment == NULL);
        lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    }
    macvlan_error_free(error);
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
}

static void lan(void)
{
    l = lab_open();
    MUST(macvlan_handle_add_address(l.ip_here, "ens33", "192.168.15.1/24", &error));
    values();
    an_address_that_is_taken();
    announces();
    diagnoses();
    rates();
    lab_close(&l);
}

int main(void)
{
    return lab_main(lan);
}
