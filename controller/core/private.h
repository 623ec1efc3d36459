/* What the files of the core share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_CORE_PRIVATE_H
#define DROVER_CONTROLLER_CORE_PRIVATE_H

#include "base/codec.h"
#include "base/money.h"
#include "controller/core/core.h"
#include "model/job_demand.h"

enum {
    SUSPECT_AFTER_MS = 5000,
    DARK_AFTER_MS = 30000,
    PROBE_AFTER_MS = 500,  /* an unknown outcome is looked at after this, then with doubling waits */
    RETRY_FIRST_MS = 1000, /* a request that never left is tried again after this, doubling */
    RETRY_MOST_MS = 15000,
    TRIES_MOST = 5, /* of a register before its region is given up for this run */
    PLAN_TRIES_MOST = 3,
    ROUNDS_MOST = 12, /* of planning and replanning one submission */
    PURGE_RETRY_MS = 1000,
    FOLLOW_GRACE_MS = 30000, /* beyond the job's own progress deadline */
};

enum pending_state { PENDING_INTENDED, PENDING_SENT, PENDING_UNKNOWN, PENDING_HELD /* the gate was closed */ };

/* An effect that writes outside and has not ended. */
struct pending {
    struct effect effect;
    struct audit_row audit;
    enum pending_state state;
    int64_t next_ms; /* when to send again or to look; 0: an answer is awaited */
    unsigned tries;
    uint64_t probe; /* id of the read under way, 0: none */
};

/* What this run has learned about a region (or one group there) that the inventory does not show. */
struct lesson {
    symbol region;
    uint32_t group; /* place in the demand, WORLD_NONE: all groups */
    symbol pool;    /* of the part it is about; 0: wherever the group stands there */
    enum reason reason;
    char *detail;
    int64_t most; /* no more than this many of the group there */
};

/* A region whose plan is asked for. */
struct asked {
    symbol region;
    uint64_t effect; /* the PLAN under way, 0: answered */
    struct copy_wanted wanted;
    bool answered;
    uint64_t base_index;
    int64_t system_nodes; /* a system job: on how many nodes Nomad would place it; -1 unknown */
    unsigned tries;
    int64_t retry_ms; /* 0: none waiting */
};

/* The placing of one submission: from the first division until all is proven or given up. */
struct attempt {
    bool dry_run;
    uint64_t request_id;
    char *actor, *source;
    struct job_demand demand; /* of a dry run; a real run's is the job's */
    uint64_t revision;
    unsigned rounds;
    struct lesson *lessons;
    size_t lesson_count;
    struct asked *asked;
    size_t asked_count;
    struct decision *decision;
    bool waiting_for_growth;  /* pools are being grown for it */
    bool unheard;             /* it was divided before an account had spoken that could grow pools for it */
    unsigned growths;         /* times that happened */
    bool waiting_for_regions; /* after a start: until every region has spoken or is dark */
};

/* The last price written of a pool. */
struct known_price {
    symbol region, pool;
    enum market market;
    int64_t list_uusd_h, effective_uusd_h, marginal_uusd_h;
    bool from_account; /* it was read from an account, of this instance type */
    char instance_type[128];
    char source[64];
    int64_t observed_at_ms;
};

struct core {
    struct world world;
    char *cluster;
    uint64_t epoch;
    uint32_t counter; /* of ids within the epoch */
    uint64_t revision_last;
    bool started;
    struct pending *pending;
    size_t pending_count, pending_capacity;
    struct attempt **dry_runs;
    size_t dry_run_count, dry_run_capacity;
    int64_t recount_ms, idle_next_ms; /* when joined machines are counted, and idle nodes looked for; 0: not */
    int64_t warmed_ms;                /* until when ends of what was cooled have been followed */
    struct known_price *prices;
    size_t price_count, price_capacity;
    /* Only during a step. */
    struct step *out;
    const struct event *event;
    bool timers_changed;
    bool out_changed; /* something a person can see */
    int64_t deadline_ms;
    enum mode persisted_mode;
    bool has_persisted_mode;
    /* Jobs of Drover's that an observation touched and that must be looked at before the step ends. */
    struct drover_job **touched;
    size_t touched_count, touched_capacity;
};

/* --- world.c: containers ------------------------------------------------------------------------------------------ */
uint32_t region_node_find(const struct world_region *region, const struct uuid *id);
uint32_t region_node_obtain(struct world_region *region, const struct uuid *id);
void region_node_drop(struct world_region *region, uint32_t at);
uint32_t region_allocation_find(const struct world_region *region, const struct uuid *id);
/* Linked into job and node; both must exist. */
uint32_t region_allocation_obtain(struct world_region *region, const struct uuid *id, uint32_t job, uint32_t node);
void region_allocation_drop(struct world_region *region, uint32_t at);
uint32_t region_job_find(const struct world_region *region, symbol job_namespace, symbol id);
uint32_t region_job_obtain(struct world_region *region, symbol job_namespace, symbol id);
void region_job_drop(struct world_region *region, uint32_t at);
struct world_region *world_region_of(struct world *world, symbol name);
void job_free(struct drover_job *job);
struct drover_job *world_job(const struct world *world, const char *job_namespace, const char *id);
struct drover_job *world_job_obtain(struct world *world, const char *job_namespace, const char *id);
void world_job_drop(struct world *world, struct drover_job *job);
/* The task group that holds the at-th part of a copy; 0 when nothing of that name was ever seen. */
symbol job_copy_part_name(const struct world *world, const struct drover_job *job, const struct job_copy *copy,
                          size_t at);
/* The place in the demand of the group that a task group of the job's copies belongs to, or -1. */
int job_group_of(const struct world *world, const struct drover_job *job, const char *task_group);
struct job_copy *job_copy_find(const struct drover_job *job, symbol region);
struct job_copy *job_copy_obtain(const struct world *world, struct drover_job *job, symbol region);
void job_copy_drop(struct drover_job *job, const struct job_copy *copy);
void world_release(struct world *world);
bool allocation_is_live(const struct world_allocation *allocation);
void text_replace(char **text, const char *with); /* frees, copies; NULL clears */
struct policy *world_policy_put(struct world *world, const struct policy *policy);
bool world_policy_drop(struct world *world, const char *name);

/* --- observe.c ---------------------------------------------------------------------------------------------------- */
void observe_node(struct core *core, struct world_region *region, const struct node_fact *fact);
void observe_node_gone(struct core *core, struct world_region *region, const struct uuid *id);
void observe_allocation(struct core *core, struct world_region *region, const struct allocation_fact *fact);
void observe_allocation_gone(struct core *core, struct world_region *region, const struct uuid *id);
void observe_job(struct core *core, struct world_region *region, const struct job_fact *fact);
void observe_job_gone(struct core *core, struct world_region *region, const char *job_namespace, const char *id);
void observe_deployment(struct core *core, struct world_region *region, const struct deployment_fact *fact);
void observe_service(struct core *core, struct world_region *region, const struct service_fact *fact);
/* Forgets what the list that just ended did not show. */
void observe_sweep(struct core *core, struct world_region *region);
void core_touch_job(struct core *core, symbol job_namespace, symbol id);

/* --- pools.c ------------------------------------------------------------------------------------------------------ */
void pools_build(struct world *world, struct world_region *region);
void pools_assign_node(const struct world *world, struct world_region *region, struct world_node *node);
void pools_count(struct world_region *region);
bool node_takes_work(const struct world_node *node);

/* --- regions.c ---------------------------------------------------------------------------------------------------- */
void region_configure(struct core *core, const struct region_config *config);
void region_heard(struct core *core, struct world_region *region);
void region_told(struct core *core, struct world_region *region, const struct event *event);
void region_unreached(struct core *core, struct world_region *region, const char *text);
void region_denied(struct core *core, struct world_region *region, const char *text);
void region_sync_begin(struct core *core, struct world_region *region);
void region_sync_end(struct core *core, struct world_region *region);
void region_sync_abandoned(struct core *core, struct world_region *region, const char *text);
void regions_tick(struct core *core);
void regions_clock_jumped(struct core *core);

/* --- room.c: what really fits ------------------------------------------------------------------------------------- */
struct room;
struct room *room_new(const struct core *core, const struct job_demand *demand);
void room_free(struct room *room);
/* How many more allocations of a group fit on the nodes of a pool (WORLD_NONE: of any), at most `most`. */
int64_t room_fits(const struct room *room, size_t region, uint32_t pool, const struct group_demand *group,
                  int64_t most);
/* The free room of all its nodes together; overcommitted nodes count as full, sums end at RESOURCE_AMOUNT_MAX. */
struct resources room_total(const struct room *room, size_t region, uint32_t pool);
/* Takes the room of `count` of them away, best fit. */
void room_take(struct room *room, size_t region, uint32_t pool, const struct group_demand *group, int64_t count);
/* Ready nodes of the pool in the job's datacenters and node pool. */
uint32_t room_nodes(const struct room *room, size_t region, uint32_t pool);
/* True when an empty node of the pool could hold one; *ret_largest is the largest node's capacity. */
bool room_could_hold(const struct room *room, size_t region, uint32_t pool, const struct group_demand *group,
                     struct resources *ret_largest);

/* --- candidates.c, place.c ---------------------------------------------------------------------------------------- */
struct candidate {
    size_t region;      /* place in world.regions */
    uint32_t pool;      /* place in its pools; WORLD_NONE: the whole region is out */
    enum reason reason; /* REASON_CHOSEN while it is still in the race */
    char *detail;
    int64_t fits;   /* beyond what is there now; -1 not looked at */
    int64_t before; /* of the group there now */
    int64_t limit;  /* the most of the group that a lesson allows there; -1: none */
    int64_t count;
    int64_t guide; /* no more than this many are added while the engine's plan is followed; -1: no guide */
    int64_t taken; /* added so far and out of the room */
    int64_t left;  /* what fits beyond that */
    int64_t unit_marginal_uusd_h, unit_full_uusd_h; /* -1 unknown */
    int64_t scarcity_uusd_h; /* shadow price of the room one allocation takes there; -1 unknown */
    bool splits;             /* other pools of the region may hold some of the group beside it */
    bool unpinned;           /* the group cannot be pinned: Nomad may use any pool there */
};
struct candidates {
    struct candidate *list;
    size_t count, capacity;
};
/* What placing is asked to do. */
struct placing {
    const struct core *core;
    const struct job_demand *demand;
    const struct policy *policy;
    const struct drover_job *job;  /* Drover's own, with its copies, or NULL */
    const struct attempt *attempt; /* lessons; may be NULL */
};
enum { POLICY_DETAIL_MAX = 512 };
/* Whether a policy leaves the region to its jobs; `detail` (POLICY_DETAIL_MAX bytes) says why not. */
bool region_is_allowed(const struct policy *policy, const struct world_region *region, char *detail);
void candidates_collect(const struct placing *placing, const struct room *room, uint32_t group,
                        struct candidates *ret_candidates);
void candidates_release(struct candidates *candidates);
/* --- divide.c ------------------------------------------------------------------------------------------------------
 */
/* What one allocation is weighed at where its price is not known: after everything that has a price. */
#define UNIT_UNKNOWN_UUSD_H MONEY_RATE_MAX_UUSD_H
/* Full cost weighs so many sixteenths against marginal cost: how a budget is kept. */
enum { WEIGHT_WHOLE = 16 };
int64_t candidate_weighed(const struct candidate *candidate, int64_t weight);
/* What of the group stays there: all that is there unless a lesson allows less. */
int64_t candidate_stays(const struct candidate *candidate);
int64_t candidates_before(const struct candidates *candidates);
/* How many of the group the federation is to have. */
int64_t placing_wanted(const struct placing *placing, const struct group_demand *group);
/* What a policy says of spread: see model/policy.h. */
struct spread {
    uint32_t min_regions, max_share_region_percent, max_share_provider_percent;
};
struct spread spread_of(const struct policy *policy);
/* The most of `wanted` in one region, and at one provider. */
int64_t spread_region_most(const struct spread *spread, int64_t wanted);
int64_t spread_provider_most(const struct spread *spread, int64_t wanted);
/* The same under the policy that governs the placing. */
int64_t placing_region_most(const struct placing *placing, int64_t wanted);
int64_t placing_provider_most(const struct placing *placing, int64_t wanted);
/* Bounds of one region's part: what is there stays when the group grows and only shrinks when it shrinks. */
void placing_region_bounds(const struct placing *placing, const char *region, int64_t wanted, int64_t before_all,
                           int64_t before, int64_t *ret_least, int64_t *ret_most);
/* Collects the group's candidates, divides it over them and takes its room. guide: by candidate, how many of the
 * engine's plan come there; that is followed first. NULL: no guide. */
bool divide_group(const struct placing *placing, struct room *room, uint32_t number, int64_t weight,
                  const int64_t *guide, struct candidates *candidates, int64_t *ret_placed, struct error *ret_error);

/* --- place.c, reasons.c, wanted.c ------------------------------------------------------------------------------------
 */
/* What placing came to, before it is a decision. */
struct job_work {
    struct candidates *groups; /* one for each group of the demand */
    size_t group_count;
    int64_t wanted, placed;
    int64_t marginal_before, marginal_after, full_before, full_after;
    bool unknown_cost;    /* something was placed whose price is not known */
    int64_t bound_uusd_h; /* no placement of as many costs less at marginal rates; -1: not proven */
};
struct decision *place_job(const struct placing *placing);
/* What more nodes of pools that may grow would hold of what found no place, into decision->growth*. */
void growth_propose(const struct placing *placing, const struct job_work *work, struct decision *decision);
/* The decision that tells it all. */
struct decision *reasons_tell(const struct placing *placing, const struct job_work *work);
/* The copy that a decision wants in a region; false when it wants none there. */
bool decision_wanted(const struct core *core, const struct decision *decision, const struct job_demand *demand,
                     const struct drover_job *job, symbol region, uint64_t revision, struct copy_wanted *ret_wanted);
struct decision_line *decision_add(struct decision *decision, const char *group, const char *region, const char *pool);
struct decision_growth *decision_add_growth(struct decision *decision, const char *region, const char *pool);
struct decision *decision_copied(const struct decision *decision);

/* --- jobs.c, attempt.c, settle.c, copies.c, stop.c
 * ---------------------------------------------------------------------------
 */
void job_submitted(struct core *core, const struct event *event);
void job_set_state(struct core *core, struct drover_job *job, enum job_state state);
void job_refresh(struct core *core, struct drover_job *job);
void attempt_start(struct core *core, struct drover_job *job, const struct event *event);
void attempt_start_dry(struct core *core, const struct event *event);
void attempt_resume(struct core *core, struct drover_job *job);
bool attempt_plan_result(struct core *core, const struct effect_result *result);
void attempt_replan(struct core *core, struct drover_job *job);
void attempt_learn(struct attempt *attempt, symbol region, uint32_t group, symbol pool, enum reason reason,
                   const char *detail, int64_t most);
void attempt_free(struct attempt *attempt);
bool attempt_awaits_answers(const struct attempt *attempt);
void attempt_settle(struct core *core, struct drover_job *job);
void job_tell_what_is_missing(struct core *core, struct drover_job *job, const struct decision *decision);
struct asked *attempt_asked(struct attempt *attempt, symbol region);
void attempts_tick(struct core *core);
bool copy_in_flight(const struct job_copy *copy);
void copy_wanted_of(const struct core *core, const struct drover_job *job, const struct job_copy *copy,
                    struct copy_wanted *ret_wanted);
bool gate_is_open(struct core *core);
void copies_commit(struct core *core, struct drover_job *job);
void pin_group(const struct world_region *region, const char *pool, struct copy_group *group);
void copies_advance(struct core *core, struct drover_job *job);
void copy_advance(struct core *core, struct drover_job *job, struct job_copy *copy);
void copy_register_ended(struct core *core, const struct pending *pending, const struct effect_result *result);
void copies_owner_changed(struct core *core, struct world_region *region, const char *text);
void copy_look(struct core *core, struct drover_job *job, struct job_copy *copy);
void job_stop(struct core *core, const struct event *event);
bool job_conclude_stop(struct core *core, struct drover_job *job);
void copy_stop_advance(struct core *core, struct drover_job *job, struct job_copy *copy);
void copy_stop_ended(struct core *core, const struct pending *pending, const struct effect_result *result);
/* Pools have been grown for the job, or could not be: it is divided anew. A new attempt where none is under way. */
void attempt_grown(struct core *core, struct drover_job *job);
/* Every region has told what it holds since the start, or cannot be asked. */
bool every_region_has_spoken(const struct core *core);

/* --- operations.c, growing.c, cooling.c, operation_settle.c --------------------------------------------------------
 */
void fleet_tick(struct core *core);
void fleet_started(struct core *core);
void fleet_clock_jumped(struct core *core);
void fleet_approve(struct core *core, uint64_t id);
void fleet_deny(struct core *core, uint64_t id);
bool fleet_effect_ended(struct core *core, uint64_t id, enum effect_type type, const struct effect_result *result);
void fleet_read_ended(struct core *core, const struct effect_result *result);
/* Begins to grow the pools that a job's decision proposes, as far as accounts can; true when the job is to wait for it.
 */
bool fleet_grow_for(struct core *core, struct drover_job *job);
/* Machines for what a decision could not place can be had, or are being changed where it lacks room, or the account
 * that may have them has not been heard yet. */
bool fleet_may_come(const struct core *core, const struct decision *decision);
/* A pool that could be grown for what has no place is of an account that has not been heard yet. */
bool fleet_awaits_account(const struct core *core, const struct decision *decision);
/* Appends why linked pools where a decision lacked room cannot be grown: "; REGION/POOL cannot grow: ...". */
void fleet_tell_obstacles(const struct core *core, const struct decision *decision, struct buffer *out);
/* How many more machines a linked pool may be given now; 0 and the reason in `why`. */
int64_t fleet_growable(const struct core *core, const struct world_region *region, uint32_t pool, char *why,
                       size_t size);
/* What an empty machine of the pool's instance type would offer as a node; false when the account does not say. */
bool fleet_machine(const struct world *world, const struct world_region *region, uint32_t pool,
                   struct resources *ret_machine);
/* What a look at account or node says of an unknown write: done, or refused as a conflict. */
void fleet_settle(const struct core *core, const struct pending *pending, const struct effect_result *look,
                  struct effect_result *ret_result);

/* --- commitments.c -------------------------------------------------------------------------------------------------
 */
void commitment_configure(struct core *core, const struct commitment *commitment);
void commitments_release(struct world *world);
/* Spreads every commitment over the machines there are. */
void commitments_spread(struct world *world);

/* --- effects.c ---------------------------------------------------------------------------------------------------- */
uint64_t core_next_id(struct core *core);
/* A reading effect: sent at once, not kept. */
struct effect *effects_read(struct core *core, enum effect_type type, const char *region);
/* A writing effect: outbox, audit row, sent after the commit. Fill `effect` (id and cause are set here). `source` is
 * where the person asked from; NULL: where the event in hand came from. */
uint64_t effects_write(struct core *core, struct effect *effect, const char *source, const char *before,
                       const char *after);
void effects_sent(struct core *core, uint64_t id);
void effects_result(struct core *core, const struct effect_result *result);
void effects_tick(struct core *core);
void effects_started(struct core *core);
void effects_gate_opened(struct core *core);
void region_claim(struct core *core, struct world_region *region);
void core_deadline(struct core *core, int64_t at_ms);

/* --- records.c, restore.c, audit.c, holds.c ------------------------------------------------------------------------
 */
struct record_change *core_put(struct core *core, enum record_kind kind);
void put_job(struct core *core, const struct drover_job *job);
void drop_job(struct core *core, const struct drover_job *job);
void put_copy(struct core *core, const struct drover_job *job, const struct job_copy *copy);
void drop_copy(struct core *core, const struct drover_job *job, const struct job_copy *copy);
void put_pending(struct core *core, const struct pending *pending);
void drop_pending(struct core *core, const struct pending *pending);
void put_audit(struct core *core, const struct audit_row *row);
void put_decision(struct core *core, const struct decision *decision);
void put_policy(struct core *core, const struct policy *policy);
void drop_policy(struct core *core, const char *name);
void put_journal(struct core *core, const char *what, const char *about);
void put_tombstone(struct core *core, const struct drover_job *job, const struct job_copy *copy, bool remove);
void core_audit_act(struct core *core, const char *action, const char *before, const char *after);
void holds_mode_set(struct core *core, enum mode mode);
void holds_mode_configured(struct core *core, enum mode mode);
void holds_freeze(struct core *core, const char *reason);
void holds_unfreeze(struct core *core);
void policy_apply(struct core *core, const struct policy *policy);
void policy_delete(struct core *core, const char *name);
void put_hold_freeze(struct core *core);
void put_hold_mode(struct core *core);
void policy_encode(const struct policy *policy, struct buffer *out);
bool policy_decode(const void *bytes, size_t length, struct policy *ret_policy);

/* --- assess_take.c ------------------------------------------------------------------------------------------------ */
/* Keeps what of it still holds. */
void assess_take(struct core *core, struct assessment *assessment);

/* --- prices.c ----------------------------------------------------------------------------------------------------- */
/* Writes a new price record for every pool whose price is not what was written last. */
void prices_record(struct core *core, const struct world_region *region);
/* What was written last of a pool's price; begun where nothing was. */
struct known_price *price_known(struct core *core, const char *region, const char *pool);
bool prices_restore(struct core *core, const char *region, const char *pool, struct codec_reader *reader);

/* --- replies -------------------------------------------------------------------------------------------------------
 */
struct reply *core_reply(struct core *core);
void core_reply_error(struct core *core, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void core_reply_to(struct core *core, uint64_t request_id, const struct decision *decision);
void core_changed(struct core *core);

#endif
