/*
 * A VM's interface: a macvtap in the VM's namespace, opened for its monitor.
 */

#include "lab.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

static void link_of_the_same_kind(lab *l)
{
    macvlan_link_options link = MACVLAN_INIT(macvlan_link_options);
    link.kind = "macvtap";
    link.name = "tap1";
    link.parent = "ens33";
    MUST(macvlan_handle_add_link(l->ip_here, &link, &error));
    lab_witness(l->here, "ip -d link show tap1", "macvtap mode bridge");
}

static void macvtap(void)
{
    lab l = lab_open();
    macvlan_netns *vm = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *attachment = NULL;
    macvlan_error *why = NULL;
    char expected[32];
    int fd = -1;

    link_of_the_same_kind(&l);
    MUST(macvlan_netns_anonymous(&vm, &error));
    MUST(macvlan_endpoint_new_macvtap("tap0", "ens33", &endpoint, &error));
    MUST(macvlan_host_attach(l.host, endpoint, vm, &attachment, &error));
    CHECK_TEXT(macvlan_attachment_get(attachment)->kind, "macvtap");
    snprintf(expected, sizeof expected, "/dev/tap%u", macvlan_attachment_get(attachment)->index);
    CHECK_TEXT(macvlan_attachment_get(attachment)->tap_path, expected);
    lab_witness(vm, "ip -d link show tap0", "macvtap mode bridge");

    /* If /dev is not a devtmpfs, the file does not exist, and the error says so. */
    if (macvlan_attachment_open_tap(attachment, &fd, &why) == 0) {
        struct ifreq request;
        memset(&request, 0, sizeof request);
        CHECK(ioctl(fd, TUNGETIFF, &request) == 0);
        CHECK_TEXT(request.ifr_name, "tap0");
        CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
        CHECK(close(fd) == 0);
    } else {
        CHECK(fd == -1 && macvlan_error_kind(why) == MACVLAN_ERROR_NOT_FOUND);
        CHECK(strstr(macvlan_error_get(why)->hint, "devtmpfs") != NULL);
        printf("%s\n", macvlan_error_message(why));
        macvlan_error_free(why);
    }

    MUST(macvlan_host_detach(l.host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(vm);
    lab_close(&l);
}

int main(void)
{
    return lab_main(macvtap);
}
