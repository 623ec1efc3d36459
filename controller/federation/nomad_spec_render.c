/* Writes one region's copy of a job: from the specification (render), or from what is live there (shift). */
#include "controller/federation/nomad_spec.h"

#include <string.h>

#include "controller/federation/document.h"

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

/* Every wanted group is there, and wanted once. */
static bool groups_match(const json_t *job, const struct copy_wanted *wanted, struct error *ret_error)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        const struct copy_group *group = &wanted->groups[i];
        if (wanted_group(wanted, group->group) != group)
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
    for (size_t i = 0; i < json_array_size(groups); i++) {
        json_t *group = json_array_get(groups, i);
        const char *name = json_string_value(json_object_get(group, "Name"));
        if (!set_group(group, wanted_group(wanted, name == NULL ? "" : name), system))
            return false;
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
        good = error_set(ret_error, ERROR_INVALID, "a pin or the region's name is not UTF-8");
    if (good)
        document_print(job, ret_job);
    json_decref(job);
    return good;
}

bool nomad_spec_shift(const char *live, size_t length, const struct copy_wanted *wanted, struct buffer *ret_job,
                      struct error *ret_error)
{
    json_t *job = document_parse(live, length, NOMAD_SPEC_MAX, ret_error);
    if (job == NULL)
        return false;
    bool good = groups_match(job, wanted, ret_error);
    for (size_t i = 0; good && i < wanted->group_count; i++)
        json_object_set_new(find_group(job, wanted->groups[i].group), "Count", json_integer(wanted->groups[i].count));
    if (good)
        document_print(job, ret_job);
    json_decref(job);
    return good;
}
