/* links: base model net federation jansson uv curl openssl */
/* Nodes cordoned, drained, given back and looked at against a scripted Nomad: what leaves, to the byte, and what each
 * answer makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/federation_call.h"

#define ID "0a0b0c0d-0000-0000-0000-000000000001"
#define GET_NODE "GET /v1/node/" ID " "
#define GET_ALLOCATIONS "GET /v1/node/" ID "/allocations "
#define PUT_ELIGIBILITY "PUT /v1/node/" ID "/eligibility "
#define PUT_DRAIN "PUT /v1/node/" ID "/drain "
#define NODE(eligibility, drain)                                                                                       \
    "{\"ID\":\"" ID "\",\"SchedulingEligibility\":\"" eligibility "\",\"Drain\":" drain ",\"DrainStrategy\":null}"
#define ELIGIBLE OK(NODE("eligible", "false"))
#define INELIGIBLE OK(NODE("ineligible", "false"))
#define DRAINING OK(NODE("ineligible", "true"))
#define WRITTEN OK("{\"NodeModifyIndex\":12,\"EvalIDs\":[]}")
#define ALLOCATION(number, job_namespace, job, status)                                                                 \
    "{\"ID\":\"00000000-0000-0000-0000-0000000000" number "\",\"NodeID\":\"" ID "\",\"Namespace\":\"" job_namespace    \
    "\",\"JobID\":\"" job "\",\"TaskGroup\":\"g\",\"ClientStatus\":\"" status "\",\"DesiredStatus\":\"run\","          \
    "\"ModifyIndex\":7}"
#define TYPE(word) OK("{\"ID\":\"x\",\"Type\":\"" word "\"}")

#define STEPS(...)                                                                                                     \
    (const struct exchange[])                                                                                          \
    {                                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

static struct effect effect_of(enum effect_type type)
{
    return (struct effect){.id = 9,
                           .type = type,
                           .node = {.node = {.bytes = {0x0a, 0x0b, 0x0c, 0x0d, [15] = 1}}, .deadline_ms = 900000},
                           .actor = (char *)"test"};
}

static void carried_out(struct run *run, enum effect_type type, const struct exchange *exchanges,
                        enum effect_outcome outcome, enum refusal refusal)
{
    struct effect effect = effect_of(type);
    execute(run, &effect, exchanges);
    assert_result(run, outcome, refusal);
}

/* --- cordon and uncordon ------------------------------------------------------------------------------------------ */

static void test_a_cordon_reads_writes_and_reads_again(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, ELIGIBLE}, {PUT_ELIGIBILITY, WRITTEN}, {GET_NODE, INELIGIBLE}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, "{\"Eligibility\":\"ineligible\"}");
    assert_string_equal(run.text, "");
    assert_true(run.result.node_exists && !run.result.node_eligible && !run.result.node_draining);
}

static void test_a_node_that_is_as_wanted_is_not_written_to(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, INELIGIBLE}), OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, "");
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, DRAINING}), OUTCOME_DONE, REFUSAL_NONE);
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, ELIGIBLE}), OUTCOME_DONE, REFUSAL_NONE);
    assert_true(run.result.node_eligible);
}

static void test_a_node_is_given_back_by_its_eligibility(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, INELIGIBLE}, {PUT_ELIGIBILITY, WRITTEN}, {GET_NODE, ELIGIBLE}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, "{\"Eligibility\":\"eligible\"}");
}

/* Nomad refuses eligibility while a drain goes on; its end makes the node eligible by the same request. */
static void test_a_draining_node_is_given_back_by_ending_the_drain(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, DRAINING}, {PUT_DRAIN, WRITTEN}, {GET_NODE, ELIGIBLE}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, "{\"DrainSpec\":null,\"MarkEligible\":true}");
    carried_out(&run, EFFECT_UNCORDON,
                STEPS({GET_NODE, DRAINING}, {PUT_DRAIN, WRITTEN}, {GET_NODE, OK(NODE("eligible", "true"))}),
                OUTCOME_UNKNOWN, REFUSAL_NONE);
}

/* --- drain -------------------------------------------------------------------------------------------------------- */

#define DRAIN_BODY                                                                                                     \
    "{\"DrainSpec\":{\"Deadline\":900000000000,\"IgnoreSystemJobs\":false},\"MarkEligible\":false,"                    \
    "\"Meta\":{\"message\":\"drover: idle, to be removed\"}}"

static void test_an_empty_node_is_drained_with_its_deadline(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, OK("[]")}, {PUT_DRAIN, WRITTEN}, {GET_NODE, DRAINING}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, DRAIN_BODY);
    assert_true(run.result.node_draining);
}

static void test_what_has_ended_does_not_hold_a_drain_up(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE},
                      {GET_ALLOCATIONS,
                       OK("[" ALLOCATION("01", "default", "web", "complete") "," ALLOCATION(
                           "02", "default", "web", "failed") "," ALLOCATION("03", "default", "web", "lost") "]")},
                      {PUT_DRAIN, WRITTEN}, {GET_NODE, INELIGIBLE}),
                OUTCOME_DONE, REFUSAL_NONE);
}

static void test_system_jobs_may_be_drained_each_asked_for_once(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE},
                      {GET_ALLOCATIONS,
                       OK("[" ALLOCATION("01", "default", "lo/gs", "running") "," ALLOCATION(
                           "02", "default", "lo/gs", "pending") "," ALLOCATION("03", "a b", "lo/gs", "running") "]")},
                      {"GET /v1/job/lo%2Fgs?namespace=default ", TYPE("system")},
                      {"GET /v1/job/lo%2Fgs?namespace=a%20b ", TYPE("system")}, {PUT_DRAIN, WRITTEN},
                      {GET_NODE, DRAINING}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_string_equal(run.body, DRAIN_BODY);
}

/* The drain ends after the reads, as busy and without a write. */
static void drain_is_busy(const char *allocations, struct scripted_answer job, const char *text)
{
    struct run run;
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 200, .body = allocations}},
                      {"GET /v1/job/web?namespace=default ", job}),
                OUTCOME_REFUSED, REFUSAL_BUSY);
    assert_string_equal(run.text, text);
    assert_string_equal(run.body, "");
}

static void test_a_drain_is_refused_while_anything_but_system_jobs_is_there(void **state)
{
    (void)state;
    static const char *const status[] = {"running", "pending", "unknown", "something new"};
    for (size_t i = 0; i < sizeof status / sizeof *status; i++) {
        char allocations[512];
        snprintf(allocations, sizeof allocations, "[" ALLOCATION("01", "default", "web", "%s") "]", status[i]);
        drain_is_busy(allocations, (struct scripted_answer)TYPE("service"), "it holds an allocation of job web");
    }
    static const char one[] = "[" ALLOCATION("01", "default", "web", "running") "]";
    drain_is_busy(one, (struct scripted_answer)TYPE("batch"), "it holds an allocation of job web");
    drain_is_busy(one, (struct scripted_answer)TYPE("sysbatch"), "it holds an allocation of job web");
    drain_is_busy(one, (struct scripted_answer)OK("{\"Type\":7}"), "it holds an allocation of job web");
    drain_is_busy(one, (struct scripted_answer)OK("{}"), "it holds an allocation of job web");
    drain_is_busy(one, (struct scripted_answer)OK("<html>"), "it holds an allocation of job web");
}

static void test_a_drain_is_refused_when_a_job_cannot_be_read(void **state)
{
    (void)state;
    static const char one[] = "[" ALLOCATION("01", "default", "web", "running") "]";
    static const char text[] = "job web holds an allocation there and cannot be read";
    drain_is_busy(one, (struct scripted_answer)SAYS(403, "Permission denied"), text);
    drain_is_busy(one, (struct scripted_answer)SAYS(404, "job not found"), text);
    drain_is_busy(one, (struct scripted_answer)SAYS(500, "No cluster leader"), text);
    drain_is_busy(one, (struct scripted_answer){.status = 0}, text);
}

/* Allocations of `count` jobs, "j00" and on. */
static void append_jobs(struct buffer *out, int count)
{
    buffer_append_text(out, "[");
    for (int i = 0; i < count; i++)
        buffer_printf(out,
                      "%s{\"ID\":\"00000000-0000-0000-0000-0000000000%02x\",\"NodeID\":\"" ID
                      "\",\"Namespace\":\"default\",\"JobID\":\"j%02d\",\"TaskGroup\":\"g\",\"ClientStatus\":"
                      "\"running\",\"DesiredStatus\":\"run\",\"ModifyIndex\":7}",
                      i > 0 ? "," : "", (unsigned)i, i);
    buffer_append_text(out, "]");
}

static void test_as_many_jobs_as_can_be_looked_at_are_and_no_more(void **state)
{
    (void)state;
    static struct exchange steps[NODE_JOBS_MAX + 5];
    static char requests[NODE_JOBS_MAX][64];
    struct run run;
    struct buffer most = BUFFER_INIT, more = BUFFER_INIT;
    append_jobs(&most, NODE_JOBS_MAX);
    append_jobs(&more, NODE_JOBS_MAX + 1);
    size_t at = 0;
    steps[at++] = (struct exchange){GET_NODE, INELIGIBLE};
    steps[at++] = (struct exchange){GET_ALLOCATIONS, {.status = 200, .body = most.data}};
    for (int i = 0; i < NODE_JOBS_MAX; i++) {
        snprintf(requests[i], sizeof requests[i], "GET /v1/job/j%02d?namespace=default ", i);
        steps[at++] = (struct exchange){requests[i], TYPE("system")};
    }
    steps[at++] = (struct exchange){PUT_DRAIN, WRITTEN};
    steps[at++] = (struct exchange){GET_NODE, DRAINING};
    carried_out(&run, EFFECT_DRAIN, steps, OUTCOME_DONE, REFUSAL_NONE);
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 200, .body = more.data}}), OUTCOME_REFUSED,
                REFUSAL_BUSY);
    assert_string_equal(run.text, "it holds more allocations than can be looked at");
    buffer_release(&most);
    buffer_release(&more);
}

static void test_an_allocation_that_cannot_be_named_holds_a_drain_up(void **state)
{
    (void)state;
    struct run run;
    struct buffer list = BUFFER_INIT;
    buffer_append_text(&list, "[{\"ID\":\"00000000-0000-0000-0000-000000000001\",\"NodeID\":\"" ID
                              "\",\"ClientStatus\":\"running\",\"Namespace\":\"default\",\"JobID\":\"");
    for (int i = 0; i <= FACT_TEXT_MAX; i++)
        buffer_append_text(&list, "j");
    buffer_append_text(&list, "\"}]");
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 200, .body = list.data}}), OUTCOME_REFUSED,
                REFUSAL_BUSY);
    buffer_release(&list);
}

static void test_a_drain_is_refused_when_somebody_made_the_node_eligible_again(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_DRAIN, STEPS({GET_NODE, ELIGIBLE}), OUTCOME_REFUSED, REFUSAL_CONFLICT);
    assert_string_equal(run.text, "somebody made the node eligible again");
}

static void test_allocations_that_cannot_be_read_write_nothing(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_DRAIN, STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, SAYS(403, "Permission denied")}),
                OUTCOME_REFUSED, REFUSAL_DENIED);
    carried_out(&run, EFFECT_DRAIN, STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 0}}), OUTCOME_NOT_SENT,
                REFUSAL_NONE);
    static const char *const garbage[] = {"<html>", "[{\"ID\":\"no\"}]", "[{]", "{\"a\":[]}", "null", "", "[] x"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        carried_out(&run, EFFECT_DRAIN,
                    STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 200, .body = garbage[i]}}),
                    OUTCOME_NOT_SENT, REFUSAL_NONE);
        assert_non_null(strstr(run.text, "the node's allocations: "));
    }
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE},
                      {GET_ALLOCATIONS,
                       {.status = 200, .body = "[" ALLOCATION("01", "default", "web", "complete") "]", .cut = true}}),
                OUTCOME_NOT_SENT, REFUSAL_NONE);
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

static void test_a_look_names_the_jobs_of_live_allocations_once(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_NODE_LOOK,
                STEPS({GET_NODE, DRAINING},
                      {GET_ALLOCATIONS, OK("[" ALLOCATION("01", "default", "web", "running") "," ALLOCATION(
                                            "02", "default", "web",
                                            "pending") "," ALLOCATION("03", "other", "web",
                                                                      "running") "," ALLOCATION("04", "default", "old",
                                                                                                "complete") "]")}),
                OUTCOME_DONE, REFUSAL_NONE);
    assert_true(run.result.node_exists && run.result.node_draining && !run.result.node_eligible);
    assert_string_equal(run.jobs, "default/web other/web ");
    assert_false(run.result.node_jobs_more);
    carried_out(&run, EFFECT_NODE_LOOK, STEPS({GET_NODE, ELIGIBLE}, {GET_ALLOCATIONS, OK("[]")}), OUTCOME_DONE,
                REFUSAL_NONE);
    assert_true(run.result.node_exists && run.result.node_eligible && !run.result.node_draining);
    assert_string_equal(run.jobs, "");
}

static void test_a_look_says_that_there_are_more_jobs(void **state)
{
    (void)state;
    struct run run;
    struct buffer more = BUFFER_INIT;
    append_jobs(&more, NODE_JOBS_MAX + 1);
    carried_out(&run, EFFECT_NODE_LOOK,
                STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, {.status = 200, .body = more.data}}), OUTCOME_DONE,
                REFUSAL_NONE);
    assert_int_equal(run.result.node_job_count, NODE_JOBS_MAX);
    assert_true(run.result.node_jobs_more);
    buffer_release(&more);
}

static void test_a_node_that_is_gone_is_found_gone(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_NODE_LOOK, STEPS({GET_NODE, SAYS(404, "node not found")}), OUTCOME_DONE, REFUSAL_NONE);
    assert_false(run.result.node_exists);
    static const enum effect_type writes[] = {EFFECT_CORDON, EFFECT_DRAIN, EFFECT_UNCORDON};
    for (size_t i = 0; i < 3; i++) {
        carried_out(&run, writes[i], STEPS({GET_NODE, SAYS(404, "node not found")}), OUTCOME_REFUSED, REFUSAL_OTHER);
        assert_string_equal(run.text, "Nomad does not know the node any more");
    }
    carried_out(&run, EFFECT_CORDON,
                STEPS({GET_NODE, ELIGIBLE}, {PUT_ELIGIBILITY, WRITTEN}, {GET_NODE, SAYS(404, "node not found")}),
                OUTCOME_REFUSED, REFUSAL_OTHER);
}

/* A probe of a write whose answer was lost only looks, whatever was written. */
static void test_a_probe_of_a_node_only_looks(void **state)
{
    (void)state;
    static const enum effect_type probed[] = {EFFECT_CORDON, EFFECT_DRAIN, EFFECT_UNCORDON};
    struct run run;
    for (size_t i = 0; i < 3; i++) {
        struct effect effect = effect_of(EFFECT_PROBE);
        effect.probed_type = probed[i];
        execute(&run, &effect, STEPS({GET_NODE, DRAINING}));
        assert_result(&run, OUTCOME_DONE, REFUSAL_NONE);
        assert_true(run.result.node_exists && run.result.node_draining);
    }
}

/* --- answers that say nothing ------------------------------------------------------------------------------------- */

static const enum effect_type every[] = {EFFECT_CORDON, EFFECT_DRAIN, EFFECT_UNCORDON, EFFECT_NODE_LOOK};

static void test_what_is_lost_before_the_write_was_not_sent(void **state)
{
    (void)state;
    static const char *const garbage[] = {"<html>", "[]", "null", "{}", "{\"SchedulingEligibility\":1}", ""};
    struct run run;
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        carried_out(&run, every[i], STEPS({GET_NODE, {.status = 0}}), OUTCOME_NOT_SENT, REFUSAL_NONE);
        carried_out(&run, every[i], STEPS({GET_NODE, SAYS(500, "No cluster leader")}), OUTCOME_NOT_SENT, REFUSAL_NONE);
        carried_out(&run, every[i], STEPS({GET_NODE, SAYS(403, "Permission denied")}), OUTCOME_REFUSED, REFUSAL_DENIED);
        assert_string_equal(run.text, "Permission denied");
        for (size_t k = 0; k < sizeof garbage / sizeof *garbage; k++) {
            carried_out(&run, every[i], STEPS({GET_NODE, {.status = 200, .body = garbage[k]}}), OUTCOME_NOT_SENT,
                        REFUSAL_NONE);
            assert_string_equal(run.text, "the answer is no node");
        }
    }
}

/* What one answer to the write makes of it; nothing is asked afterwards. */
static void written_answered(struct scripted_answer answer, enum effect_outcome outcome, enum refusal refusal)
{
    struct run run;
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, ELIGIBLE}, {PUT_ELIGIBILITY, answer}), outcome, refusal);
    assert_true(strlen(run.text) > 0);
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, DRAINING}, {PUT_DRAIN, answer}), outcome, refusal);
    carried_out(&run, EFFECT_DRAIN, STEPS({GET_NODE, INELIGIBLE}, {GET_ALLOCATIONS, OK("[]")}, {PUT_DRAIN, answer}),
                outcome, refusal);
}

static void test_a_write_is_refused_only_when_it_surely_had_no_effect(void **state)
{
    (void)state;
    written_answered((struct scripted_answer){.status = 0}, OUTCOME_UNKNOWN, REFUSAL_NONE);
    written_answered((struct scripted_answer){.status = 200, .body = "{\"NodeModifyIndex\":12}", .cut = true},
                     OUTCOME_UNKNOWN, REFUSAL_NONE);
    written_answered((struct scripted_answer)SAYS(500, "rpc error: EOF"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    written_answered((struct scripted_answer)SAYS(502, "<html>bad gateway</html>"), OUTCOME_UNKNOWN, REFUSAL_NONE);
    written_answered((struct scripted_answer)SAYS(403, "Permission denied"), OUTCOME_REFUSED, REFUSAL_DENIED);
    written_answered((struct scripted_answer)SAYS(404, "node not found"), OUTCOME_REFUSED, REFUSAL_OTHER);
    written_answered((struct scripted_answer)SAYS(400, "bad request"), OUTCOME_REFUSED, REFUSAL_INVALID);
}

static void test_a_write_that_does_not_show_is_unknown(void **state)
{
    (void)state;
    struct run run;
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, ELIGIBLE}, {PUT_ELIGIBILITY, WRITTEN}, {GET_NODE, ELIGIBLE}),
                OUTCOME_UNKNOWN, REFUSAL_NONE);
    assert_string_equal(run.text, "the node does not show it");
    static const struct scripted_answer lost[] = {
        {.status = 0}, SAYS(403, "Permission denied"), OK("<html>"), OK("{}"), SAYS(500, "No cluster leader")};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, ELIGIBLE}, {PUT_ELIGIBILITY, WRITTEN}, {GET_NODE, lost[i]}),
                    OUTCOME_UNKNOWN, REFUSAL_NONE);
        static const char begins[] = "the node could not be read again: ";
        assert_memory_equal(run.text, begins, strlen(begins));
        assert_true(strlen(run.text) > strlen(begins));
    }
}

/* --- the gate ----------------------------------------------------------------------------------------------------- */

static void test_a_gate_that_closes_meanwhile_stops_the_write(void **state)
{
    (void)state;
    struct run run;
    gate_closed = true;
    carried_out(&run, EFFECT_CORDON, STEPS({GET_NODE, ELIGIBLE}), OUTCOME_REFUSED, REFUSAL_GATED);
    assert_string_equal(run.text, "frozen");
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, INELIGIBLE}), OUTCOME_REFUSED, REFUSAL_GATED);
    carried_out(&run, EFFECT_UNCORDON, STEPS({GET_NODE, DRAINING}), OUTCOME_REFUSED, REFUSAL_GATED);
    carried_out(&run, EFFECT_DRAIN,
                STEPS({GET_NODE, INELIGIBLE},
                      {GET_ALLOCATIONS, OK("[" ALLOCATION("01", "default", "logs", "running") "]")},
                      {"GET /v1/job/logs?namespace=default ", TYPE("system")}),
                OUTCOME_REFUSED, REFUSAL_GATED);
    assert_string_equal(run.body, "");
    carried_out(&run, EFFECT_NODE_LOOK, STEPS({GET_NODE, ELIGIBLE}, {GET_ALLOCATIONS, OK("[]")}), OUTCOME_DONE,
                REFUSAL_NONE);
    gate_closed = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cordon_reads_writes_and_reads_again),
        cmocka_unit_test(test_a_node_that_is_as_wanted_is_not_written_to),
        cmocka_unit_test(test_a_node_is_given_back_by_its_eligibility),
        cmocka_unit_test(test_a_draining_node_is_given_back_by_ending_the_drain),
        cmocka_unit_test(test_an_empty_node_is_drained_with_its_deadline),
        cmocka_unit_test(test_what_has_ended_does_not_hold_a_drain_up),
        cmocka_unit_test(test_system_jobs_may_be_drained_each_asked_for_once),
        cmocka_unit_test(test_a_drain_is_refused_while_anything_but_system_jobs_is_there),
        cmocka_unit_test(test_a_drain_is_refused_when_a_job_cannot_be_read),
        cmocka_unit_test(test_as_many_jobs_as_can_be_looked_at_are_and_no_more),
        cmocka_unit_test(test_an_allocation_that_cannot_be_named_holds_a_drain_up),
        cmocka_unit_test(test_a_drain_is_refused_when_somebody_made_the_node_eligible_again),
        cmocka_unit_test(test_allocations_that_cannot_be_read_write_nothing),
        cmocka_unit_test(test_a_look_names_the_jobs_of_live_allocations_once),
        cmocka_unit_test(test_a_look_says_that_there_are_more_jobs),
        cmocka_unit_test(test_a_node_that_is_gone_is_found_gone),
        cmocka_unit_test(test_a_probe_of_a_node_only_looks),
        cmocka_unit_test(test_what_is_lost_before_the_write_was_not_sent),
        cmocka_unit_test(test_a_write_is_refused_only_when_it_surely_had_no_effect),
        cmocka_unit_test(test_a_write_that_does_not_show_is_unknown),
        cmocka_unit_test(test_a_gate_that_closes_meanwhile_stops_the_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
