/*
 * A host opened before a fork is used by the children and their parent at once: each gets the
 * kernel's answers to its own requests. Objects that wait for events belong only to their opener.
 */

#include "lab.h"

#include <sys/wait.h>

#define CHILDREN 4
#define ROUNDS 10

/* Attaches a valid endpoint, and checks that an invalid one is refused. */
static void work(const lab *l)
{
    int round;
    macvlan_netns *container = NULL;
    macvlan_endpoint *good = NULL, *bad = NULL;
    MUST(macvlan_netns_anonymous(&container, &error));
    MUST(macvlan_endpoint_new("eth0", "ens33", &good, &error));
    MUST(macvlan_endpoint_add_address(good, "192.168.15.99/24", &error));
    MUST(macvlan_endpoint_clone(good, &bad, &error));
    MUST(macvlan_endpoint_set_mtu(bad, 9000, &error));
    for (round = 0; round < ROUNDS; round++) {
        macvlan_attachment *attachment = NULL, *none = NULL;
        REFUSED(macvlan_host_attach(l->host, bad, container, &none, &error), EINVAL,
                MACVLAN_ERROR_MTU_TOO_LARGE, "9000");
        MUST(macvlan_host_attach(l->host, good, container, &attachment, &error));
        CHECK_TEXT(macvlan_attachment_get(attachment)->addresses[0], "192.168.15.99/24");
        MUST(macvlan_host_detach(l->host, attachment, &error));
        macvlan_attachment_free(attachment);
    }
    macvlan_endpoint_free(bad);
    macvlan_endpoint_free(good);
    macvlan_netns_free(container);
}

static void forks(void)
{
    lab l = lab_open();
    macvlan_watch *watch = NULL;
    macvlan_event *event = NULL;
    pid_t child[CHILDREN];
    int at, status;

    MUST(macvlan_handle_watch(l.ip_here, &watch, &error));
    fflush(NULL);
    for (at = 0; at < CHILDREN; at++) {
        child[at] = fork();
        CHECK(child[at] >= 0);
        if (child[at] == 0) {
            REFUSED(macvlan_watch_next(watch, 0, &event, &error), EINVAL,
                    MACVLAN_ERROR_INVALID_VALUE, "before a fork");
            work(&l);
            _exit(0);
        }
    }
    work(&l);
    for (at = 0; at < CHILDREN; at++) {
        CHECK(waitpid(child[at], &status, 0) == child[at]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    MUST(macvlan_watch_next(watch, 0, &event, &error));
    macvlan_event_free(event);
    macvlan_watch_free(watch);
    lab_close(&l);
}

int main(void)
{
    return lab_main(forks);
}
