/* Golden cases: runs tests/golden/CASE/case.txt through the core and compares the transcript with expected.txt.
 *
 *     golden DIR [CASE]...            run all or some
 *     golden -record DIR [CASE]...    write expected.txt anew; git shows the difference */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/core/assess.h"
#include "base/memory.h"
#include "base/money.h"
#include "tests/golden/script.h"

/* Every case begins at this hour, so that transcripts never change: 2026-01-05 00:00:00 UTC. */
#define BEGIN_MS INT64_C(1767571200000)

enum { CASES_MAX = 512, FILE_MAX = 1 << 20, BEAT_MS = 3000 };

void script_fail(const struct script *script, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "case line %d: ", script->line);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s", script->out ? script->out->data : ""); /* how far it came */
    exit(2);
}

const char *word_value(const struct words *words, const char *key, const char *otherwise)
{
    size_t length = strlen(key);
    for (size_t i = 1; i < words->count; i++)
        if (strncmp(words->list[i], key, length) == 0 && words->list[i][length] == '=')
            return words->list[i] + length + 1;
    return otherwise;
}

int64_t word_number(const struct words *words, const char *key, int64_t otherwise)
{
    const char *value = word_value(words, key, NULL);
    return value ? strtoll(value, NULL, 10) : otherwise;
}

bool word_there(const struct words *words, const char *word)
{
    for (size_t i = 1; i < words->count; i++)
        if (strcmp(words->list[i], word) == 0)
            return true;
    return false;
}

/* --- what a step puts out ----------------------------------------------------------------------------------------- */

static struct kept_record *record_find(struct script *script, const struct record_change *change)
{
    for (size_t i = 0; i < script->record_count; i++) {
        struct kept_record *kept = &script->records[i];
        if (kept->kind == change->kind && kept->key.length == change->key.length &&
            memcmp(kept->key.data, change->key.data, change->key.length) == 0)
            return kept;
    }
    return NULL;
}

static void keep_record(struct script *script, const struct record_change *change)
{
    struct kept_record *kept = record_find(script, change);
    if (change->remove) {
        if (kept) {
            buffer_release(&kept->key);
            buffer_release(&kept->value);
            *kept = script->records[--script->record_count];
        }
        return;
    }
    if (!kept) {
        script->records =
            memory_grow(script->records, script->record_count, &script->record_capacity, sizeof *script->records);
        kept = &script->records[script->record_count++];
        *kept = (struct kept_record){.kind = change->kind};
        buffer_init(&kept->key);
        buffer_init(&kept->value);
        buffer_append(&kept->key, change->key.data, change->key.length);
    }
    buffer_clear(&kept->value);
    buffer_append(&kept->value, change->value.data, change->value.length);
}

static void print_wanted(struct script *script, const struct effect *effect)
{
    const struct copy_wanted *wanted = &effect->wanted;
    if (!wanted->id || !wanted->id[0])
        return;
    buffer_printf(script->out, " %s", wanted->id);
    for (size_t i = 0; i < wanted->group_count; i++) {
        const struct copy_group *group = &wanted->groups[i];
        char *name = copy_wanted_name(wanted, i);
        buffer_printf(script->out, " %s=%lld", name, (long long)group->count);
        free(name);
        for (size_t p = 0; p < group->pin_count; p++)
            buffer_printf(script->out, " [%s %s %s]", group->pins[p].target, group->pins[p].negated ? "!=" : "=",
                          group->pins[p].value);
    }
    if (wanted->shift)
        buffer_append_text(script->out, " (counts only)");
}

static void print_effect(struct script *script, const struct effect *effect)
{
    buffer_printf(script->out, "  %s %s", effect_type_word(effect->type), effect->region);
    if (effect->type == EFFECT_PROBE)
        buffer_printf(script->out, " for the %s of", effect_type_word(effect->probed_type));
    print_wanted(script, effect);
    if (effect->change.pool && effect->change.pool[0])
        buffer_printf(script->out, " %s/%s", effect->change.account, effect->change.pool);
    if (effect->type == EFFECT_GROW)
        buffer_printf(script->out, " %lld -> %lld", (long long)effect->change.from, (long long)effect->change.to);
    for (size_t i = 0; i < effect->change.instance_count; i++)
        buffer_printf(script->out, " %s", effect->change.instances[i]);
    if (effect->type == EFFECT_REGISTER)
        buffer_printf(script->out, " enforce-index=%llu", (unsigned long long)effect->base_index);
    if (effect->type == EFFECT_OWNER)
        buffer_printf(script->out, " %s epoch %llu", effect->cluster, (unsigned long long)effect->epoch);
    buffer_append_text(script->out, "\n");
}

static void take_effect(struct script *script, const struct effect *effect)
{
    struct error error = {0};
    print_effect(script, effect);
    script->waiting =
        memory_grow(script->waiting, script->waiting_count, &script->waiting_capacity, sizeof *script->waiting);
    effect_copy(&script->waiting[script->waiting_count++], effect);
    if (!core_gate(script->core, effect, &error))
        buffer_printf(script->out, "    the gate is closed: %s\n", error.text);
}

static void print_reply(struct script *script, const struct reply *reply)
{
    if (reply->error.code)
        buffer_printf(script->out, "  answer: %s: %s\n", error_code_word(reply->error.code), reply->error.text);
    else if (reply->decision)
        buffer_printf(script->out, "  answer: plan of %s: %lld of %lld placed\n", reply->decision->id,
                      (long long)reply->decision->placed, (long long)reply->decision->wanted);
    else
        buffer_printf(script->out, "  answer: accepted%s\n", reply->unchanged ? ", nothing to do" : "");
}

void script_send(struct script *script, const struct event *event)
{
    core_step(script->core, event, script->now_ms, &script->step);
    script->deadline_ms = script->step.deadline_ms;
    for (size_t i = 0; i < script->step.record_count; i++)
        keep_record(script, &script->step.records[i]);
    size_t first = script->waiting_count;
    for (size_t i = 0; i < script->step.effect_count; i++)
        take_effect(script, &script->step.effects[i]);
    for (size_t i = 0; i < script->step.reply_count; i++)
        print_reply(script, &script->step.replies[i]);
    struct words done = {.list = {(char *)(uintptr_t) "answer"}, .count = 1};
    while (script->answers && script->waiting_count > first)
        script_answer(script, first, &done);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static enum refusal refusal_of(const struct script *script, const char *word)
{
    for (int i = REFUSAL_CONFLICT; i <= REFUSAL_OTHER; i++)
        if (strcmp(word, refusal_word((enum refusal)i)) == 0)
            return (enum refusal)i;
    script_fail(script, "no refusal is called %s", word);
}

static void fill_plan(const struct effect *effect, const struct words *words, struct effect_result *result,
                      struct plan_group *groups)
{
    for (size_t i = 0; i < effect->wanted.group_count && i < WORDS_MAX; i++) {
        char *name = copy_wanted_name(&effect->wanted, i);
        bool meant = strcmp(word_value(words, "only", name), name) == 0;
        groups[i] = (struct plan_group){.group = name,
                                        .place = word_number(words, "place", effect->wanted.groups[i].count),
                                        .unplaced = meant ? word_number(words, "unplaced", 0) : 0,
                                        .destructive = word_number(words, "destructive", 0),
                                        .filtered = word_there(words, "filtered"),
                                        .why = word_value(words, "why", "")};
        result->group_count++;
    }
    result->groups = groups;
    result->base_index = (uint64_t)word_number(words, "index", (int64_t)effect->base_index);
}

/* Words of an answer stand for themselves: _ is a blank. */
static char *spaced(const char *text)
{
    char *copy = memory_copy_text(text, strlen(text));
    for (char *c = copy; *c; c++)
        if (*c == '_')
            *c = ' ';
    return copy;
}

void script_answer(struct script *script, size_t at, const struct words *words)
{
    struct effect effect = script->waiting[at];
    memmove(&script->waiting[at], &script->waiting[at + 1], (script->waiting_count - at - 1) * sizeof *script->waiting);
    script->waiting_count--;
    struct plan_group groups[WORDS_MAX];
    const char *refused = word_value(words, "refused", NULL);
    char *text = spaced(word_value(words, "text", ""));
    struct effect_result result = {.effect_id = effect.id,
                                   .outcome = OUTCOME_DONE,
                                   .text = text,
                                   .owner_cluster = word_value(words, "cluster", effect.cluster),
                                   .owner_epoch = (uint64_t)word_number(words, "epoch", (int64_t)effect.epoch)};
    if (refused) {
        result.outcome = OUTCOME_REFUSED;
        result.refusal = refusal_of(script, refused);
    } else if (word_there(words, "unknown")) {
        result.outcome = OUTCOME_UNKNOWN;
    } else if (word_there(words, "not-sent")) {
        result.outcome = OUTCOME_NOT_SENT;
    }
    struct job_key jobs[1];
    providers_answer(script, words, &result, jobs);
    if (effect.type == EFFECT_PLAN)
        fill_plan(&effect, words, &result, groups);
    uint64_t index = effect.type == EFFECT_REGISTER ? effect.base_index + 10 : effect.base_index;
    result.job_modify_index = (uint64_t)word_number(words, "index", (int64_t)index);
    result.job_version = (uint64_t)word_number(words, "version", 0);
    result.job_exists = effect.type == EFFECT_REGISTER || effect.type == EFFECT_STOP || word_there(words, "exists");
    result.job_stopped = effect.type == EFFECT_STOP || word_there(words, "stopped");
    result.matches_known = effect.type == EFFECT_PROBE;
    result.matches_wanted = word_there(words, "matches");
    struct event event = {.type = EVENT_EFFECT_RESULT, .result = &result};
    script_send(script, &event);
    for (size_t i = 0; i < result.group_count; i++)
        free((char *)(uintptr_t)groups[i].group);
    free(text);
    effect_release(&effect);
}

static void answer_command(struct script *script, const struct words *words)
{
    for (size_t i = 0; i < script->waiting_count; i++)
        if (strcmp(effect_type_word(script->waiting[i].type), words->list[1]) == 0 &&
            strcmp(script->waiting[i].region, words->list[2]) == 0) {
            script_answer(script, i, words);
            return;
        }
    script_fail(script, "no %s of %s waits for an answer", words->list[1], words->list[2]);
}

/* --- restart ------------------------------------------------------------------------------------------------------ */

static void configure(struct script *script)
{
    for (size_t i = 0; i < script->region_count; i++)
        script_send(script, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &script->regions[i]});
    providers_configure(script);
    for (size_t i = 0; i < script->policy_count; i++)
        script_send(script, &(struct event){.type = EVENT_POLICY_CONFIGURED, .policy = &script->policies[i]});
    script_send(script, &(struct event){.type = EVENT_MODE_CONFIGURED, .mode = script->mode});
    script_send(script, &(struct event){.type = EVENT_STARTED});
}

void script_restart(struct script *script)
{
    struct error error = {0};
    assess_abandon(script->snapshot);
    script->snapshot = NULL;
    core_free(script->core);
    for (size_t i = 0; i < script->waiting_count; i++)
        effect_release(&script->waiting[i]);
    script->waiting_count = 0;
    script->core = core_new(&(struct core_options){.cluster = "golden", .epoch = ++script->epoch});
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
        for (size_t i = 0; i < script->record_count; i++) {
            const struct kept_record *kept = &script->records[i];
            if ((int)kept->kind == kind && !core_restore(script->core, kept->kind, kept->key.data, kept->key.length,
                                                         kept->value.data, kept->value.length, &error))
                script_fail(script, "restore: %s", error.text);
        }
    configure(script);
}

/* --- running a case ----------------------------------------------------------------------------------------------- */

static void beat(struct script *script)
{
    for (size_t i = 0; i < script->region_count; i++)
        script_send(script, &(struct event){.type = EVENT_REGION_HEARD, .region = script->regions[i].name});
}

/* Time passes; deadlines on the way are kept. With `lively` the regions are heard every few seconds. */
static void pass_time(struct script *script, int64_t until_ms)
{
    int64_t beat_ms = script->now_ms + BEAT_MS;
    for (int timers = 0; timers < 10000; timers++) {
        int64_t next_ms = script->lively && beat_ms < until_ms ? beat_ms : until_ms;
        if (script->deadline_ms && script->deadline_ms <= next_ms) {
            if (script->deadline_ms > script->now_ms)
                script->now_ms = script->deadline_ms;
            script_send(script, &(struct event){.type = EVENT_TIMER});
        } else if (script->lively && beat_ms <= next_ms) {
            script->now_ms = beat_ms;
            beat_ms += BEAT_MS;
            beat(script);
        } else {
            break;
        }
    }
    script->now_ms = until_ms;
}

static void command(struct script *script, const struct words *words)
{
    const char *name = words->list[0];
    if (strcmp(name, "start") == 0 || strcmp(name, "restart") == 0)
        script_restart(script);
    else if (strcmp(name, "lively") == 0)
        script->lively = true;
    else if (strcmp(name, "answers") == 0)
        script->answers = word_there(words, "on");
    else if (strcmp(name, "answer") == 0 && words->count >= 3)
        answer_command(script, words);
    else if (strcmp(name, "at") == 0 && words->count == 2)
        pass_time(script, BEGIN_MS + (int64_t)(strtod(words->list[1], NULL) * 1000));
    else if (!facts_command(script, words) && !providers_command(script, words) && !show_command(script, words))
        script_fail(script, "unknown command %s", name);
}

static void split(char *line, struct words *words)
{
    words->count = 0;
    for (char *word = strtok(line, " \t"); word && words->count < WORDS_MAX; word = strtok(NULL, " \t"))
        words->list[words->count++] = word;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = memory_new(FILE_MAX, 1);
    size_t length = fread(text, 1, FILE_MAX - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

static void run_text(struct script *script, char *text, bool echo);

/* use NAME: runs DIR/worlds/NAME.txt, which sets a world up, without echoing it. */
static void use_command(struct script *script, const char *name)
{
    char path[4096];
    int line = script->line;
    snprintf(path, sizeof path, "%s/worlds/%s.txt", script->directory, name);
    char *text = read_file(path);
    if (!text)
        script_fail(script, "cannot read %s", path);
    run_text(script, text, false);
    script->line = line;
    free(text);
}

static void run_line(struct script *script, char *line, bool echo)
{
    struct words words;
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (echo)
        buffer_printf(script->out, "> %s\n", line);
    split(line, &words);
    if (words.count == 2 && strcmp(words.list[0], "use") == 0)
        use_command(script, words.list[1]);
    else if (words.count)
        command(script, &words);
}

static void run_text(struct script *script, char *text, bool echo)
{
    script->line = 0;
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        script->line++;
        run_line(script, line, echo);
        line = end ? end + 1 : NULL;
    }
}

static void script_release(struct script *script)
{
    assess_abandon(script->snapshot);
    core_free(script->core);
    step_release(&script->step);
    for (size_t i = 0; i < script->waiting_count; i++)
        effect_release(&script->waiting[i]);
    for (size_t i = 0; i < script->record_count; i++) {
        buffer_release(&script->records[i].key);
        buffer_release(&script->records[i].value);
    }
    for (size_t i = 0; i < script->region_count; i++)
        region_config_release(&script->regions[i]);
    for (size_t i = 0; i < script->policy_count; i++)
        policy_release(&script->policies[i]);
    providers_release(script);
    free(script->records);
    free(script->waiting);
    free(script->regions);
    free(script->policies);
}

static void run_case(const char *directory, char *text, struct buffer *out)
{
    struct script script = {.directory = directory, .out = out, .now_ms = BEGIN_MS, .mode = MODE_ENFORCE};
    run_text(&script, text, true);
    script_release(&script);
}

static void print_first_difference(const char *expected, const char *came)
{
    int line = 1;
    const char *start_expected = expected;
    const char *start_came = came;
    for (; *expected && *expected == *came; expected++, came++)
        if (*expected == '\n') {
            line++;
            start_expected = expected + 1;
            start_came = came + 1;
        }
    printf("  first difference in line %d\n  expected: %.*s\n  came:     %.*s\n", line,
           (int)strcspn(start_expected, "\n"), start_expected, (int)strcspn(start_came, "\n"), start_came);
}

/* 1 passed, 0 failed. */
static int check(const char *directory, const char *name, bool record)
{
    char path[4096];
    struct buffer out = BUFFER_INIT;
    snprintf(path, sizeof path, "%s/%s/case.txt", directory, name);
    char *text = read_file(path);
    if (!text) {
        printf("FAIL %s: no case.txt\n", name);
        return 0;
    }
    run_case(directory, text, &out);
    free(text);
    snprintf(path, sizeof path, "%s/%s/expected.txt", directory, name);
    char *expected = read_file(path);
    int passed = expected && strcmp(expected, out.data) == 0;
    if (record) {
        FILE *file = fopen(path, "wb");
        passed = file && fwrite(out.data, 1, out.length, file) == out.length;
        if (file)
            fclose(file);
    } else if (!passed) {
        printf("FAIL %s (to look: git diff after `golden -record %s %s`)\n", name, directory, name);
        print_first_difference(expected ? expected : "", out.data);
    }
    free(expected);
    buffer_release(&out);
    return passed;
}

static int compare_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t list_cases(const char *directory, char *names[CASES_MAX])
{
    size_t count = 0;
    DIR *open = opendir(directory);
    for (struct dirent *entry = open ? readdir(open) : NULL; entry && count < CASES_MAX; entry = readdir(open)) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s/case.txt", directory, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        fclose(file);
        names[count++] = memory_copy_text(entry->d_name, strlen(entry->d_name));
    }
    if (open)
        closedir(open);
    qsort(names, count, sizeof *names, compare_text);
    return count;
}

int main(int argc, char **argv)
{
    bool record = argc > 1 && strcmp(argv[1], "-record") == 0;
    int first = record ? 2 : 1;
    char *names[CASES_MAX];
    size_t passed = 0;
    if (argc <= first) {
        fprintf(stderr, "usage: golden [-record] DIR [CASE]...\n");
        return 2;
    }
    size_t count = argc > first + 1 ? (size_t)(argc - first - 1) : list_cases(argv[first], names);
    for (size_t i = 0; i < count; i++)
        passed += (size_t)check(argv[first], argc > first + 1 ? argv[first + 1 + (int)i] : names[i], record);
    for (size_t i = 0; argc <= first + 1 && i < count; i++)
        free(names[i]);
    printf("%zu passed, %zu failed\n", passed, count - passed);
    return passed == count && count > 0 ? 0 : 1;
}
