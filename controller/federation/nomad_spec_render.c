/* Writes one region's copy of a job: from the specification (render), or from what is live there (shift). */
#include "controller/federation/nomad_spec.h"

#include <stdlib.h>
#include <string.h>

#include "controller/federation/document.h"

/* The first part of a group: it keeps the group's name. */
static const struct copy_group *wanted_group(const struct copy_wanted *wanted, const char *name)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        if (strcmp(wanted->groups[i].group, name) == 0)
            return &wanted->groups[i];
    }
    return NULL;
}

static json_t *find_group(const json_t *job, const char *name)
{
    json_t *groups = json_object_get(job, "TaskGroups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        json_t *group = json_array_get(groups, i);
        const char *found = json_string_value(json_object_get(group, "Name"));
        if (found != NULL && strcmp(found, name) == 0)
            return group;
    }
    return NULL;
}

/* Every wanted group is there, and no part twice. */
static bool groups_match(const json_t *job, const struct copy_wanted *wanted, struct error *ret_error)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        const struct copy_group *group = &wanted->groups[i];
        for (size_t k = 0; k < i; k++)
            if (strcmp(wanted->groups[k].group, group->group) == 0 && strcmp(wanted->groups[k].pool, group->pool) == 0)
                return error_set(ret_error, ERROR_CONFLICT, "group \"%s\" is wanted twice", group->group);
        if (find_group(job, group->group) == NULL)
            return error_set(ret_error, ERROR_CONFLICT, "the job has no group \"%s\"", group->group);
    }
    return true;
}

static bool append_pins(json_t *group, const struct copy_group *wanted)
{
    if (wanted->pin_count == 0)
        return true;
    json_t *constraints = json_object_get(group, "Constraints");
    if (!json_is_array(constraints)) {
        json_object_set_new(group, "Constraints", json_array());
        constraints = json_object_get(group, "Constraints");
    }
    for (size_t i = 0; i < wanted->pin_count; i++) {
        const struct pin *pin = &wanted->pins[i];
        json_t *constraint = json_pack("{s:s,s:s,s:s}", "LTarget", pin->target, "RTarget", pin->value, "Operand",
                                       pin->negated ? "!=" : "=");
        if (constraint == NULL || json_array_append_new(constraints, constraint) != 0)
            return false;
    }
    return true;
}

/* With it Nomad would undo counts that Drover set, and stop what is healthy (docs/nomad-facts.md). */
static void forbid_auto_revert(json_t *holder)
{
    json_t *update = json_object_get(holder, "Update");
    if (json_is_object(update))
        json_object_set_new(update, "AutoRevert", json_false());
}

static json_t *region_block(const json_t *job, const char *region)
{
    json_t *regions = json_object_get(json_object_get(job, "Multiregion"), "Regions");
    for (size_t i = 0; i < json_array_size(regions); i++) {
        json_t *block = json_array_get(regions, i);
        const char *name = json_string_value(json_object_get(block, "Name"));
        if (name != NULL && strcmp(name, region) == 0)
            return block;
    }
    return NULL;
}

/* The region's own datacenters and pool replace the job's, its meta is laid over the job's (Nomad's multiregion). */
static void apply_region_block(json_t *job, json_t *block)
{
    json_t *datacenters = json_object_get(block, "Datacenters");
    if (json_array_size(datacenters) > 0)
        json_object_set(job, "Datacenters", datacenters);
    json_t *pool = json_object_get(block, "NodePool");
    if (json_string_length(pool) > 0)
        json_object_set(job, "NodePool", pool);
    json_t *meta = json_object_get(block, "Meta");
    if (json_object_size(meta) == 0)
        return;
    if (!json_is_object(json_object_get(job, "Meta")))
        json_object_set_new(job, "Meta", json_object());
    json_object_update(json_object_get(job, "Meta"), meta);
}

/* A system job's count says nothing of how many run: it stays, unless the group is not to run at all. */
static bool set_group(json_t *group, const struct copy_group *wanted, bool system)
{
    forbid_auto_revert(group);
    if (wanted == NULL || !system || wanted->count == 0)
        json_object_set_new(group, "Count", json_integer(wanted == NULL ? 0 : wanted->count));
    return wanted == NULL || append_pins(group, wanted);
}

/* One number of an update block, divided among the parts of a group by their counts: at least 1 where it was, 0 stays.
 */
static void divide_update(json_t *group, const char *key, int64_t part, int64_t whole)
{
    json_t *update = json_object_get(group, "Update");
    json_t *value = json_object_get(update, key);
    if (!json_is_integer(value) || json_integer_value(value) <= 0 || whole <= 0)
        return;
    int64_t share = (int64_t)(((__int128)json_integer_value(value) * part + whole - 1) / whole);
    json_object_set_new(update, key, json_integer(share > 0 ? share : 1));
}

static bool is_split(const struct copy_wanted *wanted, const struct copy_group *part, int64_t *ret_whole)
{
    size_t parts = 0;
    *ret_whole = 0;
    for (size_t i = 0; i < wanted->group_count; i++) {
        bool same = strcmp(wanted->groups[i].group, part->group) == 0;
        parts += same;
        *ret_whole += same ? wanted->groups[i].count : 0;
    }
    return parts > 1;
}

/* What only the job says of updates becomes the part's own. */
static void divide_updates(const json_t *job, json_t *group, const struct copy_wanted *wanted,
                           const struct copy_group *part)
{
    int64_t whole = 0;
    const json_t *update = json_object_get(job, "Update");
    if (!is_split(wanted, part, &whole))
        return;
    if (json_is_object(update) && !json_is_object(json_object_get(group, "Update")))
        json_object_set_new(group, "Update", json_deep_copy(update));
    divide_update(group, "MaxParallel", part->count, whole);
    divide_update(group, "Canary", part->count, whole);
}

/* A part beyond the first: a copy of the user's group under a name of its own. NULL when the name is taken. */
static json_t *add_part(json_t *job, const json_t *from, const struct copy_wanted *wanted, size_t at)
{
    json_t *groups = json_object_get(job, "TaskGroups");
    char *name = copy_wanted_name(wanted, at);
    json_t *part = find_group(job, name) == NULL ? json_deep_copy(from) : NULL;
    if (part != NULL &&
        (json_object_set_new(part, "Name", json_string(name)) != 0 || json_array_append_new(groups, part) != 0))
        part = NULL;
    free(name);
    return part;
}

static bool is_first_part(const struct copy_wanted *wanted, size_t at)
{
    return wanted_group(wanted, wanted->groups[at].group) == &wanted->groups[at];
}

/* Before the user's groups get pins and counts of their own. */
static bool render_parts(json_t *job, const struct copy_wanted *wanted, bool system)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        if (is_first_part(wanted, i))
            continue;
        json_t *part = add_part(job, find_group(job, wanted->groups[i].group), wanted, i);
        if (part == NULL || !set_group(part, &wanted->groups[i], system))
            return false;
        divide_updates(job, part, wanted, &wanted->groups[i]);
    }
    return true;
}

static bool render(json_t *job, const struct copy_wanted *wanted, const char *region)
{
    json_t *block = region_block(job, region);
    if (block != NULL)
        apply_region_block(job, block);
    json_object_del(job, "Multiregion");
    if (json_object_set_new(job, "Region", json_string(region)) != 0)
        return false;
    if (json_is_true(json_object_get(job, "Stop")))
        json_object_set_new(job, "Stop", json_false());
    forbid_auto_revert(job);
    const char *type = json_string_value(json_object_get(job, "Type"));
    bool system = type != NULL && strcmp(type, "system") == 0;
    json_t *groups = json_object_get(job, "TaskGroups");
    size_t own = json_array_size(groups);
    if (!render_parts(job, wanted, system))
        return false;
    for (size_t i = 0; i < own; i++) {
        json_t *group = json_array_get(groups, i);
        const char *name = json_string_value(json_object_get(group, "Name"));
        const struct copy_group *part = wanted_group(wanted, name == NULL ? "" : name);
        if (!set_group(group, part, system))
            return false;
        if (part != NULL)
            divide_updates(job, group, wanted, part);
    }
    return true;
}

bool nomad_spec_render(const char *body, size_t length, const struct copy_wanted *wanted, const char *region,
                       struct buffer *ret_job, struct error *ret_error)
{
    json_t *job = document_parse(body, length, NOMAD_SPEC_MAX, ret_error);
    if (job == NULL)
        return false;
    bool good = groups_match(job, wanted, ret_error);
    if (good && !render(job, wanted, region))
        good = error_set(ret_error, ERROR_INVALID,
                         "a pin or the region's name is not UTF-8, or a group is called as a part of another would be");
    if (good)
        document_print(job, ret_job);
    json_decref(job);
    return good;
}

static bool is_pin(const json_t *constraint, const struct pin *pin)
{
    const char *target = json_string_value(json_object_get(constraint, "LTarget"));
    const char *value = json_string_value(json_object_get(constraint, "RTarget"));
    const char *operand = json_string_value(json_object_get(constraint, "Operand"));
    return target != NULL && value != NULL && operand != NULL && strcmp(target, pin->target) == 0 &&
           strcmp(value, pin->value) == 0 && strcmp(operand, pin->negated ? "!=" : "=") == 0;
}

/* What holds the first part to its pool is not the user's own constraint. */
static void remove_pins(json_t *group, const struct copy_group *first)
{
    json_t *constraints = json_object_get(group, "Constraints");
    for (size_t p = 0; p < first->pin_count; p++)
        for (size_t i = json_array_size(constraints); i-- > 0;)
            if (is_pin(json_array_get(constraints, i), &first->pins[p])) {
                json_array_remove(constraints, i);
                break;
            }
}

/* The live job's own part, or a new one made of the first. NULL when it cannot be. */
static json_t *shift_part(json_t *job, const struct copy_wanted *wanted, size_t at)
{
    const struct copy_group *part = &wanted->groups[at];
    char *name = copy_wanted_name(wanted, at);
    json_t *group = find_group(job, name);
    free(name);
    if (group != NULL || is_first_part(wanted, at))
        return group;
    group = add_part(job, find_group(job, part->group), wanted, at);
    if (group == NULL)
        return NULL;
    remove_pins(group, wanted_group(wanted, part->group));
    return append_pins(group, part) ? group : NULL;
}

bool nomad_spec_shift(const char *live, size_t length, const struct copy_wanted *wanted, struct buffer *ret_job,
                      struct error *ret_error)
{
    json_t *job = document_parse(live, length, NOMAD_SPEC_MAX, ret_error);
    if (job == NULL)
        return false;
    bool good = groups_match(job, wanted, ret_error);
    for (size_t i = 0; good && i < wanted->group_count; i++) {
        json_t *group = shift_part(job, wanted, i);
        good =
            group != NULL || error_set(ret_error, ERROR_CONFLICT, "group \"%s\" cannot be given a part in pool \"%s\"",
                                       wanted->groups[i].group, wanted->groups[i].pool);
        if (good)
            json_object_set_new(group, "Count", json_integer(wanted->groups[i].count));
    }
    if (good)
        document_print(job, ret_job);
    json_decref(job);
    return good;
}
