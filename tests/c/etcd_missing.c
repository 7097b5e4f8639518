/*
 * A library built without etcd reports that, and how to enable it. Linked with such a library,
 * which was built for other tests.
 */

#include "lab.h"

static void missing(void)
{
    macvlan_host *host = NULL;
    macvlan_etcd_options *options = NULL;
    macvlan_networks *networks = NULL;
    MUST(macvlan_host_open(&host, &error));
    MUST(macvlan_etcd_options_new("a", &options, &error));
    MUST(macvlan_etcd_options_add_endpoint(options, "http://127.0.0.1:2379", &error));
    REFUSED(macvlan_networks_open_etcd(host, options, &networks, &error), EOPNOTSUPP,
            MACVLAN_ERROR_UNSUPPORTED,
            "this library was built without etcd; build it with: make -C macvlan-ffi FEATURES=etcd");
    REFUSED(macvlan_networks_open_etcd(NULL, options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "host is NULL");
    CHECK(networks == NULL);
    macvlan_etcd_options_free(options);
    macvlan_host_free(host);
}

int main(void)
{
    return lab_main(missing);
}
