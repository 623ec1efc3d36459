/* Compiled zone files: RFC 8536. The first part, for 32-bit times, is skipped by its own counts. */
#include "providers/onprem/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { HEADER_BYTES = 44, TIMES_MAX = 10000, TYPES_MAX = 256, OFFSET_MAX = 26 * 3600 };

/* The six counts of a part's header, in the file's order. */
struct counts {
    uint32_t utc_flags, standard_flags, leaps, times, types, letters;
};

static uint32_t big32(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool read_header(const char *bytes, size_t length, struct counts *ret_counts)
{
    if (length < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    struct counts counts = {big32(bytes + 20), big32(bytes + 24), big32(bytes + 28),
                            big32(bytes + 32), big32(bytes + 36), big32(bytes + 40)};
    *ret_counts = counts;
    return counts.times <= TIMES_MAX && counts.types >= 1 && counts.types <= TYPES_MAX && counts.letters <= 4096 &&
           counts.leaps <= 4096 && counts.utc_flags <= TYPES_MAX && counts.standard_flags <= TYPES_MAX;
}

/* Bytes of a part's body; moments take `width` bytes each. */
static size_t body_bytes(const struct counts *counts, size_t width)
{
    return (size_t)counts->times * (width + 1) + (size_t)counts->types * 6 + counts->letters +
           (size_t)counts->leaps * (width + 4) + counts->standard_flags + counts->utc_flags;
}

static bool read_times(const char *body, const struct counts *counts, struct zone *zone)
{
    const char *kinds = body + (size_t)counts->times * 8, *types = kinds + counts->times;
    zone->times = memory_new(counts->times, sizeof *zone->times);
    zone->offsets = memory_new(counts->times, sizeof *zone->offsets);
    zone->count = counts->times;
    for (size_t i = 0; i < zone->count; i++) {
        unsigned char kind = (unsigned char)kinds[i];
        zone->times[i] = (int64_t)((uint64_t)big32(body + i * 8) << 32 | big32(body + i * 8 + 4));
        if (kind >= counts->types || (i > 0 && zone->times[i] <= zone->times[i - 1]))
            return false;
        zone->offsets[i] = (int32_t)big32(types + (size_t)kind * 6);
        if (zone->offsets[i] > OFFSET_MAX || zone->offsets[i] < -OFFSET_MAX)
            return false;
    }
    return true;
}

/* What holds after the last moment: the rule between two line ends, or what held last where it is empty. */
static bool read_footer(const char *bytes, size_t length, struct zone *zone)
{
    struct error ignored;
    const char *end = length > 1 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', length - 1) : NULL;
    if (!end)
        return false;
    if (end == bytes + 1) {
        zone->standard = zone->count ? zone->offsets[zone->count - 1] : 0;
        return true;
    }
    struct zone rule;
    if (!zone_read_posix(bytes + 1, (size_t)(end - bytes) - 1, &rule, &ignored))
        return false;
    zone->standard = rule.standard;
    zone->daylight = rule.daylight;
    zone->has_daylight = rule.has_daylight;
    zone->begins = rule.begins;
    zone->ends = rule.ends;
    return true;
}

static bool read_parts(const char *bytes, size_t length, struct zone *zone)
{
    struct counts counts;
    if (!read_header(bytes, length, &counts))
        return false;
    size_t skip = HEADER_BYTES + body_bytes(&counts, 4);
    if (skip > length || !read_header(bytes + skip, length - skip, &counts))
        return false;
    const char *body = bytes + skip + HEADER_BYTES;
    size_t left = length - skip - HEADER_BYTES, body_length = body_bytes(&counts, 8);
    return body_length <= left && read_times(body, &counts, zone) &&
           read_footer(body + body_length, left - body_length, zone);
}

bool zone_read_file(const char *bytes, size_t length, struct zone *ret_zone, struct error *ret_error)
{
    struct zone zone = {0};
    if (!read_parts(bytes, length, &zone)) {
        zone_release(&zone);
        return error_set(ret_error, ERROR_INVALID, "not a compiled time zone (TZif, version 2 or later)");
    }
    *ret_zone = zone;
    return true;
}
