/* Reads a submitted specification into its demand and the body to keep. Groups are in spec_group.c, what a region's
 * copy looks like in nomad_spec_render.c. */
#include "controller/federation/nomad_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "controller/federation/document.h"
#include "controller/federation/spec_group.h"
#include "model/region_config.h"

_Static_assert(NOMAD_SPEC_DEPTH_MAX == (int)DOCUMENT_DEPTH_MAX, "one limit of nesting");

static const char *const JOB_KEYS[] = {
    "ID",         "Name",        "Namespace",   "Type",     "Region", "Datacenters", "NodePool",
    "TaskGroups", "Constraints", "Multiregion", "Update",   "Meta",   "Periodic",    "ParameterizedJob",
    "Stop",       "Spreads",     "Affinities",  "Priority", NULL};
static const char *const MULTIREGION_KEYS[] = {"Strategy", "Regions", NULL};
static const char *const REGION_KEYS[] = {"Name", "Count", "Datacenters", "NodePool", "Meta", NULL};

static char *copy_text(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

/* Nomad refuses a space and a NUL (Job.Validate); other control bytes have no place in a table or a log either. */
static bool read_id(const json_t *job, char **ret_id, struct error *ret_error)
{
    const char *id;
    if (!document_text(job, "Job", "ID", JOB_ID_MAX, "", &id, ret_error))
        return false;
    if (id[0] == '\0')
        return error_set(ret_error, ERROR_INVALID, "Job.ID: a job needs an id");
    for (const char *at = id; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte <= ' ' || byte == 0x7f)
            return error_set(ret_error, ERROR_INVALID, "Job.ID: no blanks or control characters");
    }
    *ret_id = copy_text(id);
    return true;
}

/* Letters, digits and '-' (Nomad 2.0.5 nomad/structs, validNamespaceName). */
static bool read_namespace(const json_t *job, char **ret_namespace, struct error *ret_error)
{
    const char *name;
    if (!document_text(job, "Job", "Namespace", JOB_NAMESPACE_MAX, "default", &name, ret_error))
        return false;
    if (name[0] == '\0')
        name = "default";
    for (const char *at = name; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (!letter && !(*at >= '0' && *at <= '9') && *at != '-')
            return error_set(ret_error, ERROR_INVALID, "Job.Namespace: letters, digits and '-' only");
    }
    *ret_namespace = copy_text(name);
    return true;
}

static bool read_type(const json_t *job, enum job_type *ret_type, struct error *ret_error)
{
    const char *word;
    if (!document_text(job, "Job", "Type", FACT_TEXT_MAX, "service", &word, ret_error))
        return false;
    if (word[0] == '\0')
        word = "service";
    for (int type = JOB_SERVICE; type <= JOB_SYSBATCH; type++) {
        if (strcmp(word, job_type_word((enum job_type)type)) == 0) {
            *ret_type = (enum job_type)type;
            return true;
        }
    }
    return error_set(ret_error, ERROR_INVALID, "Job.Type: service, system, batch or sysbatch is wanted");
}

static bool read_datacenters(const json_t *job, struct patterns *into, struct error *ret_error)
{
    json_t *list;
    if (!document_array(job, "Job", "Datacenters", POLICY_PATTERNS_MAX, &list, ret_error))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pattern = json_array_get(list, i);
        if (!json_is_string(pattern) || json_string_length(pattern) == 0 ||
            json_string_length(pattern) > POLICY_PATTERN_MAX)
            return error_set(ret_error, ERROR_INVALID, "Job.Datacenters[%zu]: a text of 1 to %d bytes is wanted", i,
                             POLICY_PATTERN_MAX);
        patterns_add(into, json_string_value(pattern));
    }
    if (into->count == 0)
        patterns_add(into, "*");
    return true;
}

static bool read_override(json_t *region, const char *path, struct region_override *ret_override,
                          struct error *ret_error)
{
    const char *name;
    json_t *ignored;
    int64_t count;
    if (!document_check_case(region, path, REGION_KEYS, ret_error) ||
        !document_text(region, path, "Name", REGION_NAME_MAX, "", &name, ret_error) ||
        !document_integer(region, path, "Count", 0, JOB_COUNT_MAX, 0, &count, ret_error) ||
        !document_array(region, path, "Datacenters", POLICY_PATTERNS_MAX, &ignored, ret_error) ||
        !document_object(region, path, "Meta", &ignored, ret_error))
        return false;
    if (name[0] == '\0')
        return error_set(ret_error, ERROR_INVALID, "%s.Name: which region?", path);
    *ret_override = (struct region_override){.region = copy_text(name), .count = count};
    return true;
}

static bool override_known(const struct job_demand *demand, const char *region)
{
    for (size_t i = 0; i < demand->override_count; i++) {
        if (strcmp(demand->overrides[i].region, region) == 0)
            return true;
    }
    return false;
}

static bool read_overrides(const json_t *job, struct job_demand *demand, struct error *ret_error)
{
    json_t *multiregion, *regions;
    const char *path = "Job.Multiregion";
    if (!document_object(job, "Job", "Multiregion", &multiregion, ret_error))
        return false;
    if (multiregion == NULL)
        return true;
    if (!document_check_case(multiregion, path, MULTIREGION_KEYS, ret_error) ||
        !document_array(multiregion, path, "Regions", REGIONS_MAX, &regions, ret_error))
        return false;
    demand->overrides = memory_new(json_array_size(regions), sizeof *demand->overrides);
    for (size_t i = 0; i < json_array_size(regions); i++) {
        char here[DOCUMENT_PATH_MAX];
        json_t *region;
        struct region_override one;
        document_path_element(here, path, "Regions", i);
        if (!document_element(regions, "Job.Multiregion.Regions", i, &region, ret_error) ||
            !read_override(region, here, &one, ret_error))
            return false;
        bool twice = override_known(demand, one.region);
        demand->overrides[demand->override_count++] = one;
        if (twice)
            return error_set(ret_error, ERROR_INVALID, "%s.Name: this region is named twice", here);
    }
    return true;
}

static bool read_groups(const json_t *job, struct job_demand *demand, struct error *ret_error)
{
    json_t *groups;
    if (!document_array(job, "Job", "TaskGroups", JOB_GROUPS_MAX, &groups, ret_error))
        return false;
    if (json_array_size(groups) == 0)
        return error_set(ret_error, ERROR_INVALID, "Job.TaskGroups: a job needs a group");
    demand->groups = memory_new(json_array_size(groups), sizeof *demand->groups);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        char here[DOCUMENT_PATH_MAX];
        json_t *group;
        struct group_demand one;
        document_path_element(here, "Job", "TaskGroups", i);
        if (!document_element(groups, "Job.TaskGroups", i, &group, ret_error) ||
            !spec_group_read(job, demand->type, group, here, &one, ret_error))
            return false;
        bool twice = job_demand_find_group(demand, one.name) >= 0;
        demand->groups[demand->group_count++] = one;
        if (twice)
            return error_set(ret_error, ERROR_INVALID, "%s.Name: this group is there twice", here);
    }
    return true;
}

static bool read_kind(const json_t *job, struct job_demand *demand, struct error *ret_error)
{
    json_t *periodic, *parameterized;
    const char *pool;
    if (!document_object(job, "Job", "Periodic", &periodic, ret_error) ||
        !document_object(job, "Job", "ParameterizedJob", &parameterized, ret_error) ||
        !document_text(job, "Job", "NodePool", FACT_TEXT_MAX, "default", &pool, ret_error))
        return false;
    demand->periodic = periodic != NULL;
    demand->parameterized = parameterized != NULL;
    demand->node_pool = copy_text(pool[0] == '\0' ? "default" : pool);
    return true;
}

/* Null and absent are one to Nomad, so they must be one to the hash. */
static void drop_nulls(json_t *value)
{
    size_t index;
    const char *key;
    json_t *inner;
    void *next;
    json_array_foreach(value, index, inner)
    {
        drop_nulls(inner);
    }
    json_object_foreach_safe(value, next, key, inner)
    {
        if (json_is_null(inner))
            json_object_del(value, key);
        else
            drop_nulls(inner);
    }
}

/* What the servers write into a job is no part of what was asked for. */
static const char *const SERVER_KEYS[] = {"CreateIndex",       "ModifyIndex", "JobModifyIndex", "Version",
                                          "VersionTag",        "SubmitTime",  "Stable",         "Status",
                                          "StatusDescription", NULL};

static uint64_t hash_without_counts(const json_t *job)
{
    json_t *copy = json_deep_copy(job);
    json_t *groups = json_object_get(copy, "TaskGroups");
    for (size_t i = 0; i < json_array_size(groups); i++)
        json_object_del(json_array_get(groups, i), "Count");
    json_t *regions = json_object_get(json_object_get(copy, "Multiregion"), "Regions");
    for (size_t i = 0; i < json_array_size(regions); i++)
        json_object_del(json_array_get(regions, i), "Count");
    for (size_t i = 0; SERVER_KEYS[i] != NULL; i++)
        json_object_del(copy, SERVER_KEYS[i]);
    drop_nulls(copy);
    char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t hash = text == NULL ? 0 : hash_bytes(text, strlen(text));
    free(text);
    json_decref(copy);
    return hash;
}

static bool read_job(const json_t *job, struct job_demand *demand, struct error *ret_error)
{
    return document_check_case(job, "Job", JOB_KEYS, ret_error) && read_id(job, &demand->id, ret_error) &&
           read_namespace(job, &demand->job_namespace, ret_error) && read_type(job, &demand->type, ret_error) &&
           read_kind(job, demand, ret_error) && read_datacenters(job, &demand->datacenters, ret_error) &&
           read_overrides(job, demand, ret_error) && read_groups(job, demand, ret_error);
}

bool nomad_spec_read(const char *json, size_t length, struct job_demand *ret_demand, struct buffer *ret_body,
                     struct error *ret_error)
{
    json_t *document = document_parse(json, length, NOMAD_SPEC_MAX, ret_error);
    if (document == NULL)
        return false;
    struct job_demand demand = {0};
    json_t *job = json_object_get(document, "Job");
    if (job != NULL && !json_is_object(job)) {
        json_decref(document);
        return error_set(ret_error, ERROR_INVALID, "Job: an object is wanted");
    }
    if (job == NULL)
        job = document;
    bool good = read_job(job, &demand, ret_error);
    if (good) {
        demand.spec_hash = hash_without_counts(job);
        document_print(job, ret_body);
        *ret_demand = demand;
    } else {
        job_demand_release(&demand);
    }
    json_decref(document);
    return good;
}
