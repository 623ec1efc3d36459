/* The world of a golden case: a core, a store of records in memory, and words in the place of Nomad's answers. */
#ifndef DROVER_TESTS_GOLDEN_SCRIPT_H
#define DROVER_TESTS_GOLDEN_SCRIPT_H

#include "base/buffer.h"
#include "controller/core/core.h"

enum { WORDS_MAX = 48 };

struct kept_record {
    enum record_kind kind;
    struct buffer key, value;
};

struct words {
    char *list[WORDS_MAX];
    size_t count;
};

/* An account, and the last words of each of its pools' machines. */
struct script_account {
    struct account_config config;
    struct words *pools;
    size_t pool_count;
};

struct script {
    const char *directory; /* of all cases */
    struct core *core;
    struct step step;
    struct buffer *out; /* the transcript */
    int64_t now_ms, deadline_ms;
    uint64_t epoch, requests;
    bool lively;  /* the regions are heard while time passes */
    bool answers; /* effects are answered at once: plans fit, writes are done */
    struct kept_record *records;
    size_t record_count, record_capacity;
    struct effect *waiting; /* effects without an answer yet */
    size_t waiting_count, waiting_capacity;
    uint64_t modify_index;
    struct region_config *regions; /* as configured, for a restart */
    size_t region_count;
    struct policy *policies;
    size_t policy_count;
    struct script_account *accounts;
    size_t account_count;
    struct commitment *commitments;
    size_t commitment_count;
    char currency[8];
    int64_t usd_per_unit_micro;
    enum mode mode;
    struct assess_snapshot *snapshot; /* taken, not solved yet */
    int line;                         /* of the case, for errors */
};

/* The value of "key=value" among the words, or `otherwise`. */
const char *word_value(const struct words *words, const char *key, const char *otherwise);
int64_t word_number(const struct words *words, const char *key, int64_t otherwise);
bool word_there(const struct words *words, const char *word);
void script_fail(const struct script *script, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* Sends an event through the step and handles what comes out. */
void script_send(struct script *script, const struct event *event);
void script_restart(struct script *script);
/* Answers a waiting effect by words: "done", "fits", "unknown", "unplaced=2 why=...", "refused=conflict". */
void script_answer(struct script *script, size_t at, const struct words *words);

/* facts.c: the words that make a world. True when the command was one of them. */
bool facts_command(struct script *script, const struct words *words);
/* show.c: the words that print it. */
bool show_command(struct script *script, const struct words *words);

/* providers.c: the words about accounts. */
bool providers_command(struct script *script, const struct words *words);
void providers_configure(struct script *script);
void providers_release(struct script *script);
/* Fills in what a provider or a node said; jobs: room for one. */
void providers_answer(const struct script *script, const struct words *words, struct effect_result *result,
                      struct job_key *jobs);

#endif
