/* GET audit: rows from the store, newest first, in pages; and what one row looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "controller/api/private.h"
#include "controller/api/view_part.h"

enum {
    AUDIT_LIMIT_DEFAULT = 100,
    AUDIT_LIMIT_MAX = 1000,
    AUDIT_LOOK_MAX = 20000, /* rows looked at for one answer; a filter that finds little pages on from there */
    AUDIT_KEY_MAX = 64
};

struct audit_page {
    const struct api_exchange *exchange;
    struct json_writer writer;
    uint64_t limit, shown, looked;
    unsigned char last_key[AUDIT_KEY_MAX];
    size_t last_key_length;
    bool full, failed;
    struct error error;
};

void view_audit_row(struct json_writer *writer, const struct audit_row *row)
{
    char id[32];
    snprintf(id, sizeof id, "%llu", (unsigned long long)row->effect_id);
    json_writer_begin_object(writer);
    view_time(writer, "At", row->at_ms);
    view_time(writer, "DoneAt", row->done_at_ms);
    json_writer_field_text(writer, "EffectID", id);
    json_writer_field_text(writer, "Actor", row->actor);
    json_writer_field_text(writer, "Source", row->source);
    json_writer_field_text(writer, "Action", row->action);
    json_writer_field_text(writer, "Region", row->region);
    json_writer_field_text(writer, "Namespace", row->job_namespace);
    json_writer_field_text(writer, "Job", row->id);
    json_writer_field_text(writer, "Policy", row->policy);
    json_writer_field_text(writer, "Before", row->before);
    json_writer_field_text(writer, "After", row->after);
    json_writer_field_text(writer, "Result", row->result);
    json_writer_end_object(writer);
}

static bool audit_asks_for(const struct api_exchange *exchange, const char *key, const char *value)
{
    const char *wanted = exchange_query(exchange, key);
    return wanted[0] == '\0' || strcmp(wanted, value) == 0;
}

static bool audit_visit(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    struct audit_page *page = context;
    struct audit_row row;
    if (page->shown == page->limit || page->looked == AUDIT_LOOK_MAX) {
        page->full = true;
        return false;
    }
    page->looked++;
    page->last_key_length = key_length < AUDIT_KEY_MAX ? key_length : AUDIT_KEY_MAX;
    memcpy(page->last_key, key, page->last_key_length);
    if (!audit_row_decode(value, length, &row, &page->error)) {
        page->failed = true;
        return false;
    }
    if (audit_asks_for(page->exchange, "region", row.region) && audit_asks_for(page->exchange, "job", row.id) &&
        audit_asks_for(page->exchange, "namespace", row.job_namespace)) {
        view_audit_row(&page->writer, &row);
        page->shown++;
    }
    audit_row_release(&row);
    return true;
}

static bool audit_parse_after(const char *hex, unsigned char *ret_key, size_t *ret_length, struct error *ret_error)
{
    size_t length = strlen(hex);
    if (length % 2 != 0 || length > 2 * AUDIT_KEY_MAX || strspn(hex, "0123456789abcdef") != length) {
        return error_set(ret_error, ERROR_INVALID, "after is not a Next that an earlier answer gave");
    }
    for (size_t i = 0; i < length / 2; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret_key[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    *ret_length = length / 2;
    return true;
}

static void audit_write_next(struct audit_page *page)
{
    char hex[2 * AUDIT_KEY_MAX + 1] = "";
    for (size_t i = 0; page->full && i < page->last_key_length; i++) {
        snprintf(hex + 2 * i, 3, "%02x", page->last_key[i]);
    }
    json_writer_field_text(&page->writer, "Next", hex);
}

static bool audit_read(struct api_exchange *exchange, struct audit_page *page, struct error *ret_error)
{
    const char *limit = exchange_query(exchange, "limit");
    unsigned char after[AUDIT_KEY_MAX];
    size_t after_length = 0;
    if (exchange->api->backend.store == NULL) {
        return error_set(ret_error, ERROR_NOT_FOUND, "there is no store");
    }
    if (limit[0] != '\0' &&
        !text_parse_u64(limit, strlen(limit), "limit", 1, AUDIT_LIMIT_MAX, &page->limit, ret_error)) {
        return false;
    }
    if (!audit_parse_after(exchange_query(exchange, "after"), after, &after_length, ret_error) ||
        !store_scan_from(exchange->api->backend.store, STORE_AUDIT, after, after_length, AUDIT_LOOK_MAX + 1, true,
                         audit_visit, page, ret_error)) {
        return false;
    }
    if (page->failed) {
        *ret_error = page->error;
    }
    return !page->failed;
}

void answer_audit(struct api_exchange *exchange, const char *rest)
{
    struct error error;
    struct audit_page page = {.exchange = exchange, .limit = AUDIT_LIMIT_DEFAULT};
    (void)rest;
    page.writer = json_writer_init(&exchange->answer, false);
    json_writer_begin_object(&page.writer);
    json_writer_key(&page.writer, "Rows");
    json_writer_begin_array(&page.writer);
    if (!audit_read(exchange, &page, &error)) {
        exchange_fail(exchange, &error);
        return;
    }
    json_writer_end_array(&page.writer);
    audit_write_next(&page);
    json_writer_end_object(&page.writer);
    exchange_answer(exchange, 200);
}
