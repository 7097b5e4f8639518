/*
 * A library built without etcd reports that, and how to enable it. Linked with such a library,
 * which was built for other tests.
 */

#include "lab.h"

static void missing(void)
{
    macvlan_host *host = NULL;
    static const char *const endpoints[] = { "http://127.0.0.1:2379" };
    macvlan_etcd_options options = MACVLAN_INIT(macvlan_etcd_options);
    macvlan_networks *networks = NULL;
    MUST(macvlan_host_open(&host, &error));
    options.host = "a";
    options.endpoints = endpoints;
    options.endpoint_count = 1;
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EOPNOTSUPP,
            MACVLAN_ERROR_UNSUPPORTED,
            "this library was built without etcd; build it with: make -C macvlan-ffi FEATURES=etcd");
    REFUSED(macvlan_networks_open_etcd(NULL, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "host is NULL");
    CHECK(networks == NULL);
    macvlan_host_free(host);
}

int main(void)
{
    return lab_main(missing);
}
