/* What the files of federation share: regions, their watches, calls. Private to controller/federation. */
#ifndef DROVER_CONTROLLER_FEDERATION_PRIVATE_H
#define DROVER_CONTROLLER_FEDERATION_PRIVATE_H

#include <sys/queue.h>

#include "base/log.h"
#include "controller/federation/decode.h"
#include "controller/federation/federation.h"
#include "controller/federation/services.h"
#include "controller/federation/versions.h"

enum {
    PROBE_EVERY_MS = 1000,
    PROBE_TIMEOUT_MS = 2000,
    PROBE_DETOURS_MAX = 2,     /* other regions asked at a time */
    OUTAGE_RESYNC_MS = 10000,  /* after a longer one a complete list is wanted (the core calls a region dark at 30 s) */
    INFORM_EVERY_MS = 60000,   /* version and number of servers */
    HELLO_MS = 2000,           /* the stream's first line comes at once, or it is denied or dark */
    SILENCE_MS = 65000,        /* two of the stream's 30 s heartbeats */
    STREAM_HELD_MAX = 8 << 20, /* bytes of events kept while the lists are read */
    STREAM_SLICE = 64 << 10,   /* bytes of them given out in one go */
    LIST_PAGE = 1000,          /* records; about 1.1 MB of allocations */
    LIST_PAGE_MS = 30000,
    LIST_IDLE_MS = 5000,
    LIST_ALL_MS = 180000,
    LIST_PAGES_MAX = 10000,
    DETAILS_MAX = 8, /* nodes asked one by one at a time */
    DETAIL_MS = 10000,
    BACKOFF_LEAST_MS = 1000,
    BACKOFF_MOST_MS = 30000,
    DENIED_AGAIN_MS = 30000,
    RESYNC_EVERY_MS = 3600 * 1000,
    SELECTED_SOON_MS = 50,  /* a new key is wanted of every node; others may follow at once */
    RESYNC_SOON_MS = 20000, /* after a purge, whose allocations vanish without an event */
    NAMESPACES_MAX = 8,     /* a stream each, and each stream is a connection of the 100 that Nomad allows */
    CONSUL_EVERY_MS = 10000,
    CONSUL_WAIT_MS = 60000,
    CALL_MS = 10000,
    CALL_PLAN_MS = 60000,
    ANSWER_MAX = 8 << 20, /* of one job, plan, variable */
    TEXT_MAX = 1024
};

enum watch_state {
    WATCH_RESTING, /* until the timer */
    WATCH_HELLO,   /* streams are open, their first lines are awaited */
    WATCH_ASKING,  /* a stream stayed silent: is the token denied? */
    WATCH_LISTING,
    WATCH_DRAINING, /* lists are complete, held events are given out */
    WATCH_LIVE
};

enum list_kind { LIST_NODES, LIST_ALLOCATIONS, LIST_JOBS, LIST_DEPLOYMENTS, LIST_KIND_COUNT };

struct region;

struct stream {
    struct region *region;
    const char *job_namespace;
    bool with_nodes; /* one of the streams carries them */
    struct http_transfer *transfer;
    struct decoder *decoder;
    struct buffer held;
    bool greeted;
};

/* One node asked for its attributes. */
struct detail {
    struct region *region;
    struct http_transfer *transfer;
    struct decoder *decoder;
    struct error error;
};

/* The complete list that is being read. */
struct listing {
    enum list_kind kind;
    size_t namespace_at;
    size_t pages;
    struct http_transfer *transfer;
    struct decoder *decoder;
    struct error error; /* of the decoder, while the transfer ends */
    bool begun;         /* SYNC_BEGIN was said */
    uint64_t deadline_ms;
    char next[HTTP_NEXT_TOKEN_MAX];
    struct uuid *nodes; /* to be asked one by one */
    size_t node_count, node_capacity, node_next, in_flight;
    struct detail details[DETAILS_MAX];
};

struct probe {
    uv_timer_t timer;
    struct http_transfer *direct;
    struct detour {
        struct region *region;
        struct http_transfer *transfer;
    } detours[PROBE_DETOURS_MAX];
    size_t detours_left;
    bool answers;            /* the last direct probe was answered */
    uint64_t failed_from_ms; /* loop time; 0: the last probe went well either way */
    uint64_t inform_at_ms;
    struct http_transfer *self, *peers;
    char trouble[TEXT_MAX];
    char version[64], consul_version[64], leader[128];
    uint32_t servers;
    bool informed; /* something of the region_fact is new */
};

struct consul_watch {
    uv_timer_t timer;
    struct http_transfer *transfer;
    struct service_decoder *decoder;
    struct service_map *services;
    struct error error;
    uint64_t index;
    uint64_t backoff_ms;
    bool version_known;
    bool complained;
};

struct region {
    struct federation *federation;
    char *name;
    char *nomad_name; /* what its servers call it; NULL until heard */
    struct http_endpoint *nomad, *consul;
    char **namespaces;
    size_t namespace_count;
    char **selected; /* room for FACT_ATTRIBUTES_MAX */
    size_t selected_count;
    bool reselected; /* keys were added since it connected */

    struct probe probe;

    uv_timer_t watch_timer;  /* the state's deadline */
    uv_timer_t resync_timer; /* when to list all again */
    enum watch_state state;
    struct stream streams[NAMESPACES_MAX];
    size_t stream_count;
    struct listing listing;
    struct http_transfer *asking;
    uint64_t floors[LIST_KIND_COUNT]; /* X-Nomad-Index of each list: what an older event says is in it */
    struct version_table versions;
    struct waiting waiting;
    uint64_t backoff_ms;
    uint64_t live_from_ms;
    uint64_t skipped_said_ms;

    struct consul_watch consul_watch;
};

struct call;
struct parse;
struct check;
LIST_HEAD(call_list, call);
LIST_HEAD(parse_list, parse);
LIST_HEAD(check_list, check);

struct federation {
    struct federation_options options;
    struct region *regions;
    size_t region_count;
    uint64_t random;
    struct call_list calls;
    struct parse_list parses;
    struct check_list checks;
    bool started, closing;
    size_t handles; /* uv handles not yet closed */
    uv_timer_t *closer;
    void (*on_closed)(void *context);
    void *closed_context;
};

struct region *federation_region(struct federation *federation, const char *name);
/* A whole number in 0..most. */
uint64_t federation_random(struct federation *federation, uint64_t most);
uint64_t federation_now(const struct federation *federation); /* the loop's clock, ms */

/* One of its uv handles has closed; the last one frees it. */
void federation_handle_closed(struct federation *federation);

void region_emit(struct region *region, struct event *event);
void region_emit_text(struct region *region, enum event_type type, const char *text);
void region_log(struct region *region, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The name to use in ?region= and in a job's Region. */
const char *region_nomad_name(const struct region *region);

void probe_start(struct region *region);
void probe_stop(struct region *region);
/* Consul's version became known. */
void probe_inform(struct region *region);

void watch_start(struct region *region);
void watch_stop(struct region *region);
/* A complete list is wanted now, or within the given time. */
void watch_resync(struct region *region, uint64_t within_ms);
/* The sync under way failed; tried again later. */
void watch_abandon(struct region *region, const char *text);
void watch_deny(struct region *region, const char *call, const char *needs);
void watch_listed(struct region *region);
/* Hands a decoded fact of a list or a stream to the core. */
void watch_emit(struct region *region, const struct decoded *decoded);

void stream_open(struct stream *stream);
void stream_stop(struct stream *stream);
/* Gives out at most STREAM_SLICE bytes of what was held; false when something is left. */
bool stream_drain(struct stream *stream, bool *ret_failed);

void list_start(struct region *region);
void list_stop(struct region *region);

void consul_start(struct region *region);
void consul_stop(struct region *region);

void calls_cancel(struct federation *federation);
void parses_cancel(struct federation *federation);
void checks_cancel(struct federation *federation);

/* One readable line of at most TEXT_MAX - 1 bytes. Returns into. */
const char *text_line(char into[static TEXT_MAX], const char *text, size_t length);

#endif
