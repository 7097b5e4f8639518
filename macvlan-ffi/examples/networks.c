/*
 * Connects a container to a network with an address from its pool:
 *
 *   cc networks.c $(pkg-config --cflags --libs macvlan) -o networks
 *   ./networks DATABASE PARENT SUBNET PID NAME
 *
 * The networks and leases of the host are in one SQLite file, which many processes can use.
 */
#include <macvlan.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    macvlan_subnet subnet = MACVLAN_INIT(macvlan_subnet);
    const macvlan_subnet *subnets[] = { &subnet };
    macvlan_network_config config = MACVLAN_INIT(macvlan_network_config);
    macvlan_connect_options options = MACVLAN_INIT(macvlan_connect_options);
    macvlan_host *host = NULL;
    macvlan_networks *networks = NULL;
    macvlan_updated *ensured = NULL;
    macvlan_netns *container = NULL;
    macvlan_connection *connection = NULL;
    macvlan_error *error = NULL;

    if (count != 6) {
        fprintf(stderr, "usage: networks DATABASE PARENT SUBNET PID NAME\n");
        return 2;
    }
    config.name = "lan";
    config.parent = arguments[2];
    subnet.net = arguments[3];
    config.subnets = subnets;
    config.subnet_count = 1;
    options.container = options.name = arguments[5];
    /* Creates the network, or finds it as it is described. */
    if (macvlan_host_open(&host, &error) == 0
        && macvlan_networks_open(host, arguments[1], &networks, &error) == 0
        && macvlan_networks_ensure(networks, &config, &ensured, &error) == 0
        && macvlan_netns_from_pid(strtoul(arguments[4], NULL, 10), &container, &error) == 0) {
        const macvlan_network *lan = macvlan_updated_get(ensured)->network;
        if (macvlan_network_connect(lan, &options, container, &connection, &error) == 0) {
            const macvlan_lease_info *lease = macvlan_lease_get(macvlan_connection_get(connection)->lease);
            printf("%s has %s; press Enter to disconnect\n", lease->interface, lease->addresses[0]);
            fflush(stdout);
            getchar();
            macvlan_network_disconnect(lan, options.container, NULL, &error);
        }
    }

    int failed = error != NULL;
    if (failed)
        fprintf(stderr, "%s\n", macvlan_error_message(error));
    macvlan_error_free(error);
    macvlan_connection_free(connection);
    macvlan_netns_free(container);
    macvlan_updated_free(ensured);
    macvlan_networks_free(networks);
    macvlan_host_free(host);
    return failed;
}
