/*
 * Prints the changes of a container's network from an epoll loop, until its input ends:
 *
 *   cc watch.c $(pkg-config --cflags --libs macvlan) -o watch
 *   ./watch PID
 */
#include <macvlan.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void print(const macvlan_event_info *event)
{
    if (event->link != NULL)
        printf("%u link %s, %s\n", event->kind, event->link->name, event->link->state);
    if (event->address != NULL)
        printf("%u address %s\n", event->kind, event->address->text);
    if (event->route != NULL)
        printf("%u route %s\n", event->kind, event->route->text);
    fflush(stdout);
}

/* Events can come together: all of them are read. */
static int read_events(macvlan_watch *watch, macvlan_error **error)
{
    for (;;) {
        macvlan_event *event = NULL;
        if (macvlan_watch_next(watch, 0, &event, error) < 0)
            return -1;
        if (event == NULL)
            return 0;
        print(macvlan_event_get(event));
        macvlan_event_free(event);
    }
}

int main(int count, char **arguments)
{
    macvlan_netns *container = NULL;
    macvlan_handle *inside = NULL;
    macvlan_watch *watch = NULL;
    macvlan_error *error = NULL;

    if (count != 2) {
        fprintf(stderr, "usage: watch PID\n");
        return 2;
    }
    if (macvlan_netns_from_pid(strtoul(arguments[1], NULL, 10), &container, &error) == 0
        && macvlan_handle_open_in_netns(container, &inside, &error) == 0
        && macvlan_handle_watch(inside, &watch, &error) == 0) {
        int loop = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event ready, from_watch = { .events = EPOLLIN, .data.fd = macvlan_watch_fd(watch) };
        struct epoll_event from_input = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
        if (epoll_ctl(loop, EPOLL_CTL_ADD, from_watch.data.fd, &from_watch) < 0
            || epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &from_input) < 0)
            perror("epoll_ctl");
        puts("watching; press Enter to end");
        fflush(stdout);
        while (epoll_wait(loop, &ready, 1, -1) == 1 && ready.data.fd != STDIN_FILENO)
            if (read_events(watch, &error) < 0)
                break;
        close(loop);
    }

    int failed = error != NULL;
    if (failed)
        fprintf(stderr, "%s\n", macvlan_error_message(error));
    macvlan_error_free(error);
    macvlan_watch_free(watch);
    macvlan_handle_free(inside);
    macvlan_netns_free(container);
    return failed;
}
