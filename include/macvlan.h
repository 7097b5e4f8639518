/*
 * macvlan: connects containers, sandboxes and VMs directly to the LAN.
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
 * There are also networks, like Docker's, with subnets and leases of addresses, which are stored
 * in a file or in etcd; see macvlan_networks.
 *
 * The following holds for all functions:
 *
 * Results. A function that can fail returns 0 or a negative errno. It writes its results to the
 * places that its arguments point to, or NULL (or 0) if it fails. Its last argument can be NULL;
 * otherwise it is set to an error with details, which the caller frees, or to NULL. Old values are
 * overwritten: free them first. The library does not keep a "last error".
 *
 * Structs. Values with many fields are structs, such as macvlan_options. Each begins with its
 * size, by which a program and a library of different versions agree about the fields that both
 * know.
 *
 *   - To pass one, initialize it with MACVLAN_INIT, and set the fields that differ from the
 *     defaults:
 *
 *         macvlan_options options = MACVLAN_INIT(macvlan_options);
 *         options.mode = MACVLAN_MODE_PRIVATE;
 *
 *     In C also macvlan_options options = { .size = sizeof(options), .mode = ... }. A field that
 *     is NULL, 0 or false has its default. Fields that the program does not know are zero for the
 *     library. Fields that the library does not know must be zero, or the function fails with
 *     -E2BIG. A wrong size, as of a struct that was not initialized, is refused with -EINVAL.
 *   - The structs that the library returns are const and belong to the object from which they were
 *     obtained, with all texts, arrays and structs that they point to: until the object is freed,
 *     or changed, if its type can be changed. Their size says how many bytes the library has set;
 *     the following 256 bytes are zero, so that a program with a later header reads new fields as
 *     not set. Empty arrays are NULL with the count 0.
 *
 * Where 0 is a value of its own, the field is a macvlan_opt_u32 or similar, which MACVLAN_SET
 * sets: { true, 0 } is 0, and { false } is the default, or not known. An array is a pointer and a
 * count; the elements of an array of structs are pointers. Fields are added only at the end, and
 * never change.
 *
 * Objects. An object that a function writes through a pointer to a pointer belongs to the caller,
 * who frees it with the _free function of its type; freeing NULL does nothing. A pointer to const
 * that a function returns, a text or a part of a list, belongs to the object of the call and is
 * freed with it. Objects do not refer to each other: free each when it is no longer used, in any
 * order.
 *
 * Arguments. Text is UTF-8 and ends with a zero byte. A pointer must not be NULL unless its
 * function says so. File descriptors stay the caller's. The library keeps no pointer to an
 * argument; it copies the values that it needs later, also from structs.
 *
 * Invalid arguments. A required argument that is NULL, text that is not UTF-8, a number that is
 * not an enumerator, an object of another type, or a part of another object instead of a whole
 * one: such an argument is refused with -EINVAL and an error that names the function and the
 * argument. A freed object is usually detected too, as long as its memory has not been reused; its
 * use remains undefined behaviour. Functions that do not return an error number return NULL, 0, -1
 * or false for an invalid object, and _free functions ignore it.
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
 * and all changes undone, needs a host with a cancellation (macvlan_host_cancelled_by()), for
 * which the handler calls macvlan_cancel().
 *
 * -EINTR has two kinds. MACVLAN_ERROR_CANCELLED is returned only by functions of such a host, and
 * of its pools, accesses, keepers and sessions of networks, and by macvlan_watch_next() and
 * macvlan_keeper_next() with a cancellation. MACVLAN_ERROR_INTERRUPTED is returned by functions
 * that list objects of the kernel, if these keep changing, and by functions that attach, repair or
 * detach, if another process locks the container's namespace for 20 seconds. The function can be
 * called again.
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
 *   2. Optional values and texts
 *   3. Errors
 *   4. Cancellation
 *   5. MAC addresses
 *   6. Options of macvlan and VLAN links
 *   7. Parents
 *   8. Links, addresses, routes, rules and neighbours as the kernel describes them
 *   9. Network namespaces
 *  10. Events in a namespace
 *  11. Handles: the commands of ip in one namespace
 *  12. Probing and announcing addresses
 *  13. Endpoints: descriptions of container interfaces
 *  14. Attachments: attached endpoints
 *  15. Hosts: attaching and detaching
 *  16. Checking and repairing
 *  17. Keeping endpoints attached
 *  18. Finding the holders of addresses
 *  19. Diagnosis of a container that does not reach a peer
 *  20. Access from the host to its own containers
 *  21. Networks: configuration
 *  22. Networks and their containers
 *  23. Sessions: creating and finding networks
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
#define MACVLAN_VERSION "0.2.0"
#define MACVLAN_VERSION_MAJOR 0
#define MACVLAN_VERSION_MINOR 2
#define MACVLAN_VERSION_PATCH 0
#define MACVLAN_VERSION_NUMBER 0x000200

/** True if this header is of this version or a later one, for #if. */
#define MACVLAN_VERSION_AT_LEAST(major, minor, patch) \
    (MACVLAN_VERSION_MAJOR > (major) || \
     (MACVLAN_VERSION_MAJOR == (major) && \
      (MACVLAN_VERSION_MINOR > (minor) || \
       (MACVLAN_VERSION_MINOR == (minor) && MACVLAN_VERSION_PATCH >= (patch)))))

/** A struct of this type with its size, and all other fields zero. */
#ifdef __cplusplus
#define MACVLAN_INIT(type) ([] { type made = type(); made.size = sizeof(type); return made; }())
#else
#define MACVLAN_INIT(type) ((type){ .size = sizeof(type) })
#endif

/** Sets an optional field of a struct, except for a MAC address. */
#define MACVLAN_SET(field, number) ((field).value = (number), (field).is_set = true)

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. Version of the library
 * ------------------------------------------------------------------------------------------------ */

/**
 * Returns the version of the library at run time, "0.2.0". It may be newer than the header,
 * MACVLAN_VERSION. Never NULL; not to be freed.
 *
 * Threads: any number of threads may use it and the text at once.
 */
const char *macvlan_version(void);

/**
 * Returns the version of the library at run time as a number, 0x000200 for 0.2.0, which compares
 * with MACVLAN_VERSION_NUMBER.
 */
uint32_t macvlan_version_number(void);

/* ------------------------------------------------------------------------------------------------
 * 2. Optional values and texts
 * ------------------------------------------------------------------------------------------------ */

/**
 * A MAC address that may be missing. In an initializer: { true, { 2, 0, 0, 0, 0, 1 } }.
 */
typedef struct macvlan_opt_mac {
    /** True if there is a value; if not, it is zero. */
    bool is_set;
    /** The value. */
    uint8_t value[6];
} macvlan_opt_mac;

/**
 * A truth value that may be missing. In an initializer: { true, false }.
 */
typedef struct macvlan_opt_bool {
    /** True if there is a value; if not, it is false. */
    bool is_set;
    /** The value. */
    bool value;
} macvlan_opt_bool;

/**
 * A number that may be missing. In an initializer: { true, 100 }.
 */
typedef struct macvlan_opt_u32 {
    /** True if there is a value; if not, it is 0. */
    bool is_set;
    /** The value. */
    uint32_t value;
} macvlan_opt_u32;

/**
 * A number that may be negative or missing. In an initializer: { true, -1 }.
 */
typedef struct macvlan_opt_i32 {
    /** True if there is a value; if not, it is 0. */
    bool is_set;
    /** The value. */
    int32_t value;
} macvlan_opt_i32;

/**
 * A text that a function has made. Freed with macvlan_text_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_text macvlan_text;

/**
 * Returns the text. It belongs to the object. NULL if the object is invalid.
 */
const char *macvlan_text_get(const struct macvlan_text *text);

/**
 * Frees a text. NULL is ignored.
 */
void macvlan_text_free(struct macvlan_text *text);

/* ------------------------------------------------------------------------------------------------
 * 3. Errors
 * ------------------------------------------------------------------------------------------------ */

/**
 * The holder of an address, as found by a probe.
 */
typedef struct macvlan_holder {
    /** The size of the struct. */
    size_t size;
    /** The address: "192.168.15.5". */
    const char *address;
    /** The holder as text: "02:00:00:00:00:05 has 192.168.15.5". */
    const char *text;
    /**
     * The holder's MAC address; not set if the kernel found the duplicate and no frame was
     * received.
     */
    struct macvlan_opt_mac mac;
} macvlan_holder;

/**
 * The error of a function. Every function that can fail writes one to its last argument, if that
 * is not NULL. The caller frees it with macvlan_error_free(). The texts belong to it.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_error macvlan_error;

/**
 * The kind of an error. The numbers are stable. Later versions may add some, so a program has to
 * expect numbers that are not listed here.
 */
typedef enum macvlan_error_kinds {
    /** No error: macvlan_error_kind(NULL). */
    MACVLAN_ERROR_NONE = 0,
    /**
     * An invalid value, refused before any system call; or an invalid argument: NULL, freed, of
     * another type, not UTF-8.
     */
    MACVLAN_ERROR_INVALID_VALUE = 1,
    /** The parent link does not exist in the host's namespace. */
    MACVLAN_ERROR_PARENT_NOT_FOUND = 2,
    /**
     * The parent is a port of a bridge, bond or team, has ipvlan links, or cannot have macvlan
     * links.
     */
    MACVLAN_ERROR_PARENT_BUSY = 3,
    /** Passthru needs the parent for itself, and the parent has another macvlan. */
    MACVLAN_ERROR_PASSTHRU_CONFLICT = 4,
    /** The requested MTU is above the parent's. */
    MACVLAN_ERROR_MTU_TOO_LARGE = 5,
    /** The namespace has a link with this name or alternative name. */
    MACVLAN_ERROR_NAME_TAKEN = 6,
    /** The parent or another link on it has this MAC address. */
    MACVLAN_ERROR_MAC_IN_USE = 7,
    /** The link already has this address. */
    MACVLAN_ERROR_ADDRESS_TAKEN = 8,
    /** The namespace already has this route or rule. */
    MACVLAN_ERROR_ROUTE_EXISTS = 9,
    /** The gateway is not on a subnet that the namespace reaches directly. */
    MACVLAN_ERROR_GATEWAY_UNREACHABLE = 10,
    /** The process has ended, or the named namespace or the file does not exist. */
    MACVLAN_ERROR_NAMESPACE_GONE = 11,
    /** The path or file descriptor is not a network namespace. */
    MACVLAN_ERROR_NOT_A_NAMESPACE = 12,
    /** A capability is missing; the message names it and where it is needed. */
    MACVLAN_ERROR_PERMISSION_DENIED = 13,
    /** The kernel does not support the operation. */
    MACVLAN_ERROR_UNSUPPORTED = 14,
    /** The link, address, route or other object does not exist. */
    MACVLAN_ERROR_NOT_FOUND = 15,
    /** An object of this name exists that is not a link, such as a named namespace. */
    MACVLAN_ERROR_EXISTS = 16,
    /** IPv6 is disabled in the namespace or on the link. */
    MACVLAN_ERROR_IPV6_DISABLED = 17,
    /** The kernel's reply was lost or malformed. */
    MACVLAN_ERROR_PROTOCOL = 18,
    /** A listing was interrupted by changes too often, or a lock was not free in time. */
    MACVLAN_ERROR_INTERRUPTED = 19,
    /**
     * Any other refusal by the kernel; see the error number and the
     * kernel's message.
     */
    MACVLAN_ERROR_SYSTEM = 20,
    /** An error in this library; the function returned -ENOTRECOVERABLE. */
    MACVLAN_ERROR_BUG = 21,
    /** The parent is down or has no carrier, so the link cannot come up or use the network. */
    MACVLAN_ERROR_PARENT_DOWN = 22,
    /** The existing link can only be replaced, not changed, and replacing was not allowed. */
    MACVLAN_ERROR_NEEDS_REPLACEMENT = 23,
    /** Another machine on the network has this address; see the holder of macvlan_error_info. */
    MACVLAN_ERROR_ADDRESS_IN_USE = 24,
    /** The operation timed out. */
    MACVLAN_ERROR_TIMED_OUT = 25,
    /** The operation was cancelled by macvlan_cancel(). */
    MACVLAN_ERROR_CANCELLED = 26,
    /** A network with this name exists. */
    MACVLAN_ERROR_NETWORK_EXISTS = 102,
    /** No network has this name or id, or it was removed. */
    MACVLAN_ERROR_NETWORK_NOT_FOUND = 103,
    /** Containers are connected to the network that is to be removed. */
    MACVLAN_ERROR_NETWORK_IN_USE = 104,
    /** The subnet overlaps a subnet of another network. */
    MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS = 105,
    /** The networks cannot share the parent, because one of them needs it for itself. */
    MACVLAN_ERROR_NETWORK_PARENT_CLASH = 106,
    /** Every default subnet is in use, and none was given. */
    MACVLAN_ERROR_NETWORK_NO_FREE_SUBNET = 107,
    /** No address is left in the network. */
    MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED = 108,
    /** Another container of the network has the requested address. */
    MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN = 109,
    /** A machine on the LAN that is not a container of the network has the requested address. */
    MACVLAN_ERROR_NETWORK_ADDRESS_CONFLICT = 110,
    /**
     * The network does not assign the requested address: it is outside its subnets, reserved, or a
     * gateway's.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE = 111,
    /** Another container in the network has the name. */
    MACVLAN_ERROR_NETWORK_NAME_TAKEN = 112,
    /**
     * The container is already connected: with another address, in another namespace that still
     * exists, or on another host.
     */
    MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED = 113,
    /** The container is not connected to the network. */
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
    /** The store was written by a later version, or its contents are invalid. */
    MACVLAN_ERROR_NETWORK_STORE_UNUSABLE = 117,
    /**
     * The same data in the store was changed by others too often, or another operation holds the
     * container's namespace.
     */
    MACVLAN_ERROR_NETWORK_CONTENDED = 118,
    /** A file could not be read or written. */
    MACVLAN_ERROR_NETWORK_FILE = 119,
    /** The file of the store, or this host's name in the store, belongs to another machine. */
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
    /** The host that is to be forgotten is still alive. */
    MACVLAN_ERROR_NETWORK_HOST_ALIVE = 123,
    /**
     * A lease would not outlive this process: no agent runs on this host, and it is not declared.
     */
    MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE = 124,
} macvlan_error_kinds;

/**
 * The details of an error. A text is NULL if the error has none.
 */
typedef struct macvlan_error_info {
    /** The size of the struct. */
    size_t size;
    /** The kind: one of enum macvlan_error_kinds. */
    uint32_t kind;
    /** The positive error number: the function's return value without the sign. */
    int32_t error_number;
    /** The kind's name, for logs: "mtu-too-large". */
    const char *kind_name;
    /** The message, as from macvlan_error_message(). */
    const char *message;
    /** The operation that failed: "add address 10.0.0.2/24". */
    const char *operation;
    /** The cause, without the rest of the message. */
    const char *cause;
    /** A hint for a solution. */
    const char *hint;
    /** The name of the network. */
    const char *network;
    /** The link, as named by the caller. */
    const char *link;
    /** The link's parent. */
    const char *parent;
    /** A description of the network namespace. */
    const char *netns;
    /** The kernel's message. */
    const char *kernel_message;
    /** The machine on the network that has the address; NULL if there is none. */
    const struct macvlan_holder *holder;
    /** Descriptions of the changes that could not be undone after the failure; usually none. */
    const char *const *leftovers;
    /** The number of these. */
    size_t leftover_count;
    /**
     * True if an object that was to be created exists: a link's name, an address, a route, a named
     * namespace, a network.
     */
    bool is_exists;
    /**
     * True if a required object does not exist: the parent, the namespace, the link, the network.
     */
    bool is_not_found;
    /** True if a capability is missing, or the permission for a file. */
    bool is_permission_denied;
    /** True if a value or an argument was refused before any system call. */
    bool is_invalid_value;
} macvlan_error_info;

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
 * Returns the positive error number: the function's return value without the sign. After a refusal
 * by the kernel it is the kernel's. 0 for NULL.
 */
int macvlan_error_errno(const struct macvlan_error *error);

/**
 * Returns all that is known about the error. It belongs to the error. NULL for NULL.
 */
const struct macvlan_error_info *macvlan_error_get(const struct macvlan_error *error);

/**
 * Frees an error. NULL is ignored.
 */
void macvlan_error_free(struct macvlan_error *error);

/* ------------------------------------------------------------------------------------------------
 * 4. Cancellation
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
 * 5. MAC addresses
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
 * 6. Options of macvlan and VLAN links
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a macvlan or macvtap. All zero: the kernel's defaults, in mode bridge.
 */
typedef struct macvlan_options {
    /** The size of the struct. */
    size_t size;
    /** The mode: one of enum macvlan_mode. Defaults to MACVLAN_MODE_BRIDGE. */
    uint32_t mode;
    /** True if mode passthru leaves the parent as promiscuous as it is (MACVLAN_FLAG_NOPROMISC). */
    bool nopromisc;
    /**
     * True if mode source checks only the source address (MACVLAN_FLAG_NODST). Frames from the
     * listed MAC addresses are then accepted whatever their destination is (Linux 5.13 and later;
     * older kernels refuse it).
     */
    bool nodst;
    /** The MAC addresses from which frames are accepted in mode source: six bytes each. */
    const uint8_t *source_macs;
    /** The number of these. */
    size_t source_mac_count;
    /**
     * The length of the broadcast queue in frames, for broadcast and multicast frames to other
     * links on the parent. Defaults to 1000. The kernel has one queue for each parent and uses the
     * largest requested length.
     */
    struct macvlan_opt_u32 bc_queue_len;
    /**
     * The number of receivers above which a multicast frame goes through the broadcast queue
     * instead of being delivered at once; -1 for never. Defaults to 1. The kernel has one value
     * for each parent, so this changes it for all links on it. Linux 6.4 and later; older kernels
     * ignore it silently.
     */
    struct macvlan_opt_i32 bc_cutoff;
} macvlan_options;

/**
 * Checks options for combinations that the kernel refuses with EINVAL or ignores. Attaching and
 * creating a link do the same. Returns 0 or a negative errno.
 */
int macvlan_options_check(const struct macvlan_options *options, struct macvlan_error **error);

/**
 * The protocol of a VLAN's tag: the EtherTypes ETH_P_8021Q and ETH_P_8021AD.
 */
typedef enum macvlan_vlan_protocol {
    /** The customer tag. */
    MACVLAN_VLAN_PROTOCOL_8021Q = 33024,
    /** The service tag of QinQ. */
    MACVLAN_VLAN_PROTOCOL_8021AD = 34984,
} macvlan_vlan_protocol;

/**
 * An entry of a VLAN's priority maps.
 */
typedef struct macvlan_vlan_qos {
    /** The priority in the kernel (skb->priority). */
    uint32_t priority;
    /** The priority in the tag, 0 to 7 (PCP). */
    uint32_t pcp;
} macvlan_vlan_qos;

/**
 * The options of a VLAN. A flag that is not set has the kernel's default, or stays as it is if a
 * VLAN is changed; the flags of a link that was read are all set.
 */
typedef struct macvlan_vlan_options {
    /** The size of the struct. */
    size_t size;
    /** The id, 1 to 4094; 0 with priority_tags. */
    uint16_t id;
    /** The protocol of the tag: one of enum macvlan_vlan_protocol. Defaults to 802.1Q. */
    uint16_t protocol;
    /** True if the frames have a priority and no VLAN (id 0). */
    bool priority_tags;
    /** True if the tag is removed from received frames (REORDER_HDR). Defaults to true. */
    struct macvlan_opt_bool reorder_hdr;
    /** True if the VLAN is registered with the switch by GVRP. Defaults to false. */
    struct macvlan_opt_bool gvrp;
    /** True if the VLAN is registered with the switch by MVRP. Defaults to false. */
    struct macvlan_opt_bool mvrp;
    /** True if the link stays up when its parent goes down (loose binding). Defaults to false. */
    struct macvlan_opt_bool loose_binding;
    /**
     * True if the link's state follows the bridge ports in this VLAN (bridge binding); the parent
     * is then a bridge. Defaults to false.
     */
    struct macvlan_opt_bool bridge_binding;
    /** The map for received frames, from the tag's priority to the kernel's. */
    const struct macvlan_vlan_qos *ingress_qos;
    /** The number of its entries. */
    size_t ingress_qos_count;
    /** The map for sent frames, from the kernel's priority to the tag's. */
    const struct macvlan_vlan_qos *egress_qos;
    /** The number of its entries. */
    size_t egress_qos_count;
} macvlan_vlan_options;

/**
 * A change of an existing macvlan or macvtap, for macvlan_handle_set_macvlan(). Options that are
 * not set stay unchanged.
 */
typedef struct macvlan_change {
    /** The size of the struct. */
    size_t size;
    /**
     * The mode: one of enum macvlan_mode; 0 to keep it. The kernel refuses a change to or from
     * passthru; leaving mode source clears the list of source MAC addresses.
     */
    uint32_t mode;
    /**
     * The flags: MACVLAN_FLAG_NOPROMISC and MACVLAN_FLAG_NODST. The kernel cannot change one alone.
     */
    struct macvlan_opt_u32 flags;
    /** The broadcast queue's length in frames; see macvlan_options. */
    struct macvlan_opt_u32 bc_queue_len;
    /** The broadcast cutoff, for all links on the parent; see macvlan_options. */
    struct macvlan_opt_i32 bc_cutoff;
    /**
     * The change of the list of source MAC addresses of a link in mode source: one of enum
     * macvlan_macaddr_mode. MACVLAN_MACADDR_ADD and MACVLAN_MACADDR_DEL need one MAC address,
     * MACVLAN_MACADDR_SET the complete new list, MACVLAN_MACADDR_FLUSH none.
     */
    struct macvlan_opt_u32 macaddr_mode;
    /** The MAC addresses for it: six bytes each. */
    const uint8_t *source_macs;
    /** The number of these. */
    size_t source_mac_count;
} macvlan_change;

/* ------------------------------------------------------------------------------------------------
 * 7. Parents
 * ------------------------------------------------------------------------------------------------ */

/**
 * The group of VLANs that are made on demand (`ip link show group 1835098998`). A VLAN that was
 * removed from the group is never deleted.
 */
#define MACVLAN_ON_DEMAND_GROUP 1835098998

/**
 * The link on the host that an endpoint is on, with more options than text has: a VLAN on demand
 * with another name, or with the service tag 802.1ad.
 *
 * One of base, link and text describes it; the first one that is not NULL counts.
 */
typedef struct macvlan_parent {
    /** The size of the struct. */
    size_t size;
    /** The base of a VLAN that is created for the first endpoint and removed with the last one. */
    const struct macvlan_parent *base;
    /**
     * An existing link, even if its name, or its alternative name of up to 127 bytes, is in VLAN
     * notation; "#7" for the link with index 7.
     */
    const char *link;
    /**
     * The parent as text, as in macvlan_endpoint_new(): "ens33", "#7", "ens33.100" for VLAN 100 of
     * ens33, created on demand, "ens33.20.200" for a VLAN of a VLAN. A text of more than 15 bytes
     * is an alternative name, of up to 127.
     */
    const char *text;
    /** The name of the VLAN. Defaults to BASE.ID. */
    const char *name;
    /** The id of the VLAN, 1 to 4094; 0 for a link that must exist. */
    uint16_t vlan_id;
    /**
     * The protocol of the VLAN's tag: one of enum macvlan_vlan_protocol; 0 for a link that must
     * exist. Defaults to 802.1Q.
     */
    uint16_t protocol;
} macvlan_parent;

/* ------------------------------------------------------------------------------------------------
 * 8. Links, addresses, routes, rules and neighbours as the kernel describes them
 * ------------------------------------------------------------------------------------------------ */

/**
 * A link as reported by the kernel, from macvlan_handle_link(). Freed with macvlan_link_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_link macvlan_link;

/**
 * The links of a namespace, from macvlan_handle_links(). Freed with macvlan_link_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_link_list macvlan_link_list;

/**
 * A filter for links, applied by the kernel. All zero: it accepts all.
 */
typedef struct macvlan_link_filter {
    /** The size of the struct. */
    size_t size;
    /**
     * The kind: "macvlan", "vlan". The filter accepts all links if the kernel does not know the
     * kind, because its module is not loaded.
     */
    const char *kind;
    /** The bridge, bond or VRF whose ports are accepted, by name or "#" and index. */
    const char *controller;
} macvlan_link_filter;

/**
 * Traffic counters of a link since its creation (struct rtnl_link_stats64).
 */
typedef struct macvlan_link_statistics {
    /** The size of the struct. */
    size_t size;
    /** Packets received. */
    uint64_t rx_packets;
    /** Packets sent. */
    uint64_t tx_packets;
    /** Bytes received. */
    uint64_t rx_bytes;
    /** Bytes sent. */
    uint64_t tx_bytes;
    /** Bad packets received. */
    uint64_t rx_errors;
    /** Errors while sending packets. */
    uint64_t tx_errors;
    /** Packets received and dropped. */
    uint64_t rx_dropped;
    /** Packets dropped while sending. */
    uint64_t tx_dropped;
    /** Multicast packets received. */
    uint64_t multicast;
    /** Collisions. */
    uint64_t collisions;
} macvlan_link_statistics;

/**
 * Limits of segmentation and receive offloads of a link; not set if the kernel does not report
 * them.
 */
typedef struct macvlan_offloads {
    /** The size of the struct. */
    size_t size;
    /** Generic segmentation: the largest packet in bytes. */
    struct macvlan_opt_u32 gso_max_size;
    /** Generic segmentation: the most segments. */
    struct macvlan_opt_u32 gso_max_segs;
    /** Generic segmentation: the largest IPv4 packet in bytes (Linux 6.3 and later). */
    struct macvlan_opt_u32 gso_ipv4_max_size;
    /** Segmentation in hardware: the largest packet in bytes (Linux 5.19 and later). */
    struct macvlan_opt_u32 tso_max_size;
    /** Segmentation in hardware: the most segments (Linux 5.19 and later). */
    struct macvlan_opt_u32 tso_max_segs;
    /** Generic receive: the largest packet in bytes (Linux 5.19 and later). */
    struct macvlan_opt_u32 gro_max_size;
    /** Generic receive: the largest IPv4 packet in bytes (Linux 6.3 and later). */
    struct macvlan_opt_u32 gro_ipv4_max_size;
} macvlan_offloads;

/**
 * A link as reported by the kernel.
 */
typedef struct macvlan_link_info {
    /** The size of the struct. */
    size_t size;
    /** The name, with bytes that are not UTF-8 replaced. */
    const char *name;
    /**
     * The kernel's name for the kind of link: "macvlan", "vlan", "veth"; NULL for hardware and lo.
     */
    const char *kind;
    /** The options of a macvlan or macvtap; NULL for other kinds. */
    const struct macvlan_options *options;
    /** The options of a VLAN, with every flag; NULL for other kinds. */
    const struct macvlan_vlan_options *vlan;
    /**
     * The operational state (RFC 2863), as in `ip link`: "UP", "DOWN", "LOWERLAYERDOWN",
     * "UNKNOWN", "NOTPRESENT", "TESTING", "DORMANT". The kernel updates it asynchronously, so it
     * may be slightly late.
     */
    const char *state;
    /** The alias; NULL if there is none. */
    const char *alias;
    /** The root queueing discipline; NULL if the kernel reports none. */
    const char *qdisc;
    /** The alternative names. */
    const char *const *alternative_names;
    /** The number of these. */
    size_t alternative_name_count;
    /** The traffic counters. */
    const struct macvlan_link_statistics *statistics;
    /** The limits of offloads. */
    const struct macvlan_offloads *offloads;
    /** The index in the link's namespace. */
    uint32_t index;
    /**
     * The index of the link below: the parent of a macvlan or VLAN, the peer of a veth; 0 if there
     * is none. It is an index in another namespace if parent_netns is set.
     */
    uint32_t parent;
    /**
     * The id of the namespace of the link below, as numbered by this namespace; not set if it is
     * in the same one.
     */
    struct macvlan_opt_i32 parent_netns;
    /** The index of the bridge, bond or VRF of which it is a port; 0 if there is none. */
    uint32_t controller;
    /** The MTU in bytes. */
    uint32_t mtu;
    /** The minimum MTU in bytes. */
    uint32_t min_mtu;
    /**
     * The driver's maximum MTU in bytes, 0 for none; a macvlan's is also limited by its parent's
     * current MTU.
     */
    uint32_t max_mtu;
    /** The flags, the kernel's IFF_... bits. */
    uint32_t flags;
    /** The promiscuity reference count; 0 if the link is not promiscuous. */
    uint32_t promiscuity;
    /** The allmulticast reference count (Linux 6.0 and later). */
    struct macvlan_opt_u32 allmulticast_count;
    /** The link group. */
    uint32_t group;
    /** The length of the transmit queue in packets. */
    uint32_t tx_queue_len;
    /** The number of transmit queues. */
    uint32_t tx_queues;
    /** The number of receive queues. */
    uint32_t rx_queues;
    /**
     * Generation of the IPv6 link-local address: one of enum in6_addr_gen_mode; not set without
     * IPv6.
     */
    struct macvlan_opt_u32 addr_gen_mode;
    /**
     * Acceptance of router advertisements: a value of the sysctl accept_ra; not set without
     * IPv6.
     */
    struct macvlan_opt_u32 accept_ra;
    /** The MAC address; not set if there is none, as for lo. */
    struct macvlan_opt_mac mac;
    /** True if addresses are configured from advertised prefixes; not set without IPv6. */
    struct macvlan_opt_bool autoconf;
    /** True if IPv6 is disabled on the link; not set if the kernel has no IPv6. */
    struct macvlan_opt_bool disable_ipv6;
    /** True if there is a carrier; not set if the kernel does not report it. */
    struct macvlan_opt_bool carrier;
    /** True if the link is set up (administratively; see also the state). */
    bool is_up;
    /** True if the promisc flag is set. A link can be promiscuous without it. */
    bool is_promisc;
    /** True if the allmulti flag is set. */
    bool is_allmulticast;
    /** True if the link is lo. */
    bool is_loopback;
} macvlan_link_info;

/**
 * Returns the link's description. It belongs to the link. NULL if the link is invalid.
 */
const struct macvlan_link_info *macvlan_link_get(const struct macvlan_link *link);

/**
 * Frees a link's description. NULL is ignored. The link stays.
 */
void macvlan_link_free(struct macvlan_link *link);

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
 * Duplicate detection of an IPv6 address by the kernel.
 */
typedef enum macvlan_duplicate_detection {
    /** As the link's sysctl accept_dad says; the address is tentative for a second or two. */
    MACVLAN_DUPLICATE_DETECTION_KERNEL = 0,
    /** No detection ("nodad"): the address is usable at once. */
    MACVLAN_DUPLICATE_DETECTION_SKIP = 1,
    /** Optimistic detection (RFC 4429): the address is usable during the detection. */
    MACVLAN_DUPLICATE_DETECTION_OPTIMISTIC = 2,
} macvlan_duplicate_detection;

/**
 * Addresses, from macvlan_handle_addresses() and macvlan_address_parse(). Freed with
 * macvlan_address_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_address_list macvlan_address_list;

/**
 * A filter for addresses, applied by the kernel. All zero: it accepts all.
 */
typedef struct macvlan_address_filter {
    /** The size of the struct. */
    size_t size;
    /** The link, by name or "#" and index. */
    const char *link;
    /** The family: AF_INET or AF_INET6; 0 for both. */
    int32_t family;
} macvlan_address_filter;

/**
 * An address of a link. macvlan_address_format() reads the first fields; the others are only set
 * in an address that the kernel reported.
 */
typedef struct macvlan_address {
    /** The size of the struct. */
    size_t size;
    /** The address without its prefix length: "10.0.0.2". */
    const char *ip;
    /** The prefix length: 24. */
    uint32_t prefix_len;
    /** The detection of duplicates: one of enum macvlan_duplicate_detection. */
    uint32_t duplicate_detection;
    /** The address as text: "10.0.0.2/24", "fd00::2/64 nodad". */
    const char *text;
    /** The scope: "global", "link", "host". */
    const char *scope;
    /** The label, IPv4 only: the link's name by default. NULL for IPv6. */
    const char *label;
    /** The broadcast address, IPv4 only; NULL if there is none. */
    const char *broadcast;
    /** The index of the link. */
    uint32_t link;
    /** The kernel's IFA_F_... bits. */
    uint32_t flags;
    /** The protocol of the address (IFA_PROTO); not set before Linux 5.18. */
    struct macvlan_opt_u32 protocol;
    /** True if the kernel is still checking the address for duplicates (tentative). */
    bool is_tentative;
    /** True if the kernel has found that another host has the address. */
    bool is_duplicate;
} macvlan_address;

/**
 * Parses an address in the format of macvlan_endpoint_add_address(): "10.0.0.2/24". The result is a
 * list of one address, which the caller frees with macvlan_address_list_free(). Returns 0 or a
 * negative errno.
 */
int macvlan_address_parse(const char *text,
                          struct macvlan_address_list **list,
                          struct macvlan_error **error);

/**
 * Writes an address as text, which the functions that take an address accept. The caller frees the
 * text with macvlan_text_free(). Returns 0 or a negative errno.
 */
int macvlan_address_format(const struct macvlan_address *address,
                           struct macvlan_text **text,
                           struct macvlan_error **error);

/**
 * Returns the number of addresses.
 */
size_t macvlan_address_list_count(const struct macvlan_address_list *list);

/**
 * Returns one of the addresses, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_address *macvlan_address_list_get(const struct macvlan_address_list *list,
                                                       size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_address_list_free(struct macvlan_address_list *list);

/**
 * Routes, from macvlan_handle_routes() and macvlan_route_parse(). Freed with
 * macvlan_route_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_route_list macvlan_route_list;

/**
 * A filter for routes, applied by the kernel. All zero: it accepts all.
 */
typedef struct macvlan_route_filter {
    /** The size of the struct. */
    size_t size;
    /** The link through which the routes lead, by name or "#" and index. */
    const char *link;
    /** The type: "unicast", "blackhole", "unreachable" or "prohibit". */
    const char *kind;
    /** The family: AF_INET or AF_INET6; 0 for both. */
    int32_t family;
    /** The table. */
    struct macvlan_opt_u32 table;
    /** The routing protocol (2 kernel, 3 boot, 4 static; rtnetlink(7)). */
    struct macvlan_opt_u32 protocol;
} macvlan_route_filter;

/**
 * A next hop of a multipath route.
 */
typedef struct macvlan_next_hop {
    /** The size of the struct. */
    size_t size;
    /** The gateway; NULL if there is none. */
    const char *gateway;
    /** The index of the link. */
    uint32_t link;
    /** The weight, 1 to 256. */
    uint32_t weight;
    /** The name of the link; NULL if it was not known. */
    const char *link_name;
} macvlan_next_hop;

/**
 * A route. macvlan_route_format() reads all fields but the text, the
 * link's name and the next hops, and needs the destination only.
 */
typedef struct macvlan_route {
    /** The size of the struct. */
    size_t size;
    /**
     * The destination: "10.1.0.0/16". "default" is accepted for a route with a gateway, and for
     * IPv4.
     */
    const char *destination;
    /** The gateway; NULL if there is none. */
    const char *gateway;
    /**
     * The link, by name or "#" and index; NULL if there is none. A route that was read has the
     * index.
     */
    const char *device;
    /** The preferred source address; NULL if there is none. */
    const char *source;
    /** The type: "unicast", "blackhole", "unreachable" or "prohibit". Defaults to "unicast". */
    const char *kind;
    /** The scope, IPv4 only: "global", "link", "host"; NULL for the kernel's default. */
    const char *scope;
    /** The metric; not set for the kernel's default. */
    struct macvlan_opt_u32 metric;
    /** The table. Defaults to main. */
    struct macvlan_opt_u32 table;
    /**
     * The routing protocol, the route's origin: 2 kernel, 3 boot (and `ip`), 4 static; see
     * rtnetlink(7).
     */
    struct macvlan_opt_u32 protocol;
    /** The MTU of the path in bytes; 0 for the link's. */
    uint32_t mtu;
    /** The segment size that is advertised to TCP peers; 0 for the kernel's choice. */
    uint32_t advmss;
    /** True if the gateway is assumed to be on the link (onlink). */
    bool on_link;
    /** The route as text, in the form of `ip route show table all`. */
    const char *text;
    /**
     * The next hops of a multipath route that was read; other routes have none, since the fields
     * above have the only one.
     */
    const struct macvlan_next_hop *const *next_hops;
    /** The number of these. */
    size_t next_hop_count;
    /** The name of the link of a route that was read; NULL if it was not known, as in events. */
    const char *link_name;
} macvlan_route;

/**
 * Parses a route in the format of macvlan_handle_add_route(): "10.1.0.0/16 via 10.0.0.2". The
 * result is a list of one route, which the caller frees with macvlan_route_list_free(). Returns 0
 * or a negative errno.
 */
int macvlan_route_parse(const char *text,
                        struct macvlan_route_list **list,
                        struct macvlan_error **error);

/**
 * Writes a route as text, which the functions that take a route accept. The caller frees the text
 * with macvlan_text_free(). Returns 0 or a negative errno.
 */
int macvlan_route_format(const struct macvlan_route *route,
                         struct macvlan_text **text,
                         struct macvlan_error **error);

/**
 * Returns the number of routes.
 */
size_t macvlan_route_list_count(const struct macvlan_route_list *list);

/**
 * Returns one of the routes, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_route *macvlan_route_list_get(const struct macvlan_route_list *list,
                                                   size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_route_list_free(struct macvlan_route_list *list);

/**
 * Policy rules, from macvlan_handle_rules() and macvlan_rule_parse(). Freed with
 * macvlan_rule_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_rule_list macvlan_rule_list;

/**
 * A policy rule, which selects a routing table for packets. macvlan_rule_format() reads all fields
 * but the text.
 */
typedef struct macvlan_rule {
    /** The size of the struct. */
    size_t size;
    /** The sources of the packets: "10.0.0.2/32"; NULL for all. */
    const char *from;
    /** The destinations of the packets; NULL for all. */
    const char *to;
    /** The table. */
    uint32_t table;
    /** The priority; rules with a lower one come first. By default the kernel chooses it. */
    struct macvlan_opt_u32 priority;
    /** True if the rule is for IPv6, if neither from nor to says so. */
    bool is_ipv6;
    /** The rule as text, in the format of `ip rule add`: "from 10.0.0.2/32 table 100". */
    const char *text;
} macvlan_rule;

/**
 * Parses a rule in the format of macvlan_handle_add_rule(): "from 10.0.0.2/32 table 100". The
 * result is a list of one rule, which the caller frees with macvlan_rule_list_free(). Returns 0 or
 * a negative errno.
 */
int macvlan_rule_parse(const char *text,
                       struct macvlan_rule_list **list,
                       struct macvlan_error **error);

/**
 * Writes a rule as text, which the functions that take a rule accept. The caller frees the text
 * with macvlan_text_free(). Returns 0 or a negative errno.
 */
int macvlan_rule_format(const struct macvlan_rule *rule,
                        struct macvlan_text **text,
                        struct macvlan_error **error);

/**
 * Returns the number of rules.
 */
size_t macvlan_rule_list_count(const struct macvlan_rule_list *list);

/**
 * Returns one of the rules, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_rule *macvlan_rule_list_get(const struct macvlan_rule_list *list,
                                                 size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_rule_list_free(struct macvlan_rule_list *list);

/**
 * The neighbour entries of a namespace, from macvlan_handle_neighbours(). Freed with
 * macvlan_neighbour_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_neighbour_list macvlan_neighbour_list;

/**
 * A filter for neighbour entries, applied by the kernel. All zero: it accepts all.
 */
typedef struct macvlan_neighbour_filter {
    /** The size of the struct. */
    size_t size;
    /** The link, by name or "#" and index. */
    const char *link;
    /** The family: AF_INET or AF_INET6; 0 for both. */
    int32_t family;
} macvlan_neighbour_filter;

/**
 * A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6.
 */
typedef struct macvlan_neighbour {
    /** The size of the struct. */
    size_t size;
    /** The neighbour's address, "10.0.0.1". */
    const char *ip;
    /** The state of the entry (RFC 4861), as in `ip neighbour`: "REACHABLE", "STALE", "FAILED". */
    const char *state;
    /** The index of the link. */
    uint32_t link;
    /** The neighbour's MAC address; not set if it is not known, as during its resolution. */
    struct macvlan_opt_mac mac;
} macvlan_neighbour;

/**
 * Returns the number of neighbours.
 */
size_t macvlan_neighbour_list_count(const struct macvlan_neighbour_list *list);

/**
 * Returns one of the neighbours, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_neighbour *macvlan_neighbour_list_get(const struct macvlan_neighbour_list *list,
                                                           size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_neighbour_list_free(struct macvlan_neighbour_list *list);

/* ------------------------------------------------------------------------------------------------
 * 9. Network namespaces
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
 * Opens a namespace by a text that is a pid ("2084"), a path (with a "/") or otherwise a name. The
 * caller frees the handle with macvlan_netns_free().
 *
 * A name that is a number is only found by macvlan_netns_from_name().
 */
int macvlan_netns_from_text(const char *text,
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
 * A network namespace and the ways to open it.
 */
typedef struct macvlan_visible_netns {
    /** The size of the struct. */
    size_t size;
    /** The identity of the namespace, as from macvlan_netns_id(). */
    uint64_t device;
    /** The other half of it. */
    uint64_t inode;
    /** Its names, as `ip netns` lists them. */
    const char *const *names;
    /** The number of these. */
    size_t name_count;
    /** The processes whose main thread is in the namespace. */
    const pid_t *pids;
    /** The number of these. */
    size_t pid_count;
    /**
     * The other files that lead to the namespace. They are of threads in another namespace than
     * their main thread ("/proc/2084/task/2085/ns/net"), open descriptors
     * ("/proc/2084/fd/7"), and mount points, which begin with "/proc/2084/root" if they are in
     * another mount namespace, and need not be UTF-8.
     */
    const char *const *paths;
    /** The number of these. */
    size_t path_count;
} macvlan_visible_netns;

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
 * Returns the path of one of the files and directories that could not be read and may lead to
 * further namespaces, counted from 0, such as "/proc/2084" for a process of another user. NULL past
 * the end.
 */
const char *macvlan_visible_namespaces_unseen(const struct macvlan_visible_namespaces *visible,
                                              size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_visible_namespaces_free(struct macvlan_visible_namespaces *visible);

/**
 * Opens one of the namespaces, counted from 0, in the first way that still leads to it; fails with -ENOENT if none does.
 * The caller frees the handle with macvlan_netns_free().
 */
int macvlan_visible_namespaces_open(const struct macvlan_visible_namespaces *visible,
                                    size_t index,
                                    struct macvlan_netns **handle,
                                    struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 10. Events in a namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of an event. Later versions may add some: a program has to expect numbers that are not
 * listed here.
 */
typedef enum macvlan_event_kinds {
    /** An event for which this version has no number. */
    MACVLAN_EVENT_OTHER = 0,
    /** A link was created or changed. */
    MACVLAN_EVENT_NEW_LINK = 1,
    /** A link was deleted or moved to another namespace. */
    MACVLAN_EVENT_DEL_LINK = 2,
    /** An address was added or changed; for example, it is no longer tentative. */
    MACVLAN_EVENT_NEW_ADDRESS = 3,
    /** An address was deleted. */
    MACVLAN_EVENT_DEL_ADDRESS = 4,
    /** A route was added or replaced. */
    MACVLAN_EVENT_NEW_ROUTE = 5,
    /**
     * A route was deleted. The kernel does not report the IPv4 routes that are deleted with their
     * link.
     */
    MACVLAN_EVENT_DEL_ROUTE = 6,
    /** Events were lost because they were not read in time; objects have to be listed again. */
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
 * The contents of an event.
 */
typedef struct macvlan_event_info {
    /** The size of the struct. */
    size_t size;
    /** The kind: one of enum macvlan_event_kinds. */
    uint32_t kind;
    /** The link; NULL if the event has none. */
    const struct macvlan_link_info *link;
    /** The address; NULL if the event has none. */
    const struct macvlan_address *address;
    /** The route; NULL if the event has none. */
    const struct macvlan_route *route;
} macvlan_event_info;

/**
 * Waits for the next event. Waits for at most `milliseconds`; without a limit if that is negative.
 * `event` is NULL, and the function returns 0, if there was none in that time. The caller frees
 * the event with macvlan_event_free(). Returns -EINTR if the watch is cancelled.
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
 * Returns the event's contents, which belong to it. NULL if the event is invalid.
 */
const struct macvlan_event_info *macvlan_event_get(const struct macvlan_event *event);

/**
 * Frees an event. NULL is ignored.
 */
void macvlan_event_free(struct macvlan_event *event);

/* ------------------------------------------------------------------------------------------------
 * 11. Handles: the commands of ip in one namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * The description of a link, for macvlan_handle_add_link(): `ip link add`.
 */
typedef struct macvlan_link_options {
    /** The size of the struct. */
    size_t size;
    /** The kind: "macvlan", "macvtap", "vlan", "veth", "dummy" or "bridge". */
    const char *kind;
    /** The name. */
    const char *name;
    /** The parent of a macvlan, macvtap or VLAN, by name or "#" and index. */
    const char *parent;
    /** The options of a macvlan or macvtap; NULL for the kernel's defaults, in mode bridge. */
    const struct macvlan_options *options;
    /** The options of a VLAN. */
    const struct macvlan_vlan_options *vlan;
    /** The name of the peer of a veth. */
    const char *peer;
    /** The namespace of the peer; NULL for the link's. */
    const struct macvlan_netns *peer_netns;
    /** The namespace in which the link is created; NULL for the handle's. */
    const struct macvlan_netns *netns;
    /** The index; 0 for the kernel's choice. */
    uint32_t index;
    /** The MTU in bytes; 0 for the parent's. */
    uint32_t mtu;
    /** The link group. */
    uint32_t group;
    /** The length of the transmit queue in packets. Defaults to that of the kind. */
    struct macvlan_opt_u32 tx_queue_len;
    /** The number of transmit queues; 0 for the default of the kind (the parent's for macvlan). */
    uint32_t tx_queues;
    /** The number of receive queues; set both or none. */
    uint32_t rx_queues;
    /**
     * The MAC address. By default the kernel chooses it: random, or the parent's for passthru and
     * VLANs.
     */
    struct macvlan_opt_mac mac;
    /** True if the link is created up. */
    bool up;
    /** True if the link is created promiscuous. */
    bool promisc;
} macvlan_link_options;

/**
 * Writes the text for a link's index: "#7", up to 11 characters and a zero byte. Every argument
 * for a link's name accepts it. Returns the text, or NULL if that is NULL.
 */
const char *macvlan_link_text(uint32_t index, char text[16]);

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
 * Holds a link promiscuous until the caller frees the guard with macvlan_promisc_free(), or the
 * process ends. The kernel counts the holders, so others are not affected.
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
                            const struct macvlan_link_options *link,
                            struct macvlan_error **error);

/**
 * Deletes a link, like `ip link delete`. Returns when the kernel has finished, after about 16 ms.
 */
int macvlan_handle_delete_link(const struct macvlan_handle *handle,
                               const char *link,
                               struct macvlan_error **error);

/**
 * Reads a link, like `ip -d link show dev LINK`. The caller frees it with
 * macvlan_link_free().
 */
int macvlan_handle_link(const struct macvlan_handle *handle,
                        const char *link,
                        struct macvlan_link **found,
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
 * set. The id has to be valid; id and protocol cannot be changed and are ignored.
 */
int macvlan_handle_set_vlan(const struct macvlan_handle *handle,
                            const char *link,
                            const struct macvlan_vlan_options *vlan,
                            struct macvlan_error **error);

/**
 * Moves a link to another namespace, like `ip link set dev LINK netns ... [name NAME]`. It keeps
 * its name if `name` is NULL.
 *
 * It loses its addresses and routes and is down afterwards, and the kernel takes about 16 ms for
 * it; creating it there (the netns of macvlan_link_options) takes a hundredth of that.
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
 * 12. Probing and announcing addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * The settings of probes of addresses on the network before they are used, for
 * macvlan_endpoint_set_probe() and macvlan_host_probe_addresses(). All zero: as in RFC 5227, three
 * requests, 4 to 7 seconds in total. Times are in milliseconds.
 *
 * IPv4 addresses are probed with ARP probes (RFC 5227), which do not change neighbour tables. IPv6
 * addresses are checked by the kernel's duplicate address detection, whose result is awaited.
 */
typedef struct macvlan_probe {
    /** The size of the struct. */
    size_t size;
    /** The number of requests for each address (PROBE_NUM), at least 1. */
    struct macvlan_opt_u32 count;
    /** The maximum random delay before the first request (PROBE_WAIT). */
    struct macvlan_opt_u32 start_ms;
    /** The minimum time between requests (PROBE_MIN). */
    struct macvlan_opt_u32 interval_ms;
    /** The maximum random addition to that time (PROBE_MAX less PROBE_MIN). */
    struct macvlan_opt_u32 jitter_ms;
    /** The time to wait for an answer to the last request (ANNOUNCE_WAIT). */
    struct macvlan_opt_u32 wait_ms;
    /**
     * The time to wait for the kernel's duplicate address detection of IPv6 addresses. It usually
     * takes one to two seconds. Defaults to 5000.
     */
    struct macvlan_opt_u32 deadline_ms;
    /**
     * True if the defaults are three requests within a quarter of a second. On a LAN, hosts answer
     * within a few milliseconds.
     */
    bool quick;
} macvlan_probe;

/**
 * Returns the maximum duration of a probe of IPv4 addresses without an answer, in milliseconds; 0
 * if the probe is invalid.
 */
uint32_t macvlan_probe_longest(const struct macvlan_probe *probe);

/**
 * The settings of announcements of addresses to the neighbours, for
 * macvlan_endpoint_set_announce() and macvlan_attachment_announce(). They are sent as gratuitous
 * ARP and unsolicited neighbour advertisements. All zero: as in RFC 5227, two, two seconds apart.
 *
 * A neighbour that has an entry for a previous holder of the address then updates it at once,
 * instead of when it expires, which takes up to half an hour.
 */
typedef struct macvlan_announce {
    /** The size of the struct. */
    size_t size;
    /**
     * The number of announcements (ANNOUNCE_NUM), at least 1. One is sent by the kernel when it
     * starts to use the address, which is enough on a LAN without frame loss.
     */
    struct macvlan_opt_u32 count;
    /** The time between announcements in milliseconds (ANNOUNCE_INTERVAL). */
    struct macvlan_opt_u32 interval_ms;
    /**
     * True if attach waits until all announcements are sent. If not, attach sends only the first
     * one, and macvlan_announcement_run(), on a thread of the caller's choice, sends the others:
     * the library starts none.
     */
    bool blocking;
} macvlan_announce;

/* ------------------------------------------------------------------------------------------------
 * 13. Endpoints: descriptions of container interfaces
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
 * Makes an endpoint like macvlan_endpoint_new(), on a parent that is a struct. The caller frees
 * it with macvlan_endpoint_free().
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
 * Makes an endpoint like macvlan_endpoint_new_macvtap(), on a parent that is a struct. The caller
 * frees it with macvlan_endpoint_free().
 */
int macvlan_endpoint_new_macvtap_on(const char *name,
                                    const struct macvlan_parent *parent,
                                    struct macvlan_endpoint **endpoint,
                                    struct macvlan_error **error);

/**
 * Makes an endpoint that is a VLAN of the parent, without a macvlan. The other arguments are as in
 * macvlan_endpoint_new().
 *
 * It has the parent's MAC address by default. A parent that was made on demand is then never
 * removed, because the kernel does not show whether such a VLAN still exists.
 *
 * The caller frees the endpoint with macvlan_endpoint_free().
 */
int macvlan_endpoint_new_vlan(const char *name,
                              const char *parent,
                              const struct macvlan_vlan_options *vlan,
                              struct macvlan_endpoint **endpoint,
                              struct macvlan_error **error);

/**
 * Makes an endpoint like macvlan_endpoint_new_vlan(), on a parent that is a struct. The caller frees
 * it with macvlan_endpoint_free().
 */
int macvlan_endpoint_new_vlan_on(const char *name,
                                 const struct macvlan_parent *parent,
                                 const struct macvlan_vlan_options *vlan,
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
 * Sets the options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue.
 * Defaults to mode bridge. Refused for a VLAN.
 */
int macvlan_endpoint_set_options(struct macvlan_endpoint *endpoint,
                                 const struct macvlan_options *options,
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
 * default route, 1 to 252 except 109, or above 255.
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
 * Sets how the IPv6 link-local address is made; IN6_ADDR_GEN_MODE_NONE for no address. Defaults to
 * the namespace's default.
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
                                   uint32_t accept,
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
 * That link is often one of a container that is being removed, which takes the kernel some tens
 * of milliseconds.
 */
int macvlan_endpoint_set_mac_conflict_timeout(struct macvlan_endpoint *endpoint,
                                              uint32_t milliseconds,
                                              struct macvlan_error **error);

/**
 * Sets how the addresses are probed on the network before they are used. By default they are not.
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
 * are not.
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
 * All options of an endpoint. A value that is not set, NULL or 0 is the default of its setter.
 */
typedef struct macvlan_endpoint_info {
    /** The size of the struct. */
    size_t size;
    /** The name in the container. */
    const char *name;
    /** The kernel's name for the kind of link: "macvlan", "macvtap" or "vlan". */
    const char *kind;
    /** The parent on the host, as text. */
    const char *parent;
    /** The parent with all options. */
    const struct macvlan_parent *parent_options;
    /** The options of a macvlan or macvtap; NULL for a VLAN. */
    const struct macvlan_options *options;
    /** The options of a VLAN; NULL for other kinds. */
    const struct macvlan_vlan_options *vlan;
    /** The addresses, in the format of macvlan_endpoint_add_address(). */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /** The gateways. */
    const char *const *gateways;
    /** The number of gateways. */
    size_t gateway_count;
    /** The routes, without the gateways' default routes. */
    const char *const *routes;
    /** The number of routes. */
    size_t route_count;
    /** The alternative names. */
    const char *const *alternative_names;
    /** The number of alternative names. */
    size_t alternative_name_count;
    /** The alias. */
    const char *alias;
    /** The rate limit for sent packets, in the format of macvlan_endpoint_set_rate(). */
    const char *rate;
    /** The rate limit in bits per second. */
    uint64_t rate_bits;
    /** The probe; NULL if addresses are not probed. */
    const struct macvlan_probe *probe;
    /** The announcements; NULL if addresses are not announced. */
    const struct macvlan_announce *announce;
    /** The MTU in bytes. */
    uint32_t mtu;
    /** The table of the source routing. */
    uint32_t source_routing;
    /** The metric of the gateways' default routes. */
    struct macvlan_opt_u32 gateway_metric;
    /** The link group. */
    struct macvlan_opt_u32 group;
    /** The length of the transmit queue in packets. */
    struct macvlan_opt_u32 tx_queue_len;
    /** The number of transmit queues. */
    struct macvlan_opt_u32 tx_queues;
    /** The number of receive queues. */
    struct macvlan_opt_u32 rx_queues;
    /** Generation of the IPv6 link-local address: one of enum in6_addr_gen_mode. */
    struct macvlan_opt_u32 addr_gen_mode;
    /** Acceptance of router advertisements: a value of the sysctl accept_ra. */
    struct macvlan_opt_u32 accept_ra;
    /** The time to retry while another link has the MAC address, in milliseconds. */
    uint32_t mac_conflict_timeout_ms;
    /** The MAC address. */
    struct macvlan_opt_mac mac;
    /** True if addresses are configured from advertised prefixes. */
    struct macvlan_opt_bool autoconf;
    /** True if IPv6 is disabled on the link. */
    struct macvlan_opt_bool disable_ipv6;
    /** True if the link receives all multicast frames. */
    struct macvlan_opt_bool allmulticast;
    /** True if the link is promiscuous. */
    bool promisc;
    /** True if the container's lo is set up. */
    bool lo_up;
    /** True if the container's default routes are replaced. */
    bool replace_default_route;
    /** True if gateways outside all subnets are assumed to be on the link. */
    bool on_link_gateways;
    /**
     * True if an attach may have to wait, as for a probe, repeated announcements or a MAC address
     * in use.
     */
    bool waits;
} macvlan_endpoint_info;

/**
 * Returns the endpoint's options, which belong to it until it is changed or freed. NULL if the
 * endpoint is invalid.
 */
const struct macvlan_endpoint_info *macvlan_endpoint_get(const struct macvlan_endpoint *endpoint);

/* ------------------------------------------------------------------------------------------------
 * 14. Attachments: attached endpoints
 * ------------------------------------------------------------------------------------------------ */

/**
 * An attached endpoint: a container interface as it was set up. Freed with
 * macvlan_attachment_free(), unless it is a part of a list; this does not change the interface.
 *
 * macvlan_attachment_get() returns the values that were set, without asking the kernel;
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
 * The contents of an attachment.
 */
typedef struct macvlan_attachment_info {
    /** The size of the struct. */
    size_t size;
    /** The link's name in the container. */
    const char *name;
    /** The kernel's name for the kind of link: "macvlan", "macvtap" or "vlan". */
    const char *kind;
    /** The parent on the host: its name, or "#" and its index. */
    const char *parent;
    /** The device file of a macvtap, "/dev/tapN" with the link's index. NULL for other kinds. */
    const char *tap_path;
    /** The addresses of the link, in the format of macvlan_endpoint_add_address(). */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /**
     * The endpoint's routes, including those that lead through other links, in the format of
     * macvlan_endpoint_add_route().
     */
    const char *const *routes;
    /** The number of routes. */
    size_t route_count;
    /** The policy rules of macvlan_endpoint_set_source_routing(): "from 10.0.0.2/32 table 100". */
    const char *const *rules;
    /** The number of rules. */
    size_t rule_count;
    /** The identity of the container's namespace, as from macvlan_netns_id(). */
    uint64_t netns_device;
    /** The other half of it. */
    uint64_t netns_inode;
    /** The link's index in the container. */
    uint32_t index;
    /** The parent's index on the host. */
    uint32_t parent_index;
    /**
     * The link's MTU in bytes; 0 if it was not set and there was no macvlan_attachment_refresh().
     */
    uint32_t mtu;
    /** The link's MAC address, including one that was chosen at random. */
    uint8_t mac[6];
} macvlan_attachment_info;

/**
 * Returns the attachment's contents, which belong to it until it is refreshed or freed. NULL if the
 * attachment is invalid.
 */
const struct macvlan_attachment_info *macvlan_attachment_get(const struct macvlan_attachment *attachment);

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
 * 15. Hosts: attaching and detaching
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
 *
 * Returns -EINTR if the host is cancelled during a wait, or if another process locks the
 * container's namespace for 20 seconds.
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
 * macvlan_host_detach_and_tell() distinguishes this. Returns -EINTR if another process locks the
 * container's namespace for 20 seconds. A failed detach can be repeated. The attachment still has
 * to be freed.
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
 * also those that other programs have created. The caller frees the list with
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
 * Starts a detach in a thread of its own. macvlan_detach_handle_wait() returns its result. The caller
 * frees the macvlan_detach_handle with macvlan_detach_handle_free().
 *
 * Returns after about ten microseconds. If no thread can be started, the detach is done before it
 * returns. If the process ends before the thread does, the interface may remain.
 */
int macvlan_host_detach_later(struct macvlan_host *host,
                              const struct macvlan_attachment *attachment,
                              struct macvlan_detach_handle **detach,
                              struct macvlan_error **error);

/**
 * Returns whether the detach has finished, successfully or not.
 */
bool macvlan_detach_handle_is_finished(const struct macvlan_detach_handle *detach);

/**
 * Waits for the end of the detach, once, and returns its result. `was_there`, which can be NULL,
 * is set to whether the interface still existed.
 */
int macvlan_detach_handle_wait(struct macvlan_detach_handle *detach,
                               bool *was_there,
                               struct macvlan_error **error);

/**
 * Frees the object; the detach continues. NULL is ignored.
 */
void macvlan_detach_handle_free(struct macvlan_detach_handle *detach);

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
 * queue length, promisc and lo. Otherwise like macvlan_host_pool(): the caller frees it with
 * macvlan_pool_free().
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
 * 16. Checking and repairing
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of a difference. Later versions may add some, so a program has to expect numbers that
 * are not listed here.
 */
typedef enum macvlan_difference_kinds {
    /** A difference for which this version has no number. */
    MACVLAN_DIFFERENCE_OTHER = 0,
    /** The link does not exist. */
    MACVLAN_DIFFERENCE_LINK_MISSING = 1,
    /** The link is of another kind or has an option that cannot be changed. Needs replacement. */
    MACVLAN_DIFFERENCE_IMMUTABLE = 2,
    /** The link is on another parent, or the parent no longer exists. Needs replacement. */
    MACVLAN_DIFFERENCE_PARENT = 3,
    /** The MAC address differs. */
    MACVLAN_DIFFERENCE_MAC = 4,
    /** The MTU differs. */
    MACVLAN_DIFFERENCE_MTU = 5,
    /** Changeable options of a macvlan or macvtap differ. */
    MACVLAN_DIFFERENCE_MACVLAN = 6,
    /** Changeable options of a VLAN differ. */
    MACVLAN_DIFFERENCE_VLAN = 7,
    /** The link is down. */
    MACVLAN_DIFFERENCE_DOWN = 8,
    /** The promisc flag differs. */
    MACVLAN_DIFFERENCE_PROMISC = 9,
    /** The alias differs. */
    MACVLAN_DIFFERENCE_ALIAS = 10,
    /** An alternative name is missing. */
    MACVLAN_DIFFERENCE_ALTERNATIVE_NAME = 11,
    /** The group differs. */
    MACVLAN_DIFFERENCE_GROUP = 12,
    /** The transmit queue length differs. */
    MACVLAN_DIFFERENCE_TX_QUEUE_LEN = 13,
    /** The address generation mode differs. */
    MACVLAN_DIFFERENCE_ADDR_GEN_MODE = 14,
    /** An address is missing. */
    MACVLAN_DIFFERENCE_ADDRESS_MISSING = 15,
    /** A route is missing. */
    MACVLAN_DIFFERENCE_ROUTE_MISSING = 16,
    /** A policy rule is missing. */
    MACVLAN_DIFFERENCE_RULE_MISSING = 17,
    /** lo is down. */
    MACVLAN_DIFFERENCE_LOOPBACK_DOWN = 18,
    /** The rate limit differs. */
    MACVLAN_DIFFERENCE_RATE = 19,
    /** A sysctl of the link differs. */
    MACVLAN_DIFFERENCE_SYSCTL = 20,
    /** Another host has an IPv6 address of the link. */
    MACVLAN_DIFFERENCE_ADDRESS_DUPLICATE = 21,
    /** An IPv6 address of the link has been tentative for too long. */
    MACVLAN_DIFFERENCE_ADDRESS_TENTATIVE = 22,
    /** The allmulti flag differs. */
    MACVLAN_DIFFERENCE_ALLMULTICAST = 23,
    /** A policy rule for an address is left of an earlier state. */
    MACVLAN_DIFFERENCE_RULE_OUTDATED = 24,
    /** An address has a limited lifetime. */
    MACVLAN_DIFFERENCE_ADDRESS_EXPIRING = 25,
    /** ARP and neighbour discovery are off on the link. */
    MACVLAN_DIFFERENCE_ARP_OFF = 26,
} macvlan_difference_kinds;

/**
 * The differences between an endpoint and the actual state, from macvlan_host_check(), or those
 * that were repaired, from macvlan_host_ensure(). Freed with macvlan_difference_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_difference_list macvlan_difference_list;

/**
 * A difference between an endpoint and the actual state.
 */
typedef struct macvlan_difference {
    /** The size of the struct. */
    size_t size;
    /** The difference as text: "the MTU is 1500 and should be 1400". */
    const char *text;
    /** The kind: one of enum macvlan_difference_kinds. */
    uint32_t kind;
    /** True if only a replacement of the link resolves the difference. */
    bool needs_replacement;
} macvlan_difference;

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
 * A repair that is refused does not undo earlier ones. Returns -EINTR as macvlan_host_attach().
 */
int macvlan_host_ensure(struct macvlan_host *host,
                        const struct macvlan_endpoint *endpoint,
                        const struct macvlan_netns *netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_difference_list **repaired,
                        struct macvlan_error **error);

/**
 * Ensures that an endpoint is attached as requested, and replaces a link that cannot be changed.
 * Otherwise like macvlan_host_ensure(): the caller frees the attachment and the differences.
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
 * 17. Keeping endpoints attached
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of an event of a keeper. Later versions may add some, so a program has to expect
 * numbers that are not listed here.
 */
typedef enum macvlan_keep_event_kinds {
    /** An event for which this version has no number. */
    MACVLAN_KEEP_EVENT_OTHER = 0,
    /**
     * The parent of an attachment is gone, and its link with it. The keeper waits for the parent.
     */
    MACVLAN_KEEP_EVENT_GONE = 1,
    /** The endpoint was attached again, with the same name, MAC address, addresses and routes. */
    MACVLAN_KEEP_EVENT_ATTACHED = 2,
    /** The parent of an attachment was renamed. */
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
 * The contents of an event.
 */
typedef struct macvlan_keep_event_info {
    /** The size of the struct. */
    size_t size;
    /** The kind: one of enum macvlan_keep_event_kinds. */
    uint32_t kind;
    /** The event as text: "eth0 in the network namespace of pid 2084: the parent ens33 is gone". */
    const char *text;
    /** The name of the endpoint. */
    const char *name;
    /** The parent's new name; NULL if it was not renamed. */
    const char *parent;
    /** The attachment; NULL for a failed or ended one. */
    const struct macvlan_attachment *attachment;
    /** The reason for a failed or ended one; NULL for other events. */
    const struct macvlan_error *error;
    /**
     * The identity of the container's namespace, also of one that has ended, as from
     * macvlan_netns_id().
     */
    uint64_t netns_device;
    /** The other half of it. */
    uint64_t netns_inode;
} macvlan_keep_event_info;

/**
 * Returns the contents of the event, which belong to it. NULL if the event is invalid.
 */
const struct macvlan_keep_event_info *macvlan_keep_event_get(const struct macvlan_keep_event *event);

/**
 * Opens a handle on the container's namespace, which the caller frees with macvlan_netns_free().
 * Fails with MACVLAN_ERROR_NAMESPACE_GONE if the container has ended.
 */
int macvlan_keep_event_netns(const struct macvlan_keep_event *event,
                             struct macvlan_netns **netns,
                             struct macvlan_error **error);

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
 * that time. The caller frees the event with macvlan_keep_event_free(). Returns -EINTR if the
 * keeper or its host is cancelled.
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
 * Returns the timeout for poll(2) in milliseconds; -1 to wait without one.
 *
 * When it has passed, macvlan_keeper_next() has to be called even if the descriptor is not
 * readable: a failed attach is due for a retry.
 */
int macvlan_keeper_patience(const struct macvlan_keeper *keeper);

/**
 * Frees a keeper. NULL is ignored. The endpoints stay attached.
 */
void macvlan_keeper_free(struct macvlan_keeper *keeper);

/* ------------------------------------------------------------------------------------------------
 * 18. Finding the holders of addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * The holders of probed addresses, in the order of the addresses, from macvlan_host_probe_addresses().
 * Freed with macvlan_holder_list_free().
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
 * The caller frees the list with macvlan_holder_list_free(). Returns -EINTR if the host is
 * cancelled.
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
 * 19. Diagnosis of a container that does not reach a peer
 * ------------------------------------------------------------------------------------------------ */

/**
 * The kind of a finding. The numbers are stable. Later versions may add some, so a program has to
 * expect numbers that are not listed here.
 */
typedef enum macvlan_finding_kinds {
    /** No finding has this kind. */
    MACVLAN_FINDING_NONE = 0,
    /** The container's link no longer exists. */
    MACVLAN_FINDING_LINK_GONE = 1,
    /** The container's link is down. */
    MACVLAN_FINDING_LINK_DOWN = 2,
    /** The container's link has another MAC address than it was given. */
    MACVLAN_FINDING_MAC_CHANGED = 3,
    /** The parent no longer exists. */
    MACVLAN_FINDING_PARENT_GONE = 4,
    /** The parent, or a link below it, is down. */
    MACVLAN_FINDING_PARENT_DOWN = 5,
    /** The parent, or a link below it, has no carrier. */
    MACVLAN_FINDING_NO_CARRIER = 6,
    /**
     * The parent, or a link below it, is a port of a bridge, bond or VRF, which receives its
     * frames.
     */
    MACVLAN_FINDING_PARENT_IS_PORT = 7,
    /** The parent is wireless. */
    MACVLAN_FINDING_WIRELESS = 8,
    /** The link has no address of the peer's family. */
    MACVLAN_FINDING_NO_ADDRESS = 9,
    /** No route leads to the peer through the link. */
    MACVLAN_FINDING_NO_ROUTE = 10,
    /** The peer is the host itself, which its own macvlans cannot reach. */
    MACVLAN_FINDING_PEER_IS_HOST = 11,
    /** The container's request did not leave through the parent. */
    MACVLAN_FINDING_NOT_SENT = 12,
    /** The request was sent, but not answered. */
    MACVLAN_FINDING_NO_ANSWER = 13,
    /**
     * The peer answers the parent but not the container: only the parent's MAC address passes on
     * the way.
     */
    MACVLAN_FINDING_MAC_FILTERED = 14,
    /** The answer is only received while the parent is promiscuous. */
    MACVLAN_FINDING_NOT_PROMISCUOUS = 15,
    /** The answer reached the parent but not the container. */
    MACVLAN_FINDING_ANSWER_LOST = 16,
    /** Several hosts answer for one address. */
    MACVLAN_FINDING_SEVERAL_ANSWER = 17,
    /** Another host uses the container's MAC address. */
    MACVLAN_FINDING_MAC_ELSEWHERE = 18,
    /** The network carries other VLANs than this one. */
    MACVLAN_FINDING_OTHER_VLANS = 19,
    /** The container's neighbour entry has another MAC address than the peer. */
    MACVLAN_FINDING_WRONG_NEIGHBOUR = 20,
    /** The kernel does not use an IPv6 address of the container, because another host has it. */
    MACVLAN_FINDING_ADDRESS_DUPLICATE = 21,
    /** An IPv6 address of the container has been tentative for longer than a detection takes. */
    MACVLAN_FINDING_ADDRESS_TENTATIVE = 22,
    /** The connected route of an address was deleted. */
    MACVLAN_FINDING_CONNECTED_ROUTE_MISSING = 23,
    /** The peer is a macvlan on the same parent, and not both are in mode bridge. */
    MACVLAN_FINDING_SIBLING_MODE = 24,
    /** ARP and neighbour discovery are off on the container's link. */
    MACVLAN_FINDING_ARP_OFF = 25,
    /** The container's routing drops packets for the peer, or sends them through another link. */
    MACVLAN_FINDING_ROUTED_ELSEWHERE = 26,
} macvlan_finding_kinds;

/**
 * The diagnosis of an attachment and a peer, from macvlan_host_diagnose(). Freed with
 * macvlan_diagnosis_free(), with all its parts.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_diagnosis macvlan_diagnosis;

/**
 * A problem.
 */
typedef struct macvlan_finding {
    /** The size of the struct. */
    size_t size;
    /** The kind: one of enum macvlan_finding_kinds. */
    uint32_t kind;
    /** The kind's name, for logs: "parent-down". */
    const char *kind_name;
    /** A description of the problem. */
    const char *text;
    /** A remedy for the problem. */
    const char *remedy;
} macvlan_finding;

/**
 * The contents of a diagnosis.
 */
typedef struct macvlan_diagnosis_info {
    /** The size of the struct. */
    size_t size;
    /** The findings, the most severe first; none if no problems were found. */
    const struct macvlan_finding *const *findings;
    /** The number of findings. */
    size_t finding_count;
    /** The facts, for people: states of links, neighbour entries, frames, VLANs. */
    const char *const *facts;
    /** The number of facts. */
    size_t fact_count;
    /** All findings with their remedies, and the facts, one on each line. */
    const char *text;
    /** True if the peer, or the gateway to it, has answered the container. */
    bool answered;
} macvlan_diagnosis_info;

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
 * Returns the contents of the diagnosis, which belong to it. NULL if the diagnosis is invalid.
 */
const struct macvlan_diagnosis_info *macvlan_diagnosis_get(const struct macvlan_diagnosis *diagnosis);

/**
 * Returns whether there is a finding of this kind, one of enum macvlan_finding_kinds.
 */
bool macvlan_diagnosis_has(const struct macvlan_diagnosis *diagnosis, int kind);

/**
 * Frees a diagnosis. NULL is ignored.
 */
void macvlan_diagnosis_free(struct macvlan_diagnosis *diagnosis);

/* ------------------------------------------------------------------------------------------------
 * 20. Access from the host to its own containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of the host's access to the containers on a parent, for macvlan_host_access_by().
 * All zero but the parent: the parent's addresses, borrowed, and a route to each container.
 */
typedef struct macvlan_access_options {
    /** The size of the struct. */
    size_t size;
    /** The parent, as in macvlan_endpoint_new(). */
    const char *parent;
    /** The parent with more options, instead of the text. */
    const struct macvlan_parent *parent_options;
    /**
     * The name of the host's link if it has to be created. Defaults to the parent's name and
     * "-host", or, if that is too long or the name of such a link on another parent, to "mvh" and
     * the parent's index.
     */
    const char *name;
    /**
     * The link's own addresses, "192.168.15.250", which replace the borrowed addresses of the
     * parent. They are added with the full prefix length, /32 or /128, and must not be used by
     * another host.
     */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /**
     * Subnets of containers only, "192.168.15.128/25": one route leads to all of each, instead of
     * one to each container in it.
     */
    const char *const *routes;
    /** The number of routes. */
    size_t route_count;
    /**
     * True if the link and its routes are kept when the last container is detached and when the
     * access is closed or freed. macvlan_host_access() finds a link that was kept.
     */
    bool keep;
} macvlan_access_options;

/**
 * A move of addresses that is to be confirmed, from macvlan_access_move_addresses(). If it is not
 * confirmed until the deadline, the addresses are moved back. Freed with macvlan_pending_move_free(),
 * which moves them back if they were not confirmed.
 *
 * Threads: macvlan_pending_move_is_pending() may be called by any number of threads at once; other
 * functions need exclusive access.
 */
typedef struct macvlan_pending_move macvlan_pending_move;

/**
 * Confirms the move, once, so that the addresses stay. Fails with MACVLAN_ERROR_TIMED_OUT if they
 * were moved back at the deadline.
 */
int macvlan_pending_move_confirm(struct macvlan_pending_move *pending,
                                 struct macvlan_error **error);

/**
 * Moves the addresses back now, and returns the result of that.
 */
int macvlan_pending_move_undo(struct macvlan_pending_move *pending, struct macvlan_error **error);

/**
 * Returns whether the move is neither confirmed nor undone.
 */
bool macvlan_pending_move_is_pending(const struct macvlan_pending_move *pending);

/**
 * Frees it, and moves the addresses back if they were not confirmed. NULL is ignored.
 */
void macvlan_pending_move_free(struct macvlan_pending_move *pending);

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
 * like macvlan_host_access(): the caller frees the access with macvlan_access_free().
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
 * are then ordinary neighbours in one connected subnet. The caller frees the macvlan_pending_move with
 * macvlan_pending_move_free().
 *
 * The host has its addresses at all times. On a failure nothing is changed. Unless
 * macvlan_pending_move_confirm() is called within `milliseconds`, the addresses are moved back, so an
 * administrator who is cut off only has to wait; a thread of the macvlan_pending_move does this. A
 * process that is killed leaves them moved; see macvlan_access_move_back().
 *
 * For IPv4 and IPv6. Addresses that the kernel has added (link-local or from router
 * advertisements) and routes from router advertisements are not moved. A DHCP client or network
 * manager has to be reconfigured separately.
 */
int macvlan_access_move_addresses(struct macvlan_access *access,
                                  uint32_t milliseconds,
                                  struct macvlan_pending_move **pending,
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
 * 21. Networks: configuration
 * ------------------------------------------------------------------------------------------------ */

/**
 * Two texts that belong together: a key and its value.
 */
typedef struct macvlan_pair {
    /** The key. */
    const char *key;
    /** The value. */
    const char *value;
} macvlan_pair;

/**
 * A subnet from which a network assigns addresses. It is validated when the network is created.
 */
typedef struct macvlan_subnet {
    /** The size of the struct. */
    size_t size;
    /**
     * The subnet: "10.0.10.0/24" or "fd00:10::/64". Host bits are refused, because the intention
     * would be unclear.
     */
    const char *net;
    /**
     * The gateway: in the subnet, a link-local IPv6 address, or, with on_link_gateway, any
     * address. Defaults to the first address of the subnet, like Docker's. NULL in a subnet that
     * was read, if there is none.
     */
    const char *gateway;
    /**
     * The ranges of the subnet from which addresses are assigned, "10.0.10.64/26" or
     * "10.0.10.64-10.0.10.99". Defaults to the whole subnet. It is this host's part, if several
     * hosts share the subnet and have a store each.
     */
    const char *const *ranges;
    /** The number of ranges. */
    size_t range_count;
    /**
     * Addresses that are never assigned to a container, such as those of a DHCP server:
     * "10.0.10.64/26", "10.0.10.64-10.0.10.99" or "10.0.10.7".
     */
    const char *const *excluded;
    /** The number of these. */
    size_t excluded_count;
    /**
     * Addresses that are reserved for containers, by the container's name: "printer", "10.0.10.70".
     * No other container gets the address.
     */
    const struct macvlan_pair *reserved;
    /** The number of these. */
    size_t reserved_count;
    /**
     * True if there is no gateway: no default route, and the first address may be assigned to a
     * container.
     */
    bool no_gateway;
    /**
     * True if a gateway outside the subnet is assumed to be on the link (onlink). If not, such a
     * gateway is refused when the network is created.
     */
    bool on_link_gateway;
} macvlan_subnet;

/**
 * The source of a container's MAC address, if none is set.
 */
typedef enum macvlan_mac_from {
    /**
     * The container's IPv4 address, like Docker: 02:42: and the four bytes. Without one, as
     * MACVLAN_MAC_FROM_CONTAINER.
     */
    MACVLAN_MAC_FROM_ADDRESS = 1,
    /** The network and the container's id: it does not change with the address. */
    MACVLAN_MAC_FROM_CONTAINER = 2,
} macvlan_mac_from;

/**
 * The order in which a network assigns free addresses.
 */
typedef enum macvlan_order {
    /** The lowest free address. */
    MACVLAN_ORDER_FIRST = 1,
    /**
     * The next free address after the last assigned one, and from the lowest again after the
     * highest: a released address stays unused for as long as possible.
     */
    MACVLAN_ORDER_NEXT = 2,
    /** A random free address. */
    MACVLAN_ORDER_RANDOM = 3,
} macvlan_order;

/**
 * The configuration of a network, for macvlan_networks_create(). All zero but the name: without a
 * parent, in mode bridge, with a subnet that is chosen.
 */
typedef struct macvlan_network_config {
    /** The size of the struct. */
    size_t size;
    /** The network's name. */
    const char *name;
    /**
     * The parent, the link on the host that the containers' links are on, "ens33". In VLAN
     * notation it is "ens33.100", which is created for the first container and removed with the
     * last one.
     *
     * Without a parent the network is isolated: its containers are on a dummy link of its own,
     * "dm-" and the beginning of its id, and reach only one another, on one host.
     */
    const char *parent;
    /** The parent with more options, instead of the text. */
    const struct macvlan_parent *parent_options;
    /**
     * The subnets, of either family. A container gets one address of each family, from the first
     * of its subnets that has a free one.
     */
    const struct macvlan_subnet *const *subnets;
    /** The number of subnets. */
    size_t subnet_count;
    /**
     * Routes that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50".
     * One with a gateway in a subnet is only for containers with an address in it. Default routes
     * follow from the gateways.
     */
    const char *const *routes;
    /** The number of routes. */
    size_t route_count;
    /** Options for readers of macvlan_network_inspect(). They have no effect here. */
    const struct macvlan_pair *options;
    /** The number of options. */
    size_t option_count;
    /** Labels for readers of macvlan_network_inspect(). They have no effect here. */
    const struct macvlan_pair *labels;
    /** The number of labels. */
    size_t label_count;
    /**
     * For how many seconds a released address stays reserved for its container, unless no other
     * address is left. By default a container that returns gets its address again if it was not
     * leased to another one.
     */
    uint64_t reservation_ttl_s;
    /** The macvlan mode: one of enum macvlan_mode. Defaults to MACVLAN_MODE_BRIDGE. */
    uint32_t mode;
    /** The MTU of the containers' interfaces in bytes. Defaults to the parent's. */
    uint32_t mtu;
    /**
     * The order in which free addresses are assigned: one of enum macvlan_order. Defaults to
     * MACVLAN_ORDER_FIRST.
     */
    uint32_t order;
    /**
     * The source of a container's MAC address: one of enum macvlan_mac_from. Defaults to
     * MACVLAN_MAC_FROM_ADDRESS.
     */
    uint32_t mac_from;
    /**
     * The number of addresses that a host reserves at a time for its containers, if several hosts
     * use one store. Its share of each subnet grows by this number when it has no free one left.
     * By default all hosts assign addresses from one pool. A store of a single host does not need
     * it.
     */
    uint32_t block_size;
    /**
     * The metric of the default routes; routes with a lower one are preferred. Defaults to the
     * kernel's, 0 for IPv4 and 1024 for IPv6.
     */
    struct macvlan_opt_u32 metric;
    /**
     * Acceptance of router advertisements: the values of the sysctl
     * accept_ra, 0 never, 1 unless the interface forwards, 2 always. Defaults to 0.
     */
    struct macvlan_opt_u32 accept_ra;
    /**
     * True if IPv6 is disabled on the containers' interfaces. By default it is disabled if the
     * network has no IPv6 subnet and accepts no router advertisements, and otherwise enabled, even
     * if the container's default is off.
     */
    struct macvlan_opt_bool disable_ipv6;
    /**
     * True if the containers' interfaces receive all multicast frames. By default they receive
     * those of the groups that are joined on them.
     */
    struct macvlan_opt_bool allmulticast;
    /**
     * True if the containers' interfaces have no addresses from the network, and no subnet is
     * chosen: they get addresses by DHCP or router advertisements, or have none. The container's
     * own sysctls of IPv6 apply.
     */
    bool without_addresses;
    /**
     * True if an IPv6 subnet is chosen if none is given. It is a /64 of the store's /48 of unique
     * local addresses (RFC 4193) that is not used by another network or by a link or route of this
     * host.
     */
    bool ipv6;
    /** True if the network is internal: containers get no default route through it. */
    bool internal;
    /** True if the container's own sysctls of IPv6 apply, except for those that are set here. */
    bool leave_ipv6;
    /**
     * True if an address is probed on the LAN before it is assigned; one that is in use is skipped
     * and recorded as conflicting. Takes a quarter of a second, unless changed by
     * macvlan_networks_set_probe().
     */
    bool probe;
    /**
     * True if the kernel checks IPv6 addresses for duplicates on the LAN, during which they cannot
     * be used for one or two seconds. Docker does not do this either.
     */
    bool duplicate_detection;
} macvlan_network_config;

/* ------------------------------------------------------------------------------------------------
 * 22. Networks and their containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a connection of a container to a network, for macvlan_network_connect(). All zero
 * but the container: addresses are chosen.
 */
typedef struct macvlan_connect_options {
    /** The size of the struct. */
    size_t size;
    /**
     * The id of the container, which does not change: when it returns, it gets its addresses
     * again.
     */
    const char *container;
    /**
     * The name by which others find the container, which is unique in the network; NULL for none.
     * Names are compared like DNS names, and stored in lower case.
     */
    const char *name;
    /**
     * The interface's name in the container, which identifies it among the container's interfaces
     * in the network. A new name stands for a further interface, with addresses of its own. By
     * default the existing interface is meant, or, if there is none, a new one with the first free
     * "ethN".
     */
    const char *interface;
    /**
     * Further names by which others find the container. Several containers may share one: it
     * resolves to the addresses of all of them.
     */
    const char *const *aliases;
    /** The number of aliases. */
    size_t alias_count;
    /** Requested addresses, "10.0.10.7". One is chosen of each family without a requested one. */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /**
     * Link-local addresses, in 169.254.0.0/16 or fe80::/10. The network does not check that they
     * are unique.
     */
    const char *const *link_local;
    /** The number of link-local addresses. */
    size_t link_local_count;
    /**
     * Pending leases, by their ids, whose addresses and MAC address the container takes: see
     * macvlan_network_allocate(). Then no address is chosen.
     */
    const char *const *leases;
    /** The number of leases. */
    size_t lease_count;
    /**
     * The interface's MAC address. Defaults to a derived one, see the mac_from of
     * macvlan_network_config.
     */
    struct macvlan_opt_mac mac;
    /**
     * True if the container's default routes lead through this network. They never do, if false;
     * if true, they do before all other networks of the container, with a priority that is one
     * above theirs. By default gw_priority decides.
     *
     * Default routes do not lead through a network that is internal or has no gateway of the
     * family. When their network is disconnected, the next one replaces it.
     */
    struct macvlan_opt_bool default_route;
    /**
     * True if other default routes of the container, which this library did not add, are replaced.
     * If not, they stay, and none of their family is added. They are not restored when the
     * container is disconnected.
     */
    bool replace_default_route;
    /**
     * The network's priority for the container's default routes. The network with the highest one
     * gets them, among equal ones the first that was connected. Defaults to 0. Not together with
     * default_route.
     */
    struct macvlan_opt_i32 gw_priority;
} macvlan_connect_options;

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
 * The contents of a lease.
 */
typedef struct macvlan_lease_info {
    /** The size of the struct. */
    size_t size;
    /** The network's id. */
    const char *network;
    /**
     * The container's id, as given by the caller; for addresses that were allocated without a
     * container, the lease's own id.
     */
    const char *container;
    /** The name by which others find the container; NULL if it has none. */
    const char *name;
    /** Further names, which several containers may share. */
    const char *const *aliases;
    /** The number of aliases. */
    size_t alias_count;
    /** The name of the host that the container runs on. */
    const char *host;
    /** The lease's id, which is different for every lease of the container, past or future. */
    const char *endpoint;
    /** The interface's name in the container. */
    const char *interface;
    /** The addresses with the prefix lengths of their subnets, "10.0.10.2/24". */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /** The link-local addresses, without prefix lengths. */
    const char *const *link_local;
    /** The number of link-local addresses. */
    size_t link_local_count;
    /**
     * The id of the boot in which the container's namespace was created
     * (/proc/sys/kernel/random/boot_id), or, for a pending lease, in which the lease was made.
     */
    const char *netns_boot;
    /**
     * The path by which the container's namespace was found, which may have come to lead to
     * another one; NULL if it was not found by a path.
     */
    const char *netns_path;
    /**
     * The name of the link in the host's namespace, if it was created there
     * (macvlan_network_create_link()); NULL if it was not.
     */
    const char *link;
    /** The inode number of the container's namespace; 0 if the lease is pending. */
    uint64_t netns_inode;
    /**
     * The kernel's cookie of the container's namespace, which is unique during a boot; 0 before
     * Linux 5.14.
     */
    uint64_t netns_cookie;
    /** Since when the lease is pending, in seconds since 1970; 0 if it is not. */
    uint64_t pending_since;
    /** The network's priority for the container's default routes. */
    int32_t gw_priority;
    /**
     * The sequence number of the connection among those of the container; later ones are higher.
     */
    uint32_t sequence;
    /**
     * The interface's MAC address; not set if it has none of its own: in mode passthru it is the
     * parent's.
     */
    struct macvlan_opt_mac mac;
    /**
     * True if the container's default routes may lead through this network. They lead through the
     * one with the highest priority of those that may and that have a gateway of the family.
     */
    bool default_route;
    /** True if the lease is pending: not yet bound to a namespace. */
    bool is_pending;
} macvlan_lease_info;

/**
 * Returns the lease's contents, which belong to it. NULL if the lease is invalid.
 */
const struct macvlan_lease_info *macvlan_lease_get(const struct macvlan_lease *lease);

/**
 * Writes for how long the lease is pending, in seconds; 0 if it is not. For a lease of another
 * host this compares the clocks of both.
 */
int macvlan_lease_pending_age(const struct macvlan_lease *lease,
                              uint64_t *age,
                              struct macvlan_error **error);

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
 * The contents of a connection.
 */
typedef struct macvlan_connection_info {
    /** The size of the struct. */
    size_t size;
    /** The lease, as stored. */
    const struct macvlan_lease *lease;
    /** The attachment, as from macvlan_host_attach(). */
    const struct macvlan_attachment *attachment;
    /** The interface's name in the container. */
    const char *interface;
    /** The addresses, without prefix lengths. */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /** The interface's MAC address. */
    uint8_t mac[6];
} macvlan_connection_info;

/**
 * Returns the connection's contents, which belong to it. NULL if the connection is invalid.
 */
const struct macvlan_connection_info *macvlan_connection_get(const struct macvlan_connection *connection);

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
 * The contents of a network.
 */
typedef struct macvlan_network_info {
    /** The size of the struct. */
    size_t size;
    /** The network's id: 64 hexadecimal digits. */
    const char *id;
    /** The network's name. */
    const char *name;
    /** The time of its creation: "2024-05-01T12:00:00Z". */
    const char *created;
    /**
     * The link that the containers' links are on: the parent, or, for an isolated network, its own
     * dummy link.
     */
    const char *parent;
    /**
     * The configuration, with the subnet that was chosen if none was given. It can be passed to
     * other functions.
     */
    const struct macvlan_network_config *config;
    /**
     * The warnings, as sentences: problems, such as a parent that does not exist, that would have
     * prevented a connection when the network was created or changed by this object. None for a
     * network that was found.
     */
    const char *const *warnings;
    /** The number of warnings. */
    size_t warning_count;
} macvlan_network_info;

/**
 * Returns the network's contents, which belong to the object. NULL if the network is invalid.
 */
const struct macvlan_network_info *macvlan_network_get(const struct macvlan_network *network);

/**
 * Connects a container: leases its addresses and attaches its interface, or changes nothing. The
 * caller frees the connection with macvlan_connection_free().
 *
 * A container that is already connected in the same namespace stays connected; differences of its
 * interface are repaired. If the namespace in which it was connected no longer exists, as after a
 * restart of the container or a reboot, it is connected again with the same addresses, and with the
 * same name, aliases, link-local addresses and priority, unless the options set others. So it is if
 * its lease was collected in between, except for a name that another container has by now.
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
 * The addresses to be leased before the container exists, for macvlan_network_allocate(). All
 * zero: one address of each family that the network has.
 */
typedef struct macvlan_allocation {
    /** The size of the struct. */
    size_t size;
    /** Requested addresses, "10.0.10.7". One is chosen of each family without a requested one. */
    const char *const *addresses;
    /** The number of addresses. */
    size_t address_count;
    /** The MAC address. Defaults to a derived one, see the mac_from of macvlan_network_config. */
    struct macvlan_opt_mac mac;
    /** True if an IPv4 address is chosen if none is requested. Defaults to true. */
    struct macvlan_opt_bool ipv4;
    /** True if an IPv6 address is chosen if none is requested. Defaults to true. */
    struct macvlan_opt_bool ipv6;
} macvlan_allocation;

/**
 * Leases addresses before the container exists, for callers that are asked for an address first. The
 * allocation can be NULL for the defaults.
 * The caller frees `lease` with macvlan_lease_free().
 *
 * The lease is pending until a container takes it, by its id (the endpoint of macvlan_lease_info)
 * in macvlan_connect_options, or until it is released by macvlan_network_disconnect() with that id.
 * macvlan_networks_collect() releases one that is pending for longer than
 * macvlan_networks_set_pending_age(), or since another boot.
 */
int macvlan_network_allocate(const struct macvlan_network *network,
                             const struct macvlan_allocation *allocation,
                             struct macvlan_lease **lease,
                             struct macvlan_error **error);

/**
 * A link in the host's namespace that the caller moves to a container, and its configuration
 * there. From macvlan_network_create_link(). Freed with macvlan_host_link_free(), which does not
 * delete the link.
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_host_link macvlan_host_link;

/**
 * The contents of a link in the host's namespace.
 */
typedef struct macvlan_host_link_info {
    /** The size of the struct. */
    size_t size;
    /** The lease, with the addresses for the container. */
    const struct macvlan_lease *lease;
    /** The link's name in the host's namespace, "mv-" and 12 hexadecimal digits. */
    const char *name;
    /** The gateways: one of each family that has one, none in an internal network. */
    const char *const *gateways;
    /** The number of gateways. */
    size_t gateway_count;
    /**
     * The routes of the network that lead through the link, in the format of
     * macvlan_endpoint_add_route().
     */
    const char *const *routes;
    /** The number of routes. */
    size_t route_count;
    /** The link's index in the host's namespace. */
    uint32_t index;
    /** The link's MAC address, which it keeps when it is moved. */
    uint8_t mac[6];
} macvlan_host_link_info;

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
 * default_route is set in macvlan_connect_options.
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
 * Returns the link's contents, which belong to the object. NULL if the link is invalid.
 */
const struct macvlan_host_link_info *macvlan_host_link_get(const struct macvlan_host_link *link);

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
 * The contents of such a result.
 */
typedef struct macvlan_updated_info {
    /** The size of the struct. */
    size_t size;
    /** The network with its current configuration. */
    const struct macvlan_network *network;
    /**
     * The leases of containers whose interfaces differ from the new configuration.
     * macvlan_network_connect() updates each of them, and so does macvlan_networks_reconcile() on
     * their hosts.
     */
    const struct macvlan_lease *const *outdated;
    /** The number of these. */
    size_t outdated_count;
    /** The leases of containers whose interfaces already agree with the new configuration. */
    const struct macvlan_lease *const *unaffected;
    /** The number of these. */
    size_t unaffected_count;
    /** True if the network was created. */
    bool created;
} macvlan_updated_info;

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
 * macvlan_network_config. Otherwise like macvlan_network_update(): the caller frees the result with
 * macvlan_updated_free().
 */
int macvlan_network_set_parent(const struct macvlan_network *network,
                               const char *parent,
                               struct macvlan_updated **updated,
                               struct macvlan_error **error);

/**
 * Sets the parent of a network, with more options than text has. Otherwise like
 * macvlan_network_set_parent(): the caller frees the result with macvlan_updated_free().
 */
int macvlan_network_set_parent_options(const struct macvlan_network *network,
                                       const struct macvlan_parent *parent,
                                       struct macvlan_updated **updated,
                                       struct macvlan_error **error);

/**
 * Returns the contents of the result, which belong to it. NULL if the object is invalid.
 */
const struct macvlan_updated_info *macvlan_updated_get(const struct macvlan_updated *updated);

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
 * The contents of such a result.
 */
typedef struct macvlan_retained_info {
    /** The size of the struct. */
    size_t size;
    /** The released leases. */
    const struct macvlan_lease *const *released;
    /** The number of these. */
    size_t released_count;
    /** The leases that could not be released. */
    const struct macvlan_lease *const *failed;
    /** The errors of these, in the same order. */
    const struct macvlan_error *const *errors;
    /** The number of both. */
    size_t failed_count;
} macvlan_retained_info;

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
 * Returns the contents of the result, which belong to it. NULL if the object is invalid.
 */
const struct macvlan_retained_info *macvlan_retained_get(const struct macvlan_retained *retained);

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
 * Makes the object that `docker network inspect` prints for a network, with its containers on all
 * hosts, as JSON. The caller frees the text with macvlan_text_free().
 *
 * `Link` of a container is the name that its interface has inside now, if it was renamed, or null, if
 * it is not there.
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
 * Writes the lines of macvlan_network_hosts() to a file, between two comment lines, and replaces
 * them the next time. The rest of the file stays unchanged, with its line ends.
 *
 * The file is written in place, so that it changes wherever it is mounted, and keeps its owner,
 * mode and links. One process at a time writes it. If the file cannot be written, as on a full
 * disk, it keeps its text.
 */
int macvlan_network_write_hosts(const struct macvlan_network *network,
                                const char *path,
                                struct macvlan_error **error);

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
 * An address that is used by a machine on the LAN that is not a container of the network.
 */
typedef struct macvlan_conflicting_address {
    /** The size of the struct. */
    size_t size;
    /** The address, without a prefix length. */
    const char *address;
    /** The time at which it was found, in seconds since 1970. */
    uint64_t found;
} macvlan_conflicting_address;

/**
 * Records an address as used by a machine that is not a container of this network: it is no longer
 * assigned. Refused if a container has it. With the probe of macvlan_network_config this is done
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
const struct macvlan_conflicting_address *macvlan_conflicting_address_list_get(const struct macvlan_conflicting_address_list *list,
                                                                               size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_conflicting_address_list_free(struct macvlan_conflicting_address_list *list);

/* ------------------------------------------------------------------------------------------------
 * 23. Sessions: creating and finding networks
 * ------------------------------------------------------------------------------------------------ */

/**
 * By what a host counts as alive in etcd, so that other hosts leave its leases alone.
 */
typedef enum macvlan_life {
    /** By each process that has the store open, and for a while after it. */
    MACVLAN_LIFE_PROCESS = 1,
    /** By an agent, or by a declaration. For processes that end at once, such as a CNI plugin. */
    MACVLAN_LIFE_AGENT = 2,
    /** By a declaration, see macvlan_networks_declare_host(). */
    MACVLAN_LIFE_DECLARED = 3,
} macvlan_life;

/**
 * The options of a store in etcd, for macvlan_networks_open_etcd(). This host's name and at least
 * one endpoint are needed.
 */
typedef struct macvlan_etcd_options {
    /** The size of the struct. */
    size_t size;
    /** This host's name: unique, and not changed while the host has containers. */
    const char *host;
    /**
     * The endpoints of etcd: "http://10.0.0.7:2379", or "https://10.0.0.7:2379", which needs a CA.
     */
    const char *const *endpoints;
    /** The number of endpoints. */
    size_t endpoint_count;
    /** The prefix of all keys. Defaults to "/macvlan/". */
    const char *prefix;
    /**
     * The user for an etcd with authentication. The user's role has to have read and write
     * permission for all keys with the prefix.
     */
    const char *user;
    /** The user's password. */
    const char *password;
    /**
     * The certificates of the authorities that may sign etcd's certificate, as PEM text, for
     * endpoints with "https://". Those of the system are not used.
     */
    const char *ca;
    /** The file with these certificates, which is read when the store is opened; instead of ca. */
    const char *ca_file;
    /** The certificate of this host for etcd, with its chain, as PEM text. It needs a key. */
    const char *certificate;
    /** The file with the certificate; instead of certificate. */
    const char *certificate_file;
    /** The key of the certificate, as PEM text. */
    const char *key;
    /** The file with the key; instead of key. */
    const char *key_file;
    /** The timeout of requests in milliseconds. Defaults to 5000. */
    struct macvlan_opt_u32 timeout_ms;
    /**
     * For how many milliseconds this host counts as alive after its last process with an open
     * store has ended or lost etcd. Defaults to 60000. Afterwards others may collect its
     * containers' leases. If processes end at once, see life.
     */
    struct macvlan_opt_u32 ttl_ms;
    /**
     * By what this host counts as alive when this process has ended: one of enum macvlan_life.
     * Defaults to MACVLAN_LIFE_PROCESS. With another one, a process gets leases only while an
     * agent runs on this host or the host is declared; otherwise the error is
     * MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE.
     */
    uint32_t life;
    /**
     * True if this process is an agent, which keeps this host alive for processes with
     * MACVLAN_LIFE_AGENT. The command "macvlan agent" is one.
     */
    bool agent;
} macvlan_etcd_options;

/**
 * The kind of a change that reconciled kernel and store. Later versions may add some, so a program
 * has to expect numbers that are not listed here.
 */
typedef enum macvlan_reconciled_kinds {
    /** A change for which this version has no number. */
    MACVLAN_RECONCILED_OTHER = 0,
    /** A lease whose namespace or host no longer exists was released. */
    MACVLAN_RECONCILED_RELEASED = 1,
    /** The interface of a lease was missing or changed, and was repaired. */
    MACVLAN_RECONCILED_REPAIRED = 2,
    /** An interface that was not stored, of an existing network, has a lease now. */
    MACVLAN_RECONCILED_ADOPTED = 3,
    /** An interface of a container in a network that no longer exists was deleted. */
    MACVLAN_RECONCILED_REMOVED = 4,
    /** A difference could not be resolved; the others were. The text has the reason. */
    MACVLAN_RECONCILED_FAILED = 5,
    /** Addresses that were reserved for containers are free again. */
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
 * The changes that reconciled kernel and store, from macvlan_networks_reconcile(). Freed with
 * macvlan_reconciled_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_reconciled_list macvlan_reconciled_list;

/**
 * A change that reconciled kernel and store.
 */
typedef struct macvlan_reconciled {
    /** The size of the struct. */
    size_t size;
    /** A description of the change. */
    const char *text;
    /**
     * The lease that was released or made, or whose interface was repaired; NULL if there is none.
     */
    const struct macvlan_lease *lease;
    /** The name of the interface; NULL if there is none. */
    const char *interface;
    /** The id of the container; NULL if there is none. */
    const char *container;
    /** The number of reserved addresses that are free again; 0 for other kinds. */
    size_t expired;
    /** The kind: one of enum macvlan_reconciled_kinds. */
    uint32_t kind;
} macvlan_reconciled;

/**
 * The contents of a collection.
 */
typedef struct macvlan_collected_info {
    /** The size of the struct. */
    size_t size;
    /** The released leases. */
    const struct macvlan_lease *const *leases;
    /** The number of these. */
    size_t lease_count;
    /** The number of addresses that were reserved for containers that did not return in time. */
    size_t expired;
} macvlan_collected_info;

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
 * Returns the contents of a collection, which belong to it. NULL if the object is invalid.
 */
const struct macvlan_collected_info *macvlan_collected_get(const struct macvlan_collected *collected);

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
 * Such a file was moved here permanently, or its machine got another machine-id; it becomes this
 * machine's at the next write. Containers of the other machine count as ended. Two machines must
 * not use one file. The caller frees the session with macvlan_networks_free().
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
 * Sets this host's name in the store, unless macvlan_etcd_options has set it. It must not
 * change while the host has containers. Existing macvlan_network objects keep the old one.
 */
int macvlan_networks_set_host_name(struct macvlan_networks *networks,
                                   const char *name,
                                   struct macvlan_error **error);

/**
 * Sets how addresses are probed for networks with the probe of macvlan_network_config. Defaults
 * to a quick one. Existing macvlan_network objects keep the old one.
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
 * Sets whether the leases of hosts that the store considers dead are released, by
 * macvlan_networks_collect(), macvlan_networks_reconcile(), and for an address or a name that
 * another container requests. Defaults to true.
 */
int macvlan_networks_set_dead_hosts(struct macvlan_networks *networks,
                                    bool dead_hosts,
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
 * Since Linux 6.18 the kernel says whether a namespace exists. On earlier kernels, all processes
 * and mounts are searched for it, which needs root on the host, not in a container. If that does
 * not show whether it exists, the function fails, and no such lease is released.
 */
int macvlan_networks_collect(struct macvlan_networks *networks,
                             struct macvlan_collected **collected,
                             struct macvlan_error **error);

/**
 * Declares that a host is alive, whether or not one of its processes is, also across reboots: until
 * macvlan_networks_forget_host(), only the host itself releases the leases of its containers.
 * `is_new`, which can be NULL, is set to false if it was declared already.
 *
 * A host that is not alive yet can be declared ahead: the first machine that uses the name gets
 * it. A file serves one machine, and is refused with MACVLAN_ERROR_INVALID_VALUE.
 */
int macvlan_networks_declare_host(struct macvlan_networks *networks,
                                  const char *name,
                                  bool *is_new,
                                  struct macvlan_error **error);

/**
 * Ends the declaration of a host. `was_known`, which can be NULL, is set to whether it was
 * declared; in a file no host is.
 *
 * On another host this is for one that has permanently ended. Others then collect the leases of
 * its containers, which may be leased again, so these must not run any more; and another machine
 * may have its name. Refused with MACVLAN_ERROR_NETWORK_HOST_ALIVE while a process of it has the
 * store open, and after one was killed, for as long as a host counts as alive; and on the host
 * itself, while it has leases and no agent.
 */
int macvlan_networks_forget_host(struct macvlan_networks *networks,
                                 const char *name,
                                 bool *was_known,
                                 struct macvlan_error **error);

/**
 * Checks that leases outlive this process, if the store was opened for that: see life in
 * macvlan_etcd_options. If they do not, the error is MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE, which
 * connecting returns as well.
 */
int macvlan_networks_check_life(struct macvlan_networks *networks, struct macvlan_error **error);

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

/**
 * The hosts of a store, from macvlan_networks_hosts(). Freed with macvlan_host_status_list_free().
 *
 * Threads: immutable, so any number of threads may use it at once.
 */
typedef struct macvlan_host_status_list macvlan_host_status_list;

/**
 * The state of a host in a store for many hosts.
 */
typedef struct macvlan_host_status {
    /** The size of the struct. */
    size_t size;
    /** The host's name. */
    const char *name;
    /** True if the host counts as alive. */
    bool is_alive;
    /** True if the host is declared, see macvlan_networks_declare_host(). */
    bool is_declared;
    /** The number of its agents that count as alive. */
    size_t agents;
    /** The number of its other processes that count as alive. */
    size_t processes;
    /**
     * The machine that has the name, by its machine-id and its boot id; NULL if none has it yet.
     */
    const char *machine;
} macvlan_host_status;

/**
 * Lists the hosts that the store knows, also dead ones, ordered by name. In a store for one machine
 * there are none. The caller frees the list with macvlan_host_status_list_free().
 */
int macvlan_networks_hosts(const struct macvlan_networks *networks,
                           struct macvlan_host_status_list **list,
                           struct macvlan_error **error);

/**
 * Returns the number of hosts.
 */
size_t macvlan_host_status_list_count(const struct macvlan_host_status_list *list);

/**
 * Returns one of the hosts, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_host_status *macvlan_host_status_list_get(const struct macvlan_host_status_list *list,
                                                               size_t index);

/**
 * Frees a list. NULL is ignored.
 */
void macvlan_host_status_list_free(struct macvlan_host_status_list *list);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MACVLAN_H */
