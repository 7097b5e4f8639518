/*
 * Every way to open a namespace, and the operations on the handle.
 */

#include "lab.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void number_of_links(void *data)
{
    macvlan_handle *handle = NULL;
    macvlan_link_list *links = NULL;
    MUST(macvlan_handle_open(&handle, &error));
    MUST(macvlan_handle_links(handle, NULL, &links, &error));
    *(size_t *)data = macvlan_link_list_count(links);
    macvlan_link_list_free(links);
    macvlan_handle_free(handle);
}

static void host_here(void *data)
{
    macvlan_host *host = NULL;
    MUST(macvlan_host_open(&host, &error));
    MUST(macvlan_host_netns(host, (macvlan_netns **)data, &error));
    macvlan_host_free(host);
}

static void by_process(const macvlan_netns *own)
{
    pid_t pid = lab_start_container();
    macvlan_netns *by_pid = lab_container(pid), *by_pidfd = NULL, *by_path = NULL, *by_fd = NULL,
                  *by_text = NULL, *gone = NULL;
    char path[64], words[64];
    struct stat status;
    uint64_t device, inode;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    snprintf(words, sizeof words, "the network namespace of pid %d", (int)pid);
    CHECK(strcmp(macvlan_netns_text(by_pid), words) == 0
          || strstr(macvlan_netns_text(by_pid), path) != NULL);
    CHECK(!macvlan_netns_same_as(by_pid, own));
    MUST(macvlan_netns_from_path(path, &by_path, &error));
    CHECK(macvlan_netns_same_as(by_pid, by_path));
    MUST(macvlan_netns_from_text(path, &by_text, &error));
    CHECK(macvlan_netns_same_as(by_pid, by_text));
    /* valgrind does not know pidfd_open(2), and the lab has opened the path. */
    if (strcmp(macvlan_netns_text(by_pid), words) == 0) {
        macvlan_netns_free(by_text);
        snprintf(words, sizeof words, "%d", (int)pid);
        MUST(macvlan_netns_from_text(words, &by_text, &error));
        CHECK(macvlan_netns_same_as(by_pid, by_text));
    }

    /* The caller keeps the descriptor. */
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    MUST(macvlan_netns_from_fd(fd, &by_fd, &error));
    CHECK(fstat(fd, &status) == 0);
    macvlan_netns_id(by_fd, &device, &inode);
    CHECK(device == status.st_dev && inode == status.st_ino);
    CHECK(close(fd) == 0);
    CHECK(macvlan_netns_same_as(by_pid, by_fd));
    CHECK(macvlan_netns_fd(by_fd) >= 0 && fcntl(macvlan_netns_fd(by_fd), F_GETFD) == FD_CLOEXEC);

    fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        CHECK(errno == ENOSYS); /* valgrind, or a kernel before 5.3 */
    } else {
        MUST(macvlan_netns_from_pidfd(fd, &by_pidfd, &error));
        CHECK(macvlan_netns_same_as(by_pid, by_pidfd));
        CHECK(close(fd) == 0);
    }

    /* A handle outlives the process. */
    lab_stop_container(pid);
    REFUSED(macvlan_netns_from_path(path, &gone, &error), ENOENT, MACVLAN_ERROR_NAMESPACE_GONE,
            path);
    CHECK(gone == NULL);
    {
        size_t links = 0;
        MUST(macvlan_netns_run(by_pid, number_of_links, &links, &error));
        CHECK(links >= 1);
    }
    macvlan_netns_free(by_pid);
    macvlan_netns_free(by_pidfd);
    macvlan_netns_free(by_path);
    macvlan_netns_free(by_text);
    macvlan_netns_free(by_fd);
}

static void by_name(void)
{
    macvlan_netns *made = NULL, *found = NULL;
    char name[64];
    snprintf(name, sizeof name, "macvlan-c-%d", (int)getpid());
    MUST(macvlan_netns_create(name, &made, &error));
    MUST(macvlan_netns_from_name(name, &found, &error));
    CHECK(macvlan_netns_same_as(made, found));
    macvlan_netns_free(found);
    MUST(macvlan_netns_from_text(name, &found, &error));
    CHECK(macvlan_netns_same_as(made, found));
    macvlan_netns_free(found);
    REFUSED(macvlan_netns_create(name, &found, &error), EEXIST, MACVLAN_ERROR_EXISTS, name);
    MUST(macvlan_netns_delete(name, &error));
    REFUSED(macvlan_netns_delete(name, &error), ENOENT, MACVLAN_ERROR_NAMESPACE_GONE, name);
    REFUSED(macvlan_netns_from_name("a/b", &found, &error), EINVAL, MACVLAN_ERROR_INVALID_VALUE,
            "a/b");
    macvlan_netns_free(made);
}

static void inside(void)
{
    macvlan_netns *fresh = NULL, *clone = NULL, *seen = NULL;
    MUST(macvlan_netns_anonymous(&fresh, &error));
    MUST(macvlan_netns_run(fresh, host_here, &seen, &error));
    CHECK(macvlan_netns_same_as(fresh, seen));
    macvlan_netns_free(seen);
    MUST(macvlan_netns_clone(fresh, &clone, &error));
    macvlan_netns_free(fresh);
    MUST(macvlan_netns_run(clone, host_here, &seen, &error));
    CHECK(macvlan_netns_same_as(clone, seen));
    macvlan_netns_free(seen);
    macvlan_netns_free(clone);
}

/* Returns the place of a namespace in a list. */
static size_t find(const macvlan_visible_namespaces *visible, uint64_t wanted)
{
    size_t i;
    for (i = 0; i < macvlan_visible_namespaces_count(visible); i++)
        if (macvlan_visible_namespaces_get(visible, i)->inode == wanted)
            return i;
    CHECK(!"found");
    return i;
}

static void seen(void)
{
    pid_t pid = lab_start_container();
    macvlan_netns *container = lab_container(pid), *named = NULL, *opened = NULL;
    macvlan_visible_namespaces *visible = NULL;
    const macvlan_visible_netns *found;
    char name[64], path[64];
    uint64_t device, inode;
    size_t at, i;

    snprintf(name, sizeof name, "macvlan-c-seen-%d", (int)getpid());
    MUST(macvlan_netns_create(name, &named, &error));
    MUST(macvlan_netns_visible(&visible, &error));
    macvlan_netns_id(named, &device, &inode);
    at = find(visible, inode);
    found = macvlan_visible_namespaces_get(visible, at);
    CHECK(found->device == device && found->name_count == 1 && found->pids == NULL);
    CHECK_TEXT(found->names[0], name);
    MUST(macvlan_visible_namespaces_open(visible, at, &opened, &error));
    CHECK(macvlan_netns_same_as(opened, named));
    macvlan_netns_free(opened);
    macvlan_netns_free(named);
    MUST(macvlan_netns_delete(name, &error));

    macvlan_netns_id(container, NULL, &inode);
    at = find(visible, inode);
    found = macvlan_visible_namespaces_get(visible, at);
    CHECK(found->names == NULL && found->pid_count == 1 && found->pids[0] == pid);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), macvlan_netns_fd(container));
    for (i = 0; i < found->path_count && strcmp(found->paths[i], path) != 0; i++)
        continue;
    CHECK(i < found->path_count);
    lab_stop_container(pid);
    MUST(macvlan_visible_namespaces_open(visible, at, &opened, &error));
    CHECK(macvlan_netns_same_as(opened, container));
    macvlan_netns_free(opened);
    macvlan_netns_free(container);

    for (i = 0; macvlan_visible_namespaces_unseen(visible, i) != NULL; i++)
        CHECK(macvlan_visible_namespaces_unseen(visible, i)[0] == '/');
    at = macvlan_visible_namespaces_count(visible);
    CHECK(macvlan_visible_namespaces_get(visible, at) == NULL);
    REFUSED(macvlan_visible_namespaces_open(visible, at, &opened, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "there are only");
    macvlan_visible_namespaces_free(visible);
}

static void namespaces(void)
{
    macvlan_netns *own = NULL, *again = NULL;
    MUST(macvlan_netns_current(&own, &error));
    by_process(own);
    by_name();
    inside();
    seen();
    /* After all of this, the thread is in its original namespace. */
    MUST(macvlan_netns_current(&again, &error));
    CHECK(macvlan_netns_same_as(own, again));
    macvlan_netns_free(own);
    macvlan_netns_free(again);
}

int main(void)
{
    return lab_main(namespaces);
}
