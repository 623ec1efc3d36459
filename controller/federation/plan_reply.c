#include "controller/federation/plan_reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/document.h"
#include "model/job_demand.h"

enum { REPLY_MAX = 8 << 20, REASONS_MAX = 8 };

void plan_reply_release(struct plan_reply *reply)
{
    for (size_t i = 0; i < reply->group_count; i++) {
        free((char *)(uintptr_t)reply->groups[i].group);
        free((char *)(uintptr_t)reply->groups[i].why);
    }
    free(reply->groups);
    *reply = (struct plan_reply){0};
}

static int64_t number(const json_t *object, const char *key)
{
    int64_t value = 0;
    json_get_i64(object, key, &value);
    return value < 0 ? 0 : value;
}

static void append_nodes(struct buffer *why, int64_t nodes)
{
    buffer_printf(why, "%lld node%s", (long long)nodes, nodes == 1 ? "" : "s");
}

/* "missing drivers (2 nodes)", in the order of the names. */
static void append_counts(struct buffer *why, const json_t *metric, const char *key, const char *form)
{
    json_t *map = NULL;
    const char *name;
    json_t *nodes;
    size_t told = 0;
    json_get_object(metric, key, &map);
    json_object_foreach(map, name, nodes)
    {
        if (told++ == REASONS_MAX)
            break;
        buffer_append_text(why, why->length > 0 ? ", " : "");
        text_append_visible(why, name, strlen(name) < 200 ? strlen(name) : 200, false);
        buffer_printf(why, "%s", form);
        append_nodes(why, json_integer_value(nodes));
        if (form[1] == '(')
            buffer_append_byte(why, ')');
    }
}

static char *describe(const json_t *metric)
{
    struct buffer why = BUFFER_INIT;
    const char *pool = "";
    json_get_text(metric, "NodePool", &pool);
    if (number(metric, "NodesEvaluated") == 0) {
        buffer_append_text(&why, "no node is in its datacenters");
        if (pool[0] != '\0') {
            buffer_append_text(&why, " and node pool ");
            text_append_visible(&why, pool, strlen(pool) < 128 ? strlen(pool) : 128, false);
        }
    }
    append_counts(&why, metric, "ConstraintFiltered", " (");
    append_counts(&why, metric, "ClassFiltered", " class left out (");
    append_counts(&why, metric, "DimensionExhausted", " exhausted on ");
    if (why.length == 0)
        buffer_append_text(&why, "Nomad does not say why");
    size_t end = why.length < PLAN_WHY_MAX ? why.length : PLAN_WHY_MAX - 1;
    while (end > 0 && end < why.length && ((unsigned char)why.data[end] & 0xC0) == 0x80)
        end--;
    char *text = memory_copy_text(why.data, end);
    buffer_release(&why);
    return text;
}

static void read_failure(const json_t *failed, struct plan_group *group)
{
    json_t *metric = NULL;
    if (json_get_object(failed, group->group, &metric) != JSON_FOUND) {
        group->why = memory_copy_text("", 0);
        return;
    }
    int64_t evaluated = number(metric, "NodesEvaluated");
    group->unplaced = number(metric, "CoalescedFailures") + 1;
    group->filtered = evaluated == 0 || number(metric, "NodesFiltered") >= evaluated;
    group->why = describe(metric);
}

static void read_group(const char *name, const json_t *updates, const json_t *failed, struct plan_group *group)
{
    group->group = memory_copy_text(name, strlen(name));
    group->place = number(updates, "Place");
    group->destructive = number(updates, "DestructiveUpdate");
    group->migrate = number(updates, "Migrate");
    group->stop = number(updates, "Stop");
    read_failure(failed, group);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct plan_group *)a)->group, ((const struct plan_group *)b)->group);
}

static bool read_groups(const json_t *document, struct plan_reply *reply, struct error *ret_error)
{
    json_t *annotations = NULL, *desired = NULL, *failed = NULL, *updates;
    const char *name;
    if (json_get_object(document, "Annotations", &annotations) == JSON_FOUND_WRONG ||
        json_get_object(annotations, "DesiredTGUpdates", &desired) == JSON_FOUND_WRONG ||
        json_get_object(document, "FailedTGAllocs", &failed) == JSON_FOUND_WRONG)
        return error_set(ret_error, ERROR_INVALID, "JSON, but not the answer to a plan");
    size_t count = json_object_size(desired) + json_object_size(failed);
    if (count > 2 * (size_t)JOB_GROUPS_MAX)
        return error_set(ret_error, ERROR_INVALID, "a plan of more than %d groups", JOB_GROUPS_MAX);
    reply->groups = memory_new(count, sizeof *reply->groups);
    json_object_foreach(desired, name, updates)
    {
        read_group(name, updates, failed, &reply->groups[reply->group_count++]);
    }
    json_object_foreach(failed, name, updates)
    {
        if (json_object_get(desired, name) == NULL)
            read_group(name, NULL, failed, &reply->groups[reply->group_count++]);
    }
    for (size_t i = 0; i < reply->group_count; i++)
        reply->destructive = reply->destructive || reply->groups[i].destructive > 0 || reply->groups[i].migrate > 0;
    if (reply->group_count > 0)
        qsort(reply->groups, reply->group_count, sizeof *reply->groups, by_name);
    return true;
}

bool plan_reply_read(const char *json, size_t length, struct plan_reply *ret_reply, struct error *ret_error)
{
    struct plan_reply reply = {0};
    json_t *diff = NULL;
    const char *type = "";
    json_t *document = document_parse(json, length, REPLY_MAX, ret_error);
    if (document == NULL)
        return false;
    /* What has no JobModifyIndex is some other object. */
    bool good = json_is_integer(json_object_get(document, "JobModifyIndex"));
    if (!good)
        error_set(ret_error, ERROR_INVALID, "JSON, but not the answer to a plan");
    good = good && read_groups(document, &reply, ret_error);
    if (good) {
        reply.job_modify_index = (uint64_t)number(document, "JobModifyIndex");
        json_get_object(document, "Diff", &diff);
        json_get_text(diff, "Type", &type);
        reply.diff_known = type[0] != '\0';
        reply.equal = strcmp(type, "None") == 0;
        *ret_reply = reply;
    } else {
        plan_reply_release(&reply);
    }
    json_decref(document);
    return good;
}
