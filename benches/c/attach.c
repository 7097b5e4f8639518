/*
 * Times the hot path from C: a container's namespace opened by its pid and an endpoint attached to it
 * (link, two addresses, two default routes, lo up).
 *
 *     attach [RUNS]         median, 99th percentile and least, in nanoseconds; 200 runs if not said
 *     attach RUNS --raw     one number a run, for whoever compares
 *
 * Builds two hosts in namespaces of its own, a container for each run, and takes everything away
 * again; that is not in the times. Compiled against the installed library, see tests/c/run.
 */

#include "../../tests/c/lab.h"

#include <time.h>

static long runs = 200;
static bool raw;

static int64_t now(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void bench(void)
{
    lab l = lab_open();
    macvlan_endpoint *endpoint = NULL;
    int64_t *took = (int64_t *)calloc((size_t)runs, sizeof *took);
    long run;

    CHECK(took != NULL);
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.3/24", &error));
    MUST(macvlan_endpoint_add_address(endpoint, "fd00:15::3/64 nodad", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "192.168.15.2", &error));
    MUST(macvlan_endpoint_add_gateway(endpoint, "fd00:15::2", &error));

    /* The first is not counted: memory and the kernel's caches are cold. */
    for (run = -1; run < runs; run++) {
        pid_t pid = lab_start_container();
        macvlan_netns *container = NULL;
        macvlan_attachment *attachment = NULL;
        macvlan_error *error = NULL;
        int64_t start = now(), end;
        int result = macvlan_netns_from_pid(pid, &container, &error);
        if (result == 0)
            result = macvlan_host_attach(l.host, endpoint, container, &attachment, &error);
        end = now();
        if (result < 0)
            lab_failed(__FILE__, __LINE__, error);
        if (run >= 0)
            took[run] = end - start;
        MUST(macvlan_host_detach(l.host, attachment, &error));
        macvlan_attachment_free(attachment);
        macvlan_netns_free(container);
        lab_stop_container(pid);
    }

    if (raw) {
        for (run = 0; run < runs; run++)
            printf("%lld\n", (long long)took[run]);
    } else {
        qsort(took, (size_t)runs, sizeof *took, ascending);
        printf("attach: %lld ns median, %lld ns 99th percentile, %lld ns least, of %ld runs\n",
               (long long)took[runs / 2], (long long)took[runs * 99 / 100], (long long)took[0], runs);
    }
    free(took);
    macvlan_endpoint_free(endpoint);
    lab_close(&l);
}

int main(int count, char **arguments)
{
    if (count > 1)
        runs = strtol(arguments[1], NULL, 10);
    raw = count > 2 && strcmp(arguments[2], "--raw") == 0;
    if (runs < 1 || count > 3 || (count == 3 && !raw)) {
        fprintf(stderr, "usage: attach [RUNS [--raw]]\n");
        return 2;
    }
    return lab_main(bench);
}
