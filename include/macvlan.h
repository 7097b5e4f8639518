/*
 * macvlan: give a container, sandbox or VM its place on the real network.
 *
 * One call sets up a macvlan link inside a network namespace, its addresses and its routes; either
 * all of it, in the time the kernel needs and no more, or nothing, with an error that says why:
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
 * Above single interfaces there are networks, as Docker has them: subnets, pools of addresses, and who
 * holds which, in a file or in etcd; see macvlan_networks.
 *
 * What holds for all functions:
 *
 * Results. A function that can fail returns 0, or a negative errno. What it gives it puts where an
 * argument points to, and that is NULL (or 0) if it fails. Its last argument can be NULL; otherwise
 * it gets an error that says more, or NULL, and the caller frees the error. What was there before is
 * overwritten: free it first. There is no "last error" kept anywhere.
 *
 * Objects. What a function gives through a pointer to a pointer is the caller's, to be freed by the
 * _free function of its type; freeing NULL does nothing. What a function returns as a pointer to
 * const, text and parts of lists, belongs to the object it was asked of, and goes with it. Objects do
 * not need each other: each can be freed when it is not used any more, in any order.
 *
 * Arguments. Text is UTF-8 and ends with a zero byte. A pointer must not be NULL unless its function
 * says so. File descriptors that are passed in stay the caller's. Nothing that is passed in is kept;
 * what is needed longer is copied.
 *
 * Mistakes. NULL where there must be something, text that is not UTF-8, numbers that are no such
 * enumerator, objects of another type, and parts of other objects where a whole one must be: -EINVAL
 * and an error that names the function and the argument. An object that was freed is mostly noticed
 * too, as long as its memory has found no other use; using it remains undefined behaviour, as for
 * everything in C. Functions that return something else than a number to be checked answer with NULL,
 * 0 or -1, and _free does nothing.
 *
 * Faults of the library become -ENOTRECOVERABLE and an error of the kind MACVLAN_ERROR_BUG; they do
 * not end the program. Running out of memory does.
 *
 * Threads. Each type says what may be done at once; objects can be handed from thread to thread.
 * Everything blocks: the kernel executes a request inside the system call that sends it. Nothing runs
 * in the background but what macvlan_host_detach_later(), macvlan_access_move_addresses() and
 * macvlan_networks_open_etcd() start.
 *
 * Signals. A signal does not end a function: to have one return early, with -EINTR and with all undone,
 * give its host a cancellation (macvlan_host_cancelled_by()), and call macvlan_cancel() in the handler.
 *
 * Forks. A child may use hosts, handles, namespaces and endpoints that its parent opened, and opens
 * sockets of its own for them. A watch or a keeper is refused there (-EINVAL); a host's access, a move of
 * addresses or a pool that is freed in a child is left as it is. Networks have to be opened again.
 * Descriptors are closed on exec.
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
 * This file is made of the library's sources. Changes go there.
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

/** The version that this header belongs to; macvlan_version() tells the library's. */
#define MACVLAN_VERSION "0.1.0"
#define MACVLAN_VERSION_MAJOR 0
#define MACVLAN_VERSION_MINOR 1
#define MACVLAN_VERSION_PATCH 0

/** Whether this header belongs to this version or a later one, for #if. */
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
 * The version of the library that the program runs with, "0.1.0"; it can be newer than the header
 * that the program was compiled with, MACVLAN_VERSION. Never NULL, and never freed.
 *
 * Threads: any, like the text itself.
 */
const char *macvlan_version(void);

/* ------------------------------------------------------------------------------------------------
 * 2. Errors
 * ------------------------------------------------------------------------------------------------ */

/**
 * Why something could not be done. Every function that can fail gives one in its last argument, if
 * that is not NULL; it is the caller's, to be freed with macvlan_error_free(). The texts belong to
 * it.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_error macvlan_error;

/**
 * Who has an address: a part of an error or of a macvlan_holder_list, which it is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_holder macvlan_holder;

/**
 * The address. This and the other text belong to the holder. NULL if the holder is none.
 */
const char *macvlan_holder_address(const struct macvlan_holder *holder);

/**
 * The MAC address of the one that has it. Whether it is known; zeroes if not: the kernel found the
 * duplicate, and nobody was heard.
 */
bool macvlan_holder_mac(const struct macvlan_holder *holder, uint8_t mac[6]);

/**
 * In words: "02:00:00:00:00:05 has 192.168.15.5". NULL if the holder is none.
 */
const char *macvlan_holder_text(const struct macvlan_holder *holder);

/**
 * The cause of an error, as far as it could be told. The numbers are stable, and more may come: a
 * program has to expect numbers that are not listed here.
 */
typedef enum macvlan_error_kinds {
    /**
     * There is no error: macvlan_error_kind(NULL).
     */
    MACVLAN_ERROR_NONE = 0,
    /**
     * A value that can never be right, or an argument that is not what it must be: NULL, freed, of
     * another type, not UTF-8. Nothing was asked of the kernel.
     */
    MACVLAN_ERROR_INVALID_VALUE = 1,
    /**
     * The parent link does not exist in the host's namespace.
     */
    MACVLAN_ERROR_PARENT_NOT_FOUND = 2,
    /**
     * The parent is a port of a bridge, bond or team, carries ipvlan, or cannot carry such links.
     */
    MACVLAN_ERROR_PARENT_BUSY = 3,
    /**
     * Passthru needs the parent for itself, and somebody else is on it.
     */
    MACVLAN_ERROR_PASSTHRU_CONFLICT = 4,
    /**
     * The MTU asked for is above what the parent allows.
     */
    MACVLAN_ERROR_MTU_TOO_LARGE = 5,
    /**
     * A link of that name, or alternative name, exists in the namespace.
     */
    MACVLAN_ERROR_NAME_TAKEN = 6,
    /**
     * The parent or a sibling already has this MAC address.
     */
    MACVLAN_ERROR_MAC_IN_USE = 7,
    /**
     * The link already has this address.
     */
    MACVLAN_ERROR_ADDRESS_TAKEN = 8,
    /**
     * The namespace already has this route, or rule.
     */
    MACVLAN_ERROR_ROUTE_EXISTS = 9,
    /**
     * The gateway is on no subnet that the namespace can reach directly.
     */
    MACVLAN_ERROR_GATEWAY_UNREACHABLE = 10,
    /**
     * The process is gone, and its network namespace with it, or the named namespace does not
     * exist.
     */
    MACVLAN_ERROR_NAMESPACE_GONE = 11,
    /**
     * A path or file descriptor that is something else than a network namespace.
     */
    MACVLAN_ERROR_NOT_A_NAMESPACE = 12,
    /**
     * A capability is missing; the message says which one, and where.
     */
    MACVLAN_ERROR_PERMISSION_DENIED = 13,
    /**
     * The kernel lacks what was asked for.
     */
    MACVLAN_ERROR_UNSUPPORTED = 14,
    /**
     * The link, address or route to be changed, read or deleted does not exist.
     */
    MACVLAN_ERROR_NOT_FOUND = 15,
    /**
     * Something of that name exists that is not a link: a named namespace, for example.
     */
    MACVLAN_ERROR_EXISTS = 16,
    /**
     * IPv6 is switched off in the namespace or on the link.
     */
    MACVLAN_ERROR_IPV6_DISABLED = 17,
    /**
     * The kernel's reply could not be understood, or did not come.
     */
    MACVLAN_ERROR_PROTOCOL = 18,
    /**
     * A listing was interrupted by changes again and again.
     */
    MACVLAN_ERROR_INTERRUPTED = 19,
    /**
     * Any other refusal by the kernel.
     */
    MACVLAN_ERROR_SYSTEM = 20,
    /**
     * A fault of this library; the function returned -ENOTRECOVERABLE.
     */
    MACVLAN_ERROR_BUG = 21,
    /**
     * The parent is down or has no carrier: the link cannot come up, or nobody can be asked through it.
     */
    MACVLAN_ERROR_PARENT_DOWN = 22,
    /**
     * What is there cannot be changed into what is wanted, and was not to be replaced.
     */
    MACVLAN_ERROR_NEEDS_REPLACEMENT = 23,
    /**
     * Somebody else on the network has this address; see macvlan_error_holder().
     */
    MACVLAN_ERROR_ADDRESS_IN_USE = 24,
    /**
     * What was waited for did not come in time.
     */
    MACVLAN_ERROR_TIMED_OUT = 25,
    /**
     * It was cancelled, by macvlan_cancel().
     */
    MACVLAN_ERROR_CANCELLED = 26,
    /**
     * A network of that name exists.
     */
    MACVLAN_ERROR_NETWORK_EXISTS = 102,
    /**
     * No network has that name or id, or it has been removed.
     */
    MACVLAN_ERROR_NETWORK_NOT_FOUND = 103,
    /**
     * Containers are still connected to the network that is to be removed.
     */
    MACVLAN_ERROR_NETWORK_IN_USE = 104,
    /**
     * The subnet overlaps one of another network.
     */
    MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS = 105,
    /**
     * The networks cannot share the parent: one of them needs it for itself.
     */
    MACVLAN_ERROR_NETWORK_PARENT_CLASH = 106,
    /**
     * Every subnet that is tried when none is given is in use.
     */
    MACVLAN_ERROR_NETWORK_NO_FREE_SUBNET = 107,
    /**
     * No address is left in the network.
     */
    MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED = 108,
    /**
     * Another container of the network has the address that was asked for.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN = 109,
    /**
     * Somebody on the wire who is no container of the network has the address that was asked for.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_FOREIGN = 110,
    /**
     * The address that was asked for is not one that the network gives: outside its subnets,
     * reserved, the gateway's.
     */
    MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE = 111,
    /**
     * Another container in the network has the name.
     */
    MACVLAN_ERROR_NETWORK_NAME_TAKEN = 112,
    /**
     * The container is connected already, with another address, in another namespace that still
     * exists, or on another host.
     */
    MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED = 113,
    /**
     * The container is not connected to the network.
     */
    MACVLAN_ERROR_NETWORK_NOT_CONNECTED = 114,
    /**
     * The kernel refused something that only networks ask of it. All else that it refuses has the
     * kinds below 100, in networks too.
     */
    MACVLAN_ERROR_NETWORK_KERNEL = 115,
    /**
     * The store of the networks cannot be reached, or does not answer in time: nothing has been
     * given.
     */
    MACVLAN_ERROR_NETWORK_STORE_UNAVAILABLE = 116,
    /**
     * The store was written by a later version, or holds what it never should.
     */
    MACVLAN_ERROR_NETWORK_STORE_UNUSABLE = 117,
    /**
     * So many others changed the same in the store at the same time that it was given up, or somebody
     * holds the namespace of the container.
     */
    MACVLAN_ERROR_NETWORK_CONTENDED = 118,
    /**
     * A file could not be read or written.
     */
    MACVLAN_ERROR_NETWORK_FILE = 119,
    /**
     * The file of the store, or the name of this host in the store, belongs to another machine.
     */
    MACVLAN_ERROR_NETWORK_OTHER_MACHINE = 120,
    /**
     * The lease was lost while the process was stopped for longer than its host counts as alive; it was
     * undone.
     */
    MACVLAN_ERROR_NETWORK_LEASE_LOST = 121,
    /**
     * The store does not accept the user, the password or the certificate, or does not allow what was
     * asked; or its own certificate is not accepted.
     */
    MACVLAN_ERROR_NETWORK_STORE_REFUSED = 122,
    /**
     * The host that is to be forgotten is alive.
     */
    MACVLAN_ERROR_NETWORK_HOST_ALIVE = 123,
} macvlan_error_kinds;

/**
 * One line for the person who reads it: on which link, parent and namespace, or in which network, what
 * was attempted, why it failed, what to do about it, and what could not be undone. "no error" for
 * NULL, never NULL.
 */
const char *macvlan_error_message(const struct macvlan_error *error);

/**
 * The cause, for a program: one of enum macvlan_error_kinds. MACVLAN_ERROR_NONE for NULL.
 */
int macvlan_error_kind(const struct macvlan_error *error);

/**
 * The cause's name, for logs: "mtu-too-large". NULL for NULL.
 */
const char *macvlan_error_kind_name(const struct macvlan_error *error);

/**
 * Whether something that was to be created is there already: a link's name, an address, a route, a
 * named namespace, a network.
 */
bool macvlan_error_is_exists(const struct macvlan_error *error);

/**
 * Whether something that was needed is not there: the parent, the namespace, the link, the network.
 */
bool macvlan_error_is_not_found(const struct macvlan_error *error);

/**
 * Whether a capability is missing, or the right to a file.
 */
bool macvlan_error_is_permission_denied(const struct macvlan_error *error);

/**
 * Whether a value, or an argument, was refused before any system call.
 */
bool macvlan_error_is_invalid_value(const struct macvlan_error *error);

/**
 * The error number, positive: what the function returned, without the sign. It is the kernel's where
 * the kernel refused. 0 for NULL.
 */
int macvlan_error_errno(const struct macvlan_error *error);

/**
 * What was attempted: "add address 10.0.0.2/24". NULL for NULL.
 */
const char *macvlan_error_operation(const struct macvlan_error *error);

/**
 * Why it failed, without the rest of the message. NULL for NULL.
 */
const char *macvlan_error_cause(const struct macvlan_error *error);

/**
 * The network that it was attempted in, by name; NULL if there is none.
 */
const char *macvlan_error_network(const struct macvlan_error *error);

/**
 * The link that it was attempted on, as the caller named it; NULL if there is none.
 */
const char *macvlan_error_link(const struct macvlan_error *error);

/**
 * The parent that the link was to hang on; NULL if there is none.
 */
const char *macvlan_error_parent(const struct macvlan_error *error);

/**
 * The network namespace that it was attempted in, in words; NULL if there is none.
 */
const char *macvlan_error_netns(const struct macvlan_error *error);

/**
 * The kernel's own words; NULL where it gave none.
 */
const char *macvlan_error_kernel_message(const struct macvlan_error *error);

/**
 * What the reader can do about it; NULL if there is nothing to say.
 */
const char *macvlan_error_hint(const struct macvlan_error *error);

/**
 * Who has the address, where somebody else on the network was found to have it; NULL otherwise.
 */
const struct macvlan_holder *macvlan_error_holder(const struct macvlan_error *error);

/**
 * How many things had been done before the failure and could not be undone; mostly 0.
 */
size_t macvlan_error_leftover_count(const struct macvlan_error *error);

/**
 * One of the things that could not be undone, counted from 0, in words; NULL past the end.
 */
const char *macvlan_error_leftover(const struct macvlan_error *error, size_t index);

/**
 * Frees an error; does nothing to NULL.
 */
void macvlan_error_free(struct macvlan_error *error);

/* ------------------------------------------------------------------------------------------------
 * 3. Cancelling what takes its time
 * ------------------------------------------------------------------------------------------------ */

/**
 * Ends what takes its time, from another thread or from a signal handler: what is done by a host that
 * macvlan_host_cancelled_by() gave, and what a watch waits for after macvlan_watch_set_cancellation().
 * Freed with macvlan_cancellation_free().
 *
 * Threads: any number may use it at once; it is freed when nobody does, nor a signal handler could.
 */
typedef struct macvlan_cancellation macvlan_cancellation;

/**
 * Makes one, with a file descriptor of its own (eventfd(2)).
 */
int macvlan_cancellation_new(struct macvlan_cancellation **cancellation,
                             struct macvlan_error **error);

/**
 * Cancels everything that it was given to, now and later. What waits then returns -EINTR, with an error
 * of the kind MACVLAN_ERROR_CANCELLED, when it has undone what it had begun. What does not wait is
 * carried out.
 *
 * It is async-signal-safe, the only function here that a signal handler may call: it sets a flag and
 * writes eight bytes. In a forked child it cancels what the child does, and not what the parent does.
 */
void macvlan_cancel(const struct macvlan_cancellation *cancellation);

/**
 * Whether macvlan_cancel() was called; false if the cancellation is none.
 */
bool macvlan_cancellation_is_cancelled(const struct macvlan_cancellation *cancellation);

/**
 * Frees a cancellation; does nothing to NULL. What it was given to goes on, and is not cancelled any
 * more if it was not.
 */
void macvlan_cancellation_free(struct macvlan_cancellation *cancellation);

/* ------------------------------------------------------------------------------------------------
 * 4. MAC addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * The MAC address that Docker derives from an IPv4 address: 02:42: and its four bytes.
 *
 * The same address always gives the same MAC address, so neighbours that remember it stay right when
 * a container is made again.
 */
int macvlan_mac_from_ipv4(const char *address,
                          uint8_t mac[6],
                          struct macvlan_error **error);

/**
 * Reads "02:42:ac:10:d5:b4". Zero and multicast addresses are refused: no link can have them.
 */
int macvlan_mac_parse(const char *text, uint8_t mac[6], struct macvlan_error **error);

/**
 * Writes "02:42:ac:10:d5:b4", 17 characters and a zero byte. Zero and multicast addresses are
 * refused.
 */
int macvlan_mac_format(const uint8_t mac[6], char text[18], struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 5. Parents
 * ------------------------------------------------------------------------------------------------ */

/**
 * The group of links that VLANs made on demand belong to (`ip link show group 1835098998`). One that
 * somebody took out of it is never removed.
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
 * The link on the host that an endpoint hangs on, where text does not do: a VLAN on demand under a
 * name of its own, or with the service tag 802.1ad. Freed with macvlan_parent_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_parent macvlan_parent;

/**
 * What the text says, as in macvlan_endpoint_new(): "ens33", "#7" for the link of index 7,
 * "ens33.100" for VLAN 100 of ens33, made when it is needed, "ens33.20.200" for a VLAN of a VLAN. A text
 * of more than 15 bytes is an alternative name, of 127 at most.
 */
int macvlan_parent_new(const char *text,
                       struct macvlan_parent **parent,
                       struct macvlan_error **error);

/**
 * A link that must exist, also if its name, or its alternative name of up to 127 bytes, looks like a
 * VLAN's; "#7" for the link of index 7.
 */
int macvlan_parent_new_link(const char *link,
                            struct macvlan_parent **parent,
                            struct macvlan_error **error);

/**
 * VLAN `id` (1 to 4094) of another parent, which is copied; 802.1Q, and called BASE.ID, unless it is
 * told otherwise. It is made when the first endpoint needs it and removed when the last one leaves.
 */
int macvlan_parent_new_vlan(const struct macvlan_parent *base,
                            uint16_t id,
                            struct macvlan_parent **parent,
                            struct macvlan_error **error);

/**
 * Another protocol of the VLAN's tag. Refused for a link that must exist.
 */
int macvlan_parent_set_protocol(struct macvlan_parent *parent,
                                enum macvlan_protocol protocol,
                                struct macvlan_error **error);

/**
 * Another name for the link.
 */
int macvlan_parent_set_name(struct macvlan_parent *parent,
                            const char *name,
                            struct macvlan_error **error);

/**
 * The parent as text: "ens33.100". It belongs to the parent, until that is changed or freed. NULL if
 * the parent is none.
 */
const char *macvlan_parent_text(const struct macvlan_parent *parent);

/**
 * The name that was given to a VLAN that can be made on demand; NULL if it is called after its base,
 * and for a link that must exist. It belongs to the parent, until that is changed or freed.
 */
const char *macvlan_parent_name(const struct macvlan_parent *parent);

/**
 * The alternative name of more than 15 bytes that the link is asked for by; NULL if it is asked for by
 * another. It belongs to the parent, until that is changed or freed.
 */
const char *macvlan_parent_alternative_name(const struct macvlan_parent *parent);

/**
 * The id of a VLAN that can be made on demand; 0 for a link that must exist.
 */
uint16_t macvlan_parent_vlan_id(const struct macvlan_parent *parent);

/**
 * The protocol of a VLAN that can be made on demand: one of enum macvlan_protocol; 0 for a link that
 * must exist.
 */
uint16_t macvlan_parent_protocol(const struct macvlan_parent *parent);

/**
 * A copy of what a VLAN that can be made on demand is on, to be freed with macvlan_parent_free(); NULL
 * for a link that must exist, which is no failure.
 */
int macvlan_parent_base(const struct macvlan_parent *parent,
                        struct macvlan_parent **base,
                        struct macvlan_error **error);

/**
 * Frees a parent; does nothing to NULL.
 */
void macvlan_parent_free(struct macvlan_parent *parent);

/* ------------------------------------------------------------------------------------------------
 * 6. Options of macvlan and VLAN links
 * ------------------------------------------------------------------------------------------------ */

/**
 * The options of a macvlan or macvtap: mode, flags, source MAC addresses, broadcast queue. Made with
 * macvlan_options_new() and freed with macvlan_options_free(), or a part of a macvlan_link_info.
 *
 * An endpoint's can also be set one by one, by macvlan_endpoint_set_mode() and the like.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_options macvlan_options;

/**
 * The options of a macvlan in a mode, all others as the kernel has them by itself.
 */
int macvlan_options_new(enum macvlan_mode mode,
                        struct macvlan_options **options,
                        struct macvlan_error **error);

/**
 * In mode passthru, leaves the parent as promiscuous as it was; no when not set.
 */
int macvlan_options_set_nopromisc(struct macvlan_options *options,
                                  bool nopromisc,
                                  struct macvlan_error **error);

/**
 * In mode source, looks at source addresses alone: frames from the list come in even when they are
 * sent to another MAC address (Linux 5.13 and later; older kernels refuse it); no when not set.
 */
int macvlan_options_set_nodst(struct macvlan_options *options,
                              bool nodst,
                              struct macvlan_error **error);

/**
 * In mode source, one more MAC address that frames may come from.
 */
int macvlan_options_add_source_mac(struct macvlan_options *options,
                                   const uint8_t mac[6],
                                   struct macvlan_error **error);

/**
 * How many broadcast and multicast frames may wait to be handed to the siblings; 1000 when not set.
 * The kernel keeps one queue for all on a parent and uses the largest length that any of them asks
 * for.
 */
int macvlan_options_set_bc_queue_len(struct macvlan_options *options,
                                     uint32_t frames,
                                     struct macvlan_error **error);

/**
 * A multicast frame that more than this many siblings want goes through the broadcast queue, others
 * are delivered at once; -1 always delivers at once. 1 when not set.
 *
 * The kernel keeps it per parent: whoever sets it last sets it for all siblings. Linux 6.4 and later;
 * older kernels ignore it without a word.
 */
int macvlan_options_set_bc_cutoff(struct macvlan_options *options,
                                  int32_t siblings,
                                  struct macvlan_error **error);

/**
 * Refuses options that do not go together, which the kernel would refuse with a bare "invalid
 * argument", or not heed. Attaching and making a link do the same.
 */
int macvlan_options_check(const struct macvlan_options *options, struct macvlan_error **error);

/**
 * The mode: one of enum macvlan_mode; 0 if the options are none.
 */
uint32_t macvlan_options_mode(const struct macvlan_options *options);

/**
 * Whether the parent is left as promiscuous as it was.
 */
bool macvlan_options_is_nopromisc(const struct macvlan_options *options);

/**
 * Whether source addresses alone are looked at.
 */
bool macvlan_options_is_nodst(const struct macvlan_options *options);

/**
 * How many MAC addresses frames may come from, in mode source.
 */
size_t macvlan_options_source_mac_count(const struct macvlan_options *options);

/**
 * One of the MAC addresses that frames may come from, counted from 0. Whether there is one; zeroes if
 * not.
 */
bool macvlan_options_source_mac(const struct macvlan_options *options,
                                size_t index,
                                uint8_t mac[6]);

/**
 * The broadcast queue's length in frames. Whether it is known: it is not if it was not set.
 */
bool macvlan_options_bc_queue_len(const struct macvlan_options *options, uint32_t *frames);

/**
 * The broadcast cutoff. Whether it is known: it is not if it was not set, or the kernel has none.
 */
bool macvlan_options_bc_cutoff(const struct macvlan_options *options, int32_t *siblings);

/**
 * Frees options; does nothing to NULL.
 */
void macvlan_options_free(struct macvlan_options *options);

/**
 * The options of a VLAN link: a tag, and what is done with it. Made with macvlan_vlan_new() and freed
 * with macvlan_vlan_free(), or a part of a macvlan_link_info.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_vlan macvlan_vlan;

/**
 * A VLAN by its id, 1 to 4094; 802.1Q, and all else as the kernel has it by itself.
 */
int macvlan_vlan_new(uint16_t id, struct macvlan_vlan **vlan, struct macvlan_error **error);

/**
 * Frames that carry a priority and no VLAN: id 0.
 */
int macvlan_vlan_new_priority_tags(struct macvlan_vlan **vlan, struct macvlan_error **error);

/**
 * The tag's protocol; 802.1Q when not set.
 */
int macvlan_vlan_set_protocol(struct macvlan_vlan *vlan,
                              enum macvlan_protocol protocol,
                              struct macvlan_error **error);

/**
 * Whether the tag is taken out of frames before they are shown; yes when not set.
 */
int macvlan_vlan_set_reorder_hdr(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Whether the VLAN is announced to the switch by GVRP; no when not set.
 */
int macvlan_vlan_set_gvrp(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Whether the VLAN is announced to the switch by MVRP; no when not set.
 */
int macvlan_vlan_set_mvrp(struct macvlan_vlan *vlan, bool on, struct macvlan_error **error);

/**
 * Whether the link stays up when its parent goes down; no when not set.
 */
int macvlan_vlan_set_loose_binding(struct macvlan_vlan *vlan,
                                   bool on,
                                   struct macvlan_error **error);

/**
 * Whether the link's state follows the bridge ports in this VLAN; no when not set. Its parent is
 * then a bridge.
 */
int macvlan_vlan_set_bridge_binding(struct macvlan_vlan *vlan,
                                    bool on,
                                    struct macvlan_error **error);

/**
 * Frames that come with a tag's priority, 0 to 7, get this priority inside.
 */
int macvlan_vlan_add_ingress_qos(struct macvlan_vlan *vlan,
                                 uint8_t tag,
                                 uint32_t inside,
                                 struct macvlan_error **error);

/**
 * Frames that have this priority inside get a tag of this priority, 0 to 7.
 */
int macvlan_vlan_add_egress_qos(struct macvlan_vlan *vlan,
                                uint32_t inside,
                                uint8_t tag,
                                struct macvlan_error **error);

/**
 * The id; 0 for priority tags, and if the options are none.
 */
uint16_t macvlan_vlan_id(const struct macvlan_vlan *vlan);

/**
 * The protocol: one of enum macvlan_protocol; 0 if the options are none.
 */
uint16_t macvlan_vlan_protocol(const struct macvlan_vlan *vlan);

/**
 * Whether the tag is taken out of frames before they are shown: 1 or 0, or -1 where it was not
 * set.
 */
int macvlan_vlan_reorder_hdr(const struct macvlan_vlan *vlan);

/**
 * Whether the VLAN is announced by GVRP: 1 or 0, or -1 where it was not
 * set.
 */
int macvlan_vlan_gvrp(const struct macvlan_vlan *vlan);

/**
 * Whether the VLAN is announced by MVRP: 1 or 0, or -1 where it was not
 * set.
 */
int macvlan_vlan_mvrp(const struct macvlan_vlan *vlan);

/**
 * Whether the link stays up without its parent: 1 or 0, or -1 where it was not
 * set.
 */
int macvlan_vlan_loose_binding(const struct macvlan_vlan *vlan);

/**
 * Whether the link's state follows bridge ports: 1 or 0, or -1 where it was not
 * set.
 */
int macvlan_vlan_bridge_binding(const struct macvlan_vlan *vlan);

/**
 * How many entries the ingress map has.
 */
size_t macvlan_vlan_ingress_qos_count(const struct macvlan_vlan *vlan);

/**
 * One entry of the ingress map, counted from 0: a tag's priority, and the priority inside. Whether
 * there is one.
 */
bool macvlan_vlan_ingress_qos(const struct macvlan_vlan *vlan,
                              size_t index,
                              uint8_t *tag,
                              uint32_t *inside);

/**
 * How many entries the egress map has.
 */
size_t macvlan_vlan_egress_qos_count(const struct macvlan_vlan *vlan);

/**
 * One entry of the egress map, counted from 0: the priority inside, and the tag's. Whether there is
 * one.
 */
bool macvlan_vlan_egress_qos(const struct macvlan_vlan *vlan,
                             size_t index,
                             uint32_t *inside,
                             uint8_t *tag);

/**
 * Frees options; does nothing to NULL.
 */
void macvlan_vlan_free(struct macvlan_vlan *vlan);

/**
 * What is to be changed on a macvlan or macvtap that exists, by macvlan_handle_set_macvlan(); what is
 * not set stays as it is. Freed with macvlan_change_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_change macvlan_change;

/**
 * Nothing is to be changed yet.
 */
int macvlan_change_new(struct macvlan_change **change, struct macvlan_error **error);

/**
 * Another mode. The kernel refuses to change to passthru or from it; leaving mode source flushes the
 * list of source MAC addresses.
 */
int macvlan_change_set_mode(struct macvlan_change *change,
                            enum macvlan_mode mode,
                            struct macvlan_error **error);

/**
 * Both flags anew; the kernel knows no way to change one alone.
 */
int macvlan_change_set_flags(struct macvlan_change *change,
                             bool nopromisc,
                             bool nodst,
                             struct macvlan_error **error);

/**
 * Another broadcast queue length in frames; see macvlan_options_set_bc_queue_len().
 */
int macvlan_change_set_bc_queue_len(struct macvlan_change *change,
                                    uint32_t frames,
                                    struct macvlan_error **error);

/**
 * Another broadcast cutoff, for all on the parent; see macvlan_options_set_bc_cutoff().
 */
int macvlan_change_set_bc_cutoff(struct macvlan_change *change,
                                 int32_t siblings,
                                 struct macvlan_error **error);

/**
 * Changes the list of source MAC addresses; the link must be in mode source. MACVLAN_MACADDR_ADD and
 * MACVLAN_MACADDR_DEL take one MAC address, MACVLAN_MACADDR_SET those that the list is to have and no
 * others, MACVLAN_MACADDR_FLUSH none. `macs` leads to `count` times six bytes.
 */
int macvlan_change_set_source_macs(struct macvlan_change *change,
                                   enum macvlan_macaddr_mode how,
                                   const uint8_t *macs,
                                   size_t count,
                                   struct macvlan_error **error);

/**
 * `enum macvlan_macaddr_mode` of `linux/if_link.h`: add, delete, flush, set.
 * Frees a change; does nothing to NULL.
 */
void macvlan_change_free(struct macvlan_change *change);

/* ------------------------------------------------------------------------------------------------
 * 7. Links, addresses, routes, rules and neighbours as the kernel describes them
 * ------------------------------------------------------------------------------------------------ */

/**
 * What a link can send and receive in one piece.
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
 * What has come and gone since a link was made (struct rtnl_link_stats64).
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
     * Packets that could not be sent.
     */
    MACVLAN_TX_ERRORS = 5,
    /**
     * Packets received and dropped.
     */
    MACVLAN_RX_DROPPED = 6,
    /**
     * Packets dropped instead of sent.
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
 * Which links are wanted; all, as long as nothing is set. Freed with
 * macvlan_link_filter_free(). The kernel leaves out the others.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_link_filter macvlan_link_filter;

/**
 * A link as the kernel describes it. Freed with macvlan_link_info_free(), unless it is a part of a
 * list or of an event.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_link_info macvlan_link_info;

/**
 * The links of a namespace, given by macvlan_handle_links(). Freed with macvlan_link_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_link_list macvlan_link_list;

/**
 * Its index in its namespace; 0 if the object is none.
 */
uint32_t macvlan_link_info_index(const struct macvlan_link_info *link);

/**
 * Its name, with bytes that are no UTF-8 replaced. This and all other texts belong to the object. NULL
 * if the object is none.
 */
const char *macvlan_link_info_name(const struct macvlan_link_info *link);

/**
 * The kernel's name for its kind: "macvlan", "vlan", "veth"; NULL for hardware and lo.
 */
const char *macvlan_link_info_kind(const struct macvlan_link_info *link);

/**
 * What a macvlan or macvtap was told; it belongs to the object. NULL for other kinds.
 */
const struct macvlan_options *macvlan_link_info_options(const struct macvlan_link_info *link);

/**
 * What a VLAN was told, with every flag; it belongs to the object. NULL for other kinds.
 */
const struct macvlan_vlan *macvlan_link_info_vlan(const struct macvlan_link_info *link);

/**
 * The index of the link below: a macvlan's or VLAN's parent, a veth's other end; 0 if there is none. It
 * counts in another namespace if macvlan_link_info_parent_netns() gives one.
 */
uint32_t macvlan_link_info_parent(const struct macvlan_link_info *link);

/**
 * Where the link below is, as this namespace numbers other namespaces; -1 if it is here.
 */
int32_t macvlan_link_info_parent_netns(const struct macvlan_link_info *link);

/**
 * The index of the bridge, bond or VRF that it is a port of; 0 if it is none.
 */
uint32_t macvlan_link_info_controller(const struct macvlan_link_info *link);

/**
 * Its MAC address. Whether it has one: lo, for example, has none, and gives zeroes.
 */
bool macvlan_link_info_mac(const struct macvlan_link_info *link, uint8_t mac[6]);

/**
 * Its MTU in bytes.
 */
uint32_t macvlan_link_info_mtu(const struct macvlan_link_info *link);

/**
 * Its flags, the kernel's IFF_... bits.
 */
uint32_t macvlan_link_info_flags(const struct macvlan_link_info *link);

/**
 * Whether it is set up (administratively; macvlan_link_info_state() tells whether it works).
 */
bool macvlan_link_info_is_up(const struct macvlan_link_info *link);

/**
 * Whether its promisc flag is set. It may be promiscuous without, for others' reasons.
 */
bool macvlan_link_info_is_promisc(const struct macvlan_link_info *link);

/**
 * Whether it takes all multicast frames.
 */
bool macvlan_link_info_is_allmulticast(const struct macvlan_link_info *link);

/**
 * Whether it is lo.
 */
bool macvlan_link_info_is_loopback(const struct macvlan_link_info *link);

/**
 * Whether it works (RFC 2863), as `ip link` shows it: "UP", "DOWN", "LOWERLAYERDOWN", "UNKNOWN",
 * "NOTPRESENT", "TESTING", "DORMANT". The kernel works it out apart from what changes it, so it may be
 * a moment behind.
 */
const char *macvlan_link_info_state(const struct macvlan_link_info *link);

/**
 * How many reasons it has to be promiscuous; 0 is not.
 */
uint32_t macvlan_link_info_promiscuity(const struct macvlan_link_info *link);

/**
 * How many reasons it has to take all multicast frames; -1 before Linux 6.0, which does not tell.
 */
int64_t macvlan_link_info_allmulticast_count(const struct macvlan_link_info *link);

/**
 * How many further names it has.
 */
size_t macvlan_link_info_alternative_name_count(const struct macvlan_link_info *link);

/**
 * One of its further names, counted from 0; NULL past the end.
 */
const char *macvlan_link_info_alternative_name(const struct macvlan_link_info *link, size_t index);

/**
 * What somebody wrote about it; NULL if nobody did.
 */
const char *macvlan_link_info_alias(const struct macvlan_link_info *link);

/**
 * Its group.
 */
uint32_t macvlan_link_info_group(const struct macvlan_link_info *link);

/**
 * Its transmit queue's length in packets.
 */
uint32_t macvlan_link_info_tx_queue_len(const struct macvlan_link_info *link);

/**
 * Its number of transmit queues.
 */
uint32_t macvlan_link_info_tx_queues(const struct macvlan_link_info *link);

/**
 * Its number of receive queues.
 */
uint32_t macvlan_link_info_rx_queues(const struct macvlan_link_info *link);

/**
 * The smallest MTU in bytes that it takes.
 */
uint32_t macvlan_link_info_min_mtu(const struct macvlan_link_info *link);

/**
 * The largest MTU in bytes that its driver takes, 0 for any; a macvlan's is also limited by its
 * parent's present MTU.
 */
uint32_t macvlan_link_info_max_mtu(const struct macvlan_link_info *link);

/**
 * The queueing discipline at its root; NULL if the kernel tells none.
 */
const char *macvlan_link_info_qdisc(const struct macvlan_link_info *link);

/**
 * Whether there is a carrier: 1 or 0, or -1 where the kernel does not tell.
 */
int macvlan_link_info_carrier(const struct macvlan_link_info *link);

/**
 * How its IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 where there is no IPv6.
 */
int macvlan_link_info_addr_gen_mode(const struct macvlan_link_info *link);

/**
 * Returns whether it accepts router advertisements, a value of the sysctl accept_ra; -1 where there is no
 * IPv6.
 */
int macvlan_link_info_accept_ra(const struct macvlan_link_info *link);

/**
 * Returns whether the kernel adds addresses of advertised prefixes, 0 or 1; -1 where there is no IPv6.
 */
int macvlan_link_info_autoconf(const struct macvlan_link_info *link);

/**
 * Returns whether its IPv6 is disabled, 0 or 1; -1 where the kernel has none.
 */
int macvlan_link_info_disable_ipv6(const struct macvlan_link_info *link);

/**
 * What it can send and receive in one piece; 0 where the kernel does not tell.
 */
uint32_t macvlan_link_info_offload(const struct macvlan_link_info *link,
                                   enum macvlan_offload which);

/**
 * What has come and gone since it was made.
 */
uint64_t macvlan_link_info_statistic(const struct macvlan_link_info *link,
                                     enum macvlan_statistic which);

/**
 * Frees what was told of a link; does nothing to NULL, or to a part of a list or event. The link
 * stays.
 */
void macvlan_link_info_free(struct macvlan_link_info *link);

/**
 * How many links there are.
 */
size_t macvlan_link_list_count(const struct macvlan_link_list *list);

/**
 * One of the links, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_link_info *macvlan_link_list_get(const struct macvlan_link_list *list,
                                                      size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_link_list_free(struct macvlan_link_list *list);

/**
 * All links.
 */
int macvlan_link_filter_new(struct macvlan_link_filter **filter, struct macvlan_error **error);

/**
 * Those of a kind: "macvlan", "vlan". A kind that the kernel has never heard of (its module is not
 * loaded) filters nothing.
 */
int macvlan_link_filter_set_kind(struct macvlan_link_filter *filter,
                                 const char *kind,
                                 struct macvlan_error **error);

/**
 * The ports of a bridge, bond or VRF, which is named by its name or "#" and its index.
 */
int macvlan_link_filter_set_controller(struct macvlan_link_filter *filter,
                                       const char *link,
                                       struct macvlan_error **error);

/**
 * Frees a filter; does nothing to NULL.
 */
void macvlan_link_filter_free(struct macvlan_link_filter *filter);

/**
 * Which addresses are wanted; all, as long as nothing is set. Freed with
 * macvlan_address_filter_free(). The kernel leaves out the others.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_address_filter macvlan_address_filter;

/**
 * An address as the kernel describes it: a part of a macvlan_address_list or of a macvlan_event,
 * which it is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_address_info macvlan_address_info;

/**
 * The addresses of a namespace, given by macvlan_handle_addresses(). Freed with
 * macvlan_address_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_address_list macvlan_address_list;

/**
 * The address as macvlan_endpoint_add_address() takes it: "10.0.0.2/24". This and all other texts
 * belong to the object. NULL if the object is none.
 */
const char *macvlan_address_info_text(const struct macvlan_address_info *address);

/**
 * The index of the link that has it.
 */
uint32_t macvlan_address_info_link(const struct macvlan_address_info *address);

/**
 * How far it is valid: "global", "link", "host".
 */
const char *macvlan_address_info_scope(const struct macvlan_address_info *address);

/**
 * Its label, IPv4 only: the link's name unless somebody chose another. NULL for IPv6.
 */
const char *macvlan_address_info_label(const struct macvlan_address_info *address);

/**
 * The broadcast address, IPv4 only; NULL if there is none.
 */
const char *macvlan_address_info_broadcast(const struct macvlan_address_info *address);

/**
 * The kernel's IFA_F_... bits.
 */
uint32_t macvlan_address_info_flags(const struct macvlan_address_info *address);

/**
 * Whether the kernel is still checking that nobody else has it.
 */
bool macvlan_address_info_is_tentative(const struct macvlan_address_info *address);

/**
 * Whether the kernel found that somebody else has it.
 */
bool macvlan_address_info_is_duplicate(const struct macvlan_address_info *address);

/**
 * How many addresses there are.
 */
size_t macvlan_address_list_count(const struct macvlan_address_list *list);

/**
 * One of the addresses, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_address_info *macvlan_address_list_get(const struct macvlan_address_list *list,
                                                            size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_address_list_free(struct macvlan_address_list *list);

/**
 * All addresses.
 */
int macvlan_address_filter_new(struct macvlan_address_filter **filter,
                               struct macvlan_error **error);

/**
 * Those of a family: AF_INET or AF_INET6.
 */
int macvlan_address_filter_set_family(struct macvlan_address_filter *filter,
                                      int family,
                                      struct macvlan_error **error);

/**
 * Those of a link, by its name or "#" and its index.
 */
int macvlan_address_filter_set_link(struct macvlan_address_filter *filter,
                                    const char *link,
                                    struct macvlan_error **error);

/**
 * Frees a filter; does nothing to NULL.
 */
void macvlan_address_filter_free(struct macvlan_address_filter *filter);

/**
 * Which routes are wanted; all, as long as nothing is set. Freed with
 * macvlan_route_filter_free(). The kernel leaves out the others.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_route_filter macvlan_route_filter;

/**
 * A route as the kernel describes it: a part of a macvlan_route_list or of a macvlan_event, which it
 * is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_route_info macvlan_route_info;

/**
 * The routes of a namespace, given by macvlan_handle_routes(). Freed with
 * macvlan_route_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_route_list macvlan_route_list;

/**
 * The route as macvlan_handle_add_route() takes it, with its table. This and all other texts belong
 * to the object. NULL if the object is none.
 */
const char *macvlan_route_info_text(const struct macvlan_route_info *route);

/**
 * Who made it: 2 the kernel, 3 somebody at boot (and `ip`), 4 an administrator; see rtnetlink(7).
 */
uint8_t macvlan_route_info_protocol(const struct macvlan_route_info *route);

/**
 * How many next hops it has, where there are several; else 0, and its text tells the one.
 */
size_t macvlan_route_info_next_hop_count(const struct macvlan_route_info *route);

/**
 * One of several next hops, counted from 0: the link's index, and the share of packets that it gets, 1
 * to 256. Whether there is one.
 */
bool macvlan_route_info_next_hop(const struct macvlan_route_info *route,
                                 size_t index,
                                 uint32_t *link,
                                 uint16_t *weight);

/**
 * The gateway of one of several next hops, counted from 0; NULL if it has none, and past the end.
 */
const char *macvlan_route_info_next_hop_gateway(const struct macvlan_route_info *route,
                                                size_t index);

/**
 * How many routes there are.
 */
size_t macvlan_route_list_count(const struct macvlan_route_list *list);

/**
 * One of the routes, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_route_info *macvlan_route_list_get(const struct macvlan_route_list *list,
                                                        size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_route_list_free(struct macvlan_route_list *list);

/**
 * All routes.
 */
int macvlan_route_filter_new(struct macvlan_route_filter **filter, struct macvlan_error **error);

/**
 * Those of a family: AF_INET or AF_INET6.
 */
int macvlan_route_filter_set_family(struct macvlan_route_filter *filter,
                                    int family,
                                    struct macvlan_error **error);

/**
 * Those in a table.
 */
int macvlan_route_filter_set_table(struct macvlan_route_filter *filter,
                                   uint32_t table,
                                   struct macvlan_error **error);

/**
 * Those through a link, by its name or "#" and its index.
 */
int macvlan_route_filter_set_link(struct macvlan_route_filter *filter,
                                  const char *link,
                                  struct macvlan_error **error);

/**
 * Those of a type: "unicast", "blackhole", "unreachable" or "prohibit".
 */
int macvlan_route_filter_set_kind(struct macvlan_route_filter *filter,
                                  const char *kind,
                                  struct macvlan_error **error);

/**
 * Those made by one (2 the kernel, 3 at boot, 4 an administrator; rtnetlink(7)).
 */
int macvlan_route_filter_set_protocol(struct macvlan_route_filter *filter,
                                      uint8_t protocol,
                                      struct macvlan_error **error);

/**
 * Frees a filter; does nothing to NULL.
 */
void macvlan_route_filter_free(struct macvlan_route_filter *filter);

/**
 * The rules of a namespace, given by macvlan_handle_rules(). Freed with
 * macvlan_rule_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_rule_list macvlan_rule_list;

/**
 * How many rules there are.
 */
size_t macvlan_rule_list_count(const struct macvlan_rule_list *list);

/**
 * One of the rules, counted from 0, as macvlan_handle_add_rule() takes it. It belongs to the list.
 * NULL past the end.
 */
const char *macvlan_rule_list_get(const struct macvlan_rule_list *list, size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_rule_list_free(struct macvlan_rule_list *list);

/**
 * Which neighbours are wanted; all, as long as nothing is set. Freed with
 * macvlan_neighbour_filter_free(). The kernel leaves out the others.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_neighbour_filter macvlan_neighbour_filter;

/**
 * An entry of the neighbour tables, ARP's for IPv4, neighbour discovery's for IPv6: a part of a
 * macvlan_neighbour_list, which it is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_neighbour_info macvlan_neighbour_info;

/**
 * The neighbours of a namespace, given by macvlan_handle_neighbours(). Freed with
 * macvlan_neighbour_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_neighbour_list macvlan_neighbour_list;

/**
 * The neighbour's address, "10.0.0.1". It belongs to the object. NULL if the object is none.
 */
const char *macvlan_neighbour_info_ip(const struct macvlan_neighbour_info *neighbour);

/**
 * The neighbour's MAC address. Whether it is known: while it is being asked for, it is not, and gives
 * zeroes.
 */
bool macvlan_neighbour_info_mac(const struct macvlan_neighbour_info *neighbour,
                                uint8_t mac[6]);

/**
 * The index of the link that it is reached by.
 */
uint32_t macvlan_neighbour_info_link(const struct macvlan_neighbour_info *neighbour);

/**
 * How sure the entry is (RFC 4861), as `ip neighbour` shows it: "REACHABLE", "STALE", "FAILED". It
 * belongs to the object.
 */
const char *macvlan_neighbour_info_state(const struct macvlan_neighbour_info *neighbour);

/**
 * How many neighbours there are.
 */
size_t macvlan_neighbour_list_count(const struct macvlan_neighbour_list *list);

/**
 * One of the neighbours, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_neighbour_info *macvlan_neighbour_list_get(const struct macvlan_neighbour_list *list,
                                                                size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_neighbour_list_free(struct macvlan_neighbour_list *list);

/**
 * All neighbours.
 */
int macvlan_neighbour_filter_new(struct macvlan_neighbour_filter **filter,
                                 struct macvlan_error **error);

/**
 * Those of a family: AF_INET or AF_INET6.
 */
int macvlan_neighbour_filter_set_family(struct macvlan_neighbour_filter *filter,
                                        int family,
                                        struct macvlan_error **error);

/**
 * Those reached by a link, by its name or "#" and its index.
 */
int macvlan_neighbour_filter_set_link(struct macvlan_neighbour_filter *filter,
                                      const char *link,
                                      struct macvlan_error **error);

/**
 * Frees a filter; does nothing to NULL.
 */
void macvlan_neighbour_filter_free(struct macvlan_neighbour_filter *filter);

/* ------------------------------------------------------------------------------------------------
 * 8. Network namespaces
 * ------------------------------------------------------------------------------------------------ */

/**
 * A handle on a network namespace: a container's, a sandbox's, the host's. Freed with
 * macvlan_netns_free().
 *
 * It holds the namespace open: as long as a handle lives, so does the namespace with everything in
 * it, even when no process is left inside.
 *
 * Threads: any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_netns macvlan_netns;

/**
 * Namespaces, given by macvlan_pool_namespaces(). Freed with macvlan_netns_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_netns_list macvlan_netns_list;

/**
 * The namespace of a process.
 *
 * The process is pinned by a pidfd before its namespace is looked up, so that a pid that is given to
 * another process in between cannot lead to the wrong namespace.
 */
int macvlan_netns_from_pid(pid_t pid,
                           struct macvlan_netns **netns,
                           struct macvlan_error **error);

/**
 * The namespace of the process that a pidfd stands for; the pidfd stays the caller's.
 */
int macvlan_netns_from_pidfd(int pidfd, struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * A namespace that has a name: made by macvlan_netns_create() or `ip netns add`.
 */
int macvlan_netns_from_name(const char *name,
                            struct macvlan_netns **netns,
                            struct macvlan_error **error);

/**
 * A namespace by a path, such as a container runtime's /var/run/docker/netns/... or
 * /proc/2084/ns/net. A path that is not UTF-8 is refused: open it, and use macvlan_netns_from_fd().
 */
int macvlan_netns_from_path(const char *path,
                            struct macvlan_netns **netns,
                            struct macvlan_error **error);

/**
 * A namespace by an open file descriptor, which stays the caller's and can be closed afterwards.
 */
int macvlan_netns_from_fd(int fd, struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * The namespace that the calling thread is in.
 */
int macvlan_netns_current(struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * A new namespace without a name, which lives as long as the handle and whoever is inside. Needs
 * CAP_SYS_ADMIN. Its lo is down, and nothing else is in it.
 */
int macvlan_netns_anonymous(struct macvlan_netns **netns, struct macvlan_error **error);

/**
 * A new namespace with a name, as `ip netns add NAME` makes it; `ip netns` sees it.
 *
 * It lives until it is deleted, by macvlan_netns_delete() or `ip netns delete`, also without a
 * handle.
 */
int macvlan_netns_create(const char *name,
                         struct macvlan_netns **netns,
                         struct macvlan_error **error);

/**
 * Takes a namespace's name away, as `ip netns delete NAME` does.
 *
 * The namespace itself lives on while a process or a handle is in it. What an interrupted creation
 * left behind is removed too.
 */
int macvlan_netns_delete(const char *name, struct macvlan_error **error);

/**
 * One more handle on the same namespace.
 */
int macvlan_netns_clone(const struct macvlan_netns *netns,
                        struct macvlan_netns **clone,
                        struct macvlan_error **error);

/**
 * The open file descriptor, for setns(2) and the like; it stays the handle's, which closes it when
 * it is freed. -1 if the handle is none.
 */
int macvlan_netns_fd(const struct macvlan_netns *netns);

/**
 * What tells it from all other namespaces that exist at the same time: the device and inode number
 * that fstat(2) gives for its descriptor. Both can be NULL.
 */
void macvlan_netns_id(const struct macvlan_netns *netns, uint64_t *device, uint64_t *inode);

/**
 * Whether both are handles on one namespace.
 */
bool macvlan_netns_same_as(const struct macvlan_netns *netns, const struct macvlan_netns *other);

/**
 * The namespace in words, as errors name it: "the network namespace of pid 2084". The text belongs
 * to the handle. NULL if the handle is none.
 */
const char *macvlan_netns_text(const struct macvlan_netns *netns);

/**
 * Calls a function inside the namespace, on a thread of its own that ends with it, and waits for it.
 *
 * Sockets opened inside stay inside, and processes started inside begin there. /sys is not
 * remounted, as `ip netns exec` would. The function has to return: it must not end its thread, leave
 * by longjmp, or let a C++ exception out.
 */
int macvlan_netns_run(const struct macvlan_netns *netns,
                      void (*function)(void *data),
                      void *data,
                      struct macvlan_error **error);

/**
 * Frees a handle; does nothing to NULL.
 */
void macvlan_netns_free(struct macvlan_netns *netns);

/**
 * How many namespaces there are.
 */
size_t macvlan_netns_list_count(const struct macvlan_netns_list *list);

/**
 * One of the namespaces, counted from 0. It belongs to the list; macvlan_netns_clone() gives one that
 * does not. NULL past the end.
 */
const struct macvlan_netns *macvlan_netns_list_get(const struct macvlan_netns_list *list,
                                                   size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_netns_list_free(struct macvlan_netns_list *list);

/**
 * The network namespaces that exist, given by macvlan_netns_visible(). Freed with
 * macvlan_visible_namespaces_free(); all that it has belongs to it.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_visible_namespaces macvlan_visible_namespaces;

/**
 * A network namespace and the ways that lead to it: a part of a macvlan_visible_namespaces, which it
 * is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_visible_netns macvlan_visible_netns;

/**
 * Lists the network namespaces that have a name, a thread inside, an open descriptor or a mount.
 *
 * What cannot be read is left out, and macvlan_visible_namespaces_unseen() gives it. Processes that
 * /proc does not show, those of other PID namespaces above all, are not even there; nor is a
 * descriptor on its way through a socket.
 */
int macvlan_netns_visible(struct macvlan_visible_namespaces **visible,
                          struct macvlan_error **error);

/**
 * Returns how many namespaces there are.
 */
size_t macvlan_visible_namespaces_count(const struct macvlan_visible_namespaces *visible);

/**
 * Returns one of the namespaces, counted from 0. NULL past the end.
 */
const struct macvlan_visible_netns *macvlan_visible_namespaces_get(const struct macvlan_visible_namespaces *visible,
                                                                   size_t index);

/**
 * Returns how many files and directories could not be looked at. There may be further namespaces
 * behind them.
 */
size_t macvlan_visible_namespaces_unseen_count(const struct macvlan_visible_namespaces *visible);

/**
 * Returns the path of one of them, counted from 0, such as "/proc/2084" for a process of another user.
 * NULL past the end.
 */
const char *macvlan_visible_namespaces_unseen(const struct macvlan_visible_namespaces *visible,
                                              size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_visible_namespaces_free(struct macvlan_visible_namespaces *visible);

/**
 * Gives what identifies the namespace, as macvlan_netns_id() does. Both can be NULL.
 */
void macvlan_visible_netns_id(const struct macvlan_visible_netns *netns,
                              uint64_t *device,
                              uint64_t *inode);

/**
 * Returns one of its names, as `ip netns` lists them, counted from 0. NULL past the end.
 */
const char *macvlan_visible_netns_name(const struct macvlan_visible_netns *netns, size_t index);

/**
 * Returns one of the processes whose main thread is in it, counted from 0. 0 past the end.
 */
pid_t macvlan_visible_netns_pid(const struct macvlan_visible_netns *netns, size_t index);

/**
 * Returns one of the files that lead to it besides those, counted from 0: threads in another namespace
 * than their main thread ("/proc/2084/task/2085/ns/net"), open descriptors ("/proc/2084/fd/7"), and
 * mount points, which begin with "/proc/2084/root" if another mount namespace has them and need not
 * be UTF-8. NULL past the end.
 */
const char *macvlan_visible_netns_path(const struct macvlan_visible_netns *netns,
                                       size_t index);

/**
 * Opens the namespace by the first way that still leads to it; -ENOENT if none does.
 */
int macvlan_visible_netns_open(const struct macvlan_visible_netns *netns,
                               struct macvlan_netns **handle,
                               struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 9. Events in a namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * What happened. More may come: a program has to expect numbers that are not listed here.
 */
typedef enum macvlan_event_kinds {
    /**
     * Something that this version has no number for.
     */
    MACVLAN_EVENT_OTHER = 0,
    /**
     * A link was made, or has changed.
     */
    MACVLAN_EVENT_NEW_LINK = 1,
    /**
     * A link was deleted, or has left for another namespace.
     */
    MACVLAN_EVENT_DEL_LINK = 2,
    /**
     * An address was added, or has changed: it is not tentative any more, for example.
     */
    MACVLAN_EVENT_NEW_ADDRESS = 3,
    /**
     * An address was deleted.
     */
    MACVLAN_EVENT_DEL_ADDRESS = 4,
    /**
     * A route was added or replaced. That a link took its routes along when it went, the kernel does
     * not tell for IPv4.
     */
    MACVLAN_EVENT_NEW_ROUTE = 5,
    /**
     * A route was deleted.
     */
    MACVLAN_EVENT_DEL_ROUTE = 6,
    /**
     * Events were lost, because they were not read as fast as they came: whoever keeps a picture of
     * the namespace has to list everything anew.
     */
    MACVLAN_EVENT_LOST = 7,
} macvlan_event_kinds;

/**
 * Something that happened in a namespace, given by macvlan_watch_next(). Freed with
 * macvlan_event_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_event macvlan_event;

/**
 * What happens to the links, addresses and routes of a namespace, from when it was opened by
 * macvlan_handle_watch(). Freed with macvlan_watch_free().
 *
 * Threads: one at a time.
 */
typedef struct macvlan_watch macvlan_watch;

/**
 * Waits for the next event, at most so many milliseconds; as long as it takes if that is negative.
 * If none has come by then, `event` is NULL and the function returns 0.
 */
int macvlan_watch_next(struct macvlan_watch *watch,
                       int milliseconds,
                       struct macvlan_event **event,
                       struct macvlan_error **error);

/**
 * Has a watch end its waits when that is cancelled: macvlan_watch_next() then returns -EINTR.
 */
int macvlan_watch_set_cancellation(struct macvlan_watch *watch,
                                   const struct macvlan_cancellation *cancellation,
                                   struct macvlan_error **error);

/**
 * A descriptor that is readable when there is an event, or may be, for poll(2); it stays the watch's.
 * Events that came together are handed out one by one: call macvlan_watch_next() with 0 milliseconds
 * until it gives none. -1 if the watch is none.
 */
int macvlan_watch_fd(const struct macvlan_watch *watch);

/**
 * Ends a watch; does nothing to NULL.
 */
void macvlan_watch_free(struct macvlan_watch *watch);

/**
 * What happened: one of enum macvlan_event_kinds.
 */
int macvlan_event_kind(const struct macvlan_event *event);

/**
 * The link that it is about, which belongs to the event; NULL if it is about none.
 */
const struct macvlan_link_info *macvlan_event_link(const struct macvlan_event *event);

/**
 * The address that it is about, which belongs to the event; NULL if it is about none.
 */
const struct macvlan_address_info *macvlan_event_address(const struct macvlan_event *event);

/**
 * The route that it is about, which belongs to the event; NULL if it is about none.
 */
const struct macvlan_route_info *macvlan_event_route(const struct macvlan_event *event);

/**
 * Frees an event; does nothing to NULL.
 */
void macvlan_event_free(struct macvlan_event *event);

/* ------------------------------------------------------------------------------------------------
 * 10. Handles: the commands of ip in one namespace
 * ------------------------------------------------------------------------------------------------ */

/**
 * A link to be made by macvlan_handle_add_link(); a value, which asks nothing of the kernel. Freed
 * with macvlan_link_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_link macvlan_link;

/**
 * The text that stands for the link of an index: "#7", up to 11 characters and a zero byte. Every
 * argument that takes a link's name takes it too. Returns the text, or NULL if that is NULL.
 */
const char *macvlan_link_text(uint32_t index, char text[16]);

/**
 * A macvlan, as `ip link add link PARENT name NAME type macvlan mode ...` makes it. The options are
 * copied.
 */
int macvlan_link_new_macvlan(const char *name,
                             const char *parent,
                             const struct macvlan_options *options,
                             struct macvlan_link **link,
                             struct macvlan_error **error);

/**
 * A macvtap, as `ip link add link PARENT name NAME type macvtap mode ...` makes it. The options are
 * copied.
 */
int macvlan_link_new_macvtap(const char *name,
                             const char *parent,
                             const struct macvlan_options *options,
                             struct macvlan_link **link,
                             struct macvlan_error **error);

/**
 * A VLAN, as `ip link add link PARENT name NAME type vlan id ...` makes it. The options are copied.
 */
int macvlan_link_new_vlan(const char *name,
                          const char *parent,
                          const struct macvlan_vlan *vlan,
                          struct macvlan_link **link,
                          struct macvlan_error **error);

/**
 * A cable, as `ip link add NAME type veth peer name PEER [netns ...]` makes it. `peer_netns` can be
 * NULL: the other end is then where this end is.
 */
int macvlan_link_new_veth(const char *name,
                          const char *peer,
                          const struct macvlan_netns *peer_netns,
                          struct macvlan_link **link,
                          struct macvlan_error **error);

/**
 * A link that leads nowhere, as `ip link add NAME type dummy` makes it.
 */
int macvlan_link_new_dummy(const char *name,
                           struct macvlan_link **link,
                           struct macvlan_error **error);

/**
 * A software switch, as `ip link add NAME type bridge` makes it.
 */
int macvlan_link_new_bridge(const char *name,
                            struct macvlan_link **link,
                            struct macvlan_error **error);

/**
 * The index to have; the kernel's choice when not set.
 */
int macvlan_link_set_index(struct macvlan_link *link, uint32_t index, struct macvlan_error **error);

/**
 * The MAC address; the kernel's choice (random, or the parent's for passthru and VLANs) when not set.
 */
int macvlan_link_set_mac(struct macvlan_link *link,
                         const uint8_t mac[6],
                         struct macvlan_error **error);

/**
 * The MTU in bytes; the parent's when not set.
 */
int macvlan_link_set_mtu(struct macvlan_link *link, uint32_t mtu, struct macvlan_error **error);

/**
 * Whether it is made up; down when not set.
 */
int macvlan_link_set_up(struct macvlan_link *link, bool up, struct macvlan_error **error);

/**
 * Whether it is made promiscuous; no when not set.
 */
int macvlan_link_set_promisc(struct macvlan_link *link, bool promisc, struct macvlan_error **error);

/**
 * The group that it belongs to; 0, the default group, when not set.
 */
int macvlan_link_set_group(struct macvlan_link *link, uint32_t group, struct macvlan_error **error);

/**
 * The transmit queue's length in packets; the kind's own when not set.
 */
int macvlan_link_set_tx_queue_len(struct macvlan_link *link,
                                  uint32_t packets,
                                  struct macvlan_error **error);

/**
 * The number of transmit and of receive queues; the kind's own when not set (the parent's for macvlan).
 */
int macvlan_link_set_queues(struct macvlan_link *link,
                            uint32_t transmit,
                            uint32_t receive,
                            struct macvlan_error **error);

/**
 * The namespace that it is made in; the handle's own when not set. The parent stays where the handle
 * is. The link holds the namespace open until it is freed.
 */
int macvlan_link_set_netns(struct macvlan_link *link,
                           const struct macvlan_netns *netns,
                           struct macvlan_error **error);

/**
 * Frees a link to be made; does nothing to NULL. What was made with it stays.
 */
void macvlan_link_free(struct macvlan_link *link);

/**
 * Holds a link promiscuous until it is freed with macvlan_promisc_free(), given by
 * macvlan_handle_hold_promisc().
 *
 * The kernel counts the holders, and counts one less when the guard is freed or its process ends,
 * even by kill -9.
 *
 * Threads: it never changes, so any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_promisc macvlan_promisc;

/**
 * The socket that holds the link promiscuous; it stays the guard's. A process that inherits or is
 * sent it (SCM_RIGHTS) holds the link promiscuous, too. -1 if the guard is none.
 */
int macvlan_promisc_fd(const struct macvlan_promisc *promisc);

/**
 * Lets the link go; does nothing to NULL.
 */
void macvlan_promisc_free(struct macvlan_promisc *promisc);

/**
 * The links, addresses and routes of one network namespace. Every function is one verb of `ip`, and
 * its comment names the command. Freed with macvlan_handle_free().
 *
 * Links are named by "eth0", an alternative name, or "#" and an index, which macvlan_link_text()
 * writes.
 *
 * Threads: any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_handle macvlan_handle;

/**
 * On the namespace that the calling thread is in.
 */
int macvlan_handle_open(struct macvlan_handle **handle, struct macvlan_error **error);

/**
 * On another namespace.
 */
int macvlan_handle_open_in_netns(const struct macvlan_netns *netns,
                                 struct macvlan_handle **handle,
                                 struct macvlan_error **error);

/**
 * A handle on the namespace itself, to be freed by the caller.
 */
int macvlan_handle_netns(const struct macvlan_handle *handle,
                         struct macvlan_netns **netns,
                         struct macvlan_error **error);

/**
 * Holds a link promiscuous until the guard is freed, or the process ends in whatever way. The kernel
 * counts: others who want it promiscuous are not disturbed.
 */
int macvlan_handle_hold_promisc(const struct macvlan_handle *handle,
                                const char *link,
                                struct macvlan_promisc **promisc,
                                struct macvlan_error **error);

/**
 * `ip monitor link address route`: what happens from now on.
 */
int macvlan_handle_watch(const struct macvlan_handle *handle,
                         struct macvlan_watch **watch,
                         struct macvlan_error **error);

/**
 * Frees a handle; does nothing to NULL.
 */
void macvlan_handle_free(struct macvlan_handle *handle);

/**
 * `ip link add`.
 */
int macvlan_handle_add_link(const struct macvlan_handle *handle,
                            const struct macvlan_link *link,
                            struct macvlan_error **error);

/**
 * `ip link delete`. Waits until the kernel has finished, about 16 ms.
 */
int macvlan_handle_delete_link(const struct macvlan_handle *handle,
                               const char *link,
                               struct macvlan_error **error);

/**
 * `ip -d link show dev LINK`. Freed with macvlan_link_info_free().
 */
int macvlan_handle_link(const struct macvlan_handle *handle,
                        const char *link,
                        struct macvlan_link_info **info,
                        struct macvlan_error **error);

/**
 * `ip -d link show [type KIND] [master LINK]`. All links if the filter is NULL. Freed with
 * macvlan_link_list_free().
 */
int macvlan_handle_links(const struct macvlan_handle *handle,
                         const struct macvlan_link_filter *filter,
                         struct macvlan_link_list **links,
                         struct macvlan_error **error);

/**
 * `ip link set dev LINK up`.
 */
int macvlan_handle_set_up(const struct macvlan_handle *handle,
                          const char *link,
                          struct macvlan_error **error);

/**
 * `ip link set dev LINK down`. The kernel takes about 14 ms for it.
 */
int macvlan_handle_set_down(const struct macvlan_handle *handle,
                            const char *link,
                            struct macvlan_error **error);

/**
 * `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the link is up.
 */
int macvlan_handle_rename(const struct macvlan_handle *handle,
                          const char *link,
                          const char *name,
                          struct macvlan_error **error);

/**
 * `ip link set dev LINK address MAC`.
 */
int macvlan_handle_set_mac(const struct macvlan_handle *handle,
                           const char *link,
                           const uint8_t mac[6],
                           struct macvlan_error **error);

/**
 * `ip link set dev LINK mtu BYTES`.
 */
int macvlan_handle_set_mtu(const struct macvlan_handle *handle,
                           const char *link,
                           uint32_t mtu,
                           struct macvlan_error **error);

/**
 * `ip link set dev LINK promisc on|off`: the flag, which knows no owners; see
 * macvlan_handle_hold_promisc().
 */
int macvlan_handle_set_promisc(const struct macvlan_handle *handle,
                               const char *link,
                               bool on,
                               struct macvlan_error **error);

/**
 * `ip link set dev LINK allmulticast on|off`.
 */
int macvlan_handle_set_allmulticast(const struct macvlan_handle *handle,
                                    const char *link,
                                    bool on,
                                    struct macvlan_error **error);

/**
 * `ip link set dev LINK alias TEXT`; an empty text takes it away.
 */
int macvlan_handle_set_alias(const struct macvlan_handle *handle,
                             const char *link,
                             const char *alias,
                             struct macvlan_error **error);

/**
 * `ip link set dev LINK group NUMBER`.
 */
int macvlan_handle_set_group(const struct macvlan_handle *handle,
                             const char *link,
                             uint32_t group,
                             struct macvlan_error **error);

/**
 * `ip link set dev LINK txqueuelen PACKETS`.
 */
int macvlan_handle_set_tx_queue_len(const struct macvlan_handle *handle,
                                    const char *link,
                                    uint32_t packets,
                                    struct macvlan_error **error);

/**
 * `ip link set dev LINK addrgenmode MODE`. It counts when the link comes up next; an address that was
 * made already stays.
 */
int macvlan_handle_set_addr_gen_mode(const struct macvlan_handle *handle,
                                     const char *link,
                                     enum in6_addr_gen_mode mode,
                                     struct macvlan_error **error);

/**
 * `ip link property add dev LINK altname NAME`: one more name, up to 127 bytes long (Linux 5.5 and
 * later).
 */
int macvlan_handle_add_alternative_name(const struct macvlan_handle *handle,
                                        const char *link,
                                        const char *name,
                                        struct macvlan_error **error);

/**
 * `ip link property delete dev LINK altname NAME`.
 */
int macvlan_handle_delete_alternative_name(const struct macvlan_handle *handle,
                                           const char *link,
                                           const char *name,
                                           struct macvlan_error **error);

/**
 * `ip link set dev LINK type macvlan ...`, or macvtap: mode, flags, queue, list of source MAC
 * addresses.
 */
int macvlan_handle_set_macvlan(const struct macvlan_handle *handle,
                               const char *link,
                               const struct macvlan_change *change,
                               struct macvlan_error **error);

/**
 * `ip link set dev LINK type vlan ...`: the flags and QoS mappings that are set; id and protocol cannot
 * be changed and are not looked at.
 */
int macvlan_handle_set_vlan(const struct macvlan_handle *handle,
                            const char *link,
                            const struct macvlan_vlan *vlan,
                            struct macvlan_error **error);

/**
 * `ip link set dev LINK netns ... [name NAME]`: moves a link to another namespace. `name` can be NULL:
 * it then keeps its name.
 *
 * Its addresses and routes are lost, it arrives down, and the kernel takes about 16 ms for it;
 * creating it there (macvlan_link_set_netns()) takes a hundredth of that.
 */
int macvlan_handle_move_link(const struct macvlan_handle *handle,
                             const char *link,
                             const struct macvlan_netns *netns,
                             const char *name,
                             struct macvlan_error **error);

/**
 * `ip address add ADDRESS dev LINK`, as text: "10.0.0.2/24", "fd00::2/64 nodad".
 */
int macvlan_handle_add_address(const struct macvlan_handle *handle,
                               const char *link,
                               const char *address,
                               struct macvlan_error **error);

/**
 * `ip address replace ADDRESS dev LINK`: adds it, or updates what exists.
 */
int macvlan_handle_replace_address(const struct macvlan_handle *handle,
                                   const char *link,
                                   const char *address,
                                   struct macvlan_error **error);

/**
 * `ip address delete ADDRESS dev LINK`.
 */
int macvlan_handle_delete_address(const struct macvlan_handle *handle,
                                  const char *link,
                                  const char *address,
                                  struct macvlan_error **error);

/**
 * `ip [-4|-6] address show [dev LINK]`. All addresses if the filter is NULL. Freed with
 * macvlan_address_list_free().
 */
int macvlan_handle_addresses(const struct macvlan_handle *handle,
                             const struct macvlan_address_filter *filter,
                             struct macvlan_address_list **addresses,
                             struct macvlan_error **error);

/**
 * `ip route get ADDRESS`: whether the kernel answers "local", since a link of the namespace has the
 * address.
 */
int macvlan_handle_is_local(const struct macvlan_handle *handle,
                            const char *address,
                            bool *is,
                            struct macvlan_error **error);

/**
 * `ip [-4|-6] neighbour show [dev LINK]`. All neighbours if the filter is NULL. Freed with
 * macvlan_neighbour_list_free().
 */
int macvlan_handle_neighbours(const struct macvlan_handle *handle,
                              const struct macvlan_neighbour_filter *filter,
                              struct macvlan_neighbour_list **neighbours,
                              struct macvlan_error **error);

/**
 * `ip route add`, as text: "default via 10.0.0.1", "10.1.0.0/16 via 10.0.0.2 dev eth0 metric 100
 * onlink", "blackhole fd00:1::/32 table 7".
 */
int macvlan_handle_add_route(const struct macvlan_handle *handle,
                             const char *route,
                             struct macvlan_error **error);

/**
 * `ip route replace`: adds it, or takes the place of the one to the same destination with the same
 * metric in the same table.
 */
int macvlan_handle_replace_route(const struct macvlan_handle *handle,
                                 const char *route,
                                 struct macvlan_error **error);

/**
 * `ip route delete`: the first that matches all that the route says.
 */
int macvlan_handle_delete_route(const struct macvlan_handle *handle,
                                const char *route,
                                struct macvlan_error **error);

/**
 * `ip [-4|-6] route show [table TABLE] [dev LINK] [type TYPE] [proto PROTOCOL]`, without the local and
 * broadcast routes that the kernel makes for every address. All routes in all tables if the filter is
 * NULL. Freed with macvlan_route_list_free().
 */
int macvlan_handle_routes(const struct macvlan_handle *handle,
                          const struct macvlan_route_filter *filter,
                          struct macvlan_route_list **routes,
                          struct macvlan_error **error);

/**
 * `ip rule add`, as text: "from 10.0.0.2/32 table 100", "from all to fd00::/64 table 100 priority
 * 500".
 */
int macvlan_handle_add_rule(const struct macvlan_handle *handle,
                            const char *rule,
                            struct macvlan_error **error);

/**
 * `ip rule delete`: the first that matches all that the rule says.
 */
int macvlan_handle_delete_rule(const struct macvlan_handle *handle,
                               const char *rule,
                               struct macvlan_error **error);

/**
 * `ip rule show`, both families; rules that do not lead to a table are left out. Freed with
 * macvlan_rule_list_free().
 */
int macvlan_handle_rules(const struct macvlan_handle *handle,
                         struct macvlan_rule_list **rules,
                         struct macvlan_error **error);

/* ------------------------------------------------------------------------------------------------
 * 11. Probing and announcing addresses
 * ------------------------------------------------------------------------------------------------ */

/**
 * How addresses are asked for on the network before they are used: a value, for
 * macvlan_endpoint_set_probe() and macvlan_host_probe_free(). Freed with macvlan_probe_free().
 *
 * IPv4 addresses are asked for by ARP probes (RFC 5227), which change nobody's neighbour table. IPv6
 * addresses are checked by the kernel's own duplicate detection, whose verdict is waited for.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_probe macvlan_probe;

/**
 * As RFC 5227 has it: three probes, 4 to 7 seconds in all.
 */
int macvlan_probe_rfc(struct macvlan_probe **probe, struct macvlan_error **error);

/**
 * Three probes within a quarter of a second. On a LAN whoever is awake answers within a few
 * milliseconds.
 */
int macvlan_probe_quick(struct macvlan_probe **probe, struct macvlan_error **error);

/**
 * How many times each address is asked for (PROBE_NUM); 0 is refused.
 */
int macvlan_probe_set_count(struct macvlan_probe *probe,
                            uint32_t count,
                            struct macvlan_error **error);

/**
 * Up to how many milliseconds, chosen at random, until it is asked first (PROBE_WAIT).
 */
int macvlan_probe_set_start(struct macvlan_probe *probe,
                            uint32_t milliseconds,
                            struct macvlan_error **error);

/**
 * How many milliseconds at least until it is asked again (PROBE_MIN).
 */
int macvlan_probe_set_interval(struct macvlan_probe *probe,
                               uint32_t milliseconds,
                               struct macvlan_error **error);

/**
 * Up to how many milliseconds more, chosen at random each time (PROBE_MAX less PROBE_MIN).
 */
int macvlan_probe_set_jitter(struct macvlan_probe *probe,
                             uint32_t milliseconds,
                             struct macvlan_error **error);

/**
 * How many milliseconds the last answer is waited for (ANNOUNCE_WAIT).
 */
int macvlan_probe_set_wait(struct macvlan_probe *probe,
                           uint32_t milliseconds,
                           struct macvlan_error **error);

/**
 * How many milliseconds the kernel may take for its duplicate detection of IPv6 addresses, which
 * takes one to two seconds; 5000 when not set.
 */
int macvlan_probe_set_deadline(struct macvlan_probe *probe,
                               uint32_t milliseconds,
                               struct macvlan_error **error);

/**
 * How many times each address is asked for; 0 if the probe is none.
 */
uint32_t macvlan_probe_count(const struct macvlan_probe *probe);

/**
 * Up to how many milliseconds pass until it is asked first; 0 if the probe is none.
 */
uint32_t macvlan_probe_start(const struct macvlan_probe *probe);

/**
 * How many milliseconds at least pass until it is asked again; 0 if the probe is none.
 */
uint32_t macvlan_probe_interval(const struct macvlan_probe *probe);

/**
 * Up to how many milliseconds more, chosen at random; 0 if the probe is none.
 */
uint32_t macvlan_probe_jitter(const struct macvlan_probe *probe);

/**
 * How many milliseconds the last answer is waited for; 0 if the probe is none.
 */
uint32_t macvlan_probe_wait(const struct macvlan_probe *probe);

/**
 * How many milliseconds the kernel may take for IPv6 addresses; 0 if the probe is none.
 */
uint32_t macvlan_probe_deadline(const struct macvlan_probe *probe);

/**
 * The longest that asking for IPv4 addresses takes when nobody answers, in milliseconds; 0 if the
 * probe is none.
 */
uint32_t macvlan_probe_longest(const struct macvlan_probe *probe);

/**
 * Frees a probe; does nothing to NULL. What it was given to has a copy.
 */
void macvlan_probe_free(struct macvlan_probe *probe);

/**
 * How the neighbours are told of addresses, by gratuitous ARP and unsolicited neighbour
 * advertisements: a value, for macvlan_endpoint_set_announce() and macvlan_attachment_announce().
 * Freed with macvlan_announce_free().
 *
 * Whoever has talked to the address before, when it was somebody else's, learns its MAC address at
 * once and not when its own entry has grown old, which takes up to half an hour.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_announce macvlan_announce;

/**
 * Once, by the kernel when it takes the address into use. On a LAN that loses no frames it is enough.
 */
int macvlan_announce_once(struct macvlan_announce **announce,
                          struct macvlan_error **error);

/**
 * As RFC 5227 has it: twice, two seconds apart.
 */
int macvlan_announce_rfc(struct macvlan_announce **announce, struct macvlan_error **error);

/**
 * How many times (ANNOUNCE_NUM); 0 is refused.
 */
int macvlan_announce_set_count(struct macvlan_announce *announce,
                               uint32_t count,
                               struct macvlan_error **error);

/**
 * How many milliseconds from one to the next (ANNOUNCE_INTERVAL).
 */
int macvlan_announce_set_interval(struct macvlan_announce *announce,
                                  uint32_t milliseconds,
                                  struct macvlan_error **error);

/**
 * Whether attaching is to take as long as all of them; no when not set. Attaching then sends the first
 * alone, and the others are sent by whoever calls macvlan_announcement_run(), on a thread of its
 * choice: the library starts none.
 */
int macvlan_announce_set_blocking(struct macvlan_announce *announce,
                                  bool blocking,
                                  struct macvlan_error **error);

/**
 * How many times; 0 if the object is none.
 */
uint32_t macvlan_announce_count(const struct macvlan_announce *announce);

/**
 * How many milliseconds from one to the next.
 */
uint32_t macvlan_announce_interval(const struct macvlan_announce *announce);

/**
 * Whether attaching takes as long as all of them.
 */
bool macvlan_announce_is_blocking(const struct macvlan_announce *announce);

/**
 * Frees it; does nothing to NULL. What it was given to has a copy.
 */
void macvlan_announce_free(struct macvlan_announce *announce);

/* ------------------------------------------------------------------------------------------------
 * 12. Endpoints: what a container interface should be
 * ------------------------------------------------------------------------------------------------ */

/**
 * What attaching an endpoint would do, given by macvlan_endpoint_plan(). Freed with
 * macvlan_plan_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_plan macvlan_plan;

/**
 * The plan as the `ip` commands that would do the same, one a line, each ended by a newline. It
 * belongs to the plan. NULL if the plan is none.
 */
const char *macvlan_plan_text(const struct macvlan_plan *plan);

/**
 * Frees a plan; does nothing to NULL.
 */
void macvlan_plan_free(struct macvlan_plan *plan);

/**
 * What one container interface should be: a value; making and changing it asks nothing of the
 * kernel. Given to macvlan_host_attach(), which makes it so in a container's namespace. Freed with
 * macvlan_endpoint_free().
 *
 * Threads: any number may look at it and attach it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_endpoint macvlan_endpoint;

/**
 * A macvlan called `name` inside, on a parent link on the host; in mode bridge.
 *
 * The parent is a link's name ("ens33"), or its index behind a "#" ("#7"). A name in VLAN notation,
 * "ens33.100", is that link if it exists; otherwise VLAN 100 of ens33, which is made when the first
 * endpoint needs it and removed when the last one leaves. "eth0.20.200" is VLAN 200 of VLAN 20 of
 * eth0. What text cannot say, a macvlan_parent can.
 */
int macvlan_endpoint_new(const char *name,
                         const char *parent,
                         struct macvlan_endpoint **endpoint,
                         struct macvlan_error **error);

/**
 * The same on a parent that is an object, which is copied.
 */
int macvlan_endpoint_new_on(const char *name,
                            const struct macvlan_parent *parent,
                            struct macvlan_endpoint **endpoint,
                            struct macvlan_error **error);

/**
 * A macvtap called `name` inside, for a VM monitor there; in mode bridge. See
 * macvlan_attachment_open_tap(). The parent is as in macvlan_endpoint_new().
 */
int macvlan_endpoint_new_macvtap(const char *name,
                                 const char *parent,
                                 struct macvlan_endpoint **endpoint,
                                 struct macvlan_error **error);

/**
 * The same on a parent that is an object, which is copied.
 */
int macvlan_endpoint_new_macvtap_on(const char *name,
                                    const struct macvlan_parent *parent,
                                    struct macvlan_endpoint **endpoint,
                                    struct macvlan_error **error);

/**
 * A VLAN of the parent, called `name` inside, without a macvlan. The VLAN's options are copied; the
 * parent is as in macvlan_endpoint_new().
 *
 * It has the parent's MAC address unless it is given another. On a parent that was made on demand,
 * that parent is then kept for good: the kernel does not tell when such a VLAN is gone.
 */
int macvlan_endpoint_new_vlan(const char *name,
                              const char *parent,
                              const struct macvlan_vlan *vlan,
                              struct macvlan_endpoint **endpoint,
                              struct macvlan_error **error);

/**
 * The same on a parent that is an object, which is copied.
 */
int macvlan_endpoint_new_vlan_on(const char *name,
                                 const struct macvlan_parent *parent,
                                 const struct macvlan_vlan *vlan,
                                 struct macvlan_endpoint **endpoint,
                                 struct macvlan_error **error);

/**
 * A copy, to be changed by itself.
 */
int macvlan_endpoint_clone(const struct macvlan_endpoint *endpoint,
                           struct macvlan_endpoint **clone,
                           struct macvlan_error **error);

/**
 * What attaching it would do, in order. Everything that is wrong with the values alone is found here,
 * without any system call.
 */
int macvlan_endpoint_plan(const struct macvlan_endpoint *endpoint,
                          struct macvlan_plan **plan,
                          struct macvlan_error **error);

/**
 * The name inside. This and all other texts belong to the endpoint, until it is changed or freed. NULL
 * if the endpoint is none.
 */
const char *macvlan_endpoint_name(const struct macvlan_endpoint *endpoint);

/**
 * The parent on the host, as text. NULL if the endpoint is none.
 */
const char *macvlan_endpoint_parent(const struct macvlan_endpoint *endpoint);

/**
 * A copy of the parent, to be freed with macvlan_parent_free().
 */
int macvlan_endpoint_parent_object(const struct macvlan_endpoint *endpoint,
                                   struct macvlan_parent **parent,
                                   struct macvlan_error **error);

/**
 * The kernel's name for the link's kind: "macvlan", "macvtap" or "vlan". NULL if the endpoint is
 * none.
 */
const char *macvlan_endpoint_kind(const struct macvlan_endpoint *endpoint);

/**
 * A copy of a macvlan's or macvtap's options, to be freed with macvlan_options_free(). A VLAN has
 * none: -EINVAL.
 */
int macvlan_endpoint_options(const struct macvlan_endpoint *endpoint,
                             struct macvlan_options **options,
                             struct macvlan_error **error);

/**
 * A copy of a VLAN's options, to be freed with macvlan_vlan_free(). Others have none: -EINVAL.
 */
int macvlan_endpoint_vlan(const struct macvlan_endpoint *endpoint,
                          struct macvlan_vlan **vlan,
                          struct macvlan_error **error);

/**
 * Frees an endpoint; does nothing to NULL. What was attached with it stays.
 */
void macvlan_endpoint_free(struct macvlan_endpoint *endpoint);

/**
 * The protocol number of the endpoint's policy rules, and of those of its routes that the kernel does not
 * delete with the link (RTA_PROTOCOL, FRA_PROTOCOL).
 */
#define MACVLAN_ENDPOINT_PROTOCOL 109

/**
 * The priority of the rules of macvlan_endpoint_set_source_routing().
 */
#define MACVLAN_ENDPOINT_RULE_PRIORITY 30000

/**
 * Who it may talk to; MACVLAN_MODE_BRIDGE when not set. The other options stay. For macvlan and macvtap.
 */
int macvlan_endpoint_set_mode(struct macvlan_endpoint *endpoint,
                              enum macvlan_mode mode,
                              struct macvlan_error **error);

/**
 * All options of a macvlan or macvtap at once: mode, flags, source MAC addresses, broadcast queue.
 * They are copied.
 */
int macvlan_endpoint_set_options(struct macvlan_endpoint *endpoint,
                                 const struct macvlan_options *options,
                                 struct macvlan_error **error);

/**
 * In mode passthru, leaves the parent as promiscuous as it was; see macvlan_options_set_nopromisc().
 */
int macvlan_endpoint_set_nopromisc(struct macvlan_endpoint *endpoint,
                                   bool nopromisc,
                                   struct macvlan_error **error);

/**
 * In mode source, looks at source addresses alone; see macvlan_options_set_nodst().
 */
int macvlan_endpoint_set_nodst(struct macvlan_endpoint *endpoint,
                               bool nodst,
                               struct macvlan_error **error);

/**
 * In mode source, one more MAC address that frames may come from.
 */
int macvlan_endpoint_add_source_mac(struct macvlan_endpoint *endpoint,
                                    const uint8_t mac[6],
                                    struct macvlan_error **error);

/**
 * The broadcast queue's length in frames; see macvlan_options_set_bc_queue_len().
 */
int macvlan_endpoint_set_bc_queue_len(struct macvlan_endpoint *endpoint,
                                      uint32_t frames,
                                      struct macvlan_error **error);

/**
 * The broadcast cutoff, for all on the parent; see macvlan_options_set_bc_cutoff().
 */
int macvlan_endpoint_set_bc_cutoff(struct macvlan_endpoint *endpoint,
                                   int32_t siblings,
                                   struct macvlan_error **error);

/**
 * Its MAC address. When not set, a random one, locally administered; in mode passthru, the parent's.
 *
 * In mode passthru a MAC address given here becomes the parent's as long as the link exists.
 */
int macvlan_endpoint_set_mac(struct macvlan_endpoint *endpoint,
                             const uint8_t mac[6],
                             struct macvlan_error **error);

/**
 * Its MTU in bytes, at most the parent's; the parent's when not set.
 */
int macvlan_endpoint_set_mtu(struct macvlan_endpoint *endpoint,
                             uint32_t mtu,
                             struct macvlan_error **error);

/**
 * One more address with its prefix length, as `ip address add` takes it: "172.16.213.180/16",
 * "fd00::2/64 nodad", "fd00::2/64 optimistic". An IPv4 address brings its broadcast address along.
 */
int macvlan_endpoint_add_address(struct macvlan_endpoint *endpoint,
                                 const char *address,
                                 struct macvlan_error **error);

/**
 * An address and, if it has one, its gateway, in pipework's notation
 * "172.16.104.10/24@172.16.104.1".
 */
int macvlan_endpoint_add_assignment(struct macvlan_endpoint *endpoint,
                                    const char *assignment,
                                    struct macvlan_error **error);

/**
 * The gateway of the default route of its family, "172.16.213.2"; one a family.
 */
int macvlan_endpoint_add_gateway(struct macvlan_endpoint *endpoint,
                                 const char *gateway,
                                 struct macvlan_error **error);

/**
 * Whether gateways that lie outside the subnet of every address are taken to be directly on the link
 * (onlink); no when not set, and then the kernel refuses them unless a route says where they are.
 */
int macvlan_endpoint_set_on_link_gateways(struct macvlan_endpoint *endpoint,
                                          bool on_link,
                                          struct macvlan_error **error);

/**
 * One more route, as `ip route add` takes it: "10.1.0.0/16 via 10.0.0.2 metric 100", "blackhole
 * fd00:1::/32". It is added after the addresses and the gateways' default routes, through this link
 * unless it names another. What leads elsewhere goes, too, when the interface is detached.
 */
int macvlan_endpoint_add_route(struct macvlan_endpoint *endpoint,
                               const char *route,
                               struct macvlan_error **error);

/**
 * Lets packets from its addresses leave by it, whatever the other routes say: the gateways' default
 * routes go into this table instead of main, with a route to each subnet, and for each address a
 * rule sends to it.
 *
 * So a container in two networks answers on the interface that was asked. Give each network that is
 * not to have the default route a table of its own, 1 to 252 or above 255.
 */
int macvlan_endpoint_set_source_routing(struct macvlan_endpoint *endpoint,
                                        uint32_t table,
                                        struct macvlan_error **error);

/**
 * Sets the metric of the gateways' default routes. Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
 */
int macvlan_endpoint_set_gateway_metric(struct macvlan_endpoint *endpoint,
                                        uint32_t metric,
                                        struct macvlan_error **error);

/**
 * Sets whether the link takes all multicast frames, which makes the parent take them too while it is up.
 * Defaults to those of the groups that are joined on it; then what somebody sets inside stays.
 */
int macvlan_endpoint_set_allmulticast(struct macvlan_endpoint *endpoint,
                                      bool on,
                                      struct macvlan_error **error);

/**
 * Whether the link is promiscuous, which makes the parent promiscuous too while it is up; no when not
 * set.
 */
int macvlan_endpoint_set_promisc(struct macvlan_endpoint *endpoint,
                                 bool promisc,
                                 struct macvlan_error **error);

/**
 * Whether the container's lo is set up as well, as a new namespace's is not; yes when not set.
 */
int macvlan_endpoint_set_lo_up(struct macvlan_endpoint *endpoint,
                               bool lo_up,
                               struct macvlan_error **error);

/**
 * Whether the default routes that the container already has in table main, of the gateways' families,
 * go (as pipework has it); no when not set, and then one with the same metric is in the way. If
 * attaching fails, they are as they were.
 */
int macvlan_endpoint_set_replace_default_route(struct macvlan_endpoint *endpoint,
                                               bool replace,
                                               struct macvlan_error **error);

/**
 * What `ip link` shows as its alias, up to 255 bytes.
 */
int macvlan_endpoint_set_alias(struct macvlan_endpoint *endpoint,
                               const char *alias,
                               struct macvlan_error **error);

/**
 * One more name, up to 127 bytes (Linux 5.5 and later).
 */
int macvlan_endpoint_add_alternative_name(struct macvlan_endpoint *endpoint,
                                          const char *name,
                                          struct macvlan_error **error);

/**
 * The link group; 0 when not set.
 */
int macvlan_endpoint_set_group(struct macvlan_endpoint *endpoint,
                               uint32_t group,
                               struct macvlan_error **error);

/**
 * The transmit queue's length in packets; the kernel's choice when not set.
 */
int macvlan_endpoint_set_tx_queue_len(struct macvlan_endpoint *endpoint,
                                      uint32_t packets,
                                      struct macvlan_error **error);

/**
 * The number of transmit and receive queues; the kernel's choice when not set.
 */
int macvlan_endpoint_set_queues(struct macvlan_endpoint *endpoint,
                                uint32_t transmit,
                                uint32_t receive,
                                struct macvlan_error **error);

/**
 * How its IPv6 link-local address is made; IN6_ADDR_GEN_MODE_NONE for no fe80:: address. The
 * namespace's default when not set.
 */
int macvlan_endpoint_set_addr_gen_mode(struct macvlan_endpoint *endpoint,
                                       enum in6_addr_gen_mode mode,
                                       struct macvlan_error **error);

/**
 * Sets whether router advertisements are accepted on the link: the values of the sysctl accept_ra, 0 for
 * never, 1 unless the link forwards, 2 always. The container's default when not set. With 0 the container
 * has the addresses and routes of the endpoint and no others, but for the link-local address.
 */
int macvlan_endpoint_set_accept_ra(struct macvlan_endpoint *endpoint,
                                   int accept,
                                   struct macvlan_error **error);

/**
 * Sets whether the kernel adds addresses of the prefixes that routers advertise. The container's default
 * when not set.
 */
int macvlan_endpoint_set_autoconf(struct macvlan_endpoint *endpoint,
                                  bool on,
                                  struct macvlan_error **error);

/**
 * Sets whether the link is without IPv6. The container's default when not set; false gives the link IPv6
 * where the container has none.
 */
int macvlan_endpoint_set_disable_ipv6(struct macvlan_endpoint *endpoint,
                                      bool disable,
                                      struct macvlan_error **error);

/**
 * How long to try again, in milliseconds, while somebody else on the parent has the MAC address:
 * often a container that is just dying, whose namespace takes some tens of milliseconds for it. Not
 * at all when not set.
 */
int macvlan_endpoint_set_wait_for_mac(struct macvlan_endpoint *endpoint,
                                      uint32_t milliseconds,
                                      struct macvlan_error **error);

/**
 * Has every address asked for on the network before it is used; not asked for when not set. The probe
 * is copied.
 *
 * The link is made and set up, all addresses are asked for at the same time, and only then are they
 * added, and the routes. When somebody else has one, everything is as before, and the error is
 * MACVLAN_ERROR_ADDRESS_IN_USE and names the holder. The parent's own addresses count too.
 */
int macvlan_endpoint_set_probe(struct macvlan_endpoint *endpoint,
                               const struct macvlan_probe *probe,
                               struct macvlan_error **error);

/**
 * Has the neighbours told where its addresses are now, as soon as each can be used; they are not told
 * when not set. How is copied.
 *
 * The kernel does it by itself, by arp_notify and ndisc_notify, which stay set: it does so again
 * whenever the link comes up or gets another MAC address. What it leaves out is announced by a frame
 * of the library's.
 */
int macvlan_endpoint_set_announce(struct macvlan_endpoint *endpoint,
                                  const struct macvlan_announce *announce,
                                  struct macvlan_error **error);

/**
 * How fast it may send at most, as tc writes it: "10mbit", "512kbit", "1gbit", "9600bit"; as fast as
 * its parent when not set.
 *
 * By the kernel's token bucket filter (tbf); a kernel without it refuses the attaching with
 * MACVLAN_ERROR_UNSUPPORTED, and nothing remains. What it receives is the senders' business.
 * macvlan_host_check() does not look at it.
 */
int macvlan_endpoint_set_rate(struct macvlan_endpoint *endpoint,
                              const char *rate,
                              struct macvlan_error **error);

/**
 * The same in bits a second, 8 at least.
 */
int macvlan_endpoint_set_rate_bits(struct macvlan_endpoint *endpoint,
                                   uint64_t bits_per_second,
                                   struct macvlan_error **error);

/**
 * Its MAC address. Whether one was set; zeroes if not.
 */
bool macvlan_endpoint_mac(const struct macvlan_endpoint *endpoint, uint8_t mac[6]);

/**
 * Its MTU in bytes; 0 if it was not set.
 */
uint32_t macvlan_endpoint_mtu(const struct macvlan_endpoint *endpoint);

/**
 * How many addresses it has.
 */
size_t macvlan_endpoint_address_count(const struct macvlan_endpoint *endpoint);

/**
 * One of its addresses, counted from 0, as macvlan_endpoint_add_address() takes it. NULL past the end.
 */
const char *macvlan_endpoint_address(const struct macvlan_endpoint *endpoint,
                                     size_t index);

/**
 * How many gateways it has.
 */
size_t macvlan_endpoint_gateway_count(const struct macvlan_endpoint *endpoint);

/**
 * One of its gateways, counted from 0. NULL past the end.
 */
const char *macvlan_endpoint_gateway(const struct macvlan_endpoint *endpoint, size_t index);

/**
 * How many routes it has.
 */
size_t macvlan_endpoint_route_count(const struct macvlan_endpoint *endpoint);

/**
 * One of its routes, counted from 0, without the default routes of its gateways. NULL past the end.
 */
const char *macvlan_endpoint_route(const struct macvlan_endpoint *endpoint, size_t index);

/**
 * How many further names it has.
 */
size_t macvlan_endpoint_alternative_name_count(const struct macvlan_endpoint *endpoint);

/**
 * One of its further names, counted from 0. NULL past the end.
 */
const char *macvlan_endpoint_alternative_name(const struct macvlan_endpoint *endpoint,
                                              size_t index);

/**
 * Its alias; NULL if none was set.
 */
const char *macvlan_endpoint_alias(const struct macvlan_endpoint *endpoint);

/**
 * Whether gateways outside every subnet are taken to be on the link.
 */
bool macvlan_endpoint_is_on_link_gateways(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the metric of the gateways' default routes was set, and which.
 */
bool macvlan_endpoint_gateway_metric(const struct macvlan_endpoint *endpoint, uint32_t *metric);

/**
 * Returns whether it takes all multicast frames, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_allmulticast(const struct macvlan_endpoint *endpoint);

/**
 * Whether it is promiscuous.
 */
bool macvlan_endpoint_is_promisc(const struct macvlan_endpoint *endpoint);

/**
 * Whether the container's lo is set up as well.
 */
bool macvlan_endpoint_is_lo_up(const struct macvlan_endpoint *endpoint);

/**
 * Whether the container's default routes are replaced.
 */
bool macvlan_endpoint_is_replace_default_route(const struct macvlan_endpoint *endpoint);

/**
 * The table of its source routing; 0 if none was set.
 */
uint32_t macvlan_endpoint_source_routing(const struct macvlan_endpoint *endpoint);

/**
 * Its group. Whether one was set.
 */
bool macvlan_endpoint_group(const struct macvlan_endpoint *endpoint, uint32_t *group);

/**
 * Its transmit queue's length in packets. Whether one was set.
 */
bool macvlan_endpoint_tx_queue_len(const struct macvlan_endpoint *endpoint, uint32_t *packets);

/**
 * Its numbers of transmit and receive queues. Whether they were set.
 */
bool macvlan_endpoint_queues(const struct macvlan_endpoint *endpoint,
                             uint32_t *transmit,
                             uint32_t *receive);

/**
 * How its IPv6 link-local address is made: one of enum in6_addr_gen_mode, or -1 if it was not set.
 */
int macvlan_endpoint_addr_gen_mode(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether router advertisements are accepted, a value of the sysctl accept_ra; -1 if it was not set.
 */
int macvlan_endpoint_accept_ra(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the kernel adds addresses of advertised prefixes, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_autoconf(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether the link is without IPv6, 0 or 1; -1 if it was not set.
 */
int macvlan_endpoint_disable_ipv6(const struct macvlan_endpoint *endpoint);

/**
 * How long to try again, in milliseconds, while somebody else has the MAC address; 0 for not at all.
 */
uint32_t macvlan_endpoint_wait_for_mac(const struct macvlan_endpoint *endpoint);

/**
 * A copy of how its addresses are asked for, to be freed with macvlan_probe_free(); NULL if they are
 * not.
 */
int macvlan_endpoint_probe(const struct macvlan_endpoint *endpoint,
                           struct macvlan_probe **probe,
                           struct macvlan_error **error);

/**
 * A copy of how the neighbours are told of its addresses, to be freed with macvlan_announce_free();
 * NULL if they are not.
 */
int macvlan_endpoint_announce(const struct macvlan_endpoint *endpoint,
                              struct macvlan_announce **announce,
                              struct macvlan_error **error);

/**
 * How fast it may send at most, as macvlan_endpoint_set_rate() takes it; NULL if that was not set.
 */
const char *macvlan_endpoint_rate(const struct macvlan_endpoint *endpoint);

/**
 * The same in bits a second; 0 if that was not set.
 */
uint64_t macvlan_endpoint_rate_bits(const struct macvlan_endpoint *endpoint);

/**
 * Returns whether attaching it may take longer than the kernel needs: it asks the network for its
 * addresses, announces them several times, or waits for its MAC address. false if the endpoint is none.
 */
bool macvlan_endpoint_waits(const struct macvlan_endpoint *endpoint);

/* ------------------------------------------------------------------------------------------------
 * 13. Attachments: what a container interface is
 * ------------------------------------------------------------------------------------------------ */

/**
 * One container interface, as it was set up. Freed with macvlan_attachment_free(), unless it is a
 * part of a list; that changes nothing about the interface.
 *
 * It tells what was set without asking the kernel again; macvlan_attachment_refresh() asks. It does not
 * hold the container's namespace open, which ends with the container, and the link and its address on the
 * LAN with it. It finds the namespace by the macvlan_netns that the endpoint was attached by, until that
 * is freed, and then opens it again in the same way: by pid, pidfd, name or path. What it finds there is
 * the same namespace, or an error. Who opened it by a descriptor alone keeps that handle, or gives another
 * by macvlan_attachment_set_netns().
 *
 * Threads: any number may look at it at once; macvlan_attachment_refresh() and
 * macvlan_attachment_set_netns() need it alone.
 */
typedef struct macvlan_attachment macvlan_attachment;

/**
 * Container interfaces, given by macvlan_host_attachments() and macvlan_keeper_attachments(). Freed
 * with macvlan_attachment_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_attachment_list macvlan_attachment_list;

/**
 * The link's name inside. This and all other texts belong to the attachment, until it is refreshed or
 * freed. NULL if the attachment is none.
 */
const char *macvlan_attachment_name(const struct macvlan_attachment *attachment);

/**
 * The kernel's name for the link's kind: "macvlan", "macvtap" or "vlan".
 */
const char *macvlan_attachment_kind(const struct macvlan_attachment *attachment);

/**
 * The link's index inside; 0 if the attachment is none.
 */
uint32_t macvlan_attachment_index(const struct macvlan_attachment *attachment);

/**
 * The link's MAC address, also when nobody gave one. Zeroes if the attachment is none.
 */
void macvlan_attachment_mac(const struct macvlan_attachment *attachment, uint8_t mac[6]);

/**
 * The link's MTU in bytes; 0 before macvlan_attachment_refresh() if the endpoint gave none, and the
 * link has its parent's.
 */
uint32_t macvlan_attachment_mtu(const struct macvlan_attachment *attachment);

/**
 * The parent on the host: its name, or "#" and its index.
 */
const char *macvlan_attachment_parent(const struct macvlan_attachment *attachment);

/**
 * The parent's index on the host; 0 if the attachment is none.
 */
uint32_t macvlan_attachment_parent_index(const struct macvlan_attachment *attachment);

/**
 * A handle on the container's namespace, which is held open by it; to be freed by the caller. Fails with
 * MACVLAN_ERROR_NAMESPACE_GONE if the way by which it was opened leads nowhere any more, or to another
 * namespace, and with MACVLAN_ERROR_INVALID_VALUE if it was opened by a descriptor that is closed now.
 */
int macvlan_attachment_netns(const struct macvlan_attachment *attachment,
                             struct macvlan_netns **netns,
                             struct macvlan_error **error);

/**
 * Sets the handle by which the container's namespace is found, until that is freed. One on another
 * namespace is refused.
 */
int macvlan_attachment_set_netns(struct macvlan_attachment *attachment,
                                 const struct macvlan_netns *netns,
                                 struct macvlan_error **error);

/**
 * What identifies the container's namespace, as macvlan_netns_id() gives it. Both can be NULL.
 */
void macvlan_attachment_netns_id(const struct macvlan_attachment *attachment,
                                 uint64_t *device,
                                 uint64_t *inode);

/**
 * How many addresses the link has.
 */
size_t macvlan_attachment_address_count(const struct macvlan_attachment *attachment);

/**
 * One of the addresses, counted from 0, as macvlan_endpoint_add_address() takes it. NULL past the
 * end.
 */
const char *macvlan_attachment_address(const struct macvlan_attachment *attachment, size_t index);

/**
 * How many routes there are: those through the link, and those that the endpoint brought along.
 */
size_t macvlan_attachment_route_count(const struct macvlan_attachment *attachment);

/**
 * One of the routes, counted from 0, as macvlan_endpoint_add_route() takes it. NULL past the end.
 */
const char *macvlan_attachment_route(const struct macvlan_attachment *attachment, size_t index);

/**
 * How many policy rules were set, for macvlan_endpoint_set_source_routing().
 */
size_t macvlan_attachment_rule_count(const struct macvlan_attachment *attachment);

/**
 * One of the policy rules, counted from 0: "from 10.0.0.2/32 table 100". NULL past the end.
 */
const char *macvlan_attachment_rule(const struct macvlan_attachment *attachment, size_t index);

/**
 * Where a VM monitor finds a macvtap's frames: "/dev/tapN", N being the index. NULL for other kinds.
 */
const char *macvlan_attachment_tap_path(const struct macvlan_attachment *attachment);

/**
 * Opens a macvtap for a VM monitor, for reading and writing: the descriptor that QEMU takes as
 * `-netdev tap,fd=`. It is the caller's, to be closed with close(2), and closes on exec. Every opening
 * adds a queue.
 */
int macvlan_attachment_open_tap(const struct macvlan_attachment *attachment,
                                int *fd,
                                struct macvlan_error **error);

/**
 * Reads back from the kernel what the link is now: name, MAC address, MTU, addresses, the routes
 * through it in all tables, with those that the kernel made for the addresses, and the rules for
 * packets from its addresses. If it fails, the attachment is as it was.
 */
int macvlan_attachment_refresh(struct macvlan_attachment *attachment, struct macvlan_error **error);

/**
 * A copy, to be freed by the caller: of a list's part, for example, that is to outlive the list.
 */
int macvlan_attachment_clone(const struct macvlan_attachment *attachment,
                             struct macvlan_attachment **clone,
                             struct macvlan_error **error);

/**
 * Frees an attachment; does nothing to NULL, or to a part of a list. The interface stays.
 */
void macvlan_attachment_free(struct macvlan_attachment *attachment);

/**
 * How many there are.
 */
size_t macvlan_attachment_list_count(const struct macvlan_attachment_list *list);

/**
 * One of them, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_attachment *macvlan_attachment_list_get(const struct macvlan_attachment_list *list,
                                                             size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_attachment_list_free(struct macvlan_attachment_list *list);

/**
 * Announcements of an attachment's addresses, to be sent by whoever has the time: nothing is sent
 * before macvlan_announcement_run() or macvlan_announcement_send(). Freed with
 * macvlan_announcement_free().
 *
 * Threads: it never changes, so any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_announcement macvlan_announcement;

/**
 * Announcements of an attachment's addresses. They do not need the attachment any more.
 */
int macvlan_attachment_announce(const struct macvlan_attachment *attachment,
                                const struct macvlan_announce *announce,
                                struct macvlan_announcement **announcement,
                                struct macvlan_error **error);

/**
 * Sends all of them, and takes as long as that; `frames`, which can be NULL, tells how many frames
 * were sent. Ends early when the link is gone.
 */
int macvlan_announcement_run(const struct macvlan_announcement *announcement,
                             size_t *frames,
                             struct macvlan_error **error);

/**
 * Announces each address once, now; `frames` is as in macvlan_announcement_run(). What the link does
 * not have any more, or the kernel is still checking, is left out.
 */
int macvlan_announcement_send(const struct macvlan_announcement *announcement,
                              size_t *frames,
                              struct macvlan_error **error);

/**
 * Frees it; does nothing to NULL.
 */
void macvlan_announcement_free(struct macvlan_announcement *announcement);

/* ------------------------------------------------------------------------------------------------
 * 14. Hosts: attaching and detaching
 * ------------------------------------------------------------------------------------------------ */

/**
 * An open session on the namespace that parent links live in: attaches endpoints to containers, and
 * detaches them. Open one and keep it. Freed with macvlan_host_free().
 *
 * Needs CAP_NET_ADMIN in the user namespaces that own the host's and the container's network
 * namespaces, and CAP_SYS_ADMIN to enter the container's.
 *
 * Threads: any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_host macvlan_host;

/**
 * On the namespace that the calling thread is in.
 */
int macvlan_host_open(struct macvlan_host **host, struct macvlan_error **error);

/**
 * On another namespace: parents are looked for there.
 */
int macvlan_host_open_in_netns(const struct macvlan_netns *netns,
                               struct macvlan_host **host,
                               struct macvlan_error **error);

/**
 * A host on the same namespace, to be freed by the caller, whose functions return -EINTR when they are
 * cancelled while they wait: for a probe, the kernel's duplicate detection, blocking announcements, a
 * MAC address or a container's namespace that another has, or the events of a keeper. An attach is
 * undone whole. `host` itself is not changed.
 */
int macvlan_host_cancelled_by(const struct macvlan_host *host,
                              const struct macvlan_cancellation *cancellation,
                              struct macvlan_host **cancelled,
                              struct macvlan_error **error);

/**
 * A handle on the namespace that parents are looked for in, to be freed by the caller.
 */
int macvlan_host_netns(const struct macvlan_host *host,
                       struct macvlan_netns **netns,
                       struct macvlan_error **error);

/**
 * The verbs of `ip` on the host's namespace, to be freed by the caller.
 */
int macvlan_host_handle(const struct macvlan_host *host,
                        struct macvlan_handle **handle,
                        struct macvlan_error **error);

/**
 * Gives a container its interface, addresses and routes: all of it, or nothing and an error that
 * says why.
 *
 * The link is created directly in the container's namespace, up, in one request; addresses and routes
 * follow in one send. When any of it is refused, the link is deleted again, and nothing else has been
 * changed.
 *
 * The attachment does not refer to the other objects: each can be freed when it is not needed any
 * more. It is no owner of the interface either, which stays until it is detached or the container's
 * namespace ends.
 */
int macvlan_host_attach(struct macvlan_host *host,
                        const struct macvlan_endpoint *endpoint,
                        const struct macvlan_netns *netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_error **error);

/**
 * Takes the interface away, and with it its addresses, routes and rules, also routes that lead
 * nowhere or through other links; and its parent, if that is a VLAN that was made on demand and
 * nobody else is on it. Waits until the kernel has finished, about 16 ms. What is gone already is no
 * failure, be it with the container's namespace; macvlan_host_detach_and_tell() tells.
 *
 * If it fails it can be tried again. The attachment still has to be freed.
 */
int macvlan_host_detach(struct macvlan_host *host,
                        const struct macvlan_attachment *attachment,
                        struct macvlan_error **error);

/**
 * As macvlan_host_detach(), and tells whether the interface was there, or gone already.
 */
int macvlan_host_detach_and_tell(struct macvlan_host *host,
                                 const struct macvlan_attachment *attachment,
                                 bool *was_there,
                                 struct macvlan_error **error);

/**
 * Removes VLANs that were made on demand and that nobody uses: those whose containers ended without
 * being detached.
 */
int macvlan_host_remove_unused_parents(struct macvlan_host *host, struct macvlan_error **error);

/**
 * The interfaces in a container that hang on this host's links: macvlans, macvtaps and VLANs,
 * whoever made them.
 */
int macvlan_host_attachments(const struct macvlan_host *host,
                             const struct macvlan_netns *netns,
                             struct macvlan_attachment_list **attachments,
                             struct macvlan_error **error);

/**
 * Closes the session; does nothing to NULL. What was attached stays.
 */
void macvlan_host_free(struct macvlan_host *host);

/**
 * A detachment under way, given by macvlan_host_detach_later(). Freed with macvlan_detaching_free(),
 * which does not stop it.
 *
 * Threads: any number may ask whether it is finished; macvlan_detaching_wait() needs it alone.
 */
typedef struct macvlan_detaching macvlan_detaching;

/**
 * Attaches many, one after the other; a failure does not stop the others.
 *
 * The arrays have `count` places each: the endpoints, the namespaces that they go to, and what is
 * given: for each its attachment, or NULL and an error. `errors` can be NULL. All that is given is to
 * be freed. Returns 0 if all were attached, else what the first failure would return alone, which
 * `error` tells too.
 */
int macvlan_host_attach_all(struct macvlan_host *host,
                            const struct macvlan_endpoint *const *endpoints,
                            const struct macvlan_netns *const *namespaces,
                            size_t count,
                            struct macvlan_attachment **attachments,
                            struct macvlan_error **errors,
                            struct macvlan_error **error);

/**
 * Detaches many; a failure does not stop the others. `errors` is as in macvlan_host_attach_all(), and
 * so is what is returned. The attachments still have to be freed.
 *
 * Deleting a link waits about 16 ms for the kernel without keeping others from it, so here the waits
 * overlap: those in one namespace are deleted by one request, and namespaces are dealt with by up to
 * 64 threads.
 */
int macvlan_host_detach_all(struct macvlan_host *host,
                            const struct macvlan_attachment *const *attachments,
                            size_t count,
                            struct macvlan_error **errors,
                            struct macvlan_error **error);

/**
 * Detaches without waiting: a thread does it, and macvlan_detaching_wait() tells how it went.
 *
 * Returns in some ten microseconds. Where no thread can be made, it is done here and now. If the
 * process ends before the thread does, the interface may remain.
 */
int macvlan_host_detach_later(struct macvlan_host *host,
                              const struct macvlan_attachment *attachment,
                              struct macvlan_detaching **detaching,
                              struct macvlan_error **error);

/**
 * Whether it has ended, in whatever way.
 */
bool macvlan_detaching_is_finished(const struct macvlan_detaching *detaching);

/**
 * Waits for its end, once, and tells whether the interface was there, or gone already. `was_there`
 * can be NULL.
 */
int macvlan_detaching_wait(struct macvlan_detaching *detaching,
                           bool *was_there,
                           struct macvlan_error **error);

/**
 * Frees a detachment, which goes on; does nothing to NULL.
 */
void macvlan_detaching_free(struct macvlan_detaching *detaching);

/**
 * Namespaces with a link already inside, for containers that cannot wait. Freed with
 * macvlan_pool_free(); namespaces that nobody has taken go with it.
 *
 * Making the link is most of what attaching costs; here it is done beforehand. A container that
 * starts is given a namespace out of the pool, and its link then gets its name, addresses and routes,
 * in a fraction of the time. The container's process has to join that namespace, as setns(2) and
 * every runtime's "network namespace by path" does.
 *
 * The pool does not fill itself: call macvlan_pool_fill() when there is time, from whatever thread.
 *
 * Threads: any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_pool macvlan_pool;

/**
 * A pool of `size` namespaces, each with a macvlan in mode bridge on this parent, which is as in
 * macvlan_endpoint_new(); filled when this returns. It does not need the host any more.
 */
int macvlan_host_pool(const struct macvlan_host *host,
                      const char *parent,
                      size_t size,
                      struct macvlan_pool **pool,
                      struct macvlan_error **error);

/**
 * A pool of links of any kind, with any options that are said when a link is made: the template's
 * kind, parent, MTU, queues, group, transmit queue length, promisc and lo.
 */
int macvlan_host_pool_of(const struct macvlan_host *host,
                         const struct macvlan_endpoint *template_,
                         size_t size,
                         struct macvlan_pool **pool,
                         struct macvlan_error **error);

/**
 * Makes namespaces until the pool is full again, and tells how many; `made` can be NULL.
 */
int macvlan_pool_fill(struct macvlan_pool *pool, size_t *made, struct macvlan_error **error);

/**
 * Takes a namespace out of the pool and makes its link this endpoint; from an empty pool, with one
 * made now. `netns` is a handle on the namespace, to be freed when the container's process has joined it;
 * the namespace ends with it otherwise.
 *
 * The endpoint may differ from the template in name, MAC address, addresses, gateways, routes, rules,
 * alias, alternative names and address generation. If any of it is refused, the namespace is given
 * up.
 */
int macvlan_pool_attach(struct macvlan_pool *pool,
                        const struct macvlan_endpoint *endpoint,
                        struct macvlan_netns **netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_error **error);

/**
 * How many namespaces are ready.
 */
size_t macvlan_pool_count(const struct macvlan_pool *pool);

/**
 * The namespaces that are ready, the one to be taken next first.
 */
int macvlan_pool_namespaces(const struct macvlan_pool *pool,
                            struct macvlan_netns_list **namespaces,
                            struct macvlan_error **error);

/**
 * Frees a pool, with the namespaces that nobody has taken; does nothing to NULL.
 */
void macvlan_pool_free(struct macvlan_pool *pool);

/* ------------------------------------------------------------------------------------------------
 * 15. Checking and repairing
 * ------------------------------------------------------------------------------------------------ */

/**
 * What is not as an endpoint says. More may come: a program has to expect numbers that are not listed
 * here.
 */
typedef enum macvlan_difference_kinds {
    /**
     * Something that this version has no number for.
     */
    MACVLAN_DIFFERENCE_OTHER = 0,
    /**
     * There is no link of that name.
     */
    MACVLAN_DIFFERENCE_LINK_MISSING = 1,
    /**
     * The link is of another kind, or has an option that cannot be changed. Needs replacement.
     */
    MACVLAN_DIFFERENCE_MADE = 2,
    /**
     * The link hangs on another parent, or the parent is gone. Needs replacement.
     */
    MACVLAN_DIFFERENCE_PARENT = 3,
    /**
     * The link's MAC address.
     */
    MACVLAN_DIFFERENCE_MAC = 4,
    /**
     * The link's MTU.
     */
    MACVLAN_DIFFERENCE_MTU = 5,
    /**
     * Options of a macvlan or macvtap that can be changed.
     */
    MACVLAN_DIFFERENCE_MACVLAN = 6,
    /**
     * Options of a VLAN that can be changed.
     */
    MACVLAN_DIFFERENCE_VLAN = 7,
    /**
     * The link is down.
     */
    MACVLAN_DIFFERENCE_DOWN = 8,
    /**
     * The link's promisc flag.
     */
    MACVLAN_DIFFERENCE_PROMISC = 9,
    /**
     * The link's alias.
     */
    MACVLAN_DIFFERENCE_ALIAS = 10,
    /**
     * An alternative name is missing.
     */
    MACVLAN_DIFFERENCE_ALTERNATIVE_NAME = 11,
    /**
     * The link's group.
     */
    MACVLAN_DIFFERENCE_GROUP = 12,
    /**
     * The link's transmit queue length.
     */
    MACVLAN_DIFFERENCE_TX_QUEUE_LEN = 13,
    /**
     * The link's address generation mode.
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
     * How much the link may send.
     */
    MACVLAN_DIFFERENCE_RATE = 19,
    /**
     * A sysctl of the link.
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
     * The link's allmulticast flag.
     */
    MACVLAN_DIFFERENCE_ALLMULTICAST = 23,
} macvlan_difference_kinds;

/**
 * One thing that is not as an endpoint says: a part of a macvlan_difference_list, which it is freed
 * with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_difference macvlan_difference;

/**
 * What is not as an endpoint says, or was not before it was repaired, given by macvlan_host_check()
 * and macvlan_host_ensure(). Freed with macvlan_difference_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_difference_list macvlan_difference_list;

/**
 * What is not as the endpoint says; an empty list if all is right. Reads only. What is there besides,
 * such as further addresses, is no difference.
 */
int macvlan_host_check(const struct macvlan_host *host,
                       const struct macvlan_endpoint *endpoint,
                       const struct macvlan_netns *netns,
                       struct macvlan_difference_list **differences,
                       struct macvlan_error **error);

/**
 * Makes it so: attaches the endpoint when it is missing, repairs what has drifted, and does nothing
 * but read when all is right. Gives the attachment and what was not as it should be; `repaired` can
 * be NULL.
 *
 * What cannot be changed in place (kind, parent, number of queues, to or from mode passthru) is
 * refused with MACVLAN_ERROR_NEEDS_REPLACEMENT; see macvlan_host_ensure_or_replace(). A repair that is
 * refused leaves the earlier ones done.
 */
int macvlan_host_ensure(struct macvlan_host *host,
                        const struct macvlan_endpoint *endpoint,
                        const struct macvlan_netns *netns,
                        struct macvlan_attachment **attachment,
                        struct macvlan_difference_list **repaired,
                        struct macvlan_error **error);

/**
 * As macvlan_host_ensure(), but replaces a link that cannot be changed in place. What others have on the
 * old link goes with it: addresses, routes through it, neighbours, queueing disciplines. If the new one is
 * refused, the old one is created again, and the error names what it has no more.
 */
int macvlan_host_ensure_or_replace(struct macvlan_host *host,
                                   const struct macvlan_endpoint *endpoint,
                                   const struct macvlan_netns *netns,
                                   struct macvlan_attachment **attachment,
                                   struct macvlan_difference_list **repaired,
                                   struct macvlan_error **error);

/**
 * What it is about: one of enum macvlan_difference_kinds.
 */
int macvlan_difference_kind(const struct macvlan_difference *difference);

/**
 * The difference in words: "the MTU is 1500 and should be 1400". It belongs to the object. NULL if
 * the object is none.
 */
const char *macvlan_difference_text(const struct macvlan_difference *difference);

/**
 * Whether it cannot be changed on the link as it is.
 */
bool macvlan_difference_needs_replacement(const struct macvlan_difference *difference);

/**
 * How many differences there are; 0 if all is right.
 */
size_t macvlan_difference_list_count(const struct macvlan_difference_list *list);

/**
 * One of the differences, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_difference *macvlan_difference_list_get(const struct macvlan_difference_list *list,
                                                             size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_difference_list_free(struct macvlan_difference_list *list);

/* ------------------------------------------------------------------------------------------------
 * 16. Keeping endpoints attached
 * ------------------------------------------------------------------------------------------------ */

/**
 * What a keeper has seen or done. More may come: a program has to expect numbers that are not listed
 * here.
 */
typedef enum macvlan_keep_event_kinds {
    /**
     * Something that this version has no number for.
     */
    MACVLAN_KEEP_EVENT_OTHER = 0,
    /**
     * The parent of the attachment is gone, and its link with it. It is waited for.
     */
    MACVLAN_KEEP_EVENT_GONE = 1,
    /**
     * The endpoint is attached again: same name, MAC address, addresses and routes.
     */
    MACVLAN_KEEP_EVENT_ATTACHED = 2,
    /**
     * The parent of the attachment has another name now. Nothing had to be done.
     */
    MACVLAN_KEEP_EVENT_RENAMED = 3,
    /**
     * An endpoint could not be attached, or it could not be found out whether it still is; it will be
     * tried again. Reported when the reason is another than the last time.
     */
    MACVLAN_KEEP_EVENT_FAILED = 4,
    /**
     * The container has ended, or nothing leads to its namespace any more: its endpoint is not kept from
     * now on.
     */
    MACVLAN_KEEP_EVENT_ENDED = 5,
} macvlan_keep_event_kinds;

/**
 * What a keeper has seen or done, given by macvlan_keeper_next(). Freed with
 * macvlan_keep_event_free(); all that it tells belongs to it.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_keep_event macvlan_keep_event;

/**
 * What happened: one of enum macvlan_keep_event_kinds.
 */
int macvlan_keep_event_kind(const struct macvlan_keep_event *event);

/**
 * The event in words: "eth0 in the network namespace of pid 2084: its parent ens33 is gone". NULL if
 * the event is none.
 */
const char *macvlan_keep_event_text(const struct macvlan_keep_event *event);

/**
 * The name of the endpoint that it is about. NULL if the event is none.
 */
const char *macvlan_keep_event_name(const struct macvlan_keep_event *event);

/**
 * A handle on the namespace of the container that it is about, to be freed by the caller. Fails with
 * MACVLAN_ERROR_NAMESPACE_GONE if the container has ended.
 */
int macvlan_keep_event_netns(const struct macvlan_keep_event *event,
                             struct macvlan_netns **netns,
                             struct macvlan_error **error);

/**
 * What identifies that namespace, or did, as macvlan_netns_id() gives it. Both can be NULL.
 */
void macvlan_keep_event_netns_id(const struct macvlan_keep_event *event,
                                 uint64_t *device,
                                 uint64_t *inode);

/**
 * The attachment that it is about; NULL if there is none: when it failed or ended.
 */
const struct macvlan_attachment *macvlan_keep_event_attachment(const struct macvlan_keep_event *event);

/**
 * The parent's new name; NULL if it has none.
 */
const char *macvlan_keep_event_parent(const struct macvlan_keep_event *event);

/**
 * Why it failed or ended; NULL if it did not.
 */
const struct macvlan_error *macvlan_keep_event_error(const struct macvlan_keep_event *event);

/**
 * Frees an event; does nothing to NULL.
 */
void macvlan_keep_event_free(struct macvlan_keep_event *event);

/**
 * Keeps endpoints attached: when their parent disappears (a network card that is pulled out, a driver
 * that is loaded anew, a VLAN that somebody makes again) and comes back, also with another index, or,
 * known by its MAC address, with another name, they are attached again, with the same name, MAC
 * address, addresses and routes. VLANs that are made on demand are made again. Given by
 * macvlan_host_keep(). Freed with macvlan_keeper_free().
 *
 * That a link goes down is no reason to do anything: the kernel keeps what is on it. Nor is it that
 * somebody takes the container's link away while its parent stands.
 *
 * It works when macvlan_keeper_next() is called: on a thread that waits there, or in a loop over
 * descriptors, with macvlan_keeper_fd() and macvlan_keeper_patience() for poll(2).
 *
 * Threads: one at a time.
 */
typedef struct macvlan_keeper macvlan_keeper;

/**
 * Attaches `count` endpoints, or finds them attached (macvlan_host_ensure()), and keeps them so; those
 * whose parent does not exist yet are waited for. If one fails otherwise, those that were attached by
 * this call are detached again.
 *
 * The arrays have `count` places each: the endpoints, and the namespaces that they go to. All are
 * copied.
 */
int macvlan_host_keep(struct macvlan_host *host,
                      const struct macvlan_endpoint *const *endpoints,
                      const struct macvlan_netns *const *namespaces,
                      size_t count,
                      struct macvlan_keeper **keeper,
                      struct macvlan_error **error);

/**
 * Keeps one more endpoint, which is copied.
 */
int macvlan_keeper_add(struct macvlan_keeper *keeper,
                       const struct macvlan_endpoint *endpoint,
                       const struct macvlan_netns *netns,
                       struct macvlan_error **error);

/**
 * Does not keep an endpoint any more, and gives its attachment, as it is; NULL if there is none with
 * this name in this namespace, or its parent is gone at this moment.
 */
int macvlan_keeper_release(struct macvlan_keeper *keeper,
                           const char *name,
                           const struct macvlan_netns *netns,
                           struct macvlan_attachment **attachment,
                           struct macvlan_error **error);

/**
 * Has a keeper end its waits and its endpoints' probes when that is cancelled: macvlan_keeper_next() then
 * returns -EINTR. It replaces what was set before, not what cancels the host. What was broken off is begun
 * again with the next call that is not cancelled.
 */
int macvlan_keeper_set_cancellation(struct macvlan_keeper *keeper,
                                    const struct macvlan_cancellation *cancellation,
                                    struct macvlan_error **error);

/**
 * What is attached at this moment; copies.
 */
int macvlan_keeper_attachments(const struct macvlan_keeper *keeper,
                               struct macvlan_attachment_list **attachments,
                               struct macvlan_error **error);

/**
 * Sees to what has happened, and waits for the next event, at most so many milliseconds; as long as
 * it takes if that is negative. If none has come by then, `event` is NULL and the function returns 0.
 */
int macvlan_keeper_next(struct macvlan_keeper *keeper,
                        int milliseconds,
                        struct macvlan_keep_event **event,
                        struct macvlan_error **error);

/**
 * A descriptor that is readable when something has happened, for poll(2); it stays the keeper's. Call
 * macvlan_keeper_next() with 0 milliseconds until it gives none, and again after
 * macvlan_keeper_patience(). -1 if the keeper is none.
 */
int macvlan_keeper_fd(const struct macvlan_keeper *keeper);

/**
 * How many milliseconds poll(2) may wait at most until macvlan_keeper_next() is called, though the
 * descriptor has not become readable: something that failed is to be tried again then. -1 for ever.
 */
int macvlan_keeper_patience(const struct macvlan_keeper *keeper);

/**
 * Frees a keeper; does nothing to NULL. The endpoints stay as they are.
 */
void macvlan_keeper_free(struct macvlan_keeper *keeper);

/* ------------------------------------------------------------------------------------------------
 * 17. Which addresses are taken
 * ------------------------------------------------------------------------------------------------ */

/**
 * Who has which of the addresses that were asked for, in the order of the addresses, given by
 * macvlan_host_probe_free(). Freed with macvlan_holder_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_holder_list macvlan_holder_list;

/**
 * Asks on a parent's network for `count` addresses of both families at once, and tells who has which;
 * those that are not in the list are free. For pools of addresses. The parent is as in
 * macvlan_endpoint_new().
 *
 * It is asked through a macvlan in a namespace of its own, both gone when this returns, because a
 * question from the parent itself would not reach the containers on it. Those in modes private and
 * vepa do not hear it either; the parent's own addresses are looked up. A parent that has a container
 * in mode passthru is refused. Nobody's neighbour table changes.
 */
int macvlan_host_probe_free(const struct macvlan_host *host,
                            const char *parent,
                            const char *const *addresses,
                            size_t count,
                            const struct macvlan_probe *probe,
                            struct macvlan_holder_list **holders,
                            struct macvlan_error **error);

/**
 * How many holders there are; 0 if all addresses are free.
 */
size_t macvlan_holder_list_count(const struct macvlan_holder_list *list);

/**
 * One of the holders, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_holder *macvlan_holder_list_get(const struct macvlan_holder_list *list,
                                                     size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_holder_list_free(struct macvlan_holder_list *list);

/* ------------------------------------------------------------------------------------------------
 * 18. Why a container does not reach a peer
 * ------------------------------------------------------------------------------------------------ */

/**
 * What is not as it should be. The numbers are stable, and more may come: a program has to expect
 * numbers that are not listed here.
 */
typedef enum macvlan_finding_kinds {
    /**
     * There is no finding: macvlan_finding_kind(NULL).
     */
    MACVLAN_FINDING_NONE = 0,
    /**
     * The container's link does not exist any more.
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
     * The parent does not exist any more.
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
     * The parent, or a link below it, is a port of a bridge, bond or VRF, which takes its frames.
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
     * No route leads to the peer by this link.
     */
    MACVLAN_FINDING_NO_ROUTE = 10,
    /**
     * The peer is the host itself, which its own macvlans do not reach.
     */
    MACVLAN_FINDING_PEER_IS_HOST = 11,
    /**
     * The container's question did not leave by the parent.
     */
    MACVLAN_FINDING_NOT_SENT = 12,
    /**
     * The question went out, and nobody has answered.
     */
    MACVLAN_FINDING_NO_ANSWER = 13,
    /**
     * The peer answers the parent, and not the container: something on the way lets only the
     * parent's MAC address pass.
     */
    MACVLAN_FINDING_MAC_FILTERED = 14,
    /**
     * The answer arrives only while the parent is promiscuous.
     */
    MACVLAN_FINDING_NOT_PROMISCUOUS = 15,
    /**
     * The answer has reached the parent, and not the container.
     */
    MACVLAN_FINDING_ANSWER_LOST = 16,
    /**
     * Several answer for one address.
     */
    MACVLAN_FINDING_SEVERAL_ANSWER = 17,
    /**
     * Somebody else sends with the container's MAC address.
     */
    MACVLAN_FINDING_MAC_ELSEWHERE = 18,
    /**
     * The wire carries other VLANs than this one.
     */
    MACVLAN_FINDING_OTHER_VLANS = 19,
    /**
     * The container remembers another MAC address than the peer has.
     */
    MACVLAN_FINDING_WRONG_NEIGHBOUR = 20,
    /**
     * The kernel does not use an IPv6 address of the container, because another host has it.
     */
    MACVLAN_FINDING_ADDRESS_DUPLICATE = 21,
    /**
     * The kernel has looked for a duplicate of an IPv6 address for longer than that takes.
     */
    MACVLAN_FINDING_ADDRESS_TENTATIVE = 22,
    /**
     * The route to the subnet of an address was deleted.
     */
    MACVLAN_FINDING_CONNECTED_ROUTE_MISSING = 23,
} macvlan_finding_kinds;

/**
 * What was found out about an attachment and a peer, given by macvlan_host_diagnose(). Freed with
 * macvlan_diagnosis_free(); all that it tells belongs to it.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_diagnosis macvlan_diagnosis;

/**
 * Something that is not as it should be: a part of a macvlan_diagnosis, which it is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_finding macvlan_finding;

/**
 * Finds out why a container does not reach a peer on its network, "192.168.15.2": looks at its link,
 * its parent and its addresses, asks for the peer (or the gateway to it) from inside, and listens on
 * the parent to what goes out and what comes in.
 *
 * Takes a third of a second where the peer answers, and up to two where it does not. Nothing is
 * changed, but that the parent is promiscuous for a moment where nobody answers. Needs CAP_NET_RAW
 * beside the others.
 */
int macvlan_host_diagnose(const struct macvlan_host *host,
                          const struct macvlan_attachment *attachment,
                          const char *peer,
                          struct macvlan_diagnosis **diagnosis,
                          struct macvlan_error **error);

/**
 * Whether the peer, or the gateway that leads to it, has answered the container.
 */
bool macvlan_diagnosis_answered(const struct macvlan_diagnosis *diagnosis);

/**
 * How many findings there are; 0 if all is well.
 */
size_t macvlan_diagnosis_finding_count(const struct macvlan_diagnosis *diagnosis);

/**
 * One of the findings, counted from 0, what hinders most first. NULL past the end.
 */
const struct macvlan_finding *macvlan_diagnosis_finding(const struct macvlan_diagnosis *diagnosis,
                                                        size_t index);

/**
 * Whether there is a finding of this kind, one of enum macvlan_finding_kinds.
 */
bool macvlan_diagnosis_has(const struct macvlan_diagnosis *diagnosis, int kind);

/**
 * How many facts there are.
 */
size_t macvlan_diagnosis_fact_count(const struct macvlan_diagnosis *diagnosis);

/**
 * Something that was seen, for the person reading, counted from 0: states of links, neighbour entries,
 * frames, VLANs. NULL past the end.
 */
const char *macvlan_diagnosis_fact(const struct macvlan_diagnosis *diagnosis,
                                   size_t index);

/**
 * All of it: the findings with their remedies and the facts, a line each. NULL if the diagnosis is
 * none.
 */
const char *macvlan_diagnosis_text(const struct macvlan_diagnosis *diagnosis);

/**
 * Frees a diagnosis; does nothing to NULL.
 */
void macvlan_diagnosis_free(struct macvlan_diagnosis *diagnosis);

/**
 * What it is: one of enum macvlan_finding_kinds. MACVLAN_FINDING_NONE for NULL.
 */
int macvlan_finding_kind(const struct macvlan_finding *finding);

/**
 * The kind's name, for logs: "parent-down". NULL for NULL.
 */
const char *macvlan_finding_kind_name(const struct macvlan_finding *finding);

/**
 * What it is, in words. NULL for NULL.
 */
const char *macvlan_finding_text(const struct macvlan_finding *finding);

/**
 * What can be done about it. NULL for NULL.
 */
const char *macvlan_finding_remedy(const struct macvlan_finding *finding);

/* ------------------------------------------------------------------------------------------------
 * 19. From the host to its own containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * How a host is to reach the containers on one of its parents: a value, for macvlan_host_access_by().
 * Freed with macvlan_access_options_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_access_options macvlan_access_options;

/**
 * With the parent's own addresses, borrowed, and a route to each container. The parent is as in
 * macvlan_endpoint_new().
 */
int macvlan_access_options_new(const char *parent,
                               struct macvlan_access_options **options,
                               struct macvlan_error **error);

/**
 * The same on a parent that is an object, which is copied.
 */
int macvlan_access_options_new_on(const struct macvlan_parent *parent,
                                  struct macvlan_access_options **options,
                                  struct macvlan_error **error);

/**
 * Sets the name of the host's macvlan where it has to be made. Defaults to the parent's name and "-host",
 * or, where that is too long or the name of such a link on another parent, to "mvh" and the parent's
 * index.
 */
int macvlan_access_options_set_name(struct macvlan_access_options *options,
                                    const char *name,
                                    struct macvlan_error **error);

/**
 * An address of its own, "192.168.15.250", one more each time, instead of the parent's. It is a host's
 * address, as /32 or /128, and nobody else may have it.
 */
int macvlan_access_options_add_address(struct macvlan_access_options *options,
                                       const char *address,
                                       struct macvlan_error **error);

/**
 * A subnet that is containers' alone, "192.168.15.128/25", one more each time: one route leads to all
 * of it, and none to each container in it.
 */
int macvlan_access_options_add_route(struct macvlan_access_options *options,
                                     const char *prefix,
                                     struct macvlan_error **error);

/**
 * Whether the link and its routes stay when the last container has gone and when the access is closed
 * or freed; no when not set. What was kept is found again by macvlan_host_access().
 */
int macvlan_access_options_set_keep(struct macvlan_access_options *options,
                                    bool keep,
                                    struct macvlan_error **error);

/**
 * Frees it; does nothing to NULL. What was made with it has a copy.
 */
void macvlan_access_options_free(struct macvlan_access_options *options);

/**
 * Addresses that have been moved, to be confirmed: given by macvlan_access_move_addresses(). At its
 * deadline it moves them back by itself. Freed with macvlan_moving_free(), which moves them back at
 * once if they were not confirmed.
 *
 * Threads: any number may ask whether it is pending; whoever confirms, undoes or frees it needs it
 * alone.
 */
typedef struct macvlan_moving macvlan_moving;

/**
 * Leaves the addresses where they are, once. Too late, when they have been moved back already, is
 * MACVLAN_ERROR_TIMED_OUT.
 */
int macvlan_moving_confirm(struct macvlan_moving *moving, struct macvlan_error **error);

/**
 * Moves the addresses back now, and tells how that went.
 */
int macvlan_moving_undo(struct macvlan_moving *moving, struct macvlan_error **error);

/**
 * Whether they are still moved and to be confirmed.
 */
bool macvlan_moving_is_pending(const struct macvlan_moving *moving);

/**
 * Frees it, and moves the addresses back if they were not confirmed; does nothing to NULL.
 */
void macvlan_moving_free(struct macvlan_moving *moving);

/**
 * A host's way to the containers on one parent, by a macvlan of its own beside them: the kernel does
 * not let it reach them otherwise. Given by macvlan_host_access(). Freed with macvlan_access_free().
 *
 * Containers that are attached by macvlan_access_attach() can be reached from the host, and can reach
 * it at the parent's addresses. It has to be mode bridge on both sides. When the last container is
 * detached by macvlan_access_detach(), or the access is closed or freed, the host's link goes, unless
 * it is to be kept; it comes back with the next container.
 *
 * The link answers ARP only for what the host reaches by it (arp_filter), so that others on the
 * network go on using the parent. IPv6 knows no such thing: with borrowed addresses, others may learn
 * either MAC address, and both lead to the host.
 *
 * Threads: any number may use it at once; it is closed and freed when nobody does.
 */
typedef struct macvlan_access macvlan_access;

/**
 * Subnets, given by macvlan_access_routes(). Freed with macvlan_prefix_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_prefix_list macvlan_prefix_list;

/**
 * Lets the host reach the containers on a parent, with the parent's own addresses: makes the link, or
 * finds the one that was kept. If any of it fails, nothing has changed. The parent is as in
 * macvlan_endpoint_new().
 */
int macvlan_host_access(struct macvlan_host *host,
                        const char *parent,
                        struct macvlan_access **access,
                        struct macvlan_error **error);

/**
 * The same with options, which are copied.
 */
int macvlan_host_access_by(struct macvlan_host *host,
                           const struct macvlan_access_options *options,
                           struct macvlan_access **access,
                           struct macvlan_error **error);

/**
 * Writes the name that the host's link had when it was last looked at, at most 15 characters and a zero
 * byte. Whether there is a link: there is none when the last container has gone, and the name is empty
 * then.
 */
bool macvlan_access_name(const struct macvlan_access *access,
                         char name[16]);

/**
 * The index of the host's link; 0 if there is none at the moment.
 */
uint32_t macvlan_access_index(const struct macvlan_access *access);

/**
 * The destinations that the host reaches by it, at this moment.
 */
int macvlan_access_routes(const struct macvlan_access *access,
                          struct macvlan_prefix_list **routes,
                          struct macvlan_error **error);

/**
 * As macvlan_host_attach(), and the host has a route to each of the container's addresses; all of it,
 * or nothing. The endpoint has to be a macvlan or macvtap in mode bridge on the same parent.
 */
int macvlan_access_attach(struct macvlan_access *access,
                          const struct macvlan_endpoint *endpoint,
                          const struct macvlan_netns *netns,
                          struct macvlan_attachment **attachment,
                          struct macvlan_error **error);

/**
 * Lets the host reach a container that is attached already.
 */
int macvlan_access_add(struct macvlan_access *access,
                       const struct macvlan_attachment *attachment,
                       struct macvlan_error **error);

/**
 * Lends the addresses that the parent has now, and makes the host's link again if it was deleted, with its
 * routes. Where all is right it only looks. To be called after events of a macvlan_watch that are about
 * addresses of the parent or about the host's link.
 */
int macvlan_access_refresh(struct macvlan_access *access,
                           struct macvlan_error **error);

/**
 * Takes the host's routes to a container away, and leaves the container as it is; with the last
 * container the host's link goes, unless it is to be kept.
 */
int macvlan_access_remove(struct macvlan_access *access,
                          const struct macvlan_attachment *attachment,
                          struct macvlan_error **error);

/**
 * As macvlan_host_detach(), and the host's routes to the container go; with the last container, the
 * host's link too, unless it is to be kept. `was_there`, which can be NULL, tells whether the
 * container's interface was there, or gone already. The attachment still has to be freed.
 */
int macvlan_access_detach(struct macvlan_access *access,
                          const struct macvlan_attachment *attachment,
                          bool *was_there,
                          struct macvlan_error **error);

/**
 * Moves the parent's addresses, and the routes through it, to the host's link: from then on host and
 * containers are plain neighbours, with one connected subnet.
 *
 * There is no moment without an address. If any of it fails, everything is as before. Unless
 * macvlan_moving_confirm() is called within so many milliseconds, it undoes itself, so that who has
 * cut himself off only has to wait; the thread that sees to it ends with the macvlan_moving. A process
 * that is killed leaves what it has done.
 *
 * IPv4 and IPv6; addresses that the kernel made by itself (link-local, by a router's advertisement)
 * stay, and so do the routes that come from such advertisements. A DHCP client or a network manager
 * has to be told itself.
 */
int macvlan_access_move_addresses(struct macvlan_access *access,
                                  uint32_t milliseconds,
                                  struct macvlan_moving **moving,
                                  struct macvlan_error **error);

/**
 * Moves the addresses and routes back to the parent, if they have been moved, by this process or, with
 * a link that was kept, by another.
 */
int macvlan_access_move_back(struct macvlan_access *access,
                             struct macvlan_error **error);

/**
 * Takes the host's link away with its routes, if it is not to be kept, and tells how that went.
 * Addresses that were moved are moved back before. The access still has to be freed.
 */
int macvlan_access_close(struct macvlan_access *access, struct macvlan_error **error);

/**
 * Frees an access, and closes it before, if that has not been done; does nothing to NULL.
 */
void macvlan_access_free(struct macvlan_access *access);

/**
 * How many subnets there are.
 */
size_t macvlan_prefix_list_count(const struct macvlan_prefix_list *list);

/**
 * One of the subnets as text, "192.168.15.3/32", counted from 0. It belongs to the list. NULL past the
 * end.
 */
const char *macvlan_prefix_list_get(const struct macvlan_prefix_list *list,
                                    size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_prefix_list_free(struct macvlan_prefix_list *list);

/* ------------------------------------------------------------------------------------------------
 * 20. Networks: what they should be
 * ------------------------------------------------------------------------------------------------ */

/**
 * A subnet that a network gives addresses from: a value, for macvlan_network_config_add_subnet(), and
 * checked when the network is created. Freed with macvlan_subnet_free(), unless it is a part of
 * a macvlan_network_config.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_subnet macvlan_subnet;

/**
 * A subnet, "10.0.10.0/24" or "fd00:10::/64"; host bits are refused, since it could not be told what
 * was meant. Its router is its first address, as Docker has it.
 */
int macvlan_subnet_new(const char *net,
                       struct macvlan_subnet **subnet,
                       struct macvlan_error **error);

/**
 * Its router; the first address of the subnet when not set. It is in the subnet, a link-local IPv6 address,
 * or, with macvlan_subnet_set_on_link_gateway(), anywhere.
 */
int macvlan_subnet_set_gateway(struct macvlan_subnet *subnet,
                               const char *gateway,
                               struct macvlan_error **error);

/**
 * Sets whether a gateway outside the subnet is taken to be on the link (onlink). Defaults to false, and
 * then such a gateway is refused when the network is created.
 */
int macvlan_subnet_set_on_link_gateway(struct macvlan_subnet *subnet,
                                       bool on_link,
                                       struct macvlan_error **error);

/**
 * No router: no default route, and the first address can be given to a container.
 */
int macvlan_subnet_set_no_gateway(struct macvlan_subnet *subnet, struct macvlan_error **error);

/**
 * Sets the only part of the subnet that addresses are given from, "10.0.10.64/26" or
 * "10.0.10.64-10.0.10.99": this host's share, where several hosts have one subnet and a store each. Defaults
 * to all of it.
 */
int macvlan_subnet_set_range(struct macvlan_subnet *subnet,
                             const char *range,
                             struct macvlan_error **error);

/**
 * Adds a part of the subnet that addresses are given from.
 */
int macvlan_subnet_add_range(struct macvlan_subnet *subnet,
                             const char *range,
                             struct macvlan_error **error);

/**
 * Adds addresses that are never given to a container, such as those that a DHCP server gives:
 * "10.0.10.64/26", "10.0.10.64-10.0.10.99" or "10.0.10.7".
 */
int macvlan_subnet_add_excluded(struct macvlan_subnet *subnet,
                                const char *excluded,
                                struct macvlan_error **error);

/**
 * One more address that is given to no other container than the one of this name, which gets it: "printer",
 * "10.0.10.70".
 */
int macvlan_subnet_add_reserved(struct macvlan_subnet *subnet,
                                const char *name,
                                const char *address,
                                struct macvlan_error **error);

/**
 * The subnet as text. This and all other texts belong to the object, until it is changed or freed.
 * NULL if the object is none.
 */
const char *macvlan_subnet_net(const struct macvlan_subnet *subnet);

/**
 * Its router's address; NULL if it has none.
 */
const char *macvlan_subnet_gateway(const struct macvlan_subnet *subnet);

/**
 * Returns whether a gateway outside the subnet is taken to be on the link.
 */
bool macvlan_subnet_is_on_link_gateway(const struct macvlan_subnet *subnet);

/**
 * Returns the first part that addresses are given from; NULL if it is all of it.
 */
const char *macvlan_subnet_range(const struct macvlan_subnet *subnet);

/**
 * Returns how many parts addresses are given from; 0 if it is all of it.
 */
size_t macvlan_subnet_range_count(const struct macvlan_subnet *subnet);

/**
 * Returns one of the parts that addresses are given from, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_range_at(const struct macvlan_subnet *subnet, size_t index);

/**
 * Returns how many ranges are excluded.
 */
size_t macvlan_subnet_excluded_count(const struct macvlan_subnet *subnet);

/**
 * Returns one of the excluded ranges, counted from 0. NULL past the end.
 */
const char *macvlan_subnet_excluded_at(const struct macvlan_subnet *subnet, size_t index);

/**
 * How many addresses are reserved.
 */
size_t macvlan_subnet_reserved_count(const struct macvlan_subnet *subnet);

/**
 * For whom one of them is reserved, counted from 0, by name. NULL past the end.
 */
const char *macvlan_subnet_reserved_name(const struct macvlan_subnet *subnet, size_t index);

/**
 * The address that is reserved for it. NULL past the end.
 */
const char *macvlan_subnet_reserved_address(const struct macvlan_subnet *subnet, size_t index);

/**
 * Frees a subnet; does nothing to NULL.
 */
void macvlan_subnet_free(struct macvlan_subnet *subnet);

/**
 * What a container's MAC address follows from, when it is given none.
 */
typedef enum macvlan_mac_from {
    /**
     * Its IPv4 address, as Docker has it: 02:42: and the four bytes. Without one, as
     * MACVLAN_MAC_FROM_CONTAINER.
     */
    MACVLAN_MAC_FROM_ADDRESS = 1,
    /**
     * The network and the container's id: it stays when the address changes.
     */
    MACVLAN_MAC_FROM_CONTAINER = 2,
} macvlan_mac_from;

/**
 * Which free address a network gives next.
 */
typedef enum macvlan_order {
    /**
     * The lowest that is free.
     */
    MACVLAN_ORDER_FIRST = 1,
    /**
     * The next after the one that was given last, and the lowest again after the highest: an address
     * that was given back rests as long as it can.
     */
    MACVLAN_ORDER_NEXT = 2,
    /**
     * Any, by chance.
     */
    MACVLAN_ORDER_RANDOM = 3,
} macvlan_order;

/**
 * What a network should be: a value, as an endpoint is one. macvlan_networks_create() makes it so.
 * Freed with macvlan_network_config_free(), unless it is a part of a macvlan_network.
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_network_config macvlan_network_config;

/**
 * A network without a parent, in mode bridge, whose subnet is chosen unless it is given one.
 */
int macvlan_network_config_new(const char *name,
                               struct macvlan_network_config **config,
                               struct macvlan_error **error);

/**
 * A copy, to be changed by itself; also of a network's.
 */
int macvlan_network_config_clone(const struct macvlan_network_config *config,
                                 struct macvlan_network_config **clone,
                                 struct macvlan_error **error);

/**
 * The link on the host that its containers hang on: "ens33", or in VLAN notation "ens33.100", which
 * is made when the first container needs it and removed with the last.
 *
 * Without a parent the network is isolated: its containers hang on a dummy link of its own, "dm-" and
 * the beginning of its id, and reach one another on one host and nobody else.
 */
int macvlan_network_config_set_parent(struct macvlan_network_config *config,
                                      const char *parent,
                                      struct macvlan_error **error);

/**
 * Sets the link on the host that its containers hang on, which is copied, where text does not say all: a VLAN
 * under a name of its own, or with the service tag.
 */
int macvlan_network_config_set_parent_object(struct macvlan_network_config *config,
                                             const struct macvlan_parent *parent,
                                             struct macvlan_error **error);

/**
 * Gives its containers interfaces without addresses, and no subnet is chosen for it: they get their addresses
 * from outside, by DHCP or router advertisements, or have none. The container's own sysctls of IPv6 hold.
 */
int macvlan_network_config_set_without_addresses(struct macvlan_network_config *config,
                                                 struct macvlan_error **error);

/**
 * Sets whether an IPv6 subnet is chosen for it if it has none: a /64 of the store's own /48 of unique local
 * addresses (RFC 4193) that no network and no link or route of this host has. Defaults to false.
 */
int macvlan_network_config_set_ipv6(struct macvlan_network_config *config,
                                    bool ipv6,
                                    struct macvlan_error **error);

/**
 * Who its containers may talk to; MACVLAN_MODE_BRIDGE when not set.
 */
int macvlan_network_config_set_mode(struct macvlan_network_config *config,
                                    enum macvlan_mode mode,
                                    struct macvlan_error **error);

/**
 * One more subnet, of either family, which is copied. A container gets one address of each family,
 * from the first of its subnets that has one left.
 */
int macvlan_network_config_add_subnet(struct macvlan_network_config *config,
                                      const struct macvlan_subnet *subnet,
                                      struct macvlan_error **error);

/**
 * Whether no container gets a default route through it; no when not set.
 */
int macvlan_network_config_set_internal(struct macvlan_network_config *config,
                                        bool internal,
                                        struct macvlan_error **error);

/**
 * The MTU of its containers' interfaces; the parent's when not set.
 */
int macvlan_network_config_set_mtu(struct macvlan_network_config *config,
                                   uint32_t mtu,
                                   struct macvlan_error **error);

/**
 * Adds a route that each container gets on its interface: "10.9.0.0/16 via 10.0.10.254 metric 50". One with a
 * gateway in a subnet is for the containers that have an address there. Default routes are the gateways'.
 */
int macvlan_network_config_add_route(struct macvlan_network_config *config,
                                     const char *route,
                                     struct macvlan_error **error);

/**
 * Sets the metric of its default routes. Defaults to the kernel's, 0 for IPv4 and 1024 for IPv6.
 */
int macvlan_network_config_set_metric(struct macvlan_network_config *config,
                                      uint32_t metric,
                                      struct macvlan_error **error);

/**
 * Sets whether its containers' interfaces are without IPv6. Defaults to whether it has no IPv6 subnet and
 * accepts no router advertisements; with one, IPv6 is on where the container's default is off, too.
 */
int macvlan_network_config_set_disable_ipv6(struct macvlan_network_config *config,
                                            bool disable,
                                            struct macvlan_error **error);

/**
 * Sets whether its containers' interfaces accept router advertisements: the values of the sysctl accept_ra, 0
 * for never, 1 unless the interface forwards, 2 always. Defaults to 0.
 */
int macvlan_network_config_set_accept_ra(struct macvlan_network_config *config,
                                         int accept,
                                         struct macvlan_error **error);

/**
 * Sets whether the container's own sysctls of IPv6 hold, but for those that were set. Defaults to false.
 */
int macvlan_network_config_set_leave_ipv6(struct macvlan_network_config *config,
                                          bool leave,
                                          struct macvlan_error **error);

/**
 * Sets whether its containers' interfaces take all multicast frames. Defaults to those of the groups that are
 * joined on them.
 */
int macvlan_network_config_set_allmulticast(struct macvlan_network_config *config,
                                            bool on,
                                            struct macvlan_error **error);

/**
 * Which free address is given next; MACVLAN_ORDER_FIRST when not set.
 */
int macvlan_network_config_set_order(struct macvlan_network_config *config,
                                     enum macvlan_order order,
                                     struct macvlan_error **error);

/**
 * What a container's MAC address follows from; MACVLAN_MAC_FROM_ADDRESS when not set.
 */
int macvlan_network_config_set_mac_from(struct macvlan_network_config *config,
                                        enum macvlan_mac_from from,
                                        struct macvlan_error **error);

/**
 * Whether an address is looked for on the wire before it is given, so that one that somebody else has
 * is skipped, and remembered as foreign; no when not set. Takes a quarter of a second, unless
 * macvlan_networks_set_probe() says otherwise.
 */
int macvlan_network_config_set_probe(struct macvlan_network_config *config,
                                     bool probe,
                                     struct macvlan_error **error);

/**
 * Whether the kernel checks IPv6 addresses on the wire, which takes it a second or two in which they
 * cannot be used; no when not set, as Docker has it.
 */
int macvlan_network_config_set_duplicate_detection(struct macvlan_network_config *config,
                                                   bool detect,
                                                   struct macvlan_error **error);

/**
 * How many addresses a host takes at a time for its containers, where many hosts have one store: its
 * share of each subnet grows by so many when it has none left. When not set, all hosts give from one
 * pool. A store of a single host has no use for it.
 */
int macvlan_network_config_set_share(struct macvlan_network_config *config,
                                     uint32_t addresses,
                                     struct macvlan_error **error);

/**
 * How many seconds an address that is given back stays its container's, and is given to no other
 * unless nothing else is left. When not set, a container that returns gets its address again if
 * nobody else got it meanwhile.
 */
int macvlan_network_config_set_keep(struct macvlan_network_config *config,
                                    uint64_t seconds,
                                    struct macvlan_error **error);

/**
 * One more option, for whoever reads it with macvlan_network_inspect(); it means nothing here.
 */
int macvlan_network_config_add_option(struct macvlan_network_config *config,
                                      const char *key,
                                      const char *value,
                                      struct macvlan_error **error);

/**
 * One more label, likewise.
 */
int macvlan_network_config_add_label(struct macvlan_network_config *config,
                                     const char *key,
                                     const char *value,
                                     struct macvlan_error **error);

/**
 * Frees a description of a network; does nothing to NULL.
 */
void macvlan_network_config_free(struct macvlan_network_config *config);

/**
 * The network's name. This and all other texts, and the subnets, belong to the object, until it is
 * changed or freed. NULL if the object is none.
 */
const char *macvlan_network_config_name(const struct macvlan_network_config *config);

/**
 * Its parent; NULL if it has none.
 */
const char *macvlan_network_config_parent(const struct macvlan_network_config *config);

/**
 * Makes a copy of its parent, to be freed with macvlan_parent_free(); NULL if it has none, which is no
 * failure.
 */
int macvlan_network_config_parent_object(const struct macvlan_network_config *config,
                                         struct macvlan_parent **parent,
                                         struct macvlan_error **error);

/**
 * Returns whether its containers' interfaces have no addresses of the network's.
 */
bool macvlan_network_config_is_without_addresses(const struct macvlan_network_config *config);

/**
 * Returns whether an IPv6 subnet is chosen for it if it has none.
 */
bool macvlan_network_config_is_ipv6(const struct macvlan_network_config *config);

/**
 * Its mode: one of enum macvlan_mode; 0 if the object is none.
 */
uint32_t macvlan_network_config_mode(const struct macvlan_network_config *config);

/**
 * How many subnets it has. One that was chosen is among them: ask the network's.
 */
size_t macvlan_network_config_subnet_count(const struct macvlan_network_config *config);

/**
 * One of its subnets, counted from 0. NULL past the end.
 */
const struct macvlan_subnet *macvlan_network_config_subnet(const struct macvlan_network_config *config,
                                                           size_t index);

/**
 * Whether no container gets a default route through it.
 */
bool macvlan_network_config_is_internal(const struct macvlan_network_config *config);

/**
 * The MTU of its containers' interfaces; 0 if it was not set.
 */
uint32_t macvlan_network_config_mtu(const struct macvlan_network_config *config);

/**
 * Returns how many routes it has, without the default routes of its gateways.
 */
size_t macvlan_network_config_route_count(const struct macvlan_network_config *config);

/**
 * Returns one of its routes, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_route(const struct macvlan_network_config *config, size_t index);

/**
 * Returns whether the metric of its default routes was set, and which.
 */
bool macvlan_network_config_metric(const struct macvlan_network_config *config, uint32_t *metric);

/**
 * Returns whether its containers' interfaces are without IPv6, 0 or 1; -1 if it was not set.
 */
int macvlan_network_config_disable_ipv6(const struct macvlan_network_config *config);

/**
 * Returns whether its containers' interfaces accept router advertisements, a value of the sysctl accept_ra; -1
 * if it was not set.
 */
int macvlan_network_config_accept_ra(const struct macvlan_network_config *config);

/**
 * Returns whether the container's own sysctls of IPv6 hold, but for those that were set.
 */
bool macvlan_network_config_is_leave_ipv6(const struct macvlan_network_config *config);

/**
 * Returns whether its containers' interfaces take all multicast frames, 0 or 1; -1 if it was not set.
 */
int macvlan_network_config_allmulticast(const struct macvlan_network_config *config);

/**
 * Which free address is given next: one of enum macvlan_order; 0 if the object is none.
 */
uint32_t macvlan_network_config_order(const struct macvlan_network_config *config);

/**
 * What a container's MAC address follows from: one of enum macvlan_mac_from; 0 if the object is none.
 */
uint32_t macvlan_network_config_mac_from(const struct macvlan_network_config *config);

/**
 * Whether an address is looked for on the wire before it is given.
 */
bool macvlan_network_config_is_probe(const struct macvlan_network_config *config);

/**
 * Whether the kernel checks IPv6 addresses on the wire.
 */
bool macvlan_network_config_is_duplicate_detection(const struct macvlan_network_config *config);

/**
 * How many addresses a host takes at a time; 0 if it was not set.
 */
uint32_t macvlan_network_config_share(const struct macvlan_network_config *config);

/**
 * How many seconds an address that is given back stays its container's; 0 if it was not set.
 */
uint64_t macvlan_network_config_keep(const struct macvlan_network_config *config);

/**
 * How many options it has.
 */
size_t macvlan_network_config_option_count(const struct macvlan_network_config *config);

/**
 * The key of one of its options, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_option_key(const struct macvlan_network_config *config,
                                              size_t index);

/**
 * The value of that option. NULL past the end.
 */
const char *macvlan_network_config_option_value(const struct macvlan_network_config *config,
                                                size_t index);

/**
 * How many labels it has.
 */
size_t macvlan_network_config_label_count(const struct macvlan_network_config *config);

/**
 * The key of one of its labels, counted from 0. NULL past the end.
 */
const char *macvlan_network_config_label_key(const struct macvlan_network_config *config,
                                             size_t index);

/**
 * The value of that label. NULL past the end.
 */
const char *macvlan_network_config_label_value(const struct macvlan_network_config *config,
                                               size_t index);

/* ------------------------------------------------------------------------------------------------
 * 21. Networks and their containers
 * ------------------------------------------------------------------------------------------------ */

/**
 * How a container is to be connected to a network: a value, for macvlan_network_connect(). Freed with
 * macvlan_member_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_member macvlan_member;

/**
 * A container, by an id that stays the same: when it returns, it gets its addresses again.
 */
int macvlan_member_new(const char *container,
                       struct macvlan_member **member,
                       struct macvlan_error **error);

/**
 * The name by which others find it, which no other container of the network can have; none when not set. Names
 * are compared as DNS does, and stored in lower case.
 */
int macvlan_member_set_name(struct macvlan_member *member,
                            const char *name,
                            struct macvlan_error **error);

/**
 * Adds a further name by which others find it. Several containers may have the same: whoever asks for it
 * gets the addresses of all.
 */
int macvlan_member_add_alias(struct macvlan_member *member,
                             const char *alias,
                             struct macvlan_error **error);

/**
 * Adds a link-local address, in 169.254.0.0/16 or fe80::/10. The network does not keep it from others.
 */
int macvlan_member_add_link_local_address(struct macvlan_member *member,
                                          const char *address,
                                          struct macvlan_error **error);

/**
 * Adds an address that it is to have, "10.0.10.7". One is chosen of each family of which none is given.
 */
int macvlan_member_add_address(struct macvlan_member *member,
                               const char *address,
                               struct macvlan_error **error);

/**
 * Adds a pending lease, by its id, whose addresses and MAC address it takes: see macvlan_network_allocate(). No
 * address is chosen then.
 */
int macvlan_member_take(struct macvlan_member *member,
                        const char *id,
                        struct macvlan_error **error);

/**
 * Sets the interface's name inside, which tells it from others of the container in the network: a name that none
 * of them has is that of a further one, with addresses of its own. Without it, the one that the container has is
 * meant; if it has none, its name is the first free "ethN".
 */
int macvlan_member_set_interface(struct macvlan_member *member,
                                 const char *name,
                                 struct macvlan_error **error);

/**
 * The interface's MAC address; derived when not set, see macvlan_network_config_set_mac_from().
 */
int macvlan_member_set_mac(struct macvlan_member *member,
                           const uint8_t mac[6],
                           struct macvlan_error **error);

/**
 * Sets whether the container's default routes lead through this network: never, if false; if true, in front
 * of all networks that the container is in, with a priority that is one higher than theirs. When not set,
 * macvlan_member_set_gw_priority() decides.
 *
 * Routes do not lead through a network that is internal, or has no gateway of the family. When the network
 * that they lead through goes, the next takes its place.
 */
int macvlan_member_set_default_route(struct macvlan_member *member,
                                     bool default_route,
                                     struct macvlan_error **error);

/**
 * Sets the network's priority among those that the container's default routes can lead through. The highest
 * gets them, and of several that have the same the one that was connected first. Defaults to 0.
 */
int macvlan_member_set_gw_priority(struct macvlan_member *member,
                                   int32_t priority,
                                   struct macvlan_error **error);

/**
 * Sets whether default routes that the container has from somebody else are deleted, where this network's
 * take their place. Otherwise they stay, and no other of the family is added. They are not added again when
 * the container is disconnected.
 */
int macvlan_member_set_replace_default_route(struct macvlan_member *member,
                                             bool replace,
                                             struct macvlan_error **error);

/**
 * Frees a description of a container; does nothing to NULL.
 */
void macvlan_member_free(struct macvlan_member *member);

/**
 * One interface of a container in one network, as the store has it, given by macvlan_network_lease(). Freed
 * with macvlan_lease_free(), unless it is a part of another object.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_lease macvlan_lease;

/**
 * Leases, given by macvlan_network_leases(). Freed with macvlan_lease_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_lease_list macvlan_lease_list;

/**
 * The network's id. This and all other texts belong to the lease. NULL if the lease is none.
 */
const char *macvlan_lease_network(const struct macvlan_lease *lease);

/**
 * The container's id, as the caller calls it; of addresses that were allocated without a container, the lease's
 * own id.
 */
const char *macvlan_lease_container(const struct macvlan_lease *lease);

/**
 * The name by which others find it; NULL if it has none.
 */
const char *macvlan_lease_name(const struct macvlan_lease *lease);

/**
 * The host that it runs on.
 */
const char *macvlan_lease_host(const struct macvlan_lease *lease);

/**
 * The lease's id, which tells it from any other that the container had or will have.
 */
const char *macvlan_lease_endpoint(const struct macvlan_lease *lease);

/**
 * The interface's name inside.
 */
const char *macvlan_lease_interface(const struct macvlan_lease *lease);

/**
 * The interface's MAC address. Whether it has one of its own; zeroes if not: in mode passthru it is
 * the parent's.
 */
bool macvlan_lease_mac(const struct macvlan_lease *lease, uint8_t mac[6]);

/**
 * How many addresses it has.
 */
size_t macvlan_lease_address_count(const struct macvlan_lease *lease);

/**
 * One of its addresses with the prefix length of its subnet, "10.0.10.2/24", counted from 0. NULL past
 * the end.
 */
const char *macvlan_lease_address(const struct macvlan_lease *lease,
                                  size_t index);

/**
 * Returns how many further names it has, which several containers may have.
 */
size_t macvlan_lease_alias_count(const struct macvlan_lease *lease);

/**
 * Returns one of its further names, counted from 0. NULL past the end.
 */
const char *macvlan_lease_alias(const struct macvlan_lease *lease, size_t index);

/**
 * Returns how many link-local addresses it has.
 */
size_t macvlan_lease_link_local_count(const struct macvlan_lease *lease);

/**
 * Returns one of its link-local addresses, without a prefix length, counted from 0. NULL past the end.
 */
const char *macvlan_lease_link_local(const struct macvlan_lease *lease,
                                     size_t index);

/**
 * Returns the network's priority among those that default routes can lead through.
 */
int32_t macvlan_lease_gw_priority(const struct macvlan_lease *lease);

/**
 * Returns which of the container's connections it is: a later one has a higher number.
 */
uint32_t macvlan_lease_sequence(const struct macvlan_lease *lease);

/**
 * Returns whether the container's default routes may lead through this network. They lead through one of
 * those that may and that have a gateway of the family: the one with the highest priority.
 */
bool macvlan_lease_is_default_route(const struct macvlan_lease *lease);

/**
 * The boot that the container's namespace was made in (/proc/sys/kernel/random/boot_id); of a pending lease, the
 * boot that it was made in.
 */
const char *macvlan_lease_netns_boot(const struct macvlan_lease *lease);

/**
 * The inode number of the container's namespace; 0 if the lease is none, or pending.
 */
uint64_t macvlan_lease_netns_inode(const struct macvlan_lease *lease);

/**
 * The kernel's cookie for the container's namespace, which it gives to no second one; 0 before Linux
 * 5.14.
 */
uint64_t macvlan_lease_netns_cookie(const struct macvlan_lease *lease);

/**
 * Returns the path by which the container's namespace was found, which may lead to another by now; NULL if it
 * was not by one.
 */
const char *macvlan_lease_netns_path(const struct macvlan_lease *lease);

/**
 * Returns whether it is pending: it is not bound to a namespace yet.
 */
bool macvlan_lease_is_pending(const struct macvlan_lease *lease);

/**
 * Returns since when it is pending, in seconds since 1970; 0 if it is not.
 */
uint64_t macvlan_lease_pending_since(const struct macvlan_lease *lease);

/**
 * Tells for how long it is pending, in seconds, by the clocks of two hosts if it is another host's; 0 if it is
 * not.
 */
int macvlan_lease_pending_age(const struct macvlan_lease *lease,
                              uint64_t *age,
                              struct macvlan_error **error);

/**
 * Returns the name that its link has in the host's namespace, if it was created there to be moved
 * (macvlan_network_create_link()); NULL if it was not.
 */
const char *macvlan_lease_link(const struct macvlan_lease *lease);

/**
 * Whether the container's namespace was made since this machine was started; false of a pending lease.
 */
int macvlan_lease_is_of_this_boot(const struct macvlan_lease *lease,
                                  bool *is,
                                  struct macvlan_error **error);

/**
 * Whether the container's namespace is this one, and no other that ever was.
 */
int macvlan_lease_is_of_netns(const struct macvlan_lease *lease,
                              const struct macvlan_netns *netns,
                              bool *is,
                              struct macvlan_error **error);

/**
 * Frees a lease that is no part of another object; does nothing to NULL. The store keeps it.
 */
void macvlan_lease_free(struct macvlan_lease *lease);

/**
 * How many leases there are.
 */
size_t macvlan_lease_list_count(const struct macvlan_lease_list *list);

/**
 * One of the leases, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_lease *macvlan_lease_list_get(const struct macvlan_lease_list *list,
                                                   size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_lease_list_free(struct macvlan_lease_list *list);

/**
 * A container that is connected to a network: its lease, and what it became in the kernel. Given by
 * macvlan_network_connect(). Freed with macvlan_connection_free(), which changes nothing about it.
 *
 * It does not hold the container's namespace open.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_connection macvlan_connection;

/**
 * What the store has of it. It belongs to the connection. NULL if the connection is none.
 */
const struct macvlan_lease *macvlan_connection_lease(const struct macvlan_connection *connection);

/**
 * What it became in the kernel, as macvlan_host_attach() would give it. It belongs to the connection.
 * NULL if the connection is none.
 */
const struct macvlan_attachment *macvlan_connection_attachment(const struct macvlan_connection *connection);

/**
 * The interface's name inside. It belongs to the connection. NULL if the connection is none.
 */
const char *macvlan_connection_interface(const struct macvlan_connection *connection);

/**
 * The interface's MAC address. Zeroes if the connection is none.
 */
void macvlan_connection_mac(const struct macvlan_connection *connection, uint8_t mac[6]);

/**
 * How many addresses it has.
 */
size_t macvlan_connection_address_count(const struct macvlan_connection *connection);

/**
 * One of its addresses, without a prefix length, counted from 0. It belongs to the connection. NULL
 * past the end.
 */
const char *macvlan_connection_address(const struct macvlan_connection *connection, size_t index);

/**
 * Frees a connection; does nothing to NULL. The container stays connected.
 */
void macvlan_connection_free(struct macvlan_connection *connection);

/**
 * A network that exists, given by macvlan_networks_create() and macvlan_networks_get(): connects
 * containers to it, and tells who is. Freed with macvlan_network_free(), unless it is a part of
 * a list; the network stays.
 *
 * Threads: any number may use it at once; it is freed when nobody does.
 */
typedef struct macvlan_network macvlan_network;

/**
 * Networks, given by macvlan_networks_list(). Freed with macvlan_network_list_free().
 *
 * Threads: any number may use what is in it at once; it is freed when nobody does.
 */
typedef struct macvlan_network_list macvlan_network_list;

/**
 * Its id: 64 hexadecimal digits. This and all other texts, and what it was created as, belong to the
 * object. NULL if the network is none.
 */
const char *macvlan_network_id(const struct macvlan_network *network);

/**
 * Its name.
 */
const char *macvlan_network_name(const struct macvlan_network *network);

/**
 * When it was created: "2024-05-01T12:00:00Z".
 */
const char *macvlan_network_created(const struct macvlan_network *network);

/**
 * The link that its containers hang on: the parent, or, for an isolated network, the dummy link of its
 * own.
 */
const char *macvlan_network_parent(const struct macvlan_network *network);

/**
 * What it was created as, and with which subnet if none was given. NULL if the network is none.
 */
const struct macvlan_network_config *macvlan_network_get_config(const struct macvlan_network *network);

/**
 * Returns how many reasons there were that would have kept containers from being connected when it was created
 * or changed by this object, such as a parent that does not exist; 0 of a network that was found.
 */
size_t macvlan_network_warning_count(const struct macvlan_network *network);

/**
 * Returns one of these reasons as a sentence, counted from 0. NULL past the end.
 */
const char *macvlan_network_warning(const struct macvlan_network *network, size_t index);

/**
 * Connects a container: leases its addresses and attaches its interface; all of it, or nothing and an
 * error that says why.
 *
 * A container that is connected already, in the same namespace, stays as it is; what is missing of its
 * interface is repaired. If the namespace in which it was connected is gone, as after a restart of the
 * container, it is connected anew, with the addresses it had.
 *
 * While somebody else connects or disconnects the container, in whatever process, this waits.
 */
int macvlan_network_connect(const struct macvlan_network *network,
                            const struct macvlan_member *member,
                            const struct macvlan_netns *netns,
                            struct macvlan_connection **connection,
                            struct macvlan_error **error);

/**
 * Takes a container out of the network, by its id, or one of its interfaces, by "ID/INTERFACE": detaches its
 * interfaces, and gives its addresses back. A pending lease is given back, by the container that it is for, or
 * by its own id if it is for none, and the link that was created for it is removed. Its namespace is looked for; if it is gone, nothing is left to be detached. `was_there`, which
 * can be NULL, tells whether the interface was there.
 *
 * On another host than the one that it runs on it is refused while that host lives.
 */
int macvlan_network_disconnect(const struct macvlan_network *network,
                               const char *container,
                               bool *was_there,
                               struct macvlan_error **error);

/**
 * As macvlan_network_disconnect(), by one who has a handle on the namespace, which saves looking for
 * it; refused if the container is connected in another one by now.
 */
int macvlan_network_disconnect_from(const struct macvlan_network *network,
                                    const char *container,
                                    const struct macvlan_netns *netns,
                                    bool *was_there,
                                    struct macvlan_error **error);

/**
 * Tells who is connected, on all hosts, with the leases that are pending. A container has one for each of its
 * interfaces.
 */
int macvlan_network_leases(const struct macvlan_network *network,
                           struct macvlan_lease_list **leases,
                           struct macvlan_error **error);

/**
 * Returns the leases of a container, by its id, or of one of its interfaces, by "ID/INTERFACE", in the order in
 * which they were connected.
 */
int macvlan_network_leases_of(const struct macvlan_network *network,
                              const char *container,
                              struct macvlan_lease_list **leases,
                              struct macvlan_error **error);

/**
 * Returns the lease of a container, by its id, or of one of its interfaces, by "ID/INTERFACE"; of several that
 * of the first that was connected. NULL if it is not connected, which is no failure.
 */
int macvlan_network_lease(const struct macvlan_network *network,
                          const char *container,
                          struct macvlan_lease **lease,
                          struct macvlan_error **error);

/**
 * Removes it from the store, and the link that it made, if it is isolated; refused while somebody is
 * connected. The object still has to be freed.
 */
int macvlan_network_remove(const struct macvlan_network *network,
                           struct macvlan_error **error);

/**
 * Frees a network's object; does nothing to NULL. The network stays.
 */
void macvlan_network_free(struct macvlan_network *network);

/**
 * How many networks there are.
 */
size_t macvlan_network_list_count(const struct macvlan_network_list *list);

/**
 * One of the networks, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_network *macvlan_network_list_get(const struct macvlan_network_list *list,
                                                       size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_network_list_free(struct macvlan_network_list *list);

/**
 * Which addresses are to be leased before there is a container: a value, for macvlan_network_allocate().
 * Freed with macvlan_allocation_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_allocation macvlan_allocation;

/**
 * Makes one of an address of each family that the network has.
 */
int macvlan_allocation_new(struct macvlan_allocation **allocation, struct macvlan_error **error);

/**
 * Adds an address that it is to have, "10.0.10.7". One is chosen of each family of which none is given.
 */
int macvlan_allocation_add_address(struct macvlan_allocation *allocation,
                                   const char *address,
                                   struct macvlan_error **error);

/**
 * Sets whether an IPv4 and whether an IPv6 address is chosen where none is given. Both default to true.
 */
int macvlan_allocation_set_families(struct macvlan_allocation *allocation,
                                    bool ipv4,
                                    bool ipv6,
                                    struct macvlan_error **error);

/**
 * Sets the MAC address; derived when not set, see macvlan_network_config_set_mac_from().
 */
int macvlan_allocation_set_mac(struct macvlan_allocation *allocation,
                               const uint8_t mac[6],
                               struct macvlan_error **error);

/**
 * Leases addresses before there is a container, for callers that are asked for an address first. Nobody else
 * gets them. `lease`, which is given, is pending until a container takes it, by its id
 * (macvlan_lease_endpoint()) in macvlan_member_take(), or until it is given back by
 * macvlan_network_disconnect() with that id. One that is pending for longer than
 * macvlan_networks_set_pending_age() says, or since another boot, is taken back by
 * macvlan_networks_collect().
 */
int macvlan_network_allocate(const struct macvlan_network *network,
                             const struct macvlan_allocation *allocation,
                             struct macvlan_lease **lease,
                             struct macvlan_error **error);

/**
 * Frees a description of addresses; does nothing to NULL. What was leased stays.
 */
void macvlan_allocation_free(struct macvlan_allocation *allocation);

/**
 * A link in the host's namespace that is to be moved to a container, and what it is to have there, given by
 * macvlan_network_create_link(). Freed with macvlan_host_link_free(), which changes nothing about it.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_host_link macvlan_host_link;

/**
 * Leases addresses for a container and creates its link in the host's namespace, down and without addresses,
 * for a caller that moves it to the container, and sets name, addresses and routes there. All of it, or nothing
 * and an error that says why.
 *
 * The lease is pending until macvlan_network_bind() or macvlan_networks_reconcile() finds the link in the
 * container's namespace. For as long as it is, macvlan_networks_collect() takes back both when it is older than
 * macvlan_networks_set_pending_age() says. macvlan_network_disconnect() removes the link, also where it was
 * moved back.
 *
 * Addresses and routes inside are the caller's: they are not repaired, and the container's default routes are
 * led through its other networks only, unless macvlan_member_set_default_route() says otherwise.
 */
int macvlan_network_create_link(const struct macvlan_network *network,
                                const struct macvlan_member *member,
                                struct macvlan_host_link **link,
                                struct macvlan_error **error);

/**
 * Binds a container's pending lease, by its id, or by "ID/INTERFACE" if it has several, to the namespace that
 * its link was moved to, with the name that it has there. One that is bound to it already stays as it is.
 * `lease`, which is given, is what it is now.
 */
int macvlan_network_bind(const struct macvlan_network *network,
                         const char *container,
                         const struct macvlan_netns *netns,
                         struct macvlan_lease **lease,
                         struct macvlan_error **error);

/**
 * Returns what the store has of it: the addresses that it is to have inside. It belongs to the object. NULL if
 * the link is none.
 */
const struct macvlan_lease *macvlan_host_link_lease(const struct macvlan_host_link *link);

/**
 * Returns its name in the host's namespace, "mv-" and 12 hexadecimal digits. It belongs to the object. NULL if
 * the link is none.
 */
const char *macvlan_host_link_name(const struct macvlan_host_link *link);

/**
 * Returns its index in the host's namespace; 0 if the link is none.
 */
uint32_t macvlan_host_link_index(const struct macvlan_host_link *link);

/**
 * Tells its MAC address, which stays when it is moved. Zeroes if the link is none.
 */
void macvlan_host_link_mac(const struct macvlan_host_link *link, uint8_t mac[6]);

/**
 * Returns how many gateways there are: one of each family that has one, none in an internal network.
 */
size_t macvlan_host_link_gateway_count(const struct macvlan_host_link *link);

/**
 * Returns one of the gateways, counted from 0. It belongs to the object. NULL past the end.
 */
const char *macvlan_host_link_gateway(const struct macvlan_host_link *link, size_t index);

/**
 * Returns how many of the network's routes are to lead through it.
 */
size_t macvlan_host_link_route_count(const struct macvlan_host_link *link);

/**
 * Returns one of these routes, counted from 0, as macvlan_endpoint_add_route() takes it. It belongs to the
 * object. NULL past the end.
 */
const char *macvlan_host_link_route(const struct macvlan_host_link *link,
                                    size_t index);

/**
 * Frees what is known of a link; does nothing to NULL. The link stays.
 */
void macvlan_host_link_free(struct macvlan_host_link *link);

/**
 * What came of changing a network, given by macvlan_network_update(), macvlan_network_set_parent() and
 * macvlan_networks_ensure(). Freed with macvlan_updated_free().
 *
 * Threads: any number may use what is in it at once; it is freed when nobody does.
 */
typedef struct macvlan_updated macvlan_updated;

/**
 * Changes a network to another configuration, whole or not at all. Containers stay connected as they are; the
 * result tells which of them are to be connected again. The name stays. A configuration without subnets leaves
 * the network those that it has.
 *
 * Refused with MACVLAN_ERROR_NETWORK_IN_USE where a container has an address that the network would not have
 * any more, and with MACVLAN_ERROR_NETWORK_CONTENDED where others have changed it since it was read.
 */
int macvlan_network_update(const struct macvlan_network *network,
                           const struct macvlan_network_config *config,
                           struct macvlan_updated **updated,
                           struct macvlan_error **error);

/**
 * Sets the link that a network's containers hang on, whatever else others change. The parent is as in
 * macvlan_network_config_set_parent(). As macvlan_network_update().
 */
int macvlan_network_set_parent(const struct macvlan_network *network,
                               const char *parent,
                               struct macvlan_updated **updated,
                               struct macvlan_error **error);

/**
 * The same to a parent that is an object, which is copied.
 */
int macvlan_network_set_parent_object(const struct macvlan_network *network,
                                      const struct macvlan_parent *parent,
                                      struct macvlan_updated **updated,
                                      struct macvlan_error **error);

/**
 * Returns the network as it is now. It belongs to the object. NULL if the object is none.
 */
const struct macvlan_network *macvlan_updated_network(const struct macvlan_updated *updated);

/**
 * Returns how many containers' interfaces are not as the network says now: macvlan_network_connect() makes each
 * as it should be, and so does macvlan_networks_reconcile() on their hosts.
 */
size_t macvlan_updated_outdated_count(const struct macvlan_updated *updated);

/**
 * Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_updated_outdated(const struct macvlan_updated *updated,
                                                     size_t index);

/**
 * Returns how many containers' interfaces are as before, and as the network says.
 */
size_t macvlan_updated_unaffected_count(const struct macvlan_updated *updated);

/**
 * Returns the lease of one of these containers, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_updated_unaffected(const struct macvlan_updated *updated,
                                                       size_t index);

/**
 * Returns whether the network did not exist before.
 */
bool macvlan_updated_created(const struct macvlan_updated *updated);

/**
 * Frees what came of changing a network; does nothing to NULL.
 */
void macvlan_updated_free(struct macvlan_updated *updated);

/**
 * What came of disconnecting all containers but some, given by macvlan_network_retain(). Freed with
 * macvlan_retained_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_retained macvlan_retained;

/**
 * Disconnects all containers on this host but the `count` ones with these ids, or these interfaces of them
 * ("ID/INTERFACE"), and returns what was released
 * and what failed, which is no error of this function. For a runtime that knows which of its containers exist,
 * such as the GC of CNI. `valid` can be NULL if `count` is 0.
 *
 * As macvlan_network_disconnect(): a lease is taken back where the interface was detached or the namespace is
 * known to be gone. Leases of other hosts, pending ones, and containers that were connected since this began, stay.
 */
int macvlan_network_retain(const struct macvlan_network *network,
                           const char *const *valid,
                           size_t count,
                           struct macvlan_retained **retained,
                           struct macvlan_error **error);

/**
 * Returns how many leases were taken back.
 */
size_t macvlan_retained_released_count(const struct macvlan_retained *retained);

/**
 * Returns one of these leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_retained_released(const struct macvlan_retained *retained,
                                                      size_t index);

/**
 * Returns of how many leases something failed.
 */
size_t macvlan_retained_failed_count(const struct macvlan_retained *retained);

/**
 * Returns one of these leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_retained_failed(const struct macvlan_retained *retained,
                                                    size_t index);

/**
 * Returns why that failed. It belongs to the object. NULL past the end.
 */
const struct macvlan_error *macvlan_retained_error(const struct macvlan_retained *retained,
                                                   size_t index);

/**
 * Frees what came of it; does nothing to NULL.
 */
void macvlan_retained_free(struct macvlan_retained *retained);

/**
 * Addresses, given by macvlan_network_resolve(). Freed with macvlan_ip_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_ip_list macvlan_ip_list;

/**
 * A text of its own, given by macvlan_network_inspect(), macvlan_network_hosts() and
 * macvlan_networks_unreadable(). Freed with macvlan_text_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_text macvlan_text;

/**
 * The object that `docker network inspect` prints for a network, with its containers on all hosts, as
 * JSON.
 */
int macvlan_network_inspect(const struct macvlan_network *network,
                            struct macvlan_text **json,
                            struct macvlan_error **error);

/**
 * The addresses of the container that has this name or id, on whatever host; an empty list if none
 * has. What is behind the network's name, as in "test101.vlan10", is understood too.
 */
int macvlan_network_resolve(const struct macvlan_network *network,
                            const char *name,
                            struct macvlan_ip_list **addresses,
                            struct macvlan_error **error);

/**
 * Lines for /etc/hosts, one for each address of a container that has a name: the address, the name,
 * and the name with the network's behind a dot.
 */
int macvlan_network_hosts(const struct macvlan_network *network,
                          struct macvlan_text **lines,
                          struct macvlan_error **error);

/**
 * Writes these lines into a hosts file, between two lines of comment that tell where they begin and
 * end; the next time they are replaced. The rest of the file stays as it is, with its line ends.
 *
 * The file is written in place, so that it changes wherever it is mounted, and keeps its owner, mode and
 * links. One process at a time writes it. A file that cannot be written, as on a full disk, keeps its
 * text.
 */
int macvlan_network_write_hosts(const struct macvlan_network *network,
                                const char *path,
                                struct macvlan_error **error);

/**
 * The text. It belongs to the object. NULL if the object is none.
 */
const char *macvlan_text_get(const struct macvlan_text *text);

/**
 * Frees a text; does nothing to NULL.
 */
void macvlan_text_free(struct macvlan_text *text);

/**
 * How many addresses there are.
 */
size_t macvlan_ip_list_count(const struct macvlan_ip_list *list);

/**
 * One of the addresses as text, "10.0.10.2", counted from 0. It belongs to the list. NULL past the
 * end.
 */
const char *macvlan_ip_list_get(const struct macvlan_ip_list *list, size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_ip_list_free(struct macvlan_ip_list *list);

/**
 * Addresses that somebody on the wire has who is no container of the network, given by
 * macvlan_network_foreign(). Freed with macvlan_foreign_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_foreign_list macvlan_foreign_list;

/**
 * Remembers that somebody has an address who is no container of this network: it is not given any
 * more. Refused if a container has it. With macvlan_network_config_set_probe() this happens by itself.
 */
int macvlan_network_add_foreign(const struct macvlan_network *network,
                                const char *address,
                                struct macvlan_error **error);

/**
 * Forgets that somebody has an address. `was_known`, which can be NULL, tells whether that was known.
 */
int macvlan_network_forget_foreign(const struct macvlan_network *network,
                                   const char *address,
                                   bool *was_known,
                                   struct macvlan_error **error);

/**
 * The addresses that somebody has who is no container of this network.
 */
int macvlan_network_foreign(const struct macvlan_network *network,
                            struct macvlan_foreign_list **foreign,
                            struct macvlan_error **error);

/**
 * How many addresses there are.
 */
size_t macvlan_foreign_list_count(const struct macvlan_foreign_list *list);

/**
 * One of the addresses, counted from 0. It belongs to the list. NULL past the end.
 */
const char *macvlan_foreign_list_address(const struct macvlan_foreign_list *list, size_t index);

/**
 * When it was found, in seconds since 1970; 0 past the end.
 */
uint64_t macvlan_foreign_list_found(const struct macvlan_foreign_list *list, size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_foreign_list_free(struct macvlan_foreign_list *list);

/* ------------------------------------------------------------------------------------------------
 * 22. Sessions: creating and finding networks
 * ------------------------------------------------------------------------------------------------ */

/**
 * How to reach etcd, and who this is: a value, for macvlan_networks_open_etcd(). Freed with
 * macvlan_etcd_options_free().
 *
 * Threads: any number may look at it at once; whoever changes it needs it alone.
 */
typedef struct macvlan_etcd_options macvlan_etcd_options;

/**
 * Of this host, by a name that no other has, and that stays the same for as long as it has containers.
 */
int macvlan_etcd_options_new(const char *host,
                             struct macvlan_etcd_options **options,
                             struct macvlan_error **error);

/**
 * One more endpoint of etcd: "http://10.0.0.7:2379", or "https://10.0.0.7:2379", which takes a CA. It takes
 * one at least.
 */
int macvlan_etcd_options_add_endpoint(struct macvlan_etcd_options *options,
                                      const char *endpoint,
                                      struct macvlan_error **error);

/**
 * What all keys begin with; "/macvlan/" when not set.
 */
int macvlan_etcd_options_set_prefix(struct macvlan_etcd_options *options,
                                    const char *prefix,
                                    struct macvlan_error **error);

/**
 * How many milliseconds to wait for an answer; 5000 when not set.
 */
int macvlan_etcd_options_set_timeout(struct macvlan_etcd_options *options,
                                     uint32_t milliseconds,
                                     struct macvlan_error **error);

/**
 * For how many milliseconds this host counts as alive after its last process with an open store has
 * ended, or can reach etcd no more; 60000 when not set. Then others may collect its containers'
 * leases.
 *
 * On a host without a process that stays, such as an agent, see macvlan_etcd_options_set_persistent().
 */
int macvlan_etcd_options_set_ttl(struct macvlan_etcd_options *options,
                                 uint32_t milliseconds,
                                 struct macvlan_error **error);

/**
 * Sets whether this host counts as alive also when no process of it has the store open, across reboots, until
 * macvlan_networks_forget_host() is called on another host; no when not set. For processes that end at once,
 * such as a plugin of CNI: the leases of their containers are collected by this host alone.
 *
 * The first process that says so makes it so, whatever later ones say. A host that breaks down keeps its
 * addresses and its name until it is forgotten.
 */
int macvlan_etcd_options_set_persistent(struct macvlan_etcd_options *options,
                                        bool persistent,
                                        struct macvlan_error **error);

/**
 * Sets the user of etcd's that this host logs in as, where etcd has authentication enabled, and the
 * password. The role of the user has to read and write all keys with the prefix.
 */
int macvlan_etcd_options_set_user(struct macvlan_etcd_options *options,
                                  const char *name,
                                  const char *password,
                                  struct macvlan_error **error);

/**
 * Sets the certificates of the authorities that sign etcd's certificate, as PEM text, for endpoints with
 * "https://". Those of the system are none of them.
 */
int macvlan_etcd_options_set_ca(struct macvlan_etcd_options *options,
                                const char *pem,
                                struct macvlan_error **error);

/**
 * As macvlan_etcd_options_set_ca(), in a file, which is read when the store is opened.
 */
int macvlan_etcd_options_set_ca_file(struct macvlan_etcd_options *options,
                                     const char *path,
                                     struct macvlan_error **error);

/**
 * Sets the certificate, with those that lead to its authority, that this host shows to etcd, as PEM text.
 * It takes its key.
 */
int macvlan_etcd_options_set_certificate(struct macvlan_etcd_options *options,
                                         const char *pem,
                                         struct macvlan_error **error);

/**
 * As macvlan_etcd_options_set_certificate(), in a file, which is read when the store is opened.
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
 * As macvlan_etcd_options_set_key(), in a file, which is read when the store is opened.
 */
int macvlan_etcd_options_set_key_file(struct macvlan_etcd_options *options,
                                      const char *path,
                                      struct macvlan_error **error);

/**
 * Frees options; does nothing to NULL.
 */
void macvlan_etcd_options_free(struct macvlan_etcd_options *options);

/**
 * What was done to bring kernel and store together. More may come: a program has to expect numbers
 * that are not listed here.
 */
typedef enum macvlan_reconciled_kinds {
    /**
     * Something that this version has no number for.
     */
    MACVLAN_RECONCILED_OTHER = 0,
    /**
     * A lease whose namespace is gone, or whose host is, was taken back.
     */
    MACVLAN_RECONCILED_RELEASED = 1,
    /**
     * The interface of a lease was missing or changed, and is as it should be again.
     */
    MACVLAN_RECONCILED_REPAIRED = 2,
    /**
     * An interface that the store did not know, of a network that exists, has a lease now.
     */
    MACVLAN_RECONCILED_ADOPTED = 3,
    /**
     * An interface of a container in a network that does not exist any more was taken away.
     */
    MACVLAN_RECONCILED_REMOVED = 4,
    /**
     * Something could not be brought together; the rest was. The text says why.
     */
    MACVLAN_RECONCILED_FAILED = 5,
    /**
     * Addresses that were kept for containers are free again.
     */
    MACVLAN_RECONCILED_EXPIRED = 6,
    /**
     * The interface of a container, or an address of it, was removed since it is another's by now: its
     * host had counted as dead. The text names both.
     */
    MACVLAN_RECONCILED_DISPLACED = 7,
} macvlan_reconciled_kinds;

/**
 * What was taken back, given by macvlan_networks_collect(). Freed with macvlan_collected_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_collected macvlan_collected;

/**
 * One thing that was done to bring kernel and store together: a part of a macvlan_reconciled_list,
 * which it is freed with.
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_reconciled macvlan_reconciled;

/**
 * What was done, given by macvlan_networks_reconcile(). Freed with macvlan_reconciled_list_free().
 *
 * Threads: it never changes, so any number may look at it at once.
 */
typedef struct macvlan_reconciled_list macvlan_reconciled_list;

/**
 * What was done: one of enum macvlan_reconciled_kinds.
 */
int macvlan_reconciled_kind(const struct macvlan_reconciled *done);

/**
 * What was done, in words. It belongs to the list. NULL for NULL.
 */
const char *macvlan_reconciled_text(const struct macvlan_reconciled *done);

/**
 * The lease that was taken back, entered, or whose interface was repaired; NULL if it is about no
 * lease. It belongs to the list.
 */
const struct macvlan_lease *macvlan_reconciled_lease(const struct macvlan_reconciled *done);

/**
 * The name of the interface that it is about; NULL if it is about none.
 */
const char *macvlan_reconciled_interface(const struct macvlan_reconciled *done);

/**
 * The id of the container that it is about; NULL if it is about none.
 */
const char *macvlan_reconciled_container(const struct macvlan_reconciled *done);

/**
 * How many addresses that were kept are free again; 0 if it is about something else.
 */
size_t macvlan_reconciled_expired(const struct macvlan_reconciled *done);

/**
 * How many things were done; 0 if all was right.
 */
size_t macvlan_reconciled_list_count(const struct macvlan_reconciled_list *list);

/**
 * One of the things that were done, counted from 0. It belongs to the list. NULL past the end.
 */
const struct macvlan_reconciled *macvlan_reconciled_list_get(const struct macvlan_reconciled_list *list,
                                                             size_t index);

/**
 * Frees a list; does nothing to NULL.
 */
void macvlan_reconciled_list_free(struct macvlan_reconciled_list *list);

/**
 * How many leases were taken back, since their namespace is gone, or their host.
 */
size_t macvlan_collected_lease_count(const struct macvlan_collected *collected);

/**
 * One of these leases, counted from 0. It belongs to the object. NULL past the end.
 */
const struct macvlan_lease *macvlan_collected_lease(const struct macvlan_collected *collected,
                                                    size_t index);

/**
 * How many addresses were kept for containers that did not return in time.
 */
size_t macvlan_collected_expired(const struct macvlan_collected *collected);

/**
 * Frees what was told of a collection; does nothing to NULL.
 */
void macvlan_collected_free(struct macvlan_collected *collected);

/**
 * An open session: a host, and a store that says which networks there are and who holds which address,
 * shared by many processes. What `docker network` does, without Docker. Open one and keep it. Freed
 * with macvlan_networks_free().
 *
 * An address is in the store before it is in the kernel, and leaves the store after it has left the
 * kernel: whatever is killed in between, it is never given to a second container.
 *
 * Threads: any number may use it at once, but macvlan_networks_set_host_name(), macvlan_networks_set_probe() and
 * macvlan_networks_set_pending_age() need it alone; it is freed when nobody uses it.
 */
typedef struct macvlan_networks macvlan_networks;

/**
 * With a store for one host: a SQLite file, which the first write makes if there is none, and which has
 * to lie on a file system of this machine. Many processes may use it at once; what was written survives the
 * process and a power loss. The host is called by its host name, see
 * macvlan_networks_set_host_name().
 *
 * A file that another machine wrote last is refused: -EREMOTE and MACVLAN_ERROR_NETWORK_OTHER_MACHINE.
 * A path that is not UTF-8 is refused. The host is not needed any more.
 */
int macvlan_networks_open(const struct macvlan_host *host,
                          const char *path,
                          struct macvlan_networks **networks,
                          struct macvlan_error **error);

/**
 * As macvlan_networks_open(), also with a file that another machine wrote last, which the next write
 * makes this machine's: one that was moved here for good, or whose machine got another machine-id.
 * Containers of the other machine count as gone. No two machines may use one file.
 */
int macvlan_networks_open_moved(const struct macvlan_host *host,
                                const char *path,
                                struct macvlan_networks **networks,
                                struct macvlan_error **error);

/**
 * With the store for many hosts, etcd; this host counts as alive as long as it is open. The socket
 * belongs to the namespace that the calling thread is in, and a thread of the library's keeps it.
 *
 * Options that do not fit, such as no endpoint, or "https://" without a CA, are -EINVAL. An etcd that does
 * not accept the user, the password or the certificate, or whose certificate is not accepted, is -EACCES and
 * MACVLAN_ERROR_NETWORK_STORE_REFUSED; a machine whose host's name is that of another that lives -EREMOTE
 * and MACVLAN_ERROR_NETWORK_OTHER_MACHINE.
 *
 * A library that was built without etcd refuses: -EOPNOTSUPP and MACVLAN_ERROR_UNSUPPORTED.
 */
int macvlan_networks_open_etcd(const struct macvlan_host *host,
                               const struct macvlan_etcd_options *options,
                               struct macvlan_networks **networks,
                               struct macvlan_error **error);

/**
 * What this host is called in the store, if that was not told already by macvlan_etcd_options_new():
 * a name that stays the same for as long as it has containers. Networks that were given before keep
 * the old one.
 */
int macvlan_networks_set_host_name(struct macvlan_networks *networks,
                                   const char *name,
                                   struct macvlan_error **error);

/**
 * How the wire is asked, for networks with macvlan_network_config_set_probe(), when it is to be
 * otherwise than macvlan_probe_quick(). It is copied. Networks that were given before keep the old
 * one.
 */
int macvlan_networks_set_probe(struct macvlan_networks *networks,
                               const struct macvlan_probe *probe,
                               struct macvlan_error **error);

/**
 * Sets for how many milliseconds a lease may be pending before macvlan_networks_collect() and
 * macvlan_networks_reconcile() take it back. Defaults to ten minutes.
 */
int macvlan_networks_set_pending_age(struct macvlan_networks *networks,
                                     uint32_t milliseconds,
                                     struct macvlan_error **error);

/**
 * The host that containers are connected on; to be freed by the caller.
 */
int macvlan_networks_host(const struct macvlan_networks *networks,
                          struct macvlan_host **host,
                          struct macvlan_error **error);

/**
 * What this host is called in the store. It belongs to the session. NULL if the session is none.
 */
const char *macvlan_networks_host_name(const struct macvlan_networks *networks);

/**
 * Creates a network. Without a subnet it gets one of Docker's default subnets that no network and no
 * link or route of this host has. `network`, which is given, can be freed at any time.
 */
int macvlan_networks_create(struct macvlan_networks *networks,
                            const struct macvlan_network_config *config,
                            struct macvlan_network **network,
                            struct macvlan_error **error);

/**
 * Creates the network that a configuration describes, or changes the one of that name to it, whole or not at
 * all. A network that is so already is left as it is, so that programs may call it before each use, any number
 * at once. A configuration without subnets leaves a network that exists those that it has.
 *
 * Refused as by macvlan_networks_create() and macvlan_network_update().
 */
int macvlan_networks_ensure(struct macvlan_networks *networks,
                            const struct macvlan_network_config *config,
                            struct macvlan_updated **updated,
                            struct macvlan_error **error);

/**
 * Returns the network that has this name or this id, or whose id alone begins so.
 */
int macvlan_networks_get(const struct macvlan_networks *networks,
                         const char *name_or_id,
                         struct macvlan_network **network,
                         struct macvlan_error **error);

/**
 * Returns one line for each network and lease that is stored and cannot be read, which says why. Lists
 * leave them out, and what they hold is given to nobody else. The text is freed by the caller.
 */
int macvlan_networks_unreadable(const struct macvlan_networks *networks,
                                struct macvlan_text **lines,
                                struct macvlan_error **error);

/**
 * All networks that can be read, by name; macvlan_networks_unreadable() has the others.
 */
int macvlan_networks_list(const struct macvlan_networks *networks,
                          struct macvlan_network_list **list,
                          struct macvlan_error **error);

/**
 * Returns what `docker network ls` would list, as a JSON array of objects with Id, Name, Driver, Scope,
 * Parent, Internal, Subnets, and how many Containers are connected on all hosts. The text is freed by the
 * caller.
 */
int macvlan_networks_summary(const struct macvlan_networks *networks,
                             struct macvlan_text **json,
                             struct macvlan_error **error);

/**
 * Removes the networks without containers, on whatever host, and the links that they made. Returns their
 * names, one a line, as a text that is freed by the caller. A container that is gone counts until it is
 * collected.
 */
int macvlan_networks_prune(struct macvlan_networks *networks,
                           struct macvlan_text **names,
                           struct macvlan_error **error);

/**
 * Takes back the leases of this host's containers whose namespace is gone, also by a reboot; of hosts
 * that the store says are dead; leases that were pending for too long, with the links that were created for
 * them; and addresses that were kept long enough.
 *
 * A namespace is gone when no process is in it or has it open, and it is mounted nowhere, as far as
 * this process may look: let one with root's rights on the host call this, not one in a container.
 */
int macvlan_networks_collect(struct macvlan_networks *networks,
                             struct macvlan_collected **collected,
                             struct macvlan_error **error);

/**
 * Forgets a host that counts as alive without a process, see macvlan_etcd_options_set_persistent(), and is gone
 * for good: from now on others collect the leases of its containers, and another machine may have its name.
 * `was_known`, which can be NULL, tells whether there was such a host; in a file there is none.
 *
 * The addresses of its containers are given to others then, so they may run no more. Refused with
 * MACVLAN_ERROR_NETWORK_HOST_ALIVE while a process of it has the store open, and where one was killed, for as
 * long as a host counts as alive.
 */
int macvlan_networks_forget_host(struct macvlan_networks *networks,
                                 const char *name,
                                 bool *was_known,
                                 struct macvlan_error **error);

/**
 * Brings the kernel and the store together on this host, and says what it did; an empty list if all
 * was right. For a program that starts again, after whatever happened.
 *
 * The store says who is connected, the kernel who exists: leases of namespaces that are gone are taken
 * back, interfaces that are missing or have changed are made as they should be, interfaces that the
 * store does not know get a lease if their network exists, and go if it does not.
 *
 * An interface gets a lease for the addresses that nobody else has got since; others are removed from it,
 * and so is an interface that would have none, or whose container is connected elsewhere by now. An
 * interface is known by its alias, which only the store can have made for it; any other is reported as
 * failed and left as it is.
 */
int macvlan_networks_reconcile(struct macvlan_networks *networks,
                               struct macvlan_reconciled_list **done,
                               struct macvlan_error **error);

/**
 * Closes a session; does nothing to NULL. Networks that were given go on, and so does what is
 * connected.
 */
void macvlan_networks_free(struct macvlan_networks *networks);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MACVLAN_H */
