/*
 * One network on two hosts that share a store: a real etcd, on the loopback link of its own
 * namespace. While it does not answer, no addresses are leased.
 */

#include "lab_networks.h"

#include <fcntl.h>

#define ENDPOINT "http://127.0.0.1:2379"

static bool answers(void)
{
    struct sockaddr_in to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), result;
    CHECK(fd >= 0);
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(2379);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = connect(fd, (struct sockaddr *)&to, sizeof to);
    close(fd);
    return result == 0;
}

/* In the namespace that this process has entered. */
static pid_t start_etcd(void)
{
    char data[256], log[256];
    int status;
    pid_t pid;

    lab_path(data, sizeof data, "etcd");
    lab_path(log, sizeof log, "log");
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT, 0600);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, 1);
        dup2(fd, 2);
        execlp("etcd", "etcd", "--data-dir", data, "--listen-client-urls", ENDPOINT,
               "--advertise-client-urls", ENDPOINT, "--listen-peer-urls", "http://127.0.0.1:2380",
               "--initial-advertise-peer-urls", "http://127.0.0.1:2380", "--initial-cluster",
               "default=http://127.0.0.1:2380", (char *)NULL);
        _exit(errno == ENOENT ? SKIPPED : 1);
    }
    EVENTUALLY(answers() || waitpid(pid, &status, WNOHANG) == pid);
    if (kill(pid, 0) != 0) {
        printf("etcd does not run (Debian package etcd-server)\n");
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    return pid;
}

/* Options refused by this library or by etcd. */
static void refuses(const macvlan_host *host)
{
    static const char *const plain[] = { ENDPOINT }, *const encrypted[] = { "https://127.0.0.1:2379" };
    macvlan_etcd_options options = MACVLAN_INIT(macvlan_etcd_options);
    macvlan_networks *networks = NULL;
    char path[256];

    options.host = "c";
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "no endpoint is given");
    options.endpoints = plain;
    options.endpoint_count = 1;
    MACVLAN_SET(options.timeout_ms, PATIENCE);
    options.user = "root";
    options.password = "secret";
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EACCES,
            MACVLAN_ERROR_NETWORK_STORE_REFUSED, "remove the user");
    lab_path(path, sizeof path, "missing.pem");
    options.ca_file = path;
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "not encrypted");

    options = MACVLAN_INIT(macvlan_etcd_options);
    options.host = "c";
    options.endpoints = encrypted;
    options.endpoint_count = 1;
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "needs a CA");
    options.ca_file = path;
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), ENOENT,
            MACVLAN_ERROR_NETWORK_FILE, "missing.pem");
    options.ca_file = NULL;
    options.ca = "no PEM";
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "no certificate was found");
    options.certificate = "no PEM";
    options.certificate_file = path;
    REFUSED(macvlan_networks_open_etcd(host, &options, &networks, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "a certificate is given without its key");
    CHECK(networks == NULL);
}

static macvlan_networks *session(const macvlan_host *host, const char *name)
{
    static const char *const endpoints[] = { ENDPOINT };
    macvlan_etcd_options options = MACVLAN_INIT(macvlan_etcd_options);
    macvlan_networks *networks = NULL;
    options.host = name;
    options.endpoints = endpoints;
    options.endpoint_count = 1;
    options.prefix = "/test";
    MACVLAN_SET(options.timeout_ms, PATIENCE);
    MACVLAN_SET(options.ttl_ms, 10 * PATIENCE);
    options.life = MACVLAN_LIFE_DECLARED;
    MUST(macvlan_networks_open_etcd(host, &options, &networks, &error));
    MUST(macvlan_networks_set_dead_hosts(networks, false, &error));
    CHECK_TEXT(macvlan_networks_host_name(networks), name);
    return networks;
}

static void over_two_hosts(void)
{
    lab l;
    pid_t etcd;
    bool was_known = true, is_new = false;
    macvlan_handle *own = NULL;
    macvlan_host *there = NULL;
    macvlan_networks *a, *b;
    macvlan_network_config config = lab_config("lan", "10.1.0.0/24");
    macvlan_network *on_a = NULL, *on_b = NULL;
    macvlan_netns *c1 = NULL, *c2 = NULL, *c3 = NULL;
    macvlan_ip_list *addresses = NULL;
    macvlan_text *json = NULL;
    macvlan_host_status_list *hosts = NULL;
    const macvlan_host_status *one;
    macvlan_connect_options options = lab_container_of("c3");
    macvlan_connection *connection = NULL;

    if (unshare(CLONE_NEWNET) != 0) {
        printf("it takes root to create a network namespace\n");
        exit(errno == EPERM ? SKIPPED : 1);
    }
    MUST(macvlan_handle_open(&own, &error));
    MUST(macvlan_handle_set_up(own, "lo", &error));
    macvlan_handle_free(own);
    l = lab_open();
    MUST(macvlan_host_open_in_netns(l.there, &there, &error));
    etcd = start_etcd();
    refuses(l.host);
    a = session(l.host, "a");
    b = session(there, "b");

    REFUSED(macvlan_networks_check_life(a, &error), EHOSTDOWN,
            MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE, "host \"a\" is not declared");
    MUST(macvlan_networks_declare_host(a, "a", &is_new, &error));
    CHECK(is_new);
    MUST(macvlan_networks_declare_host(a, "b", NULL, &error));
    MUST(macvlan_networks_declare_host(b, "b", &is_new, &error));
    CHECK(!is_new);
    MUST(macvlan_networks_check_life(a, &error));
    MUST(macvlan_networks_hosts(a, &hosts, &error));
    CHECK(macvlan_host_status_list_count(hosts) == 2);
    one = macvlan_host_status_list_get(hosts, 0);
    CHECK_TEXT(one->name, "a");
    CHECK(one->is_alive && one->is_declared && one->agents == 0 && one->processes == 1);
    CHECK(one->machine != NULL);
    CHECK_TEXT(macvlan_host_status_list_get(hosts, 1)->name, "b");
    CHECK(macvlan_host_status_list_get(hosts, 2) == NULL);
    macvlan_host_status_list_free(hosts);

    MUST(macvlan_networks_create(a, &config, &on_a, &error));
    MUST(macvlan_networks_get(b, "lan", &on_b, &error));
    MUST(macvlan_netns_anonymous(&c1, &error));
    MUST(macvlan_netns_anonymous(&c2, &error));
    MUST(macvlan_netns_anonymous(&c3, &error));
    CHECK_TEXT(lab_join(on_a, "c1", c1), "10.1.0.2");
    CHECK_TEXT(lab_join(on_b, "c2", c2), "10.1.0.3");
    CHECK(lab_ping(c1, "10.1.0.3"));
    MUST(macvlan_network_resolve(on_a, "c2", &addresses, &error));
    CHECK(macvlan_ip_list_count(addresses) == 1);
    CHECK_TEXT(macvlan_ip_list_get(addresses, 0), "10.1.0.3");
    macvlan_ip_list_free(addresses);
    MUST(macvlan_network_inspect(on_a, &json, &error));
    CHECK(strstr(macvlan_text_get(json), "\"Scope\": \"global\"") != NULL);
    macvlan_text_free(json);
    REFUSED(macvlan_network_disconnect(on_a, "c2", NULL, &error), EISCONN,
            MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED, "connected on host \"b\"");

    REFUSED(macvlan_networks_forget_host(a, "b", NULL, &error), EBUSY,
            MACVLAN_ERROR_NETWORK_HOST_ALIVE, "cannot forget host \"b\"");
    MUST(macvlan_networks_forget_host(a, "nobody", &was_known, &error));
    CHECK(!was_known);

    MUST(macvlan_network_disconnect_from(on_b, "c2", c2, NULL, &error));
    lab_stop_container(etcd);
    REFUSED(macvlan_network_connect(on_b, &options, c3, &connection, &error), EAGAIN,
            MACVLAN_ERROR_NETWORK_STORE_UNAVAILABLE, "network \"lan\": cannot connect");
    CHECK(connection == NULL && lab_ping(c1, "10.1.0.2"));

    macvlan_network_free(on_a);
    macvlan_network_free(on_b);
    macvlan_networks_free(a);
    macvlan_networks_free(b);
    macvlan_host_free(there);
    macvlan_netns_free(c1);
    macvlan_netns_free(c2);
    macvlan_netns_free(c3);
    lab_close(&l);
}

int main(void)
{
    return lab_main(over_two_hosts);
}
