/* links: base model net federation jansson */
/* Facts from what a real Nomad 2.0.5 answered (tests/fuzz/corpus/nomad_*) and from what it never should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/federation/decode.h"
#include "controller/federation/plan_reply.h"
#include "controller/federation/services.h"
#include "net/files.h"

enum { SEEN_MAX = 64 };
struct seen {
    struct decoded list[SEEN_MAX];
    char text[SEEN_MAX][4][128]; /* namespace, job, group or name, version or description */
    char attribute[2][64];
    size_t count, lines, skipped;
};

static void keep(char into[128], const char *text)
{
    snprintf(into, 128, "%s", text);
}

static void on_decoded(void *context, const struct decoded *decoded)
{
    struct seen *seen = context;
    if (decoded->kind == DECODED_LINE) {
        seen->lines++;
        return;
    }
    if (decoded->kind == DECODED_SKIPPED) {
        seen->skipped++;
        return;
    }
    assert_true(seen->count < SEEN_MAX);
    seen->list[seen->count] = *decoded;
    char(*text)[128] = seen->text[seen->count++];
    if (decoded->kind == DECODED_NODE) {
        keep(text[2], decoded->node.name);
        keep(text[3], decoded->node.version);
        for (size_t i = 0; i < decoded->node.selected_count && i < 2; i++)
            snprintf(seen->attribute[i], 64, "%s=%s", decoded->node.selected[i].key, decoded->node.selected[i].value);
    } else if (decoded->kind == DECODED_ALLOCATION) {
        keep(text[0], decoded->allocation.job_namespace);
        keep(text[1], decoded->allocation.job_id);
        keep(text[2], decoded->allocation.group);
    } else if (decoded->kind == DECODED_JOB) {
        keep(text[0], decoded->job.job_namespace);
        keep(text[1], decoded->job.id);
    } else {
        keep(text[1], decoded->deployment.job_id);
        keep(text[3], decoded->deployment.description);
    }
}

static const char *const SELECTED[] = {"attr.kernel.name", "meta.connect.log_level", "meta.absent"};

/* In pieces of `piece` bytes; true when all was taken. */
static bool decode(enum decode_source source, const char *bytes, size_t length, size_t piece, struct seen *seen,
                   struct error *error)
{
    memset(seen, 0, sizeof *seen);
    struct decoder *decoder = decoder_new(source, SELECTED, 3, on_decoded, seen);
    bool good = true;
    for (size_t at = 0; good && at < length; at += piece)
        good = decoder_feed(decoder, bytes + at, piece < length - at ? piece : length - at, error);
    good = good && decoder_finish(decoder, error);
    decoder_free(decoder);
    return good;
}

static void read_recorded(const char *name, struct buffer *bytes)
{
    struct error error;
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", DROVER_SOURCE_DIR, name);
    if (!file_read(path, 1 << 20, bytes, &error))
        fail_msg("%s", error.text);
}

static void decode_recorded(enum decode_source source, const char *name, struct seen *seen)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error;
    read_recorded(name, &bytes);
    for (size_t piece = 1; piece < 5000; piece = piece * 4 + 1) {
        if (!decode(source, bytes.data, bytes.length, piece, seen, &error))
            fail_msg("%s in pieces of %zu: %s", name, piece, error.text);
    }
    buffer_release(&bytes);
}

static void assert_resources(const struct resources *got, int64_t cpu, int64_t memory, int64_t disk)
{
    assert_int_equal(got->amount[RESOURCE_CPU_MHZ], cpu);
    assert_int_equal(got->amount[RESOURCE_MEMORY_MB], memory);
    assert_int_equal(got->amount[RESOURCE_DISK_MB], disk);
}

static void test_a_recorded_node_list(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_NODES, "nomad_nodes/list.json", &seen);
    assert_int_equal(seen.count, 1);
    const struct node_fact *node = &seen.list[0].node;
    assert_int_equal(node->status, NODE_READY);
    assert_true(node->eligible);
    assert_false(node->draining);
    assert_false(node->selected_known);
    assert_resources(&node->capacity, 5192, 24105, 258019);
    assert_string_equal(seen.text[0][2], "vm");
    assert_string_equal(seen.text[0][3], "2.0.5");
}

static void test_a_recorded_whole_node_has_its_selected_attributes(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_NODE, "nomad_nodes/one.json", &seen);
    assert_int_equal(seen.count, 1);
    assert_true(seen.list[0].node.selected_known);
    assert_int_equal(seen.list[0].node.selected_count, 2);
    assert_string_equal(seen.attribute[0], "attr.kernel.name=linux");
    assert_string_equal(seen.attribute[1], "meta.connect.log_level=info");
    assert_string_equal(seen.text[0][3], "2.0.5");
    assert_resources(&seen.list[0].node.capacity, 5192, 24105, 258019);
}

static void test_reserved_resources_are_no_capacity(void **state)
{
    (void)state;
    struct seen seen;
    struct error error;
    const char *list =
        "[{\"ID\":\"b57746ed-9af4-d9e3-2ce8-bfce80d83757\",\"NodeResources\":{\"Cpu\":{\"CpuShares\":5192},"
        "\"Memory\":{\"MemoryMB\":24105},\"Disk\":{\"DiskMB\":100}},\"ReservedResources\":{\"Cpu\":"
        "{\"CpuShares\":500},\"Memory\":{\"MemoryMB\":1000},\"Disk\":{\"DiskMB\":2000}},\"Status\":\"odd\"}]";
    assert_true(decode(DECODE_NODES, list, strlen(list), 7, &seen, &error));
    assert_resources(&seen.list[0].node.capacity, 4692, 23105, 0);
    assert_int_equal(seen.list[0].node.status, NODE_INITIALIZING);
    assert_string_equal(seen.list[0].node.node_pool, "default");
}

static void test_recorded_allocations(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_ALLOCATIONS, "nomad_allocations/two.json", &seen);
    assert_int_equal(seen.count, 2);
    const struct allocation_fact *allocation = &seen.list[0].allocation;
    assert_int_equal(allocation->client_status, CLIENT_RUNNING);
    assert_int_equal(allocation->desired_status, DESIRED_RUN);
    assert_true(allocation->job_version_known);
    assert_resources(&allocation->resources, 50, 20, 300);
    assert_string_equal(seen.text[0][0], "default");
    assert_string_equal(seen.text[0][1], "web");
    assert_string_equal(seen.text[0][2], "g");
}

static void test_tasks_of_other_phases_count_as_nomad_counts_them(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_ALLOCATIONS, "nomad_allocations/lifecycle.json", &seen);
    /* cpu: max(main 50, prestart 500) + 30 of the sidecar, whose cores are its own; memory: main 20 + sidecar 40 */
    assert_resources(&seen.list[0].allocation.resources, 530, 60, 300);
}

static void test_recorded_jobs_and_deployments(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_JOBS, "nomad_allocations/jobs.json", &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.text[0][1], "web");
    assert_false(seen.list[0].job.stopped);
    assert_false(seen.list[0].job.version_known);
    assert_true(seen.list[0].job.job_modify_index > 0);
    decode_recorded(DECODE_DEPLOYMENTS, "nomad_allocations/deployments.json", &seen);
    assert_true(seen.count >= 1);
    assert_string_equal(seen.text[0][1], "web");
}

static void test_a_recorded_stream_of_a_start(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_EVENTS, "nomad_events/start.ndjson", &seen);
    assert_true(seen.lines >= 5);
    size_t jobs = 0, allocations = 0, nodes = 0;
    for (size_t i = 0; i < seen.count; i++) {
        assert_true(seen.list[i].event_index > 0);
        jobs += seen.list[i].kind == DECODED_JOB;
        nodes += seen.list[i].kind == DECODED_NODE;
        if (seen.list[i].kind != DECODED_ALLOCATION)
            continue;
        allocations++;
        assert_false(seen.list[i].allocation.job_version_known);
        assert_true(seen.list[i].has_deployment);
        assert_resources(&seen.list[i].allocation.resources, 50, 20, 300);
    }
    assert_int_equal(jobs, 2);
    assert_true(allocations >= 4);
    assert_int_equal(nodes, 3); /* those that ride along with allocations are left out */
}

static void test_a_purge_removes_the_job(void **state)
{
    (void)state;
    struct seen seen;
    decode_recorded(DECODE_EVENTS, "nomad_events/end.ndjson", &seen);
    size_t removed = 0;
    for (size_t i = 0; i < seen.count; i++)
        removed += seen.list[i].kind == DECODED_JOB && seen.list[i].removed;
    assert_int_equal(removed, 1);
    decode_recorded(DECODE_EVENTS, "nomad_events/heartbeats.ndjson", &seen);
    assert_int_equal(seen.count, 0);
    assert_int_equal(seen.lines, 2);
}

static void assert_bad(enum decode_source source, const char *text)
{
    struct seen seen;
    struct error error = {0};
    if (decode(source, text, strlen(text), 3, &seen, &error))
        fail_msg("accepted: %s", text);
    assert_int_not_equal(error.code, ERROR_NONE);
}

static void test_what_is_no_list_is_refused(void **state)
{
    (void)state;
    assert_bad(DECODE_JOBS, "");
    assert_bad(DECODE_JOBS, "<html><body>502</body></html>");
    assert_bad(DECODE_JOBS, "null");
    assert_bad(DECODE_JOBS, "{\"error\":1}");
    assert_bad(DECODE_JOBS, "[{\"ID\":\"a\"}");
    assert_bad(DECODE_JOBS, "[{\"ID\":\"a\"}]x");
    assert_bad(DECODE_JOBS, "[{\"Name\":\"no id\"}]");
    assert_bad(DECODE_JOBS, "[{\"ID\":\"\xff\"}]");
    assert_bad(DECODE_NODES, "[{\"ID\":\"not-a-uuid\"}]");
    assert_bad(DECODE_ALLOCATIONS, "[{\"ID\":\"b57746ed-9af4-d9e3-2ce8-bfce80d83757\",\"NodeID\":7}]");
    assert_bad(DECODE_EVENTS, "{}\n[]\n");
    assert_bad(DECODE_EVENTS, "{\"Events\":[{\"Payload\":{\"Node\":{}}}]}\n");
}

static void test_a_name_too_long_skips_its_record_only(void **state)
{
    (void)state;
    struct seen seen;
    struct error error;
    char list[2048];
    snprintf(list, sizeof list, "[{\"ID\":\"%01200d\"},{\"ID\":\"b\"}]", 1);
    assert_true(decode(DECODE_JOBS, list, strlen(list), 100, &seen, &error));
    assert_int_equal(seen.skipped, 1);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.text[0][1], "b");
}

static struct plan_reply plan_recorded(const char *name)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error;
    struct plan_reply reply;
    read_recorded(name, &bytes);
    if (!plan_reply_read(bytes.data, bytes.length, &reply, &error))
        fail_msg("%s: %s", name, error.text);
    buffer_release(&bytes);
    assert_int_equal(reply.group_count, 1);
    return reply;
}

static void test_recorded_plans_say_what_does_not_fit_and_why(void **state)
{
    (void)state;
    struct plan_reply reply = plan_recorded("nomad_plan/equal.json");
    assert_true(reply.equal);
    assert_true(reply.job_modify_index > 0);
    assert_string_equal(reply.groups[0].why, "");
    plan_reply_release(&reply);
    reply = plan_recorded("nomad_plan/grow.json");
    assert_false(reply.equal);
    assert_false(reply.destructive);
    assert_int_equal(reply.groups[0].place, 1);
    plan_reply_release(&reply);
    reply = plan_recorded("nomad_plan/full.json");
    assert_int_equal(reply.groups[0].place, 7);
    assert_int_equal(reply.groups[0].unplaced, 5);
    assert_false(reply.groups[0].filtered);
    assert_string_equal(reply.groups[0].why, "memory exhausted on 1 node");
    plan_reply_release(&reply);
    reply = plan_recorded("nomad_plan/filtered.json");
    assert_int_equal(reply.job_modify_index, 0);
    assert_int_equal(reply.groups[0].unplaced, 2);
    assert_true(reply.groups[0].filtered);
    assert_string_equal(reply.groups[0].why, "${node.class} = gpu (1 node)");
    plan_reply_release(&reply);
    reply = plan_recorded("nomad_plan/nowhere.json");
    assert_true(reply.groups[0].filtered);
    assert_string_equal(reply.groups[0].why, "no node is in its datacenters and node pool default");
    plan_reply_release(&reply);
}

static char told[512];

static void on_service(void *context, const struct service_fact *fact)
{
    (void)context;
    char id[37];
    snprintf(told + strlen(told), sizeof told - strlen(told), "%c%s ", uuid_format(&fact->allocation_id, id)[0],
             fact->gone      ? "gone"
             : fact->passing ? "good"
                             : "bad");
}

static bool health(struct service_map *map, const char *list)
{
    struct error error;
    struct service_decoder *decoder = service_decoder_new();
    told[0] = '\0';
    bool good = service_decoder_feed(decoder, list, strlen(list), &error) &&
                service_decoder_finish(decoder, map, on_service, NULL, &error);
    service_decoder_free(decoder);
    return good;
}

#define CHECK(first, status)                                                                                           \
    "{\"Status\":\"" status "\",\"ServiceID\":\"_nomad-task-" first                                                    \
    "0000000-1111-2222-3333-444444444444-group-g-web-\"}"

static void test_the_worst_check_of_an_allocation_counts_and_only_changes_are_told(void **state)
{
    (void)state;
    struct service_map *map = service_map_new();
    assert_true(health(map, "[{\"Status\":\"critical\",\"ServiceID\":\"\"}," CHECK("a", "passing") "," CHECK(
                                "a", "warning") "," CHECK("b", "passing") "]"));
    assert_string_equal(told, "abad bgood ");
    assert_true(health(map, "[" CHECK("b", "passing") "," CHECK("a", "passing") "]"));
    assert_string_equal(told, "agood ");
    assert_false(health(map, "[" CHECK("b", "passing")));
    assert_false(health(map, "{}"));
    assert_string_equal(told, "");
    assert_true(health(map, "[" CHECK("b", "passing") "]"));
    assert_string_equal(told, "agone ");
    service_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recorded_node_list),
        cmocka_unit_test(test_a_recorded_whole_node_has_its_selected_attributes),
        cmocka_unit_test(test_reserved_resources_are_no_capacity),
        cmocka_unit_test(test_recorded_allocations),
        cmocka_unit_test(test_tasks_of_other_phases_count_as_nomad_counts_them),
        cmocka_unit_test(test_recorded_jobs_and_deployments),
        cmocka_unit_test(test_a_recorded_stream_of_a_start),
        cmocka_unit_test(test_a_purge_removes_the_job),
        cmocka_unit_test(test_what_is_no_list_is_refused),
        cmocka_unit_test(test_a_name_too_long_skips_its_record_only),
        cmocka_unit_test(test_recorded_plans_say_what_does_not_fit_and_why),
        cmocka_unit_test(test_the_worst_check_of_an_allocation_counts_and_only_changes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
