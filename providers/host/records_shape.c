/* What fields the records of provider.h have, and within what bounds. */
#include "providers/host/records_private.h"

#include <string.h>

enum { ID_MAX = 512, WORD_MAX = 128, ZONE_MAX = 64 };

/* The largest count of anything that is believed, and the largest money: 2^44 micro-units an hour is 17 million. */
#define COUNT_MOST INT64_C(1000000000)
#define PRICE_MOST (INT64_C(1) << 44)
#define UPFRONT_MOST (INT64_C(1) << 53)

static const char *const market_words[] = {"on-demand", "spot", "reserved", "owned"};
static const char *const state_words[] = {"unknown", "pending", "running", "stopping", "stopped", "failed"};
static const char *const interruption_words[] = {"terminate", "rebalance", "maintenance"};
static const char *const progress_words[] = {"running", "done"};
_Static_assert(sizeof market_words / sizeof *market_words == PROVIDER_MARKET_COUNT, "a word for each market");
_Static_assert(sizeof state_words / sizeof *state_words == PROVIDER_INSTANCE_STATE_COUNT, "a word for each state");
_Static_assert(sizeof interruption_words / sizeof *interruption_words == PROVIDER_INTERRUPTION_KIND_COUNT,
               "a word for each kind");

#define AT(name) .key = #name, .offset = offsetof(struct RECORD, name)
#define TEXT(name, bytes)                                                                                              \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_TEXT, .most = (bytes)                                                           \
    }
#define NAME(name, bytes)                                                                                              \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_TEXT, .most = (bytes), .required = true                                         \
    }
#define CHARS(name)                                                                                                    \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_CHARS, .most = sizeof((struct RECORD *)0)->name                                 \
    }
#define NUMBER(name, low, high)                                                                                        \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_I64, .least = (low), .most = (high)                                             \
    }
#define KNOWN(name, low, high)                                                                                         \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_I64, .least = (low), .most = (high), .may_unset = true                          \
    }
#define MOMENT(name) KNOWN(name, 0, INT64_MAX)
#define FLAG(name)                                                                                                     \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_FLAG                                                                            \
    }
#define WORD(name, list)                                                                                               \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_WORD, .words = (list), .most = sizeof(list) / sizeof *(list)                    \
    }
#define TEXTS(name, count, bytes)                                                                                      \
    {                                                                                                                  \
        AT(name), .kind = RECORD_FIELD_TEXTS, .count_offset = offsetof(struct RECORD, count), .most = (bytes)          \
    }
#define SHAPE(label, list)                                                                                             \
    {                                                                                                                  \
        .word = (label), .size = sizeof(struct RECORD), .fields = (list), .field_count = sizeof(list) / sizeof *(list) \
    }

#define RECORD provider_region
static const struct record_field region_fields[] = {
    NAME(id, WORD_MAX),
    TEXT(name, PROVIDER_TEXT_MAX),
    TEXTS(zones, zone_count, ZONE_MAX),
    {AT(zone_ids), .kind = RECORD_FIELD_TEXTS, .count_offset = offsetof(struct RECORD, zone_count), .most = ZONE_MAX,
     .beside = true},
};
static const struct record_shape region_shape = SHAPE("region", region_fields);
#undef RECORD

#define RECORD provider_instance_type
static const struct record_field instance_type_fields[] = {
    TEXT(region, WORD_MAX),
    NAME(name, WORD_MAX),
    TEXT(architecture, ZONE_MAX),
    KNOWN(vcpus, 0, COUNT_MOST),
    KNOWN(processor_mhz, 0, COUNT_MOST),
    KNOWN(memory_mib, 0, COUNT_MOST),
    KNOWN(disk_mib, 0, COUNT_MOST * 1000),
    TEXT(gpu, WORD_MAX),
    KNOWN(gpus, 0, 10000),
    FLAG(on_demand),
    FLAG(spot),
    FLAG(current),
    TEXT(restriction, PROVIDER_TEXT_MAX),
    TEXT(quota, WORD_MAX),
};
static const struct record_shape instance_type_shape = SHAPE("instance_type", instance_type_fields);
#undef RECORD

#define RECORD provider_offer
static const struct record_field offer_fields[] = {
    NAME(region, WORD_MAX),
    TEXT(zone, ZONE_MAX),
    NAME(instance_type, ID_MAX), /* an owned machine's pool stands there */
    WORD(market, market_words),
    NAME(currency, 3),
    NUMBER(price_micro_h, 1, PRICE_MOST),
    KNOWN(upfront_micro, 0, UPFRONT_MOST),
    NUMBER(term_hours, 0, 1000000),
    KNOWN(marginal_use_micro_h, 0, PRICE_MOST),
    KNOWN(marginal_wake_micro_h, 0, PRICE_MOST),
    NUMBER(observed_at_us, 0, INT64_MAX),
    MOMENT(valid_from_us),
    NAME(source, WORD_MAX),
    TEXT(note, PROVIDER_TEXT_MAX),
};
static const struct record_shape offer_shape = SHAPE("offer", offer_fields);
#undef RECORD

#define RECORD provider_pool
static const struct record_field pool_fields[] = {
    NAME(id, ID_MAX),
    TEXT(name, ID_MAX),
    TEXT(region, WORD_MAX),
    TEXTS(zones, zone_count, ZONE_MAX),
    TEXT(instance_type, WORD_MAX),
    WORD(market, market_words),
    NUMBER(desired, 0, COUNT_MOST),
    NUMBER(min, 0, COUNT_MOST),
    KNOWN(max, 0, COUNT_MOST),
    TEXT(generation, PROVIDER_TEXT_MAX),
    FLAG(writable),
    TEXT(why_read_only, PROVIDER_TEXT_MAX),
    FLAG(busy),
};
static const struct record_shape pool_shape = SHAPE("pool", pool_fields);
#undef RECORD

#define RECORD provider_instance
static const struct record_field instance_fields[] = {
    NAME(id, ID_MAX),
    WORD(state, state_words),
    TEXT(state_text, WORD_MAX),
    TEXT(zone, ZONE_MAX),
    TEXT(instance_type, WORD_MAX),
    WORD(market, market_words),
    {AT(identities), .kind = RECORD_FIELD_PAIRS, .count_offset = offsetof(struct RECORD, identity_count),
     .most = ID_MAX},
    MOMENT(launched_at_us),
    FLAG(foreign),
    {.key = "protected", .offset = offsetof(struct RECORD, protected_), .kind = RECORD_FIELD_FLAG},
    KNOWN(milliwatts, 0, COUNT_MOST),
    FLAG(milliwatts_estimated),
    TEXT(trouble, PROVIDER_TEXT_MAX),
};
static const struct record_shape instance_shape = SHAPE("instance", instance_fields);
#undef RECORD

#define RECORD provider_quota
static const struct record_field quota_fields[] = {
    TEXT(region, WORD_MAX),      NAME(name, PROVIDER_TEXT_MAX), TEXT(unit, ZONE_MAX),
    KNOWN(limit, 0, COUNT_MOST), KNOWN(used, 0, COUNT_MOST),    FLAG(adjustable),
};
static const struct record_shape quota_shape = SHAPE("quota", quota_fields);
#undef RECORD

#define RECORD provider_interruption
static const struct record_field interruption_fields[] = {
    TEXT(pool, ID_MAX), NAME(instance, ID_MAX),        WORD(kind, interruption_words),
    MOMENT(at_us),      TEXT(text, PROVIDER_TEXT_MAX),
};
static const struct record_shape interruption_shape = SHAPE("interruption", interruption_fields);
#undef RECORD

#define RECORD provider_permission
static const struct record_field permission_fields[] = {
    NAME(call, WORD_MAX),
    FLAG(allowed),
    FLAG(writes),
    TEXT(trouble, PROVIDER_TEXT_MAX),
};
static const struct record_shape permission_shape = SHAPE("permission", permission_fields);
#undef RECORD

#define RECORD provider_error
static const struct record_field error_fields[] = {
    CHARS(text),          CHARS(call), CHARS(code),   MOMENT(retry_at_us),
    CHARS(instance_type), CHARS(zone), CHARS(market), CHARS(quota),
};
const struct record_shape record_shape_error = SHAPE("error", error_fields);
#undef RECORD

#define RECORD provider_operation
static const struct record_field operation_fields[] = {
    WORD(progress, progress_words),
    CHARS(token),
    MOMENT(next_poll_us),
};
const struct record_shape record_shape_operation = SHAPE("operation", operation_fields);
#undef RECORD

const struct record_shape *record_shape_of(enum provider_record kind)
{
    static const struct record_shape *const shapes[PROVIDER_RECORD_COUNT] = {
        [RECORD_REGION] = &region_shape,
        [RECORD_INSTANCE_TYPE] = &instance_type_shape,
        [RECORD_OFFER] = &offer_shape,
        [RECORD_POOL] = &pool_shape,
        [RECORD_INSTANCE] = &instance_shape,
        [RECORD_QUOTA] = &quota_shape,
        [RECORD_INTERRUPTION] = &interruption_shape,
        [RECORD_PERMISSION] = &permission_shape,
    };
    return shapes[kind];
}

const char *record_word(enum provider_record kind)
{
    return record_shape_of(kind)->word;
}

bool record_kind_of(const char *word, enum provider_record *ret_kind)
{
    for (enum provider_record kind = 0; kind < PROVIDER_RECORD_COUNT; kind++)
        if (strcmp(record_word(kind), word) == 0) {
            *ret_kind = kind;
            return true;
        }
    return false;
}

static const char *word_at(const char *const *words, size_t count, unsigned at)
{
    return at < count ? words[at] : "";
}

const char *record_market_word(enum provider_market market)
{
    return word_at(market_words, PROVIDER_MARKET_COUNT, market);
}

const char *record_instance_state_word(enum provider_instance_state state)
{
    return word_at(state_words, PROVIDER_INSTANCE_STATE_COUNT, state);
}

const char *record_interruption_word(enum provider_interruption_kind kind)
{
    return word_at(interruption_words, PROVIDER_INTERRUPTION_KIND_COUNT, kind);
}
