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

static inline macvlan_subnet lab_subnet(const char *net)
{
    macvlan_subnet subnet = MACVLAN_INIT(macvlan_subnet);
    subnet.net = net;
    return subnet;
}

/* Describes a network on ens33. */
static inline macvlan_network_config lab_config_of(const char *name,
                                                   const macvlan_subnet *const *subnets,
                                                   size_t count)
{
    macvlan_network_config config = MACVLAN_INIT(macvlan_network_config);
    config.name = name;
    config.parent = "ens33";
    config.subnets = subnets;
    config.subnet_count = count;
    return config;
}

/* Describes a network on ens33 with one subnet; only one of these at a time. */
static inline macvlan_network_config lab_config(const char *name, const char *net)
{
    static macvlan_subnet subnet;
    static const macvlan_subnet *const subnets[] = { &subnet };
    subnet = lab_subnet(net);
    return lab_config_of(name, subnets, 1);
}

static inline macvlan_connect_options lab_container_of(const char *id)
{
    macvlan_connect_options options = MACVLAN_INIT(macvlan_connect_options);
    options.container = id;
    return options;
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
    macvlan_connect_options options = lab_container_of(id);
    macvlan_connection *connection = lab_connect(network, &options, container);
    snprintf(address, sizeof address, "%s", macvlan_connection_get(connection)->addresses[0]);
    macvlan_connection_free(connection);
    return address;
}

#endif
