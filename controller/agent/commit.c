/* Commit before act: steps wait here, in order, until their records are durable; then their effects and replies go out.
 *
 * A commit that fails loses nothing: its step stays at the head, nothing behind it is given to the store, no effect
 * leaves (a sent mark could not be made durable), and all of it is given again after a second. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/agent/private.h"

static void commit_free(struct commit *commit)
{
    step_release(&commit->step);
    free(commit);
}

static void commit_perform(struct commit *commit)
{
    struct agent *agent = commit->agent;
    for (size_t i = 0; i < commit->step.reply_count && agent->api != NULL; i++) {
        api_reply_release(agent->api, commit->step.replies[i].request_id);
    }
    if (commit->send != NULL) {
        executor_leave(agent, commit->send);
    }
    for (size_t i = 0; i < commit->step.effect_count; i++) {
        executor_start(agent, &commit->step.effects[i]);
    }
}

/* What is performed may feed further events, which only lengthen the queue. */
static void commit_drain(struct agent *agent)
{
    if (agent->draining) {
        return;
    }
    agent->draining = true;
    while (agent->commit_head != NULL && agent->commit_head->durable) {
        struct commit *commit = agent->commit_head;
        agent->commit_head = commit->next;
        if (agent->commit_head == NULL) {
            agent->commit_tail = NULL;
        }
        commit_perform(commit);
        commit_free(commit);
    }
    agent->draining = false;
}

static void commit_failed(struct commit *commit, const struct error *error)
{
    struct agent *agent = commit->agent;
    if (!agent->store_broken) {
        report_error(agent, NULL,
                     "the store cannot take writes: %s. Nothing is written to any region until it can; reading goes on",
                     error->text);
    }
    agent->store_broken = true;
    free(agent->store_trouble);
    agent->store_trouble = memory_copy_text(error->text, strlen(error->text));
    for (size_t i = 0; i < commit->step.reply_count && !commit->replied && agent->api != NULL; i++) {
        struct error told = *error;
        error_prefix(&told, "taken, but not yet stored (it will be, once the store takes writes again)");
        api_reply_fail(agent->api, commit->step.replies[i].request_id, &told);
    }
    commit->replied = true;
    if (!uv_is_active((uv_handle_t *)&agent->retry_timer) && !agent->stopping) {
        uv_timer_start(&agent->retry_timer, commit_on_retry, AGENT_STORE_RETRY_MS, 0);
    }
}

static void commit_give(struct commit *commit);

static void commit_give_waiting(struct agent *agent)
{
    for (struct commit *at = agent->commit_head; at != NULL; at = at->next) {
        if (!at->durable && !at->given) {
            commit_give(at);
        }
    }
}

/* What came while the store was broken stands behind what was given again, and was not given yet. */
static void commit_repaired(struct agent *agent)
{
    if (!agent->store_broken) {
        return;
    }
    agent->store_broken = false;
    report_info(agent, NULL, "the store takes writes again");
    free(agent->store_trouble);
    agent->store_trouble = NULL;
    commit_give_waiting(agent);
}

static void commit_on_done(void *context, const struct error *error)
{
    struct commit *commit = context;
    struct agent *agent = commit->agent;
    commit->given = false;
    agent->commits_given--;
    if (error != NULL) {
        commit_failed(commit, error);
        return;
    }
    commit->durable = true;
    commit_repaired(agent);
    commit_drain(agent);
}

static void commit_give(struct commit *commit)
{
    struct agent *agent = commit->agent;
    struct store_batch *batch = store_batch_new();
    for (size_t i = 0; i < commit->step.record_count; i++) {
        const struct record_change *record = &commit->step.records[i];
        enum store_table table = restore_table(record->kind);
        if (record->remove) {
            store_batch_delete(batch, table, record->key.data, record->key.length);
        } else {
            store_batch_put(batch, table, record->key.data, record->key.length, record->value.data,
                            record->value.length);
        }
    }
    restore_put_clock(batch, agent->clock.now_ms);
    commit->given = true;
    agent->commits_given++;
    store_commit(agent->store, batch, commit_on_done, commit);
}

void commit_on_retry(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    if (agent->commits_given > 0) {
        uv_timer_start(timer, commit_on_retry, AGENT_STORE_RETRY_MS, 0);
        return;
    }
    commit_give_waiting(agent);
}

void commit_add(struct agent *agent, struct step *step, struct flight *send)
{
    bool nothing = step->record_count == 0 && step->effect_count == 0 && step->reply_count == 0 && send == NULL;
    if (nothing) {
        return;
    }
    struct commit *commit = memory_new(1, sizeof *commit);
    commit->agent = agent;
    commit->send = send;
    commit->step = *step;
    memset(step, 0, sizeof *step);
    commit->durable = commit->step.record_count == 0;
    if (agent->commit_tail != NULL) {
        agent->commit_tail->next = commit;
    } else {
        agent->commit_head = commit;
    }
    agent->commit_tail = commit;
    if (!commit->durable && !agent->store_broken) {
        commit_give(commit);
    }
    commit_drain(agent);
}

void commit_forget(struct agent *agent)
{
    while (agent->commit_head != NULL) {
        struct commit *commit = agent->commit_head;
        agent->commit_head = commit->next;
        commit_free(commit);
    }
    agent->commit_tail = NULL;
}
