/* Decisions as data: words, copies, codec. How they are made is in place.c. */
#include "controller/core/decision.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/private.h"

enum { DECISION_LINES_MAX = 1 << 20 };

static const struct {
    const char *word;
    const char *text;
} reasons[] = {
#define REASON_ENTRY(constant, word, text) {word, text},
    DECISION_REASONS(REASON_ENTRY)
#undef REASON_ENTRY
};

enum { REASON_COUNT = sizeof reasons / sizeof *reasons };

const char *reason_word(enum reason reason)
{
    return (size_t)reason < REASON_COUNT ? reasons[reason].word : "?";
}

const char *reason_text(enum reason reason)
{
    return (size_t)reason < REASON_COUNT ? reasons[reason].text : "?";
}

struct decision_line *decision_add(struct decision *decision, const char *group, const char *region, const char *pool)
{
    /* grown by doubling at powers of two, so that no capacity needs to be kept */
    if ((decision->line_count & (decision->line_count - 1)) == 0)
        decision->lines = memory_resize(decision->lines, decision->line_count ? decision->line_count * 2 : 1,
                                        sizeof *decision->lines);
    struct decision_line *line = &decision->lines[decision->line_count++];
    *line =
        (struct decision_line){.fits = -1, .unit_marginal_uusd_h = -1, .unit_full_uusd_h = -1, .scarcity_uusd_h = -1};
    text_replace(&line->group, group);
    text_replace(&line->region, region);
    text_replace(&line->pool, pool);
    text_replace(&line->detail, "");
    return line;
}

int64_t gap_ppm(int64_t cost_uusd_h, int64_t bound_uusd_h)
{
    if (bound_uusd_h < 0)
        return -1;
    if (cost_uusd_h <= 0)
        return 0;
    if (bound_uusd_h >= cost_uusd_h)
        return 0;
    __int128 over = (__int128)cost_uusd_h - bound_uusd_h;
    return (int64_t)((over * 1000000 + cost_uusd_h - 1) / cost_uusd_h);
}

int64_t decision_gap_ppm(const struct decision *decision)
{
    return gap_ppm(decision->marginal_after_uusd_h, decision->bound_uusd_h);
}

struct decision_growth *decision_add_growth(struct decision *decision, const char *region, const char *pool)
{
    decision->growth = memory_resize(decision->growth, decision->growth_count + 1, sizeof *decision->growth);
    struct decision_growth *growth = &decision->growth[decision->growth_count++];
    *growth = (struct decision_growth){.region = memory_copy_text(region, strlen(region)),
                                       .pool = memory_copy_text(pool, strlen(pool))};
    return growth;
}

void decision_free(struct decision *decision)
{
    if (!decision)
        return;
    for (size_t i = 0; i < decision->line_count; i++) {
        free(decision->lines[i].group);
        free(decision->lines[i].region);
        free(decision->lines[i].pool);
        free(decision->lines[i].detail);
    }
    for (size_t i = 0; i < decision->growth_count; i++) {
        free(decision->growth[i].region);
        free(decision->growth[i].pool);
    }
    free(decision->growth);
    free(decision->lines);
    free(decision->job_namespace);
    free(decision->id);
    free(decision->policy);
    free(decision);
}

static void encode_growth(const struct decision *decision, struct buffer *out)
{
    codec_put_i64(out, decision->growth_uusd_h);
    codec_put_i64(out, decision->growth_packed_uusd_h);
    codec_put_i64(out, decision->growth_bound_uusd_h);
    codec_put_u32(out, (uint32_t)decision->growth_count);
    for (size_t i = 0; i < decision->growth_count; i++) {
        const struct decision_growth *growth = &decision->growth[i];
        codec_put_text(out, growth->region);
        codec_put_text(out, growth->pool);
        codec_put_i64(out, growth->nodes_now);
        codec_put_i64(out, growth->nodes_more);
        codec_put_i64(out, growth->allocations);
        codec_put_i64(out, growth->unit_marginal_uusd_h);
        codec_put_i64(out, growth->unit_full_uusd_h);
    }
}

void decision_encode(const struct decision *decision, struct buffer *out)
{
    codec_put_text(out, decision->job_namespace);
    codec_put_text(out, decision->id);
    codec_put_text(out, decision->policy);
    codec_put_u64(out, decision->revision);
    codec_put_u64(out, decision->step);
    codec_put_i64(out, decision->at_ms);
    codec_put_i64(out, decision->wanted);
    codec_put_i64(out, decision->placed);
    codec_put_i64(out, decision->marginal_before_uusd_h);
    codec_put_i64(out, decision->marginal_after_uusd_h);
    codec_put_i64(out, decision->full_before_uusd_h);
    codec_put_i64(out, decision->full_after_uusd_h);
    codec_put_i64(out, decision->budget_uusd_month);
    codec_put_i64(out, decision->bound_uusd_h);
    codec_put_u32(out, (uint32_t)decision->line_count);
    for (size_t i = 0; i < decision->line_count; i++) {
        const struct decision_line *line = &decision->lines[i];
        codec_put_text(out, line->group);
        codec_put_text(out, line->region);
        codec_put_text(out, line->pool);
        codec_put_u8(out, (uint8_t)line->reason);
        codec_put_text(out, line->detail);
        codec_put_i64(out, line->count_before);
        codec_put_i64(out, line->count);
        codec_put_i64(out, line->fits);
        codec_put_i64(out, line->unit_marginal_uusd_h);
        codec_put_i64(out, line->unit_full_uusd_h);
        codec_put_i64(out, line->scarcity_uusd_h);
    }
    encode_growth(decision, out);
}

static void decode_line(struct codec_reader *reader, struct decision *decision)
{
    struct decision_line *line = decision_add(decision, "", "", "");
    free(line->group);
    free(line->region);
    free(line->pool);
    free(line->detail);
    line->group = codec_get_text(reader);
    line->region = codec_get_text(reader);
    line->pool = codec_get_text(reader);
    uint8_t reason = codec_get_u8(reader);
    line->detail = codec_get_text(reader);
    line->count_before = codec_get_i64(reader);
    line->count = codec_get_i64(reader);
    line->fits = codec_get_i64(reader);
    line->unit_marginal_uusd_h = codec_get_i64(reader);
    line->unit_full_uusd_h = codec_get_i64(reader);
    line->scarcity_uusd_h = codec_get_i64(reader);
    if (reason >= REASON_COUNT)
        reader->failed = true;
    else
        line->reason = (enum reason)reason;
}

static void decode_growth(struct codec_reader *reader, struct decision *decision)
{
    decision->growth_uusd_h = codec_get_i64(reader);
    decision->growth_packed_uusd_h = codec_get_i64(reader);
    decision->growth_bound_uusd_h = codec_get_i64(reader);
    uint32_t count = codec_get_count(reader, DECISION_LINES_MAX);
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct decision_growth *growth = decision_add_growth(decision, "", "");
        free(growth->region);
        free(growth->pool);
        growth->region = codec_get_text(reader);
        growth->pool = codec_get_text(reader);
        growth->nodes_now = codec_get_i64(reader);
        growth->nodes_more = codec_get_i64(reader);
        growth->allocations = codec_get_i64(reader);
        growth->unit_marginal_uusd_h = codec_get_i64(reader);
        growth->unit_full_uusd_h = codec_get_i64(reader);
    }
}

static void copy_text(struct codec_reader *reader, struct buffer *out)
{
    char *text = codec_get_text(reader);
    codec_put_text(out, text ? text : "");
    free(text);
}

/* Version 1 had neither proof nor growth. */
static void copy_line_of_1(struct codec_reader *reader, struct buffer *out)
{
    for (int i = 0; i < 3; i++)
        copy_text(reader, out);
    codec_put_u8(out, codec_get_u8(reader));
    copy_text(reader, out);
    for (int i = 0; i < 5; i++)
        codec_put_i64(out, codec_get_i64(reader));
    codec_put_i64(out, -1);
}

bool decision_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    for (int i = 0; i < 3; i++)
        copy_text(&reader, out);
    codec_put_u64(out, codec_get_u64(&reader));
    codec_put_u64(out, codec_get_u64(&reader));
    for (int i = 0; i < 8; i++)
        codec_put_i64(out, codec_get_i64(&reader));
    codec_put_i64(out, -1);
    uint32_t lines = codec_get_count(&reader, DECISION_LINES_MAX);
    codec_put_u32(out, lines);
    for (uint32_t i = 0; i < lines && !reader.failed; i++)
        copy_line_of_1(&reader, out);
    struct decision none = {0};
    encode_growth(&none, out);
    if (codec_reader_done(&reader))
        return true;
    return error_set(ret_error, ERROR_CORRUPT, "an explanation of an older version cannot be read");
}

struct decision *decision_decode(const void *bytes, size_t length, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    struct decision *decision = memory_new(1, sizeof *decision);
    decision->job_namespace = codec_get_text(&reader);
    decision->id = codec_get_text(&reader);
    decision->policy = codec_get_text(&reader);
    decision->revision = codec_get_u64(&reader);
    decision->step = codec_get_u64(&reader);
    decision->at_ms = codec_get_i64(&reader);
    decision->wanted = codec_get_i64(&reader);
    decision->placed = codec_get_i64(&reader);
    decision->marginal_before_uusd_h = codec_get_i64(&reader);
    decision->marginal_after_uusd_h = codec_get_i64(&reader);
    decision->full_before_uusd_h = codec_get_i64(&reader);
    decision->full_after_uusd_h = codec_get_i64(&reader);
    decision->budget_uusd_month = codec_get_i64(&reader);
    decision->bound_uusd_h = codec_get_i64(&reader);
    uint32_t lines = codec_get_count(&reader, DECISION_LINES_MAX);
    for (uint32_t i = 0; i < lines && !reader.failed; i++)
        decode_line(&reader, decision);
    decode_growth(&reader, decision);
    if (codec_reader_done(&reader))
        return decision;
    decision_free(decision);
    error_set(ret_error, ERROR_CORRUPT, "an explanation cannot be read");
    return NULL;
}

struct decision *decision_copied(const struct decision *decision)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error = {0};
    decision_encode(decision, &bytes);
    struct decision *copy = decision_decode(bytes.data, bytes.length, &error);
    buffer_release(&bytes);
    return copy;
}
