/* What a provider module is: the only header a module needs.
 *
 * A module is a shared object that exports one symbol, `drover_provider_module`, of type struct provider_module. Drover
 * never loads it into the agent: every configured account gets a child process of its own (`drover provider-host`) that
 * loads one module, opens one account and serves one request after the other. A module is therefore straight-line,
 * blocking, single-threaded code. Whatever it needs of the world comes through struct provider_services, so that a test
 * can hand it recorded exchanges and a clock of its own.
 *
 * LIFE
 *   1. The host checks magic, abi_major, abi_minor and struct_size, refuses what does not fit and says why.
 *   2. open() reads and checks the account's settings. No request to the provider leaves here.
 *   3. describe, offers, pools, quotas, interruptions, check: they look and change nothing.
 *   4. grow, shrink, withdraw: they write. The host calls them only on the agent's word; the agent has committed the
 * intent, passed its mode and freeze gate and written the audit row before. poll follows what they began.
 *   5. close() gives everything back: sessions are logged out, memory is freed. After a kill there is no close().
 *
 * MUST
 *   - Give every request a deadline through services->http; the host kills the process when a call overstays its own.
 *   - Leave writes alone when the outcome of an earlier one is unknown: look first. A lost reply is PROVIDER_UNKNOWN,
 *     never a failure and never a success. grow() is a compare-and-set against `observed`; shrink() names instances; so
 *     doing either again after looking is safe.
 *   - Refuse locally what the provider would do wrongly: an empty list of instances, a size outside min and max.
 *   - Judge the provider's answer by what it says, not by its status alone: an operation that "succeeded" into a failed
 *     state has failed.
 *   - Report what it cannot know as absent (PROVIDER_UNSET, "" or a state of its own), never as zero. A list that broke
 *     off is an error, never a shorter list: what is missing from a complete list is taken as gone.
 *   - Emit in an order that depends on nothing but the provider's data.
 * MUST NOT
 *   - Read the environment, files or clock, open sockets or start threads or processes by itself (a module for which
 *     another transport is the point, libvirt say, may open that transport and says so in its documentation).
 *   - Write secrets into errors, logs, emitted records or operations.
 *   - Keep anything between calls that the next process would miss: an operation's token is all there is.
 *
 * MEMORY: what the host passes in is valid for the call, and so is every text that secret(), kept(), setting() and
 * environment() give. What the module emits is copied before emit_* returns. Text is
 * UTF-8, NUL-ended, at most PROVIDER_TEXT_MAX bytes unless a field says otherwise; NULL is not allowed, "" is "not
 * known" or "does not apply".
 *
 * UNITS: money is micro-units of the offer's currency an hour; memory and disk are MiB; processor is the number of
 * virtual processors, and where known the MHz of all of them together, as Nomad counts; time is microseconds since 1970
 * UTC; power is milliwatts.
 *
 * CHANGES
 *   1.0  first version.
 * A new minor version only appends fields and functions; a host runs every module of its major version whose minor is
 * not newer than its own. A module reads of struct provider_services only what its struct_size covers. */
#ifndef DROVER_PROVIDERS_PROVIDER_H
#define DROVER_PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROVIDER_MAGIC UINT64_C(0x6472766d6f64756c) /* "drvmodul" */
#define PROVIDER_UNSET INT64_MIN                    /* a number that is not known */
enum {
    PROVIDER_ABI_MAJOR = 1,
    PROVIDER_ABI_MINOR = 0,
    PROVIDER_TEXT_MAX = 1024,
    PROVIDER_OPERATION_MAX = 4096 /* bytes of an operation's token */
};

/* --- outcome -------------------------------------------------------------------------------------------------------
 */

/* How a call ended. The words in quotes are those of logs, JSON and metrics. */
enum provider_status {
    PROVIDER_OK = 0,
    PROVIDER_RETRY,       /* "retry": the provider is unwell; try again at error.retry_at_us */
    PROVIDER_THROTTLED,   /* "throttled": asked too often; not before error.retry_at_us, and the whole account slows */
    PROVIDER_AUTH,        /* "auth": credentials or permissions; nobody tries again until they change */
    PROVIDER_NOT_FOUND,   /* "not_found": the pool, instance or operation is not there */
    PROVIDER_NO_CAPACITY, /* "no_capacity": the provider has no such machine now; error.instance_type, zone, market */
    PROVIDER_QUOTA,       /* "quota": the account's own limit; error.quota names it */
    PROVIDER_CONFLICT,    /* "conflict": the pool is not as `observed` says, or somebody else changes it: look again */
    PROVIDER_INVALID,     /* "invalid": will not pass however often it is tried */
    PROVIDER_UNREACHABLE, /* "unreachable": nothing was changed, for nothing arrived there */
    PROVIDER_UNKNOWN,     /* "unknown": a write was sent and no answer came: settle by looking */
    PROVIDER_STATUS_COUNT
};

/* Filled by a module together with any status but PROVIDER_OK. The host clears it before each call. */
struct provider_error {
    char text[PROVIDER_TEXT_MAX]; /* what, where, what to do; no secret; never a whole answer of the provider's */
    char call[128];               /* the provider's name of the request: "autoscaling:SetDesiredCapacity" */
    char code[128];               /* the provider's own error code, "" without */
    int64_t retry_at_us;          /* PROVIDER_UNSET: the caller decides */
    char instance_type[64], zone[64], market[16]; /* PROVIDER_NO_CAPACITY, as far as known */
    char quota[128];                              /* PROVIDER_QUOTA, as far as known */
};

/* --- what is reported ----------------------------------------------------------------------------------------------
 */

enum provider_market {
    PROVIDER_ON_DEMAND,   /* "on-demand" */
    PROVIDER_SPOT,        /* "spot" */
    PROVIDER_RESERVED,    /* "reserved": an offer with a term */
    PROVIDER_OWNED,       /* "owned": a machine of one's own */
    PROVIDER_MARKET_COUNT /* words as in model/region_config.h */
};

struct provider_region {
    const char *id;   /* the provider's name: "eu-central-1", "westeurope", the site of a data centre */
    const char *name; /* for people, "" without */
    const char *const *zones;
    const char *const *zone_ids; /* physical identity where names are shuffled by account; "" where there is none */
    size_t zone_count;
};

struct provider_instance_type {
    const char *region, *name;
    const char *architecture; /* "x86_64", "arm64" */
    int64_t vcpus, processor_mhz, memory_mib, disk_mib;
    const char *gpu; /* "nvidia/t4", "" without */
    int64_t gpus;
    bool on_demand, spot, current; /* may be had that way; of the current generation */
    const char *restriction;       /* why the account may not have it here, "" if it may */
    const char *quota;             /* the quota its processors count towards, as emit_quota names it, "" unknown */
};

/* A price. PROVIDER_OWNED carries both prices of a machine; elsewhere marginal_* are PROVIDER_UNSET. */
struct provider_offer {
    const char *region, *zone, *instance_type; /* zone "": the whole region. Owned: the machine's pool as type */
    enum provider_market market;
    const char *currency;         /* ISO 4217 */
    int64_t price_micro_h;        /* list price an hour; > 0; of a reservation: all of the term spread over its hours */
    int64_t upfront_micro;        /* reserved: paid at once, PROVIDER_UNSET unknown */
    int64_t term_hours;           /* reserved: 8760, 26280; else 0 */
    int64_t marginal_use_micro_h; /* owned: one more hour on a machine that is on */
    int64_t marginal_wake_micro_h; /* owned: one hour on a machine that must be powered on first */
    int64_t observed_at_us;        /* when the provider was asked */
    int64_t valid_from_us;         /* since when the provider says so; PROVIDER_UNSET unknown */
    const char *source;            /* "aws:pricing", "azure:retail", "onprem:model" */
    const char *note;              /* "" or what to know: "estimated watts" */
};

enum provider_instance_state {
    PROVIDER_INSTANCE_UNKNOWN,  /* it does not answer, or says what is not understood: never taken as off or gone */
    PROVIDER_INSTANCE_PENDING,  /* asked for, or starting */
    PROVIDER_INSTANCE_RUNNING,  /* up, as the provider sees it; Nomad may not know it yet */
    PROVIDER_INSTANCE_STOPPING, /* on its way out or off */
    PROVIDER_INSTANCE_STOPPED,  /* off, and it may come back (powered-off machine, deallocated spot) */
    PROVIDER_INSTANCE_FAILED,   /* will not become usable */
    PROVIDER_INSTANCE_STATE_COUNT
};

/* How a Nomad node of this instance can be told: a node attribute or meta key and the value it then has,
 * "attr.unique.platform.aws.instance-id" = "i-0abc", compared without case. */
struct provider_identity {
    const char *key, *value;
};

struct provider_instance {
    const char *id; /* what shrink() takes; unique in its pool */
    enum provider_instance_state state;
    const char *state_text; /* the provider's own word */
    const char *zone, *instance_type;
    enum provider_market market;
    const struct provider_identity *identities;
    size_t identity_count;
    int64_t launched_at_us; /* PROVIDER_UNSET unknown */
    bool foreign;           /* not started by this pool's owner: counted, never removed */
    bool protected_;        /* the provider keeps its own scaling from removing it */
    int64_t milliwatts;     /* PROVIDER_UNSET unknown */
    bool milliwatts_estimated;
    const char *trouble; /* "" or one line */
};

struct provider_pool {
    const char *id; /* what grow() and shrink() take: a group's name or full id */
    const char *name, *region;
    const char *const *zones;
    size_t zone_count;
    const char *instance_type; /* "" when it has several */
    enum provider_market market;
    int64_t desired, min, max; /* machines; max PROVIDER_UNSET without */
    const char *generation;    /* what a compare-and-set needs besides desired: an ETag, "" without */
    bool writable;
    const char *why_read_only; /* "" when writable: "mixed instance types with weights" */
    bool busy;                 /* the provider is changing it: a write now would conflict */
    const struct provider_instance *instances;
    size_t instance_count;
};

struct provider_quota {
    const char *region, *name;
    const char *unit;    /* "vcpus", "instances" */
    int64_t limit, used; /* PROVIDER_UNSET unknown */
    bool adjustable;
};

enum provider_interruption_kind {
    PROVIDER_INTERRUPTION_TERMINATE,   /* "terminate": the machine goes away at `at_us` */
    PROVIDER_INTERRUPTION_REBALANCE,   /* "rebalance": likely to go */
    PROVIDER_INTERRUPTION_MAINTENANCE, /* "maintenance": reboot, freeze or redeploy */
    PROVIDER_INTERRUPTION_KIND_COUNT
};

struct provider_interruption {
    const char *pool, *instance; /* pool "" when the provider does not say */
    enum provider_interruption_kind kind;
    int64_t at_us; /* PROVIDER_UNSET: at once or unknown */
    const char *text;
};

/* One permission that was tried. */
struct provider_permission {
    const char *call; /* "ec2:DescribeInstances" */
    bool allowed;
    bool writes;         /* needed only to grow or shrink */
    const char *trouble; /* "" when allowed; else what the provider said and what to grant */
};

enum provider_progress { PROVIDER_PROGRESS_RUNNING, PROVIDER_PROGRESS_DONE };

/* What grow, shrink and poll say of what they began. */
struct provider_operation {
    enum provider_progress progress;
    char token[PROVIDER_OPERATION_MAX]; /* what poll() takes; enough for a process that knows nothing else; no secret.
                                           Printable ASCII; "" when done */
    int64_t next_poll_us;               /* PROVIDER_UNSET: the caller decides */
};

/* --- what the host offers ------------------------------------------------------------------------------------------
 */

struct provider_header {
    const char *name, *value;
};

struct provider_request {
    const char *method, *url; /* https; http only to loopback and link-local addresses */
    const struct provider_header *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    int64_t connect_timeout_us, timeout_us; /* 0: 5 s and 30 s */
    size_t answer_max;                      /* bytes; 0: 16 MiB; a longer answer is PROVIDER_HTTP_TOO_LARGE */
    const char *ca_file;                    /* "": the system's */
    const char *cert_file, *key_file;       /* client certificate, "" without */
    const char *pinned_key;                 /* "sha256//<base64>": this public key and no other check; "" without */
    bool no_proxy;                          /* metadata services are never asked through a proxy */
};

enum provider_http {
    PROVIDER_HTTP_ANSWER,      /* a status came; the body is whole */
    PROVIDER_HTTP_NOT_SENT,    /* name, connection or TLS failed: surely without effect */
    PROVIDER_HTTP_NO_ANSWER,   /* sent, or perhaps sent, and no whole answer: reset, cut, time out */
    PROVIDER_HTTP_TOO_LARGE,   /* answered with more than answer_max */
    PROVIDER_HTTP_PIN_MISMATCH /* another public key than pinned; nothing was sent */
};

struct provider_answer {
    enum provider_http outcome;
    int status;                            /* 0 without an answer */
    const struct provider_header *headers; /* names in lower case, in order, at most 256 */
    size_t header_count;
    const char *body; /* NUL-ended beyond body_length */
    size_t body_length;
    const char *trouble; /* why there is no answer, no secret in it */
    void *memory;        /* the host's */
};

enum provider_level { PROVIDER_DEBUG, PROVIDER_INFO, PROVIDER_WARN, PROVIDER_ERROR };

/* Every function takes `context` of this table first. */
struct provider_services {
    uint32_t struct_size;
    void *context;
    /* One exchange, no redirect followed, nothing repeated. Fills *ret_answer always; http_release gives it back. */
    void (*http)(void *context, const struct provider_request *request, struct provider_answer *ret_answer);
    void (*http_release)(void *context, struct provider_answer *answer);
    /* Microseconds since 1970. */
    int64_t (*now)(void *context);
    /* Microseconds of a clock that only runs forward. */
    int64_t (*ticks)(void *context);
    /* False when the call's deadline comes first; then nothing was slept and the module returns. */
    bool (*sleep)(void *context, int64_t us);
    /* What is left of the call's deadline. */
    int64_t (*time_left)(void *context);
    /* Evenly spread bits: jitter, session names. Seeded and repeatable in tests. */
    uint64_t (*random)(void *context);
    void (*log)(void *context, enum provider_level level, const char *text);
    /* Tells the agent that the call is alive; long waits say why. */
    void (*progress)(void *context, const char *text);
    /* A setting of the account's block, NULL when it is not set. A list is indexed by `at` from 0; of a block inside
     * the account's ("machine" "r1") the path is "machine.r1.address"; block labels are listed by setting_label. */
    const char *(*setting)(void *context, const char *path, size_t at);
    /* The label of the at-th block of that name, NULL beyond the last. */
    const char *(*setting_label)(void *context, const char *block, size_t at);
    /* What a secret setting holds: the contents of `<path>_file`, read anew each time, white space trimmed at its end.
     * NULL when it is not set or not readable (then logged). Do not keep it longer than needed. */
    const char *(*secret)(void *context, const char *path);
    /* A variable of the environment that the agent was started with; NULL when unset. */
    const char *(*environment)(void *context, const char *name);
    /* A small text file (credentials, tokens) by path, at most 1 MiB. NULL when it cannot be read, with *ret_trouble
     * (may be NULL) set. Files that group or others may read give *ret_open = true. Valid until the next file(). */
    const char *(*file)(void *context, const char *path, size_t *ret_length, bool *ret_open, const char **ret_trouble);
    /* Results of the running call. False when the agent has gone or the record is unfit (then logged): return. */
    bool (*emit_region)(void *context, const struct provider_region *region);
    bool (*emit_instance_type)(void *context, const struct provider_instance_type *type);
    bool (*emit_offer)(void *context, const struct provider_offer *offer);
    bool (*emit_pool)(void *context, const struct provider_pool *pool);
    bool (*emit_quota)(void *context, const struct provider_quota *quota);
    bool (*emit_interruption)(void *context, const struct provider_interruption *interruption);
    bool (*emit_permission)(void *context, const struct provider_permission *permission);
    /* Small state that must outlive the process: the brake of a credential that is about to be locked out, an
     * unfinished operation's intent. Key and value at most 200 and 4096 bytes, no secrets; stored before it returns.
     * NULL when nothing is kept; keep with value NULL forgets. False: it could not be stored, do not go on. */
    const char *(*kept)(void *context, const char *key);
    bool (*keep)(void *context, const char *key, const char *value);
};

/* --- what a module offers ------------------------------------------------------------------------------------------
 */

struct provider_account; /* the module's own */

/* Every function that fails fills *error. Functions may be NULL where a module cannot do it; the host then answers
 * PROVIDER_INVALID, "not offered by this module". */
struct provider_functions {
    /* Reads the settings. *ret_account stays NULL on failure. `name` is the account's. */
    enum provider_status (*open)(const struct provider_services *services, const char *name,
                                 struct provider_account **ret_account, struct provider_error *error);
    void (*close)(struct provider_account *account);
    /* Tries the credentials, then each permission alone, without changing anything (dry runs where the provider has
     * them; a write that cannot be tried is reported with trouble "cannot be tried without doing it" and allowed true).
     * PROVIDER_OK when every one was tried, allowed or not; PROVIDER_AUTH when the credentials themselves are refused.
     */
    enum provider_status (*check)(struct provider_account *account, struct provider_error *error);
    /* Regions and instance types, those without an offer included. */
    enum provider_status (*describe)(struct provider_account *account, struct provider_error *error);
    /* Prices of the instance types in use by its pools and of those in the setting `instance_types`. A price that is
     * zero, negative, ambiguous or of another currency than its region's is not emitted but logged. */
    enum provider_status (*offers)(struct provider_account *account, struct provider_error *error);
    /* All pools the account's settings select, each with all of its instances. */
    enum provider_status (*pools)(struct provider_account *account, struct provider_error *error);
    enum provider_status (*quotas)(struct provider_account *account, struct provider_error *error);
    /* Notices in force. */
    enum provider_status (*interruptions)(struct provider_account *account, struct provider_error *error);
    /* From `observed` (desired and generation are compared with what the provider says just before; different:
     * PROVIDER_CONFLICT) to `to` machines; to > observed->desired. Owned machines: as many more are powered on. */
    enum provider_status (*grow)(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error);
    /* Removes exactly these instances and lowers the pool's size by what was removed, never below its min. One that is
     * already gone counts as removed and does not lower the size again. */
    enum provider_status (*shrink)(struct provider_account *account, const char *pool, const char *const *instances,
                                   size_t count, struct provider_operation *ret_operation,
                                   struct provider_error *error);
    /* How far an operation is. PROVIDER_OK with PROVIDER_PROGRESS_DONE: it ended well. Another status: it failed so;
     * PROVIDER_RETRY, THROTTLED and UNREACHABLE say nothing of the operation: ask again. */
    enum provider_status (*poll)(struct provider_account *account, const char *token,
                                 struct provider_operation *ret_operation, struct provider_error *error);
    /* Takes back what a grow asked for and the provider could not give, so that it does not go on trying behind the
     * agent's back: lowers the pool's size to the machines that exist, compared-and-set against what it reads itself,
     * never below its min, and only where no machine can be lost by it (else PROVIDER_CONFLICT). Nothing to take back
     * is PROVIDER_OK and done. A write, gated as grow and shrink are. */
    enum provider_status (*withdraw)(struct provider_account *account, const char *pool,
                                     struct provider_operation *ret_operation, struct provider_error *error);
};

struct provider_module {
    uint64_t magic;
    uint32_t abi_major, abi_minor;
    uint32_t struct_size; /* of struct provider_functions as the module knows it */
    const char *name;     /* "aws" */
    const char *version;  /* the module's own */
    const struct provider_functions *functions;
};

/* Put before the module's one exported symbol:
 *   PROVIDER_EXPORT const struct provider_module drover_provider_module = { PROVIDER_MAGIC, ... }; */
#define PROVIDER_EXPORT __attribute__((visibility("default")))
#define PROVIDER_MODULE_SYMBOL "drover_provider_module"

#endif
