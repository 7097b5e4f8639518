/*
 * macvlan: give a container, sandbox or VM its place on the real network.
 *
 * One call sets up a macvlan link in a network namespace, with its addresses and its routes, or
 * changes nothing and gives an error with the reason:
 *
 *     macvlan_host *host = NULL;
 *     macvlan_netns *container = NULL;
 *     macvlan_endpoint *eth0 = NULL;
 *     macvlan_attachment *attachment = NULL;
 *     macvlan_error *error = NULL;
 *
 *     if (macvlan_host_open(&host, &error) < 0 ||
 *         macvlan_netns_from_pid(2084, &container, &error) < 0 ||
 *         macvlan_endpoint_new("eth0", "ens33", &eth0, &error) < 0 ||
 *         macvlan_endpoint_add_address(eth0, "172.16.213.180/16", &error) < 0 ||
 *         macvlan_endpoint_add_gateway(eth0, "172.16.213.2", &error) < 0 ||
 *         macvlan_host_attach(host, eth0, container, &attachment, &error) < 0)
 *         fprintf(stderr, "%s\n", macvlan_error_message(error));
 *
 *     macvlan_error_free(error);
 *     macvlan_attachment_free(attachment);
 *     macvlan_endpoint_free(eth0);
 *     macvlan_netns_free(container);
 *     macvlan_host_free(host);
 *
 * There are also networks, like Docker's, with subnets and leases of addresses, which are stored in
 * a file or in etcd; see macvlan_networks.
 *
 * The following holds for all functions:
 *
 * Results. A function that can fail returns 0 or a negative errno. It writes its results to the
 * places that its arguments point to, or NULL (or 0) if it fails. Its last argument can be NULL;
 * otherwise it is set to an error with details, which the caller frees, or to NULL. Old values are
 * overwritten: free them first. The library does not keep a "last error".
 *
 * Objects. An object that a function writes through a pointer to a pointer belongs to the caller,
 * who frees it with the _free function of its type; freeing NULL does nothing. A pointer to const
 * that a function returns, a text or a part of a list, belongs to the object of the call and is
 * freed with it. Objects do not refer to each other: free each when it is no longer used, in any
 * order.
 *
 * Arguments. Text is UTF-8 and ends with a zero byte. A pointer must not be NULL unless its
 * function says so. File descriptors stay the caller's. The library keeps no pointer to an
 * argument; it copies the values that it needs later.
 *
 * Invalid arguments. A required argument that is NULL, text that is not UTF-8, a number that is not
 * an enumerator, an object of another type, or a part of another object instead of a whole one:
 * such an argument is refused with -EINVAL and an error that names the function and the argument. A
 * freed object is usually detected too, as long as its memory has not been reused; its use remains
 * undefined behaviour. Functions that do not return an error number return NULL, 0, -1 or false for
 * an invalid object, and _free functions ignore it.
 *
 * Errors in the library are reported as -ENOTRECOVERABLE and an error of the kind
 * MACVLAN_ERROR_BUG; they do not end the program. Running out of memory does.
 *
 * Threads. The comment of each type has its rules; objects can be passed between threads. All
 * functions block: the kernel executes a request inside the system call that sends it. The only
 * threads in the background are those of macvlan_host_detach_later(),
 * macvlan_access_move_addresses() and macvlan_networks_open_etcd().
 *
 * Signals. A signal does not interrupt a function. A function that is to return early, with -EINTR
 * and all changes undone, needs a host with a cancellation (macvlan_host_cancelled_by()), for which
 * the handler calls macvlan_cancel().
 *
 * Forks. A child may use hosts, handles, namespaces and endpoints that its parent opened; it opens
 * sockets of its own for them. A watch or a keeper is refused there (-EINVAL); freeing a host's
 * access, a move of addresses or a pool in a child does not undo it. Networks have to be opened
 * again. File descriptors are close-on-exec.
 *
 * Kernel headers. The modes of a macvlan are enum macvlan_mode of <linux/if_link.h>, with
 * MACVLAN_MODE_BRIDGE and so on; address generation is its enum in6_addr_gen_mode.
 *
 * Contents. Each section has types and their functions together.
 *
 *   1. Version of the library
 *   2. Errors
 *   3. Cancelling what takes its time
 *   4. MAC addresses
 *   5. Parents
 *   6. Options of macvlan and VLAN links
 *   7. Links, addresses, routes, rules and neighbours as the kernel describes them
 *   8. Network namespaces
 *   9. Events in a namespace
 *  10. Handles: the commands of ip in one namespace
 *  11. Probing and announcing addresses
 *  12. Endpoints: what a container interface should be
 *  13. Attachments: what a container interface is
 *  14. Hosts: attaching and detaching
 *  15. Checking and repairing
 *  16. Keeping endpoints attached
 *  17. Which addresses are taken
 *  18. Why a container does not reach a peer
 *  19. From the host to its own containers
 *  20. Networks: what they should be
 *  21. Networks and their containers
 *  22. Sessions: creating and finding networks
 *
 * This file is generated from the library's sources. Change those instead.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef MACVLAN_H
#define MACVLAN_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** The version of this header; macvlan_version() returns the library's. */
#define MACVLAN_VERSION "0.1.0"
#define MACVLAN_VERSION_MAJOR 0
#define MACVLAN_VERSION_MINOR 1
#define MACVLAN_VERSION_PATCH 0

/** True if this header is of this version or a later one, for #if. */
#define MACVLAN_VERSION_AT_LEAST(major, minor, patch) \
    (MACVLAN_VERSION_MAJOR > (major) || \
     (MACVLAN_VERSION_MAJOR == (major) && \
      (MACVLAN_VERSION_MINOR > (minor) || \
       (MACVLAN_VERSION_MINOR == (minor) && MACVLAN_VERSION_PATCH >= (patch)))))

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. Version of the library
 * ------------------------------------------------------------------------------------------------ */

/**
 * Returns the version of the library at run time, "0.1.0". It may be newer than the header,
 * MACVLAN_VERSION. Never NULL; not to be freed.
 *
 * Threads: any number of threads may use it and the text at once.
 */
const char *macvlan_version(void);

/* ------------------------------------------------------------------------------------------------
 * 2. Errors
 * ------------------------------------------------------------------------------------------------ */

/**
 * The error of a function. Every function that can fail writes one to its last argument, if that
 * is not NULL. The caller frees it with macvlan_error_free(). The texts belong to it.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_error macvlan_error;

/**
 * The holder of an address: a part of an error or of a macvlan_holder_list, with which it is
 * freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_holder macvlan_holder;

/**
 * Returns the address. This and the other text belong to the holder. NULL if the holder is
 * invalid.
 */
const char *macvlan_holder_address(const struct macvlan_holder *holder);

/**
 * Writes the MAC address of the holder, and returns whether it is known; zeroes if not, because
 * the kernel found the duplicate and no frame was received.
 */
bool macvlan_holder_mac(const struct macvlan_holder *holder, uint8_t mac[6]);

/**
 * Returns the holder as text: "02:00:00:00:00:05 has 192.168.15.5". NULL if the holder is invalid.
 */
const char *macvlan_holder_text(const struct macvlan_holder *holder);

/**
 * The kind of an error. The numbers are stable. Later versions may add some, so a program has to
 * expect numbers that are not listed here.
 */
typedef enum macvlan_error_kinds {
    /**
     * No error: macvlan_error_kind(NULL).
     */
    MACVLAN_ERROR_NONE = 0,
    /**
     * An invalid value, refused before any system call; or an invalid argument: NULL, freed, of
     * another type, not UTF-8.
     */
    MACVLAN_ERROR_INVALID_VALUE = 1,
    /**
     * The parent link does not exist in the host's namespace.
     */
    MACVLAN_ERROR_PARENT_NOT_FOUND = 2,
    /**
     * The parent is a port of a bridge, bond or team, has ipvlan links, or cannot have macvlan
     * links.
     */
    MACVLAN_ERROR_PARENT_BUSY = 3,
    /**
     * Passthru needs the parent for itself, and the parent has another macvlan.
     */
    MACVLAN_ERROR_PASSTHRU_CONFLICT = 4,
    /**
     * The requested MTU is above the parent's.
     */
    MACVLAN_ERROR_MTU_TOO_LARGE = 5,
    /**
     * The namespace has a link with this name or alternative name.
     */
    MACVLAN_ERROR_NAME_TAKEN = 6,
    /**
     * The parent or another link on it has this MAC address.
     */
    MACVLAN_ERROR_MAC_IN_USE = 7,
    /**
     * The link already has this address.
     */
    MACVLAN_ERROR_ADDRESS_TAKEN = 8,
    /**
     * The namespace already has this route or rule.
     */
    MACVLAN_ERROR_ROUTE_EXISTS = 9,
    /**
     * The gateway is not on a subnet that the namespace reaches directly.
     */
    MACVLAN_ERROR_GATEWAY_UNREACHABLE = 10,
    /**
     * The process has ended, or the named namespace or the file does not exist.
     */
    MACVLAN_ERROR_NAMESPACE_GONE = 11,
    /**
     * The path or file descriptor is not a network namespace.
     */
    MACVLAN_ERROR_NOT_A_NAMESPACE = 12,
    /**
     * A capability is missing; the message names it and where it is needed.
     */
    MACVLAN_ERROR_PERMISSION_DENIED = 13,
    /**
     * The kernel does not support the operation.
     */
    MACVLAN_ERROR_UNSUPPORTED = 14,
    /**
     * The link, address, route or other object does not exist.
     */
    MACVLAN_ERROR_NOT_FOUND = 15,
    /**
     * An object of this name exists that is not a link, such as a named namespace.
     */
    MACVLAN_ERROR_EXISTS = 16,
    /**
     * IPv6 is disabled in the namespace or on the link.
     */
    MACVLAN_ERROR_IPV6_DISABLED = 17,
    /**
     * The kernel's reply was lost or malformed.
     */
    MACVLAN_ERROR_PROTOCOL = 18,
    /**
     * A listing was interrupted by changes too often, or a lock was not free in time.
     */
    MACVLAN_ERROR_INTERRUPTED = 19,
    /**
     * Any other refusal by the kernel; see macvlan_error_errno() and
     * macvlan_error_kernel_message().
     */
    MACVLAN_ERROR_SYSTEM = 20,
    /**
     * An error in this library; the function returned -ENOTRECOVERABLE.
     */
    MACVLAN_ERROR_BUG = 21,
    /**
     * The parent is down or has no carrier, so the link cannot come up or use the network.
     */
    MACVLAN_ERROR_PARENT_DOWN = 22,
    /**
     * The existing link can only be replaced, not changed, and replacing was not allowed.
     */
    MACVLAN_ERROR_NEEDS_REPLACEMENT = 23,
    /**
     * Another machine on the network has this address; see macvlan_error_holder().
     */
    MACVLAN_ERROR_ADDRESS_IN_USE = 24,
    /**
     * The operation timed out.
     */
    MACVLAN_ERROR_TIMED_OUT = 25,
    /**
     * The operation was cancelled by macvlan_cancel().
     */
    MACVLAN_ERROR_CANCELLED = 26,
    /**
     * A network with this name exists.
     */
    MACVLAN_ERROR_NETWORK_EXISTS = 102,
    /**
     * No network has this name or id, or it was removed.
     */
    MACVLAN_ERROR_NETWORK_NOT_FOUND = 103,
    /**
     * Containers are connected to the network that is to be removed.
     */
    MACVLAN_ERROR_NETWORK_IN_USE = 104,
    /**
     * The subnet overlaps a subnet of another network.
     */
    MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS = 105,
    /**
     * The networks cannot share the parent, because one of them needs it for itself.
     */
    MACVLAN_ERROR_NETWORK_PARENT_CLASH = 106,
    /**
     * Every default subnet is in use, and none was given.
     */
    MACVLAN_ERROR_NETWORK_NO_FREE_SUBNET = 107,
    /**
     * No address is left in the network.
     */
    MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED = 108,
    /**
     * Another container of the network has the requested address.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN = 109,
    /**
     * A machine on the LAN that is not a container of the network has the requested address.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_CONFLICT = 110,
    /**
     * The network does not assign the requested address: it is outside its subnets, reserved, or a
     * gateway's.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE = 111,
    /**
     * Another container in the network has the name.
     */
    MACVLAN_ERROR_NETWORK_NAME_TAKEN = 112,
    /**
     * The container is already connected: with another address, in another namespace that still
     * exists, or on another host.
     */
    MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED = 113,
    /**
     * The container is not connected to the network.
     */
    MACVLAN_ERROR_NETWORK_NOT_CONNECTED = 114,
    /**
     * The kernel refused an operation that only networks need. Other refusals have the kinds below
     * 100, in networks too.
     */
    MACVLAN_ERROR_NETWORK_KERNEL = 115,
    /**
     * The store of the networks cannot be reached, or does not answer in time. No address was
     * leased.
     */
    MACVLAN_ERROR_NETWORK_STORE_UNAVAILABLE = 116,
    /**
     * The store was written by a later version, or its contents are invalid.
     */
    MACVLAN_ERROR_NETWORK_STORE_UNUSABLE = 117,
    /**
     * The same data in the store was changed by others too often, or another operation holds the
     * container's namespace.
     */
    MACVLAN_ERROR_NETWORK_CONTENDED = 118,
    /**
     * A file could not be read or written.
     */
    MACVLAN_ERROR_NETWORK_FILE = 119,
    /**
     * The file of the store, or this host's name in the store, belongs to another machine.
     */
    MACVLAN_ERROR_NETWORK_OTHER_MACHINE = 120,
    /**
     * The lease was lost while the process was stopped for longer than the lifetime of its host in
     * the store. The operation was undone.
     */
    MACVLAN_ERROR_NETWORK_LEASE_LOST = 121,
    /**
     * The store refuses the user, the password, the certificate or the access; or the store's own
     * certificate is refused.
     */
    MACVLAN_ERROR_NETWORK_STORE_REFUSED = 122,
    /**
     * The host that is to be forgotten is still alive.
     */
    MACVLAN_ERROR_NETWORK_HOST_ALIVE = 123,
} macvlan_error_kinds;

/**
 * Returns a message of one line, for people: the operation with its link, parent, namespace or
 * network; the cause; a hint; and the changes that could not be undone.
 *
 * The text belongs to the error. "no error" for NULL; never NULL.
 */
const char *macvlan_error_message(const struct macvlan_error *error);

/**
 * Returns the kind: one of enum macvlan_error_kinds. MACVLAN_ERROR_NONE for NULL.
 */
int macvlan_error_kind(const struct macvlan_error *error);

/**
 * Returns the kind's name, for logs: "mtu-too-large". NULL for NULL.
 */
const char *macvlan_error_kind_name(const struct macvlan_error *error);

/**
 * Returns whether an object that was to be created exists: a link's name, an address, a route, a
 * named namespace, a network.
 */
bool macvlan_error_is_exists(const struct macvlan_error *error);

/**
 * Returns whether a required object does not exist: the parent, the namespace, the link, the
 * network.
 */
bool macvlan_error_is_not_found(const struct macvlan_error *error);

/**
 * Returns whether a capability is missing, or the permission for a file.
 */
bool macvlan_error_is_permission_denied(const struct macvlan_error *error);

/**
 * Returns whether a value or an argument was refused before any system call.
 */
bool macvlan_error_is_invalid_value(const struct macvlan_error *error);

/**
 * Returns the positive error number: the function's return value without the sign. After a refusal
 * by the kernel it is the kernel's. 0 for NULL.
 */
int macvlan_error_errno(const struct macvlan_error *error);

/**
 * Returns the operation that failed: "add address 10.0.0.2/24". NULL for NULL.
 */
const char *macvlan_error_operation(const struct macvlan_error *error);

/**
 * Returns the cause, without the rest of the message. NULL for NULL.
 */
const char *macvlan_error_cause(const struct macvlan_error *error);

/**
 * Returns the name of the network; NULL if there is none.
 */
const char *macvlan_error_network(const struct macvlan_error *error);

/**
 * Returns the link, as named by the caller; NULL if there is none.
 */
const char *macvlan_error_link(const struct macvlan_error *error);

/**
 * Returns the link's parent; NULL if there is none.
 */
const char *macvlan_error_parent(const struct macvlan_error *error);

/**
 * Returns a description of the network namespace; NULL if there is none.
 */
const char *macvlan_error_netns(const struct macvlan_error *error);

/**
 * Returns the kernel's message; NULL if it gave none.
 */
const char *macvlan_error_kernel_message(const struct macvlan_error *error);

/**
 * Returns a hint for a solution; NULL if there is none.
 */
const char *macvlan_error_hint(const struct macvlan_error *error);

/**
 * Returns the machine on the network that has the address, if there is one; NULL otherwise. It
 * belongs to the error.
 */
const struct macvlan_holder *macvlan_error_holder(const struct macvlan_error *error);

/**
 * Returns the number of changes that could not be undone after the failure; usually 0.
 */
size_t macvlan_error_leftover_count(const struct macvlan_error *error);

/**
 * Returns a description of one of the changes that could not be undone, counted from 0. NULL past
 * the end.
 */
const char *macvlan_error_leftover(const struct macvlan_error *error, size_t index);

/**
 * Frees an error. NULL is ignored.
 */
void macvlan_error_free(struct macvlan_error *error);

/* ------------------------------------------------------------------------------------------------
 * 3. Cancelling what takes its time
 * ------------------------------------------------------------------------------------------------ */

/**
 * A token that cancels functions that wait, from another thread or from a signal handler. These
 * are the functions of a host from macvlan_host_cancelled_by(), and those of a watch after
 * macvlan_watch_set_cancellation(). Freed with macvlan_cancellation_free().
 *
 * Threads: any number of threads may use it at once, until one frees it; a signal handler must not
 * use it afterwards.
 */
typedef struct macvlan_cancellation macvlan_cancellation;

/**
 * Makes a cancellation, which has a file descriptor of its own (eventfd(2)).
 *
 * Returns 0 or a negative errno. The caller frees it with macvlan_cancellation_free().
 */
int macvlan_cancellation_new(struct macvlan_cancellation **cancellation,
                             struct macvlan_error **error);

/**
 * Cancels all functions that wait with this cancellation, now and in the future.
 *
 * A function that waits undoes its changes and returns -EINTR, with an error of the kind
 * MACVLAN_ERROR_CANCELLED. A function that does not need to wait is carried out.
 *
 * It is async-signal-safe, the only function of this library that a signal handler may call: it
 * sets a flag and writes eight bytes. In a forked child it cancels the functions of the child, not
 * those of the parent.
 */
void macvlan_cancel(const struct macvlan_cancellation *cancellation);

/**
 * Returns whether macvlan_cancel() was called; false if the cancellation is invalid.
 */
bool macvlan_cancellation_is_cancelled(const struct macvlan_cancellation *cancellation);

/**
 * Frees a cancellation. NULL is ignored. Functions that wait with it continue, and can no longer
 * be cancelled by it.
 */
void macvlan_cancellation_free(struct macvlan_cancellation *cancellation);

/* ------------------------------------------------------------------------------------------------
 * 4. MAC addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * Derives a MAC address from an IPv4 address like Docker: 02:42: and the four bytes. Returns 0 or
 * a negative errno.
 *
 * The result is always the same for an address, so the entries of neighbours stay valid when a
 * container is created again.
 */
int macvlan_mac_from_ipv4(const char *address, uint8_t mac[6], struct macvlan_error **error);

/**
 * Parses a MAC address, "02:42:ac:10:d5:b4". Zero and multicast addresses are refused, because a
 * link cannot have them. Returns 0 or a negative errno.
 */
int macvlan_mac_parse(const char *text, uint8_t mac[6], struct macvlan_error **error);

/**
 * Writes a MAC address as text, "02:42:ac:10:d5:b4": 17 characters and a zero byte. Zero and
 * multicast addresses are refused. Returns 0 or a negative errno.
 */
int macvlan_mac_format(const uint8_t mac[6], char text[18], struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 5. Parents
 * ------------------------------------------------------------------------------------------------ */

/**
 * The group of VLANs that are made on demand (`ip link show group 1835098998`). A VLAN that was
 * removed from the group is never deleted.
 */
#define MACVLAN_ON_DEMAND_GROUP 1835098998

/**
 * The protocol of a VLAN's tag: the EtherTypes ETH_P_8021Q and ETH_P_8021AD.
 */
typedef enum macvlan_protocol {
    /**
     * The customer tag.
     */
    MACVLAN_VLAN_8021Q = 33024,
    /**
     * The service tag of QinQ.
     */
    MACVLAN_VLAN_8021AD = 34984,
} macvlan_protocol;

/**
 * The link on the host that an endpoint is on, with more options than text has: a VLAN on demand
 * with another name, or with the service tag 802.1ad. Freed with macvlan_parent_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_parent macvlan_parent;

/**
 * Makes a parent from text, as in macvlan_endpoint_new(). Examples are "ens33", "#7" for the link
 * with index 7, "ens33.100" for VLAN 100 of ens33, created on demand, "ens33.20.200" for a VLAN of
 * a VLAN. A text of more than 15 bytes is an alternative name, of up to 127. The caller frees it
 * with macvlan_parent_free().
 */
int macvlan_parent_new(const char *text,
                       struct macvlan_parent **parent,
                       struct macvlan_error **error);

/**
 * Makes a parent that is an existing link, even if its name, or its alternative name of up to 127
 * bytes, is in VLAN notation; "#7" for the link with index 7. The caller frees it with
 * macvlan_parent_free().
 */
int macvlan_parent_new_link(const char *link,
                            struct macvlan_parent **parent,
                            struct macvlan_error **error);

/**
 * Makes a parent that is VLAN `id` (1 to 4094) of another parent, which is copied, with the
 * protocol 802.1Q and the name BASE.ID. It is created for the first endpoint and removed with the
 * last one. The caller frees it with macvlan_parent_free().
 */
int macvlan_parent_new_vlan(const struct macvlan_parent *base,
                            uint16_t id,
                            struct macvlan_parent **parent,
                            struct macvlan_error **error);

/**
 * Sets the protocol of the VLAN's tag. Defaults to 802.1Q. Refused for a link that must exist.
 */
int macvlan_parent_set_protocol(struct macvlan_parent *parent,
                                enum macvlan_protocol protocol,
                                struct macvlan_error **error);

/**
 * Sets the name of the link.
 */
int macvlan_parent_set_name(struct macvlan_parent *parent,
                            const char *name,
                            struct macvlan_error **error);

/**
 * Returns the parent as text: "ens33.100". It belongs to the parent, until that is changed or
 * freed. NULL if the parent is invalid.
 */
const char *macvlan_parent_text(const struct macvlan_parent *parent);

/**
 * Returns the name that was set for a VLAN that is created on demand; NULL for BASE.ID, and for a
 * link that must exist. It belongs to the parent, until that is changed or freed.
 */
const char *macvlan_parent_name(const struct macvlan_parent *parent);

/**
 * Returns the alternative name of more than 15 bytes, if the link is given by one; NULL otherwise.
 * It belongs to the parent, until that is changed or freed.
 */
const char *macvlan_parent_alternative_name(const struct macvlan_parent *parent);

/**
 * Returns the id of a VLAN that is created on demand; 0 for a link that must exist.
 */
uint16_t macvlan_parent_vlan_id(const struct macvlan_parent *parent);

/**
 * Returns the protocol of a VLAN that is created on demand: one of enum macvlan_protocol; 0 for a
 * link that must exist.
 */
uint16_t macvlan_parent_protocol(const struct macvlan_parent *parent);

/**
 * Makes a copy of the base of a VLAN that is created on demand, which the caller frees with
 * macvlan_parent_free(). NULL without an error for a link that must exist.
 */
int macvlan_parent_base(const struct macvlan_parent *parent,
                        struct macvlan_parent **base,
                        struct macvlan_error **error);

/**
 * Frees a parent. NULL is ignored.
 */
void macvlan_parent_free(struct macvlan_parent *parent);

/* ------------------------------------------------------------------------------------------------
 * 6. Options of macvlan and VLAN links
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue. From
 * macvlan_options_new() and freed with macvlan_options_free(), or a part of a macvlan_link_info.
 *
 * Those of an endpoint can also be set one by one, with macvlan_endpoint_set_mode() and others.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_options macvlan_options;

/**
 * Makes options with a mode, and otherwise the kernel's defaults. The caller frees them with
 * macvlan_options_free().
 */
int macvlan_options_new(enum macvlan_mode mode,
                        struct macvlan_options **options,
                        struct macvlan_error **error);

/**
 * Sets whether mode passthru leaves the parent as promiscuous as it is (MACVLAN_FLAG_NOPROMISC).
 * Defaults to false.
 */
int macvlan_options_set_nopromisc(struct macvlan_options *options,
                                  bool nopromisc,
                                  struct macvlan_error **error);

/**
 * Sets whether mode source checks only the source address. Defaults to false.
 *
 * Frames from the listed MAC addresses are then accepted whatever their destination is (Linux 5.13
 * and later; older kernels refuse it).
 */
int macvlan_options_set_nodst(struct macvlan_options *options,
                              bool nodst,
                              struct macvlan_error **error);

/**
 * Adds a MAC address from which frames are accepted in mode source.
 */
int macvlan_options_add_source_mac(struct macvlan_options *options,
                                   const uint8_t mac[6],
                                   struct macvlan_error **error);

/**
 * Sets the length of the broadcast queue in frames, for broadcast and multicast frames to other
 * links on the parent. Defaults to 1000. The kernel has one queue for each parent and uses the
 * largest requested length.
 */
int macvlan_options_set_bc_queue_len(struct macvlan_options *options,
                                     uint32_t frames,
                                     struct macvlan_error **error);

/**
 * Sets the number of receivers above which a multicast frame goes through the broadcast queue
 * instead of being delivered at once; -1 for never. Defaults to 1.
 *
 * The kernel has one value for each parent, so this changes it for all links on it. Linux 6.4 and
 * later; older kernels ignore it silently.
 */
int macvlan_options_set_bc_cutoff(struct macvlan_options *options,
                                  int32_t siblings,
                                  struct macvlan_error **error);

/**
 * Checks options for combinations that the kernel refuses with EINVAL or ignores. Attaching and
 * creating a link do the same.
 */
int macvlan_options_check(const struct macvlan_options *options, struct macvlan_error **error);

/**
 * Returns the mode: one of enum macvlan_mode; 0 if the options are invalid.
 */
uint32_t macvlan_options_mode(const struct macvlan_options *options);

/**
 * Returns whether mode passthru leaves the parent as promiscuous as it is.
 */
bool macvlan_options_is_nopromisc(const struct macvlan_options *options);

/**
 * Returns whether mode source checks only the source address.
 */
bool macvlan_options_is_nodst(const struct macvlan_options *options);

/**
 * Returns the number of MAC addresses from which frames are accepted in mode source.
 */
size_t macvlan_options_source_mac_count(const struct macvlan_options *options);

/**
 * Writes one of the MAC addresses from which frames are accepted, counted from 0, and returns
 * whether there is one; zeroes if not.
 */
bool macvlan_options_source_mac(const struct macvlan_options *options,
                                size_t index,
                                uint8_t mac[6]);

/**
 * Writes the broadcast queue's length in frames, and returns whether it is known; it is not if it
 * was not set.
 */
bool macvlan_options_bc_queue_len(const struct macvlan_options *options, uint32_t *frames);

/**
 * Writes the broadcast cutoff, and returns whether it is known; it is not if it was not set, or
 * the kernel has none.
 */
bool macvlan_options_bc_cutoff(const struct macvlan_options *options, int32_t *siblings);

/**
 * Frees options. NULL is ignored.
 */
void macvlan_options_free(struct macvlan_options *options);

/**
 * The options of a VLAN link: its tag and flags. From macvlan_vlan_new() and freed with
 * macvlan_vlan_free(), or a part of a macvlan_link_info.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_vlan macvlan_vlan;

/**
 * Makes the options of a VLAN by its id, 1 to 4094, with the protocol 802.1Q and otherwise the
 * kernel's defaults. The caller frees them with macvlan_vlan_free().
 */
int macvlan_vlan_new(uint16_t id, struct macvlan_vlan **vlan, struct macvlan_error **error);

/**
 * Makes the options of a VLAN with id 0, for frames with a priority but no VLAN (priority tags).
 * The caller frees them with macvlan_vlan_free().
 */
int macvlan_vlan_new_priority_tags(struct macvlan_vlan **vlan, struct macvlan_error **error);

/**
 * Sets the tag's protocol. Defaults to 802.1Q.
 */
int macvlan_vlan_set_protocol(struct macvlan_vlan *vlan,
                              enum macvlan_protocol protocol,
                              struct macvlan_error **error);

/**
 * Sets whether the tag is removed from received frames (REORDER_HDR). Defaults to true.
 */
int macvlan_vlan_set_reorder_hdr(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Sets whether the VLAN is registered with the switch by GVRP. Defaults to false.
 */
int macvlan_vlan_set_gvrp(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Sets whether the VLAN is registered with the switch by MVRP. Defaults to false.
 */
int macvlan_vlan_set_mvrp(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Sets whether the link stays up when its parent goes down (loose binding). Defaults to false.
 */
int macvlan_vlan_set_loose_binding(struct macvlan_vlan *vlan,
                                   bool on,
                                   struct macvlan_error **error);

/**
 * Sets whether the link's state follows the bridge ports in this VLAN (bridge binding); the parent
 * is then a bridge. Defaults to false.
 */
int macvlan_vlan_set_bridge_binding(struct macvlan_vlan *vlan,
                                    bool on,
                                    struct macvlan_error **error);

/**
 * Maps a received tag's priority, 0 to 7, to a priority in the kernel.
 */
int macvlan_vlan_add_ingress_qos(struct macvlan_vlan *vlan,
                                 uint8_t tag,
                                 uint32_t inside,
                                 struct macvlan_error **error);

/**
 * Maps a priority in the kernel to a sent tag's priority, 0 to 7.
 */
int macvlan_vlan_add_egress_qos(struct macvlan_vlan *vlan,
                                uint32_t inside,
                                uint8_t tag,
                                struct macvlan_error **error);

/**
 * Returns the id; 0 for priority tags, and if the options are invalid.
 */
uint16_t macvlan_vlan_id(const struct macvlan_vlan *vlan);

/**
 * Returns the protocol: one of enum macvlan_protocol; 0 if the options are invalid.
 */
uint16_t macvlan_vlan_protocol(const struct macvlan_vlan *vlan);

/**
 * Returns whether the tag is removed from received frames: 1 or 0, or -1 if it was not set.
 */
int macvlan_vlan_reorder_hdr(const struct macvlan_vlan *vlan);

/**
 * Returns whether the VLAN is registered by GVRP: 1 or 0, or -1 if it was not set.
 */
int macvlan_vlan_gvrp(const struct macvlan_vlan *vlan);

/**
 * Returns whether the VLAN is registered by MVRP: 1 or 0, or -1 if it was not set.
 */
int macvlan_vlan_mvrp(const struct macvlan_vlan *vlan);

/**
 * Returns whether the link stays up when its parent goes down: 1 or 0, or -1 if it was not set.
 */
int macvlan_vlan_loose_binding(const struct macvlan_vlan *vlan);

/**
 * Returns whether the link's state follows the bridge ports: 1 or 0, or -1 if it was not set.
 */
int macvlan_vlan_bridge_binding(const struct macvlan_vlan *vlan);

/**
 * Returns the number of entries of the ingress map.
 */
size_t macvlan_vlan_ingress_qos_count(const struct macvlan_vlan *vlan);

/**
 * Writes one entry of the ingress map, counted from 0: a tag's priority, and the priority in the
 * kernel. Returns whether there is one.
 */
bool macvlan_vlan_ingress_qos(const struct macvlan_vlan *vlan,
                              size_t index,
                              uint8_t *tag,
                              uint32_t *inside);

/**
 * Returns the number of entries of the egress map.
 */
size_t macvlan_vlan_egress_qos_count(const struct macvlan_vlan *vlan);

/**
 * Writes one entry of the egress map, counted from 0: the priority in the kernel, and the tag's.
 * Returns whether there is one.
 */
bool macvlan_vlan_egress_qos(const struct macvlan_vlan *vlan,
                             size_t index,
                             uint32_t *inside,
                             uint8_t *tag);

/**
 * Frees options. NULL is ignored.
 */
void macvlan_vlan_free(struct macvlan_vlan *vlan);

/**
 * A change of an existing macvlan or macvtap, for macvlan_handle_set_macvlan(); options that are
 * not set stay unchanged. Freed with macvlan_change_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_change macvlan_change;

/**
 * Makes a change without any options. The caller frees it with macvlan_change_free().
 */
int macvlan_change_new(struct macvlan_change **change, struct macvlan_error **error);

/**
 * Sets the mode. The kernel refuses a change to or from passthru; leaving mode source clears the
 * list of source MAC addresses.
 */
int macvlan_change_set_mode(struct macvlan_change *change,
                            enum macvlan_mode mode,
                            struct macvlan_error **error);

/**
 * Sets both flags; the kernel cannot change one alone.
 */
int macvlan_change_set_flags(struct macvlan_change *change,
                             bool nopromisc,
                             bool nodst,
                             struct macvlan_error **error);

/**
 * Sets the broadcast queue length in frames; see macvlan_options_set_bc_queue_len().
 */
int macvlan_change_set_bc_queue_len(struct macvlan_change *change,
                                    uint32_t frames,
                                    struct macvlan_error **error);

/**
 * Sets the broadcast cutoff, for all links on the parent; see macvlan_options_set_bc_cutoff().
 */
int macvlan_change_set_bc_cutoff(struct macvlan_change *change,
                                 int32_t siblings,
                                 struct macvlan_error **error);

/**
 * Changes the list of source MAC addresses of a link in mode source. MACVLAN_MACADDR_ADD and
 * MACVLAN_MACADDR_DEL need one MAC address, MACVLAN_MACADDR_SET the complete new list,
 * MACVLAN_MACADDR_FLUSH none. `macs` has `count` times six bytes.
 */
int macvlan_change_set_source_macs(struct macvlan_change *change,
                                   enum macvlan_macaddr_mode how,
                                   const uint8_t *macs,
                                   size_t count,
                                   struct macvlan_error **error);

/**
 * Frees a change. NULL is ignored.
 */
void macvlan_change_free(struct macvlan_change *change);

/* ------------------------------------------------------------------------------------------------
 * 7. Links, addresses, routes, rules and neighbours as the kernel describes them
 * ------------------------------------------------------------------------------------------------ */

/**
 * Limits of segmentation and receive offloads of a link.
 */
typedef enum macvlan_offload {
    /**
     * Generic segmentation: the largest packet in bytes.
     */
    MACVLAN_GSO_MAX_SIZE = 0,
    /**
     * Generic segmentation: the most segments.
     */
    MACVLAN_GSO_MAX_SEGS = 1,
    /**
     * Generic segmentation: the largest IPv4 packet in bytes (Linux 6.3 and later).
     */
    MACVLAN_GSO_IPV4_MAX_SIZE = 2,
    /**
     * Segmentation in hardware: the largest packet in bytes (Linux 5.19 and later).
     */
    MACVLAN_TSO_MAX_SIZE = 3,
    /**
     * Segmentation in hardware: the most segments (Linux 5.19 and later).
     */
    MACVLAN_TSO_MAX_SEGS = 4,
    /**
     * Generic receive: the largest packet in bytes (Linux 5.19 and later).
     */
    MACVLAN_GRO_MAX_SIZE = 5,
    /**
     * Generic receive: the largest IPv4 packet in bytes (Linux 6.3 and later).
     */
    MACVLAN_GRO_IPV4_MAX_SIZE = 6,
} macvlan_offload;

/**
 * Traffic counters of a link since its creation (struct rtnl_link_stats64).
 */
typedef enum macvlan_statistic {
    /**
     * Packets received.
     */
    MACVLAN_RX_PACKETS = 0,
    /**
     * Packets sent.
     */
    MACVLAN_TX_PACKETS = 1,
    /**
     * Bytes received.
     */
    MACVLAN_RX_BYTES = 2,
    /**
     * Bytes sent.
     */
    MACVLAN_TX_BYTES = 3,
    /**
     * Bad packets received.
     */
    MACVLAN_RX_ERRORS = 4,
    /**
     * Errors while sending packets.
     */
    MACVLAN_TX_ERRORS = 5,
    /**
     * Packets received and dropped.
     */
    MACVLAN_RX_DROPPED = 6,
    /**
     * Packets dropped while sending.
     */
    MACVLAN_TX_DROPPED = 7,
    /**
     * Multicast packets received.
     */
    MACVLAN_MULTICAST = 8,
    /**
     * Collisions.
     */
    MACVLAN_COLLISIONS = 9,
} macvlan_statistic;

/**
 * A filter for links, applied by the kernel; without settings it accepts all. Freed with
 * macvlan_link_filter_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_link_filter macvlan_link_filter;

/**
 * A link as reported by the kernel. Freed with macvlan_link_info_free(), unless it is a part of a
 * list or of an event.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_link_info macvlan_link_info;

/**
 * The links of a namespace, from macvlan_handle_links(). Freed with macvlan_link_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_link_list macvlan_link_list;

/**
 * Returns the index in the link's namespace; 0 if the object is invalid.
 */
uint32_t macvlan_link_info_index(const struct macvlan_link_info *link);

/**
 * Returns the name, with bytes that are not UTF-8 replaced. This and all other texts belong to the
 * object. NULL if the object is invalid.
 */
const char *macvlan_link_info_name(const struct macvlan_link_info *link);

/**
 * Returns the kernel's name for the kind of link: "macvlan", "vlan", "veth"; NULL for hardware and
 * lo.
 */
const char *macvlan_link_info_kind(const struct macvlan_link_info *link);

/**
 * Returns the options of a macvlan or macvtap, which belong to the object. NULL for other kinds.
 */
const struct macvlan_options *macvlan_link_info_options(const struct macvlan_link_info *link);

/**
 * Returns the options of a VLAN, with every flag, which belong to the object. NULL for other
 * kinds.
 */
const struct macvlan_vlan *macvlan_link_info_vlan(const struct macvlan_link_info *link);

/**
 * Returns the index of the link below: the parent of a macvlan or VLAN, the peer of a veth; 0 if
 * there is none. It is an index in another namespace if macvlan_link_info_parent_netns() is not
 * -1.
 */
uint32_t macvlan_link_info_parent(const struct macvlan_link_info *link);

/**
 * Returns the id of the namespace of the link below, as numbered by this namespace; -1 if it is in
 * the same one.
 */
int32_t macvlan_link_info_parent_netns(const struct macvlan_link_info *link);

/**
 * Returns the index of the bridge, bond or VRF of which it is a port; 0 if there is none.
 */
uint32_t macvlan_link_info_controller(const struct macvlan_link_info *link);

/**
 * Writes the MAC address, and returns whether there is one; zeroes if not, as for lo.
 */
bool macvlan_link_info_mac(const struct macvlan_link_info *link, uint8_t mac[6]);

/**
 * Returns its MTU in bytes.
 */
uint32_t macvlan_link_info_mtu(const struct macvlan_link_info *link);

/**
 * Returns its flags, the kernel's IFF_... bits.
 */
uint32_t macvlan_link_info_flags(const struct macvlan_link_info *link);

/**
 * Returns whether the link is set up (administratively; see also macvlan_link_info_state()).
 */
bool macvlan_link_info_is_up(const struct macvlan_link_info *link);

/**
 * Returns whether the promisc flag is set. A link can be promiscuous without it.
 */
bool macvlan_link_info_is_promisc(const struct macvlan_link_info *link);

/**
 * Returns whether the allmulti flag is set.
 */
bool macvlan_link_info_is_allmulticast(const struct macvlan_link_info *link);

/**
 * Returns whether the link is lo.
 */
bool macvlan_link_info_is_loopback(const struct macvlan_link_info *link);

/**
 * Returns the operational state (RFC 2863), as in `ip link`: "UP", "DOWN", "LOWERLAYERDOWN",
 * "UNKNOWN", "NOTPRESENT", "TESTING", "DORMANT". The kernel updates it asynchronously, so it may
 * be slightly late.
 */
const char *macvlan_link_info_state(const struct macvlan_link_info *link);

/**
 * Returns the promiscuity reference count; 0 if the link is not promiscuous.
 */
uint32_t macvlan_link_info_promiscuity(const struct macvlan_link_info *link);

/**
 * Returns the allmulticast reference count; -1 before Linux 6.0, which does not report it.
 */
int64_t macvlan_link_info_allmulticast_count(const struct macvlan_link_info *link);

/**
 * Returns the number of alternative names.
 */
size_t macvlan_link_info_alternative_name_count(const struct macvlan_link_info *link);

/**
 * Returns one of the alternative names, counted from 0; NULL past the end.
 */
const char *macvlan_link_info_alternative_name(const struct macvlan_link_info *link, size_t index);

/**
 * Returns the alias; NULL if there is none.
 */
const char *macvlan_link_info_alias(const struct macvlan_link_info *link);

/**
 * Returns the link group.
 */
uint32_t macvlan_link_info_group(const struct macvlan_link_info *link);

/**
 * Returns the length of the transmit queue in packets.
 */
uint32_t macvlan_link_info_tx_queue_len(const struct macvlan_link_info *link);

/**
 * Returns the number of transmit queues.
 */
uint32_t macvlan_link_info_tx_queues(const struct macvlan_link_info *link);

/**
 * Returns the number of receive queues.
 */
uint32_t macvlan_link_info_rx_queues(const struct macvlan_link_info *link);

/**
 * Returns the minimum MTU in bytes.
 */
uint32_t macvlan_link_info_min_mtu(const struct macvlan_link_info *link);

/**
 * Returns the driver's maximum MTU in bytes, 0 for none; a macvlan's is also limited by its
 * parent's current MTU.
 */
uint32_t macvlan_link_info_max_mtu(const struct macvlan_link_info *link);

/**
 * Returns the root queueing discipline; NULL if the kernel reports none.
 */
const char *macvlan_link_info_qdisc(const struct macvlan_link_info *link);

/**
 * Returns whether there is a carrier: 1 or 0, or -1 if the kernel does not report it.
 */
int macvlan_link_info_carrier(const struct macvlan_link_info *link);

/**
 * Returns how the IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 without
 * IPv6.
 */
int macvlan_link_info_addr_gen_mode(const struct macvlan_link_info *link);

/**
 * Returns whether router advertisements are accepted, a value of the sysctl accept_ra; -1 without
 * IPv6.
 */
int macvlan_link_info_accept_ra(const struct macvlan_link_info *link);

/**
 * Returns whether addresses are configured from advertised prefixes, 0 or 1; -1 without IPv6.
 */
int macvlan_link_info_autoconf(const struct macvlan_link_info *link);

/**
 * Returns whether IPv6 is disabled on the link, 0 or 1; -1 if the kernel has no IPv6.
 */
int macvlan_link_info_disable_ipv6(const struct macvlan_link_info *link);

/**
 * Returns a limit of an offload; 0 if the kernel does not report it.
 */
uint32_t macvlan_link_info_offload(const struct macvlan_link_info *link,
                                   enum macvlan_offload which);

/**
 * Returns a traffic counter.
 */
uint64_t macvlan_link_info_statistic(const struct macvlan_link_info *link,
                                     enum macvlan_statistic which);

/**
 * Frees a link's description. NULL and parts of lists or events are ignored. The link stays.
 */
void macvlan_link_info_free(struct macvlan_link_info *link);

/**
 * Returns the number of links.
 */
size_t macvlan_link_list_count(const struct macvlan_link_list *list);

/**
 * Returns one of the links, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_link_info *macvlan_link_list_get(const struct macvlan_link_list *list,
                                                      size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_link_list_free(struct macvlan_link_list *list);

/**
 * Makes a filter that accepts all links. The caller frees it with macvlan_link_filter_free().
 */
int macvlan_link_filter_new(struct macvlan_link_filter **filter, struct macvlan_error **error);

/**
 * Restricts the filter to a kind: "macvlan", "vlan". It accepts all links if the kernel does not
 * know the kind, because its module is not loaded.
 */
int macvlan_link_filter_set_kind(struct macvlan_link_filter *filter,
                                 const char *kind,
                                 struct macvlan_error **error);

/**
 * Restricts the filter to the ports of a bridge, bond or VRF, by name or "#" and index.
 */
int macvlan_link_filter_set_controller(struct macvlan_link_filter *filter,
                                       const char *link,
                                       struct macvlan_error **error);

/**
 * Frees a filter. NULL is ignored.
 */
void macvlan_link_filter_free(struct macvlan_link_filter *filter);

/**
 * A filter for addresses, applied by the kernel; without settings it accepts all. Freed with
 * macvlan_address_filter_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_address_filter macvlan_address_filter;

/**
 * An address as reported by the kernel: a part of a macvlan_address_list or of a macvlan_event,
 * with which it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_address_info macvlan_address_info;

/**
 * The addresses of a namespace, from macvlan_handle_addresses(). Freed with
 * macvlan_address_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_address_list macvlan_address_list;

/**
 * Returns the address in the format of macvlan_endpoint_add_address(): "10.0.0.2/24". This and all
 * other texts belong to the object. NULL if the object is invalid.
 */
const char *macvlan_address_info_text(const struct macvlan_address_info *address);

/**
 * Returns the index of its link.
 */
uint32_t macvlan_address_info_link(const struct macvlan_address_info *address);

/**
 * Returns the scope: "global", "link", "host".
 */
const char *macvlan_address_info_scope(const struct macvlan_address_info *address);

/**
 * Returns the label, IPv4 only: the link's name by default. NULL for IPv6.
 */
const char *macvlan_address_info_label(const struct macvlan_address_info *address);

/**
 * Returns the broadcast address, IPv4 only; NULL if there is none.
 */
const char *macvlan_address_info_broadcast(const struct macvlan_address_info *address);

/**
 * Returns the kernel's IFA_F_... bits.
 */
uint32_t macvlan_address_info_flags(const struct macvlan_address_info *address);

/**
 * Returns whether the kernel is still checking the address for duplicates (tentative).
 */
bool macvlan_address_info_is_tentative(const struct macvlan_address_info *address);

/**
 * Returns whether the kernel has found that another host has the address.
 */
bool macvlan_address_info_is_duplicate(const struct macvlan_address_info *address);

/**
 * Returns the number of addresses.
 */
size_t macvlan_address_list_count(const struct macvlan_address_list *list);

/**
 * Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_address_info *macvlan_address_list_get(const struct macvlan_address_list *list,
                                                            size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_address_list_free(struct macvlan_address_list *list);

/**
 * Makes a filter that accepts all addresses. The caller frees it with
 * macvlan_address_filter_free().
 */
int macvlan_address_filter_new(struct macvlan_address_filter **filter,
                               struct macvlan_error **error);

/**
 * Restricts the filter to a family: AF_INET or AF_INET6.
 */
int macvlan_address_filter_set_family(struct macvlan_address_filter *filter,
                                      int family,
                                      struct macvlan_error **error);

/**
 * Restricts the filter to a link, by name or "#" and index.
 */
int macvlan_address_filter_set_link(struct macvlan_address_filter *filter,
                                    const char *link,
                                    struct macvlan_error **error);

/**
 * Frees a filter. NULL is ignored.
 */
void macvlan_address_filter_free(struct macvlan_address_filter *filter);

/**
 * A filter for routes, applied by the kernel; without settings it accepts all. Freed with
 * macvlan_route_filter_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_route_filter macvlan_route_filter;

/**
 * A route as reported by the kernel: a part of a macvlan_route_list or of a macvlan_event, with
 * which it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_route_info macvlan_route_info;

/**
 * The routes of a namespace, from macvlan_handle_routes(). Freed with macvlan_route_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_route_list macvlan_route_list;

/**
 * Returns the route in the format of macvlan_handle_add_route(), with its table. This and all
 * other texts belong to the object. NULL if the object is invalid.
 */
const char *macvlan_route_info_text(const struct macvlan_route_info *route);

/**
 * Returns the routing protocol, the route's origin: 2 kernel, 3 boot (and `ip`), 4 static; see
 * rtnetlink(7).
 */
uint8_t macvlan_route_info_protocol(const struct macvlan_route_info *route);

/**
 * Returns the number of next hops of a multipath route; 0 for other routes, whose text has the
 * only one.
 */
size_t macvlan_route_info_next_hop_count(const struct macvlan_route_info *route);

/**
 * Writes one of the next hops, counted from 0: the link's index, and the weight, 1 to 256. Returns
 * whether there is one.
 */
bool macvlan_route_info_next_hop(const struct macvlan_route_info *route,
                                 size_t index,
                                 uint32_t *link,
                                 uint16_t *weight);

/**
 * Returns the gateway of one of the next hops, counted from 0; NULL if it has none, and past the
 * end.
 */
const char *macvlan_route_info_next_hop_gateway(const struct macvlan_route_info *route,
                                                size_t index);

/**
 * Returns the number of routes.
 */
size_t macvlan_route_list_count(const struct macvlan_route_list *list);

/**
 * Returns one of the routes, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_route_info *macvlan_route_list_get(const struct macvlan_route_list *list,
                                                        size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_route_list_free(struct macvlan_route_list *list);

/**
 * Makes a filter that accepts all routes. The caller frees it with macvlan_route_filter_free().
 */
int macvlan_route_filter_new(struct macvlan_route_filter **filter, struct macvlan_error **error);

/**
 * Restricts the filter to a family: AF_INET or AF_INET6.
 */
int macvlan_route_filter_set_family(struct macvlan_route_filter *filter,
                                    int family,
                                    struct macvlan_error **error);

/**
 * Restricts the filter to a table.
 */
int macvlan_route_filter_set_table(struct macvlan_route_filter *filter,
                                   uint32_t table,
                                   struct macvlan_error **error);

/**
 * Restricts the filter to routes through a link, by name or "#" and index.
 */
int macvlan_route_filter_set_link(struct macvlan_route_filter *filter,
                                  const char *link,
                                  struct macvlan_error **error);

/**
 * Restricts the filter to a type: "unicast", "blackhole", "unreachable" or "prohibit".
 */
int macvlan_route_filter_set_kind(struct macvlan_route_filter *filter,
                                  const char *kind,
                                  struct macvlan_error **error);

/**
 * Restricts the filter to a routing protocol (2 kernel, 3 boot, 4 static; rtnetlink(7)).
 */
int macvlan_route_filter_set_protocol(struct macvlan_route_filter *filter,
                                      uint8_t protocol,
                                      struct macvlan_error **error);

/**
 * Frees a filter. NULL is ignored.
 */
void macvlan_route_filter_free(struct macvlan_route_filter *filter);

/**
 * The policy rules of a namespace, from macvlan_handle_rules(). Freed with
 * macvlan_rule_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_rule_list macvlan_rule_list;

/**
 * Returns the number of rules.
 */
size_t macvlan_rule_list_count(const struct macvlan_rule_list *list);

/**
 * Returns one of the rules, counted from 0, in the format of macvlan_handle_add_rule(). It belongs
 * to the list. NULL past the end.
 */
const char *macvlan_rule_list_get(const struct macvlan_rule_list *list, size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_rule_list_free(struct macvlan_rule_list *list);

/**
 * A filter for neighbour entries, applied by the kernel; without settings it accepts all. Freed
 * with macvlan_neighbour_filter_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_neighbour_filter macvlan_neighbour_filter;

/**
 * A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6: a part of a
 * macvlan_neighbour_list, with which it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_neighbour_info macvlan_neighbour_info;

/**
 * The neighbour entries of a namespace, from macvlan_handle_neighbours(). Freed with
 * macvlan_neighbour_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_neighbour_list macvlan_neighbour_list;

/**
 * Returns the neighbour's address, "10.0.0.1". It belongs to the object. NULL if the object is
 * invalid.
 */
const char *macvlan_neighbour_info_ip(const struct macvlan_neighbour_info *neighbour);

/**
 * Writes the neighbour's MAC address, and returns whether it is known; zeroes if not, as during
 * its resolution.
 */
bool macvlan_neighbour_info_mac(const struct macvlan_neighbour_info *neighbour, uint8_t mac[6]);

/**
 * Returns the index of the link.
 */
uint32_t macvlan_neighbour_info_link(const struct macvlan_neighbour_info *neighbour);

/**
 * Returns the state of the entry (RFC 4861), as in `ip neighbour`: "REACHABLE", "STALE", "FAILED".
 * It belongs to the object.
 */
const char *macvlan_neighbour_info_state(const struct macvlan_neighbour_info *neighbour);

/**
 * Returns the number of neighbours.
 */
size_t macvlan_neighbour_list_count(const struct macvlan_neighbour_list *list);

/**
 * Returns one of the neighbours, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_neighbour_info *macvlan_neighbour_list_get(const struct macvlan_neighbour_list *list,
                                                                size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_neighbour_list_free(struct macvlan_neighbour_list *list);

/**
 * Makes a filter that accepts all neighbour entries. The caller frees it with
 * macvlan_neighbour_filter_free().
 */
int macvlan_neighbour_filter_new(struct macvlan_neighbour_filter **filter,
                                 struct macvlan_error **error);

/**
 * Restricts the filter to a family: AF_INET or AF_INET6.
 */
int macvlan_neighbour_filter_set_family(struct macvlan_neighbour_filter *filter,
                                        int family,
                                        struct macvlan_error **error);

/**
 * Restricts the filter to a link, by name or "#" and index.
 */
int macvlan_neighbour_filter_set_link(struct macvlan_neighbour_filter *filter,
                                      const char *link,
                                      struct macvlan_error **error);

/**
 * Frees a filter. NULL is ignored.
 */
void macvlan_neighbour_filter_free(struct macvlan_neighbour_filter *filter);

/* ------------------------------------------------------------------------------------------------
 * 8. Network namespaces
 * ------------------------------------------------------------------------------------------------ */

/**
 * A handle on a network namespace, such as a container's or the host's. Freed with
 * macvlan_netns_free().
 *
 * It keeps the namespace in existence, even if no process is in it.
 *
 * Threads: any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_netns macvlan_netns;

/**
 * Network namespaces, from macvlan_pool_namespaces(). Freed with macvlan_netns_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_netns_list macvlan_netns_list;

/**
 * Opens the network namespace of a process. The caller frees the handle with macvlan_netns_free().
 *
 * The process is pinned by a pidfd first, so a reused pid cannot lead to the wrong namespace.
 */
int macvlan_netns_from_pid(pid_t pid, struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * Opens the network namespace of a pidfd's process. The pidfd stays the caller's. The caller frees
 * the handle with macvlan_netns_free().
 */
int macvlan_netns_from_pidfd(int pidfd, struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * Opens a named namespace, created by macvlan_netns_create() or `ip netns add`. The caller frees
 * the handle with macvlan_netns_free().
 */
int macvlan_netns_from_name(const char *name,
                            struct macvlan_netns **netns,
                            struct macvlan_error **error);

/**
 * Opens a namespace by a path, such as /var/run/docker/netns/... or /proc/2084/ns/net. A path that
 * is not UTF-8 is refused: open it, and use macvlan_netns_from_fd(). The caller frees the handle
 * with macvlan_netns_free().
 */
int macvlan_netns_from_path(const char *path,
                            struct macvlan_netns **netns,
                            struct macvlan_error **error);

/**
 * Makes a handle from an open file descriptor, which stays the caller's and can be closed
 * afterwards. The caller frees the handle with macvlan_netns_free().
 */
int macvlan_netns_from_fd(int fd, struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * Opens the calling thread's network namespace. The caller frees the handle with
 * macvlan_netns_free().
 */
int macvlan_netns_current(struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * Creates a namespace without a name, which exists as long as the handle and the processes in it.
 * Needs CAP_SYS_ADMIN. It has only lo, which is down. The caller frees the handle with
 * macvlan_netns_free().
 */
int macvlan_netns_anonymous(struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * Creates a named namespace, like `ip netns add NAME`. The caller frees the handle with
 * macvlan_netns_free().
 *
 * It exists until it is deleted with macvlan_netns_delete() or `ip netns delete`, also without a
 * handle.
 */
int macvlan_netns_create(const char *name,
                         struct macvlan_netns **netns,
                         struct macvlan_error **error);

/**
 * Deletes a namespace's name, like `ip netns delete NAME`.
 *
 * The namespace itself exists as long as a process or a handle is in it. The remains of an
 * interrupted creation are removed as well.
 */
int macvlan_netns_delete(const char *name, struct macvlan_error **error);

/**
 * Makes another handle on the same namespace, which the caller frees with macvlan_netns_free().
 */
int macvlan_netns_clone(const struct macvlan_netns *netns,
                        struct macvlan_netns **clone,
                        struct macvlan_error **error);

/**
 * Returns the file descriptor, as for setns(2). It stays the handle's, which closes it when it is
 * freed. -1 if the handle is invalid.
 */
int macvlan_netns_fd(const struct macvlan_netns *netns);

/**
 * Writes the identity of the namespace, which no other namespace has at the same time: the device
 * and inode number of its descriptor, as from fstat(2). Both pointers can be NULL.
 */
void macvlan_netns_id(const struct macvlan_netns *netns, uint64_t *device, uint64_t *inode);

/**
 * Returns whether both are handles on the same namespace.
 */
bool macvlan_netns_same_as(const struct macvlan_netns *netns, const struct macvlan_netns *other);

/**
 * Returns a description of the namespace, as in errors: "the network namespace of pid 2084". The
 * text belongs to the handle. NULL if the handle is invalid.
 */
const char *macvlan_netns_text(const struct macvlan_netns *netns);

/**
 * Calls a function in the namespace, on a new thread that ends afterwards, and waits for it.
 *
 * Sockets opened by it stay in the namespace, and processes started by it begin there. /sys is not
 * remounted, unlike with `ip netns exec`. The function has to return: it must not end its thread,
 * call longjmp, or throw a C++ exception.
 */
int macvlan_netns_run(const struct macvlan_netns *netns,
                      void (*function)(void *data),
                      void *data,
                      struct macvlan_error **error);

/**
 * Frees a handle. NULL is ignored.
 */
void macvlan_netns_free(struct macvlan_netns *netns);

/**
 * Returns the number of namespaces.
 */
size_t macvlan_netns_list_count(const struct macvlan_netns_list *list);

/**
 * Returns one of the namespaces, counted from 0. It belongs to the list; macvlan_netns_clone()
 * makes a handle of the caller's. NULL past the end.
 */
const struct macvlan_netns *macvlan_netns_list_get(const struct macvlan_netns_list *list,
                                                   size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_netns_list_free(struct macvlan_netns_list *list);

/**
 * The network namespaces that exist, from macvlan_netns_visible(). Freed with
 * macvlan_visible_namespaces_free(), with all its parts.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_visible_namespaces macvlan_visible_namespaces;

/**
 * A network namespace and the ways to open it: a part of a macvlan_visible_namespaces, with which
 * it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_visible_netns macvlan_visible_netns;

/**
 * Lists the network namespaces that have a name, a thread, an open descriptor or a mount. The
 * caller frees the list with macvlan_visible_namespaces_free().
 *
 * Files that cannot be read are skipped and reported by macvlan_visible_namespaces_unseen().
 * Processes that /proc does not show, such as those of other PID namespaces, are not reported at
 * all; nor are descriptors that are in transit through a socket.
 */
int macvlan_netns_visible(struct macvlan_visible_namespaces **visible,
                          struct macvlan_error **error);

/**
 * Returns the number of namespaces.
 */
size_t macvlan_visible_namespaces_count(const struct macvlan_visible_namespaces *visible);

/**
 * Returns one of the namespaces, counted from 0. NULL past the end.
 */
const struct macvlan_visible_netns *macvlan_visible_namespaces_get(const struct macvlan_visible_namespaces *visible,
                                                                   size_t index);

/**
 * Returns the number of files and directories that could not be read. They may lead to further
 * namespaces.
 */
size_t macvlan_visible_namespaces_unseen_count(const struct macvlan_visible_namespaces *visible);

/**
 * Returns the path of one of these files, counted from 0, such as "/proc/2084" for a process of
 * another user. NULL past the end.
 */
const char *macvlan_visible_namespaces_unseen(const struct macvlan_visible_namespaces *visible,
                                              size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_visible_namespaces_free(struct macvlan_visible_namespaces *visible);

/**
 * Writes the identity of the namespace, as macvlan_netns_id(). Both pointers can be NULL.
 */
void macvlan_visible_netns_id(const struct macvlan_visible_netns *netns,
                              uint64_t *device,
                              uint64_t *inode);

/**
 * Returns one of its names, as `ip netns` lists them, counted from 0. NULL past the end.
 */
const char *macvlan_visible_netns_name(const struct macvlan_visible_netns *netns, size_t index);

/**
 * Returns one of the processes whose main thread is in the namespace, counted from 0. 0 past the
 * end.
 */
pid_t macvlan_visible_netns_pid(const struct macvlan_visible_netns *netns, size_t index);

/**
 * Returns one of the other files that lead to the namespace, counted from 0. NULL past the end.
 *
 * These are those of threads in another namespace than their main thread
 * ("/proc/2084/task/2085/ns/net"), open descriptors ("/proc/2084/fd/7"), and mount points, which
 * begin with "/proc/2084/root" if they are in another mount namespace, and need not be UTF-8.
 */
const char *macvlan_visible_netns_path(const struct macvlan_visible_netns *netns, size_t index);

/**
 * Opens the namespace in the first way that still leads to it; fails with -ENOENT if none does.
 * The caller frees the handle with macvlan_netns_free().
 */
int macvlan_visible_netns_open(const struct macvlan_visible_netns *netns,
                               struct macvlan_netns **handle,
                               struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 9. Events in a namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of an event. Later versions may add some: a program has to expect numbers that are not
 * listed here.
 */
typedef enum macvlan_event_kinds {
    /**
     * An event for which this version has no number.
     */
    MACVLAN_EVENT_OTHER = 0,
    /**
     * A link was created or changed.
     */
    MACVLAN_EVENT_NEW_LINK = 1,
    /**
     * A link was deleted or moved to another namespace.
     */
    MACVLAN_EVENT_DEL_LINK = 2,
    /**
     * An address was added or changed, for example is no longer tentative.
     */
    MACVLAN_EVENT_NEW_ADDRESS = 3,
    /**
     * An address was deleted.
     */
    MACVLAN_EVENT_DEL_ADDRESS = 4,
    /**
     * A route was added or replaced.
     */
    MACVLAN_EVENT_NEW_ROUTE = 5,
    /**
     * A route was deleted. The kernel does not report the IPv4 routes that are deleted with their
     * link.
     */
    MACVLAN_EVENT_DEL_ROUTE = 6,
    /**
     * Events were lost because they were not read in time; objects have to be listed again.
     */
    MACVLAN_EVENT_LOST = 7,
} macvlan_event_kinds;

/**
 * An event of a namespace, from macvlan_watch_next(). Freed with macvlan_event_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_event macvlan_event;

/**
 * The events of a namespace's links, addresses and routes, since it was opened by
 * macvlan_handle_watch(). Freed with macvlan_watch_free().
 *
 * Threads: one thread at a time.
 */
typedef struct macvlan_watch macvlan_watch;

/**
 * Waits for the next event. Waits for at most `milliseconds`; without a limit if that is negative.
 * `event` is NULL, and the function returns 0, if there was none in that time. The caller frees
 * the event with macvlan_event_free().
 */
int macvlan_watch_next(struct macvlan_watch *watch,
                       int milliseconds,
                       struct macvlan_event **event,
                       struct macvlan_error **error);

/**
 * Sets a cancellation that ends waits: macvlan_watch_next() then returns -EINTR.
 */
int macvlan_watch_set_cancellation(struct macvlan_watch *watch,
                                   const struct macvlan_cancellation *cancellation,
                                   struct macvlan_error **error);

/**
 * Returns a descriptor for poll(2) that is readable when there may be an event. It stays the
 * watch's. Events can come together: call macvlan_watch_next() with 0 milliseconds until it gives
 * none. -1 if the watch is invalid.
 */
int macvlan_watch_fd(const struct macvlan_watch *watch);

/**
 * Ends a watch; does nothing to NULL.
 */
void macvlan_watch_free(struct macvlan_watch *watch);

/**
 * Returns the kind of the event: one of enum macvlan_event_kinds.
 */
int macvlan_event_kind(const struct macvlan_event *event);

/**
 * Returns the event's link, which belongs to the event; NULL if it has none.
 */
const struct macvlan_link_info *macvlan_event_link(const struct macvlan_event *event);

/**
 * Returns the event's address, which belongs to the event; NULL if it has none.
 */
const struct macvlan_address_info *macvlan_event_address(const struct macvlan_event *event);

/**
 * Returns the event's route, which belongs to the event; NULL if it has none.
 */
const struct macvlan_route_info *macvlan_event_route(const struct macvlan_event *event);

/**
 * Frees an event. NULL is ignored.
 */
void macvlan_event_free(struct macvlan_event *event);

/* ------------------------------------------------------------------------------------------------
 * 10. Handles: the commands of ip in one namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * The description of a link, for macvlan_handle_add_link(): a value, made without any system call.
 * Freed with macvlan_link_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_link macvlan_link;

/**
 * Writes the text for a link's index: "#7", up to 11 characters and a zero byte. Every argument
 * for a link's name accepts it. Returns the text, or NULL if that is NULL.
 */
const char *macvlan_link_text(uint32_t index, char text[16]);

/**
 * Describes a macvlan, like `ip link add link PARENT name NAME type macvlan mode ...`. The options
 * are copied. The caller frees it with macvlan_link_free().
 */
int macvlan_link_new_macvlan(const char *name,
                             const char *parent,
                             const struct macvlan_options *options,
                             struct macvlan_link **link,
                             struct macvlan_error **error);

/**
 * Describes a macvtap, like `ip link add link PARENT name NAME type macvtap mode ...`. The options
 * are copied. The caller frees it with macvlan_link_free().
 */
int macvlan_link_new_macvtap(const char *name,
                             const char *parent,
                             const struct macvlan_options *options,
                             struct macvlan_link **link,
                             struct macvlan_error **error);

/**
 * Describes a VLAN, like `ip link add link PARENT name NAME type vlan id ...`. The options are
 * copied. The caller frees it with macvlan_link_free().
 */
int macvlan_link_new_vlan(const char *name,
                          const char *parent,
                          const struct macvlan_vlan *vlan,
                          struct macvlan_link **link,
                          struct macvlan_error **error);

/**
 * Describes a veth pair, like `ip link add NAME type veth peer name PEER [netns ...]`. If
 * `peer_netns` is NULL, the peer is created in the link's namespace. The caller frees it with
 * macvlan_link_free().
 */
int macvlan_link_new_veth(const char *name,
                          const char *peer,
                          const struct macvlan_netns *peer_netns,
                          struct macvlan_link **link,
                          struct macvlan_error **error);

/**
 * Describes a dummy link, like `ip link add NAME type dummy`. The caller frees it with
 * macvlan_link_free().
 */
int macvlan_link_new_dummy(const char *name,
                           struct macvlan_link **link,
                           struct macvlan_error **error);

/**
 * Describes a bridge, like `ip link add NAME type bridge`. The caller frees it with
 * macvlan_link_free().
 */
int macvlan_link_new_bridge(const char *name,
                            struct macvlan_link **link,
                            struct macvlan_error **error);

/**
 * Sets the index. By default the kernel chooses it.
 */
int macvlan_link_set_index(struct macvlan_link *link, uint32_t index, struct macvlan_error **error);

/**
 * Sets the MAC address. By default the kernel chooses it: random, or the parent's for passthru and
 * VLANs.
 */
int macvlan_link_set_mac(struct macvlan_link *link,
                         const uint8_t mac[6],
                         struct macvlan_error **error);

/**
 * Sets the MTU in bytes. Defaults to the parent's.
 */
int macvlan_link_set_mtu(struct macvlan_link *link, uint32_t mtu, struct macvlan_error **error);

/**
 * Sets whether the link is created up. Defaults to false.
 */
int macvlan_link_set_up(struct macvlan_link *link, bool up, struct macvlan_error **error);

/**
 * Sets whether the link is created promiscuous. Defaults to false.
 */
int macvlan_link_set_promisc(struct macvlan_link *link, bool promisc, struct macvlan_error **error);

/**
 * Sets the link group. Defaults to 0, the default group.
 */
int macvlan_link_set_group(struct macvlan_link *link, uint32_t group, struct macvlan_error **error);

/**
 * Sets the length of the transmit queue in packets. Defaults to that of the kind.
 */
int macvlan_link_set_tx_queue_len(struct macvlan_link *link,
                                  uint32_t packets,
                                  struct macvlan_error **error);

/**
 * Sets the number of transmit and receive queues. Defaults to those of the kind (the parent's for
 * macvlan).
 */
int macvlan_link_set_queues(struct macvlan_link *link,
                            uint32_t transmit,
                            uint32_t receive,
                            struct macvlan_error **error);

/**
 * Sets the namespace in which the link is created. Defaults to the handle's. The parent is in the
 * handle's namespace in either case. The link keeps the namespace open until it is freed.
 */
int macvlan_link_set_netns(struct macvlan_link *link,
                           const struct macvlan_netns *netns,
                           struct macvlan_error **error);

/**
 * Frees the description of a link. NULL is ignored. Created links stay.
 */
void macvlan_link_free(struct macvlan_link *link);

/**
 * A guard that holds a link promiscuous, from macvlan_handle_hold_promisc(). Freed with
 * macvlan_promisc_free().
 *
 * The kernel counts the holders, and one less when the guard is freed or its process ends, even by
 * SIGKILL.
 *
 * Threads: immutable, so any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_promisc macvlan_promisc;

/**
 * Returns the socket that holds the link promiscuous. It stays the guard's. A process that
 * inherits or receives it (SCM_RIGHTS) holds the link promiscuous as well. -1 if the guard is
 * invalid.
 */
int macvlan_promisc_fd(const struct macvlan_promisc *promisc);

/**
 * Releases the link. NULL is ignored.
 */
void macvlan_promisc_free(struct macvlan_promisc *promisc);

/**
 * The links, addresses and routes of one network namespace. Each function corresponds to a command
 * of `ip`, which its comment names. Freed with macvlan_handle_free().
 *
 * Links are given by name ("eth0"), by alternative name, or by "#" and the index, which
 * macvlan_link_text() writes.
 *
 * Threads: any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_handle macvlan_handle;

/**
 * Opens a handle on the calling thread's network namespace. The caller frees it with
 * macvlan_handle_free().
 */
int macvlan_handle_open(struct macvlan_handle **handle, struct macvlan_error **error);

/**
 * Opens a handle on a namespace. The caller frees it with macvlan_handle_free().
 */
int macvlan_handle_open_in_netns(const struct macvlan_netns *netns,
                                 struct macvlan_handle **handle,
                                 struct macvlan_error **error);

/**
 * Makes a handle on the namespace itself, which the caller frees with macvlan_netns_free().
 */
int macvlan_handle_netns(const struct macvlan_handle *handle,
                         struct macvlan_netns **netns,
                         struct macvlan_error **error);

/**
 * Holds a link promiscuous until the guard is freed with macvlan_promisc_free(), or the process
 * ends. The kernel counts the holders, so others are not affected.
 */
int macvlan_handle_hold_promisc(const struct macvlan_handle *handle,
                                const char *link,
                                struct macvlan_promisc **promisc,
                                struct macvlan_error **error);

/**
 * Watches links, addresses and routes from now on, like `ip monitor link address route`. The
 * caller frees the watch with macvlan_watch_free().
 */
int macvlan_handle_watch(const struct macvlan_handle *handle,
                         struct macvlan_watch **watch,
                         struct macvlan_error **error);

/**
 * Frees a handle. NULL is ignored.
 */
void macvlan_handle_free(struct macvlan_handle *handle);

/**
 * Creates a link, like `ip link add`.
 */
int macvlan_handle_add_link(const struct macvlan_handle *handle,
                            const struct macvlan_link *link,
                            struct macvlan_error **error);

/**
 * Deletes a link, like `ip link delete`. Returns when the kernel has finished, after about 16 ms.
 */
int macvlan_handle_delete_link(const struct macvlan_handle *handle,
                               const char *link,
                               struct macvlan_error **error);

/**
 * Reads a link, like `ip -d link show dev LINK`. The caller frees it with
 * macvlan_link_info_free().
 */
int macvlan_handle_link(const struct macvlan_handle *handle,
                        const char *link,
                        struct macvlan_link_info **info,
                        struct macvlan_error **error);

/**
 * Lists links, like `ip -d link show [type KIND] [master LINK]`; all if the filter is NULL. The
 * caller frees the list with macvlan_link_list_free().
 */
int macvlan_handle_links(const struct macvlan_handle *handle,
                         const struct macvlan_link_filter *filter,
                         struct macvlan_link_list **links,
                         struct macvlan_error **error);

/**
 * Sets a link up, like `ip link set dev LINK up`.
 */
int macvlan_handle_set_up(const struct macvlan_handle *handle,
                          const char *link,
                          struct macvlan_error **error);

/**
 * Sets a link down, like `ip link set dev LINK down`. The kernel takes about 14 ms for it.
 */
int macvlan_handle_set_down(const struct macvlan_handle *handle,
                            const char *link,
                            struct macvlan_error **error);

/**
 * Renames a link, like `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the
 * link is up.
 */
int macvlan_handle_rename(const struct macvlan_handle *handle,
                          const char *link,
                          const char *name,
                          struct macvlan_error **error);

/**
 * Sets a link's MAC address, like `ip link set dev LINK address MAC`.
 */
int macvlan_handle_set_mac(const struct macvlan_handle *handle,
                           const char *link,
                           const uint8_t mac[6],
                           struct macvlan_error **error);

/**
 * Sets a link's MTU in bytes, like `ip link set dev LINK mtu BYTES`.
 */
int macvlan_handle_set_mtu(const struct macvlan_handle *handle,
                           const char *link,
                           uint32_t mtu,
                           struct macvlan_error **error);

/**
 * Sets a link's promisc flag, like `ip link set dev LINK promisc on|off`. The flag has no owners;
 * see macvlan_handle_hold_promisc().
 */
int macvlan_handle_set_promisc(const struct macvlan_handle *handle,
                               const char *link,
                               bool on,
                               struct macvlan_error **error);

/**
 * Sets a link's allmulti flag, like `ip link set dev LINK allmulticast on|off`.
 */
int macvlan_handle_set_allmulticast(const struct macvlan_handle *handle,
                                    const char *link,
                                    bool on,
                                    struct macvlan_error **error);

/**
 * Sets a link's alias, like `ip link set dev LINK alias TEXT`. An empty text removes it.
 */
int macvlan_handle_set_alias(const struct macvlan_handle *handle,
                             const char *link,
                             const char *alias,
                             struct macvlan_error **error);

/**
 * Sets a link's group, like `ip link set dev LINK group NUMBER`.
 */
int macvlan_handle_set_group(const struct macvlan_handle *handle,
                             const char *link,
                             uint32_t group,
                             struct macvlan_error **error);

/**
 * Sets the length of a link's transmit queue in packets, like `ip link set dev LINK txqueuelen
 * PACKETS`.
 */
int macvlan_handle_set_tx_queue_len(const struct macvlan_handle *handle,
                                    const char *link,
                                    uint32_t packets,
                                    struct macvlan_error **error);

/**
 * Sets how a link's IPv6 link-local address is made, like `ip link set dev LINK addrgenmode MODE`.
 * It applies when the link next comes up; an existing address stays.
 */
int macvlan_handle_set_addr_gen_mode(const struct macvlan_handle *handle,
                                     const char *link,
                                     enum in6_addr_gen_mode mode,
                                     struct macvlan_error **error);

/**
 * Adds an alternative name of up to 127 bytes to a link, like `ip link property add dev LINK
 * altname NAME` (Linux 5.5 and later).
 */
int macvlan_handle_add_alternative_name(const struct macvlan_handle *handle,
                                        const char *link,
                                        const char *name,
                                        struct macvlan_error **error);

/**
 * Deletes an alternative name of a link, like `ip link property delete dev LINK altname NAME`.
 */
int macvlan_handle_delete_alternative_name(const struct macvlan_handle *handle,
                                           const char *link,
                                           const char *name,
                                           struct macvlan_error **error);

/**
 * Changes a macvlan or macvtap, like `ip link set dev LINK type macvlan ...`: mode, flags, queue,
 * list of source MAC addresses.
 */
int macvlan_handle_set_macvlan(const struct macvlan_handle *handle,
                               const char *link,
                               const struct macvlan_change *change,
                               struct macvlan_error **error);

/**
 * Changes a VLAN, like `ip link set dev LINK type vlan ...`: the flags and QoS mappings that are
 * set. Id and protocol cannot be changed and are ignored.
 */
int macvlan_handle_set_vlan(const struct macvlan_handle *handle,
                            const char *link,
                            const struct macvlan_vlan *vlan,
                            struct macvlan_error **error);

/**
 * Moves a link to another namespace, like `ip link set dev LINK netns ... [name NAME]`. It keeps
 * its name if `name` is NULL.
 *
 * It loses its addresses and routes and is down afterwards, and the kernel takes about 16 ms for
 * it; creating it there (macvlan_link_set_netns()) takes a hundredth of that.
 */
int macvlan_handle_move_link(const struct macvlan_handle *handle,
                             const char *link,
                             const struct macvlan_netns *netns,
                             const char *name,
                             struct macvlan_error **error);

/**
 * Adds an address to a link, like `ip address add ADDRESS dev LINK`: "10.0.0.2/24", "fd00::2/64
 * nodad".
 */
int macvlan_handle_add_address(const struct macvlan_handle *handle,
                               const char *link,
                               const char *address,
                               struct macvlan_error **error);

/**
 * Adds an address to a link or updates an existing one, like `ip address replace ADDRESS dev
 * LINK`.
 */
int macvlan_handle_replace_address(const struct macvlan_handle *handle,
                                   const char *link,
                                   const char *address,
                                   struct macvlan_error **error);

/**
 * Deletes an address from a link, like `ip address delete ADDRESS dev LINK`.
 */
int macvlan_handle_delete_address(const struct macvlan_handle *handle,
                                  const char *link,
                                  const char *address,
                                  struct macvlan_error **error);

/**
 * Lists addresses, like `ip [-4|-6] address show [dev LINK]`; all if the filter is NULL. The
 * caller frees the list with macvlan_address_list_free().
 */
int macvlan_handle_addresses(const struct macvlan_handle *handle,
                             const struct macvlan_address_filter *filter,
                             struct macvlan_address_list **addresses,
                             struct macvlan_error **error);

/**
 * Writes whether an address is local, which means that a link of the namespace has it: whether the
 * kernel answers "local" to `ip route get ADDRESS`.
 */
int macvlan_handle_is_local(const struct macvlan_handle *handle,
                            const char *address,
                            bool *is,
                            struct macvlan_error **error);

/**
 * Lists neighbour entries, like `ip [-4|-6] neighbour show [dev LINK]`; all if the filter is NULL.
 * The caller frees the list with macvlan_neighbour_list_free().
 */
int macvlan_handle_neighbours(const struct macvlan_handle *handle,
                              const struct macvlan_neighbour_filter *filter,
                              struct macvlan_neighbour_list **neighbours,
                              struct macvlan_error **error);

/**
 * Adds a route, like `ip route add`: "default via 10.0.0.1", "10.1.0.0/16 via 10.0.0.2 dev eth0
 * metric 100 onlink", "blackhole fd00:1::/32 table 7".
 */
int macvlan_handle_add_route(const struct macvlan_handle *handle,
                             const char *route,
                             struct macvlan_error **error);

/**
 * Adds a route, or replaces the one to the same destination with the same metric in the same
 * table, like `ip route replace`.
 */
int macvlan_handle_replace_route(const struct macvlan_handle *handle,
                                 const char *route,
                                 struct macvlan_error **error);

/**
 * Deletes the first route that matches, like `ip route delete`.
 */
int macvlan_handle_delete_route(const struct macvlan_handle *handle,
                                const char *route,
                                struct macvlan_error **error);

/**
 * Lists routes, like `ip [-4|-6] route show [table TABLE] [dev LINK] [type TYPE] [proto
 * PROTOCOL]`; those of all tables if the filter is NULL. The local and broadcast routes that the
 * kernel adds for each address are left out. The caller frees the list with
 * macvlan_route_list_free().
 */
int macvlan_handle_routes(const struct macvlan_handle *handle,
                          const struct macvlan_route_filter *filter,
                          struct macvlan_route_list **routes,
                          struct macvlan_error **error);

/**
 * Adds a policy rule, like `ip rule add`: "from 10.0.0.2/32 table 100", "from all to fd00::/64
 * table 100 priority 500".
 */
int macvlan_handle_add_rule(const struct macvlan_handle *handle,
                            const char *rule,
                            struct macvlan_error **error);

/**
 * Deletes the first policy rule that matches, like `ip rule delete`.
 */
int macvlan_handle_delete_rule(const struct macvlan_handle *handle,
                               const char *rule,
                               struct macvlan_error **error);

/**
 * Lists the policy rules of both families that select a table, like `ip rule show`. The caller
 * frees the list with macvlan_rule_list_free().
 */
int macvlan_handle_rules(const struct macvlan_handle *handle,
                         struct macvlan_rule_list **rules,
                         struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 11. Probing and announcing addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * The settings of probes of addresses on the network before they are used: a value, for
 * macvlan_endpoint_set_probe() and macvlan_host_probe_addresses(). Freed with
 * macvlan_probe_free().
 *
 * IPv4 addresses are probed with ARP probes (RFC 5227), which do not change neighbour tables. IPv6
 * addresses are checked by the kernel's duplicate address detection, whose result is awaited.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_probe macvlan_probe;

/**
 * Makes a probe as in RFC 5227: three requests, 4 to 7 seconds in total. The caller frees it with
 * macvlan_probe_free().
 */
int macvlan_probe_rfc(struct macvlan_probe **probe, struct macvlan_error **error);

/**
 * Makes a probe of three requests within a quarter of a second. On a LAN, hosts answer within a
 * few milliseconds. The caller frees it with macvlan_probe_free().
 */
int macvlan_probe_quick(struct macvlan_probe **probe, struct macvlan_error **error);

/**
 * Sets the number of requests for each address (PROBE_NUM), at least 1.
 */
int macvlan_probe_set_count(struct macvlan_probe *probe,
                            uint32_t count,
                            struct macvlan_error **error);

/**
 * Sets the maximum random delay before the first request, in milliseconds (PROBE_WAIT).
 */
int macvlan_probe_set_start(struct macvlan_probe *probe,
                            uint32_t milliseconds,
                            struct macvlan_error **error);

/**
 * Sets the minimum time between requests, in milliseconds (PROBE_MIN).
 */
int macvlan_probe_set_interval(struct macvlan_probe *probe,
                               uint32_t milliseconds,
                               struct macvlan_error **error);

/**
 * Sets the maximum random addition to that time, in milliseconds (PROBE_MAX less PROBE_MIN).
 */
int macvlan_probe_set_jitter(struct macvlan_probe *probe,
                             uint32_t milliseconds,
                             struct macvlan_error **error);

/**
 * Sets how long to wait for an answer to the last request, in milliseconds (ANNOUNCE_WAIT).
 */
int macvlan_probe_set_wait(struct macvlan_probe *probe,
                           uint32_t milliseconds,
                           struct macvlan_error **error);

/**
 * Sets how long to wait for the kernel's duplicate address detection of IPv6 addresses, in
 * milliseconds. It usually takes one to two seconds. Defaults to 5000.
 */
int macvlan_probe_set_deadline(struct macvlan_probe *probe,
                               uint32_t milliseconds,
                               struct macvlan_error **error);

/**
 * Returns the number of requests for each address; 0 if the probe is invalid.
 */
uint32_t macvlan_probe_count(const struct macvlan_probe *probe);

/**
 * Returns the maximum random delay before the first request, in milliseconds; 0 if the probe is
 * invalid.
 */
uint32_t macvlan_probe_start(const struct macvlan_probe *probe);

/**
 * Returns the minimum time between requests, in milliseconds; 0 if the probe is invalid.
 */
uint32_t macvlan_probe_interval(const struct macvlan_probe *probe);

/**
 * Returns the maximum random addition to that time, in milliseconds; 0 if the probe is invalid.
 */
uint32_t macvlan_probe_jitter(const struct macvlan_probe *probe);

/**
 * Returns how long to wait for an answer to the last request, in milliseconds; 0 if the probe is
 * invalid.
 */
uint32_t macvlan_probe_wait(const struct macvlan_probe *probe);

/**
 * Returns how long to wait for the kernel's duplicate address detection, in milliseconds; 0 if the
 * probe is invalid.
 */
uint32_t macvlan_probe_deadline(const struct macvlan_probe *probe);

/**
 * Returns the maximum duration of a probe of IPv4 addresses without an answer, in milliseconds; 0
 * if the probe is invalid.
 */
uint32_t macvlan_probe_longest(const struct macvlan_probe *probe);

/**
 * Frees a probe. NULL is ignored. Endpoints that it was set on have a copy.
 */
void macvlan_probe_free(struct macvlan_probe *probe);

/**
 * The settings of announcements of addresses to the neighbours: a value, for
 * macvlan_endpoint_set_announce() and macvlan_attachment_announce(). They are sent as gratuitous
 * ARP and unsolicited neighbour advertisements. Freed with macvlan_announce_free().
 *
 * A neighbour that has an entry for a previous holder of the address then updates it at once,
 * instead of when it expires, which takes up to half an hour.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_announce macvlan_announce;

/**
 * Makes announcements that are sent once, by the kernel when it starts to use the address. This is
 * enough on a LAN without frame loss. The caller frees it with macvlan_announce_free().
 */
int macvlan_announce_once(struct macvlan_announce **announce, struct macvlan_error **error);

/**
 * Makes announcements as in RFC 5227: two, two seconds apart. The caller frees it with
 * macvlan_announce_free().
 */
int macvlan_announce_rfc(struct macvlan_announce **announce, struct macvlan_error **error);

/**
 * Sets the number of announcements (ANNOUNCE_NUM), at least 1.
 */
int macvlan_announce_set_count(struct macvlan_announce *announce,
                               uint32_t count,
                               struct macvlan_error **error);

/**
 * Sets the time between announcements in milliseconds (ANNOUNCE_INTERVAL).
 */
int macvlan_announce_set_interval(struct macvlan_announce *announce,
                                  uint32_t milliseconds,
                                  struct macvlan_error **error);

/**
 * Sets whether attach waits until all announcements are sent. Defaults to false.
 *
 * Attach then sends only the first one, and macvlan_announcement_run(), on a thread of the
 * caller's choice, sends the others: the library starts none.
 */
int macvlan_announce_set_blocking(struct macvlan_announce *announce,
                                  bool blocking,
                                  struct macvlan_error **error);

/**
 * Returns the number of announcements; 0 if the object is invalid.
 */
uint32_t macvlan_announce_count(const struct macvlan_announce *announce);

/**
 * Returns the time between announcements in milliseconds.
 */
uint32_t macvlan_announce_interval(const struct macvlan_announce *announce);

/**
 * Returns whether attach waits until all announcements are sent.
 */
bool macvlan_announce_is_blocking(const struct macvlan_announce *announce);

/**
 * Frees it. NULL is ignored. Endpoints that it was set on have a copy.
 */
void macvlan_announce_free(struct macvlan_announce *announce);

/* ------------------------------------------------------------------------------------------------
 * 12. Endpoints: what a container interface should be
 * ------------------------------------------------------------------------------------------------ */

/**
 * The steps of an attach of an endpoint, from macvlan_endpoint_plan(). Freed with
 * macvlan_plan_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_plan macvlan_plan;

/**
 * Returns the equivalent `ip` commands, one on each line, each ended by a newline. The text
 * belongs to the plan. NULL if the plan is invalid.
 */
const char *macvlan_plan_text(const struct macvlan_plan *plan);

/**
 * Frees a plan. NULL is ignored.
 */
void macvlan_plan_free(struct macvlan_plan *plan);

/**
 * The description of a container interface: a value, made without any system call.
 * macvlan_host_attach() creates the interface in a container's namespace. Freed with
 * macvlan_endpoint_free().
 *
 * Threads: concurrent reads and attaches are safe; a change needs exclusive access.
 */
typedef struct macvlan_endpoint macvlan_endpoint;

/**
 * Makes an endpoint: a macvlan in mode bridge, called `name` in the container.
 *
 * The parent is a link on the host: its name ("ens33"), or "#" and its index ("#7"). A name in
 * VLAN notation, "ens33.100", is the link with this name if it exists; otherwise it is VLAN 100 of
 * ens33, which is created for the first endpoint and removed with the last one. "eth0.20.200" is
 * VLAN 200 of VLAN 20 of eth0. A macvlan_parent has more options.
 *
 * The caller frees the endpoint with macvlan_endpoint_free().
 */
int macvlan_endpoint_new(const char *name,
                         const char *parent,
                         struct macvlan_endpoint **endpoint,
                         struct macvlan_error **error);

/**
 * Makes an endpoint like macvlan_endpoint_new(), on a parent that is an object and is copied.
 */
int macvlan_endpoint_new_on(const char *name,
                            const struct macvlan_parent *parent,
                            struct macvlan_endpoint **endpoint,
                            struct macvlan_error **error);

/**
 * Makes an endpoint: a macvtap in mode bridge, for a VM monitor in the container. See
 * macvlan_attachment_open_tap(). The arguments are as in macvlan_endpoint_new().
 *
 * The caller frees the endpoint with macvlan_endpoint_free().
 */
int macvlan_endpoint_new_macvtap(const char *name,
                                 const char *parent,
                                 struct macvlan_endpoint **endpoint,
                                 struct macvlan_error **error);

/**
 * Makes an endpoint like macvlan_endpoint_new_macvtap(), on a parent that is an object and is
 * copied.
 */
int macvlan_endpoint_new_macvtap_on(const char *name,
                                    const struct macvlan_parent *parent,
                                    struct macvlan_endpoint **endpoint,
                                    struct macvlan_error **error);

/**
 * Makes an endpoint that is a VLAN of the parent, without a macvlan. The VLAN's options are
 * copied; the other arguments are as in macvlan_endpoint_new().
 *
 * It has the parent's MAC address by default. A parent that was made on demand is then never
 * removed, because the kernel does not show whether such a VLAN still exists.
 *
 * The caller frees the endpoint with macvlan_endpoint_free().
 */
int macvlan_endpoint_new_vlan(const char *name,
                              const char *parent,
                              const struct macvlan_vlan *vlan,
                              struct macvlan_endpoint **endpoint,
                              struct macvlan_error **error);

/**
 * Makes an endpoint like macvlan_endpoint_new_vlan(), on a parent that is an object and is copied.
 */
int macvlan_endpoint_new_vlan_on(const char *name,
                                 const struct macvlan_parent *parent,
                                 const struct macvlan_vlan *vlan,
                                 struct macvlan_endpoint **endpoint,
                                 struct macvlan_error **error);

/**
 * Makes a copy, which the caller frees with macvlan_endpoint_free(); changes do not affect the
 * other.
 */
int macvlan_endpoint_clone(const struct macvlan_endpoint *endpoint,
                           struct macvlan_endpoint **clone,
                           struct macvlan_error **error);

/**
 * Makes the plan of an attach. Validates the endpoint without any system call. The caller frees
 * the plan with macvlan_plan_free().
 */
int macvlan_endpoint_plan(const struct macvlan_endpoint *endpoint,
                          struct macvlan_plan **plan,
                          struct macvlan_error **error);

/**
 * Returns the name in the container. This and all other texts belong to the endpoint, until it is
 * changed or freed. NULL if the endpoint is invalid.
 */
const char *macvlan_endpoint_name(const struct macvlan_endpoint *endpoint);

/**
 * Returns the parent on the host, as text. NULL if the endpoint is invalid.
 */
const char *macvlan_endpoint_parent(const struct macvlan_endpoint *endpoint);

/**
 * Makes a copy of the parent, which the caller frees with macvlan_parent_free().
 */
int macvlan_endpoint_parent_object(const struct macvlan_endpoint *endpoint,
                                   struct macvlan_parent **parent,
                                   struct macvlan_error **error);

/**
 * Returns the kernel's name for the kind of link: "macvlan", "macvtap" or "vlan". NULL if the
 * endpoint is invalid.
 */
const char *macvlan_endpoint_kind(const struct macvlan_endpoint *endpoint);

/**
 * Makes a copy of the options of a macvlan or macvtap, which the caller frees with
 * macvlan_options_free(). Fails with -EINVAL for a VLAN.
 */
int macvlan_endpoint_options(const struct macvlan_endpoint *endpoint,
                             struct macvlan_options **options,
                             struct macvlan_error **error);

/**
 * Makes a copy of the options of a VLAN, which the caller frees with macvlan_vlan_free(). Fails
 * with -EINVAL for other kinds.
 */
int macvlan_endpoint_vlan(const struct macvlan_endpoint *endpoint,
                          struct macvlan_vlan **vlan,
                          struct macvlan_error **error);

/**
 * Frees an endpoint. NULL is ignored. Attached interfaces stay.
 */
void macvlan_endpoint_free(struct macvlan_endpoint *endpoint);

/**
 * The protocol number of the endpoint's policy rules, and of those routes that the kernel does not
 * delete with the link (RTA_PROTOCOL, FRA_PROTOCOL).
 */
#define MACVLAN_ENDPOINT_PROTOCOL 109

/**
 * The priority of the rules of macvlan_endpoint_set_source_routing().
 */
#define MACVLAN_ENDPOINT_RULE_PRIORITY 30000

/**
 * Sets the macvlan mode. Defaults to MACVLAN_MODE_BRIDGE. Keeps the other options. For macvlan and
 * macvtap.
 */
int macvlan_endpoint_set_mode(struct macvlan_endpoint *endpoint,
                              enum macvlan_mode mode,
                              struct macvlan_error **error);

/**
 * Sets all options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue.
 * They are copied.
 */
int macvlan_endpoint_set_options(struct macvlan_endpoint *endpoint,
                                 const struct macvlan_options *options,
                                 struct macvlan_error **error);

/**
 * Sets whether mode passthru leaves the parent as promiscuous as it is; see
 * macvlan_options_set_nopromisc().
 */
int macvlan_endpoint_set_nopromisc(struct macvlan_endpoint *endpoint,
                                   bool nopromisc,
                                   struct macvlan_error **error);

/**
 * Sets whether mode source checks only source addresses; see macvlan_options_set_nodst().
 */
int macvlan_endpoint_set_nodst(struct macvlan_endpoint *endpoint,
                               bool nodst,
                               struct macvlan_error **error);

/**
 * Adds a MAC address from which frames are accepted in mode source.
 */
int macvlan_endpoint_add_source_mac(struct macvlan_endpoint *endpoint,
                                    const uint8_t mac[6],
                                    struct macvlan_error **error);

/**
 * Sets the broadcast queue's length in frames; see macvlan_options_set_bc_queue_len().
 */
int macvlan_endpoint_set_bc_queue_len(struct macvlan_endpoint *endpoint,
                                      uint32_t frames,
                                      struct macvlan_error **error);

/**
 * Sets the broadcast cutoff, which applies to all links on the parent; see
 * macvlan_options_set_bc_cutoff().
 */
int macvlan_endpoint_set_bc_cutoff(struct macvlan_endpoint *endpoint,
                                   int32_t siblings,
                                   struct macvlan_error **error);

/**
 * Sets the MAC address.
 *
 * Defaults to the parent's in mode passthru and for a VLAN, otherwise to a random one. In mode
 * passthru, a MAC address set here becomes the parent's while the link exists.
 */
int macvlan_endpoint_set_mac(struct macvlan_endpoint *endpoint,
                             const uint8_t mac[6],
                             struct macvlan_error **error);

/**
 * Sets the MTU in bytes, at most the parent's. Defaults to the parent's.
 */
int macvlan_endpoint_set_mtu(struct macvlan_endpoint *endpoint,
                             uint32_t mtu,
                             struct macvlan_error **error);

/**
 * Adds an address with its prefix length, in the format of `ip address add`: "172.16.213.180/16",
 * "fd00::2/64 nodad", "fd00::2/64 optimistic". An IPv4 address gets its broadcast address.
 */
int macvlan_endpoint_add_address(struct macvlan_endpoint *endpoint,
                                 const char *address,
                                 struct macvlan_error **error);

/**
 * Adds an address and its gateway, if it has one, in pipework's notation:
 * "172.16.104.10/24@172.16.104.1".
 */
int macvlan_endpoint_add_assignment(struct macvlan_endpoint *endpoint,
                                    const char *assignment,
                                    struct macvlan_error **error);

/**
 * Adds a default route via a gateway, "172.16.213.2"; at most one per address family.
 */
int macvlan_endpoint_add_gateway(struct macvlan_endpoint *endpoint,
                                 const char *gateway,
                                 struct macvlan_error **error);

/**
 * Sets whether gateways outside all subnets are assumed to be on the link (onlink). Defaults to
 * false: the kernel then refuses them unless a route leads to them.
 */
int macvlan_endpoint_set_on_link_gateways(struct macvlan_endpoint *endpoint,
                                          bool on_link,
                                          struct macvlan_error **error);

/**
 * Adds a route, in the format of `ip route add`: "10.1.0.0/16 via 10.0.0.2 metric 100", "blackhole
 * fd00:1::/32". It is added after the addresses and the gateways' default routes, and leads
 * through the endpoint's link unless it names another one. Detach deletes it in either case.
 */
int macvlan_endpoint_add_route(struct macvlan_endpoint *endpoint,
                               const char *route,
                               struct macvlan_error **error);

/**
 * Sets a routing table for packets from the endpoint's addresses, which leave through the
 * endpoint, whatever the other routes are.
 *
 * The gateways' default routes are added to this table instead of main, with a route to each
 * subnet, and for each address a rule selects the table. A container in two networks thus answers
 * through the interface on which it was asked. Use a separate table for each network without the
 * default route, 1 to 252 or above 255.
 */
int macvlan_endpoint_set_source_routing(struct macvlan_endpoint *endpoint,
                                        uint32_t table,
                                        struct macvlan_error **error);

/**
 * Sets the metric of the gateways' default routes; routes with a lower one are preferred. Defaults
 * to the kernel's, 0 for IPv4 and 1024 for IPv6.
 */
int macvlan_endpoint_set_gateway_metric(struct macvlan_endpoint *endpoint,
                                        uint32_t metric,
                                        struct macvlan_error **error);

/**
 * Sets whether the link receives all multicast frames. The parent then receives them as well while
 * the link is up.
 *
 * By default it receives those of the groups that are joined on it, and a flag that is set in the
 * container is kept.
 */
int macvlan_endpoint_set_allmulticast(struct macvlan_endpoint *endpoint,
                                      bool on,
                                      struct macvlan_error **error);

/**
 * Sets whether the link is promiscuous. The parent is then promiscuous as well while the link is
 * up. Defaults to false.
 */
int macvlan_endpoint_set_promisc(struct macvlan_endpoint *endpoint,
                                 bool promisc,
                                 struct macvlan_error **error);

/**
 * Sets whether the container's lo is set up, which is down in a new namespace. Defaults to true.
 */
int macvlan_endpoint_set_lo_up(struct macvlan_endpoint *endpoint,
                               bool lo_up,
                               struct macvlan_error **error);

/**
 * Sets whether the container's default routes of the gateways' families in table main are
 * replaced, as with pipework. Defaults to false: attach then fails if one has the same metric. If
 * attach fails, they are restored.
 */
int macvlan_endpoint_set_replace_default_route(struct macvlan_endpoint *endpoint,
                                               bool replace,
                                               struct macvlan_error **error);

/**
 * Sets the alias that `ip link` shows, up to 255 bytes.
 */
int macvlan_endpoint_set_alias(struct macvlan_endpoint *endpoint,
                               const char *alias,
                               struct macvlan_error **error);

/**
 * Adds an alternative name of up to 127 bytes (Linux 5.5 and later).
 */
int macvlan_endpoint_add_alternative_name(struct macvlan_endpoint *endpoint,
                                          const char *name,
                                          struct macvlan_error **error);

/**
 * Sets the link group. Defaults to 0.
 */
int macvlan_endpoint_set_group(struct macvlan_endpoint *endpoint,
                               uint32_t group,
                               struct macvlan_error **error);

/**
 * Sets the length of the transmit queue in packets. By default the kernel chooses it.
 */
int macvlan_endpoint_set_tx_queue_len(struct macvlan_endpoint *endpoint,
                                      uint32_t packets,
                                      struct macvlan_error **error);

/**
 * Sets the number of transmit and receive queues. By default the kernel chooses them.
 */
int macvlan_endpoint_set_queues(struct macvlan_endpoint *endpoint,
                                uint32_t transmit,
                                uint32_t receive,
                                struct macvlan_error **error);

/**
 * Sets how the IPv6 link-local address is made; IN6_ADDR_GEN_MODE_NONE for none. Defaults to the
 * namespace's default.
 */
int macvlan_endpoint_set_addr_gen_mode(struct macvlan_endpoint *endpoint,
                                       enum in6_addr_gen_mode mode,
                                       struct macvlan_error **error);

/**
 * Sets whether router advertisements are accepted on the link: the values of the sysctl accept_ra,
 * 0 never, 1 unless the link forwards, 2 always. Defaults to the container's default.
 *
 * With 0 the container has only the endpoint's addresses and routes, apart from the link-local
 * address.
 */
int macvlan_endpoint_set_accept_ra(struct macvlan_endpoint *endpoint,
                                   int accept,
                                   struct macvlan_error **error);

/**
 * Sets whether addresses are configured from advertised prefixes (RFC 4862). Defaults to the
 * container's default.
 */
int macvlan_endpoint_set_autoconf(struct macvlan_endpoint *endpoint,
                                  bool on,
                                  struct macvlan_error **error);

/**
 * Sets whether IPv6 is disabled on the link. Defaults to the container's default; false enables
 * IPv6 even if the container has none.
 */
int macvlan_endpoint_set_disable_ipv6(struct macvlan_endpoint *endpoint,
                                      bool disable,
                                      struct macvlan_error **error);

/**
 * Sets how long to retry while another link on the parent has the MAC address, in milliseconds.
 * Defaults to 0.
 *
 * It is often that of a container that is being removed, which takes the kernel some tens of
 * milliseconds.
 */
int macvlan_endpoint_set_mac_conflict_timeout(struct macvlan_endpoint *endpoint,
                                              uint32_t milliseconds,
                                              struct macvlan_error **error);

/**
 * Sets how the addresses are probed on the network before they are used. By default they are not.
 * The probe is copied.
 *
 * The link is created and set up, all addresses are probed at the same time, and only then they
 * are added with the routes. If another host has one, everything is undone, and attach fails with
 * MACVLAN_ERROR_ADDRESS_IN_USE and the holder. The parent's own addresses count as well.
 */
int macvlan_endpoint_set_probe(struct macvlan_endpoint *endpoint,
                               const struct macvlan_probe *probe,
                               struct macvlan_error **error);

/**
 * Sets how the addresses are announced to the neighbours when they become usable. By default they
 * are not. The object is copied.
 *
 * The kernel sends the first announcement (sysctls arp_notify and ndisc_notify), and again
 * whenever the link comes up or its MAC address changes. This library sends those that the kernel
 * leaves out.
 */
int macvlan_endpoint_set_announce(struct macvlan_endpoint *endpoint,
                                  const struct macvlan_announce *announce,
                                  struct macvlan_error **error);

/**
 * Sets the rate limit for sent packets, in the format of tc: "10mbit", "512kbit", "1gbit",
 * "9600bit". By default there is none.
 *
 * Enforced by the kernel's token bucket filter (tbf); a kernel without it refuses the attach with
 * MACVLAN_ERROR_UNSUPPORTED. Received packets are not limited.
 */
int macvlan_endpoint_set_rate(struct macvlan_endpoint *endpoint,
                              const char *rate,
                              struct macvlan_error **error);

/**
 * Sets the rate limit for sent packets in bits per second, at least 8.
 */
int macvlan_endpoint_set_rate_bits(struct macvlan_endpoint *endpoint,
                                   uint64_t bits_per_second,
                                   struct macvlan_error **error);

/**
 * Writes the MAC address, and returns whether it was set; zeroes if not.
 */
bool macvlan_endpoint_mac(const struct macvlan_endpoint *endpoint, uint8_t mac[6]);

/**
 * Returns the MTU in bytes; 0 if it was not set.
 */
uint32_t macvlan_endpoint_mtu(const struct macvlan_endpoint *endpoint);

/**
 * Returns the number of addresses.
 */
size_t macvlan_endpoint_address_count(const struct macvlan_endpoint *endpoint);

/**
 * Returns one of the addresses, counted from 0, in the format of macvlan_endpoint_add_address().
 * NULL past the end.
 */
const char *macvlan_endpoint_address(const struct macvlan_endpoint *endpoint, size_t index);

/**
 * Returns the number of gateways.
 */
size_t macvlan_endpoint_gateway_count(const struct macvlan_endpoint *endpoint);

/**
 * Returns one of the gateways, counted from 0. NULL past the end.
 */
const char *macvlan_endpoint_gateway(const struct macvlan_endpoint *endpoint, size_t index);

/**
 * Returns the number of routes.
 */
size_t macvlan_endpoint_route_count(const struct macvlan_endpoint *endpoint);

/**
 * Returns one of the routes, counted from 0, without the gateways' default routes. NULL past the
 * end.
 */
const char *macvlan_endpoint_route(const struct macvlan_endpoint *endpoint, size_t index);

/**
 * Returns the number of alternative names.
 */
size_t macvlan_endpoint_alternative_name_count(const struct macvlan_endpoint *endpoint);

/**
 * Returns one of the alternative names, counted from 0. NULL past the end.
 */
const char *macvlan_endpoint_alternative_name(const struct macvlan_endpoint *endpoint,
                                              size_t index);

/**
 * Returns the alias; NULL if it was not set.
 */
const char *macvlan_endpoint_alias(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether gateways outside all subnets are assumed to be on the link.
 */
bool macvlan_endpoint_is_on_link_gateways(const struct macvlan_endpoint *endpoint);

/**
 * Writes the metric of the gateways' default routes, and returns whether it was set.
 */
bool macvlan_endpoint_gateway_metric(const struct macvlan_endpoint *endpoint, uint32_t *metric);

/**
 * Returns whether the link receives all multicast frames, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_allmulticast(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the link is promiscuous.
 */
bool macvlan_endpoint_is_promisc(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the container's lo is set up.
 */
bool macvlan_endpoint_is_lo_up(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the container's default routes are replaced.
 */
bool macvlan_endpoint_is_replace_default_route(const struct macvlan_endpoint *endpoint);

/**
 * Returns the table of the source routing; 0 if it was not set.
 */
uint32_t macvlan_endpoint_source_routing(const struct macvlan_endpoint *endpoint);

/**
 * Writes the group, and returns whether it was set.
 */
bool macvlan_endpoint_group(const struct macvlan_endpoint *endpoint, uint32_t *group);

/**
 * Writes the length of the transmit queue in packets, and returns whether it was set.
 */
bool macvlan_endpoint_tx_queue_len(const struct macvlan_endpoint *endpoint, uint32_t *packets);

/**
 * Writes the number of transmit and receive queues, and returns whether they were set.
 */
bool macvlan_endpoint_queues(const struct macvlan_endpoint *endpoint,
                             uint32_t *transmit,
                             uint32_t *receive);

/**
 * Returns how the IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 if it was
 * not set.
 */
int macvlan_endpoint_addr_gen_mode(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether router advertisements are accepted, a value of the sysctl accept_ra; -1 if it was not set.
 */
int macvlan_endpoint_accept_ra(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether addresses are configured from advertised prefixes, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_autoconf(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether IPv6 is disabled on the link, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_disable_ipv6(const struct macvlan_endpoint *endpoint);

/**
 * Returns how long to retry while another link has the MAC address, in milliseconds; 0 if it is
 * not retried.
 */
uint32_t macvlan_endpoint_mac_conflict_timeout(const struct macvlan_endpoint *endpoint);

/**
 * Makes a copy of the probe, which the caller frees with macvlan_probe_free(); NULL if addresses
 * are not probed.
 */
int macvlan_endpoint_probe(const struct macvlan_endpoint *endpoint,
                           struct macvlan_probe **probe,
                           struct macvlan_error **error);

/**
 * Makes a copy of the announcements, which the caller frees with macvlan_announce_free(); NULL if
 * addresses are not announced.
 */
int macvlan_endpoint_announce(const struct macvlan_endpoint *endpoint,
                              struct macvlan_announce **announce,
                              struct macvlan_error **error);

/**
 * Returns the rate limit for sent packets, in the format of macvlan_endpoint_set_rate(); NULL if
 * it was not set.
 */
const char *macvlan_endpoint_rate(const struct macvlan_endpoint *endpoint);

/**
 * Returns the rate limit in bits per second; 0 if it was not set.
 */
uint64_t macvlan_endpoint_rate_bits(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether an attach may have to wait, as for a probe, repeated announcements or a MAC
 * address in use. false if the endpoint is invalid.
 */
bool macvlan_endpoint_waits(const struct macvlan_endpoint *endpoint);

/* ------------------------------------------------------------------------------------------------
 * 13. Attachments: what a container interface is
 * ------------------------------------------------------------------------------------------------ */

/**
 * An attached endpoint: a container interface as it was set up. Freed with
 * macvlan_attachment_free(), unless it is a part of a list; this does not change the interface.
 *
 * Its getters return the values that were set, without asking the kernel;
 * macvlan_attachment_refresh() reads the current ones. It does not keep the container's namespace
 * in existence, so link and address disappear with the container.
 *
 * To detach, it finds the namespace by the macvlan_netns that was used to attach, until that is
 * freed, and then opens it again in the same way: by pid, pidfd, name or path. This succeeds only
 * for the same namespace. A namespace that was opened by a descriptor needs that handle, or
 * another one set with macvlan_attachment_set_netns().
 *
 * Threads: concurrent reads are safe; macvlan_attachment_refresh() and
 * macvlan_attachment_set_netns() need exclusive access.
 */
typedef struct macvlan_attachment macvlan_attachment;

/**
 * Attached endpoints, from macvlan_host_attachments() and macvlan_keeper_attachments(). Freed with
 * macvlan_attachment_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_attachment_list macvlan_attachment_list;

/**
 * Returns the link's name in the container. This and all other texts belong to the attachment,
 * until it is refreshed or freed. NULL if the attachment is invalid.
 */
const char *macvlan_attachment_name(const struct macvlan_attachment *attachment);

/**
 * Returns the kernel's name for the kind of link: "macvlan", "macvtap" or "vlan".
 */
const char *macvlan_attachment_kind(const struct macvlan_attachment *attachment);

/**
 * Returns the link's index in the container; 0 if the attachment is invalid.
 */
uint32_t macvlan_attachment_index(const struct macvlan_attachment *attachment);

/**
 * Writes the link's MAC address, including one that was chosen at random. Zeroes if the attachment
 * is invalid.
 */
void macvlan_attachment_mac(const struct macvlan_attachment *attachment, uint8_t mac[6]);

/**
 * Returns the link's MTU in bytes; 0 if it was not set and there was no
 * macvlan_attachment_refresh().
 */
uint32_t macvlan_attachment_mtu(const struct macvlan_attachment *attachment);

/**
 * Returns the parent on the host: its name, or "#" and its index.
 */
const char *macvlan_attachment_parent(const struct macvlan_attachment *attachment);

/**
 * Returns the parent's index on the host; 0 if the attachment is invalid.
 */
uint32_t macvlan_attachment_parent_index(const struct macvlan_attachment *attachment);

/**
 * Opens a handle on the container's namespace, which the caller frees with macvlan_netns_free().
 *
 * Fails with MACVLAN_ERROR_NAMESPACE_GONE if the namespace was opened in a way that no longer
 * leads to it, and with MACVLAN_ERROR_INVALID_VALUE if it was opened by a descriptor that is
 * closed.
 */
int macvlan_attachment_netns(const struct macvlan_attachment *attachment,
                             struct macvlan_netns **netns,
                             struct macvlan_error **error);

/**
 * Sets the handle by which the container's namespace is found, until that is freed. A handle on
 * another namespace is refused.
 */
int macvlan_attachment_set_netns(struct macvlan_attachment *attachment,
                                 const struct macvlan_netns *netns,
                                 struct macvlan_error **error);

/**
 * Writes the identity of the container's namespace, as macvlan_netns_id(). Both pointers can be
 * NULL.
 */
void macvlan_attachment_netns_id(const struct macvlan_attachment *attachment,
                                 uint64_t *device,
                                 uint64_t *inode);

/**
 * Returns the number of addresses of the link.
 */
size_t macvlan_attachment_address_count(const struct macvlan_attachment *attachment);

/**
 * Returns one of the addresses, counted from 0, in the format of macvlan_endpoint_add_address().
 * NULL past the end.
 */
const char *macvlan_attachment_address(const struct macvlan_attachment *attachment, size_t index);

/**
 * Returns the number of the endpoint's routes, including those that lead through other links.
 */
size_t macvlan_attachment_route_count(const struct macvlan_attachment *attachment);

/**
 * Returns one of the routes, counted from 0, in the format of macvlan_endpoint_add_route(). NULL
 * past the end.
 */
const char *macvlan_attachment_route(const struct macvlan_attachment *attachment, size_t index);

/**
 * Returns the number of the policy rules of macvlan_endpoint_set_source_routing().
 */
size_t macvlan_attachment_rule_count(const struct macvlan_attachment *attachment);

/**
 * Returns one of the policy rules, counted from 0: "from 10.0.0.2/32 table 100". NULL past the
 * end.
 */
const char *macvlan_attachment_rule(const struct macvlan_attachment *attachment, size_t index);

/**
 * Returns the device file of a macvtap, "/dev/tapN" with the link's index. NULL for other kinds.
 */
const char *macvlan_attachment_tap_path(const struct macvlan_attachment *attachment);

/**
 * Opens the device file of a macvtap for reading and writing, as for QEMU's `-netdev tap,fd=`.
 * Each call adds a queue.
 *
 * The caller closes the descriptor with close(2); it is close-on-exec.
 */
int macvlan_attachment_open_tap(const struct macvlan_attachment *attachment,
                                int *fd,
                                struct macvlan_error **error);

/**
 * Reads the current state from the kernel. This includes the name, the MAC address, the MTU, the
 * addresses, the routes through the link in all tables, including the connected ones, and the
 * rules for packets from its addresses. On a failure the attachment is unchanged.
 */
int macvlan_attachment_refresh(struct macvlan_attachment *attachment, struct macvlan_error **error);

/**
 * Makes a copy, which the caller frees with macvlan_attachment_free(); for example of a part, to
 * outlive its list.
 */
int macvlan_attachment_clone(const struct macvlan_attachment *attachment,
                             struct macvlan_attachment **clone,
                             struct macvlan_error **error);

/**
 * Frees an attachment. NULL and parts of a list are ignored. The interface stays.
 */
void macvlan_attachment_free(struct macvlan_attachment *attachment);

/**
 * Returns the number of attachments.
 */
size_t macvlan_attachment_list_count(const struct macvlan_attachment_list *list);

/**
 * Returns one of the attachments, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_attachment *macvlan_attachment_list_get(const struct macvlan_attachment_list *list,
                                                             size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_attachment_list_free(struct macvlan_attachment_list *list);

/**
 * Announcements of an attachment's addresses, to be sent by the caller: none is sent before
 * macvlan_announcement_run() or macvlan_announcement_send(). Freed with
 * macvlan_announcement_free().
 *
 * Threads: immutable, so any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_announcement macvlan_announcement;

/**
 * Makes announcements of an attachment's addresses. The caller frees them with
 * macvlan_announcement_free(). They do not refer to the attachment.
 */
int macvlan_attachment_announce(const struct macvlan_attachment *attachment,
                                const struct macvlan_announce *announce,
                                struct macvlan_announcement **announcement,
                                struct macvlan_error **error);

/**
 * Sends all announcements and returns after the last one. Ends early if the link no longer exists.
 *
 * `frames`, which can be NULL, is set to the number of frames sent.
 */
int macvlan_announcement_run(const struct macvlan_announcement *announcement,
                             size_t *frames,
                             struct macvlan_error **error);

/**
 * Announces each address once, now. Skips addresses that the link no longer has or that the kernel
 * is still checking.
 *
 * `frames` is as in macvlan_announcement_run().
 */
int macvlan_announcement_send(const struct macvlan_announcement *announcement,
                              size_t *frames,
                              struct macvlan_error **error);

/**
 * Frees it. NULL is ignored.
 */
void macvlan_announcement_free(struct macvlan_announcement *announcement);

/* ------------------------------------------------------------------------------------------------
 * 14. Hosts: attaching and detaching
 * ------------------------------------------------------------------------------------------------ */

/**
 * A session on the network namespace with the parent links, which attaches and detaches endpoints.
 * Open one and keep it. Freed with macvlan_host_free().
 *
 * Needs CAP_NET_ADMIN in the user namespaces that own the host's and the container's network
 * namespaces, and CAP_SYS_ADMIN to enter the container's.
 *
 * Threads: any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_host macvlan_host;

/**
 * Opens a session on the calling thread's network namespace. The caller frees it with
 * macvlan_host_free().
 */
int macvlan_host_open(struct macvlan_host **host, struct macvlan_error **error);

/**
 * Opens a session on a network namespace that has the parent links. The caller frees it with
 * macvlan_host_free().
 */
int macvlan_host_open_in_netns(const struct macvlan_netns *netns,
                               struct macvlan_host **host,
                               struct macvlan_error **error);

/**
 * Makes a host on the same namespace whose waits can be cancelled, which the caller frees with
 * macvlan_host_free(). `host` itself is not affected.
 *
 * Its functions return -EINTR if they are cancelled while they wait for a probe, duplicate address
 * detection, blocking announcements, a MAC address or container's namespace in use, or the events
 * of a keeper. An attach is undone completely.
 */
int macvlan_host_cancelled_by(const struct macvlan_host *host,
                              const struct macvlan_cancellation *cancellation,
                              struct macvlan_host **cancelled,
                              struct macvlan_error **error);

/**
 * Makes a handle on the namespace with the parent links, which the caller frees with
 * macvlan_netns_free().
 */
int macvlan_host_netns(const struct macvlan_host *host,
                       struct macvlan_netns **netns,
                       struct macvlan_error **error);

/**
 * Opens a handle on the host's namespace, for the operations of `ip`. The caller frees it with
 * macvlan_handle_free().
 */
int macvlan_host_handle(const struct macvlan_host *host,
                        struct macvlan_handle **handle,
                        struct macvlan_error **error);

/**
 * Attaches an endpoint to a container: creates its link, addresses and routes, or changes nothing.
 *
 * The link is created up, directly in the container's namespace, by one request; one more send
 * adds addresses and routes. If the kernel refuses any of this, the link is deleted again.
 *
 * The caller frees the attachment with macvlan_attachment_free(); it does not refer to the other
 * objects. The interface stays until it is detached or the container's namespace ends.
 */
int macvlan_host_attach(struct macvlan_host *host,
                        const struct macvlan_endpoint *endpoint,
                        const struct macvlan_netns *netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_error **error);

/**
 * Detaches an endpoint: deletes its link, addresses, routes and rules, including routes that do
 * not lead through the link.
 *
 * Also removes the parent, if that is an unused VLAN that was made on demand. Returns when the
 * kernel has finished, after about 16 ms. Succeeds if the link or the container no longer exists;
 * macvlan_host_detach_and_tell() distinguishes this. A failed detach can be repeated. The
 * attachment still has to be freed.
 */
int macvlan_host_detach(struct macvlan_host *host,
                        const struct macvlan_attachment *attachment,
                        struct macvlan_error **error);

/**
 * Detaches an endpoint like macvlan_host_detach(), and sets `was_there` to whether the interface
 * still existed.
 */
int macvlan_host_detach_and_tell(struct macvlan_host *host,
                                 const struct macvlan_attachment *attachment,
                                 bool *was_there,
                                 struct macvlan_error **error);

/**
 * Removes unused VLANs that were made on demand. They remain if a container ends without a detach.
 */
int macvlan_host_remove_unused_parents(struct macvlan_host *host, struct macvlan_error **error);

/**
 * Lists the interfaces in a container that are on this host's links: macvlans, macvtaps and VLANs,
 * by whichever program they were created. The caller frees the list with
 * macvlan_attachment_list_free().
 */
int macvlan_host_attachments(const struct macvlan_host *host,
                             const struct macvlan_netns *netns,
                             struct macvlan_attachment_list **attachments,
                             struct macvlan_error **error);

/**
 * Frees a session. NULL is ignored. Attached interfaces stay.
 */
void macvlan_host_free(struct macvlan_host *host);

/**
 * A detach in the background, from macvlan_host_detach_later(). Freed with
 * macvlan_detach_handle_free(), which does not stop it.
 *
 * Threads: macvlan_detach_handle_is_finished() may be called by any number of threads at once;
 * macvlan_detach_handle_wait() needs exclusive access.
 */
typedef struct macvlan_detach_handle macvlan_detach_handle;

/**
 * Attaches several endpoints one after the other. A failure does not stop the others.
 *
 * The arrays have `count` elements each: the endpoints, their namespaces, and the results, which
 * are an attachment, or NULL and an error. `errors` can be NULL. The caller frees all attachments
 * and errors.
 *
 * Returns 0 if all were attached, otherwise the error number of the first failure, which `error`
 * describes as well.
 */
int macvlan_host_attach_all(struct macvlan_host *host,
                            const struct macvlan_endpoint *const *endpoints,
                            const struct macvlan_netns *const *namespaces,
                            size_t count,
                            struct macvlan_attachment **attachments,
                            struct macvlan_error **errors,
                            struct macvlan_error **error);

/**
 * Detaches several attachments. A failure does not stop the others. `errors` and the return value
 * are as in macvlan_host_attach_all(). The attachments still have to be freed.
 *
 * A deletion waits about 16 ms for the kernel without blocking others, so the waits overlap here:
 * links in one namespace are deleted by one request, and up to 64 threads work on different
 * namespaces.
 */
int macvlan_host_detach_all(struct macvlan_host *host,
                            const struct macvlan_attachment *const *attachments,
                            size_t count,
                            struct macvlan_error **errors,
                            struct macvlan_error **error);

/**
 * Starts a detach in a thread of its own. macvlan_detach_handle_wait() returns its result. The
 * caller frees the macvlan_detach_handle with macvlan_detach_handle_free().
 *
 * Returns after about ten microseconds. If no thread can be started, the detach is done before it
 * returns. If the process ends before the thread does, the interface may remain.
 */
int macvlan_host_detach_later(struct macvlan_host *host,
                              const struct macvlan_attachment *attachment,
                              struct macvlan_detach_handle **detaching,
                              struct macvlan_error **error);

/**
 * Returns whether the detach has finished, successfully or not.
 */
bool macvlan_detach_handle_is_finished(const struct macvlan_detach_handle *detaching);

/**
 * Waits for the end of the detach, once, and returns its result. `was_there`, which can be NULL,
 * is set to whether the interface still existed.
 */
int macvlan_detach_handle_wait(struct macvlan_detach_handle *detaching,
                               bool *was_there,
                               struct macvlan_error **error);

/**
 * Frees the object; the detach continues. NULL is ignored.
 */
void macvlan_detach_handle_free(struct macvlan_detach_handle *detaching);

/**
 * Namespaces that already have a link, for containers that have to start quickly. Freed with
 * macvlan_pool_free(), with the unused namespaces.
 *
 * The creation of the link is most of the cost of an attach; here it is done in advance. A new
 * container gets a namespace from the pool, whose link then gets its name, addresses and routes in
 * a fraction of the time. The container's process has to join that namespace, by setns(2) or a
 * runtime's network namespace path.
 *
 * The pool is not filled automatically: call macvlan_pool_fill() at a suitable time, in any
 * thread.
 *
 * Threads: any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_pool macvlan_pool;

/**
 * Makes a pool of `size` namespaces, each with a macvlan in mode bridge on this parent, which is
 * as in macvlan_endpoint_new(), and fills it. It does not refer to the host. The caller frees it
 * with macvlan_pool_free().
 */
int macvlan_host_pool(const struct macvlan_host *host,
                      const char *parent,
                      size_t size,
                      struct macvlan_pool **pool,
                      struct macvlan_error **error);

/**
 * Makes a pool of links like the template: with its kind, parent, MTU, queues, group, transmit
 * queue length, promisc and lo. Otherwise like macvlan_host_pool().
 */
int macvlan_host_pool_of(const struct macvlan_host *host,
                         const struct macvlan_endpoint *template_,
                         size_t size,
                         struct macvlan_pool **pool,
                         struct macvlan_error **error);

/**
 * Creates namespaces until the pool is full. `made`, which can be NULL, is set to their number.
 */
int macvlan_pool_fill(struct macvlan_pool *pool, size_t *made, struct macvlan_error **error);

/**
 * Takes a namespace from the pool and attaches an endpoint in it; creates one if the pool is
 * empty.
 *
 * The caller frees `netns`, a handle on the namespace, after the container's process has joined
 * it; otherwise the namespace ends with it.
 *
 * The endpoint may differ from the template in name, MAC address, addresses, gateways, routes,
 * rules, alias, alternative names and address generation. On a failure the namespace is discarded.
 */
int macvlan_pool_attach(struct macvlan_pool *pool,
                        const struct macvlan_endpoint *endpoint,
                        struct macvlan_netns **netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_error **error);

/**
 * Returns the number of namespaces that are ready.
 */
size_t macvlan_pool_count(const struct macvlan_pool *pool);

/**
 * Lists the namespaces that are ready, in the order in which they will be used. The caller frees
 * the list with macvlan_netns_list_free().
 */
int macvlan_pool_namespaces(const struct macvlan_pool *pool,
                            struct macvlan_netns_list **namespaces,
                            struct macvlan_error **error);

/**
 * Frees a pool, with its unused namespaces. NULL is ignored.
 */
void macvlan_pool_free(struct macvlan_pool *pool);

/* ------------------------------------------------------------------------------------------------
 * 15. Checking and repairing
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of a difference. Later versions may add some, so a program has to expect numbers that
 * are not listed here.
 */
typedef enum macvlan_difference_kinds {
    /**
     * A difference for which this version has no number.
     */
    MACVLAN_DIFFERENCE_OTHER = 0,
    /**
     * The link does not exist.
     */
    MACVLAN_DIFFERENCE_LINK_MISSING = 1,
    /**
     * The link is of another kind or has an option that cannot be changed. Needs replacement.
     */
    MACVLAN_DIFFERENCE_IMMUTABLE = 2,
    /**
     * The link is on another parent, or the parent no longer exists. Needs replacement.
     */
    MACVLAN_DIFFERENCE_PARENT = 3,
    /**
     * The MAC address differs.
     */
    MACVLAN_DIFFERENCE_MAC = 4,
    /**
     * The MTU differs.
     */
    MACVLAN_DIFFERENCE_MTU = 5,
    /**
     * Changeable options of a macvlan or macvtap differ.
     */
    MACVLAN_DIFFERENCE_MACVLAN = 6,
    /**
     * Changeable options of a VLAN differ.
     */
    MACVLAN_DIFFERENCE_VLAN = 7,
    /**
     * The link is down.
     */
    MACVLAN_DIFFERENCE_DOWN = 8,
    /**
     * The promisc flag differs.
     */
    MACVLAN_DIFFERENCE_PROMISC = 9,
    /**
     * The alias differs.
     */
    MACVLAN_DIFFERENCE_ALIAS = 10,
    /**
     * An alternative name is missing.
     */
    MACVLAN_DIFFERENCE_ALTERNATIVE_NAME = 11,
    /**
     * The group differs.
     */
    MACVLAN_DIFFERENCE_GROUP = 12,
    /**
     * The transmit queue length differs.
     */
    MACVLAN_DIFFERENCE_TX_QUEUE_LEN = 13,
    /**
     * The address generation mode differs.
     */
    MACVLAN_DIFFERENCE_ADDR_GEN_MODE = 14,
    /**
     * An address is missing.
     */
    MACVLAN_DIFFERENCE_ADDRESS_MISSING = 15,
    /**
     * A route is missing.
     */
    MACVLAN_DIFFERENCE_ROUTE_MISSING = 16,
    /**
     * A policy rule is missing.
     */
    MACVLAN_DIFFERENCE_RULE_MISSING = 17,
    /**
     * lo is down.
     */
    MACVLAN_DIFFERENCE_LOOPBACK_DOWN = 18,
    /**
     * The rate limit differs.
     */
    MACVLAN_DIFFERENCE_RATE = 19,
    /**
     * A sysctl of the link differs.
     */
    MACVLAN_DIFFERENCE_SYSCTL = 20,
    /**
     * Another host has an IPv6 address of the link.
     */
    MACVLAN_DIFFERENCE_ADDRESS_DUPLICATE = 21,
    /**
     * An IPv6 address of the link has been tentative for too long.
     */
    MACVLAN_DIFFERENCE_ADDRESS_TENTATIVE = 22,
    /**
     * The allmulti flag differs.
     */
    MACVLAN_DIFFERENCE_ALLMULTICAST = 23,
} macvlan_difference_kinds;

/**
 * A difference between an endpoint and the actual state: a part of a macvlan_difference_list, with
 * which it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_difference macvlan_difference;

/**
 * The differences between an endpoint and the actual state, from macvlan_host_check(), or those
 * that were repaired, from macvlan_host_ensure(). Freed with macvlan_difference_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_difference_list macvlan_difference_list;

/**
 * Lists the differences between an endpoint and its actual state; the list is empty if there are
 * none. Changes nothing. Additional objects, such as further addresses, are not differences.
 *
 * The caller frees the list with macvlan_difference_list_free().
 */
int macvlan_host_check(const struct macvlan_host *host,
                       const struct macvlan_endpoint *endpoint,
                       const struct macvlan_netns *netns,
                       struct macvlan_difference_list **differences,
                       struct macvlan_error **error);

/**
 * Ensures that an endpoint is attached as requested: attaches it if it is missing, and repairs
 * differences. Only reads if there are none.
 *
 * Gives the attachment, and the differences that were repaired; `repaired` can be NULL. The caller
 * frees both.
 *
 * A difference that cannot be changed on the link (kind, parent, number of queues, to or from mode
 * passthru) is refused with MACVLAN_ERROR_NEEDS_REPLACEMENT; see macvlan_host_ensure_or_replace().
 * A repair that is refused does not undo earlier ones.
 */
int macvlan_host_ensure(struct macvlan_host *host,
                        const struct macvlan_endpoint *endpoint,
                        const struct macvlan_netns *netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_difference_list **repaired,
                        struct macvlan_error **error);

/**
 * Ensures that an endpoint is attached as requested, and replaces a link that cannot be changed.
 * Otherwise like macvlan_host_ensure().
 *
 * The old link is deleted, with additional objects on it: addresses, routes, neighbour entries,
 * queueing disciplines. If the kernel refuses the new link, the old one is created again, and the
 * error lists the objects that it lost.
 */
int macvlan_host_ensure_or_replace(struct macvlan_host *host,
                                   const struct macvlan_endpoint *endpoint,
                                   const struct macvlan_netns *netns,
                                   struct macvlan_attachment **attachment,
                                   struct macvlan_difference_list **repaired,
                                   struct macvlan_error **error);

/**
 * Returns the kind of the difference: one of enum macvlan_difference_kinds.
 */
int macvlan_difference_kind(const struct macvlan_difference *difference);

/**
 * Returns the difference as text: "the MTU is 1500 and should be 1400". It belongs to the object.
 * NULL if the object is invalid.
 */
const char *macvlan_difference_text(const struct macvlan_difference *difference);

/**
 * Returns whether only a replacement of the link resolves the difference.
 */
bool macvlan_difference_needs_replacement(const struct macvlan_difference *difference);

/**
 * Returns the number of differences; 0 if there are none.
 */
size_t macvlan_difference_list_count(const struct macvlan_difference_list *list);

/**
 * Returns one of the differences, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_difference *macvlan_difference_list_get(const struct macvlan_difference_list *list,
                                                             size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_difference_list_free(struct macvlan_difference_list *list);

/* ------------------------------------------------------------------------------------------------
 * 16. Keeping endpoints attached
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of an event of a keeper. Later versions may add some, so a program has to expect
 * numbers that are not listed here.
 */
typedef enum macvlan_keep_event_kinds {
    /**
     * An event for which this version has no number.
     */
    MACVLAN_KEEP_EVENT_OTHER = 0,
    /**
     * The parent of an attachment is gone, and its link with it. The keeper waits for the parent.
     */
    MACVLAN_KEEP_EVENT_GONE = 1,
    /**
     * The endpoint was attached again, with the same name, MAC address, addresses and routes.
     */
    MACVLAN_KEEP_EVENT_ATTACHED = 2,
    /**
     * The parent of an attachment was renamed.
     */
    MACVLAN_KEEP_EVENT_RENAMED = 3,
    /**
     * An endpoint could not be attached or checked. It is retried. Reported only when the error
     * changes.
     */
    MACVLAN_KEEP_EVENT_FAILED = 4,
    /**
     * The container has ended or its namespace cannot be opened, so its endpoint is no longer
     * kept.
     */
    MACVLAN_KEEP_EVENT_ENDED = 5,
} macvlan_keep_event_kinds;

/**
 * An event of a keeper, from macvlan_keeper_next(). Freed with macvlan_keep_event_free(), with all
 * its parts.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_keep_event macvlan_keep_event;

/**
 * Returns the kind of the event: one of enum macvlan_keep_event_kinds.
 */
int macvlan_keep_event_kind(const struct macvlan_keep_event *event);

/**
 * Returns the event as text: "eth0 in the network namespace of pid 2084: its parent ens33 is
 * gone". NULL if the event is invalid.
 */
const char *macvlan_keep_event_text(const struct macvlan_keep_event *event);

/**
 * Returns the name of the endpoint. NULL if the event is invalid.
 */
const char *macvlan_keep_event_name(const struct macvlan_keep_event *event);

/**
 * Opens a handle on the container's namespace, which the caller frees with macvlan_netns_free().
 * Fails with MACVLAN_ERROR_NAMESPACE_GONE if the container has ended.
 */
int macvlan_keep_event_netns(const struct macvlan_keep_event *event,
                             struct macvlan_netns **netns,
                             struct macvlan_error **error);

/**
 * Writes the identity of that namespace, also of one that has ended, as macvlan_netns_id(). Both
 * pointers can be NULL.
 */
void macvlan_keep_event_netns_id(const struct macvlan_keep_event *event,
                                 uint64_t *device,
                                 uint64_t *inode);

/**
 * Returns the attachment, which belongs to the event; NULL for a failed or ended one.
 */
const struct macvlan_attachment *macvlan_keep_event_attachment(const struct macvlan_keep_event *event);

/**
 * Returns the parent's new name; NULL if it was not renamed.
 */
const char *macvlan_keep_event_parent(const struct macvlan_keep_event *event);

/**
 * Returns the reason for a failed or ended one, which belongs to the event; NULL for other events.
 */
const struct macvlan_error *macvlan_keep_event_error(const struct macvlan_keep_event *event);

/**
 * Frees an event. NULL is ignored.
 */
void macvlan_keep_event_free(struct macvlan_keep_event *event);

/**
 * Keeps endpoints attached across the removal of their parent. From macvlan_host_keep(). Freed
 * with macvlan_keeper_free().
 *
 * A parent is removed if, for example, a network card is unplugged, a driver is reloaded or a VLAN
 * is created again. When it returns, also with another index or, identified by its MAC address,
 * with another name, the endpoints are attached again with the same name, MAC address, addresses
 * and routes. VLANs that are made on demand are created again.
 *
 * The keeper does not react if a link goes down, since the kernel keeps its configuration, or if
 * the container's link is deleted while the parent exists.
 *
 * It works while macvlan_keeper_next() is called: by a thread that waits there, or by an event
 * loop with macvlan_keeper_fd() and macvlan_keeper_patience() for poll(2).
 *
 * Threads: one thread at a time.
 */
typedef struct macvlan_keeper macvlan_keeper;

/**
 * Attaches `count` endpoints like macvlan_host_ensure(), and keeps them attached. Waits for
 * parents that do not exist yet. If one fails otherwise, those that were attached by this call are
 * detached again.
 *
 * The arrays have `count` elements each: the endpoints and their namespaces. All are copied. The
 * caller frees the keeper with macvlan_keeper_free().
 */
int macvlan_host_keep(struct macvlan_host *host,
                      const struct macvlan_endpoint *const *endpoints,
                      const struct macvlan_netns *const *namespaces,
                      size_t count,
                      struct macvlan_keeper **keeper,
                      struct macvlan_error **error);

/**
 * Keeps another endpoint attached. It is copied.
 */
int macvlan_keeper_add(struct macvlan_keeper *keeper,
                       const struct macvlan_endpoint *endpoint,
                       const struct macvlan_netns *netns,
                       struct macvlan_error **error);

/**
 * Stops keeping an endpoint, which stays attached. Gives its attachment, which the caller frees;
 * NULL if there is none with this name in this namespace, or its parent is gone.
 */
int macvlan_keeper_release(struct macvlan_keeper *keeper,
                           const char *name,
                           const struct macvlan_netns *netns,
                           struct macvlan_attachment **attachment,
                           struct macvlan_error **error);

/**
 * Sets a cancellation that ends waits and the probes of the endpoints: macvlan_keeper_next() then
 * returns -EINTR. It replaces an earlier one, but not that of the host. The next call that is not
 * cancelled repeats the interrupted work.
 */
int macvlan_keeper_set_cancellation(struct macvlan_keeper *keeper,
                                    const struct macvlan_cancellation *cancellation,
                                    struct macvlan_error **error);

/**
 * Lists copies of the current attachments. The caller frees the list with
 * macvlan_attachment_list_free().
 */
int macvlan_keeper_attachments(const struct macvlan_keeper *keeper,
                               struct macvlan_attachment_list **attachments,
                               struct macvlan_error **error);

/**
 * Does the pending work, and waits for the next event. Waits for at most `milliseconds`; without a
 * limit if that is negative. `event` is NULL, and the function returns 0, if there was none in
 * that time. The caller frees the event with macvlan_keep_event_free().
 */
int macvlan_keeper_next(struct macvlan_keeper *keeper,
                        int milliseconds,
                        struct macvlan_keep_event **event,
                        struct macvlan_error **error);

/**
 * Returns a descriptor for poll(2) that is readable when there is work. It stays the keeper's.
 * Call macvlan_keeper_next() with 0 milliseconds until it gives none, and again after
 * macvlan_keeper_patience(). -1 if the keeper is invalid.
 */
int macvlan_keeper_fd(const struct macvlan_keeper *keeper);

/**
 * Returns the timeout for poll(2) in milliseconds; -1 if there is no such limit.
 *
 * After it macvlan_keeper_next() has to be called even if the descriptor is not readable, because
 * a failed attach is due for a retry.
 */
int macvlan_keeper_patience(const struct macvlan_keeper *keeper);

/**
 * Frees a keeper. NULL is ignored. The endpoints stay attached.
 */
void macvlan_keeper_free(struct macvlan_keeper *keeper);

/* ------------------------------------------------------------------------------------------------
 * 17. Which addresses are taken
 * ------------------------------------------------------------------------------------------------ */

/**
 * The holders of probed addresses, in the order of the addresses, from
 * macvlan_host_probe_addresses(). Freed with macvlan_holder_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_holder_list macvlan_holder_list;

/**
 * Probes `count` addresses of both families on a parent's network at once, and lists those in use
 * with their holders; addresses that are not in the list are free. The parent is as in
 * macvlan_endpoint_new().
 *
 * The probes are sent through a macvlan in a namespace of its own, both of which are removed
 * before this returns, because probes from the parent itself would not reach the containers on it.
 * Containers in modes private and vepa do not receive them either. The parent's own addresses are
 * looked up. A parent that has a container in mode passthru is refused. Neighbour tables are not
 * changed.
 *
 * The caller frees the list with macvlan_holder_list_free().
 */
int macvlan_host_probe_addresses(const struct macvlan_host *host,
                                 const char *parent,
                                 const char *const *addresses,
                                 size_t count,
                                 const struct macvlan_probe *probe,
                                 struct macvlan_holder_list **holders,
                                 struct macvlan_error **error);

/**
 * Returns the number of holders; 0 if all addresses are free.
 */
size_t macvlan_holder_list_count(const struct macvlan_holder_list *list);

/**
 * Returns one of the holders, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_holder *macvlan_holder_list_get(const struct macvlan_holder_list *list,
                                                     size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_holder_list_free(struct macvlan_holder_list *list);

/* ------------------------------------------------------------------------------------------------
 * 18. Why a container does not reach a peer
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of a finding. The numbers are stable. Later versions may add some, so a program has to
 * expect numbers that are not listed here.
 */
typedef enum macvlan_finding_kinds {
    /**
     * No finding: macvlan_finding_kind(NULL).
     */
    MACVLAN_FINDING_NONE = 0,
    /**
     * The container's link no longer exists.
     */
    MACVLAN_FINDING_LINK_GONE = 1,
    /**
     * The container's link is down.
     */
    MACVLAN_FINDING_LINK_DOWN = 2,
    /**
     * The container's link has another MAC address than it was given.
     */
    MACVLAN_FINDING_MAC_CHANGED = 3,
    /**
     * The parent no longer exists.
     */
    MACVLAN_FINDING_PARENT_GONE = 4,
    /**
     * The parent, or a link below it, is down.
     */
    MACVLAN_FINDING_PARENT_DOWN = 5,
    /**
     * The parent, or a link below it, has no carrier.
     */
    MACVLAN_FINDING_NO_CARRIER = 6,
    /**
     * The parent, or a link below it, is a port of a bridge, bond or VRF, which receives its
     * frames.
     */
    MACVLAN_FINDING_PARENT_IS_PORT = 7,
    /**
     * The parent is wireless.
     */
    MACVLAN_FINDING_WIRELESS = 8,
    /**
     * The link has no address of the peer's family.
     */
    MACVLAN_FINDING_NO_ADDRESS = 9,
    /**
     * No route leads to the peer through the link.
     */
    MACVLAN_FINDING_NO_ROUTE = 10,
    /**
     * The peer is the host itself, which its own macvlans cannot reach.
     */
    MACVLAN_FINDING_PEER_IS_HOST = 11,
    /**
     * The container's request did not leave through the parent.
     */
    MACVLAN_FINDING_NOT_SENT = 12,
    /**
     * The request was sent, but not answered.
     */
    MACVLAN_FINDING_NO_ANSWER = 13,
    /**
     * The peer answers the parent but not the container: only the parent's MAC address passes on
     * the way.
     */
    MACVLAN_FINDING_MAC_FILTERED = 14,
    /**
     * The answer is only received while the parent is promiscuous.
     */
    MACVLAN_FINDING_NOT_PROMISCUOUS = 15,
    /**
     * The answer reached the parent but not the container.
     */
    MACVLAN_FINDING_ANSWER_LOST = 16,
    /**
     * Several hosts answer for one address.
     */
    MACVLAN_FINDING_SEVERAL_ANSWER = 17,
    /**
     * Another host uses the container's MAC address.
     */
    MACVLAN_FINDING_MAC_ELSEWHERE = 18,
    /**
     * The network carries other VLANs than this one.
     */
    MACVLAN_FINDING_OTHER_VLANS = 19,
    /**
     * The container's neighbour entry has another MAC address than the peer.
     */
    MACVLAN_FINDING_WRONG_NEIGHBOUR = 20,
    /**
     * The kernel does not use an IPv6 address of the container, because another host has it.
     */
    MACVLAN_FINDING_ADDRESS_DUPLICATE = 21,
    /**
     * An IPv6 address of the container has been tentative for longer than a detection takes.
     */
    MACVLAN_FINDING_ADDRESS_TENTATIVE = 22,
    /**
     * The connected route of an address was deleted.
     */
    MACVLAN_FINDING_CONNECTED_ROUTE_MISSING = 23,
} macvlan_finding_kinds;

/**
 * The diagnosis of an attachment and a peer, from macvlan_host_diagnose(). Freed with
 * macvlan_diagnosis_free(), with all its parts.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_diagnosis macvlan_diagnosis;

/**
 * A problem: a part of a macvlan_diagnosis, with which it is freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_finding macvlan_finding;

/**
 * Diagnoses why a container does not reach a peer on its network, "192.168.15.2". Checks its link,
 * its parent and its addresses, sends a request for the peer (or the gateway to it) from the
 * container, and captures frames on the parent. The caller frees the diagnosis with
 * macvlan_diagnosis_free().
 *
 * Takes a third of a second if the peer answers, and up to two seconds if it does not. Changes
 * nothing, except that the parent is promiscuous for a moment if there is no answer. Also needs
 * CAP_NET_RAW.
 */
int macvlan_host_diagnose(const struct macvlan_host *host,
                          const struct macvlan_attachment *attachment,
                          const char *peer,
                          struct macvlan_diagnosis **diagnosis,
                          struct macvlan_error **error);

/**
 * Returns whether the peer, or the gateway to it, has answered the container.
 */
bool macvlan_diagnosis_answered(const struct macvlan_diagnosis *diagnosis);

/**
 * Returns the number of findings; 0 if no problems were found.
 */
size_t macvlan_diagnosis_finding_count(const struct macvlan_diagnosis *diagnosis);

/**
 * Returns one of the findings, counted from 0, the most severe first. NULL past the end.
 */
const struct macvlan_finding *macvlan_diagnosis_finding(const struct macvlan_diagnosis *diagnosis,
                                                        size_t index);

/**
 * Returns whether there is a finding of this kind, one of enum macvlan_finding_kinds.
 */
bool macvlan_diagnosis_has(const struct macvlan_diagnosis *diagnosis, int kind);

/**
 * Returns the number of facts.
 */
size_t macvlan_diagnosis_fact_count(const struct macvlan_diagnosis *diagnosis);

/**
 * Returns one of the facts, for people, counted from 0: states of links, neighbour entries,
 * frames, VLANs. NULL past the end.
 */
const char *macvlan_diagnosis_fact(const struct macvlan_diagnosis *diagnosis, size_t index);

/**
 * Returns all findings with their remedies, and the facts, one on each line. NULL if the diagnosis
 * is invalid.
 */
const char *macvlan_diagnosis_text(const struct macvlan_diagnosis *diagnosis);

/**
 * Frees a diagnosis. NULL is ignored.
 */
void macvlan_diagnosis_free(struct macvlan_diagnosis *diagnosis);

/**
 * Returns the kind of the finding: one of enum macvlan_finding_kinds. MACVLAN_FINDING_NONE for
 * NULL.
 */
int macvlan_finding_kind(const struct macvlan_finding *finding);

/**
 * Returns the kind's name, for logs: "parent-down". NULL for NULL.
 */
const char *macvlan_finding_kind_name(const struct macvlan_finding *finding);

/**
 * Returns a description of the problem. NULL for NULL.
 */
const char *macvlan_finding_text(const struct macvlan_finding *finding);

/**
 * Returns a remedy for the problem. NULL for NULL.
 */
const char *macvlan_finding_remedy(const struct macvlan_finding *finding);

/* ------------------------------------------------------------------------------------------------
 * 19. From the host to its own containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of the host's access to the containers on a parent: a value, for
 * macvlan_host_access_by(). Freed with macvlan_access_options_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_access_options macvlan_access_options;

/**
 * Makes options with the parent's addresses, borrowed, and a route to each container. The parent
 * is as in macvlan_endpoint_new(). The caller frees them with macvlan_access_options_free().
 */
int macvlan_access_options_new(const char *parent,
                               struct macvlan_access_options **options,
                               struct macvlan_error **error);

/**
 * Makes options like macvlan_access_options_new(), for a parent that is an object and is copied.
 */
int macvlan_access_options_new_on(const struct macvlan_parent *parent,
                                  struct macvlan_access_options **options,
                                  struct macvlan_error **error);

/**
 * Sets the name of the host's link if it has to be created. Defaults to the parent's name and
 * "-host", or, if that is too long or the name of such a link on another parent, to "mvh" and the
 * parent's index.
 */
int macvlan_access_options_set_name(struct macvlan_access_options *options,
                                    const char *name,
                                    struct macvlan_error **error);

/**
 * Adds an address of the link's own, "192.168.15.250", which replaces the borrowed addresses of
 * the parent. It is added with the full prefix length, /32 or /128, and must not be used by
 * another host.
 */
int macvlan_access_options_add_address(struct macvlan_access_options *options,
                                       const char *address,
                                       struct macvlan_error **error);

/**
 * Adds a subnet of containers only, "192.168.15.128/25": one route leads to all of it, instead of
 * one to each container in it.
 */
int macvlan_access_options_add_route(struct macvlan_access_options *options,
                                     const char *prefix,
                                     struct macvlan_error **error);

/**
 * Sets whether the link and its routes are kept when the last container is detached and when the
 * access is closed or freed. Defaults to false. macvlan_host_access() finds a link that was kept.
 */
int macvlan_access_options_set_keep(struct macvlan_access_options *options,
                                    bool keep,
                                    struct macvlan_error **error);

/**
 * Frees options. NULL is ignored. An access that was made with them has a copy.
 */
void macvlan_access_options_free(struct macvlan_access_options *options);

/**
 * A move of addresses that is to be confirmed, from macvlan_access_move_addresses(). If it is not
 * confirmed until the deadline, the addresses are moved back. Freed with
 * macvlan_pending_move_free(), which moves them back if they were not confirmed.
 *
 * Threads: macvlan_pending_move_is_pending() may be called by any number of threads at once; other
 * functions need exclusive access.
 */
typedef struct macvlan_pending_move macvlan_pending_move;

/**
 * Confirms the move, once, so that the addresses stay. Fails with MACVLAN_ERROR_TIMED_OUT if they
 * were moved back at the deadline.
 */
int macvlan_pending_move_confirm(struct macvlan_pending_move *moving, struct macvlan_error **error);

/**
 * Moves the addresses back now, and returns the result of that.
 */
int macvlan_pending_move_undo(struct macvlan_pending_move *moving, struct macvlan_error **error);

/**
 * Returns whether the move is neither confirmed nor undone.
 */
bool macvlan_pending_move_is_pending(const struct macvlan_pending_move *moving);

/**
 * Frees it, and moves the addresses back if they were not confirmed. NULL is ignored.
 */
void macvlan_pending_move_free(struct macvlan_pending_move *moving);

/**
 * The host's access to the containers on one parent, through a macvlan of its own (a shim); the
 * host cannot reach them through the parent. From macvlan_host_access(). Freed with
 * macvlan_access_free().
 *
 * The host can reach containers that are attached with macvlan_access_attach(), and these can
 * reach the host at the parent's addresses. Both sides must be in mode bridge. The host's link is
 * deleted when the last container is detached with macvlan_access_detach() or the access is closed
 * or freed, unless it is kept, and created again with the next container.
 *
 * The link answers ARP only for addresses that the host reaches through it (arp_filter), so that
 * other hosts keep using the parent. IPv6 has no such filter: other hosts may learn either MAC
 * address for a borrowed address, and both lead to the host.
 *
 * Threads: any number of threads may use it at once, until one closes or frees it.
 */
typedef struct macvlan_access macvlan_access;

/**
 * Subnets, from macvlan_access_routes(). Freed with macvlan_prefix_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_prefix_list macvlan_prefix_list;

/**
 * Gives the host access to the containers on a parent, with the parent's addresses: creates the
 * host's link, or finds one that was kept. On a failure nothing is changed. The parent is as in
 * macvlan_endpoint_new().
 *
 * The caller frees the access with macvlan_access_free().
 */
int macvlan_host_access(struct macvlan_host *host,
                        const char *parent,
                        struct macvlan_access **access,
                        struct macvlan_error **error);

/**
 * Gives the host access to the containers on a parent, with options, which are copied. Otherwise
 * like macvlan_host_access().
 */
int macvlan_host_access_by(struct macvlan_host *host,
                           const struct macvlan_access_options *options,
                           struct macvlan_access **access,
                           struct macvlan_error **error);

/**
 * Writes the last known name of the host's link, at most 15 characters and a zero byte. Returns
 * whether there is a link; without a container there is none, and the name is empty.
 */
bool macvlan_access_name(const struct macvlan_access *access, char name[16]);

/**
 * Returns the index of the host's link; 0 while there is no link.
 */
uint32_t macvlan_access_index(const struct macvlan_access *access);

/**
 * Lists the destinations that the host reaches through the link. The caller frees the list with
 * macvlan_prefix_list_free().
 */
int macvlan_access_routes(const struct macvlan_access *access,
                          struct macvlan_prefix_list **routes,
                          struct macvlan_error **error);

/**
 * Attaches an endpoint like macvlan_host_attach(), and adds routes to its addresses on the host.
 * On a failure nothing is changed.
 *
 * The endpoint must be a macvlan or macvtap in mode bridge on the same parent. The caller frees
 * the attachment with macvlan_attachment_free().
 */
int macvlan_access_attach(struct macvlan_access *access,
                          const struct macvlan_endpoint *endpoint,
                          const struct macvlan_netns *netns,
                          struct macvlan_attachment **attachment,
                          struct macvlan_error **error);

/**
 * Adds routes to the addresses of a container that is already attached.
 */
int macvlan_access_add(struct macvlan_access *access,
                       const struct macvlan_attachment *attachment,
                       struct macvlan_error **error);

/**
 * Updates the borrowed addresses of the host's link, and restores a deleted link with its routes.
 * Only reads if there is nothing to do.
 *
 * Call it after events of a macvlan_watch for addresses of the parent or for the host's link.
 */
int macvlan_access_refresh(struct macvlan_access *access, struct macvlan_error **error);

/**
 * Deletes the host's routes to a container without a change in the container. With the last
 * container, this also deletes the host's link, unless it is kept.
 */
int macvlan_access_remove(struct macvlan_access *access,
                          const struct macvlan_attachment *attachment,
                          struct macvlan_error **error);

/**
 * Detaches like macvlan_host_detach(), and deletes the host's routes to the container. With the
 * last container, this also deletes the host's link, unless it is kept.
 *
 * `was_there`, which can be NULL, is set to whether the container's interface still existed. The
 * attachment still has to be freed.
 */
int macvlan_access_detach(struct macvlan_access *access,
                          const struct macvlan_attachment *attachment,
                          bool *was_there,
                          struct macvlan_error **error);

/**
 * Moves the parent's addresses, and the routes through it, to the host's link: host and containers
 * are then ordinary neighbours in one connected subnet. The caller frees the macvlan_pending_move
 * with macvlan_pending_move_free().
 *
 * The host has its addresses at all times. On a failure nothing is changed. Unless
 * macvlan_pending_move_confirm() is called within `milliseconds`, the addresses are moved back, so
 * an administrator who is cut off only has to wait; a thread of the macvlan_pending_move does
 * this. A process that is killed leaves them moved; see macvlan_access_move_back().
 *
 * For IPv4 and IPv6. Addresses that the kernel has added (link-local or from router
 * advertisements) and routes from router advertisements are not moved. A DHCP client or network
 * manager has to be reconfigured separately.
 */
int macvlan_access_move_addresses(struct macvlan_access *access,
                                  uint32_t milliseconds,
                                  struct macvlan_pending_move **moving,
                                  struct macvlan_error **error);

/**
 * Moves the addresses and routes back to the parent, if they were moved, by this process or, for a
 * link that was kept, by another one.
 */
int macvlan_access_move_back(struct macvlan_access *access, struct macvlan_error **error);

/**
 * Deletes the host's link with its routes, unless it is kept, and returns the result of that.
 * Moved addresses are moved back first. The access still has to be freed.
 */
int macvlan_access_close(struct macvlan_access *access, struct macvlan_error **error);

/**
 * Frees an access, and closes it first if that was not done. NULL is ignored.
 */
void macvlan_access_free(struct macvlan_access *access);

/**
 * Returns the number of subnets.
 */
size_t macvlan_prefix_list_count(const struct macvlan_prefix_list *list);

/**
 * Returns one of the subnets as text, "192.168.15.3/32", counted from 0. It belongs to the list.
 * NULL past the end.
 */
const char *macvlan_prefix_list_get(const struct macvlan_prefix_list *list, size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_prefix_list_free(struct macvlan_prefix_list *list);

/* ------------------------------------------------------------------------------------------------
 * 20. Networks: what they should be
 * ------------------------------------------------------------------------------------------------ */

/**
 * A subnet from which a network assigns addresses: a value, for
 * macvlan_network_config_add_subnet(). It is validated when the network is created. Freed with
 * macvlan_subnet_free(), unless it is a part of a macvlan_network_config.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_subnet macvlan_subnet;

/**
 * Makes a subnet, "10.0.10.0/24" or "fd00:10::/64". Host bits are refused, because the intention
 * would be unclear. Its gateway is its first address, like Docker's. The caller frees it with
 * macvlan_subnet_free().
 */
int macvlan_subnet_new(const char *net,
                       struct macvlan_subnet **subnet,
                       struct macvlan_error **error);

/**
 * Sets the gateway: in the subnet, a link-local IPv6 address, or, with
 * macvlan_subnet_set_on_link_gateway(), any address. Defaults to the first address of the subnet.
 */
int macvlan_subnet_set_gateway(struct macvlan_subnet *subnet,
                               const char *gateway,
                               struct macvlan_error **error);

/**
 * Sets whether a gateway outside the subnet is assumed to be on the link (onlink). Defaults to
 * false: such a gateway is then refused when the network is created.
 */
int macvlan_subnet_set_on_link_gateway(struct macvlan_subnet *subnet,
                                       bool on_link,
                                       struct macvlan_error **error);

/**
 * Sets that there is no gateway: no default route, and the first address may be assigned to a
 * container.
 */
int macvlan_subnet_set_no_gateway(struct macvlan_subnet *subnet, struct macvlan_error **error);

/**
 * Sets the only range of the subnet from which addresses are assigned, "10.0.10.64/26" or
 * "10.0.10.64-10.0.10.99". Defaults to the whole subnet.
 *
 * It is this host's part, if several hosts share the subnet and have a store each.
 */
int macvlan_subnet_set_range(struct macvlan_subnet *subnet,
                             const char *range,
                             struct macvlan_error **error);

/**
 * Adds a range of the subnet from which addresses are assigned.
 */
int macvlan_subnet_add_range(struct macvlan_subnet *subnet,
                             const char *range,
                             struct macvlan_error **error);

/**
 * Adds addresses that are never assigned to a container, such as those of a DHCP server:
 * "10.0.10.64/26", "10.0.10.64-10.0.10.99" or "10.0.10.7".
 */
int macvlan_subnet_add_excluded(struct macvlan_subnet *subnet,
                                const char *excluded,
                                struct macvlan_error **error);

/**
 * Reserves an address for the container with this name, "printer", "10.0.10.70": it gets the
 * address, and no other container does.
 */
int macvlan_subnet_add_reserved(struct macvlan_subnet *subnet,
                                const char *name,
                                const char *address,
                                struct macvlan_error **error);

/**
 * Returns the subnet as text. This and all other texts belong to the object, until it is changed
 * or freed. NULL if the object is invalid.
 */
const char *macvlan_subnet_net(const struct macvlan_subnet *subnet);

/**
 * Returns the gateway's address; NULL if there is none.
 */
const char *macvlan_subnet_gateway(const struct macvlan_subnet *subnet);

/**
 * Returns whether a gateway outside the subnet is assumed to be on the link.
 */
bool macvlan_subnet_is_on_link_gateway(const struct macvlan_subnet *subnet);

/**
 * Returns the first range from which addresses are assigned; NULL for the whole subnet.
 */
const char *macvlan_subnet_range(const struct macvlan_subnet *subnet);

/**
 * Returns the number of ranges from which addresses are assigned; 0 for the whole subnet.
 */
size_t macvlan_subnet_range_count(const struct macvlan_subnet *subnet);

/**
 * Returns one of the ranges from which addresses are assigned, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_range_at(const struct macvlan_subnet *subnet, size_t index);

/**
 * Returns the number of excluded ranges.
 */
size_t macvlan_subnet_excluded_count(const struct macvlan_subnet *subnet);

/**
 * Returns one of the excluded ranges, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_excluded_at(const struct macvlan_subnet *subnet, size_t index);

/**
 * Returns the number of reserved addresses.
 */
size_t macvlan_subnet_reserved_count(const struct macvlan_subnet *subnet);

/**
 * Returns the container's name of one of the reservations, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_reserved_name(const struct macvlan_subnet *subnet, size_t index);

/**
 * Returns the address of one of the reservations, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_reserved_address(const struct macvlan_subnet *subnet, size_t index);

/**
 * Frees a subnet. NULL is ignored.
 */
void macvlan_subnet_free(struct macvlan_subnet *subnet);

/**
 * The source of a container's MAC address, if none is set.
 */
typedef enum macvlan_mac_from {
    /**
     * The container's IPv4 address, like Docker: 02:42: and the four bytes. Without one, as
     * MACVLAN_MAC_FROM_CONTAINER.
     */
    MACVLAN_MAC_FROM_ADDRESS = 1,
    /**
     * The network and the container's id: it does not change with the address.
     */
    MACVLAN_MAC_FROM_CONTAINER = 2,
} macvlan_mac_from;

/**
 * The order in which a network assigns free addresses.
 */
typedef enum macvlan_order {
    /**
     * The lowest free address.
     */
    MACVLAN_ORDER_FIRST = 1,
    /**
     * The next free address after the last assigned one, and from the lowest again after the
     * highest: a released address stays unused for as long as possible.
     */
    MACVLAN_ORDER_NEXT = 2,
    /**
     * A random free address.
     */
    MACVLAN_ORDER_RANDOM = 3,
} macvlan_order;

/**
 * The configuration of a network: a value, for macvlan_networks_create(). Freed with
 * macvlan_network_config_free(), unless it is a part of a macvlan_network.
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_network_config macvlan_network_config;

/**
 * Makes the configuration of a network without a parent, in mode bridge, with a subnet that is
 * chosen unless one is added. The caller frees it with macvlan_network_config_free().
 */
int macvlan_network_config_new(const char *name,
                               struct macvlan_network_config **config,
                               struct macvlan_error **error);

/**
 * Makes a copy, which the caller frees with macvlan_network_config_free(); also of a network's
 * configuration.
 */
int macvlan_network_config_clone(const struct macvlan_network_config *config,
                                 struct macvlan_network_config **clone,
                                 struct macvlan_error **error);

/**
 * Sets the parent, the link on the host that the containers' links are on, "ens33". In VLAN
 * notation it is "ens33.100", which is created for the first container and removed with the last
 * one.
 *
 * Without a parent the network is isolated: its containers are on a dummy link of its own, "dm-"
 * and the beginning of its id, and reach only one another, on one host.
 */
int macvlan_network_config_set_parent(struct macvlan_network_config *config,
                                      const char *parent,
                                      struct macvlan_error **error);

/**
 * Sets the parent to an object, which is copied and can be a VLAN with another name or with the
 * service tag. Otherwise like macvlan_network_config_set_parent().
 */
int macvlan_network_config_set_parent_object(struct macvlan_network_config *config,
                                             const struct macvlan_parent *parent,
                                             struct macvlan_error **error);

/**
 * Sets that the containers' interfaces have no addresses from the network, and that no subnet is
 * chosen: they get addresses by DHCP or router advertisements, or have none. The container's own
 * sysctls of IPv6 apply.
 */
int macvlan_network_config_set_without_addresses(struct macvlan_network_config *config,
                                                 struct macvlan_error **error);

/**
 * Sets whether an IPv6 subnet is chosen if none is added. Defaults to false.
 *
 * It is a /64 of the store's /48 of unique local addresses (RFC 4193) that is not used by another
 * network or by a link or route of this host.
 */
int macvlan_network_config_set_ipv6(struct macvlan_network_config *config,
                                    bool ipv6,
                                    struct macvlan_error **error);

/**
 * Sets the macvlan mode. Defaults to MACVLAN_MODE_BRIDGE.
 */
int macvlan_network_config_set_mode(struct macvlan_network_config *config,
                                    enum macvlan_mode mode,
                                    struct macvlan_error **error);

/**
 * Adds a subnet of either family, which is copied. A container gets one address of each family,
 * from the first of its subnets that has a free one.
 */
int macvlan_network_config_add_subnet(struct macvlan_network_config *config,
                                      const struct macvlan_subnet *subnet,
                                      struct macvlan_error **error);

/**
 * Sets whether the network is internal: containers get no default route through it. Defaults to
 * false.
 */
int macvlan_network_config_set_internal(struct macvlan_network_config *config,
                                        bool internal,
                                        struct macvlan_error **error);

/**
 * Sets the MTU of the containers' interfaces in bytes. Defaults to the parent's.
 */
int macvlan_network_config_set_mtu(struct macvlan_network_config *config,
                                   uint32_t mtu,
                                   struct macvlan_error **error);

/**
 * Adds a route that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50".
 * One with a gateway in a subnet is only for containers with an address in it. Default routes
 * follow from the gateways.
 */
int macvlan_network_config_add_route(struct macvlan_network_config *config,
                                     const char *route,
                                     struct macvlan_error **error);

/**
 * Sets the metric of the default routes; routes with a lower one are preferred. Defaults to the
 * kernel's, 0 for IPv4 and 1024 for IPv6.
 */
int macvlan_network_config_set_metric(struct macvlan_network_config *config,
                                      uint32_t metric,
                                      struct macvlan_error **error);

/**
 * Sets whether IPv6 is disabled on the containers' interfaces.
 *
 * By default it is disabled if the network has no IPv6 subnet and accepts no router
 * advertisements, and otherwise enabled, even if the container's default is off.
 */
int macvlan_network_config_set_disable_ipv6(struct macvlan_network_config *config,
                                            bool disable,
                                            struct macvlan_error **error);

/**
 * Sets whether the containers' interfaces accept router advertisements: the values of the sysctl
 * accept_ra, 0 never, 1 unless the interface forwards, 2 always. Defaults to 0.
 */
int macvlan_network_config_set_accept_ra(struct macvlan_network_config *config,
                                         int accept,
                                         struct macvlan_error **error);

/**
 * Sets whether the container's own sysctls of IPv6 apply, except for those that are set here.
 * Defaults to false.
 */
int macvlan_network_config_set_leave_ipv6(struct macvlan_network_config *config,
                                          bool leave,
                                          struct macvlan_error **error);

/**
 * Sets whether the containers' interfaces receive all multicast frames. By default they receive
 * those of the groups that are joined on them.
 */
int macvlan_network_config_set_allmulticast(struct macvlan_network_config *config,
                                            bool on,
                                            struct macvlan_error **error);

/**
 * Sets the order in which free addresses are assigned. Defaults to MACVLAN_ORDER_FIRST.
 */
int macvlan_network_config_set_order(struct macvlan_network_config *config,
                                     enum macvlan_order order,
                                     struct macvlan_error **error);

/**
 * Sets the source of a container's MAC address. Defaults to MACVLAN_MAC_FROM_ADDRESS.
 */
int macvlan_network_config_set_mac_from(struct macvlan_network_config *config,
                                        enum macvlan_mac_from from,
                                        struct macvlan_error **error);

/**
 * Sets whether an address is probed on the LAN before it is assigned; one that is in use is
 * skipped and recorded as conflicting. Defaults to false.
 *
 * Takes a quarter of a second, unless changed by macvlan_networks_set_probe().
 */
int macvlan_network_config_set_probe(struct macvlan_network_config *config,
                                     bool probe,
                                     struct macvlan_error **error);

/**
 * Sets whether the kernel checks IPv6 addresses for duplicates on the LAN, during which they
 * cannot be used for one or two seconds. Defaults to false, like Docker.
 */
int macvlan_network_config_set_duplicate_detection(struct macvlan_network_config *config,
                                                   bool detect,
                                                   struct macvlan_error **error);

/**
 * Sets the number of addresses that a host reserves at a time for its containers, if several hosts
 * use one store. Its share of each subnet grows by this number when it has no free one left.
 *
 * By default all hosts assign addresses from one pool. A store of a single host does not need it.
 */
int macvlan_network_config_set_block_size(struct macvlan_network_config *config,
                                          uint32_t addresses,
                                          struct macvlan_error **error);

/**
 * Sets for how many seconds a released address stays reserved for its container, unless no other
 * address is left.
 *
 * By default a container that returns gets its address again if it was not leased to another one.
 */
int macvlan_network_config_set_reservation_ttl(struct macvlan_network_config *config,
                                               uint64_t seconds,
                                               struct macvlan_error **error);

/**
 * Adds an option for readers of macvlan_network_inspect(). It has no effect here.
 */
int macvlan_network_config_add_option(struct macvlan_network_config *config,
                                      const char *key,
                                      const char *value,
                                      struct macvlan_error **error);

/**
 * Adds a label for readers of macvlan_network_inspect(). It has no effect here.
 */
int macvlan_network_config_add_label(struct macvlan_network_config *config,
                                     const char *key,
                                     const char *value,
                                     struct macvlan_error **error);

/**
 * Frees a configuration. NULL is ignored.
 */
void macvlan_network_config_free(struct macvlan_network_config *config);

/**
 * Returns the network's name. This and all other texts, and the subnets, belong to the object,
 * until it is changed or freed. NULL if the object is invalid.
 */
const char *macvlan_network_config_name(const struct macvlan_network_config *config);

/**
 * Returns the parent; NULL if there is none.
 */
const char *macvlan_network_config_parent(const struct macvlan_network_config *config);

/**
 * Makes a copy of the parent, which the caller frees with macvlan_parent_free(). NULL without an
 * error if there is none.
 */
int macvlan_network_config_parent_object(const struct macvlan_network_config *config,
                                         struct macvlan_parent **parent,
                                         struct macvlan_error **error);

/**
 * Returns whether the containers' interfaces have no addresses from the network.
 */
bool macvlan_network_config_is_without_addresses(const struct macvlan_network_config *config);

/**
 * Returns whether an IPv6 subnet is chosen if none is added.
 */
bool macvlan_network_config_is_ipv6(const struct macvlan_network_config *config);

/**
 * Returns the mode: one of enum macvlan_mode; 0 if the object is invalid.
 */
uint32_t macvlan_network_config_mode(const struct macvlan_network_config *config);

/**
 * Returns the number of subnets. A chosen one is only in the network's own configuration.
 */
size_t macvlan_network_config_subnet_count(const struct macvlan_network_config *config);

/**
 * Returns one of the subnets, counted from 0. NULL past the end.
 */
const struct macvlan_subnet *macvlan_network_config_subnet(const struct macvlan_network_config *config,
                                                           size_t index);

/**
 * Returns whether containers get no default route through the network.
 */
bool macvlan_network_config_is_internal(const struct macvlan_network_config *config);

/**
 * Returns the MTU of the containers' interfaces in bytes; 0 if it was not set.
 */
uint32_t macvlan_network_config_mtu(const struct macvlan_network_config *config);

/**
 * Returns the number of routes, without the gateways' default routes.
 */
size_t macvlan_network_config_route_count(const struct macvlan_network_config *config);

/**
 * Returns one of the routes, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_route(const struct macvlan_network_config *config, size_t index);

/**
 * Writes the metric of the default routes, and returns whether it was set.
 */
bool macvlan_network_config_metric(const struct macvlan_network_config *config, uint32_t *metric);

/**
 * Returns whether IPv6 is disabled on the containers' interfaces, 0 or 1; -1 if it was not set.
 */
int macvlan_network_config_disable_ipv6(const struct macvlan_network_config *config);

/**
 * Returns whether the containers' interfaces accept router advertisements, a value of the sysctl
 * accept_ra; -1 if it was not set.
 */
int macvlan_network_config_accept_ra(const struct macvlan_network_config *config);

/**
 * Returns whether the container's own sysctls of IPv6 apply, except for those that were set.
 */
bool macvlan_network_config_is_leave_ipv6(const struct macvlan_network_config *config);

/**
 * Returns whether the containers' interfaces receive all multicast frames, 0 or 1; -1 if it was
 * not set.
 */
int macvlan_network_config_allmulticast(const struct macvlan_network_config *config);

/**
 * Returns the order in which free addresses are assigned: one of enum macvlan_order; 0 if the
 * object is invalid.
 */
uint32_t macvlan_network_config_order(const struct macvlan_network_config *config);

/**
 * Returns the source of a container's MAC address: one of enum macvlan_mac_from; 0 if the object
 * is invalid.
 */
uint32_t macvlan_network_config_mac_from(const struct macvlan_network_config *config);

/**
 * Returns whether an address is probed on the LAN before it is assigned.
 */
bool macvlan_network_config_is_probe(const struct macvlan_network_config *config);

/**
 * Returns whether the kernel checks IPv6 addresses for duplicates on the LAN.
 */
bool macvlan_network_config_is_duplicate_detection(const struct macvlan_network_config *config);

/**
 * Returns the number of addresses that a host reserves at a time; 0 if it was not set.
 */
uint32_t macvlan_network_config_block_size(const struct macvlan_network_config *config);

/**
 * Returns for how many seconds a released address stays reserved for its container; 0 if it was
 * not set.
 */
uint64_t macvlan_network_config_reservation_ttl(const struct macvlan_network_config *config);

/**
 * Returns the number of options.
 */
size_t macvlan_network_config_option_count(const struct macvlan_network_config *config);

/**
 * Returns the key of one of the options, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_option_key(const struct macvlan_network_config *config,
                                              size_t index);

/**
 * Returns the value of that option. NULL past the end.
 */
const char *macvlan_network_config_option_value(const struct macvlan_network_config *config,
                                                size_t index);

/**
 * Returns the number of labels.
 */
size_t macvlan_network_config_label_count(const struct macvlan_network_config *config);

/**
 * Returns the key of one of the labels, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_label_key(const struct macvlan_network_config *config,
                                             size_t index);

/**
 * Returns the value of that label. NULL past the end.
 */
const char *macvlan_network_config_label_value(const struct macvlan_network_config *config,
                                               size_t index);

/* ------------------------------------------------------------------------------------------------
 * 21. Networks and their containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a connection of a container to a network: a value, for macvlan_network_connect().
 * Freed with macvlan_connect_options_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_connect_options macvlan_connect_options;

/**
 * Makes the options for a container, by an id that does not change: when it returns, it gets its
 * addresses again. The caller frees them with macvlan_connect_options_free().
 */
int macvlan_connect_options_new(const char *container,
                                struct macvlan_connect_options **options,
                                struct macvlan_error **error);

/**
 * Sets the name by which others find the container, which is unique in the network. By default it
 * has none. Names are compared like DNS names, and stored in lower case.
 */
int macvlan_connect_options_set_name(struct macvlan_connect_options *options,
                                     const char *name,
                                     struct macvlan_error **error);

/**
 * Adds a further name by which others find the container. Several containers may share one: it
 * resolves to the addresses of all of them.
 */
int macvlan_connect_options_add_alias(struct macvlan_connect_options *options,
                                      const char *alias,
                                      struct macvlan_error **error);

/**
 * Adds a link-local address, in 169.254.0.0/16 or fe80::/10. The network does not check that it is
 * unique.
 */
int macvlan_connect_options_add_link_local_address(struct macvlan_connect_options *options,
                                                   const char *address,
                                                   struct macvlan_error **error);

/**
 * Adds a requested address, "10.0.10.7". One is chosen of each family without a requested one.
 */
int macvlan_connect_options_add_address(struct macvlan_connect_options *options,
                                        const char *address,
                                        struct macvlan_error **error);

/**
 * Adds a pending lease, by its id, whose addresses and MAC address the container takes: see
 * macvlan_network_allocate(). Then no address is chosen.
 */
int macvlan_connect_options_take(struct macvlan_connect_options *options,
                                 const char *id,
                                 struct macvlan_error **error);

/**
 * Sets the interface's name in the container, which identifies it among the container's interfaces
 * in the network. A new name stands for a further interface, with addresses of its own.
 *
 * By default the existing interface is meant, or, if there is none, a new one with the first free
 * "ethN".
 */
int macvlan_connect_options_set_interface(struct macvlan_connect_options *options,
                                          const char *name,
                                          struct macvlan_error **error);

/**
 * Sets the interface's MAC address. Defaults to a derived one, see
 * macvlan_network_config_set_mac_from().
 */
int macvlan_connect_options_set_mac(struct macvlan_connect_options *options,
                                    const uint8_t mac[6],
                                    struct macvlan_error **error);

/**
 * Sets whether the container's default routes lead through this network. They never do, if false;
 * if true, they do before all other networks of the container, with a priority that is one above
 * theirs. By default macvlan_connect_options_set_gw_priority() decides.
 *
 * Default routes do not lead through a network that is internal or has no gateway of the family.
 * When their network is disconnected, the next one replaces it.
 */
int macvlan_connect_options_set_default_route(struct macvlan_connect_options *options,
                                              bool default_route,
                                              struct macvlan_error **error);

/**
 * Sets the network's priority for the container's default routes. The network with the highest one
 * gets them, among equal ones the first that was connected. Defaults to 0.
 */
int macvlan_connect_options_set_gw_priority(struct macvlan_connect_options *options,
                                            int32_t priority,
                                            struct macvlan_error **error);

/**
 * Sets whether other default routes of the container, which this library did not add, are
 * replaced. Defaults to false: they stay, and none of their family is added. They are not restored
 * when the container is disconnected.
 */
int macvlan_connect_options_set_replace_default_route(struct macvlan_connect_options *options,
                                                      bool replace,
                                                      struct macvlan_error **error);

/**
 * Frees the options. NULL is ignored.
 */
void macvlan_connect_options_free(struct macvlan_connect_options *options);

/**
 * The lease of one interface of a container in one network, as stored, from
 * macvlan_network_lease(). Freed with macvlan_lease_free(), unless it is a part of another object.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_lease macvlan_lease;

/**
 * Leases, from macvlan_network_leases(). Freed with macvlan_lease_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_lease_list macvlan_lease_list;

/**
 * Returns the network's id. This and all other texts belong to the lease. NULL if the lease is
 * invalid.
 */
const char *macvlan_lease_network(const struct macvlan_lease *lease);

/**
 * Returns the container's id, as given by the caller; for addresses that were allocated without a
 * container, the lease's own id.
 */
const char *macvlan_lease_container(const struct macvlan_lease *lease);

/**
 * Returns the name by which others find the container; NULL if it has none.
 */
const char *macvlan_lease_name(const struct macvlan_lease *lease);

/**
 * Returns the name of the host that the container runs on.
 */
const char *macvlan_lease_host(const struct macvlan_lease *lease);

/**
 * Returns the lease's id, which is different for every lease of the container, past or future.
 */
const char *macvlan_lease_endpoint(const struct macvlan_lease *lease);

/**
 * Returns the interface's name in the container.
 */
const char *macvlan_lease_interface(const struct macvlan_lease *lease);

/**
 * Writes the interface's MAC address, and returns whether it has one of its own; zeroes if not: in
 * mode passthru it is the parent's.
 */
bool macvlan_lease_mac(const struct macvlan_lease *lease, uint8_t mac[6]);

/**
 * Returns the number of addresses.
 */
size_t macvlan_lease_address_count(const struct macvlan_lease *lease);

/**
 * Returns one of the addresses with the prefix length of its subnet, "10.0.10.2/24", counted from
 * 0. NULL past the end.
 */
const char *macvlan_lease_address(const struct macvlan_lease *lease, size_t index);

/**
 * Returns the number of aliases: further names, which several containers may share.
 */
size_t macvlan_lease_alias_count(const struct macvlan_lease *lease);

/**
 * Returns one of the aliases, counted from 0. NULL past the end.
 */
const char *macvlan_lease_alias(const struct macvlan_lease *lease, size_t index);

/**
 * Returns the number of link-local addresses.
 */
size_t macvlan_lease_link_local_count(const struct macvlan_lease *lease);

/**
 * Returns one of the link-local addresses, without a prefix length, counted from 0. NULL past the
 * end.
 */
const char *macvlan_lease_link_local(const struct macvlan_lease *lease, size_t index);

/**
 * Returns the network's priority for the container's default routes.
 */
int32_t macvlan_lease_gw_priority(const struct macvlan_lease *lease);

/**
 * Returns the sequence number of the connection among those of the container; later ones are
 * higher.
 */
uint32_t macvlan_lease_sequence(const struct macvlan_lease *lease);

/**
 * Returns whether the container's default routes may lead through this network. They lead through
 * the one with the highest priority of those that may and that have a gateway of the family.
 */
bool macvlan_lease_is_default_route(const struct macvlan_lease *lease);

/**
 * Returns the id of the boot in which the container's namespace was created
 * (/proc/sys/kernel/random/boot_id), or, for a pending lease, in which the lease was made.
 */
const char *macvlan_lease_netns_boot(const struct macvlan_lease *lease);

/**
 * Returns the inode number of the container's namespace; 0 if the lease is invalid or pending.
 */
uint64_t macvlan_lease_netns_inode(const struct macvlan_lease *lease);

/**
 * Returns the kernel's cookie of the container's namespace, which is unique during a boot; 0
 * before Linux 5.14.
 */
uint64_t macvlan_lease_netns_cookie(const struct macvlan_lease *lease);

/**
 * Returns the path by which the container's namespace was found, which may have come to lead to
 * another one; NULL if it was not found by a path.
 */
const char *macvlan_lease_netns_path(const struct macvlan_lease *lease);

/**
 * Returns whether the lease is pending: not yet bound to a namespace.
 */
bool macvlan_lease_is_pending(const struct macvlan_lease *lease);

/**
 * Returns since when the lease is pending, in seconds since 1970; 0 if it is not.
 */
uint64_t macvlan_lease_pending_since(const struct macvlan_lease *lease);

/**
 * Writes for how long the lease is pending, in seconds; 0 if it is not. For a lease of another
 * host this compares the clocks of both.
 */
int macvlan_lease_pending_age(const struct macvlan_lease *lease,
                              uint64_t *age,
                              struct macvlan_error **error);

/**
 * Returns the name of the link in the host's namespace, if it was created there
 * (macvlan_network_create_link()); NULL if it was not.
 */
const char *macvlan_lease_link(const struct macvlan_lease *lease);

/**
 * Returns whether the container's namespace was created since the last boot of this machine; false
 * for a pending lease.
 */
int macvlan_lease_is_of_this_boot(const struct macvlan_lease *lease,
                                  bool *is,
                                  struct macvlan_error **error);

/**
 * Returns whether the container's namespace is this one.
 */
int macvlan_lease_is_of_netns(const struct macvlan_lease *lease,
                              const struct macvlan_netns *netns,
                              bool *is,
                              struct macvlan_error **error);

/**
 * Frees a lease. NULL and parts of other objects are ignored. The stored lease is unaffected.
 */
void macvlan_lease_free(struct macvlan_lease *lease);

/**
 * Returns the number of leases.
 */
size_t macvlan_lease_list_count(const struct macvlan_lease_list *list);

/**
 * Returns one of the leases, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_lease *macvlan_lease_list_get(const struct macvlan_lease_list *list,
                                                   size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_lease_list_free(struct macvlan_lease_list *list);

/**
 * A container that is connected to a network: its lease and its attachment. From
 * macvlan_network_connect(). Freed with macvlan_connection_free(), which does not disconnect it.
 *
 * It does not hold the container's namespace open.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_connection macvlan_connection;

/**
 * Returns the lease, as stored. It belongs to the connection. NULL if the connection is invalid.
 */
const struct macvlan_lease *macvlan_connection_lease(const struct macvlan_connection *connection);

/**
 * Returns the attachment, as from macvlan_host_attach(). It belongs to the connection. NULL if the
 * connection is invalid.
 */
const struct macvlan_attachment *macvlan_connection_attachment(const struct macvlan_connection *connection);

/**
 * Returns the interface's name in the container. It belongs to the connection. NULL if the
 * connection is invalid.
 */
const char *macvlan_connection_interface(const struct macvlan_connection *connection);

/**
 * Writes the interface's MAC address. Zeroes if the connection is invalid.
 */
void macvlan_connection_mac(const struct macvlan_connection *connection, uint8_t mac[6]);

/**
 * Returns the number of addresses.
 */
size_t macvlan_connection_address_count(const struct macvlan_connection *connection);

/**
 * Returns one of the addresses, without a prefix length, counted from 0. It belongs to the
 * connection. NULL past the end.
 */
const char *macvlan_connection_address(const struct macvlan_connection *connection, size_t index);

/**
 * Frees a connection. NULL is ignored. The container stays connected.
 */
void macvlan_connection_free(struct macvlan_connection *connection);

/**
 * An existing network, from macvlan_networks_create() and macvlan_networks_get(): connects
 * containers to it, and lists them. Freed with macvlan_network_free(), unless it is a part of a
 * list; the network stays.
 *
 * Threads: any number of threads may use it at once, until one frees it.
 */
typedef struct macvlan_network macvlan_network;

/**
 * Networks, from macvlan_networks_list(). Freed with macvlan_network_list_free().
 *
 * Threads: any number of threads may use its parts at once, until one frees it.
 */
typedef struct macvlan_network_list macvlan_network_list;

/**
 * Returns the network's id: 64 hexadecimal digits. This and all other texts, and the
 * configuration, belong to the object. NULL if the network is invalid.
 */
const char *macvlan_network_id(const struct macvlan_network *network);

/**
 * Returns the network's name.
 */
const char *macvlan_network_name(const struct macvlan_network *network);

/**
 * Returns the time of its creation: "2024-05-01T12:00:00Z".
 */
const char *macvlan_network_created(const struct macvlan_network *network);

/**
 * Returns the link that the containers' links are on: the parent, or, for an isolated network, its
 * own dummy link.
 */
const char *macvlan_network_parent(const struct macvlan_network *network);

/**
 * Returns the configuration, with the subnet that was chosen if none was given. NULL if the
 * network is invalid.
 */
const struct macvlan_network_config *macvlan_network_get_config(const struct macvlan_network *network);

/**
 * Returns the number of warnings; 0 for a network that was found.
 *
 * These are problems, such as a parent that does not exist, that would have prevented a connection
 * when the network was created or changed by this object.
 */
size_t macvlan_network_warning_count(const struct macvlan_network *network);

/**
 * Returns one of the warnings as a sentence, counted from 0. NULL past the end.
 */
const char *macvlan_network_warning(const struct macvlan_network *network, size_t index);

/**
 * Connects a container: leases its addresses and attaches its interface, or changes nothing. The
 * caller frees the connection with macvlan_connection_free().
 *
 * A container that is already connected in the same namespace stays connected; differences of its
 * interface are repaired. If the namespace in which it was connected no longer exists, as after a
 * restart of the container, it is connected again with the same addresses.
 *
 * Waits while another process connects or disconnects the container.
 */
int macvlan_network_connect(const struct macvlan_network *network,
                            const struct macvlan_connect_options *options,
                            const struct macvlan_netns *netns,
                            struct macvlan_connection **connection,
                            struct macvlan_error **error);

/**
 * Disconnects a container, by its id, or one of its interfaces, by "ID/INTERFACE": detaches its
 * interfaces and releases its addresses.
 *
 * A pending lease is released, by the id of its container, or by its own id if it has none, and
 * the link that was created for it is deleted. The container's namespace is looked up; if it no
 * longer exists, nothing has to be detached. `was_there`, which can be NULL, is set to whether the
 * interface still existed.
 *
 * Refused for a container of another host while that host is alive.
 */
int macvlan_network_disconnect(const struct macvlan_network *network,
                               const char *container,
                               bool *was_there,
                               struct macvlan_error **error);

/**
 * Disconnects a container like macvlan_network_disconnect(), with a handle on its namespace, which
 * saves the lookup. Refused if the container is now connected in another one.
 */
int macvlan_network_disconnect_from(const struct macvlan_network *network,
                                    const char *container,
                                    const struct macvlan_netns *netns,
                                    bool *was_there,
                                    struct macvlan_error **error);

/**
 * Lists the leases of the containers of all hosts, with one for each interface, and the pending
 * ones. The caller frees the list with macvlan_lease_list_free().
 */
int macvlan_network_leases(const struct macvlan_network *network,
                           struct macvlan_lease_list **leases,
                           struct macvlan_error **error);

/**
 * Lists the leases of a container, by its id, or of one of its interfaces, by "ID/INTERFACE", in
 * the order of their connection. The caller frees the list with macvlan_lease_list_free().
 */
int macvlan_network_leases_of(const struct macvlan_network *network,
                              const char *container,
                              struct macvlan_lease_list **leases,
                              struct macvlan_error **error);

/**
 * Gets the lease of a container, by its id, or of one of its interfaces, by "ID/INTERFACE"; the
 * first one if it has several. NULL without an error if it is not connected. The caller frees the
 * lease with macvlan_lease_free().
 */
int macvlan_network_lease(const struct macvlan_network *network,
                          const char *container,
                          struct macvlan_lease **lease,
                          struct macvlan_error **error);

/**
 * Removes the network from the store, and, if it is isolated, its dummy link. Refused while
 * containers are connected. The object still has to be freed.
 */
int macvlan_network_remove(const struct macvlan_network *network, struct macvlan_error **error);

/**
 * Frees the object. NULL is ignored. The network stays.
 */
void macvlan_network_free(struct macvlan_network *network);

/**
 * Returns the number of networks.
 */
size_t macvlan_network_list_count(const struct macvlan_network_list *list);

/**
 * Returns one of the networks, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_network *macvlan_network_list_get(const struct macvlan_network_list *list,
                                                       size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_network_list_free(struct macvlan_network_list *list);

/**
 * The addresses to be leased before the container exists: a value, for macvlan_network_allocate().
 * Freed with macvlan_allocation_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_allocation macvlan_allocation;

/**
 * Makes an allocation of one address of each family that the network has. The caller frees it with
 * macvlan_allocation_free().
 */
int macvlan_allocation_new(struct macvlan_allocation **allocation, struct macvlan_error **error);

/**
 * Adds a requested address, "10.0.10.7". One is chosen of each family without a requested one.
 */
int macvlan_allocation_add_address(struct macvlan_allocation *allocation,
                                   const char *address,
                                   struct macvlan_error **error);

/**
 * Sets whether an IPv4 and whether an IPv6 address is chosen if none is requested. Both default to
 * true.
 */
int macvlan_allocation_set_families(struct macvlan_allocation *allocation,
                                    bool ipv4,
                                    bool ipv6,
                                    struct macvlan_error **error);

/**
 * Sets the MAC address. Defaults to a derived one, see macvlan_network_config_set_mac_from().
 */
int macvlan_allocation_set_mac(struct macvlan_allocation *allocation,
                               const uint8_t mac[6],
                               struct macvlan_error **error);

/**
 * Leases addresses before the container exists, for callers that are asked for an address first.
 * The caller frees `lease` with macvlan_lease_free().
 *
 * The lease is pending until a container takes it, by its id (macvlan_lease_endpoint()) in
 * macvlan_connect_options_take(), or until it is released by macvlan_network_disconnect() with
 * that id. macvlan_networks_collect() releases one that is pending for longer than
 * macvlan_networks_set_pending_age(), or since another boot.
 */
int macvlan_network_allocate(const struct macvlan_network *network,
                             const struct macvlan_allocation *allocation,
                             struct macvlan_lease **lease,
                             struct macvlan_error **error);

/**
 * Frees an allocation. NULL is ignored. Leased addresses stay leased.
 */
void macvlan_allocation_free(struct macvlan_allocation *allocation);

/**
 * A link in the host's namespace that the caller moves to a container, and its configuration
 * there. From macvlan_network_create_link(). Freed with macvlan_host_link_free(), which does not
 * delete the link.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_host_link macvlan_host_link;

/**
 * Leases addresses for a container and creates its link in the host's namespace. The link is down
 * and without addresses, for a caller that moves it to the container and configures it there. On a
 * failure nothing is changed. The caller frees the object with macvlan_host_link_free().
 *
 * The lease is pending until macvlan_network_bind() or macvlan_networks_reconcile() finds the link
 * in the container's namespace. Until then, macvlan_networks_collect() releases the lease and
 * deletes the link if it is older than macvlan_networks_set_pending_age().
 * macvlan_network_disconnect() deletes the link, also if it was moved back.
 *
 * The caller manages addresses and routes in the container: they are not repaired, and the
 * container's default routes lead only through its other networks, unless
 * macvlan_connect_options_set_default_route() is used.
 */
int macvlan_network_create_link(const struct macvlan_network *network,
                                const struct macvlan_connect_options *options,
                                struct macvlan_host_link **link,
                                struct macvlan_error **error);

/**
 * Binds a container's pending lease, by its id, or by "ID/INTERFACE" if it has several, to the
 * namespace to which its link was moved, with the link's name there. A lease that is already bound
 * to it is unchanged.
 *
 * `lease` is the lease as bound; the caller frees it with macvlan_lease_free().
 */
int macvlan_network_bind(const struct macvlan_network *network,
                         const char *container,
                         const struct macvlan_netns *netns,
                         struct macvlan_lease **lease,
                         struct macvlan_error **error);

/**
 * Returns the lease, with the addresses for the container. It belongs to the object. NULL if the
 * link is invalid.
 */
const struct macvlan_lease *macvlan_host_link_lease(const struct macvlan_host_link *link);

/**
 * Returns the link's name in the host's namespace, "mv-" and 12 hexadecimal digits. It belongs to
 * the object. NULL if the link is invalid.
 */
const char *macvlan_host_link_name(const struct macvlan_host_link *link);

/**
 * Returns the link's index in the host's namespace; 0 if the link is invalid.
 */
uint32_t macvlan_host_link_index(const struct macvlan_host_link *link);

/**
 * Writes the link's MAC address, which it keeps when it is moved. Zeroes if the link is invalid.
 */
void macvlan_host_link_mac(const struct macvlan_host_link *link, uint8_t mac[6]);

/**
 * Returns the number of gateways: one of each family that has one, none in an internal network.
 */
size_t macvlan_host_link_gateway_count(const struct macvlan_host_link *link);

/**
 * Returns one of the gateways, counted from 0. It belongs to the object. NULL past the end.
 */
const char *macvlan_host_link_gateway(const struct macvlan_host_link *link, size_t index);

/**
 * Returns the number of routes of the network that lead through the link.
 */
size_t macvlan_host_link_route_count(const struct macvlan_host_link *link);

/**
 * Returns one of these routes, counted from 0, in the format of macvlan_endpoint_add_route(). It
 * belongs to the object. NULL past the end.
 */
const char *macvlan_host_link_route(const struct macvlan_host_link *link, size_t index);

/**
 * Frees the object. NULL is ignored. The link stays.
 */
void macvlan_host_link_free(struct macvlan_host_link *link);

/**
 * The result of changing a network, from macvlan_network_update(), macvlan_network_set_parent()
 * and macvlan_networks_ensure(). Freed with macvlan_updated_free().
 *
 * Threads: any number of threads may use its parts at once, until one frees it.
 */
typedef struct macvlan_updated macvlan_updated;

/**
 * Changes a network to another configuration, or changes nothing. Containers stay connected
 * unchanged; the result lists those to be connected again. The name stays. A configuration without
 * subnets keeps the existing ones. The caller frees the result with macvlan_updated_free().
 *
 * Fails with MACVLAN_ERROR_NETWORK_IN_USE if a container has an address that would no longer be in
 * the network, and with MACVLAN_ERROR_NETWORK_CONTENDED if others have changed it since it was
 * read.
 */
int macvlan_network_update(const struct macvlan_network *network,
                           const struct macvlan_network_config *config,
                           struct macvlan_updated **updated,
                           struct macvlan_error **error);

/**
 * Sets the parent of a network, independently of concurrent changes by others. The parent is as in
 * macvlan_network_config_set_parent(). Otherwise like macvlan_network_update().
 */
int macvlan_network_set_parent(const struct macvlan_network *network,
                               const char *parent,
                               struct macvlan_updated **updated,
                               struct macvlan_error **error);

/**
 * Sets the parent of a network to an object, which is copied. Otherwise like
 * macvlan_network_set_parent().
 */
int macvlan_network_set_parent_object(const struct macvlan_network *network,
                                      const struct macvlan_parent *parent,
                                      struct macvlan_updated **updated,
                                      struct macvlan_error **error);

/**
 * Returns the network with its current configuration. It belongs to the object. NULL if the object
 * is invalid.
 */
const struct macvlan_network *macvlan_updated_network(const struct macvlan_updated *updated);

/**
 * Returns the number of containers whose interfaces differ from the new configuration.
 * macvlan_network_connect() updates each of them, and so does macvlan_networks_reconcile() on
 * their hosts.
 */
size_t macvlan_updated_outdated_count(const struct macvlan_updated *updated);

/**
 * Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_updated_outdated(const struct macvlan_updated *updated,
                                                     size_t index);

/**
 * Returns the number of containers whose interfaces already agree with the new configuration.
 */
size_t macvlan_updated_unaffected_count(const struct macvlan_updated *updated);

/**
 * Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_updated_unaffected(const struct macvlan_updated *updated,
                                                       size_t index);

/**
 * Returns whether the network was created.
 */
bool macvlan_updated_created(const struct macvlan_updated *updated);

/**
 * Frees the result. NULL is ignored.
 */
void macvlan_updated_free(struct macvlan_updated *updated);

/**
 * The result of disconnecting all containers except some, from macvlan_network_retain(). Freed
 * with macvlan_retained_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_retained macvlan_retained;

/**
 * Disconnects all containers on this host except the `count` ones with these ids or interfaces
 * ("ID/INTERFACE"). For a runtime that has a list of its containers, such as the GC of CNI.
 * `valid` can be NULL if `count` is 0.
 *
 * The result has the released leases and the failed ones; a failed one is not an error of this
 * function. The caller frees it with macvlan_retained_free().
 *
 * Like macvlan_network_disconnect(), releases a lease only if the interface was detached or the
 * namespace no longer exists. Leases of other hosts, pending ones, and those of containers that
 * were connected after the start of the call, stay.
 */
int macvlan_network_retain(const struct macvlan_network *network,
                           const char *const *valid,
                           size_t count,
                           struct macvlan_retained **retained,
                           struct macvlan_error **error);

/**
 * Returns the number of released leases.
 */
size_t macvlan_retained_released_count(const struct macvlan_retained *retained);

/**
 * Returns one of the released leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_retained_released(const struct macvlan_retained *retained,
                                                      size_t index);

/**
 * Returns the number of failed leases.
 */
size_t macvlan_retained_failed_count(const struct macvlan_retained *retained);

/**
 * Returns one of the failed leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_retained_failed(const struct macvlan_retained *retained,
                                                    size_t index);

/**
 * Returns the error of one of the failed leases, counted from 0. It belongs to the object. NULL
 * past the end.
 */
const struct macvlan_error *macvlan_retained_error(const struct macvlan_retained *retained,
                                                   size_t index);

/**
 * Frees the result. NULL is ignored.
 */
void macvlan_retained_free(struct macvlan_retained *retained);

/**
 * Addresses, from macvlan_network_resolve(). Freed with macvlan_ip_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_ip_list macvlan_ip_list;

/**
 * A text, from macvlan_network_inspect(), macvlan_network_hosts() and
 * macvlan_networks_unreadable(). Freed with macvlan_text_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_text macvlan_text;

/**
 * Makes the object that `docker network inspect` prints for a network, with its containers on all
 * hosts, as JSON. The caller frees the text with macvlan_text_free().
 */
int macvlan_network_inspect(const struct macvlan_network *network,
                            struct macvlan_text **json,
                            struct macvlan_error **error);

/**
 * Resolves a container's name or id to its addresses, on all hosts; an empty list if none has it.
 * The network's name may be appended, as in "test101.vlan10". The caller frees the list with
 * macvlan_ip_list_free().
 */
int macvlan_network_resolve(const struct macvlan_network *network,
                            const char *name,
                            struct macvlan_ip_list **addresses,
                            struct macvlan_error **error);

/**
 * Makes the lines for /etc/hosts, one for each address of a container that has a name: the
 * address, the name, and the name with a dot and the network's name. The caller frees the text
 * with macvlan_text_free().
 */
int macvlan_network_hosts(const struct macvlan_network *network,
                          struct macvlan_text **lines,
                          struct macvlan_error **error);

/**
 * Writes these lines to a hosts file, between two comment lines, and replaces them the next time.
 * The rest of the file stays unchanged, with its line ends.
 *
 * The file is written in place, so that it changes wherever it is mounted, and keeps its owner,
 * mode and links. One process at a time writes it. If the file cannot be written, as on a full
 * disk, it keeps its text.
 */
int macvlan_network_write_hosts(const struct macvlan_network *network,
                                const char *path,
                                struct macvlan_error **error);

/**
 * Returns the text. It belongs to the object. NULL if the object is invalid.
 */
const char *macvlan_text_get(const struct macvlan_text *text);

/**
 * Frees a text. NULL is ignored.
 */
void macvlan_text_free(struct macvlan_text *text);

/**
 * Returns the number of addresses.
 */
size_t macvlan_ip_list_count(const struct macvlan_ip_list *list);

/**
 * Returns one of the addresses as text, "10.0.10.2", counted from 0. It belongs to the list. NULL
 * past the end.
 */
const char *macvlan_ip_list_get(const struct macvlan_ip_list *list, size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_ip_list_free(struct macvlan_ip_list *list);

/**
 * Addresses that are used by machines on the LAN that are not containers of the network, from
 * macvlan_network_conflicting_addresses(). Freed with macvlan_conflicting_address_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_conflicting_address_list macvlan_conflicting_address_list;

/**
 * Records an address as used by a machine that is not a container of this network: it is no longer
 * assigned. Refused if a container has it. With macvlan_network_config_set_probe() this is done
 * automatically.
 */
int macvlan_network_add_conflicting_address(const struct macvlan_network *network,
                                            const char *address,
                                            struct macvlan_error **error);

/**
 * Deletes the record of an address. `was_known`, which can be NULL, is set to whether there was
 * one.
 */
int macvlan_network_remove_conflicting_address(const struct macvlan_network *network,
                                               const char *address,
                                               bool *was_known,
                                               struct macvlan_error **error);

/**
 * Lists the addresses that are recorded as used by machines that are not containers of this
 * network. The caller frees the list with macvlan_conflicting_address_list_free().
 */
int macvlan_network_conflicting_addresses(const struct macvlan_network *network,
                                          struct macvlan_conflicting_address_list **list,
                                          struct macvlan_error **error);

/**
 * Returns the number of addresses.
 */
size_t macvlan_conflicting_address_list_count(const struct macvlan_conflicting_address_list *list);

/**
 * Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
 */
const char *macvlan_conflicting_address_list_address(const struct macvlan_conflicting_address_list *list,
                                                     size_t index);

/**
 * Returns the time at which it was found, in seconds since 1970; 0 past the end.
 */
uint64_t macvlan_conflicting_address_list_found(const struct macvlan_conflicting_address_list *list,
                                                size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_conflicting_address_list_free(struct macvlan_conflicting_address_list *list);

/* ------------------------------------------------------------------------------------------------
 * 22. Sessions: creating and finding networks
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a store in etcd, with this host's name: a value, for
 * macvlan_networks_open_etcd(). Freed with macvlan_etcd_options_free().
 *
 * Threads: concurrent reads are safe; a change needs exclusive access.
 */
typedef struct macvlan_etcd_options macvlan_etcd_options;

/**
 * Makes options for this host, with a unique name that does not change while it has containers.
 * The caller frees them with macvlan_etcd_options_free().
 */
int macvlan_etcd_options_new(const char *host,
                             struct macvlan_etcd_options **options,
                             struct macvlan_error **error);

/**
 * Adds an endpoint of etcd: "http://10.0.0.7:2379", or "https://10.0.0.7:2379", which needs a CA.
 * At least one is needed.
 */
int macvlan_etcd_options_add_endpoint(struct macvlan_etcd_options *options,
                                      const char *endpoint,
                                      struct macvlan_error **error);

/**
 * Sets the prefix of all keys. Defaults to "/macvlan/".
 */
int macvlan_etcd_options_set_prefix(struct macvlan_etcd_options *options,
                                    const char *prefix,
                                    struct macvlan_error **error);

/**
 * Sets the timeout of requests in milliseconds. Defaults to 5000.
 */
int macvlan_etcd_options_set_timeout(struct macvlan_etcd_options *options,
                                     uint32_t milliseconds,
                                     struct macvlan_error **error);

/**
 * Sets for how many milliseconds this host counts as alive after its last process with an open
 * store has ended or lost etcd. Defaults to 60000. Afterwards others may collect its containers'
 * leases.
 *
 * For a host without a permanent process, such as an agent, see
 * macvlan_etcd_options_set_persistent().
 */
int macvlan_etcd_options_set_ttl(struct macvlan_etcd_options *options,
                                 uint32_t milliseconds,
                                 struct macvlan_error **error);

/**
 * Sets whether this host counts as alive also without a process that has the store open, across
 * reboots, until macvlan_networks_forget_host() is called on another host. Defaults to false. For
 * processes that end at once, such as a CNI plugin: only this host collects the leases of its
 * containers.
 *
 * The first process that sets it decides, whatever later ones set. A host that breaks down keeps
 * its addresses and its name until it is forgotten.
 */
int macvlan_etcd_options_set_persistent(struct macvlan_etcd_options *options,
                                        bool persistent,
                                        struct macvlan_error **error);

/**
 * Sets the user and the password for an etcd with authentication. The user's role has to have read
 * and write permission for all keys with the prefix.
 */
int macvlan_etcd_options_set_user(struct macvlan_etcd_options *options,
                                  const char *name,
                                  const char *password,
                                  struct macvlan_error **error);

/**
 * Sets the certificates of the authorities that may sign etcd's certificate, as PEM text, for
 * endpoints with "https://". Those of the system are not used.
 */
int macvlan_etcd_options_set_ca(struct macvlan_etcd_options *options,
                                const char *pem,
                                struct macvlan_error **error);

/**
 * Sets the file with the certificates of macvlan_etcd_options_set_ca(), which is read when the
 * store is opened.
 */
int macvlan_etcd_options_set_ca_file(struct macvlan_etcd_options *options,
                                     const char *path,
                                     struct macvlan_error **error);

/**
 * Sets the certificate of this host for etcd, with its chain, as PEM text. It needs a key.
 */
int macvlan_etcd_options_set_certificate(struct macvlan_etcd_options *options,
                                         const char *pem,
                                         struct macvlan_error **error);

/**
 * Sets the file with the certificate of macvlan_etcd_options_set_certificate(), which is read when
 * the store is opened.
 */
int macvlan_etcd_options_set_certificate_file(struct macvlan_etcd_options *options,
                                              const char *path,
                                              struct macvlan_error **error);

/**
 * Sets the key of the certificate, as PEM text.
 */
int macvlan_etcd_options_set_key(struct macvlan_etcd_options *options,
                                 const char *pem,
                                 struct macvlan_error **error);

/**
 * Sets the file with the key of the certificate, which is read when the store is opened.
 */
int macvlan_etcd_options_set_key_file(struct macvlan_etcd_options *options,
                                      const char *path,
                                      struct macvlan_error **error);

/**
 * Frees options. NULL is ignored.
 */
void macvlan_etcd_options_free(struct macvlan_etcd_options *options);

/**
 * The kind of a change that reconciled kernel and store. Later versions may add some, so a program
 * has to expect numbers that are not listed here.
 */
typedef enum macvlan_reconciled_kinds {
    /**
     * A change for which this version has no number.
     */
    MACVLAN_RECONCILED_OTHER = 0,
    /**
     * A lease whose namespace or host no longer exists was released.
     */
    MACVLAN_RECONCILED_RELEASED = 1,
    /**
     * The interface of a lease was missing or changed, and was repaired.
     */
    MACVLAN_RECONCILED_REPAIRED = 2,
    /**
     * An interface that was not stored, of an existing network, has a lease now.
     */
    MACVLAN_RECONCILED_ADOPTED = 3,
    /**
     * An interface of a container in a network that no longer exists was deleted.
     */
    MACVLAN_RECONCILED_REMOVED = 4,
    /**
     * A difference could not be resolved; the others were. The text has the reason.
     */
    MACVLAN_RECONCILED_FAILED = 5,
    /**
     * Addresses that were reserved for containers are free again.
     */
    MACVLAN_RECONCILED_EXPIRED = 6,
    /**
     * The interface of a container, or one of its addresses, was deleted because it now belongs to
     * another one: its host had been considered dead. The text names both.
     */
    MACVLAN_RECONCILED_DISPLACED = 7,
} macvlan_reconciled_kinds;

/**
 * The released leases, from macvlan_networks_collect(). Freed with macvlan_collected_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_collected macvlan_collected;

/**
 * A change that reconciled kernel and store: a part of a macvlan_reconciled_list, with which it is
 * freed.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_reconciled macvlan_reconciled;

/**
 * The changes that reconciled kernel and store, from macvlan_networks_reconcile(). Freed with
 * macvlan_reconciled_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_reconciled_list macvlan_reconciled_list;

/**
 * Returns the kind of the change: one of enum macvlan_reconciled_kinds.
 */
int macvlan_reconciled_kind(const struct macvlan_reconciled *done);

/**
 * Returns a description of the change. It belongs to the list. NULL for NULL.
 */
const char *macvlan_reconciled_text(const struct macvlan_reconciled *done);

/**
 * Returns the lease that was released or made, or whose interface was repaired; NULL if there is
 * none. It belongs to the list.
 */
const struct macvlan_lease *macvlan_reconciled_lease(const struct macvlan_reconciled *done);

/**
 * Returns the name of the interface; NULL if there is none.
 */
const char *macvlan_reconciled_interface(const struct macvlan_reconciled *done);

/**
 * Returns the id of the container; NULL if there is none.
 */
const char *macvlan_reconciled_container(const struct macvlan_reconciled *done);

/**
 * Returns the number of reserved addresses that are free again; 0 for other kinds.
 */
size_t macvlan_reconciled_expired(const struct macvlan_reconciled *done);

/**
 * Returns the number of changes; 0 if there were none.
 */
size_t macvlan_reconciled_list_count(const struct macvlan_reconciled_list *list);

/**
 * Returns one of the changes, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_reconciled *macvlan_reconciled_list_get(const struct macvlan_reconciled_list *list,
                                                             size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_reconciled_list_free(struct macvlan_reconciled_list *list);

/**
 * Returns the number of released leases.
 */
size_t macvlan_collected_lease_count(const struct macvlan_collected *collected);

/**
 * Returns one of these leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_collected_lease(const struct macvlan_collected *collected,
                                                    size_t index);

/**
 * Returns the number of addresses that were reserved for containers that did not return in time.
 */
size_t macvlan_collected_expired(const struct macvlan_collected *collected);

/**
 * Frees the result of a collection. NULL is ignored.
 */
void macvlan_collected_free(struct macvlan_collected *collected);

/**
 * A session that creates and finds networks. It has a host, and a store of networks and leases
 * that many processes share; it offers the operations of `docker network` without Docker. Open one
 * and keep it. Freed with macvlan_networks_free().
 *
 * An address is stored before it is added in the kernel, and deleted from the store after it was
 * deleted in the kernel, so that it is never leased to a second container, even if a process is
 * killed in between.
 *
 * Threads: any number of threads may use it at once, until one frees it;
 * macvlan_networks_set_host_name(), macvlan_networks_set_probe() and
 * macvlan_networks_set_pending_age() need exclusive access.
 */
typedef struct macvlan_networks macvlan_networks;

/**
 * Opens a session with a store for one host: a SQLite file on a local file system, which the first
 * write creates. The caller frees it with macvlan_networks_free().
 *
 * Many processes may use the file at once; written data survives the process and a power loss. The
 * host is identified by its host name, see macvlan_networks_set_host_name().
 *
 * Fails with -EREMOTE and MACVLAN_ERROR_NETWORK_OTHER_MACHINE for a file that another machine
 * wrote last. A path that is not UTF-8 is refused. The session does not refer to the host.
 */
int macvlan_networks_open(const struct macvlan_host *host,
                          const char *path,
                          struct macvlan_networks **networks,
                          struct macvlan_error **error);

/**
 * Opens a session like macvlan_networks_open(), also with a file that another machine wrote last.
 * It is one that was moved here permanently, or whose machine got another machine-id, and becomes
 * this machine's at the next write. Containers of the other machine count as ended. Two machines
 * must not use one file.
 */
int macvlan_networks_open_moved(const struct macvlan_host *host,
                                const char *path,
                                struct macvlan_networks **networks,
                                struct macvlan_error **error);

/**
 * Opens a session with a store for several hosts, in etcd; this host counts as alive while it is
 * open. The socket belongs to the calling thread's network namespace, and a thread of the library
 * keeps it. The caller frees the session with macvlan_networks_free().
 *
 * Fails with -EINVAL for invalid options, such as no endpoint, or "https://" without a CA; with
 * -EACCES and MACVLAN_ERROR_NETWORK_STORE_REFUSED if etcd refuses the user, the password or the
 * certificate, or if its certificate is refused; with -EREMOTE and
 * MACVLAN_ERROR_NETWORK_OTHER_MACHINE if the host's name is that of another machine that is alive;
 * with -EOPNOTSUPP and MACVLAN_ERROR_UNSUPPORTED if the library was built without etcd.
 */
int macvlan_networks_open_etcd(const struct macvlan_host *host,
                               const struct macvlan_etcd_options *options,
                               struct macvlan_networks **networks,
                               struct macvlan_error **error);

/**
 * Sets this host's name in the store, unless macvlan_etcd_options_new() has set it. It must not
 * change while the host has containers. Existing macvlan_network objects keep the old one.
 */
int macvlan_networks_set_host_name(struct macvlan_networks *networks,
                                   const char *name,
                                   struct macvlan_error **error);

/**
 * Sets how addresses are probed for networks with macvlan_network_config_set_probe(). Defaults to
 * macvlan_probe_quick(). It is copied. Existing macvlan_network objects keep the old one.
 */
int macvlan_networks_set_probe(struct macvlan_networks *networks,
                               const struct macvlan_probe *probe,
                               struct macvlan_error **error);

/**
 * Sets for how many milliseconds a lease may be pending before macvlan_networks_collect() and
 * macvlan_networks_reconcile() release it. Defaults to ten minutes.
 */
int macvlan_networks_set_pending_age(struct macvlan_networks *networks,
                                     uint32_t milliseconds,
                                     struct macvlan_error **error);

/**
 * Makes a host on the namespace in which containers are connected, which the caller frees with
 * macvlan_host_free().
 */
int macvlan_networks_host(const struct macvlan_networks *networks,
                          struct macvlan_host **host,
                          struct macvlan_error **error);

/**
 * Returns this host's name in the store. It belongs to the session. NULL if the session is
 * invalid.
 */
const char *macvlan_networks_host_name(const struct macvlan_networks *networks);

/**
 * Creates a network. Without a subnet it gets one of Docker's default subnets that is not used by
 * another network or by a link or route of this host. The caller frees `network` with
 * macvlan_network_free(), at any time.
 */
int macvlan_networks_create(struct macvlan_networks *networks,
                            const struct macvlan_network_config *config,
                            struct macvlan_network **network,
                            struct macvlan_error **error);

/**
 * Ensures that a network is as configured: creates it, or changes the existing one with this name,
 * or changes nothing. Only reads if there are no differences, so programs may call it before each
 * use, and at the same time. A configuration without subnets keeps the existing ones. The caller
 * frees the result with macvlan_updated_free().
 *
 * Refused as by macvlan_networks_create() and macvlan_network_update().
 */
int macvlan_networks_ensure(struct macvlan_networks *networks,
                            const struct macvlan_network_config *config,
                            struct macvlan_updated **updated,
                            struct macvlan_error **error);

/**
 * Finds a network by its name, its id or a unique prefix of the id. The caller frees it with
 * macvlan_network_free().
 */
int macvlan_networks_get(const struct macvlan_networks *networks,
                         const char *name_or_id,
                         struct macvlan_network **network,
                         struct macvlan_error **error);

/**
 * Lists the stored networks and leases that cannot be read, one on each line with the reason.
 * Other lists do not have them, and their addresses are not leased. The caller frees the text with
 * macvlan_text_free().
 */
int macvlan_networks_unreadable(const struct macvlan_networks *networks,
                                struct macvlan_text **lines,
                                struct macvlan_error **error);

/**
 * Lists the networks that can be read, ordered by name; see also macvlan_networks_unreadable().
 * The caller frees the list with macvlan_network_list_free().
 */
int macvlan_networks_list(const struct macvlan_networks *networks,
                          struct macvlan_network_list **list,
                          struct macvlan_error **error);

/**
 * Makes a summary like `docker network ls`, as JSON. It is an array of objects with Id, Name,
 * Driver, Scope, Parent, Internal, Subnets, and the number of connected Containers on all hosts.
 * The caller frees the text with macvlan_text_free().
 */
int macvlan_networks_summary(const struct macvlan_networks *networks,
                             struct macvlan_text **json,
                             struct macvlan_error **error);

/**
 * Removes the networks that have no containers on any host, and their dummy links. Gives their
 * names, one on each line, as a text that the caller frees with macvlan_text_free(). A container
 * that has ended counts until its lease is collected.
 */
int macvlan_networks_prune(struct macvlan_networks *networks,
                           struct macvlan_text **names,
                           struct macvlan_error **error);

/**
 * Releases leases that are no longer used. The caller frees the result with
 * macvlan_collected_free().
 *
 * - those of this host's containers whose namespace no longer exists, also after a reboot;
 * - those of hosts that the store considers dead;
 * - those that were pending for too long, with the links that were created for them;
 * - addresses that were reserved long enough.
 *
 * A namespace no longer exists if this process finds no process in it, no open descriptor and no
 * mount: call this as root on the host, not in a container.
 */
int macvlan_networks_collect(struct macvlan_networks *networks,
                             struct macvlan_collected **collected,
                             struct macvlan_error **error);

/**
 * Forgets a host that counts as alive without a process and has permanently ended. See
 * macvlan_etcd_options_set_persistent(). Others then collect the leases of its containers, and
 * another machine may have its name. `was_known`, which can be NULL, is set to whether there was
 * such a host; a file has none.
 *
 * The addresses of its containers may then be leased to others, so these must not run any more.
 * Refused with MACVLAN_ERROR_NETWORK_HOST_ALIVE while a process of it has the store open, and
 * after one was killed, for as long as a host counts as alive.
 */
int macvlan_networks_forget_host(struct macvlan_networks *networks,
                                 const char *name,
                                 bool *was_known,
                                 struct macvlan_error **error);

/**
 * Reconciles the kernel with the store on this host, and lists the changes; the list is empty if
 * there were none. For a program that starts again after a failure. The caller frees the list with
 * macvlan_reconciled_list_free().
 *
 * Leases of namespaces that no longer exist are released. Interfaces that are missing or changed
 * are repaired. Interfaces that are not stored get a lease if their network exists, and are
 * deleted if it does not.
 *
 * An interface gets a lease for those of its addresses that were not leased to another container;
 * the others are deleted from it. It is deleted if none would remain, or if its container is now
 * connected elsewhere. An interface is identified by its alias, if only the store can have made
 * it; any other is reported as failed and left unchanged.
 */
int macvlan_networks_reconcile(struct macvlan_networks *networks,
                               struct macvlan_reconciled_list **done,
                               struct macvlan_error **error);

/**
 * Frees a session. NULL is ignored. Existing macvlan_network objects remain usable, and containers
 * stay connected.
 */
void macvlan_networks_free(struct macvlan_networks *networks);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MACVLAN_H */
