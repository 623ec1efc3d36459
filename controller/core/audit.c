/* Audit rows: one for every outside write and every act of a person, written before the act and completed after. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "controller/core/private.h"

void audit_row_release(struct audit_row *row)
{
    char *texts[] = {row->actor, row->source, row->action, row->region, row->job_namespace,
                     row->id,    row->policy, row->before, row->after,  row->result};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *row = (struct audit_row){0};
}

static void put(struct buffer *out, const char *text)
{
    codec_put_text(out, text ? text : "");
}

void audit_row_encode(const struct audit_row *row, struct buffer *out)
{
    codec_put_i64(out, row->at_ms);
    codec_put_i64(out, row->done_at_ms);
    codec_put_u64(out, row->effect_id);
    put(out, row->actor);
    put(out, row->source);
    put(out, row->action);
    put(out, row->region);
    put(out, row->job_namespace);
    put(out, row->id);
    put(out, row->policy);
    put(out, row->before);
    put(out, row->after);
    put(out, row->result);
}

bool audit_row_decode(const void *bytes, size_t length, struct audit_row *ret_row, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    struct audit_row row = {.at_ms = codec_get_i64(&reader)};
    row.done_at_ms = codec_get_i64(&reader);
    row.effect_id = codec_get_u64(&reader);
    row.actor = codec_get_text(&reader);
    row.source = codec_get_text(&reader);
    row.action = codec_get_text(&reader);
    row.region = codec_get_text(&reader);
    row.job_namespace = codec_get_text(&reader);
    row.id = codec_get_text(&reader);
    row.policy = codec_get_text(&reader);
    row.before = codec_get_text(&reader);
    row.after = codec_get_text(&reader);
    row.result = codec_get_text(&reader);
    if (!codec_reader_done(&reader)) {
        audit_row_release(&row);
        return error_set(ret_error, ERROR_CORRUPT, "an audit row cannot be read");
    }
    *ret_row = row;
    return true;
}

void core_audit_act(struct core *core, const char *action, const char *before, const char *after)
{
    const struct event *event = core->event;
    struct audit_row row = {.at_ms = core->world.now_ms, .done_at_ms = core->world.now_ms};
    text_replace(&row.actor, event->actor ? event->actor : "drover");
    text_replace(&row.source, event->source ? event->source : "");
    text_replace(&row.action, action);
    text_replace(&row.before, before);
    text_replace(&row.after, after);
    text_replace(&row.result, "done");
    put_audit(core, &row);
    audit_row_release(&row);
}
