/*
 * A signal handler cancels waits: an attach that probes its address is undone completely; a watch
 * and a keeper return. A signal alone does not end a wait, and a forked child cancels only its own.
 */

#include "lab.h"

static macvlan_cancellation *cancellation;
static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
    (void)number;
    signals++;
    macvlan_cancel(cancellation);
}

/* Makes a handler run in a second. */
static void call_in_a_second(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    alarm(1);
}

/* Returns a host whose waits end by a new cancellation. */
static macvlan_host *cancellable(const lab *l)
{
    macvlan_host *host = NULL;
    macvlan_cancellation_free(cancellation);
    cancellation = NULL;
    MUST(macvlan_cancellation_new(&cancellation, &error));
    CHECK(!macvlan_cancellation_is_cancelled(cancellation));
    MUST(macvlan_host_cancelled_by(l->host, cancellation, &host, &error));
    return host;
}

/* Returns an endpoint with a long probe of both families. */
static macvlan_endpoint *asking_on(const char *parent, uint32_t milliseconds)
{
    macvlan_endpoint *endpoint = NULL;
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    MUST(macvlan_endpoint_new("eth0", parent, &endpoint, &error));
    MUST(macvlan_endpoint_add_address(endpoint, "192.168.15.9/24", &error));
    probe.quick = true;
    MACVLAN_SET(probe.wait_ms, milliseconds);
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    return endpoint;
}

static macvlan_endpoint *asking(uint32_t milliseconds)
{
    return asking_on("ens33", milliseconds);
}

static void a_probe(const lab *l, const macvlan_netns *container)
{
    macvlan_host *host = cancellable(l);
    macvlan_endpoint *endpoint = asking(2 * PATIENCE);
    macvlan_attachment *attachment = NULL;

    call_in_a_second(on_alarm);
    REFUSED(macvlan_host_attach(host, endpoint, container, &attachment, &error), EINTR,
            MACVLAN_ERROR_CANCELLED, "the operation was cancelled");
    CHECK(attachment == NULL && macvlan_cancellation_is_cancelled(cancellation));
    lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    macvlan_endpoint_free(endpoint);
    macvlan_host_free(host);
}

/* The child's signal handler does not cancel its parent's attach, and ends its own. */
static void in_a_child(const lab *l, const macvlan_netns *container)
{
    macvlan_host *host = cancellable(l);
    macvlan_endpoint *endpoint = asking(1000);
    macvlan_attachment *attachment = NULL;
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        macvlan_netns *other = NULL;
        macvlan_endpoint *longer = asking(2 * PATIENCE);
        MUST(macvlan_netns_anonymous(&other, &error));
        call_in_a_second(on_alarm);
        REFUSED(macvlan_host_attach(host, longer, other, &attachment, &error), EINTR,
                MACVLAN_ERROR_CANCELLED, "the operation was cancelled");
        macvlan_endpoint_free(longer);
        macvlan_netns_free(other);
        macvlan_endpoint_free(endpoint);
        macvlan_host_free(host);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(!macvlan_cancellation_is_cancelled(cancellation));
    MUST(macvlan_host_attach(host, endpoint, container, &attachment, &error));
    MUST(macvlan_host_detach(host, attachment, &error));
    macvlan_attachment_free(attachment);
    macvlan_endpoint_free(endpoint);
    macvlan_host_free(host);
}

static void only_count(int number)
{
    (void)number;
    signals++;
}

static void a_watch(const lab *l)
{
    macvlan_watch *watch = NULL;
    macvlan_event *event = NULL;
    macvlan_host *host = cancellable(l);

    MUST(macvlan_handle_watch(l->ip_here, &watch, &error));
    signals = 0;
    call_in_a_second(only_count);
    do {
        macvlan_event_free(event);
        MUST(macvlan_watch_next(watch, 1500, &event, &error));
    } while (event != NULL);
    CHECK(signals == 1);

    MUST(macvlan_watch_set_cancellation(watch, cancellation, &error));
    call_in_a_second(on_alarm);
    REFUSED(macvlan_watch_next(watch, -1, &event, &error), EINTR, MACVLAN_ERROR_CANCELLED,
            "the operation was cancelled");
    CHECK(event == NULL);
    macvlan_watch_free(watch);
    macvlan_host_free(host);
}

static void a_keeper(const lab *l)
{
    macvlan_keeper *keeper = NULL;
    macvlan_keep_event *event = NULL;
    macvlan_host *host = cancellable(l);

    MUST(macvlan_host_keep(host, NULL, NULL, 0, &keeper, &error));
    call_in_a_second(on_alarm);
    REFUSED(macvlan_keeper_next(keeper, -1, &event, &error), EINTR, MACVLAN_ERROR_CANCELLED,
            "the operation was cancelled");
    CHECK(event == NULL);
    macvlan_keeper_free(keeper);
    macvlan_host_free(host);
}

/* A keeper's own probe, of an endpoint whose parent has come back, is cancelled by the host's
 * cancellation and by the keeper's, which can then be replaced. */
static void a_keepers_probe(const lab *l, const macvlan_netns *container)
{
    macvlan_keeper *keeper = NULL;
    macvlan_keep_event *event = NULL;
    macvlan_cancellation *hosts = NULL;
    macvlan_host *host = NULL;
    macvlan_endpoint *endpoint = asking_on("later", 2 * PATIENCE);
    const macvlan_endpoint *of_these[1];
    const macvlan_netns *to_those[1];
    macvlan_error *why = NULL;
    int round, status;

    of_these[0] = endpoint;
    to_those[0] = container;
    MUST(macvlan_cancellation_new(&hosts, &error));
    MUST(macvlan_host_cancelled_by(l->host, hosts, &host, &error));
    MUST(macvlan_host_keep(host, of_these, to_those, 1, &keeper, &error));
    MUST(macvlan_handle_set_down(l->ip_here, "ens33", &error));
    MUST(macvlan_handle_rename(l->ip_here, "ens33", "later", &error));
    MUST(macvlan_handle_set_up(l->ip_here, "later", &error));
    for (round = 0; round < 2; round++) {
        macvlan_cancellation_free(cancellation);
        cancellation = NULL;
        MUST(macvlan_cancellation_new(&cancellation, &error));
        MUST(macvlan_keeper_set_cancellation(keeper, cancellation, &error));
        call_in_a_second(on_alarm);
        /* It fails until the parent has a carrier. */
        while ((status = macvlan_keeper_next(keeper, -1, &event, &why)) == 0) {
            CHECK(macvlan_keep_event_get(event)->kind == MACVLAN_KEEP_EVENT_FAILED);
            macvlan_keep_event_free(event);
            event = NULL;
        }
        CHECK(status == -EINTR && macvlan_error_kind(why) == MACVLAN_ERROR_CANCELLED);
        macvlan_error_free(why);
        why = NULL;
        lab_witness(container, "ip -o link show type macvlan | grep . || echo none", "none");
    }
    macvlan_cancel(hosts);
    REFUSED(macvlan_keeper_next(keeper, 0, &event, &error), EINTR, MACVLAN_ERROR_CANCELLED,
            "the operation was cancelled");
    macvlan_keeper_free(keeper);
    macvlan_cancellation_free(hosts);
    macvlan_endpoint_free(endpoint);
    macvlan_host_free(host);
}

static void cancel(void)
{
    lab l = lab_open();
    macvlan_netns *container = NULL;
    MUST(macvlan_netns_anonymous(&container, &error));
    a_probe(&l, container);
    in_a_child(&l, container);
    a_watch(&l);
    a_keeper(&l);
    a_keepers_probe(&l, container);
    macvlan_cancellation_free(cancellation);
    macvlan_netns_free(container);
    lab_close(&l);
}

int main(void)
{
    return lab_main(cancel);
}
