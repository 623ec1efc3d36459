/* Accounts, their instances, operations and proposals. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/api/view_part.h"

/* Ids are larger than a double can tell apart: text. */
static void view_id(struct json_writer *writer, const char *key, uint64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, id);
    json_writer_field_text(writer, key, text);
}

static void view_text(struct json_writer *writer, const char *key, const char *text)
{
    json_writer_field_text(writer, key, text != NULL ? text : "");
}

static void view_operation_fields(struct json_writer *writer, const struct operation *operation)
{
    view_id(writer, "ID", operation->id);
    json_writer_field_text(writer, "Kind", operation_kind_word(operation->kind));
    json_writer_field_text(writer, "State", operation_state_word(operation->state));
    json_writer_field_i64(writer, "From", operation->from);
    json_writer_field_i64(writer, "To", operation->to);
    json_writer_field_money(writer, "HourlyUSD", operation->uusd_h);
    view_text(writer, "Why", operation->why);
    view_text(writer, "Namespace", operation->job_namespace);
    view_text(writer, "For", operation->job);
    view_text(writer, "Actor", operation->actor);
    view_time(writer, "Since", operation->since_ms);
    view_time(writer, "Deadline", operation->deadline_ms);
    view_text(writer, "Waits", operation->waits);
    view_text(writer, "Trouble", operation->trouble);
}

static void view_operation(struct json_writer *writer, const struct fleet_pool *fleet)
{
    json_writer_key(writer, "Operation");
    if (fleet == NULL || fleet->operation == NULL) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    view_operation_fields(writer, fleet->operation);
    json_writer_end_object(writer);
}

static void view_held(struct json_writer *writer, const struct held_price *held)
{
    json_writer_key(writer, "HeldPrice");
    if (!held->held) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_field_money(writer, "Hourly", held->price_micro_h);
    json_writer_field_text(writer, "Currency", held->currency);
    json_writer_field_text(writer, "Reason", held->reason);
    view_time(writer, "Since", held->since_ms);
    json_writer_end_object(writer);
}

static void view_count(struct json_writer *writer, const char *key, bool known, int64_t value)
{
    json_writer_key(writer, key);
    if (known && value != ACCOUNT_UNSET) {
        json_writer_i64(writer, value);
    } else {
        json_writer_null(writer);
    }
}

void view_pool_account(struct json_writer *writer, const struct world *world, const struct world_region *region,
                       const struct world_pool *pool)
{
    const struct pool_link *link = &pool->link;
    const struct world_account *account = link->account < world->account_count ? &world->accounts[link->account] : NULL;
    const struct account_pool *at = world_provider_pool(world, region, (size_t)(pool - region->pools));
    const struct fleet_pool *fleet = world_find_fleet(world, region->name, pool->name);
    json_writer_field_text(writer, "Account", account != NULL ? account->config.name : "");
    view_text(writer, "ProviderPool", pool->config != NULL ? pool->config->provider_pool : "");
    view_count(writer, "Desired", at != NULL, at != NULL ? at->desired : 0);
    view_count(writer, "Least", at != NULL, at != NULL ? at->min : 0);
    view_count(writer, "Most", at != NULL, at != NULL ? at->max : 0);
    json_writer_field_i64(writer, "Instances", link->instances);
    json_writer_field_i64(writer, "Joined", link->joined);
    json_writer_field_i64(writer, "Awaited", link->waiting);
    view_text(writer, "ReadOnly", at != NULL && !at->writable ? at->why_read_only : "");
    view_text(writer, "Rests", fleet != NULL ? fleet->rest : "");
    view_time(writer, "PriceObservedAt",
              pool->config != NULL && pool->config->priced ? pool->config->price.observed_at_ms : 0);
    view_held(writer, &link->held);
    view_operation(writer, fleet);
    json_writer_field_i64(writer, "CoveredNodes", link->covered);
    json_writer_field_money(writer, "CoveredHourlyUSD", link->covered_uusd_h);
}

/* --- accounts ------------------------------------------------------------------------------------------------------
 */

static void view_look(struct json_writer *writer, const struct world_account *account, enum account_look look)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Look", account_look_word(look));
    view_time(writer, "At", account->looked_ms[look]);
    json_writer_field_text(writer, "Status",
                           account->failure[look] != NULL  ? account_status_word(account->failed[look])
                           : account->looked_ms[look] != 0 ? "ok"
                                                           : "");
    view_text(writer, "Error", account->failure[look]);
    json_writer_end_object(writer);
}

static void view_quotas(struct json_writer *writer, const struct account_facts *facts)
{
    json_writer_key(writer, "Quotas");
    json_writer_begin_array(writer);
    for (size_t i = 0; facts != NULL && i < facts->quota_count && i < VIEW_QUOTAS_MAX; i++) {
        const struct account_quota *quota = &facts->quotas[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Region", quota->region);
        json_writer_field_text(writer, "Name", quota->name);
        json_writer_field_text(writer, "Unit", quota->unit);
        view_count(writer, "Limit", true, quota->limit);
        view_count(writer, "Used", true, quota->used);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void view_account(struct json_writer *writer, const struct world *world, const struct world_account *account)
{
    const struct account_facts *pools = account->facts[LOOK_POOLS];
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Name", account->config.name);
    json_writer_field_text(writer, "Module", account->config.module);
    json_writer_field_flag(writer, "Up", account->up);
    view_text(writer, "Text", account->text);
    json_writer_key(writer, "Regions");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < world->region_count; i++) {
        if (strcmp(world->regions[i].config.provider, account->config.name) == 0) {
            json_writer_text(writer, world->regions[i].config.name);
        }
    }
    json_writer_end_array(writer);
    json_writer_field_u64(writer, "Pools", pools != NULL ? pools->pool_count : 0);
    json_writer_field_u64(writer, "Instances", pools != NULL ? pools->instance_count : 0);
    json_writer_key(writer, "Looks");
    json_writer_begin_array(writer);
    for (int look = 0; look < ACCOUNT_LOOK_COUNT; look++) {
        view_look(writer, account, (enum account_look)look);
    }
    json_writer_end_array(writer);
    view_quotas(writer, account->facts[LOOK_QUOTAS]);
    json_writer_end_object(writer);
}

void view_accounts(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Accounts");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->account_count; i++) {
        view_account(&writer, world, &world->accounts[i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

/* --- instances ------------------------------------------------------------------------------------------------------
 */

static void view_instance(struct json_writer *writer, const struct world *world, const struct world_account *account,
                          const char *pool, const struct account_instance *instance)
{
    const struct instance_match *match = world_match_of(account, instance);
    const struct account_interruption *notice = world_notice_of(account, instance->id);
    const struct world_region *region =
        match->matched && match->region < world->region_count ? &world->regions[match->region] : NULL;
    const struct world_node *node = region != NULL ? world_find_node(region, &match->node) : NULL;
    char id[37] = "";
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Account", account->config.name);
    json_writer_field_text(writer, "ProviderPool", pool);
    json_writer_field_text(writer, "ID", instance->id);
    json_writer_field_text(writer, "State", instance_state_word(instance->state));
    json_writer_field_text(writer, "StateText", instance->state_text);
    json_writer_field_text(writer, "InstanceType", instance->instance_type);
    json_writer_field_text(writer, "Market", market_word(instance->market));
    json_writer_field_text(writer, "Zone", instance->zone);
    view_time(writer, "LaunchedAt", instance->launched_at_ms == ACCOUNT_UNSET ? 0 : instance->launched_at_ms);
    json_writer_field_flag(writer, "Foreign", instance->foreign);
    json_writer_field_text(writer, "Region", region != NULL && node != NULL ? region->config.name : "");
    json_writer_field_text(writer, "NodeID", node != NULL ? uuid_format(&node->id, id) : "");
    json_writer_field_text(writer, "NodeName", node != NULL ? world_text(world, node->name) : "");
    json_writer_field_text(writer, "Notice", notice != NULL ? interruption_word(notice->kind) : "");
    json_writer_field_text(writer, "Trouble",
                           match->doubtful ? "another instance or another node has the same identity"
                                           : instance->trouble);
    json_writer_end_object(writer);
}

void view_instances(const struct world *world, const char *account, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    size_t shown = 0;
    size_t left_off = 0;
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Instances");
    json_writer_begin_array(&writer);
    for (size_t a = 0; a < world->account_count; a++) {
        const struct world_account *at = &world->accounts[a];
        const struct account_facts *facts = at->facts[LOOK_POOLS];
        bool wanted = account == NULL || account[0] == '\0' || strcmp(account, at->config.name) == 0;
        for (size_t p = 0; wanted && facts != NULL && p < facts->pool_count; p++) {
            for (size_t i = 0; i < facts->pools[p].instance_count; i++) {
                if (shown < VIEW_INSTANCES_MAX) {
                    view_instance(&writer, world, at, facts->pools[p].id, &facts->pools[p].instances[i]);
                    shown++;
                } else {
                    left_off++;
                }
            }
        }
    }
    json_writer_end_array(&writer);
    json_writer_field_u64(&writer, "InstancesLeftOff", left_off);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

/* --- approvals ------------------------------------------------------------------------------------------------------
 */

void view_approvals(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Approvals");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->fleet_count; i++) {
        const struct fleet_pool *fleet = world->fleet[i];
        if (fleet->operation == NULL || fleet->operation->state != OPERATION_PROPOSED) {
            continue;
        }
        json_writer_begin_object(&writer);
        view_symbol(&writer, "Region", world, fleet->region);
        view_symbol(&writer, "Pool", world, fleet->pool);
        view_operation_fields(&writer, fleet->operation);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

/* --- commitments ----------------------------------------------------------------------------------------------------
 */

void view_commitments(struct json_writer *writer, const struct world *world)
{
    json_writer_key(writer, "Commitments");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < world->commitment_count; i++) {
        const struct world_commitment *commitment = &world->commitments[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Name", commitment->config.name);
        json_writer_field_text(writer, "Kind", commitment_kind_word(commitment->config.kind));
        json_writer_field_i64(writer, "Nodes", commitment->config.nodes);
        json_writer_field_i64(writer, "UsedNodes", commitment->used_nodes);
        json_writer_field_money(writer, "UsedHourlyUSD", commitment->used_uusd_h);
        json_writer_field_money(writer, "UnusedHourlyUSD", commitment->unused_uusd_h);
        view_time(writer, "EndsAt", commitment->config.ends_ms);
        json_writer_field_flag(writer, "Ended", commitment->ended);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}
