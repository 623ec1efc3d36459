/* GET policies: what each says and how many of Drover's jobs it decides. */
#include "controller/api/view_part.h"

static void view_patterns(struct json_writer *writer, const char *key, const struct patterns *patterns)
{
    json_writer_key(writer, key);
    json_writer_begin_array(writer);
    for (size_t i = 0; i < patterns->count; i++) {
        json_writer_text(writer, patterns->list[i]);
    }
    json_writer_end_array(writer);
}

static void view_allow_deny(struct json_writer *writer, const char *key, const struct patterns *allow,
                            const struct patterns *deny)
{
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    view_patterns(writer, "Allow", allow);
    view_patterns(writer, "Deny", deny);
    json_writer_end_object(writer);
}

static uint64_t policy_governs(const struct world *world, const struct policy *policy)
{
    uint64_t count = 0;
    for (size_t i = 0; i < world->job_count; i++) {
        const struct drover_job *job = world->jobs[i];
        count += world_policy_for(world, world_text(world, job->job_namespace), world_text(world, job->id)) == policy;
    }
    return count;
}

static void view_policy_object(struct json_writer *writer, const struct world *world, const struct policy *policy)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Name", policy->name);
    json_writer_field_flag(writer, "FromFile", policy->from_file);
    view_patterns(writer, "Jobs", &policy->jobs);
    view_patterns(writer, "Namespaces", &policy->namespaces);
    view_allow_deny(writer, "Regions", &policy->regions_allow, &policy->regions_deny);
    view_allow_deny(writer, "Providers", &policy->providers_allow, &policy->providers_deny);
    view_allow_deny(writer, "Labels", &policy->labels_allow, &policy->labels_deny);
    json_writer_key(writer, "Spread");
    json_writer_begin_object(writer);
    json_writer_field_u64(writer, "MinRegions", policy->min_regions);
    json_writer_field_u64(writer, "MaxShareRegionPercent", policy->max_share_region_percent);
    json_writer_field_u64(writer, "MaxShareProviderPercent", policy->max_share_provider_percent);
    json_writer_end_object(writer);
    view_money(writer, "BudgetMonthlyUSD", policy->budget_uusd_month);
    json_writer_field_flag(writer, "AllowUnpriced", policy->allow_unpriced);
    json_writer_field_u64(writer, "Governs", policy_governs(world, policy));
    json_writer_end_object(writer);
}

void view_policies(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Policies");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->policy_count; i++) {
        view_policy_object(&writer, world, &world->policies[i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

void view_policy(const struct world *world, const struct policy *policy, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    view_policy_object(&writer, world, policy);
    json_writer_done(&writer);
}
