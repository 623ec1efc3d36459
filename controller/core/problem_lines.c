/* See problem_lines.h; the format is told in controller/placement/problem.h. */
#include "controller/core/problem_lines.h"

#include <inttypes.h>

static void write_vector(struct buffer *out, const char *name, const struct resources *vector)
{
    buffer_printf(out, " %s=", name);
    for (int k = 0; k < RESOURCE_COUNT; k++)
        buffer_printf(out, "%s%" PRId64, k ? "," : "", vector->amount[k]);
}

void lines_begin(struct buffer *out)
{
    buffer_append_text(out, "drover-problem 1\ndims");
    for (int k = 0; k < RESOURCE_COUNT; k++)
        buffer_printf(out, " %s", resource_name((enum resource)k));
    buffer_append_text(out, "\nregion 0 all\n");
}

void lines_pool(struct buffer *out, size_t pool, int64_t price_uusd_h, int64_t rate_uusd_h,
                const struct resources *capacity, const struct resources *held, int64_t min, int64_t max)
{
    buffer_printf(out, "pool %zu region=0 price=%" PRId64 " rate=%" PRId64, pool, price_uusd_h, rate_uusd_h);
    write_vector(out, "capacity", capacity);
    buffer_printf(out, " min=%" PRId64 " max=%" PRId64, min, max);
    if (held)
        write_vector(out, "held", held);
    buffer_append_byte(out, '\n');
}

void lines_tier(struct buffer *out, size_t pool, int64_t upto, int64_t price_uusd_h)
{
    buffer_printf(out, "tier %zu upto=%" PRId64 " price=%" PRId64 "\n", pool, upto, price_uusd_h);
}

void lines_group(struct buffer *out, size_t group, int64_t count, const struct resources *demand,
                 int64_t unplaced_uusd_h, int64_t move_uusd_h)
{
    buffer_printf(out, "group %zu count=%" PRId64, group, count);
    write_vector(out, "demand", demand);
    buffer_printf(out, " unplaced=%" PRId64 " move=%" PRId64 "\n", unplaced_uusd_h, move_uusd_h);
}

void lines_may(struct buffer *out, size_t group, uint32_t pool, int64_t extra_uusd_h, int64_t now)
{
    buffer_printf(out, "may %zu %" PRIu32 ":%" PRId64, group, pool, extra_uusd_h);
    if (now)
        buffer_printf(out, ":%" PRId64, now);
    buffer_append_byte(out, '\n');
}

void lines_cap(struct buffer *out, size_t group, const uint32_t *pools, size_t count, int64_t most)
{
    if (count == 0)
        return;
    buffer_printf(out, "cap %zu pools=", group);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%" PRIu32, i ? "," : "", pools[i]);
    buffer_printf(out, " max=%" PRId64 "\n", most > 0 ? most : 0);
}
