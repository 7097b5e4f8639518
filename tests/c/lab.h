/*
 * Shared by the programs in this folder: checks, temporary hosts and containers, ping, and `ip` for
 * independent checks.
 *
 * Every program runs by itself. It ends with 0 on success, with 77 if a requirement is missing (its
 * last line says which), and with another status on failure. The programs are C11 and C++17, and do
 * not change the namespace in which they are started.
 */

#ifndef LAB_H
#define LAB_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <macvlan.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

/* The timeout for all conditions, in milliseconds: far longer than needed. */
#define PATIENCE 60000

/* Ends the program, with the place, if a condition does not hold. */
#define CHECK(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Waits until a condition holds; ends the program if it does not. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        int waited = 0;                                                                            \
        for (; waited < PATIENCE && !(condition); waited += 10)                                    \
            usleep(10000);                                                                         \
        CHECK(waited < PATIENCE && #condition);                                                    \
    } while (0)

/* The same for two texts, which are printed. */
#define CHECK_TEXT(found, expected) lab_check_text(__FILE__, __LINE__, found, expected)

/* Makes a call that must succeed; its last argument is &error. If a privilege is missing, or the
 * kernel lacks the feature, the program is skipped. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        macvlan_error *error = NULL;                                                               \
        int result = (call);                                                                       \
        if (result < 0)                                                                            \
            lab_failed(__FILE__, __LINE__, error);                                                 \
        CHECK(result == 0 && error == NULL);                                                       \
    } while (0)

/* Makes a call that must be refused with this error number, kind and words in its message. */
#define REFUSED(call, number, what, words)                                                         \
    do {                                                                                           \
        macvlan_error *error = NULL;                                                               \
        int result = (call);                                                                       \
        lab_check_refusal(__FILE__, __LINE__, result, error, number, what, words);                 \
        macvlan_error_free(error);                                                                 \
    } while (0)

static inline void lab_check_text(const char *file, int line, const char *found,
                                  const char *expected)
{
    if (found == NULL || expected == NULL ? found != expected : strcmp(found, expected) != 0) {
        fprintf(stderr, "%s:%d: it is \"%s\" and not \"%s\"\n", file, line, found ? found : "NULL",
                expected ? expected : "NULL");
        exit(1);
    }
}

static inline void lab_failed(const char *file, int line, macvlan_error *error)
{
    int kind = macvlan_error_kind(error);
    if (kind == MACVLAN_ERROR_PERMISSION_DENIED && geteuid() != 0)
        printf("it takes root: %s\n", macvlan_error_message(error));
    else if (kind == MACVLAN_ERROR_UNSUPPORTED)
        printf("the kernel lacks it: %s\n", macvlan_error_message(error));
    else
        fprintf(stderr, "%s:%d: %s\n", file, line, macvlan_error_message(error));
    macvlan_error_free(error);
    exit(kind == MACVLAN_ERROR_UNSUPPORTED
                 || (kind == MACVLAN_ERROR_PERMISSION_DENIED && geteuid() != 0)
             ? SKIPPED
             : 1);
}

static inline void lab_check_refusal(const char *file, int line, int result,
                                     const macvlan_error *error, int number, int kind,
                                     const char *words)
{
    const char *message = macvlan_error_message(error);
    if (result != -number || macvlan_error_errno(error) != number
        || macvlan_error_kind(error) != kind || strstr(message, words) == NULL) {
        fprintf(stderr, "%s:%d: %d, errno %d, kind %d: %s\n", file, line, result,
                macvlan_error_errno(error), macvlan_error_kind(error), message);
        fprintf(stderr, "expected was %d, kind %d: ...%s...\n", -number, kind, words);
        exit(1);
    }
}

/* Returns the number of open descriptors, without the source of random numbers, which stays open in a
 * program that is linked with -static. */
static inline int lab_open_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    char path[32];
    int count = 0;
    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, path, sizeof path);
        if (length != 12 || memcmp(path, "/dev/urandom", 12) != 0)
            count++;
    }
    closedir(directory);
    return count;
}

/* Runs a program's body, and checks that no descriptor stays open. */
static inline int lab_main(void (*body)(void))
{
    int before = lab_open_fds();
    setvbuf(stdout, NULL, _IOLBF, 0);
    body();
    CHECK(lab_open_fds() == before);
    return 0;
}

/* Returns true if a MAC address is set, and is this one. */
static inline bool lab_is_mac(macvlan_opt_mac found, const uint8_t *expected)
{
    return found.is_set && memcmp(found.value, expected, 6) == 0;
}

/* Sets only the mode of a macvlan. */
static inline void lab_set_mode(macvlan_endpoint *endpoint, enum macvlan_mode mode)
{
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    options.mode = mode;
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
}

/* Two hosts with a cable between them: ens33 on both, the second one's with 192.168.15.2/24. */
typedef struct lab {
    macvlan_netns *here, *there;
    macvlan_handle *ip_here, *ip_there;
    macvlan_host *host;
} lab;

static inline lab lab_open(void)
{
    lab l;
    macvlan_link_options cable = MACVLAN_INIT(macvlan_link_options);
    MUST(macvlan_netns_anonymous(&l.here, &error));
    MUST(macvlan_netns_anonymous(&l.there, &error));
    MUST(macvlan_handle_open_in_netns(l.here, &l.ip_here, &error));
    MUST(macvlan_handle_open_in_netns(l.there, &l.ip_there, &error));
    cable.kind = "veth";
    cable.name = cable.peer = "ens33";
    cable.peer_netns = l.there;
    cable.up = true;
    MUST(macvlan_handle_add_link(l.ip_here, &cable, &error));
    MUST(macvlan_handle_set_up(l.ip_there, "ens33", &error));
    MUST(macvlan_handle_add_address(l.ip_there, "ens33", "192.168.15.2/24", &error));
    MUST(macvlan_host_open_in_netns(l.here, &l.host, &error));
    return l;
}

static inline void lab_close(lab *l)
{
    macvlan_host_free(l->host);
    macvlan_handle_free(l->ip_here);
    macvlan_handle_free(l->ip_there);
    macvlan_netns_free(l->here);
    macvlan_netns_free(l->there);
}

/* A container as a runtime starts it: a process in a new network namespace. */
static inline pid_t lab_start_container(void)
{
    int ready[2];
    char byte = 0;
    pid_t pid;
    CHECK(pipe(ready) == 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* or it would outlive a check that fails */
        if (unshare(CLONE_NEWNET) == 0 && write(ready[1], &byte, 1) == 1)
            for (;;)
                pause();
        _exit(errno == EPERM ? SKIPPED : 1);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) {
        int status;
        waitpid(pid, &status, 0);
        printf("it takes root to create a network namespace\n");
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    close(ready[0]);
    return pid;
}

/* Valgrind may not know pidfds, which opening a namespace by pid needs. */
static inline bool lab_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* Opens a container's namespace by its pid, or by its path if that is not possible. */
static inline macvlan_netns *lab_container(pid_t pid)
{
    macvlan_netns *netns = NULL;
    char path[64];
    macvlan_error *error = NULL;
    int result = macvlan_netns_from_pid(pid, &netns, &error);
    if (result == -ENOSYS && lab_under_valgrind()) {
        macvlan_error_free(error);
        error = NULL;
        snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
        result = macvlan_netns_from_path(path, &netns, &error);
    }
    if (result < 0)
        lab_failed(__FILE__, __LINE__, error);
    return netns;
}

static inline void lab_stop_container(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

typedef struct lab_echo {
    const char *to;
    int tries;
    bool answered;
} lab_echo;

static inline uint16_t lab_checksum(const void *data, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)data;
    uint32_t sum = 0;
    size_t at;
    for (at = 0; at + 1 < length; at += 2)
        sum += (uint32_t)bytes[at] << 8 | bytes[at + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static inline void lab_echo_inside(void *data)
{
    lab_echo *echo = (lab_echo *)data;
    struct sockaddr_in to;
    struct icmphdr request;
    struct timeval second = { 1, 0 };
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), at;
    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0);
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    CHECK(inet_pton(AF_INET, echo->to, &to.sin_addr) == 1);
    for (at = 0; at < echo->tries && !echo->answered; at++) {
        memset(&request, 0, sizeof request);
        request.type = ICMP_ECHO;
        request.un.echo.id = htons((uint16_t)getpid());
        request.un.echo.sequence = htons((uint16_t)at);
        request.checksum = lab_checksum(&request, sizeof request);
        if (sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&to, sizeof to) < 0) {
            usleep(100000); /* the route does not exist yet, or no longer */
            continue;
        }
        for (;;) {
            unsigned char packet[256];
            struct icmphdr reply;
            struct sockaddr_in from;
            socklen_t length = sizeof from;
            ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &length);
            size_t header = (size_t)(packet[0] & 15) * 4;
            if (got < 0)
                break;
            if ((size_t)got < header + sizeof reply || from.sin_addr.s_addr != to.sin_addr.s_addr)
                continue;
            memcpy(&reply, packet + header, sizeof reply);
            if (reply.type == ICMP_ECHOREPLY && reply.un.echo.id == request.un.echo.id) {
                echo->answered = true;
                break;
            }
        }
    }
    close(fd);
}

/* Returns true if an address answers pings from a namespace, each waiting for a second. */
static inline bool lab_answers(const macvlan_netns *from, const char *to, int tries)
{
    lab_echo echo;
    echo.to = to;
    echo.tries = tries;
    echo.answered = false;
    MUST(macvlan_netns_run(from, lab_echo_inside, &echo, &error));
    return echo.answered;
}

/* Pings until an answer comes. */
static inline bool lab_ping(const macvlan_netns *from, const char *to)
{
    return lab_answers(from, to, PATIENCE / 1000);
}

/* Pings once, where no answer may come. */
static inline bool lab_silent(const macvlan_netns *from, const char *to)
{
    return !lab_answers(from, to, 1);
}

typedef struct lab_command {
    const char *command;
    char *output;
    size_t size;
} lab_command;

static inline void lab_command_inside(void *data)
{
    lab_command *command = (lab_command *)data;
    FILE *pipe = popen(command->command, "r");
    size_t got;
    CHECK(pipe != NULL);
    got = fread(command->output, 1, command->size - 1, pipe);
    command->output[got] = 0;
    CHECK(pclose(pipe) == 0);
}

/* Checks that the output of a command, run in a namespace, contains these words. */
static inline void lab_witness(const macvlan_netns *in, const char *command, const char *words)
{
    static char output[65536];
    lab_command inside;
    inside.command = command;
    inside.output = output;
    inside.size = sizeof output;
    MUST(macvlan_netns_run(in, lab_command_inside, &inside, &error));
    if (strstr(output, words) == NULL) {
        fprintf(stderr, "%s does not say \"%s\" but:\n%s", command, words, output);
        exit(1);
    }
}

#endif
