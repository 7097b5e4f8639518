/*
 * Structs of programs that were built for an earlier or a later version of the library, and those
 * that the library returns.
 */

#include "lab.h"

/* The options as a later version may have them. */
typedef struct later_options {
    macvlan_options known;
    uint64_t field;
} later_options;

/* The options as an earlier version may have had them. */
typedef struct earlier_options {
    size_t size;
    uint32_t mode;
} earlier_options;

static void passed(void)
{
    macvlan_options options = MACVLAN_INIT(macvlan_options);
    later_options later;
    earlier_options earlier;
    macvlan_endpoint *endpoint = NULL;
    size_t size;

    CHECK(options.size == sizeof options && options.mode == 0 && options.source_macs == NULL);
    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));

    /* A smaller struct: its end is as if it were zero. */
    earlier.size = sizeof earlier;
    earlier.mode = MACVLAN_MODE_VEPA;
    MUST(macvlan_endpoint_set_options(endpoint, (macvlan_options *)(void *)&earlier, &error));
    CHECK(macvlan_endpoint_get(endpoint)->options->mode == MACVLAN_MODE_VEPA);
    CHECK(!macvlan_endpoint_get(endpoint)->options->bc_cutoff.is_set);

    /* A larger struct: only if its further fields are zero. */
    memset(&later, 0, sizeof later);
    later.known.size = sizeof later;
    later.known.mode = MACVLAN_MODE_PRIVATE;
    MUST(macvlan_endpoint_set_options(endpoint, &later.known, &error));
    CHECK(macvlan_endpoint_get(endpoint)->options->mode == MACVLAN_MODE_PRIVATE);
    later.known.mode = MACVLAN_MODE_BRIDGE;
    later.field = (uint64_t)1 << 63;
    REFUSED(macvlan_endpoint_set_options(endpoint, &later.known, &error), E2BIG,
            MACVLAN_ERROR_UNSUPPORTED,
            "cannot call macvlan_endpoint_set_options: options has fields that this library lacks");
    CHECK(macvlan_endpoint_get(endpoint)->options->mode == MACVLAN_MODE_PRIVATE);

    /* A struct that was not initialized. */
    for (size = 0; size < sizeof(size_t); size++) {
        options.size = size;
        REFUSED(macvlan_endpoint_set_options(endpoint, &options, &error), EINVAL,
                MACVLAN_ERROR_INVALID_VALUE, "initialize it with MACVLAN_INIT(macvlan_options)");
    }
    options.size = 4097;
    REFUSED(macvlan_endpoint_set_options(endpoint, &options, &error), EINVAL,
            MACVLAN_ERROR_INVALID_VALUE, "the size of options is 4097");

    /* The size alone is enough. */
    options = MACVLAN_INIT(macvlan_options);
    options.size = sizeof(size_t);
    options.mode = MACVLAN_MODE_PRIVATE; /* is not looked at */
    MUST(macvlan_endpoint_set_options(endpoint, &options, &error));
    CHECK(macvlan_endpoint_get(endpoint)->options->mode == MACVLAN_MODE_BRIDGE);
    macvlan_endpoint_free(endpoint);
}

/* A program that knows further fields reads them as zero. */
static void followed_by_zeroes(const void *record)
{
    const unsigned char *bytes = (const unsigned char *)record;
    size_t size, at;
    memcpy(&size, bytes, sizeof size);
    for (at = 0; at < 256; at++)
        CHECK(bytes[size + at] == 0);
}

static void returned(void)
{
    macvlan_endpoint *endpoint = NULL;
    macvlan_probe probe = MACVLAN_INIT(macvlan_probe);
    const macvlan_endpoint_info *info;

    MUST(macvlan_endpoint_new("eth0", "ens33", &endpoint, &error));
    MUST(macvlan_endpoint_set_probe(endpoint, &probe, &error));
    info = macvlan_endpoint_get(endpoint);
    CHECK(info->size == sizeof *info && info->options->size == sizeof *info->options);
    followed_by_zeroes(info);
    followed_by_zeroes(info->options);
    followed_by_zeroes(info->parent_options);
    followed_by_zeroes(info->probe);
    CHECK(macvlan_endpoint_get(endpoint) == info);
    macvlan_endpoint_free(endpoint);
}

static void sizes(void)
{
    passed();
    returned();
}

int main(void)
{
    return lab_main(sizes);
}
