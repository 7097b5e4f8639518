/*
 * Shared by the programs about networks: a store in its own directory, and networks on ens33.
 */

#ifndef LAB_NETWORKS_H
#define LAB_NETWORKS_H

#include "lab.h"

/* Returns a directory for the store, created on first use and removed with the program. */
static char lab_directory_path[] = "/tmp/macvlan-networks.XXXXXX";

static inline void lab_clean(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", lab_directory_path);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", lab_directory_path);
}

static inline const char *lab_directory(void)
{
    static bool made;
    if (!made)
        CHECK(mkdtemp(lab_directory_path) != NULL && atexit(lab_clean) == 0);
    made = true;
    return lab_directory_path;
}

static inline void lab_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", lab_directory(), name);
}

/* Opens a session on a lab's host, as another process would. */
static inline macvlan_networks *lab_networks(const lab *l, const char *host_name)
{
    macvlan_networks *networks = NULL;
    char path[256];
    lab_path(path, sizeof path, "networks.db");
    MUST(macvlan_networks_open(l->host, path, &networks, &error));
    MUST(macvlan_networks_set_host_name(networks, host_name, &error));
    return networks;
}

static inline macvlan_subnet *lab_subnet(const char *net)
{
    macvlan_subnet *subnet = NULL;
    MUST(macvlan_subnet_new(net, &subnet, &error));
    return subnet;
}

/* Creates a network on ens33 with one subnet. */
static inline macvlan_network_config *lab_config(const char *name, const char *net)
{
    macvlan_network_config *config = NULL;
    macvlan_subnet *subnet = lab_subnet(net);
    MUST(macvlan_network_config_new(name, &config, &error));
    MUST(macvlan_network_config_set_parent(config, "ens33", &error));
    MUST(macvlan_network_config_add_subnet(config, subnet, &error));
    macvlan_subnet_free(subnet);
    return config;
}

static inline macvlan_connection *lab_connect(const macvlan_network *network,
                                              const macvlan_connect_options *options,
                                              const macvlan_netns *container)
{
    macvlan_connection *connection = NULL;
    MUST(macvlan_network_connect(network, options, container, &connection, &error));
    return connection;
}

/* Does the same with only a container's id; returns the leased address. */
static inline const char *lab_join(const macvlan_network *network, const char *id,
                                   const macvlan_netns *container)
{
    static char address[64];
    macvlan_connect_options *options = NULL;
    macvlan_connection *connection;
    MUST(macvlan_connect_options_new(id, &options, &error));
    connection = lab_connect(network, options, container);
    snprintf(address, sizeof address, "%s", macvlan_connection_address(connection, 0));
    macvlan_connection_free(connection);
    macvlan_connect_options_free(options);
    return address;
}

#endif
