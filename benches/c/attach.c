/*
 * The hot path from C, timed: a contender for benches/src/bin/reach.rs; contender.rs describes such
 * programs.
 *
 *     attach PARENT
 *
 * Reads pids, one per line, until its input ends. Opens the container's namespace by its pid, attaches
 * (link, two addresses, two default routes, lo up), frees the objects, and prints the time in
 * nanoseconds. The parent is in the namespace in which it is started.
 */

#define _POSIX_C_SOURCE 200809L /* for clock_gettime() */

#include <macvlan.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static macvlan_error *error;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "attach: %s\n", macvlan_error_message(error));
        exit(1);
    }
}

static int64_t now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) < 0) {
        perror("attach: the clock");
        exit(1);
    }
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The same work as in benches/src/work.rs. */
static macvlan_endpoint *the_work(const char *parent)
{
    macvlan_endpoint *endpoint = NULL;
    must(macvlan_endpoint_new("eth0", parent, &endpoint, &error));
    must(macvlan_endpoint_add_address(endpoint, "10.77.0.2/16", &error));
    must(macvlan_endpoint_add_address(endpoint, "fd77::2/64 nodad", &error));
    must(macvlan_endpoint_add_gateway(endpoint, "10.77.0.1", &error));
    must(macvlan_endpoint_add_gateway(endpoint, "fd77::1", &error));
    return endpoint;
}

int main(int count, char **arguments)
{
    macvlan_host *host = NULL;
    macvlan_endpoint *endpoint;
    char line[32];

    if (count != 2) {
        fprintf(stderr, "usage: attach PARENT\n");
        return 2;
    }
    must(macvlan_host_open(&host, &error));
    endpoint = the_work(arguments[1]);

    while (fgets(line, sizeof line, stdin) != NULL) {
        macvlan_netns *container = NULL;
        macvlan_attachment *attachment = NULL;
        char *end = line;
        long pid = strtol(line, &end, 10);
        int64_t start;

        if (end == line || *end != '\n') {
            fprintf(stderr, "attach: this is no pid: %s\n", line);
            return 2;
        }
        start = now();
        must(macvlan_netns_from_pid((pid_t)pid, &container, &error));
        must(macvlan_host_attach(host, endpoint, container, &attachment, &error));
        macvlan_attachment_free(attachment);
        macvlan_netns_free(container);
        printf("%lld\n", (long long)(now() - start));
        fflush(stdout);
    }
    macvlan_endpoint_free(endpoint);
    macvlan_host_free(host);
    return 0;
}
