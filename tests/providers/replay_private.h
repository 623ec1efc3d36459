/* What replay.c and replay_script.c share. */
#ifndef DROVER_TESTS_PROVIDERS_REPLAY_PRIVATE_H
#define DROVER_TESTS_PROVIDERS_REPLAY_PRIVATE_H

#include "base/buffer.h"
#include "providers/host/call.h"
#include "tests/providers/replay.h"

struct replay_header {
    char *name, *value;
};

struct replay_exchange {
    char *method, *url, *body; /* url and body NULL: any */
    struct replay_header *wanted;
    size_t wanted_count, wanted_capacity;
    enum provider_http outcome;
    int status;
    struct provider_header *headers; /* of the answer; names in lower case */
    size_t header_count, header_capacity;
    char *answer;
    int64_t takes_us;
};

struct replay {
    struct host_services services; /* first: the table's context is its address */
    const struct provider_module *module;
    struct provider_functions functions;
    struct provider_account *account;
    int64_t now_us, ticks_us, time_left_us, slept_us;
    uint64_t seed, drawn;
    struct replay_exchange *exchanges;
    size_t exchange_count, exchange_capacity, exchange_next;
    char **requests;
    size_t request_count, request_capacity;
    json_t *secrets, *environment, *files, *kept;
    bool keep_fails;
    struct provider_records records;
    struct provider_records before; /* of the call before: a pool of it may be what grow() is given */
    json_t *lines;                  /* of each kind of record, its JSON texts */
    struct buffer log, everything;
    struct provider_operation operation;
    struct provider_error error;
};

struct replay_exchange *replay_add(struct replay *replay);
void replay_answer_header(struct replay_exchange *exchange, const char *name, const char *value);
void replay_free_exchanges(struct replay *replay);
void replay_http(void *context, const struct provider_request *request, struct provider_answer *ret_answer);

#endif
