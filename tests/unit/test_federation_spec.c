/* links: base model net federation jansson */
/* Reading, rendering and shifting job specifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/federation/nomad_spec.h"

/* The smallest job there is; the tests put members beside or inside its parts. */
#define TASK "{'Name':'t','Driver':'raw_exec'}"
#define GROUP(members) "{'Name':'g','Tasks':[" TASK "]" members "}"
#define JOB(members, groups) "{'ID':'web','TaskGroups':[" groups "]" members "}"

/* JSON with ' for ", so that cases can be read. */
static char *json(const char *text)
{
    char *copy = memory_copy_text(text, strlen(text));
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '\'')
            *at = '"';
    }
    return copy;
}

static struct job_demand read_good(const char *text)
{
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error = {0};
    char *document = json(text);
    if (!nomad_spec_read(document, strlen(document), &demand, &body, &error))
        fail_msg("refused: %s\n%s", error.text, document);
    buffer_release(&body);
    free(document);
    return demand;
}

static void assert_refused(const char *text, const char *where)
{
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error = {0};
    char *document = json(text);
    if (nomad_spec_read(document, strlen(document), &demand, &body, &error))
        fail_msg("accepted: %s", document);
    assert_int_equal(error.code, ERROR_INVALID);
    if (strstr(error.text, where) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", where, error.text);
    assert_int_equal(body.length, 0);
    free(document);
}

static void assert_each(const struct group_demand *group, int64_t cpu, int64_t memory, int64_t disk)
{
    assert_int_equal(group->each.amount[RESOURCE_CPU_MHZ], cpu);
    assert_int_equal(group->each.amount[RESOURCE_MEMORY_MB], memory);
    assert_int_equal(group->each.amount[RESOURCE_DISK_MB], disk);
}

static void test_defaults_are_nomads(void **state)
{
    (void)state;
    struct job_demand demand = read_good(JOB("", GROUP("")));
    assert_string_equal(demand.id, "web");
    assert_string_equal(demand.job_namespace, "default");
    assert_string_equal(demand.node_pool, "default");
    assert_int_equal(demand.type, JOB_SERVICE);
    assert_int_equal(demand.datacenters.count, 1);
    assert_string_equal(demand.datacenters.list[0], "*");
    assert_int_equal(demand.group_count, 1);
    const struct group_demand *group = &demand.groups[0];
    assert_int_equal(group->count, 1);
    assert_each(group, 100, 300, 300);
    assert_true(group->pinnable);
    assert_false(group->one_per_node);
    assert_true(group->has_deployment);
    assert_int_equal(group->min_healthy_ms, 10000);
    assert_int_equal(group->progress_ms, 600000);
    job_demand_release(&demand);
}

static void test_nulls_are_defaults_and_the_job_wrapper_is_taken_off(void **state)
{
    (void)state;
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error = {0};
    char *document = json("{'Job':{'ID':'a','Namespace':null,'Type':null,'Multiregion':null,'Update':null,"
                          "'TaskGroups':[" GROUP(",'Count':null,'Constraints':null,'EphemeralDisk':null") "]}}");
    assert_true(nomad_spec_read(document, strlen(document), &demand, &body, &error));
    assert_int_equal(strncmp(body.data, "{\"ID\":\"a\"", 9), 0);
    assert_int_equal(demand.groups[0].count, 1);
    buffer_release(&body);
    job_demand_release(&demand);
    free(document);
}

static void test_tasks_are_summed_and_only_the_largest_phase_counts(void **state)
{
    (void)state;
#define T(name, cpu, memory, more)                                                                                     \
    "{'Name':'" name "','Resources':{'CPU':" cpu ",'MemoryMB':" memory ",'MemoryMaxMB':9999}" more "}"
    struct job_demand demand = read_good(
        "{'ID':'w','TaskGroups':[{'Name':'g','EphemeralDisk':{'SizeMB':1000},'Tasks':["
        /* main 100 + 50 + sidecar 20; before it: 900 + 20; after it: 30 */
        T("main", "100", "200", "") "," T("second", "50", "100", ",'Lifecycle':{'Hook':'poststart'}") "," T(
            "proxy", "20", "40",
            ",'Lifecycle':{'Hook':'prestart','Sidecar':true}") "," T("init", "900", "10",
                                                                     ",'Lifecycle':{'Hook':'prestart','Sidecar':"
                                                                     "false}") "," T("bye", "30", "500",
                                                                                     ",'Lifecycle':{'Hook':'"
                                                                                     "poststop'}") "]}]}");
    assert_each(&demand.groups[0], 920, 500, 1000);
    job_demand_release(&demand);
#undef T
}

static void test_secrets_memory_is_added(void **state)
{
    (void)state;
    struct job_demand demand = read_good("{'ID':'w','TaskGroups':[{'Name':'g','Tasks':[{'Name':'t','Resources':"
                                         "{'MemoryMB':100,'SecretsMB':20}}]}]}");
    assert_each(&demand.groups[0], 100, 120, 300);
    job_demand_release(&demand);
}

static void test_update_blocks_merge_group_over_job(void **state)
{
    (void)state;
    struct job_demand demand =
        read_good(JOB(",'Update':{'MaxParallel':2,'MinHealthyTime':5000000000,'ProgressDeadline':null}",
                      GROUP(",'Update':{'MinHealthyTime':1500000000}") ",{'Name':'h','Tasks':[" TASK
                                                                       "],'Update':{'MaxParallel':0}}"));
    assert_int_equal(demand.groups[0].min_healthy_ms, 1500);
    assert_true(demand.groups[0].has_deployment);
    assert_int_equal(demand.groups[1].min_healthy_ms, 5000);
    assert_false(demand.groups[1].has_deployment);
    job_demand_release(&demand);
}

static bool is_pinnable(const char *group)
{
    char text[4096];
    snprintf(text, sizeof text, "{'ID':'w','TaskGroups':[%s]}", group);
    struct job_demand demand = read_good(text);
    bool pinnable = demand.groups[0].pinnable;
    job_demand_release(&demand);
    return pinnable;
}

static void test_what_is_tied_to_its_name_or_volumes_is_not_pinnable(void **state)
{
    (void)state;
    assert_true(is_pinnable(GROUP(",'Volumes':{'v':{'PerAlloc':false}}")));
    assert_false(is_pinnable(GROUP(",'Volumes':{'v':{'PerAlloc':true}}")));
    assert_false(is_pinnable(GROUP(",'Scaling':{'Min':1,'Max':2}")));
    assert_true(is_pinnable(GROUP(",'Services':[{'Name':'api'}]")));
    assert_false(is_pinnable(GROUP(",'Services':[{'Name':'${TASKGROUP}-api'}]")));
    assert_false(is_pinnable(GROUP(",'Services':[{'Name':'${BASE}'}]")));
    assert_false(is_pinnable(GROUP(",'Services':[{'Name':''}]")));
    assert_false(is_pinnable("{'Name':'g','Tasks':[{'Name':'t','Env':{'A':'${NOMAD_GROUP_NAME}'}}]}"));
    assert_false(is_pinnable("{'Name':'g','Tasks':[{'Name':'t','Services':[{'Name':null}]}]}"));
}

static bool is_one_per_node(const char *job_members, const char *group)
{
    char text[4096];
    snprintf(text, sizeof text, "{'ID':'w'%s,'TaskGroups':[%s]}", job_members, group);
    struct job_demand demand = read_good(text);
    bool one = demand.groups[0].one_per_node;
    job_demand_release(&demand);
    return one;
}

static void test_distinct_hosts_and_static_ports_mean_one_per_node(void **state)
{
    (void)state;
    const char *distinct = ",'Constraints':[{'Operand':'distinct_hosts','RTarget':'true'}]";
    assert_true(is_one_per_node(distinct, GROUP("")));
    assert_true(is_one_per_node("", GROUP(",'Constraints':[{'Operand':'distinct_hosts','RTarget':''}]")));
    assert_false(is_one_per_node("", GROUP(",'Constraints':[{'Operand':'distinct_hosts','RTarget':'false'}]")));
    assert_false(is_one_per_node("", GROUP(",'Networks':[{'DynamicPorts':[{'Label':'a'}],'ReservedPorts':null}]")));
    assert_true(is_one_per_node("", GROUP(",'Networks':[{'ReservedPorts':[{'Label':'a','Value':80}]}]")));
    assert_false(is_one_per_node(
        "", GROUP(",'Networks':[{'ReservedPorts':[{'Label':'a','Value':80,'IgnoreCollision':true}]}]")));
    assert_true(is_one_per_node("", "{'Name':'g','Tasks':[{'Name':'t','Resources':{'Networks':[{'ReservedPorts':"
                                    "[{'Value':80}]}]}}]}"));
}

static void test_multiregion_counts_are_overrides(void **state)
{
    (void)state;
    struct job_demand demand = read_good(
        JOB(",'Multiregion':{'Strategy':{},'Regions':[{'Name':'west','Count':3},{'Name':'east'}]}", GROUP("")));
    assert_int_equal(demand.override_count, 2);
    assert_string_equal(demand.overrides[0].region, "west");
    assert_int_equal(demand.overrides[0].count, 3);
    assert_int_equal(demand.overrides[1].count, 0);
    job_demand_release(&demand);
}

static void test_other_types_are_reported_not_refused(void **state)
{
    (void)state;
    struct job_demand demand = read_good(JOB(",'Type':'batch','Periodic':{'Spec':'@daily'}", GROUP("")));
    assert_int_equal(demand.type, JOB_BATCH);
    assert_true(demand.periodic);
    assert_false(demand.parameterized);
    assert_false(demand.groups[0].pinnable);
    assert_false(demand.groups[0].has_deployment);
    job_demand_release(&demand);
    demand = read_good(JOB(",'Type':'batch','ParameterizedJob':{}", GROUP("")));
    assert_true(demand.parameterized);
    job_demand_release(&demand);
}

static void test_bad_specifications_are_refused_with_their_path(void **state)
{
    (void)state;
    assert_refused("", "not valid JSON");
    assert_refused("[1]", "not an object");
    assert_refused("{'ID':'a'} x", "not valid JSON");
    assert_refused("{'ID':'a','ID':'b'}", "stands twice");
    assert_refused("{'Job':3}", "Job: an object");
    assert_refused("{'TaskGroups':[]}", "Job.ID");
    assert_refused("{'ID':'a b','TaskGroups':[]}", "Job.ID");
    assert_refused("{'ID':'a','Namespace':'*','TaskGroups':[]}", "Job.Namespace");
    assert_refused("{'ID':'a','Type':'cron'}", "Job.Type");
    assert_refused("{'ID':'a'}", "Job.TaskGroups");
    assert_refused("{'ID':'a','TaskGroups':[{'Name':'g'}]}", "Job.TaskGroups[0].Tasks");
    assert_refused("{'ID':'a','TaskGroups':[7]}", "Job.TaskGroups[0]");
    assert_refused(JOB("", GROUP("") "," GROUP("")), "Job.TaskGroups[1].Name");
    assert_refused(JOB("", GROUP(",'Count':-1")), "Job.TaskGroups[0].Count");
    assert_refused(JOB("", GROUP(",'Count':100001")), "Job.TaskGroups[0].Count");
    assert_refused(JOB("", GROUP(",'Count':2.5")), "Job.TaskGroups[0].Count");
    assert_refused(JOB("", GROUP(",'count':50")), "write it as \"Count\"");
    assert_refused(JOB("", GROUP(",'ta\xc5\xbfks':[]")), "write it as \"Tasks\"");
    assert_refused("{'ID':'a','TaskGroups':[{'Name':'g','Tasks':[{'Name':'t','Resources':{'Cores':2}}]}]}",
                   "Job.TaskGroups[0].Tasks[0].Resources.Cores");
    assert_refused("{'ID':'a','TaskGroups':[{'Name':'g','Tasks':[{'Name':'t','Lifecycle':{'Hook':'x'}}]}]}",
                   "Job.TaskGroups[0].Tasks[0].Lifecycle.Hook");
    assert_refused(JOB(",'Multiregion':{'Regions':[{'Name':'w'},{'Name':'w'}]}", GROUP("")), "named twice");
    assert_refused(JOB("", GROUP(",'Count':99999999999999999999")), "not valid JSON");
    assert_refused("{'ID':'\xff'}", "not valid JSON");
    assert_refused("{'ID':'a\\u0000b'}", "not valid JSON");
}

static void test_deep_nesting_and_size_are_bounded(void **state)
{
    (void)state;
    char deep[200];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error = {0};
    assert_false(nomad_spec_read(deep, strlen(deep), &demand, &body, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_false(nomad_spec_read("", NOMAD_SPEC_MAX + (size_t)1, &demand, &body, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
}

static uint64_t hash_of_spec(const char *text)
{
    struct job_demand demand = read_good(text);
    uint64_t hash = demand.spec_hash;
    job_demand_release(&demand);
    return hash;
}

static void test_spec_hash_sees_everything_but_counts(void **state)
{
    (void)state;
    uint64_t hash = hash_of_spec(JOB("", GROUP("")));
    assert_true(hash == hash_of_spec(JOB("", GROUP(",'Count':7"))));
    assert_true(hash == hash_of_spec(JOB(",'JobModifyIndex':12,'Meta':null", GROUP(""))));
    assert_true(hash ==
                hash_of_spec("{'TaskGroups':[{'Tasks':[{'Driver':'raw_exec','Name':'t'}],'Name':'g'}],'ID':'web'}"));
    assert_true(hash != hash_of_spec(JOB(",'Priority':60", GROUP(""))));
    assert_true(hash != hash_of_spec(JOB("", GROUP(",'Meta':{'a':'b'}"))));
    uint64_t west = hash_of_spec(JOB(",'Multiregion':{'Regions':[{'Name':'w','Count':1}]}", GROUP("")));
    assert_true(west == hash_of_spec(JOB(",'Multiregion':{'Regions':[{'Name':'w','Count':2}]}", GROUP(""))));
    assert_true(west != hash);
}

static struct pin PINS[] = {{.target = (char *)"${node.class}", .value = (char *)"std"},
                            {.target = (char *)"${meta.rack}", .value = (char *)"r1", .negated = true}};

static json_t *rendered(const char *spec, const struct copy_wanted *wanted, const char *region)
{
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    char *document = json(spec);
    if (!nomad_spec_render(document, strlen(document), wanted, region, &out, &error))
        fail_msg("%s", error.text);
    json_t *job = json_loads(out.data, 0, NULL);
    assert_non_null(job);
    buffer_release(&out);
    free(document);
    return job;
}

static void assert_json(json_t *got, const char *expected)
{
    char *text = json(expected);
    json_t *want = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json_equal(got, want)) {
        char *shown = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
        fail_msg("expected %s\ngot      %s", text, shown);
    }
    json_decref(want);
    free(text);
}

static void test_render_sets_counts_pins_region_and_forbids_auto_revert(void **state)
{
    (void)state;
    struct copy_group groups[] = {
        {.group = (char *)"g", .pool = (char *)"std", .count = 4, .pins = PINS, .pin_count = 2}};
    struct copy_wanted wanted = {.groups = groups, .group_count = 1};
    json_t *job = rendered("{'ID':'web','Region':'global','Unknown':{'keep':[1.5,null]},'Update':{'AutoRevert':true},"
                           "'TaskGroups':[{'Name':'g','Count':9,'Constraints':null,'Tasks':[]},"
                           "{'Name':'other','Count':2,'Update':{'Canary':1}}]}",
                           &wanted, "aws");
    assert_json(job, "{'ID':'web','Region':'aws','Unknown':{'keep':[1.5,null]},'Update':{'AutoRevert':false},"
                     "'TaskGroups':[{'Name':'g','Count':4,'Constraints':["
                     "{'LTarget':'${node.class}','RTarget':'std','Operand':'='},"
                     "{'LTarget':'${meta.rack}','RTarget':'r1','Operand':'!='}],'Tasks':[]},"
                     "{'Name':'other','Count':0,'Update':{'Canary':1,'AutoRevert':false}}]}");
    json_decref(job);
}

static void test_render_applies_the_regions_own_values(void **state)
{
    (void)state;
    struct copy_group groups[] = {{.group = (char *)"g", .pool = (char *)"", .count = 1}};
    struct copy_wanted wanted = {.groups = groups, .group_count = 1};
    const char *spec = "{'ID':'w','Datacenters':['*'],'Meta':{'a':'1','b':'2'},'Multiregion':{'Regions':["
                       "{'Name':'west','Datacenters':['w1'],'NodePool':'gpu','Meta':{'b':'3'},'Count':5},"
                       "{'Name':'east','Datacenters':null,'NodePool':'','Meta':null}]},"
                       "'TaskGroups':[{'Name':'g','Constraints':[{'Operand':'distinct_hosts'}]}]}";
    json_t *job = rendered(spec, &wanted, "west");
    assert_json(job, "{'ID':'w','Datacenters':['w1'],'Meta':{'a':'1','b':'3'},'NodePool':'gpu','Region':'west',"
                     "'TaskGroups':[{'Name':'g','Count':1,'Constraints':[{'Operand':'distinct_hosts'}]}]}");
    json_decref(job);
    job = rendered(spec, &wanted, "east");
    assert_json(job, "{'ID':'w','Datacenters':['*'],'Meta':{'a':'1','b':'2'},'Region':'east',"
                     "'TaskGroups':[{'Name':'g','Count':1,'Constraints':[{'Operand':'distinct_hosts'}]}]}");
    json_decref(job);
}

static void test_shift_changes_nothing_but_counts(void **state)
{
    (void)state;
    struct copy_group groups[] = {
        {.group = (char *)"g", .pool = (char *)"std", .count = 3, .pins = PINS, .pin_count = 2}};
    struct copy_wanted wanted = {.groups = groups, .group_count = 1, .shift = true};
    char *live = json("{'ID':'w','SubmitTime':1795363499638187800,'Update':{'AutoRevert':true},"
                      "'TaskGroups':[{'Name':'g','Count':1},{'Name':'h','Count':5}]}");
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    assert_true(nomad_spec_shift(live, strlen(live), &wanted, &out, &error));
    json_t *job = json_loads(out.data, 0, NULL);
    assert_json(job, "{'ID':'w','SubmitTime':1795363499638187800,'Update':{'AutoRevert':true},"
                     "'TaskGroups':[{'Name':'g','Count':3},{'Name':'h','Count':5}]}");
    json_decref(job);
    groups[0].group = (char *)"absent";
    assert_false(nomad_spec_shift(live, strlen(live), &wanted, &out, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    buffer_release(&out);
    free(live);
}

static void test_a_split_group_is_rendered_in_parts(void **state)
{
    (void)state;
    struct pin spot = {.target = (char *)"${node.class}", .value = (char *)"spot"};
    struct pin std = {.target = (char *)"${node.class}", .value = (char *)"std"};
    struct copy_group groups[] = {
        {.group = (char *)"g", .pool = (char *)"spot", .count = 8, .pins = &spot, .pin_count = 1},
        {.group = (char *)"g", .pool = (char *)"std", .count = 4, .pins = &std, .pin_count = 1},
        {.group = (char *)"h", .pool = (char *)"", .count = 0}};
    struct copy_wanted wanted = {.groups = groups, .group_count = 3};
    char *body = json("{'ID':'w','Update':{'MaxParallel':6,'Canary':0},'TaskGroups':[{'Name':'g','Count':12,"
                      "'Constraints':[{'LTarget':'a','RTarget':'b','Operand':'='}]},{'Name':'h','Count':2}]}");
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    assert_true(nomad_spec_render(body, strlen(body), &wanted, "r", &out, &error));
    json_t *job = json_loads(out.data, 0, NULL);
    assert_json(
        json_object_get(job, "TaskGroups"),
        "[{'Name':'g','Count':8,'Update':{'MaxParallel':4,'Canary':0,'AutoRevert':false},'Constraints':["
        "{'LTarget':'a','RTarget':'b','Operand':'='},{'LTarget':'${node.class}','RTarget':'spot','Operand':'='}]},"
        "{'Name':'h','Count':0},"
        "{'Name':'g-std','Count':4,'Update':{'MaxParallel':2,'Canary':0,'AutoRevert':false},'Constraints':["
        "{'LTarget':'a','RTarget':'b','Operand':'='},{'LTarget':'${node.class}','RTarget':'std','Operand':'='}]}]");
    json_decref(job);
    groups[2].group = (char *)"g";
    groups[2].pool = (char *)"std";
    assert_false(nomad_spec_render(body, strlen(body), &wanted, "r", &out, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    buffer_release(&out);
    free(body);
}

static void test_a_shift_appends_the_part_that_is_missing(void **state)
{
    (void)state;
    struct pin spot = {.target = (char *)"${node.class}", .value = (char *)"spot"};
    struct pin std = {.target = (char *)"${node.class}", .value = (char *)"std"};
    struct copy_group groups[] = {
        {.group = (char *)"g", .pool = (char *)"spot", .count = 8, .pins = &spot, .pin_count = 1},
        {.group = (char *)"g", .pool = (char *)"std", .count = 4, .pins = &std, .pin_count = 1}};
    struct copy_wanted wanted = {.groups = groups, .group_count = 2, .shift = true};
    char *live = json("{'ID':'w','TaskGroups':[{'Name':'g','Count':6,'Constraints':["
                      "{'LTarget':'a','RTarget':'b','Operand':'='},"
                      "{'LTarget':'${node.class}','RTarget':'spot','Operand':'='}]}]}");
    const char *after = "{'ID':'w','TaskGroups':[{'Name':'g','Count':8,'Constraints':["
                        "{'LTarget':'a','RTarget':'b','Operand':'='},"
                        "{'LTarget':'${node.class}','RTarget':'spot','Operand':'='}]},"
                        "{'Name':'g-std','Count':4,'Constraints':["
                        "{'LTarget':'a','RTarget':'b','Operand':'='},"
                        "{'LTarget':'${node.class}','RTarget':'std','Operand':'='}]}]}";
    struct buffer out = BUFFER_INIT;
    struct buffer again = BUFFER_INIT;
    struct error error = {0};
    assert_true(nomad_spec_shift(live, strlen(live), &wanted, &out, &error));
    json_t *job = json_loads(out.data, 0, NULL);
    assert_json(job, after);
    json_decref(job);
    assert_true(nomad_spec_shift(out.data, out.length, &wanted, &again, &error)); /* it is there now */
    job = json_loads(again.data, 0, NULL);
    assert_json(job, after);
    json_decref(job);
    buffer_release(&out);
    buffer_release(&again);
    free(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_nomads),
        cmocka_unit_test(test_nulls_are_defaults_and_the_job_wrapper_is_taken_off),
        cmocka_unit_test(test_tasks_are_summed_and_only_the_largest_phase_counts),
        cmocka_unit_test(test_secrets_memory_is_added),
        cmocka_unit_test(test_update_blocks_merge_group_over_job),
        cmocka_unit_test(test_what_is_tied_to_its_name_or_volumes_is_not_pinnable),
        cmocka_unit_test(test_distinct_hosts_and_static_ports_mean_one_per_node),
        cmocka_unit_test(test_multiregion_counts_are_overrides),
        cmocka_unit_test(test_other_types_are_reported_not_refused),
        cmocka_unit_test(test_bad_specifications_are_refused_with_their_path),
        cmocka_unit_test(test_deep_nesting_and_size_are_bounded),
        cmocka_unit_test(test_spec_hash_sees_everything_but_counts),
        cmocka_unit_test(test_render_sets_counts_pins_region_and_forbids_auto_revert),
        cmocka_unit_test(test_render_applies_the_regions_own_values),
        cmocka_unit_test(test_shift_changes_nothing_but_counts),
        cmocka_unit_test(test_a_split_group_is_rendered_in_parts),
        cmocka_unit_test(test_a_shift_appends_the_part_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
