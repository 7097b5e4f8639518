/*
 * Ensuring a container's endpoint: attached if missing, repaired if different, unchanged if right,
 * replaced only on request.
 */

#include "lab.h"

static lab l;
static macvlan_netns *container;

/* Checks the number of differences, and that one of them has this kind and these words. */
static size_t differences(const macvlan_difference_list *list, uint32_t kind, const char *words)
{
    size_t at, count = macvlan_difference_list_count(list);
    bool found = false;
    for (at = 0; at < count; at++) {
        const macvlan_difference *one = macvlan_difference_list_get(list, at);
        printf("%u: %s\n", one->kind, one->text);
        found |= one->kind == kind
                 && strstr(one->text, words) != NULL;
    }
    CHECK(macvlan_difference_list_get(list, count) == NULL);
    CHECK(found || words == NULL);
    return count;
}

static void ensures(void)
{
    macvlan_handle *inside = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_difference_list *list = NULL;

    l = lab_open();
    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_handle_open_in_netns(container, &inside, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_set_mtu(endpoint, 1400, &error));
    MUST(macvlan_endpoint_add_assignment(endpoint, "192.168.15.3/24@192.168.15.2", &error));

    /* Missing. */
    MUST(macvlan_host_check(l.host, endpoint, container, &list, &error));
    CHECK(differences(list, MACVLAN_DIFFERENCE_LINK_MISSING, "the link does not exist") >= 1);
    CHECK(!macvlan_difference_list_get(list, 0)->needs_replacement);
    macvlan_difference_list_free(list);
    MUST(macvlan_host_ensure(l.host, endpoint, container, &attachment, &list, &error));
    CHECK_TEXT(macvlan_attachment_get(attachment)->name, "eth0");
    CHECK(differences(list, MACVLAN_DIFFERENCE_LINK_MISSING, "the link does not exist") >= 1);
    macvlan_difference_list_free(list);
    macvlan_attachment_free(attachment);

    /* Right. */
    MUST(macvlan_host_check(l.host, endpoint, container, &list, &error));
    CHECK(differences(list, 0, NULL) == 0);
    macvlan_difference_list_free(list);
    MUST(macvlan_host_ensure(l.host, endpoint, container, &attachment, NULL, &error));
    macvlan_attachment_free(attachment);

    /* Different. */
    MUST(macvlan_handle_set_mtu(inside, "eth0", 1300, &error));
    MUST(macvlan_handle_delete_address(inside, "eth0", "192.168.15.3/24", &error));
    MUST(macvlan_host_ensure(l.host, endpoint, container, &attachment, &list, &error));
    CHECK(differences(list, MACVLAN_DIFFERENCE_MTU, "the MTU is 1300 and should be 1400") >= 3);
    differences(list, MACVLAN_DIFFERENCE_ADDRESS_MISSING, "192.168.15.3/24");
    differences(list, MACVLAN_DIFFERENCE_ROUTE_MISSING, "default via 192.168.15.2");
    macvlan_difference_list_free(list);
    macvlan_attachment_free(attachment);
    CHECK(lab_ping(container, "192.168.15.2"));

    /* Not changeable in place. */
    lab_set_mode(endpoint, MACVLAN_MODE_PASSTHRU);
    REFUSED(macvlan_host_ensure(l.host, endpoint, container, &attachment, &list, &error), EEXIST,
            MACVLAN_ERROR_NEEDS_REPLACEMENT, "eth0");
    CHECK(attachment == NULL && list == NULL);
    MUST(macvlan_host_check(l.host, endpoint, container, &list, &error));
    CHECK(differences(list, MACVLAN_DIFFERENCE_IMMUTABLE, "the mode is bridge") >= 1);
    CHECK(macvlan_difference_list_get(list, 0)->needs_replacement);
    macvlan_difference_list_free(list);
    MUST(macvlan_host_ensure_or_replace(l.host, endpoint, container, &attachment, &list, &error));
    differences(list, MACVLAN_DIFFERENCE_IMMUTABLE, "the mode is bridge");
    macvlan_difference_list_free(list);
    lab_witness(container, "ip -d link show eth0", "macvlan mode passthru");
    MUST(macvlan_host_detach(l.host, attachment, &error));

    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_handle_free(inside);
    macvlan_netns_free(container);
    lab_close(&l);
}

int main(void)
{
    return lab_main(ensures);
}
