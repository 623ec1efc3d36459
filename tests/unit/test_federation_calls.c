/* links: base model net federation jansson uv curl openssl */
/* Effects carried out against a scripted Nomad: what each answer makes of a write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/federation_call.h"

#define JOB(index, more)                                                                                               \
    "{\"ID\":\"web\",\"JobModifyIndex\":" index ",\"Version\":3" more ",\"TaskGroups\":[{\"Name\":\"g\",\"Count\":1}]" \
    "}"
#define LIVE JOB("7", ",\"Stop\":false")
#define STOPPED JOB("7", ",\"Stop\":true")
#define PLAN(index, updates)                                                                                           \
    "{\"JobModifyIndex\":" index ",\"Annotations\":{\"DesiredTGUpdates\":{\"g\":{" updates                             \
    "}}},\"Diff\":{\"Type\":\"Edited\"}}"

static struct copy_group GROUP = {.group = (char *)"g", .pool = (char *)"", .count = 2};

static struct effect effect_of(enum effect_type type, bool shift, uint64_t base)
{
    return (struct effect){.id = 9,
                           .type = type,
                           .wanted = {.job_namespace = (char *)"default",
                                      .id = (char *)"we/b",
                                      .groups = &GROUP,
                                      .group_count = 1,
                                      .shift = shift},
                           .base_index = base,
                           .cluster = (char *)"mine",
                           .epoch = 5,
                           .actor = (char *)"test"};
}

#define GET_JOB "GET /v1/job/we%2Fb?namespace=default"
#define PLAN_JOB "PUT /v1/job/we%2Fb/plan?namespace=default"

static void test_register_writes_with_the_index_and_reads_again(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, false, 4);
    const struct exchange exchanges[] = {
        {"PUT /v1/jobs?namespace=default", OK("{\"JobModifyIndex\":9}")}, {GET_JOB, OK(LIVE)}, {0}};
    execute(&run, &effect, exchanges);
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_int_equal(run.result.job_modify_index, 7);
    assert_int_equal(run.result.job_version, 3);
    assert_non_null(strstr(run.body, "\"EnforceIndex\":true,\"JobModifyIndex\":4}"));
    assert_non_null(strstr(run.body, "\"Region\":\"r\""));
}

/* What one answer to the write makes of it. */
static void register_answered(struct scripted_answer answer, enum effect_outcome outcome, enum refusal refusal)
{
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, false, 0);
    const struct exchange exchanges[] = {{"PUT /v1/jobs", answer}, {0}};
    execute(&run, &effect, exchanges);
    assert_result(&run, outcome, refusal);
    assert_true(strlen(run.text) > 0);
}

static void test_an_answer_to_a_write_is_refused_only_when_it_surely_had_no_effect(void **state)
{
    (void)state;
    const struct scripted_answer conflict =
        SAYS(500, "Enforcing job modify index 3: job exists with conflicting job modify index: 20");
    register_answered(conflict, OUTCOME_REFUSED, REFUSAL_CONFLICT);
    register_answered((struct scripted_answer)SAYS(500, "rpc error: Enforcing job modify index 0: job already exists"),
                      OUTCOME_REFUSED, REFUSAL_CONFLICT);
    register_answered((struct scripted_answer)SAYS(403, "Permission denied"), OUTCOME_REFUSED, REFUSAL_DENIED);
    register_answered((struct scripted_answer)SAYS(500, "rpc error: Permission denied"), OUTCOME_REFUSED,
                      REFUSAL_DENIED);
    register_answered((struct scripted_answer)SAYS(500, "1 error occurred:\n\t* Missing job task groups\n\n"),
                      OUTCOME_REFUSED, REFUSAL_INVALID);
    register_answered((struct scripted_answer)SAYS(500, "job \"x\" is in nonexistent node pool \"nope\""),
                      OUTCOME_REFUSED, REFUSAL_INVALID);
    register_answered((struct scripted_answer)SAYS(400, "Job must be specified"), OUTCOME_REFUSED, REFUSAL_INVALID);
    register_answered((struct scripted_answer)SAYS(429, "Your IP is issuing too many concurrent connections"),
                      OUTCOME_NOT_SENT, REFUSAL_NONE);
}

static void test_an_answer_to_a_write_that_may_have_had_effect_is_unknown(void **state)
{
    (void)state;
    register_answered((struct scripted_answer)SAYS(500, "rpc error: EOF"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(500, "rpc error: failed to get conn: dial tcp"), OUTCOME_UNKNOWN,
                      REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(500, "No cluster leader"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(500, "No path to region"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(502, "<html>bad gateway</html>"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(503, "busy"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(429, "slow down"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)SAYS(302, "moved"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer)OK("<html>welcome</html>"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer){.status = 200, .body = "{\"JobModifyIndex\":9}", .cut = true},
                      OUTCOME_UNKNOWN, REFUSAL_NONE);
    register_answered((struct scripted_answer){.status = 0}, OUTCOME_UNKNOWN, REFUSAL_NONE);
}

static void test_a_register_that_cannot_be_read_again_is_unknown(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, false, 0);
    const struct exchange exchanges[] = {{"PUT /v1/jobs", OK("{}")}, {GET_JOB, {.status = 0}}, {0}};
    execute(&run, &effect, exchanges);
    assert_result(&run, OUTCOME_UNKNOWN, REFUSAL_NONE);
}

static void test_a_shift_reads_plans_and_then_writes_counts_only(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, true, 7);
    const struct exchange exchanges[] = {{GET_JOB, OK(LIVE)},
                                         {PLAN_JOB, OK(PLAN("7", "\"Place\":1,\"InPlaceUpdate\":1"))},
                                         {"PUT /v1/jobs", OK("{}")},
                                         {GET_JOB, OK(JOB("8", ""))},
                                         {0}};
    execute(&run, &effect, exchanges);
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_int_equal(run.result.job_modify_index, 8);
    assert_non_null(strstr(run.body, "{\"Job\":{\"ID\":\"web\",\"JobModifyIndex\":7,\"Version\":3,\"Stop\":false,"
                                     "\"TaskGroups\":[{\"Name\":\"g\",\"Count\":2}]},\"EnforceIndex\":true"));
}

static void shift_refused(const struct exchange *exchanges, enum refusal refusal)
{
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, true, 7);
    execute(&run, &effect, exchanges);
    assert_result(&run, OUTCOME_REFUSED, refusal);
}

static void test_a_shift_is_refused_before_it_writes(void **state)
{
    (void)state;
    shift_refused((const struct exchange[]){{GET_JOB, OK(JOB("8", ""))}, {0}}, REFUSAL_CONFLICT);
    shift_refused((const struct exchange[]){{GET_JOB, OK(STOPPED)}, {0}}, REFUSAL_CONFLICT);
    shift_refused((const struct exchange[]){{GET_JOB, SAYS(404, "job not found")}, {0}}, REFUSAL_CONFLICT);
    shift_refused((const struct exchange[]){{GET_JOB, OK(LIVE)}, {PLAN_JOB, OK(PLAN("7", "\"Migrate\":1"))}, {0}},
                  REFUSAL_DESTRUCTIVE);
    shift_refused(
        (const struct exchange[]){{GET_JOB, OK(LIVE)}, {PLAN_JOB, OK(PLAN("7", "\"DestructiveUpdate\":1"))}, {0}},
        REFUSAL_DESTRUCTIVE);
    shift_refused((const struct exchange[]){{GET_JOB, OK(LIVE)}, {PLAN_JOB, OK(PLAN("9", "\"Place\":1"))}, {0}},
                  REFUSAL_CONFLICT);
    shift_refused((const struct exchange[]){{GET_JOB, SAYS(403, "Permission denied")}, {0}}, REFUSAL_DENIED);
}

static void test_what_is_lost_before_the_write_was_not_sent(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_REGISTER, true, 7);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, {.status = 0}}, {0}});
    assert_result(&run, OUTCOME_NOT_SENT, REFUSAL_NONE);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK("<html>")}, {0}});
    assert_result(&run, OUTCOME_NOT_SENT, REFUSAL_NONE);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(LIVE)}, {PLAN_JOB, OK("[]")}, {0}});
    assert_result(&run, OUTCOME_NOT_SENT, REFUSAL_NONE);
}

static void test_a_gate_that_closes_meanwhile_stops_the_write(void **state)
{
    (void)state;
    struct run run;
    struct effect shift = effect_of(EFFECT_REGISTER, true, 7), stop = effect_of(EFFECT_STOP, false, 7);
    gate_closed = true;
    execute(&run, &shift,
            (const struct exchange[]){{GET_JOB, OK(LIVE)}, {PLAN_JOB, OK(PLAN("7", "\"Place\":1"))}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_GATED);
    execute(&run, &stop, (const struct exchange[]){{GET_JOB, OK(LIVE)}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_GATED);
    gate_closed = false;
}

static void test_plan_tells_the_index_to_enforce(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_PLAN, false, 0);
    execute(&run, &effect, (const struct exchange[]){{PLAN_JOB, OK(PLAN("7", "\"Place\":2"))}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_int_equal(run.result.base_index, 7);
    assert_false(run.result.plan_equal);
    assert_int_equal(run.result.group_count, 1);
}

static void test_stop_reads_before_and_after(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_STOP, false, 7);
    execute(&run, &effect,
            (const struct exchange[]){{GET_JOB, OK(LIVE)},
                                      {"DELETE /v1/job/we%2Fb?namespace=default&purge=false", OK("{}")},
                                      {GET_JOB, OK(STOPPED)},
                                      {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_true(run.result.job_stopped);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(STOPPED)}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, SAYS(404, "job not found")}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_false(run.result.job_exists);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(JOB("8", ""))}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_CONFLICT);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(LIVE)}, {"DELETE", {.status = 0}}, {0}});
    assert_result(&run, OUTCOME_UNKNOWN, REFUSAL_NONE);
}

#define ALLOCATION(status)                                                                                             \
    "[{\"ID\":\"b57746ed-9af4-d9e3-2ce8-bfce80d83757\",\"NodeID\":\"b57746ed-9af4-d9e3-2ce8-bfce80d83757\","           \
    "\"ClientStatus\":\"" status "\"}]"

static void test_purge_waits_for_the_last_allocation(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_PURGE, false, 0);
    const char *allocations = "GET /v1/job/we%2Fb/allocations?namespace=default";
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(LIVE)}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_CONFLICT);
    execute(&run, &effect,
            (const struct exchange[]){{GET_JOB, OK(STOPPED)}, {allocations, OK(ALLOCATION("running"))}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_OTHER);
    assert_string_equal(run.text, "allocations still stopping");
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(STOPPED)}, {allocations, OK("<html>")}, {0}});
    assert_result(&run, OUTCOME_NOT_SENT, REFUSAL_NONE);
    assert_non_null(strstr(run.text, "its allocations: "));
    execute(&run, &effect,
            (const struct exchange[]){{GET_JOB, OK(STOPPED)},
                                      {allocations, OK(ALLOCATION("complete"))},
                                      {"DELETE /v1/job/we%2Fb?namespace=default&purge=true", OK("{}")},
                                      {GET_JOB, SAYS(404, "job not found")},
                                      {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_false(run.result.job_exists);
}

#define OWNER(cluster, epoch) "{\"ModifyIndex\":31,\"Items\":{\"cluster\":\"" cluster "\",\"epoch\":\"" epoch "\"}}"
#define GET_OWNER "GET /v1/var/drover/owner?namespace=default"
#define PUT_OWNER "PUT /v1/var/drover/owner?namespace=default&cas="

static void test_owner_is_taken_only_when_free_or_ours(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_OWNER, false, 0);
    execute(&run, &effect,
            (const struct exchange[]){
                {GET_OWNER, SAYS(404, "variable not found")}, {PUT_OWNER "0", OK(OWNER("mine", "5"))}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, "{\"Items\":{\"cluster\":\"mine\",\"epoch\":\"5\"}}");
    execute(
        &run, &effect,
        (const struct exchange[]){{GET_OWNER, OK(OWNER("mine", "4"))}, {PUT_OWNER "31", OK(OWNER("mine", "5"))}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_int_equal(run.result.owner_epoch, 5);
    execute(&run, &effect, (const struct exchange[]){{GET_OWNER, OK(OWNER("mine", "5"))}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    execute(&run, &effect, (const struct exchange[]){{GET_OWNER, OK(OWNER("mine", "6"))}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_FOREIGN);
    execute(&run, &effect, (const struct exchange[]){{GET_OWNER, OK(OWNER("other", "1"))}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_FOREIGN);
    assert_string_equal(run.owner, "other");
    execute(&run, &effect, (const struct exchange[]){{GET_OWNER, OK("{\"Items\":{}}")}, {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_OTHER);
    /* somebody was faster */
    execute(&run, &effect,
            (const struct exchange[]){{GET_OWNER, SAYS(404, "variable not found")},
                                      {PUT_OWNER "0", SAYS(409, OWNER("other", "1"))},
                                      {GET_OWNER, OK(OWNER("other", "1"))},
                                      {0}});
    assert_result(&run, OUTCOME_REFUSED, REFUSAL_FOREIGN);
}

static void test_a_probe_compares_what_lives_there(void **state)
{
    (void)state;
    struct run run;
    struct effect effect = effect_of(EFFECT_PROBE, false, 7);
    effect.probed_type = EFFECT_REGISTER;
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, OK(LIVE)}, {0}});
    assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
    assert_false(run.result.matches_known);
    const char *equal = "{\"JobModifyIndex\":8,\"Diff\":{\"Type\":\"None\"}}";
    execute(&run, &effect,
            (const struct exchange[]){{GET_JOB, OK(JOB("8", ""))}, {PLAN_JOB, {.status = 200, .body = equal}}, {0}});
    assert_true(run.result.matches_known && run.result.matches_wanted);
    execute(&run, &effect,
            (const struct exchange[]){{GET_JOB, OK(JOB("8", ""))}, {PLAN_JOB, OK(PLAN("8", "\"Place\":1"))}, {0}});
    assert_true(run.result.matches_known && !run.result.matches_wanted);
    execute(&run, &effect, (const struct exchange[]){{GET_JOB, SAYS(404, "job not found")}, {0}});
    assert_false(run.result.job_exists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register_writes_with_the_index_and_reads_again),
        cmocka_unit_test(test_an_answer_to_a_write_is_refused_only_when_it_surely_had_no_effect),
        cmocka_unit_test(test_an_answer_to_a_write_that_may_have_had_effect_is_unknown),
        cmocka_unit_test(test_a_register_that_cannot_be_read_again_is_unknown),
        cmocka_unit_test(test_a_shift_reads_plans_and_then_writes_counts_only),
        cmocka_unit_test(test_a_shift_is_refused_before_it_writes),
        cmocka_unit_test(test_what_is_lost_before_the_write_was_not_sent),
        cmocka_unit_test(test_a_gate_that_closes_meanwhile_stops_the_write),
        cmocka_unit_test(test_plan_tells_the_index_to_enforce),
        cmocka_unit_test(test_stop_reads_before_and_after),
        cmocka_unit_test(test_purge_waits_for_the_last_allocation),
        cmocka_unit_test(test_owner_is_taken_only_when_free_or_ours),
        cmocka_unit_test(test_a_probe_compares_what_lives_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
