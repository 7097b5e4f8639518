/*
 * Gives a container, found by the pid of one of its processes, an interface on the LAN:
 *
 *   cc attach.c $(pkg-config --cflags --libs macvlan) -o attach
 *   ./attach PID PARENT ADDRESS/LENGTH[@GATEWAY]
 */
#include <macvlan.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    macvlan_host *host = NULL;
    macvlan_netns *container = NULL;
    macvlan_endpoint *endpoint = NULL;
    macvlan_attachment *eth0 = NULL;
    macvlan_error *error = NULL;

    if (count != 4) {
        fprintf(stderr, "usage: attach PID PARENT ADDRESS/LENGTH[@GATEWAY]\n");
        return 2;
    }
    if (macvlan_host_open(&host, &error) == 0
        && macvlan_netns_from_pid(strtoul(arguments[1], NULL, 10), &container, &error) == 0
        && macvlan_endpoint_new("eth0", arguments[2], &endpoint, &error) == 0
        && macvlan_endpoint_add_assignment(endpoint, arguments[3], &error) == 0
        && macvlan_host_attach(host, endpoint, container, &eth0, &error) == 0) {
        const macvlan_attachment_info *info = macvlan_attachment_get(eth0);
        printf("%s has %s; press Enter to detach it\n", info->name, info->addresses[0]);
        fflush(stdout);
        getchar();
        macvlan_host_detach(host, eth0, &error);
    }

    int failed = error != NULL;
    if (failed)
        fprintf(stderr, "%s\n", macvlan_error_message(error));
    macvlan_error_free(error);
    macvlan_attachment_free(eth0);
    macvlan_endpoint_free(endpoint);
    macvlan_netns_free(container);
    macvlan_host_free(host);
    return failed;
}
